//! What the supervisor of a log is told would be decided is what is decided when it is asked; telling it reaches no source, and is on
//! record.

use serde_json::Value;

use super::access_log::overseer;
use super::outer_gate::{CLINIC, Gate, USE_CASE};
use super::overview::SHOWCASE;
use super::setting::{BSN_SYSTEM, Setting, names_a_patient, outcome_of};
use super::{Check, Flaw, Judgement, ensure};

/// Keeps consents of its own.
const NODE: &str = "general-practice";
/// The clinic is an independent treatment centre.
const KIND: &str = "Z4";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("the privacy officer is told what would be decided, and that is what is decided", |setting| {
            Box::pin(explained(setting))
        }),
        Check::new(
            "a question for an explanation that names a patient elsewhere is refused, and on record",
            |setting| Box::pin(refused(setting)),
        ),
    ]
}

async fn ask(setting: &Setting, role: &str, ask: &str) -> Result<crate::callers::Answer, Flaw> {
    let officer = overseer(setting, NODE, "privacy-officer")?;
    let of_patient = format!("{BSN_SYSTEM}|{SHOWCASE}");
    let form = [
        ("patient.identifier", of_patient.as_str()),
        ("organisation", CLINIC),
        ("organisation-kind", KIND),
        ("role", role),
        ("use-case", USE_CASE),
        ("ask", ask),
        ("asserted", "referral"),
    ];
    Ok(officer.post_form(&format!("{}/AuditEvent/$explain", setting.inner(NODE)?), &form).await?)
}

async fn explained(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    ensure(gate.search("Condition", &[]).await?.status == 200, || "the clinic finds nothing".to_owned())?;
    // An orthopaedic surgeon, as the one who asked; a company doctor.
    for (role, permitted) in [("01.032", true), ("01.008", false)] {
        let mark = setting.mark(NODE).await?;
        let answer = ask(setting, role, "Condition").await?;
        ensure(answer.status == 200, || format!("the explanation answers {}", answer.status))?;
        let told = answer.json().unwrap_or_default();
        ensure(told["parameter"][0]["valueBoolean"] == permitted, || format!("{role}: {told}"))?;
        let says = told["parameter"][1]["valueString"].as_str().unwrap_or_default();
        for part in ["treatment relation: found", "consent: found: permit", USE_CASE] {
            ensure(says.contains(part), || format!("{part} is not in {says}"))?;
        }
        ensure(!names_a_patient(says), || "the explanation names a patient".to_owned())?;
        setting.no_source_was_asked(&mark).await?;
        let records = setting.since(&mark, NODE)?;
        let [record] = records.as_slice() else {
            return Err(Flaw::Broken(format!("{} records were written, not one", records.len())));
        };
        let query = record["asked"]["query"].as_str().unwrap_or_default();
        let whole = record["asked"]["operation"] == "explain"
            && record["patient"] == SHOWCASE
            && record["caller"]["person"]["id"] == "privacy-officer"
            && !names_a_patient(query);
        ensure(whole, || "the record does not say who asked what of whom".to_owned())?;
    }
    Ok(())
}

async fn refused(setting: &Setting) -> Judgement {
    for wrong in [&format!("Patient?identifier={SHOWCASE}"), "Condition/_/_", ""] {
        let mark = setting.mark(NODE).await?;
        outcome_of(&ask(setting, "01.032", wrong).await?, 400)?;
        let records: Vec<Value> = setting.since(&mark, NODE)?;
        ensure(records.len() == 1 && records[0]["outcome"]["result"] == "refused", || {
            format!("{} records say that it was refused", records.len())
        })?;
    }
    Ok(())
}
