//! What the pharmacy's older system still holds: the records of a pharmacy that it took over, in STU3 as MP 9.0.7 and zib
//! release 2017 write them. One patient is in it: Mien, who has had her eye drops from there for years.

use serde_json::{Value, json};

use super::codes::{Concept, SNOMED, allergy, concept};
use super::providers::PHARMACY;
use super::resources;
use super::zib::{PROFILES, TREATMENTS, coded, coding};

/// Her number there.
const NUMBER: &str = "oud-1187";
const MIEN: &str = "999911120";

/// Whether the provider has such a system.
pub fn has_older_system(provider: &str) -> bool {
    provider == PHARMACY.key
}

/// Everything in a provider's older system, in STU3. Empty where there is none.
pub fn older_resources(provider: &str) -> Vec<Value> {
    if !has_older_system(provider) {
        return Vec::new();
    }
    let of_now = resources(provider);
    let mut all: Vec<Value> = of_now.iter().filter(|one| is_mien(one)).map(patient).collect();
    all.extend(of_now.iter().filter(|one| is_carried_over(one)).filter_map(|one| carried_over(one, &of_now)).flatten());
    all.extend([
        product("latanoprost", concept("http://www.whocc.no/atc", "S01EE01", "latanoprost"), DROPS),
        agreement(
            &json!({"system": format!("{}/toedieningsafspraak", PHARMACY.own_system), "value": format!("{NUMBER}-TA-1")}),
            "mien-latanoprost",
            (&format!("{NUMBER}-product-latanoprost"), DROPS),
            ("2021-06-14", "2021-06-14T11:00:00+02:00"),
            "Vanaf 14 jun 2021, 1 maal per dag 1 druppel in beide ogen",
            "toediening-1",
        ),
        allergic(),
        filtration(),
    ]);
    all
}

const DROPS: &str = "latanoprost oogdruppels 50 microgram/ml";

fn is_mien(resource: &Value) -> bool {
    resource["resourceType"] == "Patient" && resource["identifier"][0]["value"] == MIEN
}

/// Who she is, as both versions say it.
fn patient(of_now: &Value) -> Value {
    json!({
        "resourceType": "Patient",
        "id": NUMBER,
        "meta": {"profile": ["http://fhir.nl/fhir/StructureDefinition/nl-core-patient"]},
        "identifier": [of_now["identifier"][0], {"system": format!("{}/oud-nummer", PHARMACY.own_system), "value": NUMBER}],
        "name": of_now["name"],
        "gender": of_now["gender"],
        "birthDate": of_now["birthDate"],
    })
}

/// The administration agreement that both systems hold, because it was carried over.
fn is_carried_over(resource: &Value) -> bool {
    resource["category"]["coding"][0]["code"] == "422037009"
        && extended(resource, "ext-PharmaceuticalTreatment.Identifier", "valueIdentifier")["value"]
            == "mien-colecalciferol"
}

/// The agreement as the older system says the same, under the same number, with its product.
fn carried_over(of_now: &Value, all: &[Value]) -> Option<[Value; 2]> {
    let reference = of_now["medicationReference"]["reference"].as_str()?;
    let id = reference.strip_prefix("Medication/")?;
    let medicine = all.iter().find(|one| one["resourceType"] == "Medication" && one["id"] == id)?;
    let start = extended(of_now, "ext-TimeInterval.Period", "valuePeriod")["start"].as_str()?;
    let moment = extended(of_now, "ext-AdministrationAgreement.AdministrationAgreementDateTime", "valueDateTime");
    let words = extended(of_now, "ext-RenderedDosageInstruction", "valueString").as_str()?;
    let name = of_now["medicationReference"]["display"].as_str()?;
    let own = format!("{NUMBER}-product-overgenomen");
    let product = json!({
        "resourceType": "Medication",
        "id": own,
        "meta": {"profile": [format!("{PROFILES}zib-Product")]},
        "code": medicine["code"],
    });
    let mut agreement = agreement(
        &of_now["identifier"][0],
        "mien-colecalciferol",
        (&own, name),
        (start, moment.as_str()?),
        words,
        "toediening-2",
    );
    agreement["authorizingPrescription"] = of_now["authorizingPrescription"].clone();
    Some([product, agreement])
}

fn extended<'v>(resource: &'v Value, name: &str, value: &str) -> &'v Value {
    let of_name = |one: &&Value| one["url"].as_str().and_then(|url| url.strip_prefix(PROFILES)) == Some(name);
    resource["extension"].as_array().into_iter().flatten().find(of_name).map_or(&Value::Null, |one| &one[value])
}

fn product(sort: &str, substance: Concept, text: &str) -> Value {
    json!({
        "resourceType": "Medication",
        "id": format!("{NUMBER}-product-{sort}"),
        "meta": {"profile": [format!("{PROFILES}zib-Product")]},
        "code": {"coding": [coding(substance)], "text": text},
    })
}

