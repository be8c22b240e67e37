//! Where each resource type keeps what a practitioner wants to see of it: one row per type (FHIR R4, with the
//! elements that the zibs of 2020 fill). A type without a row is shown by what most resources have in common.

use super::kinds::{Aspect as A, SectionKind as S};

/// How to read one type.
pub(super) struct Recipe {
    pub section: S,
    /// Paths of what it is about; the first that says something counts.
    pub title: &'static [&'static str],
    /// Paths of when it holds or happened; the first that says something counts.
    pub date: &'static [&'static str],
    /// Paths of its statuses; every one counts.
    pub status: &'static [&'static str],
    pub details: &'static [(A, &'static str)],
}

/// The row of a type.
pub(super) fn recipe(resource_type: &str) -> &'static Recipe {
    match resource_type {
        "Flag" => &FLAG,
        "AllergyIntolerance" => &ALLERGY,
        "Condition" => &CONDITION,
        "MedicationRequest" => &MEDICATION_REQUEST,
        "MedicationDispense" => &MEDICATION_DISPENSE,
        "MedicationStatement" => &MEDICATION_STATEMENT,
        "MedicationAdministration" => &MEDICATION_ADMINISTRATION,
        "Consent" => &CONSENT,
        "Observation" => &OBSERVATION,
        "DiagnosticReport" => &DIAGNOSTIC_REPORT,
        "CarePlan" => &CARE_PLAN,
        "Goal" => &GOAL,
        "CareTeam" => &CARE_TEAM,
        "NutritionOrder" => &NUTRITION_ORDER,
        "ServiceRequest" => &SERVICE_REQUEST,
        "Procedure" => &PROCEDURE,
        "Immunization" => &IMMUNIZATION,
        "ImmunizationRecommendation" => &IMMUNIZATION_RECOMMENDATION,
        "Encounter" => &ENCOUNTER,
        "EpisodeOfCare" => &EPISODE_OF_CARE,
        "DeviceUseStatement" => &DEVICE_USE,
        "DocumentReference" => &DOCUMENT,
        "RelatedPerson" => &RELATED_PERSON,
        _ => &ANYTHING,
    }
}

