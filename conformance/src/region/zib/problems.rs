//! Problems, allergies, alerts, contra-indications and wounds (zibs Probleem,
//! AllergieIntolerantie, Alert, MedicatieContraIndicatie, Decubituswond, Wond).

use serde_json::{Value, json};

use super::super::chart::{Chart, Entry};
use super::super::codes::{Concept, concept, problem};
use super::{PROFILES, coded, coding, extension, hl7, meta};

/// Which sort of thing one is allergic to (AllergieCategorieCodelijst).
#[derive(Clone, Copy, Debug)]
pub enum Against {
    Medication,
    Food,
    Environment,
    Substance,
}

/// How bad it is (ErnstCodelijst).
#[derive(Clone, Copy, Debug)]
pub enum Severity {
    Mild,
    Moderate,
    Severe,
}

fn clinical(code: &'static str, display: &'static str) -> Value {
    hl7("condition-clinical", code, display)
}

/// The status in HL7's words and in those of VerificatieStatusCodelijst.
fn verified(code: &str, display: &str, snomed: Concept) -> Value {
    json!({"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": code, "display": display},
        coding(snomed),
    ]})
}

fn snomed(code: &'static str, display: &'static str) -> Concept {
    concept(super::super::codes::SNOMED, code, display)
}

impl Chart {
    /// Probleem: a confirmed, active diagnosis since `onset`.
    pub fn problem(&mut self, what: Concept, onset: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Condition",
            "meta": meta("nl-core-Problem"),
            "clinicalStatus": clinical("active", "Active"),
            "verificationStatus": verified("confirmed", "Confirmed", snomed("410605003", "aanwezigheid bevestigd")),
            "category": [coded(snomed("282291009", "interpretatie van diagnose"))],
            "code": coded(what),
            "subject": self.patient(),
            "onsetDateTime": onset,
            "recorder": self.author(),
        });
        self.write("probleem", resource)
    }

    /// AllergieIntolerantie: an active one, with what was seen.
    pub fn allergy(&mut self, substance: Concept, against: Against, onset: &str) -> Entry<'_> {
        let (category, zib) = match against {
            Against::Medication => {
                ("medication", snomed("419511003", "neiging tot ongewenste reactie op medicatie en/of drug"))
            }
            Against::Food => ("food", snomed("418471000", "neiging tot ongewenste reactie op voedsel")),
            Against::Environment => ("environment", snomed("426232007", "omgevingsgerelateerde allergie")),
            Against::Substance => ("environment", snomed("419199007", "allergie voor substantie")),
        };
        let resource = json!({
            "resourceType": "AllergyIntolerance",
            "meta": meta("nl-core-AllergyIntolerance"),
            "clinicalStatus": hl7("allergyintolerance-clinical", "active", "Active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed", "Confirmed"),
            "category": [category],
            "_category": [specified(zib)],
            "code": coded(substance),
            "patient": self.patient(),
            "onsetDateTime": onset,
            "recordedDate": onset,
            "recorder": self.author(),
        });
        self.write("allergie", resource)
    }

    /// Alert: something that everyone must know at the door.
    pub fn alert(&mut self, what: Concept, since: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Flag",
            "meta": meta("nl-core-Alert"),
            "status": "active",
            "category": [coded(concept("http://loinc.org", "74018-3", "Alert"))],
            "code": coded(what),
            "subject": self.patient(),
            "period": {"start": since},
            "author": self.author(),
        });
        self.write("alert", resource)
    }

    /// MedicatieContraIndicatie: a condition that medication surveillance must know.
    pub fn contraindication(&mut self, what: Concept, since: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Flag",
            "meta": meta("nl-core-MedicationContraIndication"),
            "status": "active",
            "category": [coded(snomed("140401000146105", "contra-indicatie met betrekking op medicatiebewaking"))],
            "code": coded(what),
            "subject": self.patient(),
            "period": {"start": since},
            "author": self.author(),
        });
        self.write("contraindicatie", resource)
    }

    /// Decubituswond, with its grade 1 to 4 (DecubitusCategorieCodelijst).
    pub fn pressure_ulcer(&mut self, grade: usize, place: Concept, since: &str) -> Entry<'_> {
        let grades = [
            snomed("421076008", "decubitus graad 1"),
            snomed("420324007", "decubitus graad 2"),
            snomed("421927004", "decubitus graad 3"),
            snomed("420597008", "decubitus graad 4"),
        ];
        let grade = grades[grade.clamp(1, 4) - 1];
        let resource = json!({
            "resourceType": "Condition",
            "meta": meta("nl-core-PressureUlcer"),
            "clinicalStatus": clinical("active", "Active"),
            "code": coded(problem::PRESSURE_ULCER),
            "bodySite": [coded(place)],
            "subject": self.patient(),
            "onsetDateTime": since,
            "stage": [{"summary": coded(grade)}],
        });
        self.write("decubitus", resource)
    }

    /// Wond (WondSoortCodelijst) at a place of the body.
    pub fn wound(&mut self, what: Concept, place: Concept, since: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Condition",
            "meta": meta("nl-core-Wound"),
            "clinicalStatus": clinical("active", "Active"),
            "category": [coded(snomed("416462003", "verwonding"))],
            "code": coded(what),
            "bodySite": [coded(place)],
            "subject": self.patient(),
            "onsetDateTime": since,
        });
        self.write("wond", resource)
    }
}

