//! Who objects to everything, wherever the provider recorded that, is found through the index no more, and is found again when
//! it is withdrawn; who lets in one organisation beside it stays to be found by that one.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::nvi::{Driven, REGISTERS};
use super::outer_gate::patient_id;
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::region;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "who objects to everything in the provider's list is found no more, until it is withdrawn",
            |setting| Box::pin(listed(setting)),
        ),
        Check::new(
            "who objects to everything in the provider's own system is found no more, until it is gone",
            |setting| Box::pin(in_the_system(setting)),
        ),
    ]
}

/// A file of the provider that registers, which is afterwards what it was before.
struct Changed {
    file: PathBuf,
    before: Option<Vec<u8>>,
}

impl Changed {
    fn of(setting: &Setting, folder: &str, name: &str) -> Result<Self, Flaw> {
        let file = setting.node(REGISTERS)?.config_file.with_file_name(folder).join(name);
        Ok(Changed { before: std::fs::read(&file).ok(), file })
    }

    /// Puts a finished file into place.
    fn put(&self, value: &Value) -> Judgement {
        self.write(value.to_string().as_bytes())
            .map_err(|fault| Flaw::NotRun(format!("a file cannot be written: {fault}")))
    }

    fn write(&self, content: &[u8]) -> std::io::Result<()> {
        let unfinished = self.file.with_extension("unfinished");
        std::fs::write(&unfinished, content)?;
        // As private as what it takes the place of.
        if let Ok(known) = std::fs::metadata(&self.file) {
            std::fs::set_permissions(&unfinished, known.permissions())?;
        }
        std::fs::rename(&unfinished, &self.file)
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // A check that fails leaves no more behind than one that holds.
        let _ = match &self.before {
            Some(before) => self.write(before),
            None => std::fs::remove_file(&self.file),
        };
    }
}

async fn listed(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    let first = index.until(SHOWCASE, REGISTERS, true).await?;
    let list = Changed::of(setting, "registers", "consents.json")?;
    let records = list.before.as_deref().and_then(|text| serde_json::from_slice::<Vec<Value>>(text).ok());
    let records = records.ok_or_else(|| Flaw::NotRun("the provider has no list of consents".to_owned()))?;
    let with = |more: &[Value]| Value::from([records.as_slice(), more].concat());
    let objection = json!({"id": "proef-bezwaar", "patient": SHOWCASE, "decision": "deny"});
    list.put(&with(std::slice::from_ref(&objection)))?;
    index.until(SHOWCASE, REGISTERS, false).await?;
    // One organisation is let in, so it must find the patient.
    let hospital = region::providers().into_iter().find(|provider| provider.key == "hospital");
    let ura = hospital.map(|provider| provider.ura).unwrap_or_default();
    let one = json!({"id": "proef-een", "patient": SHOWCASE, "decision": "permit", "organisation": ura});
    list.put(&with(&[objection.clone(), one]))?;
    let again = index.until(SHOWCASE, REGISTERS, true).await?;
    ensure(again != first, || "the registration was never taken away".to_owned())?;
    list.put(&with(&[objection]))?;
    index.until(SHOWCASE, REGISTERS, false).await?;
    drop(list);
    index.until(SHOWCASE, REGISTERS, true).await.map(|_| ())
}

async fn in_the_system(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    index.until(SHOWCASE, REGISTERS, true).await?;
    let coded = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let consent = json!({"resourceType": "Consent", "id": "bezwaar-proef", "status": "active",
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")], "policyRule": {"text": "Wabvpz"},
        "patient": {"reference": format!("Patient/{}", patient_id(REGISTERS, SHOWCASE)?)},
        "provision": {"type": "deny"}});
    let kept = Changed::of(setting, "records", "Consent-bezwaar-proef.json")?;
    kept.put(&consent)?;
    index.until(SHOWCASE, REGISTERS, false).await?;
    drop(kept);
    index.until(SHOWCASE, REGISTERS, true).await.map(|_| ())
}
