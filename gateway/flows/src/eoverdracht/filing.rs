//! A handoff as it goes into the receiver's own record system: one transaction of new resources about the patient whom that
//! system knows.
//!
//! What a resource says stays as it is. What it refers to by the sender's ids becomes what is stored with it, or the sender's
//! full address, so that no reference leads to something else that has the same id here. Each resource is known by an
//! identifier of this transfer, so that what is sent again is found, and by its address at the sender, so that it stays
//! known where it came from; the identifiers that it has are kept.

use std::collections::HashMap;

use fhir::bundle::EntryRequest;
use fhir::identifiers::systems;
use fhir::json::Node;
use fhir::{Bundle, BundleKind, Entry, LogicalId, Parameter, Resource, ResourceType, SearchQuery, Ura};

use super::handoff::{Handoff, VERSION};
use super::task::object;

/// The system of identifiers that are URIs (FHIR, Identifier).
const URI: &str = "urn:ietf:rfc:3986";

/// Where a handoff came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub ura: &'a Ura,
    pub name: &'a str,
    /// The sender's FHIR base, without a slash at the end.
    pub base: &'a str,
    /// The transfer, as a UUID.
    pub transfer: [u8; 16],
}

/// Room for identifiers in a type of STU3.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    None,
    One,
    Several,
}

/// What references of the handoff become.
struct Targets<'a> {
    origin: Origin<'a>,
    /// By `Type/id` at the sender: what stands in its place, and the identifier that had to make room.
    known: HashMap<String, (String, Option<Node>)>,
    /// The documents, by their id.
    binaries: HashMap<String, &'a Resource>,
}

/// Makes the transaction: the Composition first, without the Patient, who is `patient` there. Documents (Binary) come within what
/// refers to them: a Binary by itself has nothing by which it could be found again.
pub fn transaction(handoff: &Handoff, binaries: &[Resource], patient: &LogicalId, origin: Origin<'_>) -> Bundle {
    let is = |resource: &Resource, kind: &str| resource.resource_type() == kind;
    let id = |resource: &Resource| resource.id().map(|id| id.into_owned()).unwrap_or_default();
    let stored: Vec<&Resource> =
        handoff.resources().iter().filter(|one| !is(one, "Patient") && !is(one, "Binary")).collect();
    let documents = handoff.resources().iter().chain(binaries).filter(|one| is(one, "Binary"));
    let mut targets = Targets {
        origin,
        known: HashMap::from([(
            format!("Patient/{}", handoff.patient_id()),
            (format!("Patient/{}", patient.as_str()), None),
        )]),
        binaries: documents.map(|one| (id(one), one)).collect(),
    };
    for (at, resource) in stored.iter().enumerate() {
        let name = format!("{}/{}", resource.resource_type(), id(resource));
        let displaced = match room(&resource.resource_type()) {
            Room::One => resource.root().get("identifier").map(|own| own.to_node()),
            Room::None | Room::Several => None,
        };
        targets.known.insert(name, (placeholder(origin.transfer, at), displaced));
    }
    let mut bundle = Bundle::new(BundleKind::Transaction);
    bundle.entries = stored.iter().enumerate().map(|(at, one)| targets.entry(one, at, patient)).collect();
    bundle
}

/// By what others of the transaction refer to its entry of this number. It is nowhere but in the transaction.
fn placeholder(transfer: [u8; 16], at: usize) -> String {
    let mut bytes = transfer;
    let number = u32::try_from(at).unwrap_or(u32::MAX).to_be_bytes();
    bytes[12..].copy_from_slice(&number);
    uuid(bytes)
}

/// As a URN.
fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Which types have room for identifiers, of those that a handoff has.
fn room(kind: &str) -> Room {
    match kind {
        "Medication" | "Binary" => Room::None,
        "Composition" | "Consent" | "QuestionnaireResponse" => Room::One,
        _ => Room::Several,
    }
}

fn uri(value: String) -> Node {
    object([("system", Node::text(URI)), ("value", Node::text(value))])
}

