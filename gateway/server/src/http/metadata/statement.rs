//! A CapabilityStatement (FHIR R4 and STU3, capabilitystatement.html): what is offered, and how far the interactions go
//! that this node serves. Nothing stands in it that is not served.

#[cfg(test)]
mod tests;

use fhir::definitions::{SearchKind, search_parameter};
use fhir::{FhirVersion, ResourceType};
use serde_json::{Map, Value, json};

use super::canonicals;
use crate::http::media::Format;
use crate::http::offers::{Offers, Operation, TypeOffer, is_shaping};

/// Whose statement it is.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub provider: &'a str,
    pub base: &'a str,
    /// RFC 3339: the node offers this since it started.
    pub since: &'a str,
    /// Of the outer gate.
    pub token_endpoint: Option<&'a String>,
}

/// The statement of these offers.
pub fn statement(offers: &Offers, about: &About<'_>) -> Value {
    let version = offers.version;
    let mut statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": about.since,
        "publisher": about.provider,
        "kind": "instance",
        "software": { "name": "Zorgsluis", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": about.provider, "url": about.base },
        "fhirVersion": version.full(),
    });
    if version == FhirVersion::Stu3 {
        // Elements that are not known are kept in what passes through, parameters that are not known are refused.
        statement["acceptUnknown"] = json!("no");
    }
    statement["format"] = Format::ALL.iter().map(|format| format.essence()).collect();
    statement["rest"] = json!([rest(offers, about)]);
    statement
}

fn rest(offers: &Offers, about: &About<'_>) -> Value {
    let version = offers.version;
    let mut rest = Map::new();
    rest.insert("mode".into(), json!("server"));
    if !offers.titles.is_empty() {
        let titles: Vec<&str> = offers.titles.iter().map(String::as_str).collect();
        let any = if offers.any_operation { " Any operation of a source." } else { "" };
        rest.insert("documentation".into(), json!(format!("Use cases: {}.{any}", titles.join(", "))));
    }
    if let Some(endpoint) = about.token_endpoint {
        rest.insert("security".into(), security(version, endpoint));
    }
    // A type that has operations only is no resource of STU3's statement: those must have an interaction.
    let types = offers.types.iter().filter(|(_, offer)| version != FhirVersion::Stu3 || !offer.codes.is_empty());
    let resources: Vec<Value> = types.map(|(kind, offer)| resource(version, *kind, offer)).collect();
    if !resources.is_empty() {
        rest.insert("resource".into(), resources.into());
    }
    if !offers.system.is_empty() {
        rest.insert("interaction".into(), offers.system.iter().map(|code| json!({ "code": code })).collect());
    }
    if version == FhirVersion::Stu3 {
        // STU3 lists operations once, for all types.
        let of = |(kind, offer): (&ResourceType, &TypeOffer)| operations(version, *kind, offer);
        let all: Vec<Value> = offers.types.iter().flat_map(of).collect();
        if !all.is_empty() {
            rest.insert("operation".into(), all.into());
        }
    } else {
        let of = |name: &&str| Some(json!({ "name": name, "definition": canonicals::of_system_operation(name)? }));
        let all: Vec<Value> = offers.operations.iter().filter_map(of).collect();
        if !all.is_empty() {
            rest.insert("operation".into(), all.into());
        }
    }
    Value::Object(rest)
}

fn security(version: FhirVersion, token_endpoint: &str) -> Value {
    let system = match version {
        FhirVersion::Stu3 => "http://hl7.org/fhir/restful-security-service",
        FhirVersion::R4 => "http://terminology.hl7.org/CodeSystem/restful-security-service",
    };
    json!({
        // SMART App Launch 1.0: where tokens come from.
        "extension": [{
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": [{ "url": "token", "valueUri": token_endpoint }],
        }],
        "service": [
            { "coding": [{ "system": system, "code": "OAuth" }] },
            { "coding": [{ "system": system, "code": "Certificates" }] },
        ],
        "description": "Mutual TLS and OAuth 2.0 access tokens bound to the client certificate (RFC 7523, RFC 8705).",
    })
}

fn resource(version: FhirVersion, kind: ResourceType, offer: &TypeOffer) -> Value {
    let mut members = Map::new();
    members.insert("type".into(), json!(kind.name()));
    let documentation = documentation(kind, offer);
    if !documentation.is_empty() {
        members.insert("documentation".into(), json!(documentation));
    }
    // Both versions know codes of the type level only; `$lastn` and its like stand among the operations.
    let codes: Vec<Value> = offer.codes.iter().map(|code| json!({ "code": code })).collect();
    if !codes.is_empty() {
        members.insert("interaction".into(), codes.into());
    }
    let reads = offer.offers("read") || offer.offers("vread");
    let versioning = match (offer.offers("update"), offer.offers("vread") || offer.offers("history-instance")) {
        // If-Match reaches the source.
        (true, _) => "versioned-update",
        (false, true) => "versioned",
        (false, false) => "no-version",
    };
    members.insert("versioning".into(), json!(versioning));
    members.insert("readHistory".into(), json!(offer.offers("vread")));
    members.insert("conditionalCreate".into(), json!(offer.offers("create")));
    members.insert("conditionalRead".into(), json!(if reads { CONDITIONAL_READ } else { "not-supported" }));
    members.insert("conditionalUpdate".into(), json!(offer.has_criteria() && offer.offers("update")));
    let deletes = offer.has_criteria() && offer.offers("delete");
    members.insert("conditionalDelete".into(), json!(if deletes { "single" } else { "not-supported" }));
    let text =
        |values: &std::collections::BTreeSet<String>| values.iter().map(|value| json!(value)).collect::<Vec<_>>();
    for (name, values) in [("searchInclude", text(&offer.includes)), ("searchRevInclude", text(&offer.revincludes))] {
        if !values.is_empty() {
            members.insert(name.into(), values.into());
        }
    }
    if offer.offers("search-type") {
        let parameters = parameters(version, kind, offer);
        if !parameters.is_empty() {
            members.insert("searchParam".into(), parameters.into());
        }
    }
    let operations = operations(version, kind, offer);
    if version != FhirVersion::Stu3 && !operations.is_empty() {
        members.insert("operation".into(), operations.into());
    }
    Value::Object(members)
}

