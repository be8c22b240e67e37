//! A logged decision, put before a policy again: the request and the findings as they stand in the record. A record does
//! not say everything (which other scopes the token had, the holder's own kind), so what it lacks comes from the node's
//! configuration, and what cannot be told is said.

use fhir::interaction::Method;
use fhir::{FhirVersion, Interaction, Ura};
use policy::{
    Caller, Capability, DataHolder, Denial, Differing, Direction, EmergencyReason, Finding, Findings, NotFoundOut,
    Organisation, PatientBinding, PatientScope, Permit, Request, UseCaseId, UseCases, differing,
};

use crate::record::{AccessRecord, AskedFacts};

/// Who this node is, for decisions.
#[derive(Clone, Debug)]
pub struct Own {
    pub holder: DataHolder,
    pub kind: Option<String>,
}

/// A decision as it was and as it would be.
pub struct Replayed {
    pub was_permitted: bool,
    pub now: Result<Permit, Denial>,
    /// What the policy that is only tried (in `shadow`) would decide, where it differs from that.
    pub shadow: Option<Differing>,
}

/// Why a record cannot be decided again; a sentence that repeats nothing of it.
pub type NotDecided = &'static str;

/// Decides the exchange of a record again, by these use cases.
///
/// # Errors
/// When the record came to no decision, or does not say enough.
pub fn replay(record: &AccessRecord, use_cases: &UseCases, own: &Own) -> Result<Replayed, NotDecided> {
    let decision = record.decision.as_ref().ok_or("it came to no decision")?;
    let named = decision.use_case.as_deref().and_then(UseCaseId::parse).ok_or("no use case took it up")?;
    let use_case = use_cases.get(&named).ok_or("its use case is not among these")?;
    let request = request(record, named, use_case.capability(), own)?;
    let findings = Findings {
        treatment_relation: record.treatment_relation.clone().unwrap_or(Finding::NotFoundOut(NotFoundOut::NotAsked)),
        consent: record.consent.clone().unwrap_or(Finding::NotFoundOut(NotFoundOut::NotAsked)),
    };
    let was_permitted = decision.permitted;
    Ok(match use_cases.admissible(request) {
        Ok(admitted) => {
            let now = use_cases.decide(&admitted, &findings);
            let shadow = differing(&admitted, &findings, now.as_ref());
            Replayed { was_permitted, now, shadow }
        }
        Err(denial) => Replayed { was_permitted, now: Err(denial), shadow: None },
    })
}

fn request(record: &AccessRecord, named: UseCaseId, capability: &Capability, own: &Own) -> Result<Request, NotDecided> {
    let caller = record.caller.as_ref().ok_or("nobody was identified")?;
    let asked = record.asked.as_ref().ok_or("the request was not to be read")?;
    let version = FhirVersion::ALL.into_iter().find(|version| version.segment() == asked.fhir_version);
    let version = version.ok_or("its FHIR version is not known")?;
    let patient = match (&record.patient, capability.patient) {
        (_, PatientBinding::Told) => PatientScope::Told,
        (_, PatientBinding::Unnamed) => PatientScope::Unnamed,
        (Some(bsn), _) => PatientScope::One(bsn.clone()),
        (None, PatientBinding::Any) => PatientScope::Any,
        (None, PatientBinding::One | PatientBinding::Nobody) => PatientScope::Nobody,
    };
    let organisation = Organisation {
        ura: Ura::parse(&caller.organisation).map_err(|_| "its organisation has no URA")?,
        name: caller.organisation_name.clone(),
        kind: caller.organisation_kind.clone(),
    };
    Ok(Request {
        caller: Caller {
            client_id: caller.client_id.clone(),
            organisation,
            person: caller.person.clone(),
            responsible: caller.responsible.clone(),
            use_cases: vec![named.clone()],
            patient: record.patient.clone(),
            treatment_relation: None,
            emergency: record.emergency.as_ref().and_then(|told| EmergencyReason::parse(&told.reason)),
            token_id: caller.token_id.clone(),
        },
        direction: record.direction.unwrap_or(Direction::Holder),
        holder: own.holder.clone(),
        holder_kind: own.kind.clone(),
        version,
        interaction: interaction(asked, version)?,
        patient,
        data: capability.data,
        use_case: Some(named),
    })
}

/// The interaction, from how the record tells it.
fn interaction(asked: &AskedFacts, version: FhirVersion) -> Result<Interaction, NotDecided> {
    if asked.interaction == "transaction" {
        let entries = asked.entries.iter().map(|entry| of_transaction(entry, version));
        return Ok(Interaction::Transaction { entries: entries.collect::<Result<_, _>>()? });
    }
    let kind = asked.resource_type.as_deref().unwrap_or_default();
    let resource = asked.resource.as_deref();
    let one = || resource.ok_or("it does not say which resource was asked for");
    let (method, path) = match (asked.interaction.as_ref(), asked.operation.as_deref()) {
        ("operation", Some(name)) => (Method::Get, [resource.unwrap_or(kind), &format!("${name}")].join("/")),
        ("read" | "vread", _) => (Method::Get, one()?.to_owned()),
        ("history-instance", _) => (Method::Get, format!("{}/_history", one()?)),
        ("search-type", _) => (Method::Get, kind.to_owned()),
        ("create", _) => (Method::Post, kind.to_owned()),
        ("update", _) => (Method::Put, resource.unwrap_or(kind).to_owned()),
        ("patch", _) => (Method::Patch, one()?.to_owned()),
        ("delete", _) => (Method::Delete, resource.unwrap_or(kind).to_owned()),
        _ => return Err("this kind of interaction is not replayed"),
    };
    let query = asked.query.as_deref().unwrap_or_default();
    Interaction::read(version, method, path.trim_start_matches('/'), query, None)
        .map_err(|_| "what was asked cannot be read again")
}

/// An entry of a transaction; of one that changes a resource the record does not say which.
fn of_transaction(entry: &str, version: FhirVersion) -> Result<Interaction, NotDecided> {
    let (code, kind) = entry.split_once(' ').ok_or("an entry of its transaction cannot be read again")?;
    let (method, path) = match code {
        "create" => (Method::Post, kind.to_owned()),
        "update" => (Method::Put, format!("{kind}/unknown")),
        "delete" => (Method::Delete, format!("{kind}/unknown")),
        _ => return Err("this kind of entry is not replayed"),
    };
    Interaction::read(version, method, &path, "", None).map_err(|_| "what was asked cannot be read again")
}
