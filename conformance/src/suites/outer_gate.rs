//! A caller from outside at a provider's gate: what it gets, and only that.

use serde_json::Value;

use super::overview::{SHOWCASE, is_about, is_patient, local};
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Acting, Answer, OuterCaller, TreatmentRelation, User, Wire};
use crate::region;

/// A clinic that every node of the region knows and that has no node itself.
pub const CLINIC: &str = "90010090";
pub const USE_CASE: &str = "health-overview";

/// The clinic at a gate, with a token for one patient.
pub struct Gate {
    pub base: String,
    pub caller: OuterCaller,
    pub wire: Wire,
}

impl Gate {
    /// Signs in.
    ///
    /// # Errors
    /// No token was given.
    pub async fn open(setting: &Setting, node: &str, bsn: &str) -> Result<Self, Flaw> {
        let caller = setting.organisation(CLINIC, node)?;
        let wire = caller.signed_in(USE_CASE, Some(&acting(bsn))).await?;
        Ok(Gate { base: setting.outer(node)?.to_owned(), caller, wire })
    }

    /// A search of a type, with parameters in the body.
    ///
    /// # Errors
    /// No answer came.
    pub async fn search(&self, kind: &str, parameters: &[(&str, &str)]) -> Result<Answer, Flaw> {
        Ok(self.wire.post_form(&format!("{}/{kind}/_search", self.base), parameters).await?)
    }
}

/// A doctor of the clinic who treats this patient.
pub fn acting(bsn: &str) -> Acting {
    Acting {
        user: User { id: "proef-01".into(), name: "A. Proef".into(), role: "01.032".into() },
        patient: bsn.to_owned(),
        treatment_relation: TreatmentRelation { kind: "referral".into(), reference: "verwijzing-2026-118".into() },
    }
}

/// The id of a patient at a provider.
pub fn patient_id(provider: &str, bsn: &str) -> Result<String, Flaw> {
    let all = region::resources(provider);
    let patient = all.iter().find(|resource| is_patient(resource, bsn));
    let id = patient.and_then(|patient| patient["id"].as_str()).map(str::to_owned);
    id.ok_or_else(|| Flaw::NotRun(format!("the patient is not known at {provider}")))
}

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "a clinic with a token, a relation and consent finds the patient's problems, however it names the patient",
            |setting| Box::pin(found(setting)),
        ),
        Check::new("a resource is read as its source has it, and another patient's is not there", |setting| {
            Box::pin(read(setting))
        }),
        Check::new("a released search has one record that names the caller, the person and what left", |setting| {
            Box::pin(recorded(setting))
        }),
    ]
}

async fn found(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, "hospital", SHOWCASE).await?;
    let id = patient_id("hospital", SHOWCASE)?;
    let by_bsn = format!("{BSN_SYSTEM}|{SHOWCASE}");
    let by_reference = format!("Patient/{id}");
    let ways: [&[(&str, &str)]; 4] = [
        &[],
        &[("patient.identifier", &by_bsn)],
        &[("patient", &id)],
        &[("subject", &by_reference), ("patient.identifier", &by_bsn)],
    ];
    let resources = region::resources("hospital");
    let of_patient = |resource: &&Value| resource["resourceType"] == "Condition" && is_about(resource, &by_reference);
    let expected = resources.iter().filter(of_patient).count();
    for (number, way) in ways.iter().enumerate() {
        let answer = gate.search("Condition", way).await?;
        ensure(answer.status == 200, || format!("way {number} answers {}", answer.status))?;
        let bundle = answer.json().unwrap_or_default();
        let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
        let matches = entries.iter().filter(|entry| entry["search"]["mode"] == "match").count();
        ensure(matches == expected && entries.len() == expected, || {
            format!("way {number} finds {matches} of {expected}, in {} entries", entries.len())
        })?;
        ensure(entries.iter().all(|entry| is_about(&entry["resource"], &by_reference)), || {
            format!("way {number} finds another patient's")
        })?;
    }
    Ok(())
}

async fn read(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, "hospital", SHOWCASE).await?;
    let mine = format!("Patient/{}", patient_id("hospital", SHOWCASE)?);
    let resources = region::resources("hospital");
    let condition = |whose: &dyn Fn(&Value) -> bool| {
        let found = resources.iter().find(|resource| resource["resourceType"] == "Condition" && whose(resource));
        found.ok_or_else(|| Flaw::NotRun("the hospital has no such problem".to_owned()))
    };
    let own = condition(&|resource| is_about(resource, &mine))?;
    let answer = gate.wire.get(&format!("{}/{}", gate.base, local(own))).await?;
    let shown = answer.json().unwrap_or_default();
    ensure(answer.status == 200 && shown["code"] == own["code"] && shown["id"] == own["id"], || {
        format!("the read answers {}", answer.status)
    })?;
    ensure(answer.header("etag").is_some(), || "the read has no ETag".to_owned())?;
    let other = condition(&|resource| !is_about(resource, &mine))?;
    let theirs = gate.wire.get(&format!("{}/{}", gate.base, local(other))).await?;
    let nowhere = gate.wire.get(&format!("{}/Condition/nowhere", gate.base)).await?;
    ensure(theirs.status == 404, || format!("another patient's resource answers {}", theirs.status))?;
    ensure(theirs.status == nowhere.status && theirs.body == nowhere.body, || {
        "one can tell another patient's resource from one that does not exist".to_owned()
    })
}

async fn recorded(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, "hospital", SHOWCASE).await?;
    let mark = setting.mark("hospital").await?;
    let answer = gate.search("Condition", &[("clinical-status", "active")]).await?;
    ensure(answer.status == 200, || format!("the search answers {}", answer.status))?;
    let records = setting.since(&mark, "hospital")?;
    let [record] = records.as_slice() else {
        return Err(Flaw::Broken(format!("{} records were written, not one", records.len())));
    };
    for (what, holds) in [
        ("request id", record["request_id"].as_str() == answer.header("x-request-id")),
        ("outcome", record["outcome"]["result"] == "released"),
        ("organisation", record["caller"]["organisation"] == CLINIC),
        ("person", record["caller"]["person"]["id"] == "proef-01"),
        ("patient", record["patient"] == SHOWCASE),
        ("search", record["asked"]["query"] == "clinical-status=active"),
        ("policy", record["decision"]["policy"]["digest"].is_string()),
        ("consent", record["consent"]["finding"] == "found"),
        ("relation", record["treatment_relation"]["detail"]["kind"] == "asserted-by-data-user"),
    ] {
        ensure(holds, || format!("the record has another {what}"))?;
    }
    let bundle = answer.json().unwrap_or_default();
    let shown = bundle["entry"].as_array().map_or(0, Vec::len);
    let disclosed = record["sources"][0]["disclosed"].as_array().map_or(0, Vec::len);
    ensure(shown > 0 && shown == disclosed, || format!("{shown} entries left, {disclosed} are on the record"))
}