impl Entry<'_> {
    /// Over since this day.
    pub fn resolved(self, on: &str) -> Self {
        self.set("clinicalStatus", clinical("resolved", "Resolved")).set("abatementDateTime", json!(on))
    }

    /// Not certain yet.
    pub fn suspected(self) -> Self {
        self.set("verificationStatus", verified("provisional", "Provisional", snomed("415684004", "vermoedelijk")))
    }

    /// A complaint rather than a diagnosis.
    pub fn complaint(self) -> Self {
        self.set("category", json!([coded(snomed("409586006", "klacht"))]))
    }

    /// A complication.
    pub fn complication(self) -> Self {
        self.set("category", json!([coded(snomed("116223007", "complicatie"))]))
    }

    /// Of functioning rather than of disease.
    pub fn of_functioning(self) -> Self {
        let category = snomed("248536006", "bevinding van functionele prestatie en activiteit");
        self.set("category", json!([coded(category)]))
    }

    pub fn left(self) -> Self {
        self.side(snomed("7771000", "links"))
    }

    pub fn right(self) -> Self {
        self.side(snomed("24028007", "rechts"))
    }

    fn side(mut self, side: Concept) -> Self {
        let laterality = extension("ext-AnatomicalLocation.Laterality", "valueCodeableConcept", coded(side));
        match self.resource().get_mut("bodySite").and_then(|places| places.get_mut(0)) {
            Some(place) => place["extension"] = json!([laterality]),
            None => {
                let whole = snomed("123037004", "lichaamsstructuur");
                let mut place = coded(whole);
                place["extension"] = json!([laterality]);
                self.resource()["bodySite"] = json!([place]);
            }
        }
        self
    }

    /// What the body did.
    pub fn reaction(mut self, seen: Concept, severity: Severity, description: &str) -> Self {
        let (word, criticality, zib) = match severity {
            Severity::Mild => ("mild", "low", snomed("255604002", "licht")),
            Severity::Moderate => ("moderate", "low", snomed("6736007", "matig")),
            Severity::Severe => ("severe", "high", snomed("24484000", "ernstig")),
        };
        let substance = self.resource()["code"].clone();
        self.set("criticality", json!(criticality)).set("_criticality", specified(zib)).push(
            "reaction",
            json!({
                "substance": substance,
                "manifestation": [coded(seen)],
                "description": description,
                "severity": word,
            }),
        )
    }

    /// Seen last on this day.
    pub fn last_seen(self, on: &str) -> Self {
        self.set("lastOccurrence", json!(on))
    }

    /// Not confirmed by anyone yet: what the patient or family says.
    pub fn unconfirmed(self) -> Self {
        self.set("verificationStatus", hl7("allergyintolerance-verification", "unconfirmed", "Unconfirmed"))
    }
}

/// The zib's code beside a code of FHIR.
fn specified(zib: Concept) -> Value {
    json!({"extension": [{
        "url": format!("{PROFILES}ext-CodeSpecification"), "valueCodeableConcept": coded(zib)
    }]})
}
