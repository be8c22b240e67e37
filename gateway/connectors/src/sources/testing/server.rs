//! A FHIR server in memory, as common ones are: it searches by core parameters only, refuses what it does not know,
//! pages, and tells in its CapabilityStatement what it can. Written apart from the node's own search, so that the
//! one can be held against the other.

use serde_json::{Value, json};

use super::stub::{Asked, Reply};

/// What this server is like.
#[derive(Clone)]
pub(crate) struct Server {
    pub resources: Vec<Value>,
    /// Whether `_include` and `_revinclude` are known (and said to be).
    pub includes: bool,
    /// Whether what is said to be brought along is also brought along.
    pub brings: bool,
    pub sorts: bool,
    /// Whether it says what it can.
    pub says: bool,
    /// Answers a search as if these filters were not there, instead of applying them.
    pub ignores: &'static [&'static str],
    pub page: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Token,
    Reference,
    Date,
    Text,
}

/// Type, parameter, kind, elements.
const KNOWN: &[(&str, &str, Kind, &[&str])] = &[
    ("*", "_lastUpdated", Kind::Date, &["meta.lastUpdated"]),
    ("*", "identifier", Kind::Token, &["identifier"]),
    ("*", "status", Kind::Token, &["status"]),
    ("*", "patient", Kind::Reference, &["subject", "patient", "beneficiary", "for"]),
    ("*", "subject", Kind::Reference, &["subject"]),
    ("Patient", "birthdate", Kind::Date, &["birthDate"]),
    ("Patient", "general-practitioner", Kind::Reference, &["generalPractitioner"]),
    ("Observation", "code", Kind::Token, &["code"]),
    ("Observation", "category", Kind::Token, &["category"]),
    ("Observation", "date", Kind::Date, &["effectiveDateTime"]),
    ("Observation", "performer", Kind::Reference, &["performer"]),
    ("Observation", "has-member", Kind::Reference, &["hasMember"]),
    ("Condition", "code", Kind::Token, &["code"]),
    ("Condition", "clinical-status", Kind::Token, &["clinicalStatus"]),
    ("Procedure", "code", Kind::Token, &["code"]),
    ("AllergyIntolerance", "clinical-status", Kind::Token, &["clinicalStatus"]),
    ("Encounter", "class", Kind::Token, &["class"]),
    ("MedicationRequest", "category", Kind::Token, &["category"]),
    ("MedicationRequest", "authoredon", Kind::Date, &["authoredOn"]),
    ("MedicationRequest", "medication", Kind::Reference, &["medicationReference"]),
    ("MedicationRequest", "requester", Kind::Reference, &["requester"]),
    ("MedicationDispense", "medication", Kind::Reference, &["medicationReference"]),
    ("MedicationDispense", "whenhandedover", Kind::Date, &["whenHandedOver"]),
    ("MedicationDispense", "performer", Kind::Reference, &["performer.actor"]),
    ("MedicationAdministration", "medication", Kind::Reference, &["medicationReference"]),
    ("MedicationStatement", "medication", Kind::Reference, &["medicationReference"]),
    ("PractitionerRole", "practitioner", Kind::Reference, &["practitioner"]),
    ("PractitionerRole", "organization", Kind::Reference, &["organization"]),
    ("PractitionerRole", "location", Kind::Reference, &["location"]),
    ("Organization", "name", Kind::Text, &["name"]),
    ("Coverage", "beneficiary", Kind::Reference, &["beneficiary"]),
    ("Coverage", "payor", Kind::Reference, &["payor"]),
    ("DeviceUseStatement", "device", Kind::Reference, &["device"]),
    ("CareTeam", "participant", Kind::Reference, &["participant.member"]),
    ("Provenance", "target", Kind::Reference, &["target"]),
];

impl Server {
    pub fn new(resources: Vec<Value>) -> Self {
        Server { resources, includes: true, brings: true, sorts: true, says: true, ignores: &[], page: 4 }
    }

