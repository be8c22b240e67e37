//! Which of the folder's resources a scope reaches, as the shelf that a search looks at.

use exchange::ports::SourceFault;
use fhir::compartment::{PatientReference, Whose};
use fhir::json::Value;
use fhir::search::Shelf;
use fhir::{FhirVersion, Resource, ResourceType, SearchQuery};
use policy::PatientScope;

use super::index::{Index, Indexed};
use crate::sources::links::Leads;
use crate::sources::narrow::{names_ids, patient_parameter};

/// What one scope reaches: of one patient their resources and what is about nobody, of nobody only the latter.
pub(super) struct Reached<'i> {
    pub index: &'i Index,
    pub version: FhirVersion,
    pub scope: &'i PatientScope,
}

impl<'i> Reached<'i> {
    /// Whether a search of this type is bounded to the scope: what is nobody's is not listed for a patient, but
    /// found by id and brought along.
    pub fn admits(&self, kind: ResourceType, query: &SearchQuery) -> Result<(), SourceFault> {
        let bounded = match self.scope {
            PatientScope::Any | PatientScope::Nobody => true,
            // Whom it is about only another provider's answer tells.
            PatientScope::Told | PatientScope::Unnamed => false,
            PatientScope::One(_) => {
                kind.name() == "Patient" || patient_parameter(self.version, kind).is_some() || names_ids(query)
            }
        };
        if bounded { Ok(()) } else { Err(SourceFault::NotSupported) }
    }

    /// The resource of this type and id, if the scope reaches it.
    pub fn find(&self, kind: ResourceType, id: &str) -> Option<&'i Indexed> {
        self.index.get(kind, id).filter(|one| self.has(one))
    }

    /// Whether the scope reaches this resource. One that is about two patients belongs to neither.
    fn has(&self, one: &Indexed) -> bool {
        self.has_itself(one) || self.has_all_targets(one)
    }

    fn has_itself(&self, one: &Indexed) -> bool {
        match self.scope {
            PatientScope::Any => true,
            PatientScope::Told | PatientScope::Unnamed => false,
            PatientScope::Nobody => one.whose == Whose::Nobody,
            PatientScope::One(bsn) => match &one.whose {
                Whose::Nobody => true,
                Whose::Patient { bsns, malformed_bsn, .. } => {
                    !malformed_bsn && bsns.as_slice() == std::slice::from_ref(bsn)
                }
                Whose::About(references) => {
                    let mine = |reference: &PatientReference| match reference {
                        PatientReference::Id(id) => self.index.ids(bsn).iter().any(|known| known.as_str() == id),
                        PatientReference::Bsn(other) => other == bsn,
                        PatientReference::Other => false,
                    };
                    !references.is_empty() && references.iter().all(mine)
                }
                Whose::Unstated => false,
            },
        }
    }

    /// A Provenance that names no patient is about what it is the provenance of.
    fn has_all_targets(&self, one: &Indexed) -> bool {
        one.kind.name() == "Provenance" && one.whose == Whose::Unstated && self.targets(&one.resource).is_some()
    }

    /// What the targets of this Provenance are, as `Type/id`; nothing when it has none, or one that is out of reach.
    pub fn targets(&self, provenance: &Resource) -> Option<Vec<String>> {
        let target = |target: Value<'_>| {
            let literal = target.get("reference")?.as_text()?;
            let Leads::Here(named) = Leads::of(self.version, None, &literal) else { return None };
            let found = self.index.get(named.kind, named.id.as_str())?;
            self.has_itself(found).then(|| format!("{}/{}", named.kind, named.id.as_str()))
        };
        let targets: Vec<String> = provenance.root().all("target").into_iter().map(target).collect::<Option<_>>()?;
        (!targets.is_empty()).then_some(targets)
    }
}

impl Shelf for Reached<'_> {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        let reached: Vec<&Indexed> = match self.scope {
            PatientScope::One(bsn) if kind.name() == "Patient" => {
                self.index.ids(bsn).iter().filter_map(|id| self.index.get(kind, id.as_str())).collect()
            }
            // A patient's own are looked up, not looked for.
            PatientScope::One(bsn)
                if patient_parameter(self.version, kind).is_some() && kind.name() != "Provenance" =>
            {
                self.index.about(bsn).into_iter().filter(|one| one.kind == kind).collect()
            }
            PatientScope::One(_)
            | PatientScope::Nobody
            | PatientScope::Any
            | PatientScope::Told
            | PatientScope::Unnamed => self.index.of_type(kind).collect(),
        };
        reached.into_iter().filter(|one| self.has(one)).map(|one| &one.resource).collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.find(kind, id).map(|one| &one.resource)
    }
}
