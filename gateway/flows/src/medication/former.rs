//! The former medication overview (medicatieoverzicht) as a List, for partners that still ask for it. MP9 took it out of the
//! standard on 26 January 2026; every answer says so, and that nobody verified it with the patient.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use exchange::Released;
use fhir::identifiers::systems;
use fhir::json::Node;
use fhir::{Bundle, BundleKind, Entry, IssueCode, Resource, SearchMode, Severity};
use time::format_description::well_known::Rfc3339;

use super::parameters::moment_text;
use super::treatment::Receipt;
use super::view::Medication;
use crate::overview::{self, Context, held};

const BASE: &str = "http://nictiz.nl/fhir/StructureDefinition/";
/// The last version of the profile before it was removed.
const PROFILE: &str = "http://nictiz.nl/fhir/StructureDefinition/mp-MedicationOverview|2.0.0-rc.3";
const EMPTY_REASON: &str = "http://terminology.hl7.org/CodeSystem/list-empty-reason";

const REMOVED: &str = "This form of the medication overview was removed from MP9 on 26 January 2026 and is not part of the \
                       current standard. It was computed by this node; nobody verified it with the patient.";
const INCOMPLETE: &str = "Incomplete: not every provider that may hold medication data answered in full.";

impl Medication {
    /// The answer to `$former-medication-overview`: the List, the blocks on it with their products, and an OperationOutcome
    /// per source.
    pub fn former_list(&self, released: &Released, context: &Context<'_>) -> Bundle {
        let parts = overview::in_order(released);
        let mut urls: HashMap<(usize, Arc<str>), String> = HashMap::new();
        let mut taken: HashSet<String> = HashSet::new();
        let mut items: HashMap<(usize, Arc<str>), &Resource> = HashMap::new();
        let version = |at: usize| parts.get(at).and_then(|part| part.other_version());
        for (at, part) in parts.iter().enumerate() {
            // What came in another version stands at no address of this one.
            let base = (context.base)(part.holder()).filter(|_| part.other_version().is_none());
            for item in part.items() {
                let (resource, Some(id)) = (item.resource(), item.resource().id()) else { continue };
                let reference: Arc<str> = Arc::from(format!("{}/{id}", resource.resource_type()));
                if let Some(base) = &base {
                    let url = format!("{}/{reference}", base.trim_end_matches('/'));
                    if taken.insert(url.clone()) {
                        urls.insert((at, reference.clone()), url);
                    }
                }
                items.insert((at, reference), resource);
            }
        }
        let listed: Vec<&Receipt> = self.listed().collect();
        let references: Vec<Node> = listed
            .iter()
            .filter_map(|receipt| {
                let key = (receipt.source, receipt.reference.clone());
                let resource = items.get(&key)?;
                let mut item = Vec::new();
                if let Some(url) = urls.get(&key) {
                    item.push(("reference".into(), Node::text(url)));
                }
                item.push(("type".into(), Node::text(resource.resource_type())));
                // An identifier as well: it says the same at every provider.
                if let Some(identifier) = resource.root().get("identifier").and_then(|all| all.each().next()) {
                    item.push(("identifier".into(), identifier.to_node()));
                }
                if let Some(version) = version(receipt.source) {
                    let words = format!("{}, FHIR {}", receipt.reference, version.full());
                    item.push(("display".into(), Node::text(words)));
                }
                Some(Node::Object(vec![("item".into(), Node::Object(item))]))
            })
            .collect();
        let matches = references.len();
        let mut bundle = Bundle::new(BundleKind::Searchset);
        bundle.last_updated = self.composed.format(&Rfc3339).ok();
        bundle.total = u64::try_from(matches).ok();
        bundle.links = vec![("self".to_owned(), context.self_url.to_owned())];
        bundle.entries.push(entry(None, self.list(released, references), SearchMode::Match));
        bundle.entries.push(entry(None, self.told(), SearchMode::Outcome));
        bundle
            .entries
            .extend(overview::outcomes(released).into_iter().map(|outcome| entry(None, outcome, SearchMode::Outcome)));
        let as_it_stands = |number: usize, source: usize, resource: &Resource| match version(source) {
            None => resource.clone(),
            Some(version) => held(version, format!("{}-{}", version.segment(), number + 1), resource),
        };
        let mut along: HashSet<(usize, Arc<str>)> = HashSet::new();
        for (number, receipt) in listed.iter().enumerate() {
            let key = (receipt.source, receipt.reference.clone());
            let Some(resource) = items.get(&key) else { continue };
            let own = as_it_stands(number, receipt.source, resource);
            bundle.entries.push(entry(urls.get(&key).cloned(), own, SearchMode::Match));
            fhir::links(resource, &mut |kind, id, _| {
                let key = (receipt.source, Arc::from(format!("{kind}/{id}")));
                if kind == "Medication" && items.contains_key(&key) {
                    along.insert(key);
                }
            });
        }
        let mut along: Vec<_> = along.into_iter().collect();
        along.sort();
        for (number, key) in along.into_iter().enumerate() {
            if let Some(resource) = items.get(&key) {
                let own = as_it_stands(listed.len() + number, key.0, resource);
                bundle.entries.push(entry(urls.get(&key).cloned(), own, SearchMode::Include));
            }
        }
        bundle
    }

