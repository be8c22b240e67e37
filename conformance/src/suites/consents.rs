//! Consents in the provider's own system, as FHIR Consent: what they permit and object to is followed at the next
//! request, a directive about treatment says nothing about who may see what, and a system that does not answer is no yes.

use reqwest::Method;
use serde_json::{Value, json};

use super::outer_gate::{CLINIC, Gate, patient_id};
use super::overview::{SHOWCASE, is_about, local, type_of};
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::region;
use crate::source_server::Fault;

/// Its own system has Consents, and its node asks for them.
const HOLDER: &str = "pharmacy";
/// Objects there, in the provider's table.
const OBJECTS: &str = "900203651";
const KIND: &str = "MedicationDispense";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("an objection in the provider's own system stops the next request", |setting| {
            Box::pin(objection(setting))
        }),
        Check::new("one resource that is objected to stays behind, and the record says so", |setting| {
            Box::pin(one_resource(setting))
        }),
        Check::new("a permission by name in the provider's own system is above a general objection", |setting| {
            Box::pin(by_name(setting))
        }),
        Check::new("what is no consent in force, or is about treatment, permits nothing", |setting| {
            Box::pin(no_consent(setting))
        }),
        Check::new("a system that has consents and does not answer is no yes", |setting| Box::pin(ill(setting))),
    ]
}

/// The provider's source, past its node.
struct Source {
    wire: Wire,
    base: String,
    control: String,
}

impl Source {
    fn of(setting: &Setting) -> Result<Self, Flaw> {
        let key = format!("{HOLDER}-source");
        let simulator = setting.ready.simulators.iter().find(|simulator| simulator.key == key);
        let simulator = simulator.ok_or_else(|| Flaw::NotRun("the source is not played".to_owned()))?;
        Ok(Source { wire: Wire::new(None, None)?, base: simulator.base.clone(), control: simulator.control.clone() })
    }

    async fn put(&self, resource: &Value) -> Judgement {
        let kind = [("content-type", "application/fhir+json")];
        let url = format!("{}/{}", self.base, local(resource));
        let answer = self.wire.raw(Method::PUT, &url, &kind, resource.to_string().into()).await?;
        if answer.status < 300 { Ok(()) } else { Err(Flaw::NotRun("the source does not take a Consent".to_owned())) }
    }

    async fn lift(&self, resource: &Value) -> Judgement {
        let url = format!("{}/{}", self.base, local(resource));
        self.wire.raw(Method::DELETE, &url, &[], bytes::Bytes::new()).await?;
        Ok(())
    }