    pub fn answer(&self, asked: &Asked) -> Reply {
        let path = asked.path().trim_start_matches("/fhir").trim_matches('/').to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["metadata"]) if self.says => Reply::fhir(&self.statement()),
            ("GET", [kind, id]) if *id != "_search" => match self.resource(kind, id) {
                Some(found) => Reply::fhir(found),
                None => Reply::status(404),
            },
            ("GET", [kind]) | ("POST", [kind, "_search"]) if !kind.is_empty() && *kind != "metadata" => {
                self.search(kind, &asked.parameters())
            }
            _ => Reply::status(404),
        }
    }

    fn resource(&self, kind: &str, id: &str) -> Option<&Value> {
        self.resources.iter().find(|one| one["resourceType"] == kind && one["id"] == id)
    }

    fn statement(&self) -> Value {
        let mut kinds: Vec<&str> = self.resources.iter().filter_map(|one| one["resourceType"].as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of_kind = |kind: &&str| {
            let known: Vec<_> = KNOWN.iter().filter(|known| known.0 == *kind || known.0 == "*").collect();
            let parameters: Vec<Value> = known.iter().map(|known| json!({"name": known.1, "type": "string"})).collect();
            let references = known.iter().filter(|known| known.2 == Kind::Reference && self.includes);
            let includes: Vec<String> = references.map(|known| format!("{kind}:{}", known.1)).collect();
            let reverse: &[&str] = if self.includes { &["Provenance:target"] } else { &[] };
            json!({"type": kind, "searchParam": parameters, "searchInclude": includes, "searchRevInclude": reverse})
        };
        let resources: Vec<Value> = kinds.iter().map(of_kind).collect();
        json!({"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": resources}]})
    }

    fn search(&self, kind: &str, parameters: &[(String, String)]) -> Reply {
        let mut matches: Vec<&Value> = self.resources.iter().filter(|one| one["resourceType"] == kind).collect();
        let mut from = 0;
        let mut size = self.page;
        for (name, value) in parameters {
            match name.as_str() {
                "_count" => size = size.min(value.parse().unwrap()),
                "_page" => from = value.parse().unwrap(),
                "_id" => matches.retain(|one| value.split(',').any(|id| one["id"] == id)),
                "_sort" if self.sorts => matches.sort_by_key(|one| one[value.trim_start_matches('-')].to_string()),
                "_include" | "_revinclude" | "_include:iterate" | "_include:recurse" if self.includes => {}
                name => {
                    let Some(known) = known(kind, name) else { return Reply::status(400) };
                    if !self.ignores.contains(&name) {
                        matches.retain(|one| value.split(',').any(|value| fits(known.2, known.3, one, value)));
                    }
                }
            }
        }
        let page: Vec<&Value> = matches.iter().skip(from).take(size).copied().collect();
        let entry = |one: &&Value, mode: &str| json!({"resource": one, "search": {"mode": mode}});
        let mut entries: Vec<Value> = page.iter().map(|one| entry(one, "match")).collect();
        entries.extend(self.along(&page, parameters).iter().map(|one| entry(one, "include")));
        let mut bundle = json!({"resourceType": "Bundle", "type": "searchset", "entry": entries});
        if from + page.len() < matches.len() {
            let rest: Vec<String> = parameters
                .iter()
                .filter(|(name, _)| name != "_page")
                .map(|(name, value)| format!("{name}={}", value.replace('|', "%7C")))
                .collect();
            let url = format!("{kind}?{}&_page={}", rest.join("&"), from + page.len());
            bundle["link"] = json!([{"relation": "next", "url": url}]);
        }
        Reply::fhir(&bundle)
    }

    /// What the includes bring: over and over for `:iterate`, once for the others.
    fn along<'s>(&'s self, page: &[&'s Value], parameters: &[(String, String)]) -> Vec<&'s Value> {
        if !self.brings {
            return Vec::new();
        }
        let mut all: Vec<&Value> = page.to_vec();
        let mut at = 0;
        while at < all.len() {
            let from = all[at];
            for (name, value) in parameters.iter().filter(|(name, _)| name.contains("include")) {
                if at >= page.len() && !name.contains(':') {
                    continue;
                }
                let mut parts = value.split(':');
                let (source, by, target) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
                let found: Vec<&Value> = if name.starts_with("_rev") {
                    let here = format!("{}/{}", text(&from["resourceType"]), text(&from["id"]));
                    let of_source = self.resources.iter().filter(|one| one["resourceType"] == source);
                    of_source.filter(|one| references(source, by, one).contains(&here)).collect()
                } else if from["resourceType"] == source {
                    let names = references(source, by, from);
                    let names = names.iter().filter(|name| target.is_none_or(|kind| name.starts_with(kind)));
                    names
                        .filter_map(|name| name.split_once('/').and_then(|(kind, id)| self.resource(kind, id)))
                        .collect()
                } else {
                    Vec::new()
                };
                for one in found {
                    if !all.iter().any(|known| std::ptr::eq(*known, one)) {
                        all.push(one);
                    }
                }
            }
            at += 1;
        }
        all.split_off(page.len())
    }
}

fn known(kind: &str, name: &str) -> Option<&'static (&'static str, &'static str, Kind, &'static [&'static str])> {
    KNOWN.iter().find(|known| (known.0 == kind || known.0 == "*") && known.1 == name)
}

fn references(kind: &str, by: &str, resource: &Value) -> Vec<String> {
    let elements = known(kind, by).map_or(&[] as &[&str], |known| known.3);
    let found = elements.iter().flat_map(|path| at(resource, path));
    found.filter_map(|one| one["reference"].as_str().map(str::to_owned)).collect()
}

fn at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let each = |value: &'v Value| match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    };
    path.split('.').fold(vec![value], |reached, name| reached.iter().flat_map(|one| each(&one[name])).collect())
}

fn fits(kind: Kind, paths: &[&str], resource: &Value, wanted: &str) -> bool {
    paths.iter().flat_map(|path| at(resource, path)).any(|element| match kind {
        Kind::Token => {
            let codings = at(element, "coding");
            let codings = if codings.is_empty() { vec![element] } else { codings };
            codings.iter().any(|coding| {
                let code = if coding.is_string() { *coding } else { coding.get("code").unwrap_or(&coding["value"]) };
                match wanted.split_once('|') {
                    Some((system, "")) => text(&coding["system"]) == system,
                    Some((system, wanted)) => text(&coding["system"]) == system && text(code) == wanted,
                    None => text(code) == wanted,
                }
            })
        }
        Kind::Reference => {
            let reference = text(&element["reference"]);
            reference == wanted || reference.rsplit('/').next() == Some(wanted)
        }
        Kind::Date => {
            let split = wanted.find(|c: char| c.is_ascii_digit()).unwrap();
            let (prefix, day) = wanted.split_at(split);
            let length = day.len().min(text(element).len());
            let own = &text(element)[..length];
            match prefix {
                "ge" => own >= &day[..length],
                "gt" => own > &day[..length],
                "le" => own <= &day[..length],
                "lt" => own < &day[..length],
                _ => own == &day[..length],
            }
        }
        Kind::Text => text(element).to_lowercase().starts_with(&wanted.to_lowercase()),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
