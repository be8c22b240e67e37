//! One medication overview of sources of both FHIR versions: the pharmacy still reads an older system, which speaks STU3.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::medication::{FORMER, OPERATION, ask, parts, put, showcase, told, treatment, value, warns};
use super::outer_gate::acting;
use super::overview::SHOWCASE;
use super::people::logging_in::Desk;
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Flaw, Judgement, ensure};
use crate::region;
use crate::source_server::Fault;

const PHARMACY: &str = "pharmacy";
/// The older system, among the simulators.
const OLDER: &str = "pharmacy-older";
/// What only the older system knows, and what both systems of the pharmacy hold.
const ONLY_THERE: &str = "mien-latanoprost";
const IN_BOTH: &str = "mien-colecalciferol";
const STU3: &str = "3.0";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "what a system in STU3 holds stands in the medication overview, with its source and version",
            |setting| Box::pin(lines(setting)),
        ),
        Check::new("one block in both FHIR versions is one line of the medication overview", |setting| {
            Box::pin(one_line(setting))
        }),
        Check::new("what came in STU3 is in the R4 answer whole, and nowhere as R4", |setting| {
            Box::pin(whole(setting))
        }),
        Check::new("a dead system in STU3 is named, and the medication overview is not complete", |setting| {
            Box::pin(with_a_dead_source(setting))
        }),
        Check::new("the records of both sides say in which FHIR version was asked", |setting| {
            Box::pin(on_record(setting))
        }),
        Check::new("a provider asked in one FHIR version says what is to be had in the other", |setting| {
            Box::pin(at_the_outer_gate(setting))
        }),
        Check::new("the page of a medication overview shows the lines of a system in STU3 as such", |setting| {
            Box::pin(page(setting))
        }),
    ]
}

fn is_older(of: &Value) -> bool {
    value(of, "fhir-version") == STU3
}

async fn lines(setting: &Setting) -> Judgement {
    let ura = setting.node(PHARMACY)?.ura.clone();
    // The pharmacy's own node asks its own system, the others ask the pharmacy.
    for (node, person) in [("hospital", "koster"), (PHARMACY, "timmer"), ("general-practice", "deboer")] {
        let parameters = showcase(setting, node, person).await?;
        ensure(value(&parameters, "complete") == "true", || format!("{node}: it is not complete"))?;
        let drops = treatment(&parameters, ONLY_THERE, "current")?;
        let lead = parts(drops, "line").next().unwrap_or(&Value::Null);
        let received: Vec<&Value> = parts(lead, "received").collect();
        let [receipt] = received.as_slice() else { return Err(Flaw::Broken(format!("{} receipts", received.len()))) };
        ensure(is_older(receipt) && value(receipt, "ura") == ura, || {
            "the line does not say where it is from".to_owned()
        })?;
        ensure(value(lead, "instruction").contains("1 druppel in beide ogen"), || {
            "the instruction is lost".to_owned()
        })?;
        let sources: Vec<&Value> = parts(&parameters, "source").filter(|source| value(source, "ura") == ura).collect();
        let versions: BTreeSet<String> = sources.iter().map(|source| value(source, "fhir-version")).collect();
        let answered = sources.iter().all(|source| value(source, "status") == "answered");
        ensure(answered && versions == BTreeSet::from([String::new(), STU3.to_owned()]), || {
            format!("{node}: the pharmacy answered in {versions:?}")
        })?;
        // The base set of that system as well.
        let results = parts(&parameters, "laboratory").flat_map(|series| parts(series, "result"));
        let renal = results.flat_map(|result| parts(result, "received")).any(is_older);
        ensure(renal, || "the renal function is not among the values".to_owned())?;
    }
    Ok(())
}

