//! The handoff itself: a Composition and everything that it leads to, all of it about one patient.
//!
//! Nothing in it is changed. What could not be sent as it is, or would not leave the sender, is refused when it is pushed
//! and not found out later by the receiver.

use std::collections::HashSet;

use fhir::compartment::{PatientReference, Whose, whose};
use fhir::json::Value;
use fhir::{Bsn, Bundle, BundleKind, FhirVersion, LogicalId, Resource, ResourceType, links};
use thiserror::Error;

use super::codes::{NURSING_HANDOFF, RECEIVING_PARTY, SENDING_PARTY};
use super::task::{has_coding, refers_to};

/// The version of every handoff in use.
pub const VERSION: FhirVersion = FhirVersion::Stu3;

/// Types that name no patient and are the patient's whose resource refers to them.
const REFERRED: [&str; 2] = ["Device", "Specimen"];
const BINARY: &str = "Binary";
/// Deepest nesting of sections that is read.
const DEPTH: usize = 16;

/// A handoff that was read.
#[derive(Clone, Debug)]
pub struct Handoff {
    patient: Bsn,
    patient_id: String,
    /// The Composition first.
    resources: Vec<Resource>,
    /// What is referred to and is not in it, as `Type/id`.
    dangling: Vec<String>,
}

/// Why a Bundle is no handoff that can be sent or kept. Says nothing of the patient.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HandoffFault {
    #[error("it is no Bundle of type document or collection")]
    NoBundle,
    #[error("entry {0} has no resource of a type of FHIR STU3 with an id")]
    Entry(usize),
    #[error("two entries have the type and id of entry {0}")]
    Twice(usize),
    #[error("it has not exactly one Composition")]
    Composition,
    #[error("its Composition is not a nursing handoff (SNOMED CT 11171000146100)")]
    Kind,
    #[error("the subject of its Composition is no Patient in it with one BSN")]
    Patient,
    #[error("entry {0} is about another patient, or it is not clear about whom")]
    OtherPatient(usize),
    #[error("entry {0} is a {1}, which this use case does not offer")]
    NotOffered(usize, String),
}

impl Handoff {
    /// Reads a Bundle as it is pushed or pulled. `offered` says which types may leave in the use case.
    ///
    /// # Errors
    /// Why it is no handoff.
    pub fn of_bundle(bundle: &Resource, offered: impl Fn(&str) -> bool) -> Result<Handoff, HandoffFault> {
        let bundle = Bundle::read(bundle).map_err(|_| HandoffFault::NoBundle)?;
        if !matches!(bundle.kind, BundleKind::Document | BundleKind::Collection) {
            return Err(HandoffFault::NoBundle);
        }
        let resources = bundle.entries.into_iter().enumerate();
        let resources = resources.map(|(at, entry)| entry.resource.ok_or(HandoffFault::Entry(at)));
        Handoff::of_resources(resources.collect::<Result<_, _>>()?, offered)
    }

    /// Reads the resources of a handoff, in any order.
    ///
    /// # Errors
    /// Why they are none.
    pub fn of_resources(mut resources: Vec<Resource>, offered: impl Fn(&str) -> bool) -> Result<Handoff, HandoffFault> {
        let compositions = resources.iter().enumerate().filter(|(_, one)| one.resource_type() == "Composition");
        let compositions: Vec<usize> = compositions.map(|(at, _)| at).collect();
        let [at] = compositions.as_slice() else { return Err(HandoffFault::Composition) };
        let mut seen = HashSet::new();
        for (at, resource) in resources.iter().enumerate() {
            let name = name_of(resource).ok_or(HandoffFault::Entry(at))?;
            if !offered(&resource.resource_type()) {
                return Err(HandoffFault::NotOffered(at, resource.resource_type().into_owned()));
            }
            if !seen.insert(name) {
                return Err(HandoffFault::Twice(at));
            }
        }
        let composition = &resources[*at];
        if !has_coding(composition.root().get("type"), NURSING_HANDOFF) {
            return Err(HandoffFault::Kind);
        }
        let subject = composition.root().get("subject").and_then(|subject| refers_to(subject, "Patient"));
        let (patient, patient_id) = the_patient(&resources, subject).ok_or(HandoffFault::Patient)?;
        for (at, resource) in resources.iter().enumerate() {
            if !is_about(resource, &patient, &patient_id, &resources) {
                return Err(HandoffFault::OtherPatient(at));
            }
        }
        let composition = resources.remove(*at);
        resources.insert(0, composition);
        let dangling = dangling(&resources, &seen);
        Ok(Handoff { patient, patient_id, resources, dangling })
    }

