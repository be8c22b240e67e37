//! What the parts of the basic data set are called in Dutch, after their building blocks (zib 2017).

use super::Section;

impl Section {
    /// As people here call it.
    pub fn title(&self) -> &'static str {
        match self.name {
            "Patient" => "Patiënt",
            "Payer" => "Verzekering (betaler)",
            "TreatmentDirective" => "Behandelaanwijzingen",
            "AdvanceDirective" => "Wilsverklaringen",
            "FunctionalOrMentalStatus" => "Functionele of mentale status",
            "Problem" => "Problemen",
            "LivingSituation" => "Woonsituatie",
            "DrugUse" => "Drugsgebruik",
            "AlcoholUse" => "Alcoholgebruik",
            "TobaccoUse" => "Tabakgebruik",
            "NutritionAdvice" => "Voedingsadviezen",
            "Alert" => "Waarschuwingen (alerts)",
            "AllergyIntolerance" => "Allergieën en intoleranties",
            "MedicationUse" => "Medicatiegebruik",
            "MedicationAgreement" => "Medicatieafspraken",
            "AdministrationAgreement" => "Toedieningsafspraken",
            "MedicalDevice" => "Medische hulpmiddelen",
            "Vaccination" => "Vaccinaties",
            "BloodPressure" => "Bloeddruk",
            "BodyWeight" => "Lichaamsgewicht",
            "BodyHeight" => "Lichaamslengte",
            "LaboratoryTestResult" => "Laboratoriumuitslagen",
            "Procedure" => "Verrichtingen",
            "Contact" => "Contacten",
            "PlannedCareActivity: procedures" => "Geplande verrichtingen",
            "PlannedCareActivity: vaccinations" => "Geplande vaccinaties",
            "PlannedCareActivity: devices" => "Geplande hulpmiddelen",
            "PlannedCareActivity: appointments" => "Afspraken",
            "CareTeam" => "Zorgteam",
            "Documents" => "Documenten",
            other => other,
        }
    }
}
