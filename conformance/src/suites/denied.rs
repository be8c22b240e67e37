//! Who gets nothing, and that nobody was asked on their behalf: no treatment relation, no consent.

use serde_json::Value;

use super::overview::{self, Overview, SHOWCASE};
use super::setting::{Setting, outcome_of};
use super::{Check, Judgement, ensure};

/// Objects at the pharmacy.
const OBJECTS: &str = "900203651";
/// Was never asked, at the general practice.
const NEVER_ASKED: &str = "999993215";
/// Permits the hospital only, at the nursing home.
const PERMITS_ONE: &str = "900184590";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "a practitioner without a treatment relation gets nothing, and no source or peer is asked",
            |setting| Box::pin(no_relation(setting)),
        ),
        Check::new("a provider where the patient objects is shown as refused, its source is not asked", |setting| {
            Box::pin(objection(setting))
        }),
        Check::new("a provider where the patient was never asked gives nothing", |setting| {
            Box::pin(never_asked(setting))
        }),
        Check::new("a consent for one organisation holds for that one and for no other", |setting| {
            Box::pin(one_organisation(setting))
        }),
    ]
}

async fn no_relation(setting: &Setting) -> Judgement {
    let elsewhere = ["nursing-home", "general-practice", "pharmacy"];
    let mut lengths = Vec::new();
    for node in elsewhere {
        lengths.push(setting.log(node, 0)?.len());
    }
    let mark = setting.mark("hospital").await?;
    let answer = overview::ask(setting, "hospital", &*setting.person("brouwer")?, SHOWCASE).await?;
    let refused = setting.refused(&mark, "hospital", 403, Ok(answer)).await?;
    ensure(reasons(&refused.record).any(|code| code == "no-treatment-relation"), || {
        "the record does not say that there is no treatment relation".to_owned()
    })?;
    ensure(!refused.says.contains("relation"), || "the caller is told why".to_owned())?;
    for (node, length) in elsewhere.iter().zip(lengths) {
        let asked = setting.log(node, 0)?.len() - length;
        ensure(asked == 0, || format!("{node} was asked {asked} times"))?;
    }
    Ok(())
}

async fn objection(setting: &Setting) -> Judgement {
    let mark = setting.mark("pharmacy").await?;
    let overview = Overview::ask(setting, "general-practice", &*setting.person("vos")?, OBJECTS).await?;
    overview.shows(setting, "general-practice", "answered")?;
    overview.shows(setting, "pharmacy", "refused")?;
    ensure(overview.items(setting, "pharmacy")?.is_empty(), || "the pharmacy gave something".to_owned())?;
    // The general practice keeps its records in files: whatever reached a simulator was the pharmacy's doing.
    setting.no_source_was_asked(&mark).await?;
    every_record_refuses(&setting.since(&mark, "pharmacy")?, "consent-denied", |consent| {
        consent["finding"] == "found" && consent["detail"]["decision"] == "deny"
    })
}

async fn never_asked(setting: &Setting) -> Judgement {
    let gate = super::outer_gate::Gate::open(setting, "general-practice", NEVER_ASKED).await?;
    let mark = setting.mark("general-practice").await?;
    let answer = gate.search("Condition", &[]).await?;
    outcome_of(&answer, 403)?;
    setting.no_source_was_asked(&mark).await?;
    every_record_refuses(&setting.since(&mark, "general-practice")?, "no-consent", |consent| {
        consent["finding"] == "absent"
    })
}

async fn one_organisation(setting: &Setting) -> Judgement {
    let allowed = Overview::ask(setting, "hospital", &*setting.person("meijer")?, PERMITS_ONE).await?;
    allowed.shows(setting, "nursing-home", "answered")?;
    let mark = setting.mark("nursing-home").await?;
    let other = Overview::ask(setting, "general-practice", &*setting.person("deboer")?, PERMITS_ONE).await?;
    other.shows(setting, "nursing-home", "refused")?;
    other.shows(setting, "hospital", "answered")?;
    every_record_refuses(&setting.since(&mark, "nursing-home")?, "no-consent", |_| true)
}

/// Holds when there are records, and each refuses with this reason, this finding and no source.
fn every_record_refuses(records: &[Value], reason: &str, found: impl Fn(&Value) -> bool) -> Judgement {
    ensure(!records.is_empty(), || "no record was written".to_owned())?;
    for record in records {
        ensure(record["outcome"]["result"] == "refused", || "a record does not refuse".to_owned())?;
        ensure(reasons(record).any(|code| code == reason), || format!("a record does not say {reason}"))?;
        ensure(found(&record["consent"]), || "a record has another finding of consent".to_owned())?;
        let sources = record["sources"].as_array().map_or(0, Vec::len);
        ensure(sources == 0, || "a record names a source that was asked".to_owned())?;
    }
    Ok(())
}

fn reasons(record: &Value) -> impl Iterator<Item = &str> {
    let reasons = record["decision"]["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["code"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suites::Flaw;
    use serde_json::json;

    #[test]
    fn a_record_that_refuses_for_another_reason_is_noticed() {
        let record = |reason: &str, sources: Value| json!({"outcome": {"result": "refused"}, "decision": {"reasons": [{"code": reason}]}, "sources": sources});
        let judged = |records: &[Value]| every_record_refuses(records, "no-consent", |_| true);
        assert_eq!(judged(&[record("no-consent", json!([]))]), Ok(()));
        for wrong in [record("other", json!([])), record("no-consent", json!([{}])), json!({})] {
            assert!(matches!(judged(&[wrong]), Err(Flaw::Broken(_))));
        }
        assert!(judged(&[]).is_err());
    }
}
