//! Whose data a resource is. The answer check rests on this, so it errs towards "unclear".

mod subjects;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::identifiers::{Bsn, systems};
use crate::interaction::ResourceType;
use crate::json::{Kind, Value};
use crate::reference::Target;
use crate::resource::Resource;
use crate::version::FhirVersion;
use subjects::Subject;

/// How a resource points at a patient. Debug shows the kind only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PatientReference {
    /// The id of `Patient/[id]`, or of an absolute URL that ends so.
    Id(String),
    /// A logical reference by BSN.
    Bsn(Bsn),
    /// Something else: another identifier, a contained resource, a `urn:`, a malformed reference.
    Other,
}

/// Whose data a resource is. Debug shows kinds and counts only.
#[derive(Clone, PartialEq, Eq)]
pub enum Whose {
    /// The Patient resource itself: its id, and its BSNs (well-formed ones; those of contained patients too).
    /// `malformed_bsn` also tells that a contained resource is about someone who is not clearly this patient.
    Patient { id: Option<String>, bsns: Vec<Bsn>, malformed_bsn: bool },
    /// A resource about these patients (all of them; a resource about two patients is about both).
    About(Vec<PatientReference>),
    /// A type that can be about a patient, but this one names none.
    Unstated,
    /// A type that is never about a patient (Organization, Practitioner, Medication …).
    Nobody,
}

/// Reads whose data the resource is from the element that names its subject (`subject`, `patient`, `for`,
/// `beneficiary` …, per type and version; contained resources included).
pub fn whose(version: FhirVersion, resource: &Resource) -> Whose {
    let root = resource.root();
    let name = resource.resource_type();
    let subject = match ResourceType::parse(version, &name) {
        Some(known) => subjects::of(known.name()),
        None => Subject::Unsaid,
    };
    let contained = contained(root);
    let mut found = Found { by_id: by_id(&contained), patients: Vec::new(), seen: HashSet::new() };
    found.read(root, subject, Place::Root);
    for value in &contained {
        found.read_contained(*value);
    }
    match (subject, found.patients) {
        (Subject::Patient, others) => patient(root, others),
        (Subject::Nobody, none) if none.is_empty() => Whose::Nobody,
        (_, none) if none.is_empty() => Whose::Unstated,
        (_, patients) => Whose::About(patients),
    }
}

/// A Patient resource, with whoever its contained resources are about.
fn patient(root: Value<'_>, others: Vec<PatientReference>) -> Whose {
    let id = root.get("id").and_then(|id| id.as_text());
    let (mut bsns, mut malformed_bsn) = own_bsns(root);
    let own: HashSet<Bsn> = bsns.iter().cloned().collect();
    for other in others {
        match other {
            PatientReference::Bsn(bsn) if own.contains(&bsn) => {}
            PatientReference::Bsn(bsn) => bsns.push(bsn),
            PatientReference::Id(other) if Some(other.as_str()) == id.as_deref() => {}
            PatientReference::Id(_) | PatientReference::Other => malformed_bsn = true,
        }
    }
    Whose::Patient { id: id.map(Into::into), bsns, malformed_bsn }
}

/// The well-formed BSNs of a Patient, each once, and whether there was one that is not. An identifier without a
/// value (a masked BSN) is neither.
fn own_bsns(patient: Value<'_>) -> (Vec<Bsn>, bool) {
    let (mut bsns, mut seen, mut malformed) = (Vec::new(), HashSet::new(), false);
    for bsn in patient.all("identifier").into_iter().filter_map(bsn_of) {
        match bsn {
            Ok(bsn) if !seen.insert(bsn.clone()) => {}
            Ok(bsn) => bsns.push(bsn),
            Err(()) => malformed = true,
        }
    }
    (bsns, malformed)
}

/// The BSN of an identifier of the BSN system; an error when there is a value that is no BSN.
fn bsn_of(identifier: Value<'_>) -> Option<Result<Bsn, ()>> {
    let system = identifier.get("system")?.as_text()?;
    if system != systems::BSN && system != systems::BSN_OID {
        return None;
    }
    let value = identifier.get("value")?;
    Some(value.as_text().and_then(|text| Bsn::parse(&text).ok()).ok_or(()))
}

