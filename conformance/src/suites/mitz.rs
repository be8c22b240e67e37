//! Consent from Mitz: what it permits leaves, what it refuses does not, and whatever ails it is never a yes. The caller
//! cannot tell "refused" from "not found out"; the record can.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::outer_gate::{CLINIC, Gate};
use super::overview::SHOWCASE;
use super::setting::{Refused, Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, Wire};
use crate::mitz::{Assertion, Changed, Choice, Fault, Recorded};
use crate::ready::Simulator;
use crate::region;

/// The provider whose node asks Mitz.
const HOLDER: &str = "hospital";
/// The category of consulting care providers that the clinic is of.
const CLINICS: &str = "RPZAC104";
/// Longer than a node waits.
const SLOW: Fault = Fault::Slow { ms: 30_000 };
/// How much a node may grow while Mitz is slow.
const GROWTH_KIB: u64 = 64 << 10;
const GROWTH_THREADS: u64 = 8;

pub fn checks() -> Vec<Check> {
    let mut all = vec![
        Check::new("every patient of the provider is subscribed at Mitz, once", |setting| {
            Box::pin(subscribed(setting))
        }),
        Check::new("what Mitz permits is released, and the record names its answer", |setting| {
            Box::pin(permitted(setting))
        }),
        Check::new("what Mitz permits in an assertion of now and for us is released", |setting| {
            Box::pin(permitted_in_an_assertion(setting))
        }),
        Check::new("what Mitz refuses is refused, and no source is asked", |setting| Box::pin(denied(setting))),
    ];
    let wrapped = |assertion| Fault::Wrapped { assertion };
    let faults: [(&'static str, Fault, &'static str); 24] = [
        ("ATT-45: a Mitz that is slow beyond the deadline is no yes", SLOW, "timed-out"),
        ("ATT-45: a Mitz that is absent is no yes", Fault::Absent, "unreachable"),
        ("ATT-45: broken XML from Mitz is no yes", Fault::Malformed, "unusable"),
        ("ATT-45: a document type from Mitz is no yes", Fault::DocumentType, "unusable"),
        ("ATT-45: a permit of Mitz about another patient is no yes", Fault::OtherPatient, "unusable"),
        ("ATT-45: a permit of Mitz about another holder is no yes", Fault::OtherHolder, "unusable"),
        ("ATT-45: a permit of Mitz about another category is no yes", Fault::OtherCategory, "unusable"),
        ("ATT-45: a result that Mitz leaves out is no yes", Fault::MissingResult, "unusable"),
        ("ATT-45: a result that Mitz gives twice is no yes", Fault::DuplicateResult, "unusable"),
        ("ATT-45: a permit of Mitz to another message is no yes", Fault::OtherMessage, "unusable"),
        ("ATT-45: a permit of Mitz with a space is no yes", Fault::Spaced, "unusable"),
        ("ATT-45: an unknown decision of Mitz is no yes", Fault::UnknownDecision, "unusable"),
        ("ATT-45: an expired assertion of Mitz is no yes", wrapped(Assertion::Expired), "unusable"),
        ("ATT-45: an assertion of Mitz for another audience is no yes", wrapped(Assertion::OtherAudience), "unusable"),
        ("ATT-45: an assertion of Mitz with a bad signature is no yes", wrapped(Assertion::BadSignature), "unusable"),
        ("ATT-45: Indeterminate is no yes", Fault::Indeterminate, "unusable"),
        ("ATT-45: NotApplicable is no yes", Fault::NotApplicable, "unusable"),
        ("ATT-45: a fault of Mitz's own is no yes", Fault::SoapFault { sender: false }, "unreachable"),
        ("ATT-45: a question that Mitz refuses is no yes", Fault::SoapFault { sender: true }, "unusable"),
        ("ATT-45: a 500 of Mitz is no yes", Fault::Status { code: 500 }, "unreachable"),
        ("ATT-45: an empty answer of Mitz is no yes", Fault::Empty, "unusable"),
        ("ATT-45: an answer of Mitz without end is no yes", Fault::Huge { bytes: 2 << 20 }, "unusable"),
        ("ATT-45: an answer of Mitz that breaks off is no yes", Fault::Torn, "unusable"),
        ("ATT-45: a redirect of Mitz is not followed", Fault::Redirect, "unusable"),
    ];
    all.extend(faults.into_iter().map(|(name, fault, reason)| {
        Check::new(name, move |setting| {
            let fault = fault.clone();
            Box::pin(async move { unknown(setting, &fault, reason).await })
        })
    }));
    all.extend([
        Check::new("ATT-45: an answer of Mitz as a web page is no yes", |setting| {
            Box::pin(unknown(setting, &Fault::MediaType, "unusable"))
        }),
        Check::new("a consent that is withdrawn at Mitz stops the next request within a second", |setting| {
            Box::pin(withdrawn(setting))
        }),
        Check::new("only Mitz tells of changed choices, and only in FHIR about this holder", |setting| {
            Box::pin(only_mitz(setting))
        }),
        Check::new("a Mitz that stays ill is left alone, and asked again when it is well", |setting| {
            Box::pin(left_alone(setting))
        }),
        Check::new("a slow Mitz makes the node neither grow nor tire", |setting| Box::pin(no_growth(setting))),
        Check::new("Mitz is asked rightly each time, and no URL or header names a patient", |setting| {
            Box::pin(asked_rightly(setting))
        }),
        Check::new("the metrics tell how it goes with Mitz", |setting| Box::pin(measured(setting))),
    ]);
    all
}

