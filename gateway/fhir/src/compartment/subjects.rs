//! Which element names the patient, per resource type: facts of the structure definitions of STU3 and R4.

/// How a type names the patient it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Patient,
    /// These elements (alternatives separated by `|`) say who it is about.
    In(&'static str),
    /// Among others, these elements can name a patient: participants, targets, recipients.
    Among(&'static str),
    /// Its content may be about a patient, but no element of its own says so.
    Unsaid,
    Nobody,
}

/// The subject of a type; of an unknown type it is not told.
pub(super) fn of(resource_type: &str) -> Subject {
    match resource_type {
        "Patient" => Subject::Patient,

        "Account"
        | "AdverseEvent"
        | "Basic"
        | "CarePlan"
        | "CareTeam"
        | "ChargeItem"
        | "ClinicalImpression"
        | "Communication"
        | "CommunicationRequest"
        | "Composition"
        | "Condition"
        | "Contract"
        | "DeviceRequest"
        | "DeviceUseStatement"
        | "DiagnosticReport"
        | "DocumentManifest"
        | "DocumentReference"
        | "Encounter"
        | "Flag"
        | "Goal"
        | "GuidanceResponse"
        | "Invoice"
        | "List"
        | "Media"
        | "MedicationAdministration"
        | "MedicationDispense"
        | "MedicationRequest"
        | "MedicationStatement"
        | "Observation"
        | "Procedure"
        | "ProcedureRequest"
        | "QuestionnaireResponse"
        | "ReferralRequest"
        | "RequestGroup"
        | "RiskAssessment"
        | "ServiceRequest"
        | "Specimen" => Subject::In("subject"),

        "AllergyIntolerance"
        | "BodySite"
        | "BodyStructure"
        | "Claim"
        | "ClaimResponse"
        | "Consent"
        | "CoverageEligibilityRequest"
        | "CoverageEligibilityResponse"
        | "DetectedIssue"
        | "Device"
        | "EligibilityRequest"
        | "EpisodeOfCare"
        | "ExplanationOfBenefit"
        | "FamilyMemberHistory"
        | "ImagingManifest"
        | "Immunization"
        | "ImmunizationEvaluation"
        | "ImmunizationRecommendation"
        | "MolecularSequence"
        | "NutritionOrder"
        | "RelatedPerson"
        | "Sequence"
        | "SupplyDelivery"
        | "VisionPrescription" => Subject::In("patient"),

        "Coverage" => Subject::In("beneficiary"),
        "EnrollmentRequest" => Subject::In("candidate|subject"),
        // `patient` in STU3, `subject` in R4.
        "ImagingStudy" | "MeasureReport" => Subject::In("subject|patient"),
        "ResearchSubject" => Subject::In("individual"),
        "Task" => Subject::In("for"),

        "Appointment" => Subject::Among("participant.actor"),
        "AppointmentResponse" | "Schedule" => Subject::Among("actor"),
        "BiologicallyDerivedProduct" => Subject::Among("collection.source"),
        "Provenance" => Subject::Among("target"),
        "SupplyRequest" => Subject::Among("deliverTo"),

        "ActivityDefinition"
        | "CapabilityStatement"
        | "CatalogEntry"
        | "ChargeItemDefinition"
        | "CodeSystem"
        | "CompartmentDefinition"
        | "ConceptMap"
        | "DataElement"
        | "DeviceDefinition"
        | "EffectEvidenceSynthesis"
        | "Endpoint"
        | "EventDefinition"
        | "Evidence"
        | "EvidenceVariable"
        | "ExampleScenario"
        | "ExpansionProfile"
        | "GraphDefinition"
        | "HealthcareService"
        | "ImplementationGuide"
        | "InsurancePlan"
        | "Library"
        | "Location"
        | "Measure"
        | "Medication"
        | "MedicationKnowledge"
        | "MedicinalProduct"
        | "MedicinalProductAuthorization"
        | "MedicinalProductContraindication"
        | "MedicinalProductIndication"
        | "MedicinalProductIngredient"
        | "MedicinalProductInteraction"
        | "MedicinalProductManufactured"
        | "MedicinalProductPackaged"
        | "MedicinalProductPharmaceutical"
        | "MedicinalProductUndesirableEffect"
        | "MessageDefinition"
        | "NamingSystem"
        | "ObservationDefinition"
        | "OperationDefinition"
        | "OperationOutcome"
        | "Organization"
        | "OrganizationAffiliation"
        | "PlanDefinition"
        | "Practitioner"
        | "PractitionerRole"
        | "Questionnaire"
        | "ResearchDefinition"
        | "ResearchElementDefinition"
        | "ResearchStudy"
        | "RiskEvidenceSynthesis"
        | "SearchParameter"
        | "ServiceDefinition"
        | "SpecimenDefinition"
        | "StructureDefinition"
        | "StructureMap"
        | "Substance"
        | "SubstanceNucleicAcid"
        | "SubstancePolymer"
        | "SubstanceProtein"
        | "SubstanceReferenceInformation"
        | "SubstanceSourceMaterial"
        | "SubstanceSpecification"
        | "TerminologyCapabilities"
        | "TestReport"
        | "TestScript"
        | "ValueSet" => Subject::Nobody,

        // AuditEvent, Binary, Bundle, DeviceComponent, DeviceMetric, EligibilityResponse, EnrollmentResponse, Group,
        // Linkage, MessageHeader, Parameters, PaymentNotice, PaymentReconciliation, Person, ProcessRequest,
        // ProcessResponse, Slot, Subscription, VerificationResult and whatever we do not know.
        _ => Subject::Unsaid,
    }
}