impl Targets<'_> {
    fn entry(&self, resource: &Resource, at: usize, patient: &LogicalId) -> Entry {
        let kind = resource.resource_type();
        let name = format!("{kind}/{}", resource.id().unwrap_or_default());
        let mut node = resource.to_node();
        self.redirect(&mut node);
        node.remove("id");
        if let Some(mut meta) = node.remove("meta") {
            // Which version it is, and when it was changed, is the record system's to say.
            meta.remove("versionId");
            meta.remove("lastUpdated");
            if matches!(&meta, Node::Object(members) if !members.is_empty()) {
                node.set("meta", meta);
            }
        }
        self.bind(&kind, &mut node, patient);
        let of_transfer = format!("{}#{name}", uuid(self.origin.transfer));
        self.identify(&kind, &name, &mut node, &of_transfer);
        let by_identifier =
            SearchQuery { parameters: vec![Parameter::new("identifier", format!("{URI}|{of_transfer}"))] };
        Entry {
            full_url: Some(placeholder(self.origin.transfer, at)),
            resource: Some(Resource::from_node(&node)),
            request: Some(EntryRequest {
                method: "POST".to_owned(),
                url: kind.into_owned(),
                if_none_match: None,
                if_modified_since: None,
                if_match: None,
                if_none_exist: (room(&resource.resource_type()) != Room::None).then(|| by_identifier.write()),
            }),
            ..Entry::default()
        }
    }

    /// A device or a specimen that names nobody is the patient's whose handoff leads to it: it is stored as that.
    fn bind(&self, kind: &str, node: &mut Node, patient: &LogicalId) {
        let element = match kind {
            "Device" => "patient",
            "Specimen" => "subject",
            _ => return,
        };
        if node.get(element).is_none() {
            node.set(element, object([("reference", Node::text(format!("Patient/{}", patient.as_str())))]));
        }
    }

    /// By this transfer first, then by its address at the sender, then as the sender identified it. Where there is room for one
    /// only, that of the transfer has it: the sender's address and identifier of a document then stand with what it was made
    /// from, and the identifier of anything else with every reference to it.
    fn identify(&self, kind: &str, name: &str, node: &mut Node, of_transfer: &str) {
        let address = format!("{}/{name}", self.origin.base);
        match room(kind) {
            Room::None => {}
            Room::Several => {
                let mut from = uri(address);
                let ura =
                    object([("system", Node::text(systems::URA)), ("value", Node::text(self.origin.ura.as_str()))]);
                from.set("assigner", object([("identifier", ura), ("display", Node::text(self.origin.name))]));
                let mut all = vec![uri(of_transfer.to_owned()), from];
                match node.remove("identifier") {
                    Some(Node::List(own)) => all.extend(own),
                    Some(other) => all.push(other),
                    None => {}
                }
                node.set("identifier", Node::List(all));
            }
            Room::One => {
                let own = node.remove("identifier");
                node.set("identifier", uri(of_transfer.to_owned()));
                if kind == "Composition" {
                    let mut relations = match node.remove("relatesTo") {
                        Some(Node::List(relations)) => relations,
                        _ => Vec::new(),
                    };
                    relations.push(object([
                        ("code", Node::text("transforms")),
                        ("targetReference", object([("reference", Node::text(address))])),
                    ]));
                    if let Some(own) = own {
                        relations.push(object([("code", Node::text("transforms")), ("targetIdentifier", own)]));
                    }
                    node.set("relatesTo", Node::List(relations));
                }
            }
        }
    }

    fn redirect(&self, node: &mut Node) {
        if let Some(Node::Text(reference)) = node.get("reference") {
            let reference = reference.clone();
            if let Some((target, displaced)) = self.target(&reference) {
                node.set("reference", Node::text(target));
                if let (Some(identifier), None) = (displaced, node.get("identifier")) {
                    node.set("identifier", identifier);
                }
            }
        }
        self.attach(node);
        match node {
            Node::List(items) => items.iter_mut().for_each(|item| self.redirect(item)),
            Node::Object(members) => members.iter_mut().for_each(|(_, value)| self.redirect(value)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        }
    }

    /// What a reference becomes; nothing when it leads where it leads from anywhere.
    fn target(&self, reference: &str) -> Option<(String, Option<Node>)> {
        let relative = reference.strip_prefix(self.origin.base).and_then(|rest| rest.strip_prefix('/'));
        let relative = relative.unwrap_or(reference);
        let mut steps = relative.split('/');
        let (kind, id) = (steps.next()?, steps.next()?);
        ResourceType::parse(VERSION, kind)?;
        LogicalId::parse(id)?;
        let known = self.known.get(&format!("{kind}/{id}")).cloned();
        Some(known.unwrap_or_else(|| (format!("{}/{relative}", self.origin.base), None)))
    }

    /// Puts a document in the place of its address.
    fn attach(&self, attachment: &mut Node) {
        let Some(Node::Text(url)) = attachment.get("url") else { return };
        let Some(id) = url.strip_prefix("Binary/") else { return };
        let document = self.binaries.get(id).map(|binary| binary.root());
        let text = |name: &str| document.and_then(|document| document.get(name)).map(|text| text.to_node());
        let Some(data) = text("content") else {
            let address = format!("{}/{url}", self.origin.base);
            attachment.set("url", Node::text(address));
            return;
        };
        attachment.remove("url");
        if let (None, Some(kind)) = (attachment.get("contentType"), text("contentType")) {
            attachment.set("contentType", kind);
        }
        attachment.set("data", data);
    }
}