/// Mitz, driven over the wire.
pub struct Driven<'s> {
    setting: &'s Setting,
    pub simulator: &'s Simulator,
    wire: Wire,
}

impl<'s> Driven<'s> {
    pub fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let simulator = setting.ready.services.iter().find(|simulator| simulator.kind == "mitz");
        let simulator = simulator.ok_or_else(|| Flaw::NotRun("no Mitz is played".to_owned()))?;
        Ok(Driven { setting, simulator, wire: Wire::new(None, None)? })
    }

    pub async fn put(&self, what: &str, value: &impl serde::Serialize) -> Result<Answer, Flaw> {
        let body = serde_json::to_vec(value).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
        let url = format!("{}/{what}", self.simulator.control);
        let answer = self.wire.raw(Method::PUT, &url, &[], body.into()).await?;
        if answer.status < 300 { Ok(answer) } else { Err(Flaw::NotRun(format!("Mitz does not take the {what}"))) }
    }

    pub async fn fault(&self, fault: &Fault) -> Judgement {
        self.put("fault", fault).await.map(|_| ())
    }

    /// What the showcase patient chooses for clinics.
    async fn choose(&self, permit: bool) -> Result<Changed, Flaw> {
        let choice = Choice {
            bsn: SHOWCASE.to_owned(),
            holder_kind: None,
            category: None,
            consulting: Some(CLINICS.to_owned()),
            permit,
        };
        let answer = self.put("choice", &choice).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Flaw::NotRun("Mitz does not say whom it told".to_owned()))
    }

    async fn list<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<Vec<T>, Flaw> {
        let answer = self.wire.get(&format!("{}/{what}", self.simulator.control)).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Flaw::NotRun(format!("Mitz does not tell its {what}")))
    }

    /// Makes Mitz well and waits until the node has noticed; how long that took.
    async fn recovered(&self, gate: &Gate) -> Result<Duration, Flaw> {
        self.fault(&Fault::None).await?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(15) {
            if gate.search("Condition", &[]).await?.status == 200 {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Flaw::Broken("the node does not recover when Mitz does".to_owned()))
    }

    /// Asks while consent cannot be had, and holds that it is refused.
    async fn refused(&self, gate: &Gate) -> Result<Refused, Flaw> {
        let mark = self.setting.mark(HOLDER).await?;
        let answer = gate.search("Condition", &[]).await?;
        self.setting.refused(&mark, HOLDER, 403, Ok(answer)).await
    }

    /// A refusal by the patient, to hold others against.
    async fn objection(&self, gate: &Gate) -> Result<Refused, Flaw> {
        self.choose(false).await?;
        let refused = self.refused(gate).await;
        self.choose(true).await?;
        refused
    }
}

