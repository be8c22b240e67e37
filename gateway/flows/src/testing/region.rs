//! An invented patient with invented data at four invented providers, who agree about some things and not about
//! others.

use policy::Finding;

use super::{Place, World};

/// A Patient resource with this number.
pub fn patient(id: &str, bsn: &str, given: &str, family: &str, born: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{bsn}"}}],
            "name":[{{"use":"official","family":"{family}","given":["{given}"]}}],"gender":"female","birthDate":"{born}"}}"#
    )
}

/// A hospital (whose node it is), a nursing home, a general practice and a pharmacy that all know this patient.
pub fn region(bsn: &str) -> World {
    World::new("90000901")
        .with(hospital(bsn))
        .with(nursing_home(bsn))
        .with(general_practice(bsn))
        .with(pharmacy(bsn))
        .index(Finding::Found(3))
}

fn hospital(bsn: &str) -> Place {
    Place::new("90000901", "Ziekenhuis Maasdal")
        .holds(&patient("1", bsn, "Johanna", "van den Berg", "1941-03-12"))
        .holds(
            r#"{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/1"},
            "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
            "verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},
            "code":{"coding":[{"system":"http://snomed.info/sct","code":"84114007","display":"Hartfalen"}]},
            "onsetDateTime":"2021-05-03","note":[{"text":"NYHA II, verminderde ejectiefractie (38%)"}]}"#,
        )
        .holds(
            r#"{"resourceType":"Procedure","id":"p1","subject":{"reference":"Patient/1"},"status":"completed",
            "code":{"text":"Coronaire angiografie"},"performedDateTime":"2021-05-06","location":{"display":"Hartcatheterisatiekamer"}}"#,
        )
        .holds(
            r#"{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/1"},"status":"final",
            "code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Bloeddruk"}]},"effectiveDateTime":"2026-06-18T10:20:00+02:00",
            "component":[
              {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":148,"unit":"mmHg"}},
              {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":86,"unit":"mmHg"}}]}"#,
        )
        .holds(
            r#"{"resourceType":"Observation","id":"o2","subject":{"reference":"Patient/1"},"status":"final",
            "code":{"coding":[{"system":"http://loinc.org","code":"14682-9","display":"Creatinine"}]},"effectiveDateTime":"2026-06-18T09:05:00+02:00",
            "valueQuantity":{"value":112,"unit":"µmol/L"},"interpretation":[{"text":"verhoogd"}],
            "referenceRange":[{"low":{"value":50,"unit":"µmol/L"},"high":{"value":100,"unit":"µmol/L"}}]}"#,
        )
        .holds(
            r#"{"resourceType":"Encounter","id":"e1","subject":{"reference":"Patient/1"},"status":"finished",
            "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"Poliklinisch"},
            "type":[{"text":"Controle hartfalenpoli"}],"period":{"start":"2026-06-18T10:00:00+02:00","end":"2026-06-18T10:40:00+02:00"}}"#,
        )
        .holds(
            r#"{"resourceType":"AllergyIntolerance","id":"a9","patient":{"reference":"Patient/1"},"criticality":"high",
            "clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"confirmed"}]},
            "code":{"coding":[{"system":"http://snomed.info/sct","code":"294505008","display":"Amoxicilline"}]},
            "reaction":[{"manifestation":[{"text":"Anafylaxie"}],"severity":"severe"}],"recordedDate":"2021-05-05"}"#,
        )
        .holds(
            r#"{"resourceType":"Condition","id":"c9","subject":{"reference":"Patient/1"},
            "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]},
            "code":{"text":"Afgeschermd"}}"#,
        )
}

fn nursing_home(bsn: &str) -> Place {
    Place::new("90000902", "De Linde")
        .holds(&patient("1", bsn, "Johanna", "van den Berg", "1941-03-12"))
        .holds(
            r#"{"resourceType":"Flag","id":"f1","subject":{"reference":"Patient/1"},"status":"active",
            "code":{"text":"Valrisico: loopt alleen onder begeleiding"},"period":{"start":"2026-02-10"}}"#,
        )
        .holds(
            r#"{"resourceType":"CarePlan","id":"cp1","subject":{"reference":"Patient/1"},"status":"active","intent":"plan",
            "title":"Zorgleefplan","period":{"start":"2026-01-15"},
            "activity":[{"detail":{"status":"in-progress","description":"Wondzorg linkerhiel, driemaal per week"}},
                        {"detail":{"status":"in-progress","description":"Begeleid lopen, tweemaal daags"}}]}"#,
        )
        .holds(
            r#"{"resourceType":"Goal","id":"g1","subject":{"reference":"Patient/1"},"lifecycleStatus":"active",
            "description":{"text":"Zelfstandig van bed naar stoel"},"startDate":"2026-01-15","target":[{"dueDate":"2026-09-01"}]}"#,
        )
        .holds(
            r#"{"resourceType":"Consent","id":"d1","patient":{"reference":"Patient/1"},"status":"active",
            "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},
            "category":[{"text":"Behandelaanwijzing"}],"dateTime":"2026-01-20",
            "provision":{"type":"deny","code":[{"coding":[{"system":"http://snomed.info/sct","code":"305351004","display":"Opname op intensive care"}]}]}}"#,
        )
        .holds(
            r#"{"resourceType":"Observation","id":"o2","subject":{"reference":"Patient/1"},"status":"final",
            "code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Bloeddruk"}]},"effectiveDateTime":"2026-07-02T08:15:00+02:00",
            "component":[
              {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":139,"unit":"mmHg"}},
              {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":78,"unit":"mmHg"}}]}"#,
        )
        .holds(
            r#"{"resourceType":"Observation","id":"o3","subject":{"reference":"Patient/1"},"status":"final",
            "code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Lichaamsgewicht"}]},"effectiveDateTime":"2026-07-01",
            "valueQuantity":{"value":68.40,"unit":"kg"}}"#,
        )
        .holds(
            r#"{"resourceType":"NutritionOrder","id":"n1","patient":{"reference":"Patient/1"},"status":"active","intent":"order","dateTime":"2026-03-01",
            "oralDiet":{"type":[{"text":"Zoutarm dieet"}],"instruction":"Maximaal 1,5 liter vocht per dag"}}"#,
        )
        .holds(
            r#"{"resourceType":"RelatedPerson","id":"r1","patient":{"reference":"Patient/1"},"name":[{"text":"M. van den Berg"}],
            "relationship":[{"text":"Dochter, eerste contactpersoon"}]}"#,
        )
}

