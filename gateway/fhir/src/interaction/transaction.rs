//! The entries of a transaction as interactions (FHIR R4, http.html#transaction; STU3 alike). Only what can be bound
//! to one patient by its text alone is taken: creates, updates and deletes by id.

use std::collections::{HashMap, HashSet};

use thiserror::Error;

use super::{Interaction, Method};
use crate::bundle::{Bundle, Entry};
use crate::identifiers::systems;
use crate::json::Node;
use crate::resource::Resource;
use crate::search::{Parameter, SearchQuery};
use crate::version::FhirVersion;

/// Most entries of one transaction: a nursing handoff of the full set has some 150 resources.
pub const MOST_ENTRIES: usize = 300;

/// Why a Bundle is no transaction that is taken here. Names the entry, never a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransactionFault {
    #[error("a transaction has one to {MOST_ENTRIES} entries")]
    Entries,
    #[error("Bundle.entry[{0}].request is missing, or is no interaction of this FHIR version")]
    Request(usize),
    #[error("Bundle.entry[{0}].request is not taken in a transaction: only create, update and delete by id are")]
    NotTaken(usize),
    #[error("Bundle.entry[{0}].resource is missing, or is not what its request names")]
    Resource(usize),
    #[error("Bundle.entry[{0}].request.ifNoneExist is taken as one identifier of the entry's own resource only")]
    Condition(usize),
    #[error("Bundle.entry[{0}].fullUrl stands twice")]
    FullUrl(usize),
    #[error("Bundle.entry[{0}].resource has a conditional reference, which is not taken")]
    Reference(usize),
}

/// Reads the entries of a transaction.
///
/// # Errors
/// The first entry that cannot be taken, and why.
pub fn read(version: FhirVersion, bundle: &Bundle) -> Result<Interaction, TransactionFault> {
    if bundle.entries.is_empty() || bundle.entries.len() > MOST_ENTRIES {
        return Err(TransactionFault::Entries);
    }
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(bundle.entries.len());
    for (at, entry) in bundle.entries.iter().enumerate() {
        if entry.full_url.as_deref().is_some_and(|url| !seen.insert(url)) {
            return Err(TransactionFault::FullUrl(at));
        }
        entries.push(read_entry(version, at, entry)?);
    }
    Ok(Interaction::Transaction { entries })
}

fn read_entry(version: FhirVersion, at: usize, entry: &Entry) -> Result<Interaction, TransactionFault> {
    let request = entry.request.as_ref().ok_or(TransactionFault::Request(at))?;
    let method = Method::parse(&request.method).ok_or(TransactionFault::Request(at))?;
    let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let interaction =
        Interaction::read(version, method, path, query, None).map_err(|_| TransactionFault::Request(at))?;
    let (fits, condition) = match (&interaction, &entry.resource) {
        (Interaction::Create { resource_type }, Some(resource)) => {
            (resource.resource_type() == resource_type.name(), request.if_none_exist.as_deref())
        }
        (Interaction::Update { resource_type, id }, Some(resource)) => {
            let same =
                resource.resource_type() == resource_type.name() && resource.id().as_deref() == Some(id.as_str());
            (same, None)
        }
        (Interaction::Delete { .. }, None) => (true, None),
        (Interaction::Create { .. } | Interaction::Update { .. } | Interaction::Delete { .. }, _) => (false, None),
        _ => return Err(TransactionFault::NotTaken(at)),
    };
    if !fits {
        return Err(TransactionFault::Resource(at));
    }
    let Some(resource) = &entry.resource else { return Ok(interaction) };
    if condition.is_some_and(|condition| !is_own_identifier(condition, resource)) {
        return Err(TransactionFault::Condition(at));
    }
    if references(&resource.to_node()).any(|reference| reference.contains('?')) {
        return Err(TransactionFault::Reference(at));
    }
    Ok(interaction)
}

/// Whether the condition of a conditional create asks for one identifier that the resource itself carries: anything
/// else would ask whether someone else's resource exists.
pub fn is_own_identifier(condition: &str, resource: &Resource) -> bool {
    let condition = condition.split_once('?').map_or(condition, |(_, query)| query);
    let Ok(SearchQuery { parameters }) = SearchQuery::parse(condition) else { return false };
    let [Parameter { name, modifier: None, value }] = parameters.as_slice() else { return false };
    let Some((system, wanted)) = value.split_once('|') else { return false };
    let own = |identifier: &crate::json::Value<'_>| {
        let text = |name| identifier.get(name).and_then(|text| text.as_text());
        text("system").as_deref() == Some(system) && text("value").as_deref() == Some(wanted)
    };
    let plain = !system.is_empty() && !wanted.is_empty() && !value.contains([',', '\\']);
    name == "identifier" && plain && resource.root().all("identifier").iter().any(own)
}