async fn gate(setting: &Setting) -> Result<Gate, Flaw> {
    Gate::open(setting, HOLDER, SHOWCASE).await
}

#[allow(clippy::print_stderr, reason = "measured times and sizes are what its user waits for")]
fn tell(line: &str) {
    eprintln!("mitz: {line}");
}

async fn subscribed(setting: &Setting) -> Judgement {
    let mitz = Driven::of(setting)?;
    let known = region::patients().into_iter().filter(|patient| patient.known_at.contains(&HOLDER)).count();
    let own = setting.node(HOLDER)?.ura.clone();
    let begun = Instant::now();
    loop {
        let (mut all, mut asked): (Vec<Value>, Vec<Value>) =
            (mitz.list("subscriptions").await?, mitz.list("subscribed").await?);
        all.retain(|one| one["provider"] == own);
        asked.retain(|one| one[0] == own);
        if all.len() == known {
            return ensure(asked.len() == known, || format!("{} subscriptions were sent for {known}", asked.len()));
        }
        ensure(begun.elapsed() < Duration::from_secs(20), || format!("{} of {known} are subscribed", all.len()))?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn permitted(setting: &Setting) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    mitz.recovered(&gate).await?;
    let mark = setting.mark(HOLDER).await?;
    let answer = gate.search("Condition", &[]).await?;
    ensure(answer.status == 200, || format!("answered {}", answer.status))?;
    let records = setting.since(&mark, HOLDER)?;
    let consent = records.first().map(|record| record["consent"].clone()).unwrap_or_default();
    let reference = consent["detail"]["reference"].as_str().unwrap_or_default();
    let right = consent["detail"]["source"] == "mitz" && consent["detail"]["decision"] == "permit";
    ensure(records.len() == 1 && right && reference.starts_with("urn:uuid:"), || {
        "the record does not name the answer of Mitz".to_owned()
    })
}

async fn permitted_in_an_assertion(setting: &Setting) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    mitz.recovered(&gate).await?;
    mitz.fault(&Fault::Wrapped { assertion: Assertion::Good }).await?;
    let answer = gate.search("Condition", &[]).await;
    mitz.fault(&Fault::None).await?;
    let status = answer?.status;
    ensure(status == 200, || format!("answered {status}"))
}

async fn denied(setting: &Setting) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    let refused = mitz.objection(&gate).await?;
    let consent = &refused.record["consent"];
    ensure(consent["finding"] == "found" && consent["detail"]["decision"] == "deny", || {
        "the record does not say that the patient refuses".to_owned()
    })?;
    ensure(says(&refused.record, "consent-denied"), || "the record has another reason".to_owned())
}

fn says(record: &Value, reason: &str) -> bool {
    record["decision"]["reasons"].as_array().into_iter().flatten().any(|known| known["code"] == reason)
}

async fn unknown(setting: &Setting, fault: &Fault, reason: &str) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    mitz.recovered(&gate).await?;
    let objection = mitz.objection(&gate).await?;
    mitz.fault(fault).await?;
    let begun = Instant::now();
    let refused = mitz.refused(&gate).await;
    let took = begun.elapsed();
    mitz.recovered(&gate).await?;
    let refused = refused?;
    ensure(refused.says == objection.says, || "the caller can tell it from a refusal".to_owned())?;
    let consent = &refused.record["consent"];
    ensure(consent["finding"] == "not-found-out" && consent["detail"] == reason, || {
        format!("the record says {consent}, not {reason}")
    })?;
    ensure(says(&refused.record, "consent-not-found-out") && !says(&refused.record, "consent-denied"), || {
        "the record has another reason".to_owned()
    })?;
    tell(&format!("{fault:?}: refused after {took:?}, found {}", consent["detail"]));
    ensure(took < Duration::from_secs(4), || format!("the caller waited {took:?}"))
}