/// How far a conditional read goes.
const CONDITIONAL_READ: &str = "full-support";

/// What the elements of a statement cannot say: parameters that shape the answer, and operations that have no published
/// definition to refer to.
fn documentation(kind: ResourceType, offer: &TypeOffer) -> String {
    let mut sentences = Vec::new();
    if offer.offers("search-type") {
        let shaping = offer.search.iter().filter(|name| is_shaping(name)).map(String::as_str).collect::<Vec<_>>();
        if !shaping.is_empty() {
            sentences.push(format!("Result parameters: {}.", shaping.join(", ")));
        }
        if offer.every_parameter {
            sentences.push("Every search parameter of the source.".to_owned());
        }
    }
    for operation in offer.operations.iter().filter(|found| canonicals::of_operation(kind, &found.name).is_none()) {
        let level = if operation.on_type { "" } else { "/[id]" };
        sentences.push(format!("Operation: {kind}{level}/${}.", operation.name));
    }
    sentences.join(" ")
}

fn operations(version: FhirVersion, kind: ResourceType, offer: &TypeOffer) -> Vec<Value> {
    let one = |operation: &Operation| {
        let canonical = canonicals::of_operation(kind, &operation.name)?;
        let definition = match version {
            FhirVersion::Stu3 => json!({ "reference": canonical }),
            FhirVersion::R4 => json!(canonical),
        };
        Some(json!({ "name": operation.name, "definition": definition }))
    };
    offer.operations.iter().filter_map(one).collect()
}

/// The search parameters, those that name the patient among them. A chain is told of its first link.
fn parameters(version: FhirVersion, kind: ResourceType, offer: &TypeOffer) -> Vec<Value> {
    let listed = offer.search.iter().map(String::as_str);
    let mut names: Vec<&str> = listed.chain(offer.patient.iter().copied()).map(first_link).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| parameter(version, kind, offer, name)).collect()
}

fn first_link(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

fn parameter(version: FhirVersion, kind: ResourceType, offer: &TypeOffer, name: &str) -> Option<Value> {
    let of_nictiz = canonicals::of_nictiz(version, kind, name);
    let (definition, code, about) = match (of_nictiz, search_parameter(version, kind, name)) {
        (Some((canonical, code)), _) => (Some(canonical), code, "Defined by Nictiz.".to_owned()),
        (None, Some(found)) => {
            let paths = found.paths.replace('|', ", ");
            let about = if paths.is_empty() { String::new() } else { format!("Elements: {paths}.") };
            (canonicals::of_parameter(version, kind, name), kind_code(found.kind), about)
        }
        // FHIR R4 has no parameter for why; later versions do, under this name.
        (None, None) if kind.name() == "AuditEvent" && name == "purpose" => {
            (None, kind_code(SearchKind::Token), "Elements: purposeOfEvent.".to_owned())
        }
        (None, None) => return None,
    };
    let mut sentences = vec![about];
    let patient = offer.patient.contains(name);
    if patient {
        sentences.push(match (kind.name(), name) {
            ("Patient", "identifier") => "The patient, by BSN.".to_owned(),
            ("Patient", _) => "The patient, by an id of this server.".to_owned(),
            ("AuditEvent", _) => format!("The patient, by BSN as {name}.identifier."),
            _ => format!("The patient, by an id of this server, or by BSN as {name}.identifier."),
        });
    }
    let listed = offer.search.contains(name);
    let chains: Vec<&str> = offer.search.iter().map(String::as_str).filter(|chain| is_chain(chain, name)).collect();
    if !chains.is_empty() {
        let only = if listed || patient { "Chains" } else { "Only in chains" };
        sentences.push(format!("{only}: {}.", chains.join(", ")));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    let mut members = Map::new();
    members.insert("name".into(), json!(name));
    if let Some(definition) = definition {
        members.insert("definition".into(), json!(definition));
    }
    members.insert("type".into(), json!(code));
    if !sentences.is_empty() {
        members.insert("documentation".into(), json!(sentences.join(" ")));
    }
    Some(Value::Object(members))
}

fn is_chain(chain: &str, first: &str) -> bool {
    chain.strip_prefix(first).is_some_and(|rest| rest.starts_with('.'))
}

fn kind_code(kind: SearchKind) -> &'static str {
    match kind {
        SearchKind::Number => "number",
        SearchKind::Date => "date",
        SearchKind::Text => "string",
        SearchKind::Token => "token",
        SearchKind::Reference => "reference",
        SearchKind::Composite => "composite",
        SearchKind::Quantity => "quantity",
        SearchKind::Uri => "uri",
        SearchKind::Special => "special",
    }
}
