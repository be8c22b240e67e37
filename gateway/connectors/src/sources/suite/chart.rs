//! One invented patient's chart, and a little of another's.

use fhir::identifiers::systems;
use serde_json::{Value, json};

use crate::sources::testing::{BSN, OTHER_BSN};

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const STOP_TYPE: &str = "http://nictiz.nl/fhir/StructureDefinition/ext-StopType";
const PERIOD_OF_USE: &str = "http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period";
const TREATMENT: &str = "http://nictiz.nl/fhir/StructureDefinition/ext-PharmaceuticalTreatment.Identifier";

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

fn to(target: &str) -> Value {
    json!({"reference": target})
}

fn about(kind: &str, id: &str, patient: &str, rest: Value) -> Value {
    let mut resource = json!({"resourceType": kind, "id": id, "meta": {"versionId": "1"}});
    let who = match kind {
        "AllergyIntolerance" | "Device" => "patient",
        "Coverage" => "beneficiary",
        "Task" => "for",
        _ => "subject",
    };
    resource[who] = to(&format!("Patient/{patient}"));
    for (name, value) in rest.as_object().unwrap() {
        resource[name] = value.clone();
    }
    resource
}

fn person(id: &str, bsn: &str, family: &str, birth: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "meta": {"lastUpdated": "2024-01-01T00:00:00Z"}, "birthDate": birth,
        "identifier": [{"system": systems::BSN, "value": bsn}], "name": [{"family": family, "given": ["Anna"]}],
        "generalPractitioner": [to("Practitioner/gp")]})
}

fn medication(kind: &str, id: &str, patient: &str, category: &str, rest: Value) -> Value {
    let mut resource = about(kind, id, patient, rest);
    let category = concept(SNOMED, category);
    // One category in a dispense, an administration and a statement; several in a request.
    resource["category"] = if kind == "MedicationRequest" { json!([category]) } else { category };
    resource
}

/// The extensions of a medication building block: the treatment it is of and when it is used.
fn building_block(treatment: &str, start: &str, end: Option<&str>) -> Value {
    let mut period = json!({"start": start});
    if let Some(end) = end {
        period["end"] = json!(end);
    }
    json!([{"url": TREATMENT, "valueIdentifier": {"system": "urn:oid:1.2.3", "value": treatment}},
        {"url": PERIOD_OF_USE, "valuePeriod": period}])
}

fn measured(id: &str, patient: &str, category: &str, code: &str, day: &str, rest: Value) -> Value {
    let mut resource = about("Observation", id, patient, rest);
    resource["category"] = json!([concept("http://terminology.hl7.org/CodeSystem/observation-category", category)]);
    resource["code"] = concept(LOINC, code);
    resource["effectiveDateTime"] = json!(day);
    if resource.get("status").is_none() {
        resource["status"] = json!("final");
    }
    resource
}

fn quantity(value: f64, unit: &str) -> Value {
    json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit})
}

