//! What the directory answers: reads, searches (ITI-90), histories (ITI-91), batches of those, and what it can.

use std::collections::BTreeMap;

use fhir::{IssueCode, Outcome, SearchQuery, Severity};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ledger::{Ledger, Version, moment};

/// The types that there are, of those that mCSD knows.
const KINDS: [&str; 4] = ["Organization", "Location", "HealthcareService", "Endpoint"];
/// The types that mCSD knows besides: none of ours.
const EMPTY_KINDS: [&str; 3] = ["OrganizationAffiliation", "Practitioner", "PractitionerRole"];
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 500;
/// Most entries of a batch.
const BATCH: usize = 100;

/// A status and a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub etag: Option<u32>,
}

impl Answer {
    fn ok(body: Value) -> Self {
        Answer { status: 200, body, etag: None }
    }

    /// An OperationOutcome that repeats nothing of the request.
    pub fn refused(status: u16, code: IssueCode, text: &str) -> Self {
        let outcome = Outcome::one(Severity::Error, code, text).to_node().write();
        Answer { status, body: serde_json::from_str(&outcome).unwrap_or_default(), etag: None }
    }
}

/// Answers a GET of what lies below the base.
pub fn get(ledger: &Ledger, base: &str, path: &str, query: &str) -> Answer {
    let Ok(query) = SearchQuery::parse(query) else { return malformed() };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let asked = Asked { ledger, base, path, query: &query };
    match parts.as_slice() {
        ["metadata"] => Answer::ok(statement(base)),
        ["_history"] => asked.history(|_| true),
        [kind] if is_kind(kind) => asked.search(kind),
        [kind, "_history"] if is_kind(kind) => asked.history(|version| version.name.split('/').next() == Some(*kind)),
        [kind, id, "_history"] if is_kind(kind) => {
            let name = format!("{kind}/{id}");
            if ledger.current(&name).is_none() { not_found() } else { asked.history(|version| version.name == name) }
        }
        [kind, id, "_history", number] if is_kind(kind) => {
            let name = format!("{kind}/{id}");
            read(ledger.of(&name).find(|version| version.number.to_string() == *number))
        }
        [kind, id] if is_kind(kind) => read(ledger.current(&format!("{kind}/{id}"))),
        _ => not_found(),
    }
}

/// Answers a batch; its entries read only, and may have a slash in front of their URL.
pub fn batch(ledger: &Ledger, base: &str, body: &[u8]) -> Answer {
    let Ok(bundle) = serde_json::from_slice::<Value>(body) else { return malformed() };
    let kind = bundle["type"].as_str().unwrap_or_default();
    if bundle["resourceType"] != "Bundle" || !matches!(kind, "batch" | "transaction") {
        return malformed();
    }
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.len() > BATCH {
        return Answer::refused(400, IssueCode::TooCostly, "a batch holds at most 100 entries");
    }
    let answers: Vec<Answer> = entries.iter().map(|entry| one(ledger, base, &entry["request"])).collect();
    // A transaction is whole or nothing; one that reads only fails with its first fault.
    if kind == "transaction"
        && let Some(fault) = answers.iter().find(|answer| answer.status >= 400)
    {
        return fault.clone();
    }
    let entry = |answer: Answer| {
        let response = json!({"status": answer.status.to_string()});
        if answer.status < 300 {
            json!({"resource": answer.body, "response": response})
        } else {
            json!({"response": {"status": answer.status.to_string(), "outcome": answer.body}})
        }
    };
    let entries: Vec<Value> = answers.into_iter().map(entry).collect();
    Answer::ok(
        json!({"resourceType": "Bundle", "id": uuid::Uuid::new_v4().to_string(), "type": format!("{kind}-response"), "entry": entries}),
    )
}

fn one(ledger: &Ledger, base: &str, request: &Value) -> Answer {
    if request["method"] != "GET" {
        return Answer::refused(405, IssueCode::NotSupported, "this directory is read only");
    }
    let url = request["url"].as_str().unwrap_or_default();
    let url = url.strip_prefix(base).unwrap_or(url).trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    get(ledger, base, path, query)
}

struct Asked<'a> {
    ledger: &'a Ledger,
    base: &'a str,
    path: &'a str,
    query: &'a SearchQuery,
}

