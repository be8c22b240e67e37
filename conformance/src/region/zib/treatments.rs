//! Medication in treatments (medicamenteuze behandelingen) of several providers: which blocks belong together, which stop
//! which, and which are copies (MP9 3.0). Blocks that others point at have names that are the same everywhere.

use serde_json::{Value, json};

use super::super::chart::Entry;
use super::super::codes::{Concept, SNOMED, concept};
use super::{coded, extension};

/// The test space of the standard for names of treatments and of blocks.
/// Treatments, in every system of the region.
pub(in crate::region) const TREATMENTS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.1.1";
const AGREEMENTS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.16076005.1";
const ADMINISTRATION_AGREEMENTS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.422037009.1";

/// How an agreement is ended (stoptype).
#[derive(Clone, Copy, Debug)]
pub enum Stopping {
    ForGood,
    ForAWhile,
}

impl Stopping {
    fn concept(self) -> Concept {
        match self {
            Stopping::ForGood => concept(SNOMED, "410546004", "stopgezet"),
            Stopping::ForAWhile => concept(SNOMED, "385655000", "onderbroken"),
        }
    }
}

fn named(system: &str, name: &str) -> Value {
    json!({"identifier": {"system": system, "value": name}})
}

impl Entry<'_> {
    /// Part of this treatment.
    pub fn of_treatment(self, name: &str) -> Self {
        let id = json!({"system": TREATMENTS, "value": name});
        self.push("extension", extension("ext-PharmaceuticalTreatment.Identifier", "valueIdentifier", id))
    }

    /// The name by which others point at it.
    pub fn named(self, name: &str) -> Self {
        let system = if self.kind() == "MedicationDispense" { ADMINISTRATION_AGREEMENTS } else { AGREEMENTS };
        self.set("identifier", json!([{"system": system, "value": name}]))
    }

    /// When it was registered.
    pub fn registered(self, moment: &str) -> Self {
        match self.kind() {
            "MedicationStatement" => self.set("dateAsserted", json!(moment)),
            _ => self.push("extension", extension("ext-RegistrationDateTime", "valueDateTime", json!(moment))),
        }
    }

    /// Somebody else's agreement, as it was passed on to this provider.
    pub fn copied(self) -> Self {
        match self.kind() {
            "MedicationRequest" => self.set("reportedBoolean", json!(true)),
            _ => self.push("extension", extension("ext-CopyIndicator", "valueBoolean", json!(true))),
        }
    }

    /// Ends the agreement of this name on the last second of a day.
    pub fn stops(self, name: &str, how: Stopping, on: &str) -> Self {
        let stop = extension("ext-StopType", "valueCodeableConcept", coded(how.concept()));
        self.until(on).push("modifierExtension", stop).set("priorPrescription", named(AGREEMENTS, name))
    }

    /// Rests on the medication agreement of this name.
    pub fn under(self, name: &str) -> Self {
        let element = if self.kind() == "MedicationStatement" { "derivedFrom" } else { "authorizingPrescription" };
        self.push(element, named(AGREEMENTS, name))
    }

    /// For as long as something in words holds, without any date.
    pub fn for_as_long_as(mut self, words: &str) -> Self {
        let condition = extension("ext-PeriodOfUse.Condition", "valueString", json!(words));
        let all = self.resource()["extension"].as_array_mut().into_iter().flatten();
        for period in all.filter_map(|extension| extension.get_mut("valuePeriod")) {
            *period = json!({"extension": [condition]});
        }
        self
    }
}
