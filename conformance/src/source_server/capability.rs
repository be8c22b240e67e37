//! What the source says of itself at `/metadata`.

use serde_json::{Value, json};

use super::FhirVersion;
use super::parameters::{Kind, all};

/// The CapabilityStatement: the types, and for each what `interactions` and `search` really do.
pub fn statement(version: FhirVersion, base: &str) -> Value {
    let codes = ["read", "vread", "history-instance", "search-type", "create", "update", "delete"];
    let interactions: Vec<Value> = codes.iter().map(|code| json!({"code": code})).collect();
    // Every reference that names no other type than this one can bring this one's referrers along.
    let reverse: Vec<(&str, String, Option<&str>)> = all(version)
        .flat_map(|(kind, parameters)| {
            let references = parameters.iter().filter(|(_, parameter)| parameter.kind == Kind::Reference);
            references.map(move |(name, parameter)| (kind, format!("{kind}:{name}"), parameter.target))
        })
        .collect();
    let resources: Vec<Value> = all(version)
        .map(|(kind, parameters)| {
            let listed: Vec<Value> =
                parameters.iter().map(|(name, found)| json!({"name": name, "type": found.kind.code()})).collect();
            let includes: Vec<&String> =
                reverse.iter().filter(|(of, _, _)| *of == kind).map(|(_, name, _)| name).collect();
            let reverse_includes: Vec<&String> =
                reverse.iter().filter(|(_, _, target)| *target == Some(kind)).map(|(_, name, _)| name).collect();
            json!({
                "type": kind,
                "interaction": interactions,
                "versioning": "versioned-update",
                "readHistory": true,
                "updateCreate": true,
                "conditionalCreate": true,
                "conditionalRead": "full-support",
                "conditionalUpdate": true,
                "conditionalDelete": "single",
                "searchInclude": includes,
                "searchRevInclude": reverse_includes,
                "searchParam": listed,
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
