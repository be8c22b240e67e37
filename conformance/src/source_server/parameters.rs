//! The search parameters of this source: which type has which, of what kind, and where in a
//! resource the value stands. R4 and STU3 together; where they differ both places are named.

use super::FhirVersion;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Token,
    Reference,
    Date,
    Text,
}

impl Kind {
    /// The code of search-param-type.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Token => "token",
            Kind::Reference => "reference",
            Kind::Date => "date",
            Kind::Text => "string",
        }
    }
}

/// A parameter of one type: its kind and the elements it looks in.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub kind: Kind,
    pub paths: &'static [&'static str],
}

/// Every type has these.
const ALWAYS: [&str; 3] = ["_id", "_lastUpdated", "identifier"];

/// What else a type has. Also the list of types that this server knows.
#[rustfmt::skip]
const TYPES: &[(&str, &[&str])] = &[
    ("Account", &["patient", "subject", "status", "type"]),
    ("AllergyIntolerance", &["patient", "clinical-status", "verification-status", "code", "category", "criticality", "type", "date"]),
    ("Appointment", &["patient", "status", "date", "actor"]),
    ("AuditEvent", &["type", "date"]),
    ("Basic", &["patient", "subject", "code"]),
    ("Binary", &[]),
    ("BodySite", &["patient", "code"]),
    ("BodyStructure", &["patient"]),
    ("CarePlan", &["patient", "subject", "status", "category", "date", "encounter", "goal", "care-team", "condition"]),
    ("CareTeam", &["patient", "subject", "status", "category", "date", "participant"]),
    ("Communication", &["patient", "subject", "status", "category"]),
    ("CommunicationRequest", &["patient", "subject", "status", "category"]),
    ("Composition", &["patient", "subject", "status", "type", "date", "author", "encounter"]),
    ("Condition", &["patient", "subject", "clinical-status", "verification-status", "category", "code", "date", "encounter"]),
    ("Consent", &["patient", "status", "category", "date", "actor", "source-reference"]),
    ("Coverage", &["patient", "beneficiary", "status", "type"]),
    ("Device", &["patient", "status", "type"]),
    ("DeviceRequest", &["patient", "subject", "status", "code"]),
    ("DeviceUseStatement", &["patient", "subject", "device"]),
    ("DiagnosticReport", &["patient", "subject", "status", "category", "code", "date", "result", "specimen", "encounter"]),
    ("DocumentManifest", &["patient", "subject", "status", "type"]),
    ("DocumentReference", &["patient", "subject", "status", "type", "category", "date", "author"]),
    ("Encounter", &["patient", "subject", "status", "class", "type", "date", "location", "service-provider", "participant", "episode-of-care"]),
    ("Endpoint", &["status", "organization"]),
    ("EpisodeOfCare", &["patient", "status", "type", "date", "condition"]),
    ("FamilyMemberHistory", &["patient", "status", "code", "date"]),
    ("Flag", &["patient", "subject", "status", "category", "code", "date", "author"]),
    ("Goal", &["patient", "subject", "status", "category"]),
    ("Group", &["type", "code"]),
    ("HealthcareService", &["type", "category", "organization"]),
    ("ImagingStudy", &["patient", "subject", "status"]),
    ("Immunization", &["patient", "status", "date", "vaccine-code"]),
    ("ImmunizationRecommendation", &["patient", "date"]),
    ("List", &["patient", "subject", "status", "code", "date"]),
    ("Location", &["status", "type", "name", "organization"]),
    ("Media", &["patient", "subject", "status", "type"]),
    ("Medication", &["code", "status"]),
    ("MedicationAdministration", &["patient", "subject", "status", "code", "medication", "date"]),
    ("MedicationDispense", &["patient", "subject", "status", "code", "category", "medication", "whenhandedover", "performer", "prescription"]),
    ("MedicationRequest", &["patient", "subject", "status", "intent", "code", "category", "medication", "authoredon", "requester", "encounter"]),
    ("MedicationStatement", &["patient", "subject", "status", "code", "category", "medication", "effective"]),
    ("NutritionOrder", &["patient", "status", "date"]),
    ("Observation", &["patient", "subject", "status", "category", "code", "date", "performer", "specimen", "encounter", "has-member", "related-target", "value-concept"]),
    ("OperationOutcome", &[]),
    ("Organization", &["type", "name", "endpoint"]),
    ("Patient", &["name", "family", "birthdate", "gender", "active", "general-practitioner", "organization"]),
    ("Person", &["name", "birthdate"]),
    ("Practitioner", &["name", "family", "active"]),
    ("PractitionerRole", &["practitioner", "organization", "role", "specialty", "active"]),
    ("Procedure", &["patient", "subject", "status", "category", "code", "date", "performer", "encounter", "location"]),
    ("ProcedureRequest", &["patient", "subject", "status", "intent", "code"]),
    ("Provenance", &["target"]),
    ("Questionnaire", &["status", "name"]),
    ("QuestionnaireResponse", &["patient", "subject", "status", "author"]),
    ("ReferralRequest", &["patient", "subject", "status"]),
    ("RelatedPerson", &["patient", "name", "relationship"]),
    ("RiskAssessment", &["patient", "subject", "status", "date"]),
    ("Sequence", &["patient"]),
    ("ServiceRequest", &["patient", "subject", "status", "intent", "category", "code", "authored"]),
    ("Specimen", &["patient", "subject", "status", "type"]),
    ("Subscription", &["status"]),
    ("Task", &["patient", "subject", "status", "code", "owner", "requester", "focus"]),
    ("VisionPrescription", &["patient", "date"]),
];