/// Everything at the source.
pub(crate) fn chart() -> Vec<Value> {
    let clinical = |code: &str| concept("http://terminology.hl7.org/CodeSystem/condition-clinical", code);
    vec![
        person("p1", BSN, "Berg", "1957-03-12"),
        person("p2", OTHER_BSN, "Dijk", "1980-07-01"),
        json!({"resourceType": "Practitioner", "id": "gp", "name": [{"family": "Huisman"}]}),
        json!({"resourceType": "Practitioner", "id": "dr", "name": [{"family": "Vos"}]}),
        json!({"resourceType": "PractitionerRole", "id": "role", "practitioner": to("Practitioner/dr"),
            "organization": to("Organization/ward"), "location": [to("Location/site")]}),
        json!({"resourceType": "Organization", "id": "ward", "name": "Longziekten", "partOf": to("Organization/house")}),
        json!({"resourceType": "Organization", "id": "house", "name": "Ziekenhuis Maasdal"}),
        json!({"resourceType": "Organization", "id": "insurer", "name": "Zilveren Kring"}),
        json!({"resourceType": "Location", "id": "site", "name": "Maasdal Noord"}),
        json!({"resourceType": "Medication", "id": "para", "code": concept("urn:oid:1.2.9", "100")}),
        json!({"resourceType": "Medication", "id": "metf", "code": concept("urn:oid:1.2.9", "200")}),
        medication(
            "MedicationRequest",
            "ma1",
            "p1",
            "33633005",
            json!({"status": "active", "intent": "order",
            "medicationReference": to("Medication/para"), "requester": to("PractitionerRole/role"),
            "authoredOn": "2024-01-01", "identifier": [{"system": "urn:oid:1.2.4", "value": "ma-1"}],
            "extension": building_block("t1", "2024-01-01", Some("2024-06-30"))}),
        ),
        medication(
            "MedicationRequest",
            "ma2",
            "p1",
            "33633005",
            json!({"status": "completed", "intent": "order",
            "medicationReference": to("Medication/metf"), "requester": to("PractitionerRole/role"),
            "authoredOn": "2023-01-01", "extension": building_block("t2", "2023-01-01", Some("2023-03-31")),
            "modifierExtension": [{"url": STOP_TYPE, "valueCodeableConcept": concept(SNOMED, "410546004")}]}),
        ),
        medication(
            "MedicationRequest",
            "vv1",
            "p1",
            "52711000146108",
            json!({"status": "active", "intent": "order",
            "medicationReference": to("Medication/para"), "authoredOn": "2024-05-01",
            "extension": building_block("t1", "2024-05-01", None)}),
        ),
        medication(
            "MedicationRequest",
            "ma9",
            "p2",
            "33633005",
            json!({"status": "active", "intent": "order",
            "medicationReference": to("Medication/para"), "authoredOn": "2024-01-01",
            "extension": building_block("t9", "2024-01-01", None)}),
        ),
        medication(
            "MedicationDispense",
            "ta1",
            "p1",
            "422037009",
            json!({"status": "completed",
            "medicationReference": to("Medication/para"), "performer": [{"actor": to("Organization/ward")}],
            "whenHandedOver": "2024-01-02", "extension": building_block("t1", "2024-01-02", Some("2024-06-30"))}),
        ),
        medication(
            "MedicationDispense",
            "mve1",
            "p1",
            "373784005",
            json!({"status": "completed",
            "medicationReference": to("Medication/para"), "whenHandedOver": "2024-03-05"}),
        ),
        medication(
            "MedicationAdministration",
            "mtd1",
            "p1",
            "18629005",
            json!({"status": "completed",
            "medicationReference": to("Medication/metf"), "effectiveDateTime": "2024-02-02T09:00:00+01:00"}),
        ),
        medication(
            "MedicationStatement",
            "mgb1",
            "p1",
            "422979000",
            json!({"status": "active",
            "medicationReference": to("Medication/para"),
            "effectivePeriod": {"start": "2024-02-01", "end": "2024-12-31"}}),
        ),
        measured(
            "bp1",
            "p1",
            "vital-signs",
            "85354-9",
            "2024-03-01T10:00:00+01:00",
            json!({
            "performer": [to("PractitionerRole/role")],
            "component": [{"code": concept(LOINC, "8480-6"), "valueQuantity": quantity(132.0, "mm[Hg]")},
                {"code": concept(LOINC, "8462-4"), "valueQuantity": quantity(81.0, "mm[Hg]")}]}),
        ),
        measured(
            "w1",
            "p1",
            "vital-signs",
            "29463-7",
            "2024-01-15",
            json!({"valueQuantity": quantity(70.5, "kg"),
            "performer": [to("Practitioner/dr")]}),
        ),
        measured(
            "w2",
            "p1",
            "vital-signs",
            "29463-7",
            "2024-04-15",
            json!({"valueQuantity": quantity(72.0, "kg"),
            "status": "amended"}),
        ),
        measured(
            "panel",
            "p1",
            "laboratory",
            "58410-2",
            "2024-02-10",
            json!({
            "hasMember": [to("Observation/hb")], "performer": [to("Organization/ward")]}),
        ),
        measured("hb", "p1", "laboratory", "718-7", "2024-02-10", json!({"valueQuantity": quantity(8.1, "mmol/L")})),
        measured("w9", "p2", "vital-signs", "29463-7", "2024-02-20", json!({"valueQuantity": quantity(90.0, "kg")})),
        about(
            "Condition",
            "diabetes",
            "p1",
            json!({"clinicalStatus": clinical("active"),
            "code": {"coding": [{"system": SNOMED, "code": "73211009"}], "text": "Diabetes mellitus"}, "onsetDateTime": "2020-05"}),
        ),
        about(
            "Condition",
            "fracture",
            "p1",
            json!({"clinicalStatus": clinical("resolved"),
            "code": concept(SNOMED, "125605004"), "onsetDateTime": "2011-01-30"}),
        ),
        about(
            "AllergyIntolerance",
            "nuts",
            "p1",
            json!({"criticality": "high", "clinicalStatus":
            concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"),
            "code": concept(SNOMED, "91935009")}),
        ),
        about(
            "Encounter",
            "stay",
            "p1",
            json!({"status": "finished", "class":
            {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "period": {"start": "2024-02-01", "end": "2024-02-05"}, "serviceProvider": to("Organization/house")}),
        ),
        about(
            "Procedure",
            "scope",
            "p1",
            json!({"status": "completed", "code": concept(SNOMED, "10847001"),
            "performedPeriod": {"start": "2024-02-02T08:00:00+01:00", "end": "2024-02-02T09:30:00+01:00"}}),
        ),
        about("Coverage", "policy", "p1", json!({"status": "active", "payor": [to("Organization/insurer")]})),
        about("Device", "aid", "p1", json!({"serialNumber": "17"})),
        about("DeviceUseStatement", "use", "p1", json!({"status": "active", "device": to("Device/aid")})),
        about(
            "CareTeam",
            "team",
            "p1",
            json!({"status": "active",
            "participant": [{"member": to("PractitionerRole/role")}, {"member": to("Practitioner/gp")}]}),
        ),
        json!({"resourceType": "Provenance", "id": "of-ma1", "target": [to("MedicationRequest/ma1"), to("Condition/diabetes")]}),
        json!({"resourceType": "Provenance", "id": "of-w1", "target": [to("Observation/w1"), to("Patient/p1")]}),
        json!({"resourceType": "Provenance", "id": "of-ma9", "target": [to("MedicationRequest/ma9")]}),
        about(
            "Composition",
            "handover",
            "p1",
            json!({"status": "final", "date": "2024-02-05",
            "type": concept(SNOMED, "371535009"), "author": [to("PractitionerRole/role")],
            "encounter": to("Encounter/stay"), "custodian": to("Organization/house"),
            "section": [{"entry": [to("Condition/diabetes"), to("Observation/bp1")],
                "section": [{"entry": [to("MedicationRequest/ma1"), to("Condition/diabetes")]}]}]}),
        ),
        about(
            "Composition",
            "torn",
            "p1",
            json!({"status": "final",
            "section": [{"entry": [to("Condition/gone"), to("Observation/w9"), to("Observation/w1")]}]}),
        ),
    ]
}
