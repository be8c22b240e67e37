//! What is called or shaped otherwise in the two versions, one row each, read both ways.
//!
//! An element that has no row passes when the other version has one of the same name and type. Sources: the StructureDefinitions
//! of both releases (a row stands only where the two definitions say the same), for code values the value sets that they bind
//! to, for extensions that took the place of an element those of Nictiz and HL7.

use super::Way;

/// How an element of one version stands in the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// The same content.
    Same,
    /// The same, with other code values: `(R4, STU3)`.
    Codes(&'static [(&'static str, &'static str)]),
    /// The same, but for these codes, which R4 alone has.
    Without(&'static [&'static str]),
    /// A CodeableConcept in R4 and a code in STU3: the codes of this system are those.
    Concept(&'static str, &'static [&'static str]),
    /// In STU3 an object with this member, which is what R4 has.
    Within(&'static str),
    /// The same, with a `type` beside it.
    Typed(&'static str, &'static str),
    /// In R4 an object with this member, which is what STU3 has.
    Holding(&'static str),
    /// An extension in STU3, of this URL and with its value under this name.
    Extension(&'static str, &'static str),
    /// The same of what has a code of this system; the rest of the element stays what it is.
    ExtensionFor(&'static str, &'static str, &'static str),
    /// An object with no other member than its text, of which STU3 has the text in an extension of this URL.
    ExtensionWithText(&'static str),
    /// An extension in R4.
    ExtensionInR4(&'static str, &'static str),
    /// R4 says this value always, and STU3 never.
    SaidInR4(&'static str),
    /// STU3 says this value always, and R4 never.
    SaidInStu3(&'static str),
    /// It has no place, though the other version has the name.
    Never,
}

/// An element: the type that has it, by its name in R4, and its names in R4 and STU3.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub on: &'static str,
    pub names: (&'static str, &'static str),
    pub how: How,
}

/// The types of resources that a handoff is made of, `(R4, STU3)`. A MedicationStatement is none of them: STU3 requires
/// `taken`, which R4 has no element for.
const TYPES: [(&str, &str); 29] = [
    ("AllergyIntolerance", "AllergyIntolerance"),
    ("Binary", "Binary"),
    ("CarePlan", "CarePlan"),
    ("CareTeam", "CareTeam"),
    ("Composition", "Composition"),
    ("Condition", "Condition"),
    ("Consent", "Consent"),
    ("Coverage", "Coverage"),
    ("Device", "Device"),
    ("DeviceUseStatement", "DeviceUseStatement"),
    ("DiagnosticReport", "DiagnosticReport"),
    ("DocumentReference", "DocumentReference"),
    ("Encounter", "Encounter"),
    ("Flag", "Flag"),
    ("Goal", "Goal"),
    ("HealthcareService", "HealthcareService"),
    ("Immunization", "Immunization"),
    ("Location", "Location"),
    ("Medication", "Medication"),
    ("NutritionOrder", "NutritionOrder"),
    ("Observation", "Observation"),
    ("Organization", "Organization"),
    ("Patient", "Patient"),
    ("Practitioner", "Practitioner"),
    ("PractitionerRole", "PractitionerRole"),
    ("Procedure", "Procedure"),
    ("RelatedPerson", "RelatedPerson"),
    ("ServiceRequest", "ProcedureRequest"),
    ("Specimen", "Specimen"),
];

const SUSPENDED: (&str, &str) = ("on-hold", "suspended");
/// `request-status` in R4; `care-plan-status` and, of a ProcedureRequest, `request-status` in STU3.
const REQUESTED: &[(&str, &str)] = &[
    ("draft", "draft"),
    ("active", "active"),
    SUSPENDED,
    ("revoked", "cancelled"),
    ("completed", "completed"),
    ("entered-in-error", "entered-in-error"),
    ("unknown", "unknown"),
];
/// `proposed`, `planned` and `requested` of STU3 say what R4 says with the intent.
const NUTRITION: &[(&str, &str)] = &[
    ("draft", "draft"),
    ("active", "active"),
    ("on-hold", "on-hold"),
    ("revoked", "cancelled"),
    ("completed", "completed"),
    ("entered-in-error", "entered-in-error"),
];
/// `not-done` of R4 takes the place of whatever status the procedure had; STU3 says it beside the status.
const PROCEDURE: &[(&str, &str)] = &[
    ("preparation", "preparation"),
    ("in-progress", "in-progress"),
    SUSPENDED,
    ("stopped", "aborted"),
    ("completed", "completed"),
    ("entered-in-error", "entered-in-error"),
    ("unknown", "unknown"),
];
const FOCUS: &str = "http://nictiz.nl/fhir/StructureDefinition/observation-focusSTU3";
const DEVICE_REASON: &str = "http://nictiz.nl/fhir/StructureDefinition/deviceUseStatement-reasonReferenceSTU3";
const EXPLANATION: &str = "http://nictiz.nl/fhir/StructureDefinition/zib-NutritionAdvice-Explanation";
const PERSON_ROLE: &str = "http://fhir.nl/fhir/StructureDefinition/nl-core-relatedperson-role";
/// The roles of contact persons (zib ContactPerson, RolCodelijst).
const PERSON_ROLES: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.22.472";
const CONDITION_ASSERTED: &str = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate";
const ALLERGY_ASSERTED: &str = "http://hl7.org/fhir/StructureDefinition/allergyintolerance-assertedDate";

const fn row(on: &'static str, r4: &'static str, stu3: &'static str, how: How) -> Row {
    Row { on, names: (r4, stu3), how }
}

const ROWS: &[Row] = &[
    row("Address", "use", "use", How::Without(&["billing"])),
    row("Identifier", "use", "use", How::Without(&["old"])),
    row(
        "Timing.repeat",
        "when",
        "when",
        How::Without(&["MORN.early", "MORN.late", "NOON", "AFT.early", "AFT.late", "EVE.early", "EVE.late"]),
    ),
    // Rules that a reader has to know are those of one version.
    row("*", "implicitRules", "implicitRules", How::Never),
    row(
        "AllergyIntolerance",
        "clinicalStatus",
        "clinicalStatus",
        How::Concept(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
            &["active", "inactive", "resolved"],
        ),
    ),
    row(
        "AllergyIntolerance",
        "verificationStatus",
        "verificationStatus",
        How::Concept(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
            &["unconfirmed", "confirmed", "refuted", "entered-in-error"],
        ),
    ),
    // `recordedDate` says when it was written down, which is not when it was asserted.
    row("AllergyIntolerance", "extension", "assertedDate", How::ExtensionInR4(ALLERGY_ASSERTED, "valueDateTime")),
    row("Binary", "data", "content", How::Same),
    row("CarePlan", "status", "status", How::Codes(REQUESTED)),
    row("CarePlan", "encounter", "context", How::Same),
    row("CarePlan.activity.detail", "doNotPerform", "prohibited", How::Same),
    row("CarePlan.activity.detail", "status", "status", How::Without(&["stopped", "entered-in-error"])),
    row("CarePlan.activity.detail", "statusReason", "statusReason", How::Holding("text")),
    row("CareTeam", "encounter", "context", How::Same),
    row("Composition", "category", "class", How::Same),
    row(
        "Condition",
        "clinicalStatus",
        "clinicalStatus",
        How::Concept(
            "http://terminology.hl7.org/CodeSystem/condition-clinical",
            &["active", "recurrence", "inactive", "remission", "resolved"],
        ),
    ),
    row(
        "Condition",
        "verificationStatus",
        "verificationStatus",
        How::Concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            &["provisional", "differential", "confirmed", "refuted", "entered-in-error"],
        ),
    ),
    row("Condition", "encounter", "context", How::Same),
    row("Condition", "extension", "assertedDate", How::ExtensionInR4(CONDITION_ASSERTED, "valueDateTime")),
    row("Consent", "performer", "consentingParty", How::Same),
    row("Device", "udiCarrier", "udi", How::Same),
    row("Device", "modelNumber", "model", How::Same),
    row("Device", "version", "version", How::Holding("value")),
    row("DeviceUseStatement", "reasonCode", "indication", How::Same),
    row("DeviceUseStatement", "reasonReference", "extension", How::Extension(DEVICE_REASON, "valueReference")),
    // Start and end of the use: zib MedicalDevice has them here in 2020 and there in 2017.
    row("DeviceUseStatement", "timingPeriod", "whenUsed", How::Same),
    row("DiagnosticReport", "encounter", "context", How::Same),
    row("DiagnosticReport", "performer", "performer", How::Within("actor")),
    row("DiagnosticReport", "media", "image", How::Same),
    row("DiagnosticReport", "conclusionCode", "codedDiagnosis", How::Same),
    row("DocumentReference", "category", "class", How::Same),
    row("DocumentReference", "date", "indexed", How::Same),
    row("DocumentReference.context", "related", "related", How::Within("ref")),
    row("Encounter", "reasonCode", "reason", How::Same),
    row("Encounter.diagnosis", "use", "role", How::Same),
    row("Immunization", "occurrenceDateTime", "date", How::Same),
    row("Immunization", "performer", "practitioner", How::Same),
    row("Immunization.performer", "function", "role", How::Same),
    row("Immunization", "status", "status", How::Without(&["not-done"])),
    row("Immunization", "", "notGiven", How::SaidInStu3("false")),
    row("Medication.ingredient", "strength", "amount", How::Same),
    // A NutritionOrder of STU3 is an order; another intent it cannot say.
    row("NutritionOrder", "intent", "", How::SaidInR4("\"order\"")),
    row("NutritionOrder", "status", "status", How::Codes(NUTRITION)),
    // zib NutritionAdvice, the explanation.
    row("NutritionOrder", "note", "extension", How::ExtensionWithText(EXPLANATION)),
    row("Observation", "encounter", "context", How::Same),
    row("Observation", "note", "comment", How::Holding("text")),
    row("Observation", "focus", "extension", How::Extension(FOCUS, "valueReference")),
    row("Observation", "hasMember", "related", How::Typed("has-member", "target")),
    row("Observation", "derivedFrom", "related", How::Typed("derived-from", "target")),
    row("Procedure", "encounter", "context", How::Same),
    row("Procedure", "status", "status", How::Codes(PROCEDURE)),
    row("Procedure.performer", "function", "role", How::Same),
    // STU3 has one relationship, and the role of a contact person beside it.
    row(
        "RelatedPerson",
        "relationship",
        "extension",
        How::ExtensionFor(PERSON_ROLE, "valueCodeableConcept", PERSON_ROLES),
    ),
    row("ServiceRequest", "encounter", "context", How::Same),
    row("ServiceRequest", "intent", "intent", How::Without(&["directive"])),
    row("ServiceRequest", "requester", "requester", How::Within("agent")),
    row("ServiceRequest", "status", "status", How::Codes(REQUESTED)),
];

/// The type that a resource of this type is in the other version.
pub(super) fn resource(way: Way, kind: &str) -> Option<&'static str> {
    TYPES.into_iter().map(|pair| way.of(pair)).find(|(from, _)| *from == kind).map(|(_, to)| to)
}

/// The types that are not of the same name, `(R4, STU3)`.
pub(super) fn types() -> impl Iterator<Item = (&'static str, &'static str)> {
    TYPES.into_iter()
}

/// The rows of this type, which is named as in R4.
pub(super) fn of_type(on: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.on == on || row.on == "*" && on.starts_with(|c: char| c.is_ascii_uppercase()))
}