/// The resources of the entries, for finding out whose they are: a reference to a Patient of the same Bundle reads
/// as one by that Patient's BSN. What is written is the Bundle as it came.
pub fn resolved(bundle: &Bundle) -> Vec<Option<Resource>> {
    let patients: HashMap<&str, Node> = bundle.entries.iter().filter_map(patient).collect();
    let resolve = |resource: &Resource| {
        if patients.is_empty() {
            return resource.clone();
        }
        let mut node = resource.to_node();
        if replace(&mut node, &patients) { Resource::from_node(&node) } else { resource.clone() }
    };
    bundle.entries.iter().map(|entry| entry.resource.as_ref().map(resolve)).collect()
}

/// The full URL of a Patient entry, and the identifier that names the patient.
fn patient(entry: &Entry) -> Option<(&str, Node)> {
    let resource = entry.resource.as_ref().filter(|resource| resource.resource_type() == "Patient")?;
    let identifiers = resource.root().all("identifier");
    let bsn = identifiers.into_iter().find(|identifier| {
        let system = identifier.get("system").and_then(|system| system.as_text());
        system.is_some_and(|system| [systems::BSN, systems::BSN_OID].contains(&system.as_ref()))
            && identifier.get("value").is_some()
    })?;
    Some((entry.full_url.as_deref()?, bsn.to_node()))
}

