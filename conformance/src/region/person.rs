//! A patient as a person: what every provider knows alike.

use serde_json::{Value, json};

use super::codes::concept;
use super::providers::{GENERAL_PRACTICE, Provider};
use super::zib::{PROFILES, coded};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    Female,
    Male,
}

/// An invented person. The BSN comes from the ranges published for tests.
#[derive(Debug)]
pub struct Person {
    pub bsn: &'static str,
    /// Given names as in the passport, separated by spaces.
    pub given: &'static str,
    /// The name one is called by.
    pub called: &'static str,
    /// `van der`, or nothing.
    pub prefix: &'static str,
    pub family: &'static str,
    pub gender: Gender,
    /// ISO date.
    pub born: &'static str,
    pub street: &'static str,
    pub house_number: &'static str,
    pub city: &'static str,
    pub phone: &'static str,
}

impl Person {
    /// `van der Heuvel`.
    fn surname(&self) -> String {
        format!("{} {}", self.prefix, self.family).trim().to_owned()
    }

    /// `Mien van der Heuvel`.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.called, self.surname())
    }

    /// The nl-core Patient, under the provider's own number.
    pub(super) fn resource(&self, provider: &Provider, number: &str) -> Value {
        let (gender, code, meaning) = match self.gender {
            Gender::Female => ("female", "F", "Female"),
            Gender::Male => ("male", "M", "Male"),
        };
        let gender_code = concept("http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender", code, meaning);
        let home = concept("http://terminology.hl7.org/CodeSystem/v3-AddressUse", "HP", "Primary Home");
        let given: Vec<&str> = self.given.split(' ').collect();
        let qualifiers: Vec<Value> =
            given.iter().map(|_| extended(hl7("iso21090-EN-qualifier"), "valueCode", &json!("BR"))).collect();
        let mut own_name = vec![json!({"url": hl7("humanname-own-name"), "valueString": self.family})];
        if !self.prefix.is_empty() {
            own_name.insert(0, json!({"url": hl7("humanname-own-prefix"), "valueString": self.prefix}));
        }
        let line = format!("{} {}", self.street, self.house_number);
        json!({
            "resourceType": "Patient",
            "id": number,
            "meta": {"profile": [format!("{PROFILES}nl-core-Patient")]},
            "identifier": [
                {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": self.bsn},
                {"system": format!("{}/patientnummer", provider.own_system), "value": number},
            ],
            "active": true,
            "name": [
                {
                    "use": "official",
                    "text": format!("{} {}", self.given, self.surname()),
                    "family": self.surname(),
                    "_family": {"extension": own_name},
                    "given": given,
                    "_given": qualifiers,
                },
                {"use": "usual", "given": [self.called]},
            ],
            "telecom": [{"system": "phone", "value": self.phone, "use": "home"}],
            "gender": gender,
            "_gender": extended(format!("{PROFILES}ext-CodeSpecification"), "valueCodeableConcept", &coded(gender_code)),
            "birthDate": self.born,
            "deceasedBoolean": false,
            "address": [{
                "extension": [{
                    "url": format!("{PROFILES}ext-AddressInformation.AddressType"),
                    "valueCodeableConcept": coded(home),
                }],
                "use": "home",
                "type": "both",
                "line": [line],
                "_line": [{"extension": [
                    {"url": hl7("iso21090-ADXP-streetName"), "valueString": self.street},
                    {"url": hl7("iso21090-ADXP-houseNumber"), "valueString": self.house_number},
                ]}],
                "city": self.city,
                "country": "Nederland",
            }],
            "generalPractitioner": [GENERAL_PRACTICE.known_elsewhere()],
        })
    }
}

fn hl7(name: &str) -> String {
    format!("http://hl7.org/fhir/StructureDefinition/{name}")
}

fn extended(url: String, name: &str, value: &Value) -> Value {
    json!({"extension": [{"url": url, name: value}]})
}
