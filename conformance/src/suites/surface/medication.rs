//! The searches and the operation of the medication process (MP9 3.0) that no server knows by itself: each search parameter with a
//! value that finds something and with one that finds nothing, and `$latest-stops`.

use serde_json::{Value, json};

use super::material::{ANNA, BSN_SYSTEM};
use super::{MEDICATION, Surface, expect, names};
use crate::callers::{Answer, Wire};
use crate::suites::{Flaw, Judgement, ensure};

const BASE: &str = "http://nictiz.nl/fhir/StructureDefinition";
const SNOMED: &str = "http://snomed.info/sct";
const TREATMENTS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.1.1";
const BLOCKS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.16076005.1";
const PRK: &str = "urn:oid:2.16.840.1.113883.2.4.4.10";

fn coded(code: &str) -> Value {
    json!({"coding": [{"system": SNOMED, "code": code}]})
}

/// A block of a patient, of a treatment, with what else it has.
fn block(kind: &str, id: &str, whose: &str, category: &str, treatment: &str, more: Value) -> Value {
    // One concept where the type has one, a list where it has more.
    let category = if kind == "MedicationRequest" { json!([coded(category)]) } else { coded(category) };
    let mut block = json!({"resourceType": kind, "id": id, "status": "unknown", "category": category,
        "identifier": [{"system": BLOCKS, "value": id}],
        "subject": {"reference": format!("Patient/{whose}")}, "medicationReference": {"reference": "Medication/m1"},
        "extension": [{"url": format!("{BASE}/ext-PharmaceuticalTreatment.Identifier"),
            "valueIdentifier": {"system": TREATMENTS, "value": treatment}}]});
    for (name, value) in more.as_object().into_iter().flatten() {
        match (name.as_str(), value.as_array()) {
            ("extension", Some(more)) => {
                if let Some(extensions) = block["extension"].as_array_mut() {
                    extensions.extend(more.iter().cloned());
                }
            }
            _ => block[name.as_str()] = value.clone(),
        }
    }
    block
}

fn period(start: &str, end: Option<&str>) -> Value {
    let mut period = json!({"start": start});
    if let Some(end) = end {
        period["end"] = json!(end);
    }
    json!({"url": format!("{BASE}/ext-TimeInterval.Period"), "valuePeriod": period})
}

fn refers(name: &str, to: &str) -> Value {
    json!({"url": format!("{BASE}/{name}"), "valueReference": {"reference": to}})
}

fn registered(moment: &str) -> Value {
    json!({"url": format!("{BASE}/ext-RegistrationDateTime"), "valueDateTime": moment})
}

fn stopped() -> Value {
    json!([{"url": format!("{BASE}/ext-StopType"), "valueCodeableConcept": coded("410546004")}])
}