/// Every contained resource. FHIR forbids containing inside contained ones, but a source may do it all the same.
fn contained(root: Value<'_>) -> Vec<Value<'_>> {
    let mut found = root.all("contained");
    let mut at = 0;
    while let Some(value) = found.get(at) {
        found.extend(value.all("contained"));
        at += 1;
    }
    found
}

/// Contained resources by id. An id that occurs twice leads nowhere.
fn by_id<'d>(contained: &[Value<'d>]) -> HashMap<Cow<'d, str>, Option<Value<'d>>> {
    let mut found = HashMap::new();
    for value in contained {
        if let Some(id) = value.get("id").and_then(|id| id.as_text()) {
            found.entry(id).and_modify(|target| *target = None).or_insert(Some(*value));
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Contained,
}

/// The patients found so far, each once.
struct Found<'d> {
    by_id: HashMap<Cow<'d, str>, Option<Value<'d>>>,
    patients: Vec<PatientReference>,
    seen: HashSet<PatientReference>,
}

impl<'d> Found<'d> {
    fn add(&mut self, patient: PatientReference) {
        if self.seen.insert(patient.clone()) {
            self.patients.push(patient);
        }
    }

    /// Reads the elements of one resource that name its subject.
    fn read(&mut self, resource: Value<'d>, subject: Subject, place: Place) {
        let (paths, only_patients) = match subject {
            Subject::In(paths) => (paths, false),
            Subject::Among(paths) => (paths, true),
            Subject::Patient | Subject::Unsaid | Subject::Nobody => return,
        };
        for reference in paths.split('|').flat_map(|path| resource.all(path)) {
            self.read_reference(reference, only_patients, place);
        }
    }

    /// A contained Patient is someone by its BSN; another contained resource by its own subject.
    fn read_contained(&mut self, resource: Value<'d>) {
        let name = type_of(resource).unwrap_or_default();
        match subjects::of(&name) {
            Subject::Patient => {
                let (bsns, malformed) = own_bsns(resource);
                bsns.into_iter().for_each(|bsn| self.add(PatientReference::Bsn(bsn)));
                if malformed {
                    self.add(PatientReference::Other);
                }
            }
            subject => self.read(resource, subject, Place::Contained),
        }
    }

    /// `only_patients`: the element names others too, so what is clearly no patient is passed over.
    fn read_reference(&mut self, reference: Value<'d>, only_patients: bool, place: Place) {
        let identifier = reference.get("identifier");
        let bsn = identifier.and_then(bsn_of);
        match &bsn {
            Some(Ok(bsn)) => self.add(PatientReference::Bsn(bsn.clone())),
            Some(Err(())) => self.add(PatientReference::Other),
            None => {}
        }
        let Some(literal) = reference.get("reference") else {
            let unclear = match place {
                Place::Root => {
                    !only_patients || identifier.is_some_and(|identifier| may_be_patient(reference, identifier))
                }
                // A mere display inside a contained resource names nobody.
                Place::Contained => identifier.is_some_and(|identifier| may_be_patient(reference, identifier)),
            };
            if bsn.is_none() && unclear {
                self.add(PatientReference::Other);
            }
            return;
        };
        let literal = literal.as_text().unwrap_or_default();
        match Target::of(&literal) {
            Target::Typed { resource_type: "Patient", id, .. } => self.add(PatientReference::Id(id.to_owned())),
            Target::Typed { .. } if only_patients => {}
            Target::Contained("") if place == Place::Contained || only_patients => {}
            Target::Contained(id) => self.read_contained_target(id, only_patients),
            Target::Typed { .. } | Target::Unclear => self.add(PatientReference::Other),
        }
    }

    fn read_contained_target(&mut self, id: &str, only_patients: bool) {
        let target = self.by_id.get(id).copied().flatten();
        let is_patient = target.and_then(type_of).is_some_and(|name| name == "Patient");
        match target {
            // Its BSN is added with the other contained patients; without one nobody knows who it is.
            Some(target) if is_patient => {
                if own_bsns(target).0.is_empty() {
                    self.add(PatientReference::Other);
                }
            }
            Some(_) if only_patients => {}
            Some(_) | None => self.add(PatientReference::Other),
        }
    }
}

fn type_of(resource: Value<'_>) -> Option<Cow<'_, str>> {
    (resource.kind() == Kind::Object).then(|| resource.get("resourceType")?.as_text()).flatten()
}

/// Whether a reference by identifier alone could mean a patient: not when it says another type, and not when
/// the identifier is one of care providers.
fn may_be_patient(reference: Value<'_>, identifier: Value<'_>) -> bool {
    let says =
        |value: Value<'_>, name: &str| value.get(name).and_then(|text| text.as_text()).map(|text| text.into_owned());
    let other_type = says(reference, "type").is_some_and(|name| name != "Patient" && !name.ends_with("/Patient"));
    let provider = says(identifier, "system")
        .is_some_and(|system| [systems::URA, systems::UZI_PERSON, systems::AGB].contains(&system.as_str()));
    !other_type && !provider
}

impl fmt::Debug for PatientReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PatientReference::Id(_) => "Id(..)",
            PatientReference::Bsn(_) => "Bsn(***)",
            PatientReference::Other => "Other",
        })
    }
}

impl fmt::Debug for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Whose::Patient { id, bsns, malformed_bsn } => write!(
                f,
                "Patient(id: {}, {} BSNs{})",
                id.is_some(),
                bsns.len(),
                if *malformed_bsn { ", one malformed" } else { "" }
            ),
            Whose::About(patients) => f.debug_tuple("About").field(patients).finish(),
            Whose::Unstated => f.write_str("Unstated"),
            Whose::Nobody => f.write_str("Nobody"),
        }
    }
}
