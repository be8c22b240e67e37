//! Elements that stay behind for a role: gone from what it is given, which says so, and not to be found out by asking; to another role
//! of the same organisation they are shown.

use serde_json::Value;

use super::outer_gate::{CLINIC, USE_CASE, acting, patient_id};
use super::overview::SHOWCASE;
use super::setting::{Setting, outcome_of};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Acting, User, Wire};
use crate::region;

const NODE: &str = "hospital";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "how to reach the patient stays behind for a pharmacist, the answer says so, and a doctor sees it",
            |setting| Box::pin(left_out(setting)),
        ),
        Check::new(
            "what stays behind is not found out by sorting or searching by it, and no source is asked",
            |setting| Box::pin(not_found_out(setting)),
        ),
    ]
}

/// The clinic at the gate, with somebody of this role.
async fn of_role(setting: &Setting, role: &str) -> Result<Wire, Flaw> {
    let user = User { id: "proef-02".into(), name: "B. Proef".into(), role: role.into() };
    let acting = Acting { user, ..acting(SHOWCASE) };
    Ok(setting.organisation(CLINIC, NODE)?.signed_in(USE_CASE, Some(&acting)).await?)
}

async fn left_out(setting: &Setting) -> Judgement {
    let (id, base) = (patient_id(NODE, SHOWCASE)?, setting.outer(NODE)?);
    let all = region::resources(NODE);
    let own = all.iter().find(|one| one["resourceType"] == "Patient" && one["id"] == id.as_str());
    let phone = own.and_then(|own| own["telecom"][0]["value"].as_str());
    let phone = phone.ok_or_else(|| Flaw::NotRun("the patient has no telephone".to_owned()))?;
    for (role, sees) in [("17.000", false), ("01.032", true)] {
        let wire = of_role(setting, role).await?;
        let read = wire.get(&format!("{base}/Patient/{id}")).await?;
        let searched = wire.post_form(&format!("{base}/Patient/_search"), &[]).await?;
        let whole = read.json().unwrap_or_default();
        let found: Value = searched.json().unwrap_or_default()["entry"][0]["resource"].take();
        for (answer, resource) in [(&read, &whole), (&searched, &found)] {
            ensure(answer.status == 200 && resource["name"].is_array(), || format!("{role}: {}", answer.status))?;
            let text = String::from_utf8_lossy(&answer.body);
            let labels = resource["meta"]["security"].as_array().into_iter().flatten();
            let said = labels.into_iter().any(|label| label["code"] == "REDACTED");
            ensure(text.contains(phone) == sees && said != sees, || {
                format!(
                    "{role} sees the telephone: {}; it is said that something is left out: {said}",
                    text.contains(phone)
                )
            })?;
        }
    }
    Ok(())
}

async fn not_found_out(setting: &Setting) -> Judgement {
    let (pharmacist, doctor) = (of_role(setting, "17.000").await?, of_role(setting, "01.032").await?);
    let url = format!("{}/Patient/_search", setting.outer(NODE)?);
    let answer = doctor.post_form(&url, &[("_sort", "birthdate")]).await?;
    ensure(answer.status == 200, || format!("a doctor who sorts is answered {}", answer.status))?;
    for (name, value) in [("_sort", "telecom"), ("_sort", "birthdate,-phone"), ("phone", "06"), ("telecom", "06")] {
        let mark = setting.mark(NODE).await?;
        let says = outcome_of(&pharmacist.post_form(&url, &[(name, value)]).await?, 400)?;
        ensure(says.contains(name), || format!("{name}={value} is refused with {says:?}"))?;
        setting.no_source_was_asked(&mark).await?;
    }
    Ok(())
}
