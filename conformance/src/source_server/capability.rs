//! What the source says of itself at `/metadata`.

use serde_json::{Value, json};

use super::FhirVersion;
use super::parameters::{all, find, in_release};

/// The CapabilityStatement: the types, and for each what `interactions` really does.
pub fn statement(version: FhirVersion, base: &str) -> Value {
    let interactions: Vec<Value> = ["read", "vread", "search-type", "create", "update", "delete"]
        .iter()
        .map(|code| json!({"code": code}))
        .collect();
    let resources: Vec<Value> = all()
        .filter(|(kind, _)| in_release(version, kind))
        .map(|(kind, names)| {
            let parameters: Vec<Value> = names
                .filter_map(|name| Some((name, find(kind, name)?)))
                .map(|(name, parameter)| json!({"name": name, "type": parameter.kind.code()}))
                .collect();
            json!({
                "type": kind,
                "interaction": interactions,
                "versioning": "versioned-update",
                "readHistory": false,
                "updateCreate": true,
                "conditionalCreate": false,
                "conditionalUpdate": false,
                "searchParam": parameters,
            })
        })
        .collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-01",
        "kind": "instance",
        "software": {"name": "Source system of the demo region"},
        "implementation": {"description": "In-memory FHIR server with invented patients", "url": base},
        "fhirVersion": version.number(),
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "resource": resources,
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
        }],
    })
}
