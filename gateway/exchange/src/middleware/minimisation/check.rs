//! The answer check: one resource against the permit. Patient binding and labels stay in Rust, where no policy can
//! switch them off.

use fhir::compartment::{PatientReference, Whose, whose};
use fhir::interaction::Level;
use fhir::json::Value;
use fhir::naming::names_somebody;
use fhir::{Bsn, Interaction, Resource};
use policy::{Obligation, PatientScope, Permit};

/// What happens to a resource of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Release,
    /// It may leave, but it names no patient: whether it is this patient's shows from what it hangs on (`attached`).
    Unowned,
    /// Rightly in the answer, but it may not leave under this permit.
    Withhold,
    /// It should not have been in the answer at all.
    Mistrust,
}

/// Judges one resource. `patients` are the ids under which the source knows the permit's patient; `told` is whom the answer
/// itself names, where it is the answer that tells.
pub(super) fn judge(
    permit: &Permit,
    asked: &Interaction,
    patients: &[String],
    told: Option<&Told>,
    resource: &Resource,
) -> Verdict {
    if *permit.patient() == PatientScope::Unnamed && names_somebody(resource) {
        // Whoever may not learn whom it is about does not get what says so, and gets the rest.
        return Verdict::Withhold;
    }
    let owned = match belongs(permit, patients, told, resource) {
        _ if !is_what_was_asked(asked, resource) => return Verdict::Mistrust,
        Belongs::No => return Verdict::Mistrust,
        Belongs::Unsaid => Verdict::Unowned,
        Belongs::Yes => Verdict::Release,
    };
    if !permit.may_release(&resource.resource_type()) || kept_back(permit.obligations(), resource) {
        return Verdict::Withhold;
    }
    owned
}

/// A read answers with the resource that was read, a history with versions of it, and neither with anything else.
fn is_what_was_asked(asked: &Interaction, resource: &Resource) -> bool {
    match asked {
        Interaction::Read { resource_type, id }
        | Interaction::Vread { resource_type, id, .. }
        | Interaction::History { level: Level::Instance(resource_type, id), .. } => {
            resource.resource_type() == resource_type.name() && resource.id().as_deref() == Some(id.as_str())
        }
        _ => true,
    }
}

/// Whose a resource is, by what it says itself.
enum Belongs {
    Yes,
    No,
    Unsaid,
}

impl From<bool> for Belongs {
    fn from(yes: bool) -> Self {
        if yes { Belongs::Yes } else { Belongs::No }
    }
}

fn belongs(permit: &Permit, patients: &[String], told: Option<&Told>, resource: &Resource) -> Belongs {
    let patient = match (permit.patient(), told) {
        (PatientScope::Any, _) => return Belongs::Yes,
        (PatientScope::Nobody, _) => return Belongs::from(whose(permit.version(), resource) == Whose::Nobody),
        (PatientScope::One(bsn), _) | (PatientScope::Told, Some(Told::One(bsn, _))) => bsn,
        (PatientScope::Told | PatientScope::Unnamed, Some(Told::Unnamed(id))) => {
            return of_one_unnamed(permit, id.as_deref(), resource);
        }
        (PatientScope::Unnamed, _) | (PatientScope::Told, Some(Told::Unclear) | None) => {
            return Belongs::from(whose(permit.version(), resource) == Whose::Nobody);
        }
    };
    match whose(permit.version(), resource) {
        Whose::Patient { bsns, malformed_bsn, .. } => {
            Belongs::from(!malformed_bsn && !bsns.is_empty() && bsns.iter().all(|bsn| bsn == patient))
        }
        Whose::About(references) => {
            let all = references.iter().all(|reference| points_at(reference, patient, patients));
            Belongs::from(!references.is_empty() && all)
        }
        Whose::Unstated => Belongs::Unsaid,
        Whose::Nobody => Belongs::Yes,
    }
}

/// Without a Patient in the answer it is not known who it is; that it is about this one id, and about nobody else, is.
fn of_one_unnamed(permit: &Permit, id: Option<&str>, resource: &Resource) -> Belongs {
    match whose(permit.version(), resource) {
        Whose::About(references) => {
            let same =
                |reference: &PatientReference| matches!(reference, PatientReference::Id(of) if Some(of.as_str()) == id);
            Belongs::from(!references.is_empty() && references.iter().all(same))
        }
        Whose::Nobody => Belongs::Yes,
        Whose::Unstated => Belongs::Unsaid,
        // One who tells of no name and number, to whoever may know no more than that.
        Whose::Patient { id: of, .. } => {
            Belongs::from(*permit.patient() == PatientScope::Unnamed && of.is_some() && of.as_deref() == id)
        }
    }
}