static FLAG: Recipe = Recipe {
    section: S::Alerts,
    title: &["code", "category"],
    date: &["period.start"],
    status: &["status"],
    details: &[(A::Category, "category"), (A::Until, "period.end"), (A::By, "author")],
};
static ALLERGY: Recipe = Recipe {
    section: S::Allergies,
    title: &["code", "reaction.substance"],
    // `assertedDate` in STU3.
    date: &["onset[x]", "recordedDate", "assertedDate", "lastOccurrence"],
    status: &["clinicalStatus", "verificationStatus"],
    details: &[
        (A::Criticality, "criticality"),
        (A::Reaction, "reaction.manifestation"),
        (A::Severity, "reaction.severity"),
        (A::Category, "type"),
        (A::By, "asserter"),
        (A::Note, "note"),
    ],
};
static CONDITION: Recipe = Recipe {
    section: S::Problems,
    title: &["code", "category"],
    date: &["onset[x]", "recordedDate"],
    status: &["clinicalStatus", "verificationStatus"],
    details: &[
        (A::Severity, "severity"),
        (A::Site, "bodySite"),
        (A::Until, "abatement[x]"),
        (A::By, "asserter"),
        (A::Note, "note"),
    ],
};
static MEDICATION_REQUEST: Recipe = Recipe {
    section: S::Medication,
    title: &["medication[x]"],
    date: &["authoredOn", "dispenseRequest.validityPeriod.start"],
    status: &["status"],
    details: &[(A::Dosage, "dosageInstruction"), (A::Reason, "reasonCode"), (A::By, "requester"), (A::Note, "note")],
};
static MEDICATION_DISPENSE: Recipe = Recipe {
    section: S::Medication,
    title: &["medication[x]"],
    date: &["whenHandedOver", "whenPrepared"],
    status: &["status"],
    details: &[
        (A::Dosage, "dosageInstruction"),
        (A::Quantity, "quantity"),
        (A::By, "performer.actor"),
        (A::Note, "note"),
    ],
};
static MEDICATION_STATEMENT: Recipe = Recipe {
    section: S::Medication,
    title: &["medication[x]"],
    date: &["effectiveDateTime", "effectivePeriod.start", "dateAsserted"],
    status: &["status"],
    details: &[
        (A::Dosage, "dosage"),
        (A::Reason, "reasonCode"),
        (A::Until, "effectivePeriod.end"),
        (A::By, "informationSource"),
        (A::Note, "note"),
    ],
};
static MEDICATION_ADMINISTRATION: Recipe = Recipe {
    section: S::Medication,
    title: &["medication[x]"],
    date: &["effectiveDateTime", "effectivePeriod.start"],
    status: &["status"],
    details: &[(A::Dosage, "dosage.text"), (A::Quantity, "dosage.dose"), (A::By, "performer.actor"), (A::Note, "note")],
};
static CONSENT: Recipe = Recipe {
    section: S::Directives,
    title: &["provision.code", "category", "scope"],
    date: &["dateTime", "provision.period.start"],
    status: &["status"],
    details: &[
        (A::Decision, "provision.type"),
        (A::Category, "category"),
        (A::Until, "provision.period.end"),
        (A::By, "performer"),
        (A::Description, "sourceAttachment.title"),
    ],
};
static OBSERVATION: Recipe = Recipe {
    section: S::Measurements,
    title: &["code", "category"],
    date: &["effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued"],
    status: &["status"],
    details: &[
        (A::Interpretation, "interpretation"),
        (A::ReferenceRange, "referenceRange"),
        (A::Site, "bodySite"),
        (A::Members, "hasMember.display"),
        (A::By, "performer"),
        (A::Note, "note"),
    ],
};
static DIAGNOSTIC_REPORT: Recipe = Recipe {
    section: S::Measurements,
    title: &["code", "category"],
    date: &["effectiveDateTime", "effectivePeriod.start", "issued"],
    status: &["status"],
    details: &[
        (A::Result, "conclusion"),
        (A::Result, "conclusionCode"),
        (A::Members, "result"),
        (A::By, "performer"),
        (A::Description, "presentedForm.title"),
    ],
};
static CARE_PLAN: Recipe = Recipe {
    section: S::Care,
    title: &["title", "category", "description"],
    date: &["period.start", "created"],
    status: &["status"],
    details: &[
        (A::Description, "description"),
        (A::Reason, "addresses"),
        (A::Target, "goal"),
        (A::Activity, "activity.detail.code"),
        (A::Activity, "activity.detail.description"),
        (A::Activity, "activity.reference"),
        (A::Until, "period.end"),
        (A::By, "author"),
        (A::Note, "note"),
    ],
};
static GOAL: Recipe = Recipe {
    section: S::Care,
    title: &["description"],
    date: &["startDate", "statusDate"],
    status: &["lifecycleStatus", "achievementStatus"],
    details: &[
        (A::Target, "target.detail[x]"),
        (A::Until, "target.dueDate"),
        (A::Reason, "addresses"),
        (A::By, "expressedBy"),
        (A::Note, "note"),
    ],
};
static CARE_TEAM: Recipe = Recipe {
    section: S::Care,
    title: &["name", "category"],
    date: &["period.start"],
    status: &["status"],
    details: &[(A::Members, "participant.member"), (A::Reason, "reasonCode"), (A::Note, "note")],
};
static NUTRITION_ORDER: Recipe = Recipe {
    section: S::Care,
    title: &["oralDiet.type", "oralDiet.instruction", "enteralFormula.baseFormulaType"],
    date: &["dateTime"],
    status: &["status"],
    details: &[
        (A::Description, "oralDiet.instruction"),
        (A::Description, "oralDiet.texture.modifier"),
        (A::Description, "oralDiet.fluidConsistencyType"),
        (A::By, "orderer"),
        (A::Note, "note"),
    ],
};
static SERVICE_REQUEST: Recipe = Recipe {
    section: S::Care,
    title: &["code", "category"],
    date: &["occurrenceDateTime", "occurrencePeriod.start", "authoredOn"],
    status: &["status"],
    details: &[
        (A::Reason, "reasonCode"),
        (A::Site, "bodySite"),
        (A::By, "requester"),
        (A::Description, "patientInstruction"),
        (A::Note, "note"),
    ],
};
static PROCEDURE: Recipe = Recipe {
    section: S::Procedures,
    title: &["code", "category"],
    date: &["performedDateTime", "performedPeriod.start", "performed[x]"],
    status: &["status"],
    details: &[
        (A::Site, "bodySite"),
        (A::Reason, "reasonCode"),
        (A::Result, "outcome"),
        (A::By, "performer.actor"),
        (A::Place, "location"),
        (A::Note, "note"),
    ],
};
static IMMUNIZATION: Recipe = Recipe {
    section: S::Vaccinations,
    title: &["vaccineCode"],
    date: &["occurrence[x]", "recorded"],
    status: &["status"],
    details: &[
        (A::Quantity, "doseQuantity"),
        (A::Reason, "statusReason"),
        (A::By, "performer.actor"),
        (A::Note, "note"),
    ],
};
static IMMUNIZATION_RECOMMENDATION: Recipe = Recipe {
    section: S::Vaccinations,
    title: &["recommendation.vaccineCode", "recommendation.targetDisease"],
    date: &["date"],
    status: &["recommendation.forecastStatus"],
    details: &[(A::Target, "recommendation.dateCriterion.value"), (A::Description, "recommendation.description")],
};
static ENCOUNTER: Recipe = Recipe {
    section: S::Encounters,
    title: &["type", "class"],
    date: &["period.start"],
    status: &["status"],
    details: &[
        (A::Category, "class"),
        (A::Reason, "reasonCode"),
        (A::Reason, "reasonReference"),
        (A::Until, "period.end"),
        (A::By, "participant.individual"),
        (A::Place, "location.location"),
        (A::Place, "serviceProvider"),
    ],
};
static EPISODE_OF_CARE: Recipe = Recipe {
    section: S::Encounters,
    title: &["type", "diagnosis.condition"],
    date: &["period.start"],
    status: &["status"],
    details: &[(A::Until, "period.end"), (A::By, "careManager"), (A::Place, "managingOrganization")],
};
static DEVICE_USE: Recipe = Recipe {
    section: S::Other,
    title: &["device"],
    date: &["timing[x]", "recordedOn"],
    status: &["status"],
    details: &[(A::Site, "bodySite"), (A::Reason, "reasonCode"), (A::Note, "note")],
};
static DOCUMENT: Recipe = Recipe {
    section: S::Other,
    title: &["type", "description", "category"],
    date: &["date", "context.period.start"],
    status: &["status"],
    details: &[
        (A::Description, "description"),
        (A::Description, "content.attachment.title"),
        (A::Category, "category"),
        (A::By, "author"),
    ],
};
static RELATED_PERSON: Recipe = Recipe {
    section: S::Other,
    title: &["name"],
    date: &["period.start"],
    status: &[],
    details: &[(A::Category, "relationship"), (A::Description, "telecom"), (A::Until, "period.end")],
};
static ANYTHING: Recipe = Recipe {
    section: S::Other,
    title: &["code", "title", "name", "deviceName", "type", "category", "description"],
    date: &[
        "date",
        "dateTime",
        "effective[x]",
        "occurrence[x]",
        "performed[x]",
        "period.start",
        "authoredOn",
        "issued",
        "created",
        "recorded",
        "recordedDate",
        "start",
        "sent",
        "meta.lastUpdated",
    ],
    status: &["status", "clinicalStatus"],
    details: &[(A::Value, "value[x]"), (A::Description, "description"), (A::Note, "note")],
};
