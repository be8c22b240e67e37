//! A nursing handoff as a hospital's record system makes it: a document in FHIR STU3 on zib release 2017, by the sections of
//! Nictiz eOverdracht 4.0, with some of everything that is easily lost on the way.

use serde_json::{Value, json};

use crate::region::{HOSPITAL, NURSING_HOME};

const SNOMED: &str = "http://snomed.info/sct";
const ZIB: &str = "http://nictiz.nl/fhir/StructureDefinition/zib-";
const CORE: &str = "http://fhir.nl/fhir/StructureDefinition/nl-core-";

fn coded(code: &str, display: &str) -> Value {
    json!({"coding": [{"system": SNOMED, "code": code, "display": display}]})
}

fn to(kind: &str, id: &str, display: &str) -> Value {
    json!({"reference": format!("{kind}/{id}"), "display": display})
}

fn section(code: &str, display: &str, entries: &[Value]) -> Value {
    let mut section = json!({"code": coded(code, display)});
    if !entries.is_empty() {
        section["entry"] = json!(entries);
    }
    section
}

fn within(code: &str, display: &str, sections: &[Value]) -> Value {
    json!({"code": coded(code, display), "section": sections})
}

fn organization(id: &str, ura: &str, name: &str, kind: &str) -> Value {
    json!({
        "resourceType": "Organization", "id": id, "meta": {"profile": [format!("{CORE}organization")]},
        "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}], "name": name,
        "type": [{"coding": [{"system": "http://nictiz.nl/fhir/NamingSystem/organization-type", "code": kind, "display": name}]}],
    })
}

/// The Task of a sender that hands this over to the nursing home.
pub fn task(id: &str, sender: (&str, &str), composition: &str) -> Value {
    let party = |(ura, name): (&str, &str)| json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}, "display": name});
    json!({
        "resourceType": "Task", "id": id, "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/eOverdracht-Task"]},
        "status": "in-progress", "intent": "order", "code": coded("308292007", "Overdracht van zorg"),
        "for": to("Patient", "overdracht-patient", "Patiënt"), "requester": {"agent": party(sender)},
        "owner": party((NURSING_HOME.ura, NURSING_HOME.name)),
        "input": [{
            "type": coded("11171000146100", "Verslag van verpleegkundige overdracht"),
            "valueReference": to("Composition", composition, "Verpleegkundige overdracht"),
        }],
    })
}

/// An advance notice of a sender that takes no care whom it names: the Composition of this id, and what it leads to beside the
/// handoff's own resources.
pub fn notice(id: &str, transfer: &str) -> Value {
    json!({
        "resourceType": "Composition", "id": id, "status": "final",
        "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/eOverdracht-AdvanceNotice"]},
        "type": coded("721915006", "Admission request document"),
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">J. van der Berg</div>"},
        "subject": to("Patient", "overdracht-patient", "J. van der Berg"), "date": "2026-11-28",
        "author": [to("Practitioner", "overdracht-verpleegkundige", "P. Jansen")], "title": "Aanmeldbericht J. van der Berg",
        "section": [
            {
                "extension": [{"url": "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate", "valueDateTime": transfer}],
                "code": coded("405624007", "Administrative documentation"),
                "section": [
                    section("302147001", "Demographic history detail", &[
                        to("Coverage", "overdracht-verzekering", "Verzekering J. van der Berg"),
                        to("RelatedPerson", "overdracht-contact", "M. van der Berg"),
                    ]),
                    section("185362004", "Patient referral by nurse", &[
                        to("Organization", "overdracht-ziekenhuis", HOSPITAL.name),
                    ]),
                ],
            },
            within("371524004", "Clinical report", &[
                section("52870002", "Referral diagnosis", &[to("Condition", "overdracht-heup", "Heupfractuur")]),
            ]),
        ],
    })
}

/// The Task of a sender that asks the nursing home first.
pub fn asking(id: &str, sender: (&str, &str), notice: &str) -> Value {
    let mut task = task(id, sender, notice);
    task["status"] = json!("requested");
    task["input"] = json!([asked_with(notice)]);
    task
}