/// Whom an answer is about, as it says itself.
pub(super) enum Told {
    /// The patient of its Patient resources, and their ids.
    One(Bsn, Vec<String>),
    /// It holds no Patient; everything in it that is about somebody is about this id.
    Unnamed(Option<String>),
    /// More than one, or nobody that is clearly somebody.
    Unclear,
}

/// Whom an answer is about.
pub(super) fn told<'r>(permit: &Permit, resources: impl Iterator<Item = &'r Resource>) -> Told {
    let mut one: Option<(Bsn, Vec<String>)> = None;
    let mut unnamed: Option<String> = None;
    let mut several = false;
    for resource in resources {
        match whose(permit.version(), resource) {
            Whose::Patient { id, bsns, malformed_bsn } => {
                let ([bsn], false) = (bsns.as_slice(), malformed_bsn) else { return Told::Unclear };
                match &mut one {
                    Some((known, _)) if known != bsn => return Told::Unclear,
                    Some((_, ids)) => ids.extend(id),
                    None => one = Some((bsn.clone(), id.into_iter().collect())),
                }
            }
            Whose::About(references) => {
                for reference in references {
                    if let PatientReference::Id(id) = reference {
                        several |= unnamed.as_ref().is_some_and(|known| *known != id);
                        unnamed = Some(id);
                    }
                }
            }
            Whose::Unstated | Whose::Nobody => {}
        }
    }
    match one {
        // What is about others is found out one by one.
        Some((bsn, ids)) => Told::One(bsn, ids),
        None if several => Told::Unclear,
        None => Told::Unnamed(unnamed),
    }
}

/// Whom an answer that names nobody is about: everything in it that is about somebody is about this id, or it is not clear.
pub(super) fn unnamed<'r>(permit: &Permit, resources: impl Iterator<Item = &'r Resource>) -> Told {
    let mut one: Option<String> = None;
    for resource in resources {
        let ids: Vec<String> = match whose(permit.version(), resource) {
            Whose::Patient { id, .. } => id.into_iter().collect(),
            Whose::About(references) => {
                let id = |reference| if let PatientReference::Id(id) = reference { Some(id) } else { None };
                references.into_iter().filter_map(id).collect()
            }
            Whose::Unstated | Whose::Nobody => Vec::new(),
        };
        for id in ids {
            if one.as_ref().is_some_and(|known| *known != id) {
                return Told::Unclear;
            }
            one = Some(id);
        }
    }
    Told::Unnamed(one)
}

fn points_at(reference: &PatientReference, patient: &Bsn, patients: &[String]) -> bool {
    match reference {
        PatientReference::Id(id) => patients.iter().any(|known| known == id),
        PatientReference::Bsn(bsn) => bsn == patient,
        PatientReference::Other => false,
    }
}

fn kept_back(obligations: &[Obligation], resource: &Resource) -> bool {
    obligations.iter().any(|obligation| match obligation {
        Obligation::WithholdType { resource_type } => resource.resource_type() == resource_type.as_str(),
        Obligation::WithholdLabel { system, codes } => resource.root().all("meta.security").iter().any(|label| {
            let text = |name| label.get(name).and_then(|value| value.as_text());
            text("system").as_deref() == Some(system.as_str())
                && text("code").is_some_and(|code| codes.iter().any(|kept| *kept == code))
        }),
        // What is left out of it is looked after by `masking`.
        Obligation::MaskElements { .. } => false,
        Obligation::WithholdResource { reference } => is_named(resource, reference),
        Obligation::WithholdCoded { system, code } => has_code(resource.root(), system, code),
        Obligation::OnlyResources { resource_type, references } => {
            resource.resource_type() == resource_type.as_str()
                && !references.iter().any(|reference| is_named(resource, reference))
        }
    })
}

/// Whether a resource is `Type/id`.
fn is_named(resource: &Resource, reference: &str) -> bool {
    let Some((kind, id)) = reference.split_once('/') else { return false };
    resource.resource_type() == kind && resource.id().as_deref() == Some(id)
}

/// Whether a Coding anywhere in it has this code.
fn has_code(value: Value<'_>, system: &str, code: &str) -> bool {
    let text = |name| value.get(name).and_then(|value: Value<'_>| value.as_text());
    (text("code").as_deref() == Some(code) && text("system").as_deref() == Some(system))
        || value.members().any(|(_, inner)| has_code(inner, system, code))
        || value.items().any(|inner| has_code(inner, system, code))
}
