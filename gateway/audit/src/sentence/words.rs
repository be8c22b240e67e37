//! Plain words, in Dutch and in English, for what a record has as codes.

use super::Language;

/// A word with its article, which "uw" and "your" take the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Thing {
    pub dutch: (&'static str, &'static str),
    pub english: (&'static str, &'static str),
}

const fn plural(dutch: &'static str, english: &'static str) -> Thing {
    Thing { dutch: ("", dutch), english: ("", english) }
}

const fn one(article: &'static str, dutch: &'static str, english: &'static str) -> Thing {
    Thing { dutch: (article, dutch), english: ("the", english) }
}

impl Thing {
    pub fn word(self, language: Language) -> &'static str {
        match language {
            Language::Dutch => self.dutch.1,
            Language::English => self.english.1,
        }
    }
    pub fn with_article(self, language: Language) -> String {
        let (article, word) = match language {
            Language::Dutch => self.dutch,
            Language::English => self.english,
        };
        if article.is_empty() { word.to_owned() } else { format!("{article} {word}") }
    }
}

pub const DATA: Thing = plural("gegevens", "data");

/// What an operation collects.
pub fn operation(name: &str) -> Option<Thing> {
    Some(match name {
        "everything" => one("het", "volledige dossier", "whole record"),
        "lastn" => Thing {
            dutch: ("de", "laatste metingen en uitslagen"),
            english: ("the", "latest measurements and results"),
        },
        "latest-stops" => Thing {
            dutch: ("de", "lopende en laatst gestopte medicatie"),
            english: ("the", "medication in use and last stopped"),
        },
        "document" => Thing { dutch: ("een", "document"), english: ("a", "document") },
        "explain" => one("de", "uitleg van een besluit", "explanation of a decision"),
        "review" => Thing { dutch: ("een", "inzage"), english: ("an", "access") },
        "health-overview" => one("het", "gezondheidsoverzicht", "health overview"),
        "current-medication" | "former-medication-overview" => one("het", "medicatieoverzicht", "medication overview"),
        "laboratory-values" => plural("laboratoriumwaarden", "laboratory values"),
        _ => return None,
    })
}

/// What resources of a type are to people. Types that are not listed are data.
pub fn resource_type(name: &str) -> Thing {
    match name {
        "Patient" => plural("persoonsgegevens", "personal details"),
        "Observation" => plural("metingen en uitslagen", "measurements and results"),
        "Condition" => plural("problemen en diagnoses", "problems and diagnoses"),
        "AllergyIntolerance" => plural("allergieën en intoleranties", "allergies and intolerances"),
        "Procedure" => plural("behandelingen en verrichtingen", "procedures"),
        "ProcedureRequest" | "ServiceRequest" | "ReferralRequest" => {
            plural("aanvragen en verwijzingen", "requests and referrals")
        }
        "MedicationRequest" => plural("medicatieafspraken", "medication agreements"),
        "MedicationDispense" => plural("medicatieverstrekkingen", "dispensed medication"),
        "MedicationStatement" => plural("medicatiegebruik", "medication use"),
        "MedicationAdministration" => plural("medicatietoedieningen", "administered medication"),
        "Medication" => plural("geneesmiddelen", "medicines"),
        "Immunization" | "ImmunizationRecommendation" => plural("vaccinaties", "vaccinations"),
        "DiagnosticReport" => plural("uitslagen", "results"),
        "DocumentReference" | "DocumentManifest" | "Composition" | "Binary" => plural("documenten", "documents"),
        "ImagingStudy" => plural("beelden", "images"),
        "Encounter" | "EpisodeOfCare" => plural("contacten en opnames", "visits and admissions"),
        "Appointment" => plural("afspraken", "appointments"),
        "CarePlan" | "Goal" => plural("zorgplannen en doelen", "care plans and goals"),
        "NutritionOrder" => plural("voedingsadviezen", "nutrition orders"),
        "Consent" => plural("toestemmingen en wilsverklaringen", "consents and directives"),
        "Flag" => plural("alerts", "alerts"),
        "Device" | "DeviceUseStatement" | "DeviceRequest" => {
            plural("hulpmiddelen en implantaten", "devices and implants")
        }
        "FamilyMemberHistory" => plural("familieanamnese", "family history"),
        "Coverage" => plural("verzekeringsgegevens", "insurance details"),
        "CareTeam" => plural("zorgteams", "care teams"),
        "Communication" | "CommunicationRequest" => plural("berichten", "messages"),
        "QuestionnaireResponse" => plural("ingevulde vragenlijsten", "completed questionnaires"),
        "Specimen" => plural("afgenomen materiaal", "specimens"),
        "Task" => plural("taken", "tasks"),
        "RelatedPerson" => plural("contactpersonen", "contact persons"),
        "AuditEvent" => one("het", "toegangslog", "access log"),
        _ => DATA,
    }
}

