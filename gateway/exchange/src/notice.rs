//! A message that is no exchange of data: a national register tells this node that something about a patient changed. Nothing
//! is asked and nothing leaves, but it is about a patient, so it leaves a record of its own like everything else.

use std::borrow::Cow;

use fhir::{Bsn, FhirVersion};
use policy::{Caller, Consent, Direction, Finding};

use crate::inbound::Inbound;
use crate::ports::{AccessLog, Clock, LogUnavailable};
use crate::record::{AccessRecord, AskedFacts, CallerFacts, OutcomeFacts};
use crate::trail::Trail;

/// What was told.
#[derive(Debug)]
pub struct Notice<'a> {
    /// Who told it, in a word and as people know it: a national register has no URA.
    pub register: (&'a str, &'a str),
    pub patient: &'a Bsn,
    /// The patient's choice, when the message tells one.
    pub consent: Option<Consent>,
}

/// Whether a record is that of a notice.
pub fn is_notice(record: &AccessRecord) -> bool {
    record.caller.as_ref().is_some_and(|caller| caller.organisation.is_empty())
}

/// Writes the record of a notice; resolves when it is durable.
///
/// # Errors
/// The access log cannot be written.
pub async fn record(
    log: &dyn AccessLog,
    clock: std::sync::Arc<dyn Clock>,
    node: &str,
    inbound: &Inbound,
    notice: Notice<'_>,
) -> Result<(), LogUnavailable> {
    let trail = Trail::open(log, clock, node, inbound)?;
    let (client, name) = notice.register;
    trail.notes().note(|record| {
        record.caller = Some(CallerFacts {
            client_id: client.to_owned(),
            organisation: String::new(),
            organisation_name: Some(name.to_owned()),
            organisation_kind: None,
            person: None,
            responsible: None,
            token_id: None,
        });
        record.asked = Some(AskedFacts {
            fhir_version: Cow::Owned(inbound.version.to_string()),
            interaction: Cow::Borrowed("transaction"),
            resource_type: Some(Cow::Borrowed("Consent")),
            resource: None,
            operation: None,
            query: None,
            page: None,
            entries: Vec::new(),
        });
        record.patient = Some(notice.patient.clone());
        record.consent = notice.consent.map(Finding::Found);
    });
    trail.close(OutcomeFacts::Released).await
}

/// Something that an identified caller told or gave this node, outside an exchange: a handoff that is pushed, a notification
/// that there is one.
#[derive(Debug)]
pub struct Handed<'a> {
    pub caller: &'a Caller,
    pub direction: Direction,
    /// As which interaction of FHIR it counts: `create` for what is new, `update` for what somebody does with it.
    pub interaction: &'static str,
    /// About whom, where that is known.
    pub patient: Option<&'a Bsn>,
    /// What was given: its type, and `Type/id` where it has one.
    pub resource_type: &'static str,
    pub resource: Option<String>,
}

/// Writes the record of what was handed to us; resolves when it is durable.
///
/// # Errors
/// The access log cannot be written.
pub async fn record_handed(
    log: &dyn AccessLog,
    clock: std::sync::Arc<dyn Clock>,
    node: &str,
    inbound: &Inbound,
    handed: Handed<'_>,
) -> Result<(), LogUnavailable> {
    let trail = Trail::open(log, clock, node, inbound)?;
    trail.notes().note(|record| {
        record.direction = Some(handed.direction);
        record.caller = Some(CallerFacts::from(handed.caller));
        record.asked = Some(AskedFacts {
            fhir_version: Cow::Owned(inbound.version.to_string()),
            interaction: Cow::Borrowed(handed.interaction),
            resource_type: Some(Cow::Borrowed(handed.resource_type)),
            resource: handed.resource,
            operation: None,
            query: None,
            page: None,
            entries: Vec::new(),
        });
        record.patient = handed.patient.cloned();
    });
    trail.close(OutcomeFacts::Released).await
}

/// What a member of the region asks or tells of the index that this node keeps. Nobody here knows of which patient: the record
/// names the pseudonym that the index keeps, so that one who knows whose it is can find it again.
#[derive(Debug)]
pub struct IndexAsked<'a> {
    pub caller: CallerFacts,
    /// Code of the interaction with `List`; none when it is not one that the index knows.
    pub interaction: Option<&'static str>,
    /// The registration that it names or made.
    pub id: Option<&'a str>,
    pub pseudonym: Option<&'a str>,
}

/// A request to the index that is under way. Dropping it leaves a record that it broke off.
pub struct IndexAccess(Trail);

impl IndexAccess {
    /// Reserves its record; nothing may be looked up before.
    ///
    /// # Errors
    /// The access log cannot be written.
    pub fn open(
        log: &dyn AccessLog,
        clock: std::sync::Arc<dyn Clock>,
        node: &str,
        inbound: &Inbound,
    ) -> Result<Self, LogUnavailable> {
        Trail::open(log, clock, node, inbound).map(IndexAccess)
    }

    /// Notes who asks what.
    pub fn note(&self, asked: IndexAsked<'_>) {
        self.0.notes().note(|record| {
            record.direction = Some(Direction::Holder);
            record.caller = Some(asked.caller);
            record.asked = asked.interaction.map(|interaction| AskedFacts {
                fhir_version: Cow::Owned(FhirVersion::R4.to_string()),
                interaction: Cow::Borrowed(interaction),
                resource_type: Some(Cow::Borrowed("List")),
                resource: asked.id.map(|id| format!("List/{id}")),
                operation: None,
                query: asked.pseudonym.map(|pseudonym| format!("subject:identifier={pseudonym}")),
                page: None,
                entries: Vec::new(),
            });
        });
    }

    /// Closes the record; resolves when it is durable. Until then nothing may leave.
    ///
    /// # Errors
    /// The access log cannot be written.
    pub async fn close(self, outcome: OutcomeFacts) -> Result<(), LogUnavailable> {
        self.0.close(outcome).await
    }
}
