//! Elements that the role of the caller may not see: gone from every answer in every form, and the answer says so.

use serde_json::Value;

use super::material::{HIDDEN, SHOWN};
use super::{Surface, expect};
use crate::suites::{Flaw, Judgement, ensure};

/// Ways to come by an observation.
const WAYS: [&str; 11] = [
    "Observation",
    "Observation/o1",
    "Observation/o1/_history/1",
    "Observation?_elements=bodySite",
    "Observation?_elements=method,bodySite",
    "Observation?_summary=data",
    "Observation?_summary=true",
    "Observation?_summary=text",
    "Observation/$lastn",
    "Patient/$everything",
    "Composition/d1/$document",
];

pub async fn everywhere(surface: &Surface) -> Judgement {
    for way in WAYS {
        for form in ["json", "xml"] {
            let answer = surface.get(way, form).await?;
            // A folder has no versions.
            if way.contains("_history") && answer.status != 200 {
                continue;
            }
            expect(&answer, 200, way)?;
            let text = String::from_utf8_lossy(&answer.body);
            ensure(!text.contains(HIDDEN), || format!("{way} in {form} shows what is masked"))?;
            ensure(text.contains("REDACTED"), || format!("{way} in {form} does not say that something is left out"))?;
            let trimmed = way.contains("_elements") || way.contains("_summary");
            ensure(text.contains("SUBSETTED") == trimmed, || format!("{way} in {form}: SUBSETTED is wrong"))?;
            if !trimmed {
                ensure(text.contains(SHOWN), || format!("{way} in {form} leaves out what may be seen"))?;
            }
        }
    }
    labels(surface).await?;
    counts(surface).await
}

/// What has something left out says so, and nothing else does.
async fn labels(surface: &Surface) -> Judgement {
    let found = surface.get("Patient/$everything", "json").await?.json().unwrap_or_default();
    for entry in found["entry"].as_array().into_iter().flatten() {
        let resource = &entry["resource"];
        let labels = resource["meta"]["security"].as_array().into_iter().flatten();
        let said = labels.into_iter().any(|label| label["code"] == "REDACTED" && label["system"].is_string());
        ensure(said == (resource["resourceType"] == "Observation"), || {
            format!("{} is labelled wrongly", resource["resourceType"])
        })?;
        ensure(!said || resource.get("text").is_none(), || "a narrative is left beside what is masked".to_owned())?;
    }
    Ok(())
}

/// Counts are of the token's patient, and masking takes nothing away from them.
async fn counts(surface: &Surface) -> Judgement {
    for way in ["Observation?_summary=count", "Observation?_total=accurate&_count=1"] {
        let found = surface.get(way, "json").await?;
        expect(&found, 200, way)?;
        let total: Value = found.json().unwrap_or_default()["total"].clone();
        let counted = total.as_u64().ok_or_else(|| Flaw::Broken(format!("{way} counts nothing")))?;
        ensure(counted >= 3, || format!("{way} counts {counted}"))?;
    }
    surface.as_absent("Observation?_summary=count&patient=bram", "Observation?_summary=count&patient=nowhere").await
}
