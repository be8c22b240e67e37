//! The parts of the basic data set and the searches that ask for them (Nictiz BgZ-MSZ 2.0 and 1.2.2, and the inputs of a
//! Workflow Task): the whole of what is pulled, in one table.

use super::codes::{LOINC, SNOMED};

/// A part of the basic data set, with the searches by which it may be asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The code that types an input of the Workflow Task: its system and itself. Nothing where none is published.
    pub code: Option<(&'static str, &'static str)>,
    /// The building block (zib), for people.
    pub name: &'static str,
    /// The type that is searched.
    pub(super) kind: &'static str,
    /// Whether `$lastn` may be asked instead of a search.
    pub(super) last: bool,
    /// What must be asked for, with the values that may be.
    pub(super) filter: Option<(&'static str, &'static [&'static str])>,
    /// Whether it may also be asked for without.
    pub(super) bare: bool,
    /// What may be brought along.
    pub(super) includes: &'static [&'static str],
    /// As it stands in a Workflow Task that we make; nothing: we do not name it.
    pub(super) input: Option<&'static str>,
}

const fn section(code: (&'static str, &'static str), name: &'static str, kind: &'static str) -> Section {
    Section { code: Some(code), name, kind, last: false, filter: None, bare: true, includes: &[], input: Some(kind) }
}