/// Toedieningsafspraak of MP 9.0.7.
fn agreement(
    identifier: &Value,
    treatment: &str,
    (product, name): (&str, &str),
    (start, agreed): (&str, &str),
    words: &str,
    id: &str,
) -> Value {
    let extension = |name: &str, key: &str, value: Value| json!({"url": format!("{PROFILES}{name}"), key: value});
    json!({
        "resourceType": "MedicationDispense",
        "id": format!("{NUMBER}-{id}"),
        "meta": {"profile": [format!("{PROFILES}zib-AdministrationAgreement")]},
        "extension": [
            extension("zib-AdministrationAgreement-AuthoredOn", "valueDateTime", json!(agreed)),
            extension("zib-Medication-PeriodOfUse", "valuePeriod", json!({"start": start})),
            extension(
                "zib-Medication-MedicationTreatment",
                "valueIdentifier",
                json!({"system": TREATMENTS, "value": treatment}),
            ),
        ],
        "identifier": [identifier],
        "category": coded(concept(SNOMED, "422037009", "toedieningsafspraak")),
        "medicationReference": {"reference": format!("Medication/{product}"), "display": name},
        "subject": {"reference": format!("Patient/{NUMBER}")},
        "dosageInstruction": [{"sequence": 1, "text": words}],
    })
}

fn allergic() -> Value {
    json!({
        "resourceType": "AllergyIntolerance",
        "id": format!("{NUMBER}-allergie-1"),
        "meta": {"profile": [format!("{PROFILES}zib-AllergyIntolerance")]},
        "clinicalStatus": "active",
        "verificationStatus": "confirmed",
        "category": ["medication"],
        "code": coded(allergy::PENICILLIN),
        "patient": {"reference": format!("Patient/{NUMBER}")},
        "assertedDate": "2009-04-02",
    })
}

/// A renal function that the former pharmacy was told of.
fn filtration() -> Value {
    json!({
        "resourceType": "Observation",
        "id": format!("{NUMBER}-nierfunctie-1"),
        "meta": {"profile": [format!("{PROFILES}zib-LaboratoryTestResult-Observation")]},
        "status": "final",
        "category": [
            {"coding": [{"system": SNOMED, "code": "49581000146104"}]},
            {"coding": [{"system": SNOMED, "code": "275711006"}]},
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "62238-1"}], "text": "eGFR (CKD-EPI)"},
        "subject": {"reference": format!("Patient/{NUMBER}")},
        "effectiveDateTime": "2024-03-18",
        "valueQuantity": {
            "value": 58, "unit": "mL/min/1,73m2", "system": "http://unitsofmeasure.org", "code": "mL/min/{1.73_m2}"
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_provider_has_an_older_system_with_one_patient_in_it() {
        for provider in crate::region::providers() {
            assert_eq!(older_resources(provider.key).is_empty(), provider.key != "pharmacy");
        }
        let all = older_resources("pharmacy");
        let kinds: Vec<&str> = all.iter().filter_map(|one| one["resourceType"].as_str()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "Patient").count(), 1);
        assert_eq!(kinds.iter().filter(|kind| **kind == "MedicationDispense").count(), 2);
        let names: BTreeSet<String> = all.iter().map(|one| format!("{}/{}", one["resourceType"], one["id"])).collect();
        assert_eq!(names.len(), all.len(), "no two have one name");
        let naming = all.iter().filter(|one| one.to_string().contains(MIEN));
        assert!(naming.clone().all(|one| one["resourceType"] == "Patient") && naming.count() == 1);
    }

    #[test]
    fn what_was_carried_over_says_the_same_under_the_same_number() {
        let now = resources("pharmacy");
        let of_now = now.iter().find(|one| is_carried_over(one)).unwrap();
        let older = older_resources("pharmacy");
        let carried = older.iter().find(|one| one["identifier"][0] == of_now["identifier"][0]).unwrap();
        assert_eq!(
            carried["dosageInstruction"][0]["text"],
            *extended(of_now, "ext-RenderedDosageInstruction", "valueString")
        );
        assert_eq!(carried["medicationReference"]["display"], of_now["medicationReference"]["display"]);
        assert_eq!(carried["authorizingPrescription"], of_now["authorizingPrescription"]);
        // Everything that is referred to is there.
        for agreement in older.iter().filter(|one| one["resourceType"] == "MedicationDispense") {
            let to = agreement["medicationReference"]["reference"].as_str().unwrap();
            assert!(
                older
                    .iter()
                    .any(|one| one["resourceType"] == "Medication" && to.ends_with(one["id"].as_str().unwrap()))
            );
        }
    }
}
