//! Codes of FHIR R4 in Dutch.

use flows::overview::Aspect;
pub(crate) use flows::words::{gender, status};

/// Whether a status turns the meaning round, so that it must stand out.
pub(crate) fn grave(code: &str) -> bool {
    matches!(
        code,
        "refuted"
            | "entered-in-error"
            | "do-not-perform"
            | "not-taken"
            | "not-done"
            | "cancelled"
            | "revoked"
            | "rejected"
    )
}

/// The text of a detail, with codes of its aspect in words.
pub(crate) fn coded(aspect: Aspect, text: &str) -> String {
    let word = |code: &str| -> String {
        match (aspect, code) {
            (Aspect::Criticality, "low") => "laag",
            (Aspect::Criticality, "high") => "hoog",
            (Aspect::Criticality, "unable-to-assess") => "niet te beoordelen",
            (Aspect::Severity, "mild") => "licht",
            (Aspect::Severity, "moderate") => "matig",
            (Aspect::Severity, "severe") => "ernstig",
            (Aspect::Category, "allergy") => "allergie",
            (Aspect::Category, "intolerance") => "intolerantie",
            (Aspect::Decision, "permit") => "Wel doen",
            (Aspect::Decision, "deny") => "Niet doen",
            (_, other) => other,
        }
        .to_owned()
    };
    match aspect {
        Aspect::Criticality | Aspect::Severity | Aspect::Category | Aspect::Decision => {
            text.split(", ").map(word).collect::<Vec<_>>().join(", ")
        }
        Aspect::Until => text.split(", ").map(super::date).collect::<Vec<_>>().join(", "),
        _ => text.to_owned(),
    }
}

/// What a resource of this type is called.
pub(crate) fn resource_type(name: &str) -> &str {
    match name {
        "" => "een deel van de gegevens",
        "AllergyIntolerance" => "allergieën",
        "CarePlan" => "zorgplan",
        "CareTeam" => "zorgteam",
        "Condition" => "problemen",
        "Consent" => "wilsverklaring of toestemming",
        "Coverage" => "verzekering",
        "Device" => "hulpmiddel",
        "DeviceUseStatement" => "gebruik van hulpmiddel",
        "DiagnosticReport" => "verslag",
        "DocumentReference" => "document",
        "Encounter" => "contact",
        "EpisodeOfCare" => "zorgepisode",
        "Flag" => "waarschuwing",
        "Goal" => "behandeldoel",
        "Immunization" => "vaccinatie",
        "ImmunizationRecommendation" => "vaccinatieadvies",
        "Location" => "locatie",
        "Medication" => "geneesmiddel",
        "MedicationAdministration" => "toediening",
        "MedicationDispense" => "verstrekking",
        "MedicationRequest" => "voorschrift",
        "MedicationStatement" => "gebruik",
        "NutritionOrder" => "voedingsadvies",
        "Observation" => "metingen en uitslagen",
        "Organization" => "organisatie",
        "Patient" => "patiëntgegevens",
        "Practitioner" => "zorgverlener",
        "PractitionerRole" => "rol van zorgverlener",
        "Procedure" => "verrichting",
        "RelatedPerson" => "contactpersoon",
        "ServiceRequest" => "aangevraagde zorg",
        "Specimen" => "monster",
        other => other,
    }
}