impl Asked<'_> {
    fn search(&self, kind: &str) -> Answer {
        let mut found = self.ledger.here(kind);
        let mut include = false;
        let mut asked = Vec::new();
        for parameter in &self.query.parameters {
            let value = parameter.value.as_str();
            let name = parameter.key();
            match name.as_str() {
                "_count" | "_offset" | "_format" => continue,
                "_id" => found.retain(|version| value.split(',').any(|id| version.name == format!("{kind}/{id}"))),
                "_lastUpdated" => {
                    let Some(keeps) = updated(value) else { return malformed() };
                    found.retain(|version| keeps(version.at));
                }
                "identifier" => found.retain(|version| said(version, |resource| has_identifier(resource, value))),
                "name" | "name:contains" | "name:exact" => {
                    let wanted = value.to_lowercase();
                    found.retain(|version| {
                        said(version, |resource| {
                            let own = resource["name"].as_str().unwrap_or_default();
                            match name.as_str() {
                                "name" => own.to_lowercase().starts_with(&wanted),
                                "name:exact" => own == value,
                                _ => own.to_lowercase().contains(&wanted),
                            }
                        })
                    });
                }
                "active" if kind != "Location" && kind != "Endpoint" => {
                    let Ok(wanted) = value.parse::<bool>() else { return malformed() };
                    found.retain(|version| said(version, |resource| resource["active"] == wanted));
                }
                "status" if kind == "Location" || kind == "Endpoint" => {
                    found.retain(|version| said(version, |resource| resource["status"] == value));
                }
                "organization" if kind == "HealthcareService" || kind == "Location" => {
                    let element = if kind == "Location" { "managingOrganization" } else { "providedBy" };
                    let wanted = value.strip_prefix("Organization/").unwrap_or(value);
                    found.retain(|version| {
                        said(version, |resource| resource[element]["reference"] == format!("Organization/{wanted}"))
                    });
                }
                "_include" if value == format!("{kind}:endpoint") => include = true,
                _ => return Answer::refused(400, IssueCode::NotSupported, "a search parameter is not known here"),
            }
            asked.push((name, value.to_owned()));
        }
        let total = found.len();
        let (page, next) = match self.cut(found) {
            Ok(cut) => cut,
            Err(refusal) => return refusal,
        };
        let mut entries: Vec<Value> = page.iter().filter_map(|version| self.entry(version, "match")).collect();
        if include {
            entries.extend(self.along(&page));
        }
        self.bundle("searchset", total, entries, &asked, next)
    }

    /// The endpoints of what a page holds.
    fn along(&self, page: &[&Version]) -> Vec<Value> {
        let mut names: BTreeMap<&str, &Version> = BTreeMap::new();
        for version in page {
            let endpoints = version.said.as_ref().and_then(|said| said["endpoint"].as_array());
            for name in endpoints.into_iter().flatten().filter_map(|one| one["reference"].as_str()) {
                names.extend(self.ledger.current(name).map(|version| (name, version)));
            }
        }
        names.into_values().filter_map(|version| self.entry(version, "include")).collect()
    }

    fn history(&self, of: impl Fn(&Version) -> bool) -> Answer {
        let mut since = None;
        let mut asked = Vec::new();
        for parameter in &self.query.parameters {
            match parameter.key().as_str() {
                "_count" | "_offset" | "_format" => {}
                "_since" => {
                    let Ok(at) = OffsetDateTime::parse(&parameter.value, &Rfc3339) else { return malformed() };
                    since = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok();
                    asked.push(("_since".to_owned(), parameter.value.clone()));
                }
                _ => {
                    return Answer::refused(400, IssueCode::NotSupported, "a parameter of a history is not known here");
                }
            }
        }
        let found: Vec<&Version> = self
            .ledger
            .history()
            .filter(|version| of(version) && since.is_none_or(|since| version.at >= since))
            .collect();
        let total = found.len();
        let (page, next) = match self.cut(found) {
            Ok(cut) => cut,
            Err(refusal) => return refusal,
        };
        let entries = page.iter().map(|version| {
            let full = format!("{}/{}", self.base, version.name);
            let (method, status) = match (&version.said, version.number) {
                (None, _) => ("DELETE", "204"),
                (Some(_), 1) => ("POST", "201"),
                (Some(_), _) => ("PUT", "200"),
            };
            let kind = version.name.split('/').next().unwrap_or_default();
            let url = if method == "POST" { kind } else { &version.name };
            let mut entry = json!({"fullUrl": full, "request": {"method": method, "url": url},
                "response": {"status": status, "etag": format!("W/\"{}\"", version.number), "lastModified": moment(version.at)}});
            if let Some(resource) = version.resource() {
                entry["resource"] = resource;
            }
            entry
        });
        self.bundle("history", total, entries.collect(), &asked, next)
    }

    /// A page of these, and where the next one begins.
    fn cut<'v>(&self, found: Vec<&'v Version>) -> Result<(Vec<&'v Version>, Option<usize>), Answer> {
        let number = |name: &str| {
            let named = self.query.named(name).next();
            named.map(|parameter| parameter.value.parse::<usize>().map_err(|_| malformed())).transpose()
        };
        let size = number("_count")?.unwrap_or(PAGE).min(LARGEST_PAGE);
        let from = number("_offset")?.unwrap_or(0);
        let more = (size > 0 && from.saturating_add(size) < found.len()).then(|| from + size);
        Ok((found.into_iter().skip(from).take(size).collect(), more))
    }

    fn entry(&self, version: &Version, mode: &str) -> Option<Value> {
        let full = format!("{}/{}", self.base, version.name);
        Some(json!({"fullUrl": full, "resource": version.resource()?, "search": {"mode": mode}}))
    }

    fn bundle(
        &self,
        kind: &str,
        total: usize,
        entries: Vec<Value>,
        asked: &[(String, String)],
        next: Option<usize>,
    ) -> Answer {
        let count = self.query.named("_count").next().map(|count| ("_count".to_owned(), count.value.clone()));
        let url = |offset: Option<usize>| {
            let mut query = SearchQuery::default();
            let offset = offset.map(|offset| ("_offset".to_owned(), offset.to_string()));
            for (name, value) in asked.iter().cloned().chain(count.clone()).chain(offset) {
                query.parameters.push(fhir::Parameter::new(name, value));
            }
            let query = query.write();
            let question = if query.is_empty() { "" } else { "?" };
            format!("{}/{}{question}{query}", self.base, self.path.trim_matches('/'))
        };
        let mut links = vec![json!({"relation": "self", "url": url(None)})];
        links.extend(next.map(|next| json!({"relation": "next", "url": url(Some(next))})));
        Answer::ok(json!({
            "resourceType": "Bundle", "id": uuid::Uuid::new_v4().to_string(), "meta": {"lastUpdated": moment(self.ledger.newest())},
            "type": kind, "total": total, "link": links, "entry": entries,
        }))
    }
}

