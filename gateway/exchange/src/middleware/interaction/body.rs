//! The body of a write: read within bounds, and held against what the path says. A transaction is read entry by
//! entry.

use fhir::bundle::BundleKind;
use fhir::interaction::transaction;
use fhir::json::Limits;
use fhir::{Bundle, Interaction, Resource, structure, xml};
use policy::StandardOperation;

use super::parameters;
use crate::inbound::{BodyKind, Inbound};
use crate::refusal::Refusal;

/// A request with its body read.
pub(super) struct Read {
    /// What is asked for; of a Bundle it is only known now.
    pub interaction: Interaction,
    /// What is written, as it came.
    pub body: Option<Resource>,
    /// The resources that say whom it is about.
    pub about: Vec<Resource>,
}

/// Reads the resource in the body, for interactions that take one.
pub(super) fn read(interaction: Interaction, inbound: &Inbound, limits: &Limits) -> Result<Read, Refusal> {
    let body = resource(&interaction, inbound, limits)?;
    let interaction = match interaction {
        Interaction::Operation { level, name, query }
            if StandardOperation::of(&level, &name) == Some(StandardOperation::LatestStops) =>
        {
            // What is asked are searches: none of it goes on as a body.
            let query = parameters::of_latest_stops(query, body.as_ref())?;
            let interaction = Interaction::Operation { level, name, query };
            return Ok(Read { interaction, body: None, about: Vec::new() });
        }
        other => other,
    };
    let Some(body) = body else {
        return Ok(Read { interaction, body: None, about: Vec::new() });
    };
    if !matches!(interaction, Interaction::Bundle) {
        matches_path(&interaction, &body)?;
        if interaction.writes() {
            structure::check(inbound.version, &body).map_err(Refusal::BodyStructure)?;
        }
        return Ok(Read { interaction, about: vec![body.clone()], body: Some(body) });
    }
    if body.resource_type() != "Bundle" {
        return Err(Refusal::BodyMismatch);
    }
    let bundle = Bundle::read(&body).map_err(Refusal::BundleMalformed)?;
    if bundle.kind != BundleKind::Transaction {
        // The entries of a batch are asked one by one; as one request it is nothing that could be allowed.
        return Ok(Read { interaction, body: Some(body), about: Vec::new() });
    }
    let interaction = transaction::read(inbound.version, &bundle).map_err(Refusal::Transaction)?;
    for resource in bundle.entries.iter().filter_map(|entry| entry.resource.as_ref()) {
        structure::check(inbound.version, resource).map_err(Refusal::BodyStructure)?;
    }
    let about = transaction::resolved(&bundle).into_iter().flatten().collect();
    Ok(Read { interaction, body: Some(body), about })
}

fn resource(interaction: &Interaction, inbound: &Inbound, limits: &Limits) -> Result<Option<Resource>, Refusal> {
    let needed = match interaction {
        Interaction::Create { .. }
        | Interaction::Update { .. }
        | Interaction::ConditionalUpdate { .. }
        | Interaction::Bundle
        | Interaction::Transaction { .. } => true,
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
    let text = inbound.body.clone();
    match inbound.body_kind {
        BodyKind::Json => Resource::parse(text, limits).map(Some).map_err(Refusal::BodyMalformed),
        BodyKind::Xml => xml::read(inbound.version, &text, limits).map(Some).map_err(Refusal::BodyXml),
        BodyKind::None if needed => Err(Refusal::BodyMissing),
        BodyKind::None | BodyKind::Form if !needed => Ok(None),
        BodyKind::None | BodyKind::Form | BodyKind::Other => Err(Refusal::BodyFormat),
    }
}

fn matches_path(interaction: &Interaction, resource: &Resource) -> Result<(), Refusal> {
    let same = match interaction {
        Interaction::Create { resource_type } | Interaction::ConditionalUpdate { resource_type, .. } => {
            resource.resource_type() == resource_type.name()
        }
        Interaction::Update { resource_type, id } => {
            resource.resource_type() == resource_type.name() && resource.id().as_deref() == Some(id.as_str())
        }
        _ => true,
    };
    if same { Ok(()) } else { Err(Refusal::BodyMismatch) }
}