    /// The resources that are on it: of each line the one that counts.
    fn listed(&self) -> impl Iterator<Item = &Receipt> {
        let parts = self.treatments.shown.iter().filter(|treatment| treatment.section.is_in_former_list());
        let lines = parts.flat_map(|treatment| &treatment.lines).filter(|line| line.section.is_in_former_list());
        lines.filter_map(|line| line.said.receipts.iter().min_by_key(|receipt| (receipt.copy, receipt.source)))
    }

    fn list(&self, released: &Released, entries: Vec<Node>) -> Resource {
        let own = released.permit().holder();
        let flag = |name: &str| {
            Node::Object(vec![("url".into(), Node::text(name)), ("valueBoolean".into(), Node::Bool(false))])
        };
        let verification = Node::Object(vec![
            ("url".into(), Node::text(format!("{BASE}ext-MedicationOverview.Verification"))),
            ("extension".into(), Node::List(vec![flag("verificationPatient"), flag("verificationHealthProfessional")])),
        ]);
        let organisation = Node::Object(vec![
            ("type".into(), Node::text("Organization")),
            ("identifier".into(), identifier(systems::URA, own.0.as_str())),
        ]);
        let source = Node::Object(vec![
            (
                "extension".into(),
                Node::List(vec![Node::Object(vec![
                    ("url".into(), Node::text(format!("{BASE}ext-MedicationOverview.SourceOrganization"))),
                    ("valueReference".into(), organisation),
                ])]),
            ),
            ("type".into(), Node::text("Organization")),
            ("identifier".into(), identifier(systems::URA, own.0.as_str())),
        ]);
        let subject = self.subject(released);
        let mut notes = vec![note(REMOVED)];
        if !self.is_complete() {
            notes.insert(0, note(INCOMPLETE));
        }
        let mut members = vec![
            ("resourceType".into(), Node::text("List")),
            ("meta".into(), Node::Object(vec![("profile".into(), Node::List(vec![Node::text(PROFILE)]))])),
            ("extension".into(), Node::List(vec![verification])),
            ("status".into(), Node::text("current")),
            ("mode".into(), Node::text("snapshot")),
            (
                "code".into(),
                coded("http://snomed.info/sct", "11181000146103", "Actual medication overview (record artifact)"),
            ),
            ("subject".into(), subject),
            ("date".into(), moment_text(self.composed)),
            ("source".into(), source),
            ("note".into(), Node::List(notes)),
        ];
        if entries.is_empty() {
            let (code, display) =
                if self.is_complete() { ("nilknown", "Nil Known") } else { ("unavailable", "Unavailable") };
            members.push(("emptyReason".into(), coded(EMPTY_REASON, code, display)));
        } else {
            members.push(("entry".into(), Node::List(entries)));
        }
        Resource::from_node(&Node::Object(members))
    }

    fn subject(&self, released: &Released) -> Node {
        let bsn = match released.permit().patient() {
            policy::PatientScope::One(bsn) => Some(bsn.reveal_to(fhir::identifiers::Reader::Asker)),
            policy::PatientScope::Nobody
            | policy::PatientScope::Any
            | policy::PatientScope::Told
            | policy::PatientScope::Unnamed => None,
        };
        let mut members = vec![("type".into(), Node::text("Patient"))];
        members.extend(bsn.map(|bsn| ("identifier".into(), identifier(systems::BSN, bsn))));
        Node::Object(members)
    }

    /// What must be known of this form, for machines as well.
    fn told(&self) -> Resource {
        let issue = |severity: Severity, code: IssueCode, word: &str, text: &str| {
            Node::Object(vec![
                ("severity".into(), Node::text(severity.code())),
                ("code".into(), Node::text(code.code())),
                ("details".into(), Node::Object(vec![("text".into(), Node::text(word))])),
                ("diagnostics".into(), Node::text(text)),
            ])
        };
        let mut issues =
            vec![issue(Severity::Information, IssueCode::Informational, "not-in-the-current-standard", REMOVED)];
        if !self.is_complete() {
            issues.push(issue(Severity::Warning, IssueCode::Incomplete, "incomplete", INCOMPLETE));
        }
        Resource::from_node(&Node::Object(vec![
            ("resourceType".into(), Node::text("OperationOutcome")),
            ("id".into(), Node::text("former-form")),
            ("issue".into(), Node::List(issues)),
        ]))
    }
}

fn entry(full_url: Option<String>, resource: Resource, mode: SearchMode) -> Entry {
    Entry { full_url, resource: Some(resource), mode: Some(mode), ..Entry::default() }
}

fn note(text: &str) -> Node {
    Node::Object(vec![("text".into(), Node::text(text))])
}

fn identifier(system: &str, value: &str) -> Node {
    Node::Object(vec![("system".into(), Node::text(system)), ("value".into(), Node::text(value))])
}

fn coded(system: &str, code: &str, display: &str) -> Node {
    let coding = Node::Object(vec![
        ("system".into(), Node::text(system)),
        ("code".into(), Node::text(code)),
        ("display".into(), Node::text(display)),
    ]);
    Node::Object(vec![("coding".into(), Node::List(vec![coding]))])
}