fn is_kind(kind: &str) -> bool {
    KINDS.contains(&kind) || EMPTY_KINDS.contains(&kind)
}

fn said(version: &Version, holds: impl Fn(&Value) -> bool) -> bool {
    version.said.as_ref().is_some_and(holds)
}

fn has_identifier(resource: &Value, wanted: &str) -> bool {
    let identifiers = resource["identifier"].as_array().map(Vec::as_slice).unwrap_or_default();
    identifiers.iter().any(|identifier| match wanted.split_once('|') {
        Some((system, "")) => identifier["system"] == system,
        Some((system, value)) => identifier["system"] == system && identifier["value"] == value,
        None => identifier["value"] == wanted,
    })
}

/// `ge`, `gt`, `le`, `lt` or nothing, and an instant.
fn updated(value: &str) -> Option<Box<dyn Fn(i64) -> bool>> {
    let (prefix, text) = value
        .split_at_checked(2)
        .filter(|(prefix, _)| prefix.bytes().all(|byte| byte.is_ascii_lowercase()))
        .unwrap_or(("eq", value));
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let at = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()?;
    match prefix {
        "eq" => Some(Box::new(move |own| own == at)),
        "ge" => Some(Box::new(move |own| own >= at)),
        "gt" => Some(Box::new(move |own| own > at)),
        "le" => Some(Box::new(move |own| own <= at)),
        "lt" => Some(Box::new(move |own| own < at)),
        _ => None,
    }
}

fn read(version: Option<&Version>) -> Answer {
    match version.map(|version| (version.resource(), version.number)) {
        Some((Some(resource), number)) => Answer { status: 200, body: resource, etag: Some(number) },
        Some((None, _)) => Answer::refused(410, IssueCode::NotFound, "this resource was deleted"),
        None => not_found(),
    }
}

fn not_found() -> Answer {
    Answer::refused(404, IssueCode::NotFound, "there is no such resource here")
}

fn malformed() -> Answer {
    Answer::refused(400, IssueCode::Invalid, "the request cannot be read")
}

/// What an update client looks at before it reads (mCSD: Care Services Selective Supplier, Update Supplier).
fn statement(base: &str) -> Value {
    let interactions: Vec<Value> = ["read", "vread", "search-type", "history-instance", "history-type"]
        .into_iter()
        .map(|code| json!({"code": code}))
        .collect();
    let parameters = |kind: &str| -> Vec<Value> {
        let mut all = vec![("_id", "token"), ("_lastUpdated", "date"), ("identifier", "token"), ("name", "string")];
        match kind {
            "Location" => all.extend([("status", "token"), ("organization", "reference")]),
            "Endpoint" => all.push(("status", "token")),
            "HealthcareService" => all.extend([("active", "token"), ("organization", "reference")]),
            _ => all.push(("active", "token")),
        }
        all.into_iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect()
    };
    let resources: Vec<Value> = KINDS
        .iter()
        .chain(&EMPTY_KINDS)
        .map(|kind| {
            json!({"type": kind, "interaction": interactions, "versioning": "versioned", "searchParam": parameters(kind)})
        })
        .collect();
    json!({
        "resourceType": "CapabilityStatement", "status": "active", "kind": "instance",
        "date": moment(0), "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"], "implementation": {"description": "Care services directory", "url": base},
        "rest": [{"mode": "server", "resource": resources,
            "interaction": [{"code": "batch"}, {"code": "transaction"}, {"code": "history-system"}]}],
    })
}
