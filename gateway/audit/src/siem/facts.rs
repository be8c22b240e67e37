//! What is told of an exchange. Everything that names a patient or says something about one stays behind: the BSN, the
//! query, the resource asked for, what was disclosed and written, references of grounds, consent, reasons and notes. Of
//! people only the id and the role are told, and nothing when the one who asked is, or may be, the patient.

use std::net::IpAddr;

use exchange::Gate;
use exchange::record::{AccessRecord, CallerFacts, OutcomeFacts, Shown, Verdict};
use policy::{DenialCode, Direction, Finding, Person, Purpose};
use serde::Serialize;

use crate::class::Class;
use crate::sieve::{Sieve, moment};

/// The members of an exchange, in the order in which they are told.
#[derive(Serialize)]
pub struct Facts<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    gate: Gate,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    class: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// A code of the table of refusals.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denial: Option<DenialCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<IpAddr>,
    #[serde(skip_serializing_if = "<[Shown]>::is_empty")]
    shown: &'r [Shown],
    #[serde(flatten)]
    caller: Option<Who<'r>>,
    #[serde(flatten)]
    asked: Option<What<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    use_case: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'r str>,
    /// Whether there was a treatment relation: found, absent, or not found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    treatment_relation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// The record that the verdict is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict_on: Option<u64>,
    counts: Counts,
    /// Members that the record has and that could not be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<&'static str>,
}

#[derive(Serialize)]
struct Who<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_kind: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responsible: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responsible_role: Option<&'r str>,
}

#[derive(Serialize)]
struct What<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    fhir_version: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction: Option<&'r str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    resource_type: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<usize>,
}

#[derive(Serialize)]
struct Counts {
    sources: usize,
    sources_incomplete: usize,
    disclosed: usize,
    written: usize,
    withheld: usize,
    mistrusted: usize,
}

impl<'r> Facts<'r> {
    pub fn of(record: &'r AccessRecord, class: Class) -> Self {
        let mut sieve = Sieve::of(record);
        let (result, status, reason) = match &record.outcome {
            OutcomeFacts::Released => ("released", None, None),
            OutcomeFacts::NotModified => ("not-modified", None, None),
            OutcomeFacts::Decided => ("decided", None, None),
            OutcomeFacts::Refused { status, reason } => ("refused", Some(*status), Some(reason)),
            OutcomeFacts::Interrupted => ("interrupted", None, None),
        };
        let decision = record.decision.as_ref();
        let purpose = decision.and_then(|decision| decision.purpose);
        let asker = Asker::of(record, purpose);
        Facts {
            recorded: moment(&record.recorded),
            started: moment(&record.started),
            gate: record.gate,
            direction: record.direction,
            class: class.code(),
            result,
            status,
            reason: reason.and_then(|reason| sieve.word("reason", reason)),
            denial: decision.and_then(|decision| decision.denial),
            // Made by this node, of random digits.
            request_id: sieve.id("request_id", &record.request_id),
            correlation_id: match &record.correlation_id {
                own if *own == record.request_id => sieve.id("correlation_id", own),
                taken_over => sieve.word("correlation_id", taken_over),
            },
            remote: record.remote.filter(|_| asker == Asker::Another),
            shown: &record.shown,
            caller: record.caller.as_ref().map(|caller| Who::of(caller, asker, &mut sieve)),
            asked: What::of(record, &mut sieve),
            use_case: decision
                .and_then(|decision| decision.use_case.as_deref())
                .and_then(|name| sieve.word("use_case", name)),
            purpose: purpose.map(Purpose::code),
            policy: decision
                .and_then(|decision| decision.policy.as_ref())
                .and_then(|policy| sieve.word("policy", &policy.version)),
            treatment_relation: record.treatment_relation.as_ref().map(|finding| match finding {
                Finding::Found(_) => "found",
                Finding::Absent => "absent",
                Finding::NotFoundOut(_) => "not-found-out",
            }),
            verdict: record.review.as_ref().map(|review| review.verdict),
            verdict_on: record.review.as_ref().map(|review| review.index),
            counts: Counts::of(record),
            left_out: sieve.left_out(),
        }
    }
}

/// Whether the one who asked is the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Patient,
    /// Nobody is known to stand between the provider's own system and the patient, and it was not decided for which purpose.
    PerhapsPatient,
    Another,
}

impl Asker {
    fn of(record: &AccessRecord, purpose: Option<Purpose>) -> Asker {
        let nobody = record.caller.as_ref().is_some_and(|caller| caller.person.is_none());
        match purpose {
            Some(Purpose::PatientRequest) => Asker::Patient,
            None if record.gate == Gate::Inner && nobody && record.patient.is_some() => Asker::PerhapsPatient,
            Some(_) | None => Asker::Another,
        }
    }
}

impl<'r> Who<'r> {
    fn of(caller: &'r CallerFacts, asker: Asker, sieve: &mut Sieve<'_>) -> Self {
        let person = caller.person.as_ref().filter(|_| asker == Asker::Another);
        let responsible = caller.responsible.as_ref().filter(|_| asker == Asker::Another);
        let id = |sieve: &mut Sieve<'_>, name, person: Option<&'r Person>| {
            person.and_then(|person| sieve.id(name, &person.id))
        };
        Who {
            organisation: sieve.id("organisation", &caller.organisation),
            organisation_kind: caller
                .organisation_kind
                .as_deref()
                .and_then(|kind| sieve.word("organisation_kind", kind)),
            client: Some(&caller.client_id)
                .filter(|_| asker != Asker::Patient)
                .and_then(|client| sieve.word("client", client)),
            person: id(sieve, "person", person),
            role: person.and_then(|person| sieve.word("role", &person.role)),
            responsible: id(sieve, "responsible", responsible),
            responsible_role: responsible.and_then(|person| sieve.word("responsible_role", &person.role)),
        }
    }
}

impl<'r> What<'r> {
    fn of(record: &'r AccessRecord, sieve: &mut Sieve<'_>) -> Option<Self> {
        let asked = record.asked.as_ref()?;
        // What nobody offers is named by the caller as it likes.
        let offered = record.decision.as_ref().is_some_and(|decision| decision.permitted);
        Some(What {
            fhir_version: sieve.word("fhir_version", &asked.fhir_version),
            interaction: sieve.word("interaction", &asked.interaction),
            resource_type: asked.resource_type.as_deref().and_then(|name| sieve.word("type", name)),
            operation: asked.operation.as_deref().filter(|_| offered).and_then(|name| sieve.word("operation", name)),
            page: asked.page,
            entries: (!asked.entries.is_empty()).then_some(asked.entries.len()),
        })
    }
}

impl Counts {
    fn of(record: &AccessRecord) -> Self {
        let sum = |count: fn(&exchange::record::SourceFacts) -> usize| record.sources.iter().map(count).sum();
        Counts {
            sources: record.sources.len(),
            sources_incomplete: sum(|source| usize::from(!source.status.is_complete())),
            disclosed: sum(|source| source.disclosed.len()),
            written: sum(|source| source.written.len()),
            withheld: sum(|source| source.withheld),
            mistrusted: sum(|source| source.mistrusted),
        }
    }
}