/// Puts the identifier in the place of every reference by full URL. A reference that has an identifier of its own is
/// left as it is: the two could disagree.
fn replace(node: &mut Node, patients: &HashMap<&str, Node>) -> bool {
    let named = match node.get("reference") {
        Some(Node::Text(url)) if node.get("identifier").is_none() => patients.get(url.as_str()),
        _ => None,
    };
    if let Some(bsn) = named {
        node.remove("reference");
        node.set("identifier", bsn.clone());
        return true;
    }
    match node {
        Node::List(items) => items.iter_mut().fold(false, |changed, item| replace(item, patients) | changed),
        Node::Object(members) => {
            members.iter_mut().fold(false, |changed, (_, value)| replace(value, patients) | changed)
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => false,
    }
}

/// Every text of a member called `reference`, at any depth.
fn references(node: &Node) -> Box<dyn Iterator<Item = &str> + '_> {
    match node {
        Node::List(items) => Box::new(items.iter().flat_map(references)),
        Node::Object(members) => Box::new(members.iter().flat_map(|(name, value)| match value {
            Node::Text(text) if name == "reference" => Box::new(std::iter::once(text.as_str())),
            value => references(value),
        })),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compartment::{Whose, whose};
    use crate::json::Limits;

    const R4: FhirVersion = FhirVersion::R4;

    fn bundle(entries: &str) -> Bundle {
        let text = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entries}]}}"#);
        Bundle::read(&Resource::parse(text.into(), &Limits::default()).unwrap()).unwrap()
    }

    fn entry(method: &str, url: &str, resource: &str) -> String {
        let resource = if resource.is_empty() { String::new() } else { format!(r#""resource":{resource},"#) };
        format!(r#"{{{resource}"request":{{"method":"{method}","url":"{url}"}}}}"#)
    }

    #[test]
    fn creates_updates_and_deletes_by_id_are_taken_and_nothing_else() {
        let task = r#"{"resourceType":"Task","id":"t1"}"#;
        let conditional = r#"{"resourceType":"Task","for":{"reference":"Patient?identifier=1"}}"#;
        let nested = r#"{"resourceType":"Task","x":[{"y":{"reference":"Patient?identifier=1"}}]}"#;
        let table = [
            (entry("POST", "Task", task), Ok("create")),
            (entry("PUT", "Task/t1", task), Ok("update")),
            (entry("DELETE", "Task/t1", ""), Ok("delete")),
            (entry("PUT", "Task/t2", task), Err(TransactionFault::Resource(0))),
            (entry("POST", "Observation", task), Err(TransactionFault::Resource(0))),
            (entry("POST", "Task", ""), Err(TransactionFault::Resource(0))),
            (entry("DELETE", "Task/t1", task), Err(TransactionFault::Resource(0))),
            (entry("PUT", "Task?code=1", task), Err(TransactionFault::NotTaken(0))),
            (entry("DELETE", "Task?code=1", ""), Err(TransactionFault::NotTaken(0))),
            (entry("PATCH", "Task/t1", task), Err(TransactionFault::NotTaken(0))),
            (entry("GET", "Task/t1", ""), Err(TransactionFault::NotTaken(0))),
            (entry("GET", "Task?patient=1", ""), Err(TransactionFault::NotTaken(0))),
            (entry("POST", "", task), Err(TransactionFault::NotTaken(0))),
            (entry("POST", "Task/$apply", task), Err(TransactionFault::NotTaken(0))),
            (entry("POST", "https://a.example/fhir/Task", task), Err(TransactionFault::Request(0))),
            (entry("POST", "Tasks", task), Err(TransactionFault::Request(0))),
            (entry("FETCH", "Task/t1", ""), Err(TransactionFault::Request(0))),
            (r#"{"resource":{"resourceType":"Task"}}"#.to_owned(), Err(TransactionFault::Request(0))),
            (entry("POST", "Task", conditional), Err(TransactionFault::Reference(0))),
            (entry("POST", "Task", nested), Err(TransactionFault::Reference(0))),
            (String::new(), Err(TransactionFault::Entries)),
        ];
        for (text, expected) in table {
            let code = read(R4, &bundle(&text)).map(|read| match read {
                Interaction::Transaction { entries } => entries[0].code(),
                other => other.code(),
            });
            assert_eq!(code, expected, "{text}");
        }
        let many = vec![entry("POST", "Task", task); MOST_ENTRIES];
        assert!(read(R4, &bundle(&many.join(","))).is_ok());
        let more = vec![entry("POST", "Task", task); MOST_ENTRIES + 1];
        assert_eq!(read(R4, &bundle(&more.join(","))), Err(TransactionFault::Entries));
    }

    #[test]
    fn a_full_url_stands_once() {
        let one = |url: &str| {
            format!(
                r#"{{"fullUrl":"{url}","resource":{{"resourceType":"Task"}},"request":{{"method":"POST","url":"Task"}}}}"#
            )
        };
        let twice = format!("{},{}", one("urn:uuid:1"), one("urn:uuid:1"));
        assert_eq!(read(R4, &bundle(&twice)), Err(TransactionFault::FullUrl(1)));
        assert!(read(R4, &bundle(&format!("{},{}", one("urn:uuid:1"), one("urn:uuid:2")))).is_ok());
    }

    #[test]
    fn a_conditional_create_asks_for_the_resources_own_identifier_only() {
        let with = |condition: &str| {
            let text = format!(
                r#"{{"resource":{{"resourceType":"Task","identifier":[{{"system":"s","value":"1"}}]}},
                "request":{{"method":"POST","url":"Task","ifNoneExist":"{condition}"}}}}"#
            );
            read(R4, &bundle(&text)).map(|_| ())
        };
        for good in ["identifier=s|1", "identifier=s%7C1", "Task?identifier=s|1"] {
            assert_eq!(with(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "identifier=1",
            "identifier=|1",
            "identifier=s|",
            "identifier=s|2",
            "identifier=t|1",
            "identifier=s|1,s|2",
            "identifier=s|1&status=x",
            "identifier:not=s|1",
            "status=x",
            "patient=1",
            "identifier=%zz",
        ] {
            assert_eq!(with(bad), Err(TransactionFault::Condition(0)), "{bad}");
        }
    }

    #[test]
    fn a_reference_to_a_patient_of_the_bundle_reads_as_its_bsn() {
        let patient = r#"{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","identifier":[
            {"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]}}"#;
        let of = |subject: &str| {
            let entries = format!(
                r#"{patient},{{"fullUrl":"urn:uuid:d","resource":{{"resourceType":"Device"}}}},
                {{"resource":{{"resourceType":"Observation","value":1.50,"subject":{subject}}}}}"#
            );
            let resolved = resolved(&bundle(&entries));
            whose(R4, resolved[2].as_ref().unwrap())
        };
        let bsn = crate::Bsn::parse("999911120").unwrap();
        let about = |found: crate::compartment::PatientReference| Whose::About(vec![found]);
        use crate::compartment::PatientReference as Reference;
        assert!(of(r#"{"reference":"urn:uuid:p"}"#) == about(Reference::Bsn(bsn)));
        // Whoever it is, it is not clear: another entry, an entry that is not there, two names at once.
        for unclear in [
            r#"{"reference":"urn:uuid:d"}"#,
            r#"{"reference":"urn:uuid:x"}"#,
            r#"{"reference":"urn:uuid:p","identifier":{"system":"s","value":"1"}}"#,
        ] {
            assert!(of(unclear) == about(Reference::Other), "{unclear}");
        }
    }
}
