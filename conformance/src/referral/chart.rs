//! The basic data set (BgZ) of a patient of the hospital, as its STU3 source holds it: something in every part of it, older
//! measurements among the newest, and what must stay behind. Structure follows zib release 2017; all of it is invented.

use std::path::Path;
use std::{fs, io};

use serde_json::{Value, json};

use crate::region::Patient;

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";

/// The id of this patient's Patient in the STU3 source.
pub fn patient_id(patient: &Patient) -> String {
    format!("bgz-{}", initials(patient))
}

fn initials(patient: &Patient) -> String {
    let letters = patient.name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase());
    letters.take(12).collect()
}

fn concept(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [{"system": system, "code": code, "display": display}]})
}

/// Everything of one patient.
pub fn chart(patient: &Patient) -> Vec<Value> {
    let tag = initials(patient);
    let id = |name: &str| format!("{name}-{tag}");
    let whole = patient_id(patient);
    let subject = json!({"reference": format!("Patient/{whole}"), "display": "Patiënt"});
    let to = |kind: &str, name: &str| json!({"reference": format!("{kind}/{}", id(name)), "display": kind});
    let mut all = vec![
        json!({"resourceType": "Patient", "id": whole, "active": true,
            "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": patient.bsn}],
            "name": [{"text": patient.name}], "birthDate": patient.birth_date,
            "generalPractitioner": [to("Practitioner", "huisarts")]}),
        json!({"resourceType": "Practitioner", "id": id("huisarts"), "active": true}),
        json!({"resourceType": "Organization", "id": id("verzekeraar"), "active": true, "name": "Zorgverzekeraar Maasdal"}),
        json!({"resourceType": "Coverage", "id": id("polis"), "status": "active", "beneficiary": subject,
            "payor": [to("Organization", "verzekeraar")]}),
    ];
    for (name, code, display) in [
        ("behandelgrens", "11291000146105", "Behandelaanwijzing"),
        ("wilsverklaring", "11341000146107", "Wilsverklaring"),
    ] {
        all.push(json!({"resourceType": "Consent", "id": id(name), "status": "active", "patient": subject,
            "category": [concept(SNOMED, code, display)]}));
    }
    let mut observe = |name: &str, category: Option<(&str, &str)>, code: Value, date: &str, more: Value| {
        let mut one = json!({"resourceType": "Observation", "id": id(name), "status": "final", "subject": subject,
            "code": code, "effectiveDateTime": date});
        if let Some((code, display)) = category {
            one["category"] = json!([concept(SNOMED, code, display)]);
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            one[key.as_str()] = value.clone();
        }
        all.push(one);
    };
    let words = |text: &str| json!({"valueString": text});
    let measured = |value: i64, unit: &str| json!({"valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}});
    let functioning = Some(("118228005", "Bevinding betreffende functioneren"));
    for (name, date) in [("functioneren-1", "2026-03-01"), ("functioneren-2", "2026-09-01")] {
        let code = concept(SNOMED, "301438001", "Vermogen om te lopen");
        observe(name, functioning, code, date, words("loopt met een rollator"));
    }
    for (name, code, display) in [
        ("woonsituatie", "365508006", "Woonsituatie"),
        ("drugs", "228366006", "Drugsgebruik"),
        ("alcohol", "228273003", "Alcoholgebruik"),
        ("tabak", "365980008", "Tabaksgebruik"),
    ] {
        observe(name, None, concept(SNOMED, code, display), "2026-05-01", words("zie dossier"));
    }
    for (name, date, value) in [("bloeddruk-1", "2026-02-01", 150), ("bloeddruk-2", "2026-10-01", 140)] {
        observe(name, None, concept(LOINC, "85354-9", "Bloeddruk"), date, measured(value, "mm[Hg]"));
    }
    for (name, date, value) in [("gewicht-1", "2026-02-01", 81), ("gewicht-2", "2026-10-01", 78)] {
        observe(name, None, concept(LOINC, "29463-7", "Lichaamsgewicht"), date, measured(value, "kg"));
    }
    observe("lengte", None, concept(LOINC, "8302-2", "Lichaamslengte"), "2026-02-01", measured(171, "cm"));
    let specimen = to("Specimen", "bloed");
    let related = json!({"related": [{"type": "has-member", "target": to("Observation", "natrium")}],
        "specimen": specimen, "valueString": "zie onderdelen"});
    for (name, category) in [("lab-20", "49581000146104"), ("lab-122", "275711006")] {
        let code = concept(LOINC, "24326-1", "Elektrolyten");
        observe(name, Some((category, "Laboratoriumonderzoek")), code, "2026-10-05", related.clone());
    }
    observe("natrium", None, concept(LOINC, "2951-2", "Natrium"), "2026-10-05", measured(139, "mmol/L"));
    // What is no part of the data set: nobody may have it by way of a referral.
    observe("buiten-de-set", None, concept(LOINC, "8867-4", "Hartfrequentie"), "2026-10-05", measured(72, "/min"));
    all.push(json!({"resourceType": "Specimen", "id": id("bloed"), "subject": subject,
        "type": concept(SNOMED, "119297000", "Bloed")}));
    all.extend(problems(&subject, &id));
    all.extend(medication(&subject, &id));
    all.extend(care(&subject, &id, &whole));
    all
}

fn problems(subject: &Value, id: &dyn Fn(&str) -> String) -> Vec<Value> {
    let condition = |name: &str, code: &str, display: &str| {
        json!({"resourceType": "Condition", "id": id(name), "clinicalStatus": "active", "subject": subject,
            "code": concept(SNOMED, code, display)})
    };
    vec![
        condition("heup", "263102004", "Fractuur en luxatie"),
        condition("hypertensie", "38341003", "Hypertensie"),
        json!({"resourceType": "Condition", "id": id("afgeschermd"), "clinicalStatus": "active", "subject": subject,
            "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]},
            "code": concept(SNOMED, "74732009", "Psychische stoornis")}),
        json!({"resourceType": "Provenance", "id": id("herkomst"), "recorded": "2026-10-01T09:00:00Z",
            "target": [{"reference": format!("Condition/{}", id("heup"))}],
            "agent": [{"whoReference": {"reference": format!("Organization/{}", id("verzekeraar"))}}]}),
        json!({"resourceType": "Flag", "id": id("attentie"), "status": "active", "subject": subject,
            "code": concept(SNOMED, "129839007", "Valrisico")}),
        json!({"resourceType": "AllergyIntolerance", "id": id("allergie"), "verificationStatus": "confirmed",
            "clinicalStatus": "active", "patient": subject, "code": concept(SNOMED, "764146007", "Penicilline")}),
        json!({"resourceType": "NutritionOrder", "id": id("dieet"), "status": "active", "patient": subject,
            "dateTime": "2026-10-01", "oralDiet": {"type": [concept(SNOMED, "437421000124105", "Natriumarm dieet")]}}),
    ]
}

fn medication(subject: &Value, id: &dyn Fn(&str) -> String) -> Vec<Value> {
    let medicine = json!({"reference": format!("Medication/{}", id("metoprolol")), "display": "Metoprolol"});
    let use_category = concept("urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3", "6", "Medicatiegebruik");
    vec![
        json!({"resourceType": "Medication", "id": id("metoprolol"),
            "code": concept("urn:oid:2.16.840.1.113883.2.4.4.10", "3956", "Metoprolol 50 mg")}),
        json!({"resourceType": "MedicationStatement", "id": id("gebruik"), "status": "active", "taken": "y",
            "subject": subject, "category": use_category, "medicationReference": medicine}),
        json!({"resourceType": "MedicationRequest", "id": id("afspraak"), "status": "active", "intent": "order",
            "subject": subject, "category": concept(SNOMED, "16076005", "Medicatieafspraak"),
            "medicationReference": medicine}),
        json!({"resourceType": "MedicationDispense", "id": id("toediening"), "status": "completed", "subject": subject,
            "category": concept(SNOMED, "422037009", "Toedieningsafspraak"), "medicationReference": medicine}),
    ]
}

fn care(subject: &Value, id: &dyn Fn(&str) -> String, patient: &str) -> Vec<Value> {
    let device = |name: &str| json!({"reference": format!("Device/{}", id(name)), "display": "Hulpmiddel"});
    let class = json!({"system": "http://hl7.org/fhir/v3/ActCode", "code": "IMP", "display": "klinisch"});
    vec![
        json!({"resourceType": "Device", "id": id("rollator"), "patient": subject, "type": concept(SNOMED, "266731002", "Looprek")}),
        json!({"resourceType": "Device", "id": id("bril"), "patient": subject, "type": concept(SNOMED, "50121007", "Bril")}),
        json!({"resourceType": "DeviceUseStatement", "id": id("loophulp"), "status": "active", "subject": subject,
            "device": device("rollator")}),
        json!({"resourceType": "DeviceRequest", "id": id("aanvraag-bril"), "status": "active", "subject": subject,
            "intent": concept("http://hl7.org/fhir/request-intent", "order", "opdracht"), "codeReference": device("bril")}),
        json!({"resourceType": "Immunization", "id": id("griepprik"), "status": "completed", "notGiven": false,
            "primarySource": true, "patient": subject, "vaccineCode": concept(SNOMED, "46233009", "Influenzavaccin")}),
        json!({"resourceType": "ImmunizationRecommendation", "id": id("oproep"), "patient": subject,
            "recommendation": [{"date": "2026-12-01", "forecastStatus":
                concept("http://hl7.org/fhir/immunization-recommendation-status", "due", "aan de beurt")}]}),
        json!({"resourceType": "ProcedureRequest", "id": id("controle"), "status": "active", "intent": "order",
            "subject": subject, "code": concept(SNOMED, "185349003", "Controle")}),
        json!({"resourceType": "Procedure", "id": id("operatie"), "status": "completed", "subject": subject,
            "category": concept(SNOMED, "387713003", "Chirurgische verrichting"),
            "code": concept(SNOMED, "52734007", "Totale heupprothese"),
            "basedOn": [{"reference": format!("ProcedureRequest/{}", id("controle"))}]}),
        json!({"resourceType": "Appointment", "id": id("polibezoek"), "status": "booked", "start": "2026-12-20T09:00:00Z",
            "end": "2026-12-20T09:20:00Z", "participant": [{"status": "accepted",
                "actor": {"reference": format!("Patient/{patient}"), "display": "Patiënt"}}]}),
        json!({"resourceType": "Encounter", "id": id("opname"), "status": "finished", "class": class, "subject": subject,
            "period": {"start": "2026-10-01", "end": "2026-10-09"}}),
        json!({"resourceType": "CareTeam", "id": id("behandelteam"), "status": "active", "subject": subject,
            "participant": [{"member": {"reference": format!("Practitioner/{}", id("huisarts")), "display": "Huisarts"}}]}),
        json!({"resourceType": "DocumentReference", "id": id("ontslagbrief"), "status": "current", "subject": subject,
            "indexed": "2026-10-09T12:00:00Z", "type": concept(LOINC, "18842-5", "Ontslagbrief"),
            "content": [{"attachment": {"contentType": "application/pdf", "title": "Ontslagbrief"}}]}),
    ]
}

/// Writes the STU3 source of a provider: each of its patients' basic data set, one file each resource.
///
/// # Errors
/// The folder cannot be made or a file not be written.
pub fn write_folder(provider: &str, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let here = crate::region::patients().into_iter().filter(|patient| patient.known_at.contains(&provider));
    for resource in here.flat_map(|patient| chart(&patient)) {
        let text = |name: &str| resource[name].as_str().unwrap_or_default();
        let file = format!("{}-{}.json", text("resourceType"), text("id"));
        fs::write(folder.join(file), serde_json::to_vec_pretty(&resource)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_resources_have_one_name_and_the_bsn_is_in_the_patient_alone() {
        let patients = crate::region::patients();
        let all: Vec<Value> = patients.iter().flat_map(chart).collect();
        let names: BTreeSet<String> = all.iter().map(|one| format!("{}/{}", one["resourceType"], one["id"])).collect();
        assert_eq!(names.len(), all.len());
        for patient in &patients {
            let naming = all.iter().filter(|one| one.to_string().contains(patient.bsn));
            assert_eq!(naming.map(|one| one["resourceType"].as_str().unwrap()).collect::<Vec<_>>(), ["Patient"]);
        }
    }
}