/// The medication of the two patients: of the first one treatment that runs and one that was stopped twice.
pub fn resources() -> Vec<Value> {
    let to = |reference: &str| json!({"reference": reference});
    let mut all = vec![
        json!({"resourceType": "Medication", "id": "m1", "code": {"coding": [{"system": PRK, "code": "3956"}]}}),
        json!({"resourceType": "Medication", "id": "m2", "code": {"coding": [{"system": PRK, "code": "1783"}]}}),
        block(
            "MedicationRequest",
            "ma-runs",
            "anna",
            "33633005",
            "runs",
            json!({
            "requester": to("PractitionerRole/r1"), "reasonReference": [to("Condition/c1")],
            "extension": [period("2026-01-01", None), registered("2026-01-01T09:00:00Z"),
                refers("ext-MedicationAgreement.NextPractitioner", "PractitionerRole/r2")]}),
        ),
        block(
            "MedicationRequest",
            "ma-old",
            "anna",
            "33633005",
            "stopped",
            json!({
            "medicationReference": to("Medication/m2"),
            "extension": [period("2024-01-01", None), registered("2024-01-01T09:00:00Z")]}),
        ),
        block(
            "MedicationRequest",
            "ma-stop-1",
            "anna",
            "33633005",
            "stopped",
            json!({
            "modifierExtension": stopped(), "priorPrescription": {"identifier": {"system": BLOCKS, "value": "ma-old"}},
            "extension": [period("2024-01-01", Some("2024-06-01T12:00:00Z")), registered("2024-06-01T12:00:00Z")]}),
        ),
        block(
            "MedicationRequest",
            "ma-stop-2",
            "anna",
            "33633005",
            "stopped",
            json!({
            "modifierExtension": stopped(),
            "extension": [period("2024-08-01", Some("2024-09-01T12:00:00Z")), registered("2024-09-01T12:00:00Z")]}),
        ),
        block(
            "MedicationRequest",
            "wds",
            "anna",
            "395067002",
            "runs",
            json!({
            "extension": [period("2026-01-01", None), registered("2026-01-01T10:00:00Z")]}),
        ),
        block(
            "MedicationRequest",
            "vv",
            "anna",
            "52711000146108",
            "runs",
            json!({
            "performer": to("Organization/apotheek"),
            "dispenseRequest": {"extension": [refers("ext-DispenseRequest.DispenseLocation", "Location/balie")]}}),
        ),
        block(
            "MedicationDispense",
            "ta-runs",
            "anna",
            "422037009",
            "runs",
            json!({
            "performer": [{"actor": to("Organization/apotheek")}],
            "extension": [period("2026-01-02", None), registered("2026-01-02T09:00:00Z")]}),
        ),
        block(
            "MedicationDispense",
            "ta-stop",
            "anna",
            "422037009",
            "stopped",
            json!({
            "modifierExtension": stopped(),
            "extension": [period("2024-01-01", Some("2024-06-02T12:00:00Z")), registered("2024-06-02T12:00:00Z")]}),
        ),
        block(
            "MedicationDispense",
            "mve",
            "anna",
            "373784005",
            "runs",
            json!({"whenHandedOver": "2026-01-03",
            "location": to("Location/balie"), "destination": to("Location/thuis")}),
        ),
        block(
            "MedicationStatement",
            "mgb",
            "anna",
            "422979000",
            "runs",
            json!({
            "effectivePeriod": {"start": "2026-01-05", "end": "2026-01-25"}, "dateAsserted": "2026-01-26",
            "informationSource": to("Patient/anna"),
            "extension": [refers("ext-MedicationUse2.Author", "PractitionerRole/r1"),
                refers("ext-MedicationUse2.Prescriber", "PractitionerRole/r2")]}),
        ),
        block(
            "MedicationAdministration",
            "mtd",
            "anna",
            "18629005",
            "runs",
            json!({"effectiveDateTime": "2026-01-06"}),
        ),
        block(
            "MedicationRequest",
            "ma-bram",
            "bram",
            "33633005",
            "runs",
            json!({
            "extension": [period("2026-01-01", None), registered("2026-01-01T09:00:00Z")]}),
        ),
    ];
    for resource in &mut all {
        resource["meta"] = json!({"versionId": "1", "lastUpdated": "2026-02-03T10:00:00Z"});
    }
    all
}

/// A type, its parameter, a value with what it finds, and a value that finds nothing.
type Row = (&'static str, &'static str, String, &'static [&'static str], String);

