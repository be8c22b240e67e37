//! Treatment relations from evidence: an appointment in the provider's own source opens the gate for who is at it, and nothing
//! that is cancelled, old, somebody else's or not to be found out does.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::overview::{self, Overview};
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::source_server::Fault;

/// Looks in its own records for whoever is not on its list.
const NODE: &str = "pharmacy";
/// Works there.
const PERSON: &str = "timmer";
/// Works there too.
const COLLEAGUE: &str = "lopes";
/// Is not known there: what the source has of this person, these checks bring along.
const PATIENT: &str = "999995340";
const PATIENT_ID: &str = "relation-check";
/// Providers that would be asked for the patient's data.
const OTHERS: [&str; 3] = ["hospital", "nursing-home", "general-practice"];

/// An appointment, and what must become of it.
struct Case {
    name: &'static str,
    status: &'static str,
    days: i64,
    with: &'static str,
    /// Why it does not count; nothing when it does.
    because: Option<&'static str>,
}

const CASES: [Case; 8] = [
    Case {
        name: "an appointment tomorrow is a treatment relation of who is at it, and the record says how old it is",
        status: "booked",
        days: 1,
        with: PERSON,
        because: None,
    },
    Case {
        name: "an appointment that was kept last week is one too",
        status: "fulfilled",
        days: -7,
        with: PERSON,
        because: None,
    },
    Case {
        name: "a cancelled appointment is no treatment relation",
        status: "cancelled",
        days: 1,
        with: PERSON,
        because: Some("cancelled"),
    },
    Case {
        name: "an appointment to which the patient did not come is none",
        status: "noshow",
        days: -1,
        with: PERSON,
        because: Some("no-show"),
    },
    Case {
        name: "an appointment that was entered in error is none",
        status: "entered-in-error",
        days: 1,
        with: PERSON,
        because: Some("entered-in-error"),
    },
    Case {
        name: "an appointment of half a year ago is none any more",
        status: "fulfilled",
        days: -180,
        with: PERSON,
        because: Some("too-old"),
    },
    Case {
        name: "an appointment in half a year is none yet",
        status: "booked",
        days: 180,
        with: PERSON,
        because: Some("too-far-ahead"),
    },
    Case {
        name: "an appointment of a colleague is none",
        status: "booked",
        days: 1,
        with: COLLEAGUE,
        because: Some("other-professional"),
    },
];

pub fn checks() -> Vec<Check> {
    let mut all: Vec<Check> =
        CASES.iter().map(|case| Check::new(case.name, move |setting| Box::pin(judged(setting, case)))).collect();
    all.push(Check::new(
        "where the own source does not answer, a treatment relation is not found out, and that is no",
        |setting| Box::pin(not_found_out(setting)),
    ));
    all
}

/// The played source of the provider.
struct Chart<'s> {
    setting: &'s Setting,
    wire: Wire,
    base: String,
    control: String,
}