/// Whether this server knows the type at all.
pub fn known(resource_type: &str) -> bool {
    TYPES.iter().any(|(name, _)| *name == resource_type)
}

/// The types and their parameters, for the CapabilityStatement.
pub fn all() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    TYPES.iter().map(|(name, own)| (*name, ALWAYS.into_iter().chain(own.iter().copied())))
}

/// The parameter of a type, if it has it.
pub fn find(resource_type: &str, name: &str) -> Option<Parameter> {
    let (_, own) = TYPES.iter().find(|(t, _)| *t == resource_type)?;
    if !own.contains(&name) && !ALWAYS.contains(&name) {
        return None;
    }
    let (kind, paths): (Kind, &'static [&'static str]) = match (resource_type, name) {
        (_, "_id") => (Kind::Token, &["id"]),
        (_, "_lastUpdated") => (Kind::Date, &["meta.lastUpdated"]),
        (_, "patient") => (Kind::Reference, &["subject", "patient", "beneficiary", "for", "participant.actor"]),
        (_, "subject") => (Kind::Reference, &["subject", "for"]),
        ("MedicationRequest" | "MedicationDispense" | "MedicationStatement" | "MedicationAdministration", "code") => {
            (Kind::Token, &["medicationCodeableConcept"])
        }
        ("Appointment" | "Consent", "actor") => (Kind::Reference, &["participant.actor", "provision.actor.reference"]),
        ("Encounter", "class") => (Kind::Token, &["class"]),
        ("Encounter", "location") => (Kind::Reference, &["location.location"]),
        ("Encounter", "participant") => (Kind::Reference, &["participant.individual"]),
        ("CareTeam", "participant") => (Kind::Reference, &["participant.member"]),
        ("Goal", "status") => (Kind::Token, &["lifecycleStatus", "status"]),
        ("PractitionerRole", "role") => (Kind::Token, &["code"]),
        (_, "category") => (Kind::Token, &["category"]),
        (_, "clinical-status") => (Kind::Token, &["clinicalStatus"]),
        (_, "verification-status") => (Kind::Token, &["verificationStatus"]),
        (_, "vaccine-code") => (Kind::Token, &["vaccineCode"]),
        (_, "value-concept") => (Kind::Token, &["valueCodeableConcept"]),
        (_, "identifier") => (Kind::Token, &["identifier"]),
        (_, "code") => (Kind::Token, &["code"]),
        (_, "status") => (Kind::Token, &["status"]),
        (_, "intent") => (Kind::Token, &["intent"]),
        (_, "type") => (Kind::Token, &["type"]),
        (_, "criticality") => (Kind::Token, &["criticality"]),
        (_, "gender") => (Kind::Token, &["gender"]),
        (_, "active") => (Kind::Token, &["active"]),
        (_, "specialty") => (Kind::Token, &["specialty"]),
        (_, "relationship") => (Kind::Token, &["relationship"]),
        (_, "name") => (Kind::Text, &["name"]),
        (_, "family") => (Kind::Text, &["name.family"]),
        (_, "birthdate") => (Kind::Date, &["birthDate"]),
        (_, "whenhandedover") => (Kind::Date, &["whenHandedOver"]),
        (_, "authoredon" | "authored") => (Kind::Date, &["authoredOn"]),
        (_, "effective") => (Kind::Date, &["effectivePeriod", "effectiveDateTime"]),
        (_, "date") => (Kind::Date, dates_of(resource_type)),
        (_, "medication") => (Kind::Reference, &["medicationReference"]),
        (_, "beneficiary") => (Kind::Reference, &["beneficiary"]),
        (_, "encounter") => (Kind::Reference, &["encounter", "context"]),
        (_, "organization") => (Kind::Reference, &["organization", "managingOrganization", "providedBy"]),
        (_, "practitioner") => (Kind::Reference, &["practitioner"]),
        (_, "general-practitioner") => (Kind::Reference, &["generalPractitioner"]),
        (_, "performer") => (Kind::Reference, &["performer", "performer.actor"]),
        (_, "requester") => (Kind::Reference, &["requester", "requester.agent"]),
        (_, "author") => (Kind::Reference, &["author"]),
        (_, "location") => (Kind::Reference, &["location"]),
        (_, "service-provider") => (Kind::Reference, &["serviceProvider"]),
        (_, "episode-of-care") => (Kind::Reference, &["episodeOfCare"]),
        (_, "condition") => (Kind::Reference, &["addresses", "diagnosis.condition"]),
        (_, "goal") => (Kind::Reference, &["goal"]),
        (_, "care-team") => (Kind::Reference, &["careTeam"]),
        (_, "device") => (Kind::Reference, &["device"]),
        (_, "specimen") => (Kind::Reference, &["specimen"]),
        (_, "result") => (Kind::Reference, &["result"]),
        (_, "has-member") => (Kind::Reference, &["hasMember"]),
        (_, "related-target") => (Kind::Reference, &["related.target"]),
        (_, "prescription") => (Kind::Reference, &["authorizingPrescription"]),
        (_, "source-reference") => (Kind::Reference, &["sourceReference"]),
        (_, "target") => (Kind::Reference, &["target"]),
        (_, "endpoint") => (Kind::Reference, &["endpoint"]),
        (_, "owner") => (Kind::Reference, &["owner"]),
        (_, "focus") => (Kind::Reference, &["focus"]),
        _ => return None,
    };
    Some(Parameter { kind, paths })
}