/// Every search parameter of the handbook's list (MP9 3.0, retrieve and serve), per type.
fn rows() -> Vec<Row> {
    let treatment = |id: &str| format!("{TREATMENTS}|{id}");
    let identifier = |id: &str| format!("{BLOCKS}|{id}");
    let category = |code: &str| format!("{SNOMED}|{code}");
    let product = |code: &str| format!("{PRK}|{code}");
    let plain = str::to_owned;
    const PTI: &str = "pharmaceutical-treatment-identifier";
    const REQUEST: &str = "MedicationRequest";
    const DISPENSE: &str = "MedicationDispense";
    const STATEMENT: &str = "MedicationStatement";
    const ADMINISTRATION: &str = "MedicationAdministration";
    const RUNS: &[&str] = &["ma-runs", "vv", "wds"];
    vec![
        (REQUEST, "identifier", identifier("ma-runs"), &["ma-runs"], identifier("ma-bram")),
        (REQUEST, PTI, treatment("runs"), RUNS, treatment("none")),
        (REQUEST, "category", category("395067002"), &["wds"], category("373784005")),
        (REQUEST, "medication", plain("Medication/m2"), &["ma-old"], plain("Medication/m3")),
        (REQUEST, "medication.code", product("1783"), &["ma-old"], product("1784")),
        (REQUEST, "requester", plain("PractitionerRole/r1"), &["ma-runs"], plain("PractitionerRole/r2")),
        (REQUEST, "intended-performer", plain("Organization/apotheek"), &["vv"], plain("Organization/other")),
        (REQUEST, "next-practitioner", plain("PractitionerRole/r2"), &["ma-runs"], plain("PractitionerRole/r1")),
        (REQUEST, "dispense-location", plain("Location/balie"), &["vv"], plain("Location/thuis")),
        (REQUEST, "reason", plain("Condition/c1"), &["ma-runs"], plain("Condition/c2")),
        (REQUEST, "period-of-use", plain("le2024-07-01"), &["ma-old", "ma-stop-1"], plain("lt2024-01-01")),
        (DISPENSE, "identifier", identifier("mve"), &["mve"], identifier("ma-runs")),
        (DISPENSE, PTI, treatment("stopped"), &["ta-stop"], treatment("none")),
        (DISPENSE, "category", category("373784005"), &["mve"], category("33633005")),
        (DISPENSE, "medication", plain("Medication/m1"), &["mve", "ta-runs", "ta-stop"], plain("Medication/m2")),
        (DISPENSE, "medication.code", product("3956"), &["mve", "ta-runs", "ta-stop"], product("1783")),
        (DISPENSE, "period-of-use", plain("ge2026-01-01"), &["ta-runs"], plain("lt2024-01-01")),
        (DISPENSE, "whenhandedover", plain("ge2026-01-03"), &["mve"], plain("lt2026-01-03")),
        (DISPENSE, "location", plain("Location/balie"), &["mve"], plain("Location/thuis")),
        (DISPENSE, "destination", plain("Location/thuis"), &["mve"], plain("Location/balie")),
        (DISPENSE, "performer", plain("Organization/apotheek"), &["ta-runs"], plain("Organization/other")),
        (STATEMENT, "identifier", identifier("mgb"), &["mgb"], identifier("mtd")),
        (STATEMENT, PTI, treatment("runs"), &["mgb"], treatment("stopped")),
        (STATEMENT, "category", category("422979000"), &["mgb"], category("33633005")),
        (STATEMENT, "medication", plain("Medication/m1"), &["mgb"], plain("Medication/m2")),
        (STATEMENT, "medication.code", product("3956"), &["mgb"], product("1783")),
        (STATEMENT, "source", plain("Patient/anna"), &["mgb"], plain("PractitionerRole/r1")),
        (STATEMENT, "period-of-use", plain("gt2026-01-10"), &["mgb"], plain("gt2026-01-25")),
        (STATEMENT, "author", plain("PractitionerRole/r1"), &["mgb"], plain("PractitionerRole/r2")),
        (STATEMENT, "prescriber", plain("PractitionerRole/r2"), &["mgb"], plain("PractitionerRole/r1")),
        (ADMINISTRATION, "identifier", identifier("mtd"), &["mtd"], identifier("mgb")),
        (ADMINISTRATION, PTI, treatment("runs"), &["mtd"], treatment("stopped")),
        (ADMINISTRATION, "category", category("18629005"), &["mtd"], category("422979000")),
        (ADMINISTRATION, "medication", plain("Medication/m1"), &["mtd"], plain("Medication/m2")),
        (ADMINISTRATION, "medication.code", product("3956"), &["mtd"], product("1783")),
        (ADMINISTRATION, "effective-time", plain("2026-01-06"), &["mtd"], plain("2026-01-07")),
    ]
}