impl<'s> Chart<'s> {
    fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let key = format!("{NODE}-source");
        let simulator = setting.ready.simulators.iter().find(|simulator| simulator.key == key);
        let simulator = simulator.ok_or_else(|| Flaw::NotRun(format!("no simulator {key}")))?;
        let (base, control) = (simulator.base.clone(), simulator.control.clone());
        Ok(Chart { setting, wire: Wire::new(None, None)?, base, control })
    }

    async fn write(&self, resource: &Value) -> Judgement {
        let place = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        let url = format!("{}/{}/{}", self.base, place("resourceType"), place("id"));
        let kind = [("content-type", "application/fhir+json")];
        let body = resource.to_string().into();
        let answer = self.wire.raw(reqwest::Method::PUT, &url, &kind, body).await?;
        if matches!(answer.status, 200 | 201) { Ok(()) } else { Err(Flaw::NotRun("the source takes nothing".into())) }
    }

    async fn open(&self, case: &Case) -> Judgement {
        let start = OffsetDateTime::now_utc() + Duration::days(case.days);
        let text = |moment: OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
        let actor = |reference: String| json!({"actor": {"reference": reference}, "status": "accepted"});
        self.write(&json!({
            "resourceType": "Patient", "id": PATIENT_ID,
            "identifier": [{"system": BSN_SYSTEM, "value": PATIENT}],
        }))
        .await?;
        self.write(&json!({
            "resourceType": "Appointment", "id": PATIENT_ID, "status": case.status,
            "start": text(start), "end": text(start + Duration::minutes(20)),
            "participant": [actor(format!("Patient/{PATIENT_ID}")), actor(format!("PractitionerRole/{}-rol", case.with))],
        }))
        .await
    }

    async fn close(&self) -> Judgement {
        for kind in ["Appointment", "Patient"] {
            let url = format!("{}/{kind}/{PATIENT_ID}", self.base);
            self.wire.raw(reqwest::Method::DELETE, &url, &[], Vec::new().into()).await?;
        }
        Ok(())
    }

    async fn fall_ill(&self, fault: &Fault) -> Judgement {
        let body = serde_json::to_vec(fault).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
        let url = format!("{}/fault", self.control);
        self.wire.raw(reqwest::Method::PUT, &url, &[], body.into()).await?;
        Ok(())
    }

    /// Asks, and holds what was recorded of the relation and its evidence.
    async fn shows(&self, allowed: bool, judge: impl Fn(&Value, &Value) -> bool) -> Judgement {
        let setting = self.setting;
        let mut lengths = Vec::new();
        for node in OTHERS {
            lengths.push(setting.log(node, 0)?.len());
        }
        let mark = setting.mark(NODE).await?;
        let answer = overview::ask(setting, NODE, &*setting.person(PERSON)?, PATIENT).await?;
        if allowed {
            Overview::read(answer)?;
        } else {
            super::setting::outcome_of(&answer, 403)?;
            setting.keeps_quiet(&answer)?;
            for (node, length) in OTHERS.iter().zip(lengths) {
                ensure(setting.log(node, 0)?.len() == length, || format!("{node} was asked"))?;
            }
        }
        let records = setting.since(&mark, NODE)?;
        let [record] = records.as_slice() else {
            return Err(Flaw::Broken(format!("{} records were written, not one", records.len())));
        };
        let evidence = record["relation_evidence"].as_array().into_iter().flatten();
        let evidence = evidence.clone().find(|one| one["kind"] == "appointment");
        let (relation, evidence) = (&record["treatment_relation"], evidence.unwrap_or(&Value::Null));
        ensure(judge(relation, evidence), || format!("the record says {relation} from {evidence}"))
    }
}

async fn judged(setting: &Setting, case: &Case) -> Judgement {
    let chart = Chart::of(setting)?;
    chart.open(case).await?;
    let judgement = match case.because {
        None => {
            let age = (-case.days).max(0);
            let told = |relation: &Value, evidence: &Value| {
                let detail = &relation["detail"];
                relation["finding"] == "found"
                    && detail["kind"] == "appointment"
                    && detail["reference"] == format!("Appointment/{PATIENT_ID}")
                    // The day may turn between writing and reading.
                    && detail["age_days"].as_i64().is_some_and(|days| (age..=age + 1).contains(&days))
                    && evidence["result"] == "counts"
            };
            chart.shows(true, told).await
        }
        Some(because) => {
            let told = |relation: &Value, evidence: &Value| {
                relation["finding"] == "absent"
                    && evidence["result"] == "does-not-count"
                    && evidence["because"] == json!([because])
            };
            chart.shows(false, told).await
        }
    };
    chart.close().await?;
    judgement
}

async fn not_found_out(setting: &Setting) -> Judgement {
    let chart = Chart::of(setting)?;
    chart.open(&CASES[0]).await?;
    for (fault, words) in [
        (Fault::Dead, &["unreachable"][..]),
        (Fault::Status { code: 503 }, &["unreachable"]),
        (Fault::Truncated, &["unusable"]),
        (Fault::Slow { ms: 4_000 }, &["timed-out"]),
    ] {
        chart.fall_ill(&fault).await?;
        let told = |relation: &Value, evidence: &Value| {
            let why = relation["detail"].as_str().unwrap_or_default();
            relation["finding"] == "not-found-out"
                && words.contains(&why)
                && evidence["result"] == "not-found-out"
                && evidence["because"] == why
        };
        let judgement = chart.shows(false, told).await;
        chart.fall_ill(&Fault::None).await?;
        if judgement.is_err() {
            chart.close().await?;
            return judgement;
        }
    }
    chart.close().await
}
