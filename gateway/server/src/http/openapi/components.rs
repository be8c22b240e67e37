//! What the paths share: schemas, parameters, headers, the refusal and the ways to authenticate.

use serde_json::{Value, json};

use crate::http::media::Format;

/// A reference to a component.
pub fn refer(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// A body or an answer in every format that is spoken.
pub fn content(schema: &str) -> Value {
    let schema = refer("schemas", schema);
    Format::ALL.iter().map(|format| (format.essence().to_owned(), json!({ "schema": schema }))).collect()
}

/// `components`.
pub fn all() -> Value {
    json!({
        "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer", "description": "The token of a configured caller." },
            "certificate": { "type": "mutualTLS", "description": "The client certificate of a configured caller." },
        },
        "schemas": {
            "Resource": {
                "type": "object",
                "description": "A FHIR resource of the version of its base; http://hl7.org/fhir defines it.",
                "required": ["resourceType"],
                "properties": {
                    "resourceType": { "type": "string" },
                    "id": { "type": "string", "pattern": "^[A-Za-z0-9\\-.]{1,64}$" },
                },
            },
            "Bundle": {
                "type": "object",
                "description": "A FHIR Bundle.",
                "required": ["resourceType", "type"],
                "properties": {
                    "resourceType": { "const": "Bundle" },
                    "type": { "type": "string" },
                    "total": { "type": "integer", "minimum": 0 },
                    "link": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["relation", "url"],
                            "properties": { "relation": { "type": "string" }, "url": { "type": "string" } },
                        },
                    },
                    "entry": { "type": "array", "items": { "type": "object" } },
                },
            },
            "OperationOutcome": {
                "type": "object",
                "description": "Why it is refused, or what is missing.",
                "required": ["resourceType", "issue"],
                "properties": {
                    "resourceType": { "const": "OperationOutcome" },
                    "issue": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["severity", "code"],
                            "properties": {
                                "severity": { "enum": ["fatal", "error", "warning", "information"] },
                                "code": { "type": "string" },
                                "diagnostics": { "type": "string" },
                            },
                        },
                    },
                },
            },
        },
        "parameters": {
            "Id": path("id", "The logical id."),
            "VersionId": path("version", "The version id."),
            "Format": {
                "name": "_format",
                "in": "query",
                "description": "The format of the answer; wins over Accept.",
                "schema": { "type": "string", "examples": ["json", "xml", "application/fhir+json"] },
            },
            "Page": {
                "name": "_page",
                "in": "query",
                "description": "The token of a next link: that page of the answer it stood in. It expires.",
                "schema": { "type": "string" },
            },
            "CorrelationId": header(
                "X-Correlation-Id",
                "Joins the records of both sides of an exchange: at most 64 letters, digits and - _ . : signs."
            ),
            "IfMatch": header("If-Match", "The version that is changed, as its ETag."),
            "IfNoneMatch": header("If-None-Match", "The version that is known, as its ETag: 304 when it is still that."),
            "IfModifiedSince": header("If-Modified-Since", "304 when it was not changed since."),
            "IfNoneExist": header("If-None-Exist", "Search parameters: create only when they find nothing."),
            "Prefer": header("Prefer", "return=minimal, return=representation or return=OperationOutcome."),
        },
        "headers": {
            "RequestId": { "description": "Names the record of this exchange.", "schema": { "type": "string" } },
            "ETag": { "description": "The version.", "schema": { "type": "string" } },
            "LastModified": { "description": "When it last changed.", "schema": { "type": "string" } },
            "Location": { "description": "Where it is now.", "schema": { "type": "string" } },
        },
        "responses": {
            "Refused": {
                "description": "Refused, or failed; the outcome says why.",
                "headers": { "X-Request-Id": refer("headers", "RequestId") },
                "content": content("OperationOutcome"),
            },
            "NotModified": { "description": "It is what the caller knows already." },
        },
    })
}

fn path(name: &str, about: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": about, "schema": { "type": "string" } })
}

fn header(name: &str, about: &str) -> Value {
    json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } })
}