async fn asked(surface: &Surface, caller: &Wire, path: &str, query: &[(&str, &str)]) -> Result<Answer, Flaw> {
    let mut url = reqwest::Url::parse(&surface.url(path)).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    url.query_pairs_mut().extend_pairs(query);
    Ok(caller.get(url.as_str()).await?)
}

/// The ids of the blocks in an answer, with a star where one only comes along. Of products nothing is said.
fn blocks(answer: &Answer) -> Vec<String> {
    let bundle = answer.json().unwrap_or_default();
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let id = |entry: &Value| {
        let star = if entry["search"]["mode"] == "match" { "" } else { "*" };
        format!("{}{star}", entry["resource"]["id"].as_str().unwrap_or_default())
    };
    let is_block = |entry: &&Value| entry["resource"]["resourceType"] != "Medication";
    let mut all: Vec<String> = entries.filter(is_block).map(id).collect();
    all.sort();
    all
}

pub async fn searches(surface: &Surface) -> Judgement {
    let pharmacist = surface.holder.caller(MEDICATION, ANNA).await.map_err(Flaw::Broken)?;
    for (kind, name, right, found, wrong) in rows() {
        for (value, expected) in [(&right, found), (&wrong, &[][..])] {
            let answer = asked(surface, &pharmacist, kind, &[(name, value)]).await?;
            let what = format!("{kind}?{name}={value}");
            expect(&answer, 200, &what)?;
            ensure(blocks(&answer) == expected, || format!("{what} finds {:?}", blocks(&answer)))?;
        }
    }
    for (path, name, value) in [
        // No date, no boolean, and a parameter that the type does not have.
        ("MedicationRequest", "period-of-use", "soon"),
        ("MedicationRequest", "is-latest-stop", "perhaps"),
        ("MedicationAdministration", "is-latest-stop", "true"),
        ("MedicationAdministration", "period-of-use", "ge2026-01-01"),
        ("MedicationDispense", "next-practitioner", "PractitionerRole/r2"),
        ("MedicationRequest", "status", "unknown"),
    ] {
        let answer = asked(surface, &pharmacist, path, &[(name, value)]).await?;
        let refused = (400..500).contains(&answer.status);
        ensure(refused, || format!("{path}?{name}={value} answers {}", answer.status))?;
    }
    let window = ("period-of-use", "ge2026-01-01");
    let agreement = format!("{SNOMED}|33633005");
    for (latest, expected) in [("true", &["ma-runs", "ma-stop-2"][..]), ("false", &["ma-runs"])] {
        // What was stopped without an end of its own lies in every window.
        let query = [("category", agreement.as_str()), window, ("is-latest-stop", latest)];
        let mut found = blocks(&asked(surface, &pharmacist, "MedicationRequest", &query).await?);
        found.retain(|id| id != "ma-old");
        ensure(found == expected, || format!("with is-latest-stop={latest} {found:?} is found"))?;
    }
    Ok(())
}