async fn withdrawn(setting: &Setting) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    mitz.recovered(&gate).await?;
    let mark = setting.mark(HOLDER).await?;
    let begun = Instant::now();
    let changed = mitz.choose(false).await?;
    let told = begun.elapsed();
    let stopped = gate.search("Condition", &[]).await;
    let took = begun.elapsed();
    mitz.choose(true).await?;
    let again = gate.search("Condition", &[]).await?.status;
    let stopped = stopped?.status;
    tell(&format!("a consent was withdrawn, the node told in {told:?}, the next request stopped after {took:?}"));
    ensure(changed.notified == [Some(204)], || format!("the notification was answered {:?}", changed.notified))?;
    ensure(stopped == 403 && again == 200, || format!("withdrawn: {stopped}, given again: {again}"))?;
    ensure(took < Duration::from_secs(1), || format!("it took {took:?}"))?;
    let records = setting.since(&mark, HOLDER)?;
    let notices: Vec<_> = records.iter().filter(|record| record["caller"]["client_id"] == "mitz").collect();
    let right = |record: &&&Value| record["patient"] == SHOWCASE && record["outcome"]["result"] == "released";
    ensure(notices.len() == 2 && notices.iter().filter(right).count() == 2, || {
        format!("{} notifications are on the record, not two", notices.len())
    })
}

async fn only_mitz(setting: &Setting) -> Judgement {
    let url = format!("{}/mitz/notification", setting.node(HOLDER)?.outer);
    let mark = setting.mark(HOLDER).await?;
    let bundle = |ura: &str| {
        format!(
            "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"transaction\"/><entry><resource><Consent><status \
             value=\"inactive\"/></Consent></resource></entry><entry><resource><Patient><identifier><system \
             value=\"http://fhir.nl/fhir/NamingSystem/bsn\"/><value value=\"{SHOWCASE}\"/></identifier></Patient></resource>\
             </entry><entry><resource><Organization><identifier><system value=\"http://fhir.nl/fhir/NamingSystem/ura\"/>\
             <value value=\"{ura}\"/></identifier></Organization></resource></entry></Bundle>"
        )
    };
    let own = setting.node(HOLDER)?.ura.clone();
    let ca = &setting.ready.ca_file;
    let (certificate, key) = (ca.with_file_name("mitz.pem"), ca.with_file_name("mitz-key.pem"));
    let itself = Wire::new(Some(ca), Some((&certificate, &key)))?;
    let nobody = Wire::new(Some(ca), None)?;
    let clinic = setting.organisation(CLINIC, HOLDER)?;
    let declared = format!("<!DOCTYPE Bundle [<!ENTITY e 'x'>]>{}", bundle(&own));
    for (who, wire, body, status) in [
        ("nobody", &nobody, bundle(&own), 403),
        ("a clinic", &*clinic, bundle(&own), 403),
        ("Mitz, with a document type", &itself, declared, 400),
        ("Mitz, without FHIR", &itself, "{}".to_owned(), 400),
        ("Mitz, about another holder", &itself, bundle("90010002"), 422),
    ] {
        let kind = [("Content-Type", "application/fhir+xml")];
        let answer = wire.raw(Method::POST, &url, &kind, Bytes::from(body)).await?;
        ensure(answer.status == status, || format!("{who}: answered {}, not {status}", answer.status))?;
        setting.keeps_quiet(&answer)?;
    }
    let records = setting.since(&mark, HOLDER)?.len();
    ensure(records == 0, || format!("{records} records were written of nothing that was taken"))
}

async fn left_alone(setting: &Setting) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    mitz.recovered(&gate).await?;
    let before = mitz.list::<Recorded>("requests").await?.len();
    mitz.fault(&Fault::Absent).await?;
    let judged = async {
        let mut fastest = Duration::MAX;
        for _ in 0..12 {
            let begun = Instant::now();
            let status = gate.search("Condition", &[]).await?.status;
            fastest = fastest.min(begun.elapsed());
            ensure(status == 403, || format!("answered {status}"))?;
        }
        let asked = mitz.list::<Recorded>("requests").await?.len() - before;
        tell(&format!(
            "absent: {asked} of 12 requests reached Mitz before it was left alone, the fastest took {fastest:?}"
        ));
        ensure(asked < 12, || "Mitz is asked on and on".to_owned())
    }
    .await;
    let recovered = mitz.recovered(&gate).await?;
    tell(&format!("well again: released after {recovered:?}"));
    judged?;
    ensure(recovered < Duration::from_secs(6), || format!("it took {recovered:?} to recover"))
}

