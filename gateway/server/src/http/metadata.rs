//! `/metadata`: the CapabilityStatement of one base, derived from the loaded use cases.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use exchange::Gate;
use fhir::definitions::{SearchKind, search_parameter};
use fhir::json::Node as Json;
use fhir::{FhirVersion, ResourceType};

use super::media;
use crate::node::Node;

/// What one type offers over all use cases.
#[derive(Default)]
struct Offer {
    codes: BTreeSet<String>,
    search: BTreeSet<String>,
}

pub fn answer(node: &Node, gate: Gate, version: FhirVersion) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Content-Type", media::fhir_json(version)))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .body(statement(node, gate, version).write())
}

fn statement(node: &Node, gate: Gate, version: FhirVersion) -> Json {
    let mut offers: BTreeMap<String, Offer> = BTreeMap::new();
    for use_case in node.use_cases().all() {
        let Some(offered) = use_case.capability().versions.get(&version) else { continue };
        for entry in &offered.interactions {
            let types: Vec<String> = if entry.resource_type == "*" {
                fhir::definitions::resource_types(version).iter().map(|name| (*name).to_owned()).collect()
            } else {
                vec![entry.resource_type.clone()]
            };
            for name in types {
                let offer = offers.entry(name).or_default();
                offer.codes.extend(entry.codes.iter().filter(|code| is_type_level(code)).cloned());
                offer.search.extend(entry.search.iter().filter(|name| *name != "*").cloned());
            }
        }
    }
    let resources: Vec<Json> = offers.iter().map(|(name, offer)| resource(version, name, offer)).collect();
    let mut rest = vec![("mode".to_owned(), Json::text("server"))];
    if gate == Gate::Outer {
        rest.push((
            "security".to_owned(),
            object([(
                "description",
                Json::text(
                    "Mutual TLS and OAuth 2.0 access tokens bound to the client certificate (RFC 7523, RFC 8705).",
                ),
            )]),
        ));
    }
    rest.push(("resource".to_owned(), Json::List(resources)));
    let mut statement = vec![
        ("resourceType", Json::text("CapabilityStatement")),
        ("status", Json::text("active")),
        ("date", Json::text(node.started())),
        ("kind", Json::text("instance")),
        ("software", object([("name", Json::text("Zorgsluis")), ("version", Json::text(env!("CARGO_PKG_VERSION")))])),
        (
            "implementation",
            object([("description", Json::text(node.provider())), ("url", Json::text(node.base(gate, version)))]),
        ),
        ("fhirVersion", Json::text(version.full())),
    ];
    if version == FhirVersion::Stu3 {
        statement.push(("acceptUnknown", Json::text("no")));
    }
    statement.push(("format", Json::List(vec![Json::text("application/fhir+json")])));
    statement.push(("rest", Json::List(vec![Json::Object(rest)])));
    object(statement)
}

fn is_type_level(code: &str) -> bool {
    !matches!(code, "search-system" | "history-system" | "operation" | "batch" | "transaction")
}

fn resource(version: FhirVersion, name: &str, offer: &Offer) -> Json {
    let mut members = vec![
        ("type", Json::text(name)),
        ("interaction", Json::List(offer.codes.iter().map(|code| object([("code", Json::text(code))])).collect())),
    ];
    let kind = ResourceType::parse(version, name);
    let parameters: Vec<Json> = offer
        .search
        .iter()
        .filter_map(|parameter| {
            let definition = search_parameter(version, kind?, parameter)?;
            Some(object([("name", Json::text(definition.name)), ("type", Json::text(kind_code(definition.kind)))]))
        })
        .collect();
    if !parameters.is_empty() {
        members.push(("searchParam", Json::List(parameters)));
    }
    object(members)
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

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