pub async fn latest_stops(surface: &Surface) -> Judgement {
    let pharmacist = surface.holder.caller(MEDICATION, ANNA).await.map_err(Flaw::Broken)?;
    let stopped = format!("{TREATMENTS}|stopped");
    let both = format!("{TREATMENTS}|none,{TREATMENTS}|runs");
    let schedules = format!("{SNOMED}|395067002");
    for (path, query, expected) in [
        ("MedicationRequest/$latest-stops", vec![], &["ma-runs", "ma-stop-2", "wds"][..]),
        ("MedicationRequest/$latest-stops", vec![("category", schedules.as_str())], &["wds"]),
        ("MedicationRequest/$latest-stops", vec![("mbh", stopped.as_str())], &["ma-stop-2"]),
        ("MedicationRequest/$latest-stops", vec![("mbh", both.as_str())], &["ma-runs", "wds"]),
        (
            "MedicationRequest/$latest-stops",
            vec![("mbh", stopped.as_str()), ("include-details", "true")],
            &["ma-old*", "ma-stop-1*", "ma-stop-2"],
        ),
        ("MedicationDispense/$latest-stops", vec![], &["ta-runs", "ta-stop"]),
        ("$latest-stops", vec![], &["ma-runs", "ma-stop-2", "ta-runs", "ta-stop", "wds"]),
    ] {
        let answer = asked(surface, &pharmacist, path, &query).await?;
        expect(&answer, 200, path)?;
        let found = blocks(&answer);
        ensure(found == expected, || format!("{path} with {query:?} holds {found:?}"))?;
        let products = names(&answer.json().unwrap_or_default()).contains(&"Medication/m1".to_owned());
        ensure(products, || format!("{path} does not say of which product"))?;
    }
    said_in_a_body(surface, &pharmacist).await?;
    for (path, name, value, status) in [
        ("MedicationRequest/$latest-stops", "category", "52711000146108", 400),
        ("MedicationRequest/$latest-stops", "mbh", "stopped", 400),
        ("MedicationRequest/$latest-stops", "include-details", "perhaps", 400),
        ("MedicationRequest/$latest-stops", "period-of-use", "ge2026-01-01", 400),
        ("MedicationRequest/$latest-stops", "patient", "bram", 403),
        ("MedicationStatement/$latest-stops", "_count", "5", 403),
        ("MedicationRequest/ma-runs/$latest-stops", "_count", "5", 403),
    ] {
        let answer = asked(surface, &pharmacist, path, &[(name, value)]).await?;
        expect(&answer, status, &format!("{path} by {name}={value}"))?;
    }
    told(surface, &pharmacist).await
}

/// The same question as Parameters: the patient and the treatment as Identifiers, the kind as a CodeableConcept.
async fn said_in_a_body(surface: &Surface, pharmacist: &Wire) -> Judgement {
    let parameters = |bsn: &str| {
        json!({"resourceType": "Parameters", "parameter": [
            {"name": "patient", "valueIdentifier": {"system": BSN_SYSTEM, "value": bsn}},
            {"name": "category", "valueCodeableConcept": coded("33633005")},
            {"name": "mbh", "valueIdentifier": {"system": TREATMENTS, "value": "stopped"}},
            {"name": "include-details", "valueBoolean": false}]})
    };
    let url = surface.url("MedicationRequest/$latest-stops");
    let answer = pharmacist.post_json(&url, &parameters(ANNA)).await?;
    expect(&answer, 200, "Parameters")?;
    ensure(blocks(&answer) == ["ma-stop-2"], || format!("Parameters are answered with {:?}", blocks(&answer)))?;
    let other = pharmacist.post_json(&url, &parameters(super::material::BRAM)).await?;
    expect(&other, 403, "Parameters about another patient")?;
    let patient = [("patient", format!("{BSN_SYSTEM}|{ANNA}"))];
    let by_form: Vec<(&str, &str)> = patient.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = pharmacist.post_form(&url, &by_form).await?;
    expect(&answer, 200, "the patient as a token in a form")?;
    ensure(blocks(&answer) == ["ma-runs", "ma-stop-2", "wds"], || format!("a form finds {:?}", blocks(&answer)))
}

/// Where it may be asked is told, with the canonical of its definition.
async fn told(surface: &Surface, pharmacist: &Wire) -> Judgement {
    let statement = asked(surface, pharmacist, "metadata", &[]).await?.json().unwrap_or_default();
    let rest = &statement["rest"][0];
    let definition = "http://nictiz.nl/fhir/OperationDefinition/mp-latest-stops";
    let tells = |of: &Value| {
        let mut all = of["operation"].as_array().into_iter().flatten();
        all.any(|one| one["name"] == "latest-stops" && one["definition"] == definition)
    };
    ensure(tells(rest), || "the statement does not tell of the operation".to_owned())?;
    for kind in ["MedicationRequest", "MedicationDispense"] {
        let found = rest["resource"].as_array().into_iter().flatten().find(|one| one["type"] == kind);
        ensure(found.is_some_and(tells), || format!("the statement does not tell of {kind}/$latest-stops"))?;
    }
    Ok(())
}