#[cfg(test)]
mod tests {
    use fhir::json::Limits;
    use fhir::{Interaction, interaction, structure};

    use super::*;

    const TRANSFER: [u8; 16] = [0x5a; 16];
    const OF_TRANSFER: &str = "urn:uuid:5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a";
    const BASE: &str = "https://maasdal.example/fhir/stu3";

    fn read(json: &str) -> Resource {
        Resource::parse(json.to_owned().into(), &Limits::default()).unwrap()
    }

    fn handoff(more: &[&str]) -> Handoff {
        let mut all = vec![
            r#"{"resourceType":"Composition","id":"c1","status":"final","date":"2026-11-20","title":"Overdracht",
                "identifier":{"system":"urn:oid:1.2","value":"doc-7"},
                "meta":{"versionId":"3","lastUpdated":"2026-11-20T10:00:00Z","profile":["http://example.org/p"]},
                "type":{"coding":[{"system":"http://snomed.info/sct","code":"11171000146100"}]},
                "subject":{"reference":"Patient/p1"},"author":[{"reference":"Practitioner/n1"}],
                "section":[{"entry":[{"reference":"Condition/k1"},{"reference":"Consent/w1","display":"Wilsverklaring"}]}]}"#,
            r#"{"resourceType":"Patient","id":"p1","identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]}"#,
            r#"{"resourceType":"Practitioner","id":"n1"}"#,
            r##"{"resourceType":"Condition","id":"k1","subject":{"reference":"Patient/p1","display":"mevrouw"},
                "identifier":[{"system":"urn:oid:1.2","value":"k"}],"asserter":{"reference":"Practitioner/gone"},
                "evidence":[{"detail":[{"reference":"https://elsewhere.example/Observation/1"},{"reference":"#in"}]}]}"##,
            r#"{"resourceType":"Consent","id":"w1","status":"active","patient":{"reference":"https://maasdal.example/fhir/stu3/Patient/p1"},
                "identifier":{"system":"urn:oid:1.2","value":"w"},
                "policyRule":"http://hl7.org/fhir/ConsentPolicy/opt-in"}"#,
        ];
        all.extend(more);
        Handoff::of_resources(all.into_iter().map(read).collect(), |_| true).unwrap()
    }

    fn made(more: &[&str], binaries: &[&str]) -> Bundle {
        let binaries: Vec<Resource> = binaries.iter().map(|one| read(one)).collect();
        let (ura, patient) = (Ura::parse("90010001").unwrap(), LogicalId::parse("own-7").unwrap());
        let origin = Origin { ura: &ura, name: "Maasdal", base: BASE, transfer: TRANSFER };
        transaction(&handoff(more), &binaries, &patient, origin)
    }

    fn node(bundle: &Bundle, kind: &str) -> Node {
        let of = |entry: &&Entry| entry.resource.as_ref().is_some_and(|one| one.resource_type() == kind);
        bundle.entries.iter().find(of).unwrap().resource.as_ref().unwrap().to_node()
    }

    fn texts(node: &Node, name: &str) -> Vec<String> {
        match node {
            Node::List(items) => items.iter().flat_map(|item| texts(item, name)).collect(),
            Node::Object(members) => members
                .iter()
                .flat_map(|(key, value)| match value {
                    Node::Text(text) if key == name => vec![text.clone()],
                    other => texts(other, name),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn it_is_a_transaction_of_creates_that_the_standard_knows_without_the_patient() {
        let document = r#"{"resourceType":"DocumentReference","id":"d1","status":"current","subject":{"reference":"Patient/p1"},
            "type":{"text":"Brief"},"indexed":"2026-11-27T10:00:00+01:00","content":[{"attachment":{"url":"Binary/b1"}}]}"#;
        let binary = r#"{"resourceType":"Binary","id":"b1","contentType":"application/pdf","content":"JVBERi0="}"#;
        let bundle = made(&[document], &[binary]);
        let kinds: Vec<_> = bundle.entries.iter().map(|entry| entry.request.as_ref().unwrap().url.as_str()).collect();
        assert_eq!(kinds, ["Composition", "Practitioner", "Condition", "Consent", "DocumentReference"]);
        for entry in &bundle.entries {
            let resource = entry.resource.as_ref().unwrap();
            assert_eq!(structure::check(VERSION, resource), Ok(()), "{}", resource.text());
            assert_eq!(resource.id(), None);
        }
        let again = Bundle::read(&read(std::str::from_utf8(&bundle.write()).unwrap())).unwrap();
        let asked = interaction::transaction::read(VERSION, &again).unwrap();
        let Interaction::Transaction { entries } = asked else { panic!() };
        assert!(entries.iter().all(|entry| entry.code() == "create"));
        let attachment = node(&bundle, "DocumentReference");
        assert_eq!(texts(&attachment, "data"), ["JVBERi0="]);
        assert_eq!(texts(&attachment, "contentType"), ["application/pdf"]);
        assert_eq!(texts(&attachment, "url"), Vec::<String>::new());
    }

    #[test]
    fn references_lead_to_what_is_stored_with_it_to_the_own_patient_or_to_the_sender_and_never_to_an_id_of_ours() {
        let bundle = made(&[], &[]);
        let full = |at: usize| bundle.entries[at].full_url.clone().unwrap();
        let composition = node(&bundle, "Composition");
        assert_eq!(
            texts(&composition, "reference"),
            ["Patient/own-7".to_owned(), full(1), full(2), full(3), format!("{BASE}/Composition/c1")]
        );
        let condition = node(&bundle, "Condition");
        assert_eq!(
            texts(&condition, "reference"),
            ["Patient/own-7", &format!("{BASE}/Practitioner/gone"), "https://elsewhere.example/Observation/1", "#in"]
        );
        assert_eq!(texts(&condition, "display"), ["mevrouw", "Maasdal"], "what it says stays as it is");
        assert_eq!(texts(&node(&bundle, "Consent"), "reference"), ["Patient/own-7"]);
        let mut all: Vec<String> = (0..bundle.entries.len()).map(full).collect();
        all.dedup();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn each_is_known_by_the_transfer_and_by_its_address_and_keeps_the_identifiers_that_it_had() {
        let bundle = made(&[], &[]);
        assert_eq!(
            texts(&node(&bundle, "Condition").get("identifier").unwrap().clone(), "value"),
            [&format!("{OF_TRANSFER}#Condition/k1"), &format!("{BASE}/Condition/k1"), "90010001", "k"]
        );
        for entry in &bundle.entries {
            let (request, resource) = (entry.request.as_ref().unwrap(), entry.resource.as_ref().unwrap());
            let condition = request.if_none_exist.as_deref().unwrap();
            assert!(interaction::transaction::is_own_identifier(condition, resource), "{condition}");
        }
        // Where there is room for one.
        let composition = node(&bundle, "Composition");
        assert_eq!(texts(composition.get("identifier").unwrap(), "value"), [format!("{OF_TRANSFER}#Composition/c1")]);
        assert_eq!(texts(composition.get("relatesTo").unwrap(), "value"), ["doc-7"]);
        assert_eq!(
            texts(composition.get("section").unwrap(), "value"),
            ["w"],
            "the consent's, with the reference to it"
        );
        assert_eq!(texts(composition.get("meta").unwrap(), "versionId"), Vec::<String>::new());
        assert!(composition.get("meta").unwrap().get("profile").is_some());
        assert_eq!(
            texts(node(&bundle, "Consent").get("identifier").unwrap(), "value"),
            [format!("{OF_TRANSFER}#Consent/w1")]
        );
    }

    #[test]
    fn a_device_that_names_nobody_is_the_patients_and_a_document_that_did_not_come_stays_at_the_sender() {
        let bundle = made(
            &[
                r#"{"resourceType":"Device","id":"d1"}"#,
                r#"{"resourceType":"DeviceUseStatement","id":"u1","status":"active","subject":{"reference":"Patient/p1"},"device":{"reference":"Device/d1"}}"#,
                r#"{"resourceType":"DocumentReference","id":"r1","status":"current","subject":{"reference":"Patient/p1"},"type":{"text":"x"},
                    "indexed":"2026-11-27T10:00:00+01:00","content":[{"attachment":{"url":"Binary/gone"}}]}"#,
                r#"{"resourceType":"Medication","id":"m1"}"#,
            ],
            &[],
        );
        assert_eq!(texts(&node(&bundle, "Device"), "reference"), ["Patient/own-7"]);
        assert_eq!(texts(&node(&bundle, "DocumentReference"), "url"), [format!("{BASE}/Binary/gone")]);
        let medication = bundle.entries.last().unwrap();
        assert!(medication.request.as_ref().unwrap().if_none_exist.is_none(), "a Medication of STU3 has no identifier");
        assert_eq!(node(&bundle, "Medication").get("identifier"), None);
    }
}
