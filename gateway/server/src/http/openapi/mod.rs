//! `GET /openapi.json`: the inner API as an OpenAPI 3.1 document, made of the loaded use cases. What a caller may use of
//! it is what its own use cases offer; `/metadata` tells each caller that.

mod components;
mod fhir_paths;
#[cfg(test)]
mod tests;
mod transfers;

use actix_web::HttpResponse;
use actix_web::web::Data;
use bytes::Bytes;
use fhir::FhirVersion;
use policy::{Direction, UseCases};
use serde_json::{Map, Value, json};

use super::offers::Offers;
use crate::node::Node;

/// `GET /openapi.json`, at the inner gate.
pub async fn answer(node: Data<Node>) -> HttpResponse {
    let (number, use_cases) = node.use_cases().numbered();
    let made = node.memo().get(format!("openapi {number}"), || {
        let document = document(&use_cases, node.versions(), node.inner_base(), node.provider());
        Ok::<_, ()>(Bytes::from(document.to_string()))
    });
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("application/json")
        .body(made.unwrap_or_default())
}

/// The document of a node with these use cases.
pub fn document(use_cases: &UseCases, versions: &[FhirVersion], base: &str, provider: &str) -> Value {
    let mut paths = own_paths();
    transfers::add(use_cases, &mut paths);
    for version in versions {
        fhir_paths::add(&Offers::of(use_cases.all(), *version, Direction::User), &mut paths);
    }
    let node = json!({ "name": "node", "description": "The node itself." });
    let tags: Vec<Value> = std::iter::once(node).chain(transfers::tags()).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Zorgsluis of {provider}: the inner API"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": "For the provider's own systems. What may be asked follows from the use cases that this node \
                takes part in; everything else is refused with an OperationOutcome that says why. Every exchange leaves \
                a record of its own in the access log (NEN 7513); X-Request-Id of an answer names it.",
        },
        "servers": [{ "url": base }],
        "security": [{ "bearer": [] }, { "certificate": [] }],
        "tags": tags,
        "paths": paths,
        "components": components::all(),
    })
}

/// What is no FHIR and asks nothing of anyone's data.
fn own_paths() -> Map<String, Value> {
    let text = |media: &str| json!({ media: { "schema": { "type": "string" } } });
    let own = |id: &str, summary: &str, responses: Value| {
        json!({ "get": {
            "operationId": id,
            "summary": summary,
            "tags": ["node"],
            "security": [],
            "responses": responses,
        }})
    };
    let plain = "text/plain";
    let mut paths = Map::new();
    paths.insert(
        "/health/live".into(),
        own(
            "live",
            "Whether the process answers.",
            json!({
                "200": { "description": "It does.", "content": text(plain) },
            }),
        ),
    );
    paths.insert(
        "/health/ready".into(),
        own(
            "ready",
            "Whether exchanges can be served.",
            json!({
                "200": { "description": "They can.", "content": text(plain) },
                "503": { "description": "They cannot; the text says what is ill.", "content": text(plain) },
            }),
        ),
    );
    paths.insert(
        "/metrics".into(),
        own(
            "metrics",
            "Counts and durations.",
            json!({
                "200": { "description": "OpenMetrics text.", "content": text("application/openmetrics-text") },
            }),
        ),
    );
    paths.insert(
        "/openapi.json".into(),
        own(
            "openapi",
            "This document.",
            json!({
                "200": {
                    "description": "OpenAPI 3.1.",
                    "content": { "application/json": { "schema": { "type": "object" } } },
                },
            }),
        ),
    );
    paths.insert("/launch".into(), launch());
    paths
}

/// How a system of the provider opens the pages for one of its users.
fn launch() -> Value {
    let person = json!({
        "type": "object",
        "required": ["id", "role"],
        "properties": { "id": { "type": "string" }, "name": { "type": "string" }, "role": { "type": "string" } },
        "additionalProperties": false,
    });
    let one =
        |name: &str| json!({ "type": "object", "required": [name], "properties": { name: { "type": "string" } } });
    let body = json!({
        "type": "object",
        "required": ["person", "patient"],
        "properties": {
            "person": person,
            "responsible": person,
            "patient": { "oneOf": [one("bsn"), one("id")] },
        },
        "additionalProperties": false,
    });
    let answer = json!({
        "type": "object",
        "properties": { "url": { "type": "string", "format": "uri" }, "expires_in": { "type": "integer" } },
    });
    json!({ "post": {
        "operationId": "launch",
        "summary": "Prepares a session of the pages for one person, about one patient; `url` opens it once, within `expires_in` seconds.",
        "tags": ["node"],
        "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
        "responses": {
            "201": { "description": "To open in the person's browser.", "content": { "application/json": { "schema": answer } } },
            "400": { "description": "Not what is asked for." },
            "401": { "description": "Not identified." },
            "403": { "description": "Not a system that may, or nothing is open for this person." },
            "422": { "description": "The patient cannot be told." },
            "429": { "description": "Too much; Retry-After says when." },
        },
    }})
}