fn general_practice(bsn: &str) -> Place {
    Place::new("90000903", "Huisartsenpraktijk Beekzicht")
        .holds(&patient("77", bsn, "Johanna", "van den Berg-Smits", "1941-03-12"))
        .holds(
            r#"{"resourceType":"AllergyIntolerance","id":"a1","patient":{"reference":"Patient/77"},"criticality":"low",
            "clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"unconfirmed"}]},
            "code":{"coding":[{"system":"http://snomed.info/sct","code":"294505008","display":"Amoxicilline"}]},
            "reaction":[{"manifestation":[{"text":"Huiduitslag"}],"severity":"mild"}],"recordedDate":"2009-11-20"}"#,
        )
        .holds(
            r#"{"resourceType":"AllergyIntolerance","id":"a2","patient":{"reference":"Patient/77"},
            "clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"confirmed"}]},
            "code":{"text":"Pleisters (colofonium)"},"reaction":[{"manifestation":[{"text":"Contacteczeem"}]}],"recordedDate":"2014-04-02"}"#,
        )
        .holds(
            r#"{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/77"},
            "clinicalStatus":{"coding":[{"code":"active"}]},
            "code":{"coding":[{"system":"http://hl7.org/fhir/sid/icpc-1-nl","code":"K77","display":"Decompensatio cordis"},
                              {"system":"http://snomed.info/sct","code":"84114007"}]},"onsetDateTime":"2021-05"}"#,
        )
        .holds(
            r#"{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/77"},
            "clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"Diabetes mellitus type 2"},"onsetDateTime":"2008"}"#,
        )
        .holds(
            r#"{"resourceType":"MedicationRequest","id":"m1","subject":{"reference":"Patient/77"},"status":"active","intent":"order",
            "medicationReference":{"reference":"Medication/med1"},"authoredOn":"2026-05-12",
            "dosageInstruction":[{"text":"1x per dag 1 tablet, 's ochtends"}],"requester":{"display":"Huisarts L. Verhoef"}}"#,
        )
        .brings(
            "MedicationRequest",
            r#"{"resourceType":"Medication","id":"med1","code":{"coding":[{"system":"https://example.org/products","code":"f40","display":"Furosemide tablet 40 mg"}]}}"#,
        )
        .holds(
            r#"{"resourceType":"MedicationRequest","id":"m2","subject":{"reference":"Patient/77"},"status":"active","intent":"order",
            "medicationCodeableConcept":{"text":"Metformine tablet 500 mg"},"authoredOn":"2026-01-08",
            "dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}]}"#,
        )
        .holds(
            r#"{"resourceType":"Immunization","id":"i1","patient":{"reference":"Patient/77"},"status":"completed",
            "vaccineCode":{"text":"Griepvaccin 2025-2026"},"occurrenceDateTime":"2025-10-21"}"#,
        )
}

fn pharmacy(bsn: &str) -> Place {
    Place::new("90000904", "Apotheek De Brug")
        .holds(&patient("p-5", bsn, "Johanna", "van den Berg", "1941-03-12"))
        .holds(
            r#"{"resourceType":"MedicationDispense","id":"m1","subject":{"reference":"Patient/p-5"},"status":"completed",
            "medicationCodeableConcept":{"coding":[{"system":"https://example.org/products","code":"f40","display":"Furosemide tablet 40 mg"}]},
            "whenHandedOver":"2026-07-01","quantity":{"value":90,"unit":"stuks"},"dosageInstruction":[{"text":"2x per dag 1 tablet"}]}"#,
        )
        .holds(
            r#"{"resourceType":"MedicationDispense","id":"m2","subject":{"reference":"Patient/p-5"},"status":"completed",
            "medicationCodeableConcept":{"text":"Apixaban tablet 5 mg"},"whenHandedOver":"2026-06-20",
            "quantity":{"value":180,"unit":"stuks"},"dosageInstruction":[{"text":"2x per dag 1 tablet"}]}"#,
        )
}
