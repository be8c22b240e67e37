//! Who the request is about: every way in which a FHIR request can name its patient, taken out of the
//! interaction, so that from here on only the permit says who it is.

use fhir::compartment::{PatientReference, Whose, whose};
use fhir::definitions::{SearchKind, search_parameter};
use fhir::identifiers::systems;
use fhir::interaction::{Level, SearchTarget};
use fhir::search::SearchFault;
use fhir::{Bsn, FhirVersion, Interaction, LogicalId, Parameter, Resource, ResourceType, SearchQuery};

use super::parameters;
use crate::refusal::Refusal;

/// A patient as named in a request.
pub(super) enum Named {
    Bsn(Bsn),
    Id(LogicalId),
}

/// Search parameters that name whose data is meant.
const PATIENT_PARAMETERS: [&str; 4] = ["patient", "subject", "beneficiary", "individual"];

/// Takes the names of the patient out of the interaction.
pub(super) fn take(interaction: Interaction, version: FhirVersion) -> Result<(Interaction, Vec<Named>), Refusal> {
    let mut named = Vec::new();
    let interaction = match interaction {
        Interaction::Search { target, query } => {
            let target = match target {
                SearchTarget::Compartment { owner, id, member: Some(member) } if owner.name() == "Patient" => {
                    named.push(Named::Id(id));
                    SearchTarget::Type(member)
                }
                // Compartments of others (Encounter, Practitioner) and of all types at once are not narrowed to a
                // patient by anyone: no use case about one patient offers them.
                SearchTarget::Compartment { .. } | SearchTarget::System | SearchTarget::Type(_) => target,
            };
            let query = match target {
                SearchTarget::Type(kind) => without_patient(version, kind, query, &mut named)?,
                SearchTarget::System | SearchTarget::Compartment { .. } => query,
            };
            Interaction::Search { target, query }
        }
        Interaction::Operation { level, name, query } => {
            if let Level::Instance(kind, id) = &level
                && kind.name() == "Patient"
            {
                named.push(Named::Id(id.clone()));
            }
            let query = match &level {
                Level::Type(kind) | Level::Instance(kind, _) => without_patient(version, *kind, query, &mut named)?,
                Level::System => match parameters::searched(version, &level, &name) {
                    Some(kind) => without_patient(version, kind, query, &mut named)?,
                    None => query,
                },
            };
            Interaction::Operation { level, name, query }
        }
        Interaction::Read { resource_type, ref id }
        | Interaction::Vread { resource_type, ref id, .. }
        | Interaction::Update { resource_type, ref id }
        | Interaction::Patch { resource_type, ref id }
        | Interaction::Delete { resource_type, ref id }
        | Interaction::History { level: Level::Instance(resource_type, ref id), .. }
            if resource_type.name() == "Patient" =>
        {
            named.push(Named::Id(id.clone()));
            interaction
        }
        Interaction::Transaction { entries } => {
            let mut taken = Vec::with_capacity(entries.len());
            for entry in entries {
                let (entry, of_entry) = take(entry, version)?;
                named.extend(of_entry);
                taken.push(entry);
            }
            Interaction::Transaction { entries: taken }
        }
        other => other,
    };
    Ok((interaction, named))
}

/// The patients that a body is about. `named`: a Patient that carries no BSN is not taken, because others of the same
/// transaction may point at it.
pub(super) fn in_body(version: FhirVersion, body: &Resource, named: bool) -> Result<Vec<Named>, Refusal> {
    match whose(version, body) {
        Whose::Patient { bsns, .. } if named && bsns.is_empty() => Err(Refusal::PatientParameter),
        Whose::Patient { malformed_bsn: true, .. } => Err(Refusal::BsnInvalid),
        Whose::Patient { bsns, .. } => Ok(bsns.into_iter().map(Named::Bsn).collect()),
        Whose::About(references) => references
            .into_iter()
            .map(|reference| match reference {
                PatientReference::Bsn(bsn) => Ok(Named::Bsn(bsn)),
                PatientReference::Id(id) => LogicalId::parse(&id).map(Named::Id).ok_or(Refusal::PatientParameter),
                PatientReference::Other => Err(Refusal::PatientParameter),
            })
            .collect(),
        Whose::Unstated | Whose::Nobody => Ok(Vec::new()),
    }
}

fn without_patient(
    version: FhirVersion,
    kind: ResourceType,
    query: SearchQuery,
    named: &mut Vec<Named>,
) -> Result<SearchQuery, Refusal> {
    let mut rest = SearchQuery::default();
    for parameter in query.parameters {
        match how(version, kind, &parameter) {
            Some(How::Identifier) => named.push(Named::Bsn(bsn(&parameter.value)?)),
            Some(How::Reference) => named.push(Named::Id(id(&parameter.value)?)),
            Some(How::Unusable) => return Err(unsupported(&parameter)),
            None => rest.parameters.push(parameter),
        }
    }
    Ok(rest)
}

/// How a parameter names a patient.
enum How {
    /// By an identifier: `patient.identifier`, or `identifier` of Patient itself.
    Identifier,
    /// By an id of this server: `patient`, `subject`, or `_id` of Patient itself.
    Reference,
    /// In a way that could widen or that cannot be narrowed.
    Unusable,
}

fn how(version: FhirVersion, kind: ResourceType, parameter: &Parameter) -> Option<How> {
    let modifier = parameter.modifier.as_deref();
    if kind.name() == "Patient" {
        let how = match parameter.name.as_str() {
            "identifier" => How::Identifier,
            "_id" => How::Reference,
            _ => return None,
        };
        return Some(if modifier.is_none() { how } else { How::Unusable });
    }
    let (base, chain) = match parameter.name.split_once('.') {
        Some((base, chain)) => (base, Some(chain)),
        None => (parameter.name.as_str(), None),
    };
    let about_patient = PATIENT_PARAMETERS.contains(&base)
        && search_parameter(version, kind, base).is_some_and(|known| known.kind == SearchKind::Reference);
    if !about_patient {
        return None;
    }
    Some(match (modifier, chain) {
        (None | Some("Patient"), None) => How::Reference,
        (None, Some("identifier")) | (Some("Patient.identifier"), None) => How::Identifier,
        _ => How::Unusable,
    })
}

fn bsn(value: &str) -> Result<Bsn, Refusal> {
    if value.contains(',') {
        return Err(Refusal::SeveralPatients);
    }
    match value.split_once('|') {
        Some((systems::BSN, digits)) => Bsn::parse(digits).map_err(|_| Refusal::BsnInvalid),
        Some(_) | None => Err(Refusal::PatientParameter),
    }
}

fn id(value: &str) -> Result<LogicalId, Refusal> {
    if value.contains(',') {
        return Err(Refusal::SeveralPatients);
    }
    LogicalId::parse(value.strip_prefix("Patient/").unwrap_or(value)).ok_or(Refusal::PatientParameter)
}

fn unsupported(parameter: &Parameter) -> Refusal {
    // The name is one of the few above and the modifier may be anything: only the name is repeated.
    let name = parameter.name.split('.').next().unwrap_or_default().to_owned();
    Refusal::from(SearchFault::Unsupported { name })
}
