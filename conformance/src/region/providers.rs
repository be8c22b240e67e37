//! The four care providers of the region of Maasdal and the people who work there. All of it
//! is invented: the places, the names and the numbers.

use serde_json::{Value, json};

use super::codes::{Concept, ORGANISATION_TYPE, UZI_ROLE};
use super::zib::{PROFILES, coded, reference};

/// What a provider's data sits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A FHIR server.
    FhirServer,
    /// A folder of JSON files, one per resource.
    Files,
}

/// A care provider (zorgaanbieder).
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// `hospital`, `nursing-home`, `general-practice` or `pharmacy`.
    pub key: &'static str,
    pub name: &'static str,
    /// The number in the UZI register (abonneenummer).
    pub ura: &'static str,
    /// Code of RoleCodeNL, type of care provider (2.16.840.1.113883.2.4.15.1060).
    pub kind: &'static str,
    pub source: SourceKind,
    kind_name: &'static str,
    /// The id of its own Organization resource.
    id: &'static str,
    /// The root of the identifiers that it gives out.
    /// Where its own name spaces of identifiers begin.
    pub own_system: &'static str,
    city: &'static str,
    phone: &'static str,
}

pub const HOSPITAL: &Provider = &Provider {
    key: "hospital",
    name: "Ziekenhuis Maasdal",
    ura: "90010001",
    kind: "V6",
    source: SourceKind::FhirServer,
    kind_name: "Algemeen ziekenhuis",
    id: "maasdal",
    own_system: "https://ziekenhuis-maasdal.example/fhir/NamingSystem",
    city: "Maasdal",
    phone: "+31 99 700 1000",
};

pub const NURSING_HOME: &Provider = &Provider {
    key: "nursing-home",
    name: "De Linde, verpleging en thuiszorg",
    ura: "90010002",
    kind: "X3",
    source: SourceKind::Files,
    kind_name: "Verplegings- of verzorgingsinstelling",
    id: "de-linde",
    own_system: "https://delinde.example/fhir/NamingSystem",
    city: "Maasdal",
    phone: "+31 99 700 2000",
};

pub const GENERAL_PRACTICE: &Provider = &Provider {
    key: "general-practice",
    name: "Huisartsenpraktijk De Brink",
    ura: "90010003",
    kind: "Z3",
    source: SourceKind::Files,
    kind_name: "Huisartspraktijk (zelfstandig of groepspraktijk)",
    id: "de-brink",
    own_system: "https://huisartsendebrink.example/fhir/NamingSystem",
    city: "Veerdam",
    phone: "+31 99 700 3000",
};

pub const PHARMACY: &Provider = &Provider {
    key: "pharmacy",
    name: "Apotheek Het Veer",
    ura: "90010004",
    kind: "J8",
    source: SourceKind::FhirServer,
    kind_name: "Openbare apotheek",
    id: "het-veer",
    own_system: "https://apotheekhetveer.example/fhir/NamingSystem",
    city: "Veerdam",
    phone: "+31 99 700 4000",
};

pub const PROVIDERS: [&Provider; 4] = [HOSPITAL, NURSING_HOME, GENERAL_PRACTICE, PHARMACY];

/// A care worker (zorgverlener).
#[derive(Debug, PartialEq, Eq)]
pub struct Practitioner {
    /// The key of the provider where this person works.
    pub provider: &'static str,
    /// The provider's own id for this person; also the id of the Practitioner resource.
    pub id: &'static str,
    pub name: &'static str,
    /// UZI role code.
    pub role: &'static str,
    pub role_name: &'static str,
    /// The number of the (invented) UZI card; never a number that could be a BSN.
    pub uzi_number: &'static str,
}

const fn at(
    provider: &'static Provider,
    id: &'static str,
    name: &'static str,
    (role, role_name): (&'static str, &'static str),
    uzi_number: &'static str,
) -> Practitioner {
    Practitioner { provider: provider.key, id, name, role, role_name, uzi_number }
}

const NURSE: (&str, &str) = ("30.000", "Verpleegkundige");
const GP: (&str, &str) = ("01.015", "Huisarts");