/// Profession by role of the UZI register (rolcode, OID 2.16.840.1.113883.2.4.15.111); sorted.
const ROLES: &[(&str, &str, &str)] = &[
    // No role of the register: whoever works there and treats nobody.
    ("00.000", "medewerker", "member of staff"),
    ("01.000", "arts", "doctor"),
    ("01.002", "internist-allergoloog", "allergist"),
    ("01.003", "anesthesioloog", "anaesthetist"),
    ("01.004", "apotheekhoudend huisarts", "dispensing general practitioner"),
    ("01.008", "bedrijfsarts", "occupational physician"),
    ("01.010", "cardioloog", "cardiologist"),
    ("01.011", "cardiothoracaal chirurg", "cardiothoracic surgeon"),
    ("01.012", "dermatoloog", "dermatologist"),
    ("01.013", "maag-darm-leverarts", "gastroenterologist"),
    ("01.014", "chirurg", "surgeon"),
    ("01.015", "huisarts", "general practitioner"),
    ("01.016", "internist", "internist"),
    ("01.018", "keel-, neus- en oorarts", "ear, nose and throat doctor"),
    ("01.019", "kinderarts", "paediatrician"),
    ("01.021", "klinisch geneticus", "clinical geneticist"),
    ("01.022", "klinisch geriater", "geriatrician"),
    ("01.023", "longarts", "pulmonologist"),
    ("01.024", "arts-microbioloog", "microbiologist"),
    ("01.025", "neurochirurg", "neurosurgeon"),
    ("01.026", "neuroloog", "neurologist"),
    ("01.030", "nucleair geneeskundige", "nuclear medicine physician"),
    ("01.031", "oogarts", "ophthalmologist"),
    ("01.032", "orthopedisch chirurg", "orthopaedic surgeon"),
    ("01.033", "patholoog", "pathologist"),
    ("01.034", "plastisch chirurg", "plastic surgeon"),
    ("01.035", "psychiater", "psychiatrist"),
    ("01.039", "radioloog", "radiologist"),
    ("01.040", "radiotherapeut", "radiation oncologist"),
    ("01.041", "reumatoloog", "rheumatologist"),
    ("01.042", "revalidatiearts", "rehabilitation doctor"),
    ("01.045", "uroloog", "urologist"),
    ("01.046", "gynaecoloog", "gynaecologist"),
    ("01.047", "specialist ouderengeneeskunde", "elderly care physician"),
    ("01.048", "verzekeringsarts", "insurance physician"),
    ("01.056", "arts verstandelijk gehandicapten", "physician for people with intellectual disabilities"),
    ("02.000", "tandarts", "dentist"),
    ("02.053", "orthodontist", "orthodontist"),
    ("02.054", "kaakchirurg", "oral surgeon"),
    ("03.000", "verloskundige", "midwife"),
    ("04.000", "fysiotherapeut", "physiotherapist"),
    ("16.000", "psychotherapeut", "psychotherapist"),
    ("17.000", "apotheker", "pharmacist"),
    ("17.060", "ziekenhuisapotheker", "hospital pharmacist"),
    ("17.075", "openbaar apotheker", "community pharmacist"),
    ("25.000", "gezondheidszorgpsycholoog", "health care psychologist"),
    ("25.061", "klinisch psycholoog", "clinical psychologist"),
    ("30.000", "verpleegkundige", "nurse"),
    ("83.000", "apothekersassistent", "pharmacy technician"),
    ("86.000", "verzorgende", "certified carer"),
    ("89.000", "diëtist", "dietitian"),
    ("90.000", "ergotherapeut", "occupational therapist"),
    ("91.000", "logopedist", "speech therapist"),
];

/// The profession of a role, or what every role is.
pub fn role(code: &str, language: Language) -> &'static str {
    let known = ROLES.binary_search_by_key(&code, |(known, _, _)| known).ok().and_then(|at| ROLES.get(at));
    match (known, language) {
        (Some((_, dutch, _)), Language::Dutch) => dutch,
        (Some((_, _, english)), Language::English) => english,
        (None, Language::Dutch) => "zorgverlener",
        (None, Language::English) => "care professional",
    }
}

/// "a" or "an".
pub fn a(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {word}", if vowel { "an" } else { "a" })
}

/// "a, b en c"; with "en ook" where the words themselves have an "en".
pub fn list(words: &[String], language: Language) -> String {
    let (and, also) = match language {
        Language::Dutch => (" en ", " en ook "),
        Language::English => (" and ", " and also "),
    };
    let joined = if words.iter().any(|word| word.contains(and)) { also } else { and };
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{}{joined}{last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_sorted_and_an_unknown_one_is_a_care_professional() {
        assert!(ROLES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(role("01.015", Language::Dutch), "huisarts");
        assert_eq!(role("99.999", Language::Dutch), "zorgverlener");
        assert_eq!(role("", Language::English), "care professional");
    }

    #[test]
    fn lists_and_articles_read_naturally() {
        let words: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(list(&words, Language::Dutch), "a, b en c");
        assert_eq!(list(&words[..1], Language::English), "a");
        let pairs: Vec<String> = ["a en b", "c"].map(str::to_owned).to_vec();
        assert_eq!(list(&pairs, Language::Dutch), "a en b en ook c");
        assert_eq!(list(&[], Language::Dutch), "");
        assert_eq!((a("internist"), a("nurse")), ("an internist".to_owned(), "a nurse".to_owned()));
    }
}