async fn one_line(setting: &Setting) -> Judgement {
    let parameters = showcase(setting, "hospital", "koster").await?;
    let found = treatment(&parameters, IN_BOTH, "current")?;
    let both = parts(found, "line").find(|line| {
        let received: Vec<bool> = parts(line, "received").map(is_older).collect();
        received.contains(&true)
    });
    let both = both.ok_or_else(|| Flaw::Broken("the older system's agreement is on no line".to_owned()))?;
    let received: Vec<bool> = parts(both, "received").map(is_older).collect();
    ensure(received.len() == 2 && received.contains(&false), || format!("it was received {} times", received.len()))?;
    ensure(parts(both, "other-version").next().is_none() && !warns(found, "versions-differ"), || {
        "the same said in two versions passes for a contradiction".to_owned()
    })
}

async fn whole(setting: &Setting) -> Judgement {
    let held = region::older_resources(PHARMACY);
    for operation in [OPERATION, FORMER] {
        let answer = ask(setting, "hospital", &*setting.person("koster")?, operation).await?;
        let bundle = answer.json().unwrap_or_default();
        let entries: Vec<&Value> =
            bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]).collect();
        let as_r4 = entries.iter().any(|entry| held.iter().any(|older| older["id"] == entry["id"]));
        ensure(!as_r4, || format!("{operation}: a resource of STU3 passes for one of R4"))?;
        let binaries: Vec<&&Value> = entries.iter().filter(|entry| entry["resourceType"] == "Binary").collect();
        ensure(!binaries.is_empty(), || format!("{operation}: nothing of STU3 is there"))?;
        for binary in &binaries {
            let marked = binary["contentType"] == "application/fhir+json; fhirVersion=3.0";
            let text = STANDARD.decode(binary["data"].as_str().unwrap_or_default()).unwrap_or_default();
            let resource: Value = serde_json::from_slice(&text).unwrap_or_default();
            let mut of_source = held.iter().find(|older| older["id"] == resource["id"]).cloned().unwrap_or_default();
            // A server adds what it keeps itself.
            for own in ["versionId", "lastUpdated"] {
                if let Some(found) = resource["meta"].get(own) {
                    of_source["meta"][own] = found.clone();
                }
            }
            ensure(marked && resource == of_source, || format!("{operation}: {} is not as it was", resource["id"]))?;
        }
        // The overview has all of it, the list what is on it.
        let all = binaries.len() == held.len();
        ensure(all || operation == FORMER, || format!("{} of {} resources are there", binaries.len(), held.len()))?;
    }
    Ok(())
}

async fn with_a_dead_source(setting: &Setting) -> Judgement {
    put(setting, OLDER, &Fault::Dead).await?;
    let asked = showcase(setting, "hospital", "koster").await;
    let list = ask(setting, "hospital", &*setting.person("koster")?, FORMER).await;
    put(setting, OLDER, &Fault::None).await?;
    let parameters = asked?;
    ensure(value(&parameters, "complete") == "false", || "it says that it is complete".to_owned())?;
    let ura = setting.node(PHARMACY)?.ura.clone();
    let of_it: Vec<&Value> = parts(&parameters, "source").filter(|source| value(source, "ura") == ura).collect();
    let status =
        |older: bool| of_it.iter().find(|source| is_older(source) == older).map(|source| value(source, "status"));
    ensure(status(true).as_deref() == Some("unreachable"), || {
        format!("the older system is shown as {:?}", status(true))
    })?;
    ensure(status(false).as_deref() == Some("answered"), || format!("the other one is shown as {:?}", status(false)))?;
    ensure(String::from_utf8_lossy(&list?.body).contains("Incomplete: "), || {
        "the former list does not say that it is incomplete".to_owned()
    })
}

