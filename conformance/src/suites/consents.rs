//! Consents in the provider's own system, as FHIR Consent: what they permit and object to is followed at the next request
//! that the system knows them, and what is no consent in force, or is a directive about treatment, says nothing about who may
//! see what.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::outer_gate::{CLINIC, Gate, patient_id};
use super::overview::{SHOWCASE, local, type_of};
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Flaw, Judgement, ensure};

/// Its own system, a folder of files, has Consents, and its node looks for them.
const HOLDER: &str = "nursing-home";
/// Permits the hospital there, and nobody else.
const PERMITS_ONE: &str = "900184590";
const KIND: &str = "Observation";
/// How long a folder may take to be read again.
const WITHIN: Duration = Duration::from_secs(20);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("an objection in the provider's own system stops who it is about", |setting| {
            Box::pin(objection(setting))
        }),
        Check::new("one resource that is objected to stays behind, and the record says so", |setting| {
            Box::pin(one_resource(setting))
        }),
        Check::new("what is no consent in force, or is about treatment, permits nothing", |setting| {
            Box::pin(no_consent(setting))
        }),
    ]
}

/// The provider's system, past its node.
struct Kept {
    file: PathBuf,
}

impl Kept {
    fn of(setting: &Setting) -> Result<Self, Flaw> {
        let folder = setting.node(HOLDER)?.config_file.with_file_name("records");
        Ok(Kept { file: folder.join("Consent-toestemming-proef.json") })
    }

    /// Puts a finished file into place.
    fn put(&self, consent: &Value) -> Judgement {
        let cannot = |fault: std::io::Error| Flaw::NotRun(format!("the folder cannot be written: {fault}"));
        let unfinished = self.file.with_extension("unfinished");
        std::fs::write(&unfinished, consent.to_string()).map_err(cannot)?;
        std::fs::rename(&unfinished, &self.file).map_err(cannot)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // There was none, or it is a leftover of a check.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A privacy consent in force about a patient of the provider.
fn consent(bsn: &str, provision: Value) -> Result<Value, Flaw> {
    let coded = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    Ok(json!({"resourceType": "Consent", "id": "toestemming-proef", "status": "active",
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")], "policyRule": {"text": "Wabvpz"},
        "patient": {"reference": format!("Patient/{}", patient_id(HOLDER, bsn)?)}, "provision": provision}))
}

fn to_the_clinic(decision: &str) -> Value {
    let role =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]});
    let ura = json!({"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": CLINIC});
    json!({"type": decision, "actor": [{"role": role, "reference": {"identifier": ura}}]})
}

/// Asks until it is answered so; what was shown, with the record of the last time.
async fn until(
    setting: &Setting,
    gate: &Gate,
    what: &str,
    fits: impl Fn(u16, &[String]) -> bool,
) -> Result<(Vec<String>, Value), Flaw> {
    let begun = Instant::now();
    loop {
        let mark = setting.mark(HOLDER).await?;
        let answer = gate.search(KIND, &[("_count", "500")]).await?;
        let bundle = answer.json().unwrap_or_default();
        let entries = bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
        let shown: Vec<String> = entries.filter(|one| type_of(one) == KIND).map(local).collect();
        if fits(answer.status, &shown) {
            if answer.status >= 400 {
                setting.keeps_quiet(&answer)?;
            }
            let record = setting.since(&mark, HOLDER)?.first().cloned().unwrap_or_default();
            return Ok((shown, record));
        }
        let (status, number) = (answer.status, shown.len());
        ensure(begun.elapsed() < WITHIN, || format!("{what}: it still answers {status} with {number}"))?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn objection(setting: &Setting) -> Judgement {
    let (kept, gate) = (Kept::of(setting)?, Gate::open(setting, HOLDER, SHOWCASE).await?);
    let (before, _) = until(setting, &gate, "before", |status, shown| status == 200 && !shown.is_empty()).await?;
    kept.put(&consent(SHOWCASE, to_the_clinic("deny"))?)?;
    let (_, record) = until(setting, &gate, "with an objection", |status, _| status == 403).await?;
    let found = &record["consent"];
    ensure(
        found["detail"]["decision"] == "deny" && found["detail"]["reference"] == "Consent/toestemming-proef",
        || "the record does not name the objection".to_owned(),
    )?;
    let sources = record["sources"].as_array().map_or(0, Vec::len);
    ensure(sources == 0, || "a source was asked for what is refused".to_owned())?;
    drop(kept);
    until(setting, &gate, "afterwards", |status, shown| status == 200 && shown == before).await.map(|_| ())
}

async fn one_resource(setting: &Setting) -> Judgement {
    let (kept, gate) = (Kept::of(setting)?, Gate::open(setting, HOLDER, SHOWCASE).await?);
    let (all, _) = until(setting, &gate, "before", |status, shown| status == 200 && shown.len() > 1).await?;
    let one = all.first().cloned().unwrap_or_default();
    let data = json!([{"meaning": "instance", "reference": {"reference": one}}]);
    kept.put(&consent(SHOWCASE, json!({"type": "deny", "data": data}))?)?;
    let rest: Vec<String> = all.iter().filter(|other| **other != one).cloned().collect();
    let fits = |status: u16, shown: &[String]| status == 200 && shown == rest;
    let (_, record) = until(setting, &gate, "with an objection to one", fits).await?;
    let duties = record["decision"]["obligations"].as_array().into_iter().flatten();
    let said = duties.into_iter().any(|duty| duty["kind"] == "withhold-resource" && duty["reference"] == one.as_str());
    ensure(said && record["sources"][0]["withheld"].as_u64() > Some(0), || {
        "the record does not say what stayed behind".to_owned()
    })?;
    let by_itself = gate.wire.get(&format!("{}/{one}", gate.base)).await?.status;
    ensure(by_itself == 404, || format!("read by itself it answers {by_itself}"))
}

/// Each follows one that permits, so that what is seen is its own doing.
async fn no_consent(setting: &Setting) -> Judgement {
    let (kept, gate) = (Kept::of(setting)?, Gate::open(setting, HOLDER, PERMITS_ONE).await?);
    until(setting, &gate, "before", |status, _| status == 403).await?;
    let scope = |code: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": code}]});
    let another = json!([{"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90010001"}}]);
    let modifier = json!([{"url": "https://example.org/StructureDefinition/unless", "valueBoolean": true}]);
    for (what, name, value) in [
        ("a draft", "status", json!("draft")),
        ("one that was withdrawn", "status", json!("inactive")),
        ("an error", "status", json!("entered-in-error")),
        ("a directive about treatment", "scope", scope("treatment")),
        ("a living will", "scope", scope("adr")),
        ("one with a modifier", "modifierExtension", modifier),
        ("another's", "organization", another),
        ("one of another patient", "patient", json!({"identifier": {"system": BSN_SYSTEM, "value": SHOWCASE}})),
    ] {
        let mut permits = consent(PERMITS_ONE, to_the_clinic("permit"))?;
        kept.put(&permits)?;
        until(setting, &gate, "with a permission", |status, _| status == 200).await?;
        permits[name] = value;
        kept.put(&permits)?;
        until(setting, &gate, what, |status, shown| status == 403 && shown.is_empty()).await?;
    }
    Ok(())
}