/// Everybody who appears in a record, and one who does not: F. Brouwer has just begun and
/// treats nobody yet.
#[rustfmt::skip]
pub const STAFF: &[Practitioner] = &[
    at(HOSPITAL, "vanloon", "M. van Loon", ("01.032", "Orthopedisch chirurg"), "900100101"),
    at(HOSPITAL, "okafor", "C. Okafor", ("01.010", "Cardioloog"), "900100152"),
    at(HOSPITAL, "meijer", "A.J. Meijer", ("01.016", "Internist"), "900100103"),
    at(HOSPITAL, "tan", "L. Tan", ("01.023", "Longarts"), "900100104"),
    at(HOSPITAL, "smits", "E. Smits", ("01.019", "Kinderarts"), "900100105"),
    at(HOSPITAL, "hendriks", "R. Hendriks", ("01.046", "Gynaecoloog"), "900100106"),
    at(HOSPITAL, "koster", "J. Koster", NURSE, "900100107"),
    at(HOSPITAL, "brouwer", "F. Brouwer", ("01.000", "Arts"), "900100108"),
    at(NURSING_HOME, "winter", "H. de Winter", ("01.047", "Specialist ouderengeneeskunde"), "900100201"),
    at(NURSING_HOME, "bos", "S. Bos", NURSE, "900100202"),
    at(NURSING_HOME, "kaya", "N. Kaya", NURSE, "900100203"),
    at(NURSING_HOME, "prins", "T. Prins", ("04.000", "Fysiotherapeut"), "900100204"),
    at(GENERAL_PRACTICE, "deboer", "I. de Boer", GP, "900100301"),
    at(GENERAL_PRACTICE, "vos", "P. Vos", GP, "900100302"),
    at(GENERAL_PRACTICE, "maas", "K. Maas", NURSE, "900100303"),
    at(PHARMACY, "timmer", "G. Timmer", ("17.000", "Apotheker"), "900100401"),
    at(PHARMACY, "lopes", "D. Lopes", ("83.000", "Apothekersassistent"), "900100402"),
];

impl Provider {
    /// A reference to its own Organization resource.
    pub(super) fn link(&self) -> Value {
        reference("Organization", self.id, self.name)
    }

    /// The same provider as another one refers to it: by number, for it has no resource there.
    pub(super) fn known_elsewhere(&self) -> Value {
        json!({
            "type": "Organization",
            "identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": self.ura},
            "display": self.name,
        })
    }

    fn organization(&self) -> Value {
        let kind = Concept { system: ORGANISATION_TYPE, code: self.kind, display: self.kind_name };
        json!({
            "resourceType": "Organization",
            "id": self.id,
            "meta": {"profile": [format!("{PROFILES}nl-core-HealthcareProvider-Organization")]},
            "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": self.ura}],
            "active": true,
            "type": [coded(kind)],
            "name": self.name,
            "telecom": [{"system": "phone", "value": self.phone, "use": "work"}],
            "address": [{"use": "work", "city": self.city, "country": "Nederland"}],
        })
    }

    /// The provider itself and its people as resources.
    pub(super) fn directory(&self) -> Vec<Value> {
        let people = STAFF.iter().filter(|person| person.provider == self.key);
        let mut all = vec![self.organization()];
        all.extend(people.flat_map(|person| person.resources(self)));
        all
    }
}

impl Practitioner {
    /// `I. de Boer, Huisarts`.
    fn with_role(&self) -> String {
        format!("{}, {}", self.name, self.role_name)
    }

    /// A reference to the PractitionerRole.
    pub(super) fn link(&self) -> Value {
        reference("PractitionerRole", &format!("{}-rol", self.id), &self.with_role())
    }

    fn resources(&self, provider: &Provider) -> [Value; 2] {
        let role = Concept { system: UZI_ROLE, code: self.role, display: self.role_name };
        let person = json!({
            "resourceType": "Practitioner",
            "id": self.id,
            "meta": {"profile": [format!("{PROFILES}nl-core-HealthProfessional-Practitioner")]},
            "identifier": [
                {"system": "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "value": self.uzi_number},
                {"system": format!("{}/medewerker", provider.own_system), "value": self.id},
            ],
            "active": true,
            "name": [{"use": "official", "text": self.name}],
        });
        let works = json!({
            "resourceType": "PractitionerRole",
            "id": format!("{}-rol", self.id),
            "meta": {"profile": [format!("{PROFILES}nl-core-HealthProfessional-PractitionerRole")]},
            "practitioner": reference("Practitioner", self.id, self.name),
            "organization": provider.link(),
            "specialty": [coded(role)],
        });
        [person, works]
    }
}