/// The input of a Task that names a notice.
pub fn asked_with(notice: &str) -> Value {
    json!({
        "type": coded("721915006", "Admission request document"),
        "valueReference": to("Composition", notice, "Aanmeldbericht J. van der Berg"),
    })
}

/// A handoff about this patient. `run` makes it one of its own; references stay the same in every run.
pub fn handoff(bsn: &str, run: &str) -> Value {
    let patient = || to("Patient", "overdracht-patient", "J. van der Berg");
    let nurse = || to("Practitioner", "overdracht-verpleegkundige", "P. Jansen");
    let resources = vec![
        json!({
            "resourceType": "Composition", "id": format!("overdracht-{run}"), "status": "final",
            "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/eOverdracht-NursingHandoff-Adults"]},
            "type": coded("11171000146100", "verslag van verpleegkundige overdracht"),
            "subject": patient(), "date": "2026-11-28", "author": [nurse()], "title": "Verpleegkundige overdracht",
            "section": [
                {
                    "extension": [{"url": "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate", "valueDateTime": "2026-11-30"}],
                    "code": coded("405624007", "Administrative documentation"),
                    "section": [
                        section("302147001", "Demographic history detail", &[
                            to("Coverage", "overdracht-verzekering", "Zorgverzekering"),
                            to("RelatedPerson", "overdracht-contact", "M. van der Berg"),
                        ]),
                        section("185362004", "Patient referral by nurse", &[
                            to("Organization", "overdracht-ziekenhuis", HOSPITAL.name), nurse(),
                        ]),
                        section("275645009", "Referred to", &[
                            to("Organization", "overdracht-verpleeghuis", NURSING_HOME.name),
                        ]),
                    ],
                },
                within("109481000146101", "Personal and social history", &[
                    section("365512000", "Home environment", &[to("Observation", "overdracht-woonsituatie", "Woonsituatie")]),
                    section("108329005", "Social context", &[to("Consent", "overdracht-wilsverklaring", "Wilsverklaring")]),
                ]),
                within("371524004", "Clinical report", &[
                    section("405623001", "Assigned practitioner", &[to("Practitioner", "overdracht-arts", "L. de Boer")]),
                    section("52870002", "Referral diagnosis", &[to("Condition", "overdracht-heup", "Heupfractuur")]),
                    section("420134006", "Propensity to adverse reaction", &[
                        to("AllergyIntolerance", "overdracht-allergie", "Penicilline"),
                    ]),
                    section("308813009", "Notification status", &[to("Flag", "overdracht-alert", "MRSA")]),
                    section("363788007", "Clinical examination observable", &[
                        to("Observation", "overdracht-bloeddruk", "Bloeddruk"), to("Observation", "overdracht-gewicht", "Gewicht"),
                    ]),
                ]),
                within("5531000179105", "Nursing report", &[
                    section("300893006", "Nutrition", &[to("NutritionOrder", "overdracht-voeding", "Voedingsadvies")]),
                    section("397966007", "Documents", &[to("DocumentReference", "overdracht-document", "Wondfoto")]),
                    section("364832000", "Gross motor", &[to("DeviceUseStatement", "overdracht-rollator-gebruik", "Rollator")]),
                ]),
            ],
        }),
        json!({
            "resourceType": "Patient", "id": "overdracht-patient", "meta": {"profile": [format!("{CORE}patient")]},
            "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": bsn}],
            "name": [{"use": "official", "family": "van der Berg", "_family": {"extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/humanname-own-prefix", "valueString": "van der"},
                {"url": "http://hl7.org/fhir/StructureDefinition/humanname-own-name", "valueString": "Berg"},
            ]}, "given": ["J."], "_given": [{"extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier", "valueCode": "IN"},
            ]}]}],
            "gender": "female", "birthDate": "1941-02-03",
        }),
        organization("overdracht-ziekenhuis", HOSPITAL.ura, HOSPITAL.name, HOSPITAL.kind),
        organization("overdracht-verpleeghuis", NURSING_HOME.ura, NURSING_HOME.name, NURSING_HOME.kind),
        json!({"resourceType": "Practitioner", "id": "overdracht-verpleegkundige", "name": [{"text": "P. Jansen"}]}),
        json!({"resourceType": "Practitioner", "id": "overdracht-arts", "name": [{"text": "L. de Boer"}]}),
        json!({
            "resourceType": "RelatedPerson", "id": "overdracht-contact", "patient": patient(), "name": [{"text": "M. van der Berg"}],
        }),
        json!({
            "resourceType": "Coverage", "id": "overdracht-verzekering", "meta": {"profile": [format!("{ZIB}Payer")]},
            "beneficiary": patient(), "subscriberId": "B4532672", "payor": [{"display": "Zorgverzekeraar Maas"}],
        }),
        json!({
            "resourceType": "Observation", "id": "overdracht-woonsituatie", "meta": {"profile": [format!("{ZIB}LivingSituation")]},
            "status": "final", "code": coded("365508006", "Finding of residence and accommodation circumstances"),
            "subject": patient(), "valueCodeableConcept": {"text": "Woning met trap"},
        }),
        json!({
            "resourceType": "Consent", "id": "overdracht-wilsverklaring", "meta": {"profile": [format!("{ZIB}AdvanceDirective")]},
            "status": "active", "category": [coded("11341000146107", "Wilsverklaring en overeenkomst")], "patient": patient(),
            "dateTime": "2020-05-06", "sourceIdentifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0c3ae2b1-7a43-4fdb-8a6d-0b6f5a8c1d22"},
        }),
        json!({
            "resourceType": "Condition", "id": "overdracht-heup", "meta": {"profile": [format!("{ZIB}Problem")]},
            "clinicalStatus": "active", "verificationStatus": "confirmed", "code": coded("263225007", "Fractuur van heup"),
            "subject": patient(), "onsetDateTime": "2026-11-12", "asserter": to("Practitioner", "overdracht-arts", "L. de Boer"),
        }),
        json!({
            "resourceType": "AllergyIntolerance", "id": "overdracht-allergie", "clinicalStatus": "active", "verificationStatus": "confirmed",
            "code": coded("373270004", "Penicilline"), "patient": patient(),
        }),
        json!({
            "resourceType": "Flag", "id": "overdracht-alert", "status": "active",
            "code": {"coding": [{"system": "http://hl7.org/fhir/v3/NullFlavor", "code": "OTH", "display": "other"}], "text": "MRSA-drager"},
            "subject": patient(),
        }),
        json!({
            "resourceType": "Observation", "id": "overdracht-bloeddruk", "meta": {"profile": [format!("{ZIB}BloodPressure")]},
            "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"}]},
            "subject": patient(), "effectiveDateTime": "2026-11-27T08:15:00+01:00",
            "component": [
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}]},
                 "valueQuantity": {"value": 132, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4", "display": "Diastolic"}]},
                 "valueQuantity": {"value": 78, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
            ],
        }),
        json!({
            "resourceType": "Observation", "id": "overdracht-gewicht", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]}, "subject": patient(),
            "effectiveDateTime": "2026-11-27", "performer": [nurse()],
            "valueQuantity": {"value": 61.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        }),
        json!({
            "resourceType": "NutritionOrder", "id": "overdracht-voeding", "status": "active", "patient": patient(), "dateTime": "2026-11-20",
            "oralDiet": {"type": [{"text": "Eiwitverrijkt"}]},
        }),
        json!({
            "resourceType": "DeviceUseStatement", "id": "overdracht-rollator-gebruik", "status": "active", "subject": patient(),
            "device": to("Device", "overdracht-rollator", "Rollator"),
        }),
        json!({
            "resourceType": "Device", "id": "overdracht-rollator", "type": coded("466289007", "Rollator"),
        }),
        json!({
            "resourceType": "DocumentReference", "id": "overdracht-document", "status": "current", "subject": patient(),
            "type": {"text": "Brief"}, "indexed": "2026-11-27T10:00:00+01:00",
            "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/overdracht-brief"}}],
        }),
        json!({
            "resourceType": "Binary", "id": "overdracht-brief", "contentType": "text/plain", "content": "V29uZHpvcmcgZGFnZWxpamtzLg==",
        }),
    ];
    let entries: Vec<Value> = resources.into_iter().map(|resource| json!({"resource": resource})).collect();
    json!({"resourceType": "Bundle", "type": "document", "entry": entries})
}