fn dates_of(resource_type: &str) -> &'static [&'static str] {
    match resource_type {
        "AllergyIntolerance" => &["recordedDate", "assertedDate"],
        "AuditEvent" => &["recorded"],
        "CarePlan" | "CareTeam" | "Encounter" | "EpisodeOfCare" | "Flag" => &["period"],
        "Condition" => &["recordedDate", "assertedDate"],
        "Consent" => &["dateTime"],
        "Immunization" => &["occurrenceDateTime", "date"],
        "MedicationAdministration" | "Observation" | "DiagnosticReport" => {
            &["effectiveDateTime", "effectivePeriod", "effectiveInstant"]
        }
        "Procedure" => &["performedDateTime", "performedPeriod"],
        _ => &["date", "dateTime"],
    }
}

/// The types of one release. Some of the other release's are known too, which harms nobody:
/// they are simply empty.
pub fn in_release(version: FhirVersion, resource_type: &str) -> bool {
    match version {
        FhirVersion::Stu3 => !matches!(resource_type, "ServiceRequest" | "BodyStructure"),
        FhirVersion::R4 => !matches!(resource_type, "BodySite" | "ProcedureRequest" | "ReferralRequest" | "Sequence"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promised_parameter_can_be_found() {
        for (resource_type, names) in all() {
            for name in names {
                assert!(find(resource_type, name).is_some(), "{resource_type}.{name}");
            }
        }
    }

    #[test]
    fn a_type_without_a_parameter_says_so() {
        for (resource_type, name) in [("Patient", "patient"), ("Patient", "code"), ("Nothing", "_id")] {
            assert!(find(resource_type, name).is_none(), "{resource_type}.{name}");
        }
    }
}
