//! Laboratory values for public pharmacies: what a pharmacist collects, and what nobody else gets in that use case.

use serde_json::Value;

use super::outer_gate::{CLINIC, acting};
use super::overview::SHOWCASE;
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Acting, User, Wire};
use crate::region;

const USE_CASE: &str = "laboratory-for-pharmacies";
const LABORATORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
/// What the showcase has of it: renal function, potassium and sodium.
const EXPECTED: [&str; 3] = ["62238-1", "2823-3", "2951-2"];
/// Determined in the region as well, and none of a pharmacy's: the ratio of albumin and creatinine in urine.
const OTHER: &str = "30000-4";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a pharmacist collects the laboratory values that a pharmacy needs, and no others", |setting| {
            Box::pin(collected(setting))
        }),
        Check::new("at a holder's gate a pharmacy gets these laboratory values by their codes only", |setting| {
            Box::pin(by_code(setting))
        }),
        Check::new("nobody but a pharmacy gets laboratory values as a pharmacy", |setting| {
            Box::pin(by_others(setting))
        }),
    ]
}

fn entries(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"])
}

/// The codes of the observations of an answer.
fn codes(bundle: &Value) -> Vec<String> {
    let observations = entries(bundle).filter(|resource| resource["resourceType"] == "Observation");
    observations.filter_map(|one| Some(one["code"]["coding"][0]["code"].as_str()?.to_owned())).collect()
}

async fn collected(setting: &Setting) -> Judgement {
    let mark = setting.mark("pharmacy").await?;
    let url = format!("{}/Patient/$laboratory-values", setting.inner("pharmacy")?);
    let identifier = format!("{BSN_SYSTEM}|{SHOWCASE}");
    let answer = setting.person("timmer")?.post_form(&url, &[("identifier", &identifier)]).await?;
    ensure(answer.status == 200, || format!("the values are answered with {}", answer.status))?;
    let bundle = answer.json().unwrap_or_default();
    let found = codes(&bundle);
    for code in EXPECTED {
        ensure(found.iter().any(|one| one == code), || format!("{code} is not among {found:?}"))?;
    }
    ensure(found.iter().all(|one| EXPECTED.contains(&one.as_str())), || format!("{found:?} are more than these"))?;
    // How each source fared, and from whom what came, stand beside what came.
    let kinds = ["Patient", "Observation", "OperationOutcome", "Provenance"];
    let other = entries(&bundle).find(|resource| !kinds.iter().any(|kind| resource["resourceType"] == *kind));
    ensure(other.is_none(), || "more than values left".to_owned())?;
    let records = setting.since(&mark, "pharmacy")?;
    let own = records.iter().filter(|record| record["caller"]["person"]["id"] == "timmer").collect::<Vec<_>>();
    let [record] = own.as_slice() else { return Err(Flaw::Broken(format!("{} records were written", own.len()))) };
    ensure(record["decision"]["use_case"] == USE_CASE && record["patient"] == SHOWCASE, || {
        "the record is of something else".to_owned()
    })
}

/// A pharmacist who treats the showcase.
fn pharmacist() -> Acting {
    Acting {
        user: User { id: "apotheker-01".into(), name: "A. Theker".into(), role: "17.000".into() },
        ..acting(SHOWCASE)
    }
}

async fn search(wire: &Wire, base: &str, parameters: &[(&str, &str)]) -> Result<(u16, Value), Flaw> {
    let answer = wire.post_form(&format!("{base}/Observation/_search"), parameters).await?;
    Ok((answer.status, answer.json().unwrap_or_default()))
}

async fn by_code(setting: &Setting) -> Judgement {
    let ura = setting.node("pharmacy")?.ura.clone();
    let wire = setting.organisation(&ura, "hospital")?.signed_in(USE_CASE, Some(&pharmacist())).await?;
    let base = setting.outer("hospital")?;
    let renal = "http://loinc.org|62238-1,http://loinc.org|14682-9";
    let (status, bundle) = search(&wire, base, &[("category", LABORATORY), ("code", renal)]).await?;
    ensure(status == 200 && codes(&bundle) == ["62238-1"], || format!("{status}, {:?}", codes(&bundle)))?;
    let with_another = format!("{renal},http://loinc.org|{OTHER}");
    for (what, parameters) in [
        ("every laboratory result", vec![("category", LABORATORY)]),
        ("another determination along", vec![("category", LABORATORY), ("code", with_another.as_str())]),
        ("the values in any category", vec![("code", renal)]),
    ] {
        let (status, bundle) = search(&wire, base, &parameters).await?;
        ensure(status == 403 && codes(&bundle).is_empty(), || format!("{what} is answered with {status}"))?;
    }
    let all = region::resources("hospital");
    let result = all.iter().find(|resource| resource["resourceType"] == "Observation");
    let id = result.and_then(|result| result["id"].as_str()).unwrap_or_default();
    let read = wire.get(&format!("{base}/Observation/{id}")).await?;
    ensure(read.status == 403, || format!("a result read by its id is answered with {}", read.status))
}

async fn by_others(setting: &Setting) -> Judgement {
    let renal = [("category", LABORATORY), ("code", "http://loinc.org|62238-1")];
    let hospital = setting.node("hospital")?.ura.clone();
    for (ura, acting) in [(CLINIC.to_owned(), acting(SHOWCASE)), (hospital, pharmacist())] {
        let wire = setting.organisation(&ura, "general-practice")?.signed_in(USE_CASE, Some(&acting)).await?;
        let (status, bundle) = search(&wire, setting.outer("general-practice")?, &renal).await?;
        ensure(status == 403 && codes(&bundle).is_empty(), || format!("{ura} is answered with {status}"))?;
    }
    Ok(())
}