    pub fn patient(&self) -> &Bsn {
        &self.patient
    }
    pub fn patient_id(&self) -> &str {
        &self.patient_id
    }
    /// Everything in it, the Composition first.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }
    /// What is referred to and is not in it, as `Type/id`.
    pub fn dangling(&self) -> &[String] {
        &self.dangling
    }
    /// The id of the Composition.
    pub fn composition(&self) -> &str {
        let id = self.resources.first().and_then(Resource::id);
        // It was read with an id, and lives as long as the resources do.
        match id {
            Some(std::borrow::Cow::Borrowed(id)) => id,
            _ => "",
        }
    }
    /// The resource of this type and id.
    pub fn find(&self, kind: &str, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|one| one.resource_type() == kind && one.id().as_deref() == Some(id))
    }
    /// The one Organization of the section of the sending party, when there is one.
    pub fn sending_organization(&self) -> Option<String> {
        self.organization_of(SENDING_PARTY)
    }
    /// The one Organization of the section of the receiving party, when there is one.
    pub fn receiving_organization(&self) -> Option<String> {
        self.organization_of(RECEIVING_PARTY)
    }

    /// What a document has: everything but its Binaries, which are fetched one by one (Nuts eOverdracht).
    pub fn without_binaries(&self) -> Vec<Resource> {
        self.resources.iter().filter(|one| one.resource_type() != BINARY).cloned().collect()
    }

    /// The ids of the Binaries that its documents are in, each once, in their order.
    pub fn binaries(&self) -> Vec<String> {
        let mut found = Vec::new();
        for id in self.resources.iter().flat_map(attached) {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    /// As a document Bundle. Each resource is in it as it came.
    pub fn to_bundle(&self) -> Bundle {
        let mut bundle = Bundle::new(BundleKind::Document);
        bundle.entries = self
            .resources
            .iter()
            .map(|resource| fhir::Entry { resource: Some(resource.clone()), ..fhir::Entry::default() })
            .collect();
        bundle
    }

    fn organization_of(&self, section: &str) -> Option<String> {
        let mut found = Vec::new();
        sections(self.resources.first()?.root(), section, DEPTH, &mut found);
        found.dedup();
        match found.as_slice() {
            [one] if self.find("Organization", one).is_some() => Some(one.clone()),
            _ => None,
        }
    }
}

/// The Organizations among the entries of the sections of this code.
fn sections(of: Value<'_>, code: &str, depth: usize, found: &mut Vec<String>) {
    for section in of.all("section") {
        if has_coding(section.get("code"), code) {
            found.extend(section.all("entry").into_iter().filter_map(|entry| refers_to(entry, "Organization")));
        }
        if depth > 0 {
            sections(section, code, depth - 1, found);
        }
    }
}

/// `Type/id`, when it is one.
fn name_of(resource: &Resource) -> Option<String> {
    let kind = ResourceType::parse(VERSION, &resource.resource_type())?;
    let id = resource.id().and_then(|id| LogicalId::parse(&id))?;
    Some(format!("{}/{}", kind.name(), id.as_str()))
}

fn the_patient(resources: &[Resource], subject: Option<String>) -> Option<(Bsn, String)> {
    let subject = subject?;
    let mut found = None;
    for resource in resources {
        let Whose::Patient { id, bsns, malformed_bsn } = whose(VERSION, resource) else { continue };
        let ([bsn], false, None) = (bsns.as_slice(), malformed_bsn, &found) else { return None };
        found = Some((bsn.clone(), id?));
    }
    found.filter(|(_, id)| *id == subject)
}

fn is_about(resource: &Resource, patient: &Bsn, patient_id: &str, all: &[Resource]) -> bool {
    match whose(VERSION, resource) {
        Whose::Patient { .. } | Whose::Nobody => true,
        Whose::About(references) => references.iter().all(|reference| match reference {
            PatientReference::Id(id) => id == patient_id,
            PatientReference::Bsn(bsn) => bsn == patient,
            PatientReference::Other => false,
        }),
        Whose::Unstated => {
            let kind = resource.resource_type();
            let id = resource.id().unwrap_or_default();
            if kind == BINARY {
                return all.iter().any(|one| attached(one).contains(&id.to_string()));
            }
            REFERRED.contains(&kind.as_ref()) && is_referred(&kind, &id, all)
        }
    }
}

/// The ids of the Binaries that a DocumentReference is about: `content.attachment.url` is `Binary/[id]`.
fn attached(resource: &Resource) -> Vec<String> {
    if resource.resource_type() != "DocumentReference" {
        return Vec::new();
    }
    let id =
        |url: Value<'_>| LogicalId::parse(url.as_text()?.strip_prefix("Binary/")?).map(|id| id.as_str().to_owned());
    resource.root().all("content.attachment.url").into_iter().filter_map(id).collect()
}

fn is_referred(kind: &str, id: &str, all: &[Resource]) -> bool {
    let mut referred = false;
    for resource in all.iter().filter(|one| one.resource_type() != "Composition") {
        links(resource, &mut |found, of, elsewhere| referred |= !elsewhere && (found, of) == (kind, id));
    }
    referred
}

fn dangling(resources: &[Resource], there: &HashSet<String>) -> Vec<String> {
    let mut missing = HashSet::new();
    let mut found = Vec::new();
    for resource in resources {
        let mut note = |name: String| {
            if !there.contains(&name) && missing.insert(name.clone()) {
                found.push(name);
            }
        };
        links(resource, &mut |kind, id, elsewhere| {
            if !elsewhere {
                note(format!("{kind}/{id}"));
            }
        });
        attached(resource).into_iter().for_each(|id| note(format!("{BINARY}/{id}")));
    }
    found
}