/// Resident memory in KiB, and threads.
pub fn size(pid: u32) -> Result<(u64, u64), Flaw> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"));
    let text = text.map_err(|_| Flaw::NotRun("the node's process cannot be looked at".to_owned()))?;
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let unknown = || Flaw::NotRun("the node's size cannot be read".to_owned());
    Ok((number("VmRSS:").ok_or_else(unknown)?, number("Threads:").ok_or_else(unknown)?))
}

async fn no_growth(setting: &Setting) -> Judgement {
    let (mitz, gate) = (Driven::of(setting)?, gate(setting).await?);
    mitz.recovered(&gate).await?;
    let pid = setting.node(HOLDER)?.pid;
    let ask = |number: usize| {
        // Several types are several questions to Mitz.
        let kind = ["Condition", "Observation", "MedicationRequest", "AllergyIntolerance"][number % 4];
        gate.search(kind, &[])
    };
    // What a node needs for so many requests at once it may keep; only what comes on top of that is growth.
    futures_util::future::join_all((0..80).map(ask)).await;
    let before = size(pid)?;
    mitz.fault(&SLOW).await?;
    let mut released = 0;
    for _ in 0..5 {
        let answers = futures_util::future::join_all((0..80).map(ask)).await;
        released += answers.into_iter().filter(|answer| answer.as_ref().is_ok_and(|one| one.status == 200)).count();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let after = size(pid)?;
    let recovered = mitz.recovered(&gate).await?;
    tell(&format!(
        "slow by 30 s, 400 requests: resident {} KiB before, {} KiB after; threads {} and {}; released {recovered:?} after \
         it was well",
        before.0, after.0, before.1, after.1
    ));
    ensure(released == 0, || format!("{released} requests were released"))?;
    ensure(after.0 < before.0 + GROWTH_KIB, || format!("grew from {} to {} KiB", before.0, after.0))?;
    ensure(after.1 <= before.1 + GROWTH_THREADS, || format!("from {} to {} threads", before.1, after.1))
}

async fn asked_rightly(setting: &Setting) -> Judgement {
    let mitz = Driven::of(setting)?;
    let asked: Vec<Recorded> = mitz.list("requests").await?;
    ensure(!asked.is_empty(), || "Mitz was asked nothing".to_owned())?;
    for request in asked {
        ensure(request.wrong.is_none(), || format!("Mitz finds a question wrong: {:?}", request.wrong))?;
        ensure(request.request_id_fits, || "the request id is not the message's".to_owned())?;
        ensure(!request.categories.is_empty(), || "a question has no category".to_owned())?;
        ensure(!names_a_patient(&request.head), || "a URL or header has a BSN".to_owned())?;
    }
    Ok(())
}

async fn measured(setting: &Setting) -> Judgement {
    let text = Wire::new(None, None)?.get(&setting.node(HOLDER)?.metrics).await?.body;
    let text = String::from_utf8_lossy(&text).into_owned();
    for line in [
        "zorgsluis_mitz_questions_total{outcome=\"permit\"}",
        "zorgsluis_mitz_alarms_total",
        "zorgsluis_mitz_breaker_open 0",
    ] {
        ensure(text.contains(line), || format!("the metrics do not say {line}"))?;
    }
    let value = text.lines().find_map(|line| line.strip_prefix("zorgsluis_mitz_alarms_total "));
    let alarms: u64 = value.and_then(|value| value.parse().ok()).unwrap_or_default();
    ensure(alarms > 0, || "no alarm was counted".to_owned())?;
    ensure(!names_a_patient(&text), || "the metrics name a patient".to_owned())
}