async fn on_record(setting: &Setting) -> Judgement {
    let (user, holder) = (setting.mark("hospital").await?, setting.mark(PHARMACY).await?);
    let answer = ask(setting, "hospital", &*setting.person("koster")?, OPERATION).await?;
    told(&answer)?;
    let records = setting.since(&user, "hospital")?;
    let [record] = records.as_slice() else { return Err(Flaw::Broken(format!("{} records", records.len()))) };
    let ura = setting.node(PHARMACY)?.ura.clone();
    let sources = record["sources"].as_array().into_iter().flatten().filter(|source| source["holder"] == ura.as_str());
    let versions: Vec<Option<&str>> = sources.map(|source| source["fhir_version"].as_str()).collect();
    ensure(versions.len() == 2 && versions.contains(&None) && versions.contains(&Some("stu3")), || {
        format!("the record says {versions:?}")
    })?;
    let decided = &record["decision"]["elsewhere"][0];
    ensure(decided["fhir_version"] == "stu3" && decided["permitted"] == true, || {
        "the decision is not told".to_owned()
    })?;
    let theirs = setting.since(&holder, PHARMACY)?;
    let same = |record: &&Value| record["correlation_id"] == records[0]["correlation_id"];
    let asked: BTreeSet<&str> =
        theirs.iter().filter(same).filter_map(|record| record["asked"]["fhir_version"].as_str()).collect();
    ensure(asked == BTreeSet::from(["r4", "stu3"]), || format!("the pharmacy was asked in {asked:?}"))
}

async fn at_the_outer_gate(setting: &Setting) -> Judgement {
    let hospital = setting.node("hospital")?.ura.clone();
    let wire = setting.organisation(&hospital, PHARMACY)?;
    let wire = wire.signed_in("medication-overview", Some(&acting(SHOWCASE))).await?;
    let outer = &setting.node(PHARMACY)?.fhir.outer;
    let identifier = format!("{BSN_SYSTEM}|{SHOWCASE}");
    for (base, other, carries) in [(&outer.r4, "more-in-stu3", false), (&outer.stu3, "more-in-r4", true)] {
        let base = base.as_deref().ok_or_else(|| Flaw::NotRun("the pharmacy lacks a base".to_owned()))?;
        let form = [("patient.identifier", identifier.as_str()), ("category", "http://snomed.info/sct|422037009")];
        let answer = wire.post_form(&format!("{base}/MedicationDispense/_search"), &form).await?;
        ensure(answer.status == 200, || format!("{base} answers {}", answer.status))?;
        let bundle = answer.json().unwrap_or_default();
        let entries: Vec<&Value> =
            bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]).collect();
        let drops = entries.iter().any(|entry| entry.to_string().contains(ONLY_THERE));
        ensure(drops == carries, || format!("{base}: what the older system holds is there: {drops}"))?;
        let issues = entries.iter().filter(|entry| entry["resourceType"] == "OperationOutcome");
        let says = issues
            .flat_map(|outcome| outcome["issue"].as_array().into_iter().flatten())
            .any(|issue| issue["code"] == "incomplete" && issue["details"]["text"] == other);
        ensure(says && bundle.get("total").is_none(), || format!("{base} does not say {other}"))?;
    }
    Ok(())
}

async fn page(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, PHARMACY)?;
    let browser = desk.browser()?;
    let pharmacist = setting.ready.person("timmer").and_then(|caller| caller.bearer_token.clone());
    let code = pharmacist.ok_or_else(|| Flaw::NotRun("the pharmacist has no access code".to_owned()))?;
    let entered = desk.guess(&browser, &code).await?;
    ensure(entered.status == 303 || entered.status == 200, || format!("entering is answered {}", entered.status))?;
    let answer = desk.medication(&browser, SHOWCASE).await?;
    ensure(answer.status == 200, || format!("the page is answered {}", answer.status))?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let unasked = "Contra-indicaties zijn niet gevraagd aan Apotheek Het Veer in FHIR STU3";
    for told in ["latanoprost oogdruppels", "gevraagd in FHIR STU3", ", FHIR STU3", unasked] {
        ensure(text.contains(told), || format!("the page does not say: {told}"))?;
    }
    Ok(())
}
