//! The body of a write: read within bounds, and held against what the path says.

use fhir::json::Limits;
use fhir::{Interaction, Resource};

use crate::inbound::{BodyKind, Inbound};
use crate::refusal::Refusal;

/// The resource in the body, for interactions that take one.
pub(super) fn read(interaction: &Interaction, inbound: &Inbound, limits: &Limits) -> Result<Option<Resource>, Refusal> {
    let needed = match interaction {
        Interaction::Create { .. }
        | Interaction::Update { .. }
        | Interaction::ConditionalUpdate { .. }
        | Interaction::Bundle => true,
        // JSON Patch is no resource, and FHIRPath Patch is not read yet.
        Interaction::Patch { .. } => return Err(Refusal::BodyFormat),
        Interaction::Operation { .. } => false,
        Interaction::Capabilities
        | Interaction::Read { .. }
        | Interaction::Vread { .. }
        | Interaction::Search { .. }
        | Interaction::History { .. }
        | Interaction::Delete { .. }
        | Interaction::ConditionalDelete { .. } => return Ok(None),
    };
    match inbound.body_kind {
        BodyKind::Json => {}
        BodyKind::None if needed => return Err(Refusal::BodyMissing),
        BodyKind::None | BodyKind::Form if !needed => return Ok(None),
        BodyKind::None | BodyKind::Form | BodyKind::Other => return Err(Refusal::BodyFormat),
    }
    let resource = Resource::parse(inbound.body.clone(), limits).map_err(Refusal::BodyMalformed)?;
    matches_path(interaction, &resource)?;
    // The entries of a Bundle are checked one by one, when each is asked.
    let whole = !matches!(interaction, Interaction::Bundle);
    if whole && interaction.writes() {
        fhir::structure::check(inbound.version, &resource).map_err(Refusal::BodyStructure)?;
    }
    Ok(Some(resource))
}

fn matches_path(interaction: &Interaction, resource: &Resource) -> Result<(), Refusal> {
    let same = match interaction {
        Interaction::Create { resource_type } | Interaction::ConditionalUpdate { resource_type, .. } => {
            resource.resource_type() == resource_type.name()
        }
        Interaction::Update { resource_type, id } => {
            resource.resource_type() == resource_type.name() && resource.id().as_deref() == Some(id.as_str())
        }
        Interaction::Bundle => resource.resource_type() == "Bundle",
        _ => true,
    };
    if same { Ok(()) } else { Err(Refusal::BodyMismatch) }
}