impl Section {
    /// Nothing else of the type is asked for.
    const fn only(self, name: &'static str, values: &'static [&'static str]) -> Self {
        Section { filter: Some((name, values)), bare: false, ..self }
    }
    /// Or so, or all of the type.
    const fn also(self, name: &'static str, values: &'static [&'static str]) -> Self {
        Section { filter: Some((name, values)), ..self }
    }
    const fn last(self) -> Self {
        Section { last: true, ..self }
    }
    const fn with(self, includes: &'static [&'static str]) -> Self {
        Section { includes, ..self }
    }
    const fn asked(self, input: &'static str) -> Self {
        Section { input: Some(input), ..self }
    }
}

const MEDICATION_USE: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3|6";

/// Every part, in the order in which it is named and pulled.
pub const SECTIONS: [Section; 30] = [
    section((LOINC, "79191-3"), "Patient", "Patient")
        .with(&["Patient:general-practitioner"])
        .asked("Patient?_include=Patient:general-practitioner"),
    section((LOINC, "48768-6"), "Payer", "Coverage")
        .with(&["Coverage:payor", "Coverage:payor:Organization", "Coverage:payor:Patient"])
        .asked("Coverage?_include=Coverage:payor:Organization&_include=Coverage:payor:Patient"),
    section((SNOMED, "11291000146105"), "TreatmentDirective", "Consent")
        .only("category", &["http://snomed.info/sct|11291000146105"])
        .asked("Consent?category=http://snomed.info/sct|11291000146105"),
    section((SNOMED, "11341000146107"), "AdvanceDirective", "Consent")
        .only("category", &["http://snomed.info/sct|11341000146107"])
        .asked("Consent?category=http://snomed.info/sct|11341000146107"),
    section((LOINC, "47420-5"), "FunctionalOrMentalStatus", "Observation")
        .only("category", &["http://snomed.info/sct|118228005", "http://snomed.info/sct|384821006"])
        .last()
        .asked("Observation/$lastn?category=http://snomed.info/sct|118228005,http://snomed.info/sct|384821006"),
    section((LOINC, "11450-4"), "Problem", "Condition"),
    section((SNOMED, "365508006"), "LivingSituation", "Observation")
        .only("code", &["http://snomed.info/sct|365508006"])
        .last()
        .asked("Observation/$lastn?code=http://snomed.info/sct|365508006"),
    section((SNOMED, "228366006"), "DrugUse", "Observation")
        .only("code", &["http://snomed.info/sct|228366006"])
        .asked("Observation?code=http://snomed.info/sct|228366006"),
    section((SNOMED, "228273003"), "AlcoholUse", "Observation")
        .only("code", &["http://snomed.info/sct|228273003"])
        .asked("Observation?code=http://snomed.info/sct|228273003"),
    section((SNOMED, "365980008"), "TobaccoUse", "Observation")
        .only("code", &["http://snomed.info/sct|365980008"])
        .asked("Observation?code=http://snomed.info/sct|365980008"),
    section((SNOMED, "11816003"), "NutritionAdvice", "NutritionOrder"),
    section((LOINC, "75310-3"), "Alert", "Flag"),
    section((LOINC, "48765-2"), "AllergyIntolerance", "AllergyIntolerance"),
    section((SNOMED, "422979000"), "MedicationUse", "MedicationStatement")
        .only("category", &[MEDICATION_USE])
        .with(&["MedicationStatement:medication"])
        .asked(
            "MedicationStatement?category=urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3|6\
             &_include=MedicationStatement:medication",
        ),
    section((SNOMED, "16076005"), "MedicationAgreement", "MedicationRequest")
        .only("category", &["http://snomed.info/sct|16076005"])
        .with(&["MedicationRequest:medication"])
        .asked("MedicationRequest?category=http://snomed.info/sct|16076005&_include=MedicationRequest:medication"),
    section((SNOMED, "422037009"), "AdministrationAgreement", "MedicationDispense")
        .only("category", &["http://snomed.info/sct|422037009"])
        .with(&["MedicationDispense:medication"])
        .asked("MedicationDispense?category=http://snomed.info/sct|422037009&_include=MedicationDispense:medication"),
    section((LOINC, "46264-8"), "MedicalDevice", "DeviceUseStatement")
        .with(&["DeviceUseStatement:device"])
        .asked("DeviceUseStatement?_include=DeviceUseStatement:device"),
    section((LOINC, "11369-6"), "Vaccination", "Immunization")
        .only("status", &["completed"])
        .asked("Immunization?status=completed"),
    section((LOINC, "85354-9"), "BloodPressure", "Observation")
        .only("code", &["http://loinc.org|85354-9"])
        .last()
        .asked("Observation/$lastn?code=http://loinc.org|85354-9"),
    section((LOINC, "29463-7"), "BodyWeight", "Observation")
        .only("code", &["http://loinc.org|29463-7"])
        .last()
        .asked("Observation/$lastn?code=http://loinc.org|29463-7"),
    section((LOINC, "8302-2"), "BodyHeight", "Observation")
        .only("code", &["http://loinc.org|8302-2", "http://loinc.org|8306-3", "http://loinc.org|8308-9"])
        .last()
        .asked("Observation/$lastn?code=http://loinc.org|8302-2,http://loinc.org|8306-3,http://loinc.org|8308-9"),
    section((SNOMED, "15220000"), "LaboratoryTestResult", "Observation")
        .only(
            "category",
            &[
                // BgZ-MSZ 2.0.
                "http://snomed.info/sct|49581000146104",
                // BgZ-MSZ 1.2.2, with the kinds of examination.
                "http://snomed.info/sct|275711006",
                "http://snomed.info/sct|252275004",
                "http://snomed.info/sct|68793005",
                "http://snomed.info/sct|395124008",
                "http://snomed.info/sct|314076009",
                "http://snomed.info/sct|19851009",
                "http://snomed.info/sct|405825005",
            ],
        )
        .last()
        .with(&["Observation:related-target", "Observation:specimen"])
        .asked(
            "Observation/$lastn?category=http://snomed.info/sct|275711006\
             &_include=Observation:related-target&_include=Observation:specimen",
        ),
    section((LOINC, "47519-4"), "Procedure", "Procedure")
        .also("category", &["http://snomed.info/sct|387713003", "http://snomed.info/sct|258174001"])
        .with(&["Procedure:based-on"])
        .asked("Procedure?category=http://snomed.info/sct|387713003"),
    section((LOINC, "46240-8"), "Contact", "Encounter")
        .also(
            "class",
            &[
                "http://hl7.org/fhir/v3/ActCode|IMP",
                "http://hl7.org/fhir/v3/ActCode|ACUTE",
                "http://hl7.org/fhir/v3/ActCode|NONAC",
            ],
        )
        .asked(
            "Encounter?class=http://hl7.org/fhir/v3/ActCode|IMP,http://hl7.org/fhir/v3/ActCode|ACUTE,\
             http://hl7.org/fhir/v3/ActCode|NONAC",
        ),
    section((LOINC, "18776-5"), "PlannedCareActivity: procedures", "ProcedureRequest")
        .only("status", &["active"])
        .asked("ProcedureRequest?status=active"),
    section((LOINC, "18776-5"), "PlannedCareActivity: vaccinations", "ImmunizationRecommendation"),
    section((LOINC, "18776-5"), "PlannedCareActivity: devices", "DeviceRequest")
        .only("status", &["active"])
        .with(&["DeviceRequest:device"])
        .asked("DeviceRequest?status=active&_include=DeviceRequest:device"),
    section((LOINC, "18776-5"), "PlannedCareActivity: appointments", "Appointment")
        .only("status", &["booked", "pending", "proposed"])
        .asked("Appointment?status=booked,pending,proposed"),
    // Of BgZ-MSZ 2.0; no code is published that types an input for it.
    Section {
        code: None,
        input: None,
        ..section((LOINC, ""), "CareTeam", "CareTeam").only("status", &["active"]).with(&["CareTeam:participant"])
    },
    section((LOINC, "77599-9"), "Documents", "DocumentReference")
        .only("status", &["current"])
        .asked("DocumentReference?status=current"),
];