    async fn fault(&self, fault: &Fault) -> Judgement {
        let body = serde_json::to_vec(fault).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
        self.wire.raw(Method::PUT, &format!("{}/fault", self.control), &[], body.into()).await?;
        Ok(())
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

/// While this consent stands in the source.
async fn with<T>(source: &Source, consent: &Value, run: impl AsyncFnOnce() -> Result<T, Flaw>) -> Result<T, Flaw> {
    source.put(consent).await?;
    let told = run().await;
    source.lift(consent).await?;
    told
}

async fn asked(gate: &Gate) -> Result<(u16, Vec<String>), Flaw> {
    let answer = gate.search(KIND, &[]).await?;
    let bundle = answer.json().unwrap_or_default();
    let entries = bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
    Ok((answer.status, entries.filter(|one| type_of(one) == KIND).map(local).collect()))
}

async fn objection(setting: &Setting) -> Judgement {
    let (source, gate) = (Source::of(setting)?, Gate::open(setting, HOLDER, SHOWCASE).await?);
    let before = asked(&gate).await?;
    ensure(before.0 == 200 && !before.1.is_empty(), || format!("before, it answers {}", before.0))?;
    let mark = setting.mark(HOLDER).await?;
    let objects = consent(SHOWCASE, to_the_clinic("deny"))?;
    let stopped = with(&source, &objects, async || Ok(gate.search(KIND, &[]).await?)).await?;
    ensure(stopped.status == 403, || format!("with an objection it answers {}", stopped.status))?;
    setting.keeps_quiet(&stopped)?;
    let records = setting.since(&mark, HOLDER)?;
    let found = records.first().map(|record| record["consent"].clone()).unwrap_or_default();
    ensure(
        found["detail"]["decision"] == "deny" && found["detail"]["reference"] == "Consent/toestemming-proef",
        || "the record does not name the objection".to_owned(),
    )?;
    let after = asked(&gate).await?;
    ensure(after == before, || format!("afterwards it answers {}", after.0))
}

async fn one_resource(setting: &Setting) -> Judgement {
    let (source, gate) = (Source::of(setting)?, Gate::open(setting, HOLDER, SHOWCASE).await?);
    let (_, all) = asked(&gate).await?;
    let kept = all.first().cloned().ok_or_else(|| Flaw::NotRun("there is no such resource".to_owned()))?;
    let data = json!([{"meaning": "instance", "reference": {"reference": kept}}]);
    let objects = consent(SHOWCASE, json!({"type": "deny", "data": data}))?;
    let mark = setting.mark(HOLDER).await?;
    let (status, shown) = with(&source, &objects, async || asked(&gate).await).await?;
    let rest: Vec<String> = all.into_iter().filter(|one| *one != kept).collect();
    ensure(status == 200 && shown == rest, || format!("it answers {status} with {} of {}", shown.len(), rest.len()))?;
    let records = setting.since(&mark, HOLDER)?;
    let record = records.first().cloned().unwrap_or_default();
    let duties = record["decision"]["obligations"].as_array().into_iter().flatten();
    let said = duties.into_iter().any(|duty| duty["kind"] == "withhold-resource" && duty["reference"] == kept.as_str());
    ensure(said && record["sources"][0]["withheld"] == 1, || "the record does not say what stayed behind".to_owned())?;
    let by_itself =
        with(&source, &objects, async || Ok(gate.wire.get(&format!("{}/{kept}", gate.base)).await?)).await?;
    ensure(by_itself.status == 404, || format!("read by itself it answers {}", by_itself.status))
}

async fn by_name(setting: &Setting) -> Judgement {
    let (source, gate) = (Source::of(setting)?, Gate::open(setting, HOLDER, OBJECTS).await?);
    let (before, _) = asked(&gate).await?;
    ensure(before == 403, || format!("with an objection it answers {before}"))?;
    let permits = consent(OBJECTS, to_the_clinic("permit"))?;
    let (with_it, _) = with(&source, &permits, async || asked(&gate).await).await?;
    ensure(with_it == 200, || format!("with a permission by name it answers {with_it}"))?;
    let (after, _) = asked(&gate).await?;
    ensure(after == 403, || format!("afterwards it answers {after}"))
}

async fn no_consent(setting: &Setting) -> Judgement {
    let (source, gate) = (Source::of(setting)?, Gate::open(setting, HOLDER, OBJECTS).await?);
    let scope = |code: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": code}]});
    for (what, name, value) in [
        ("a draft", "status", json!("draft")),
        ("one that was withdrawn", "status", json!("inactive")),
        ("an error", "status", json!("entered-in-error")),
        ("a directive about treatment", "scope", scope("treatment")),
        ("a living will", "scope", scope("adr")),
        (
            "one with a modifier",
            "modifierExtension",
            json!([{"url": "https://example.org/StructureDefinition/unless", "valueBoolean": true}]),
        ),
        (
            "another's",
            "organization",
            json!([{"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90010001"}}]),
        ),
        ("one of another patient", "patient", json!({"identifier": {"system": BSN_SYSTEM, "value": SHOWCASE}})),
    ] {
        let mut permits = consent(OBJECTS, to_the_clinic("permit"))?;
        permits[name] = value;
        let mark = setting.mark(HOLDER).await?;
        let (status, shown) = with(&source, &permits, async || asked(&gate).await).await?;
        ensure(status == 403 && shown.is_empty(), || format!("{what} permits: it answers {status}"))?;
        let records = setting.since(&mark, HOLDER)?.len();
        ensure(records == 1, || format!("{records} records were written, not one"))?;
    }
    Ok(())
}

async fn ill(setting: &Setting) -> Judgement {
    let (source, gate) = (Source::of(setting)?, Gate::open(setting, HOLDER, SHOWCASE).await?);
    let refused = Gate::open(setting, HOLDER, OBJECTS).await?.search(KIND, &[]).await?;
    for (fault, reason) in
        [(Fault::Dead, "unreachable"), (Fault::Slow { ms: 12_000 }, "timed-out"), (Fault::Truncated, "unusable")]
    {
        let mark = setting.mark(HOLDER).await?;
        source.fault(&fault).await?;
        let answer = gate.search(KIND, &[]).await;
        source.fault(&Fault::None).await?;
        let answer = answer?;
        ensure(answer.status == 403 && answer.body == refused.body, || {
            format!("{reason}: the caller can tell it from a refusal ({})", answer.status)
        })?;
        let records = setting.since(&mark, HOLDER)?;
        let found = records.first().map(|record| record["consent"].clone()).unwrap_or_default();
        ensure(found["finding"] == "not-found-out" && found["detail"] == reason, || {
            format!("the record says {found}, not {reason}")
        })?;
    }
    let patient = format!("Patient/{}", patient_id(HOLDER, SHOWCASE)?);
    let held =
        region::resources(HOLDER).into_iter().filter(|one| type_of(one) == KIND && is_about(one, &patient)).count();
    let (status, shown) = asked(&gate).await?;
    ensure(status == 200 && shown.len() == held, || format!("well again, it answers {status} with {}", shown.len()))
}
