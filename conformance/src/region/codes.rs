//! The codes that the stories use, each with the words a Dutch care worker reads.
//!
//! Codes come from the zib 2020 value sets where those list them, else from SNOMED CT, LOINC
//! and ATC themselves. The systems' URIs are those of the zib 2020 R4 package.

/// A code with its system and display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concept {
    pub system: &'static str,
    pub code: &'static str,
    pub display: &'static str,
}

pub const SNOMED: &str = "http://snomed.info/sct";
pub const LOINC: &str = "http://loinc.org";
pub const ATC: &str = "http://www.whocc.no/atc";
pub const UCUM: &str = "http://unitsofmeasure.org";
/// UZI role codes (professions and specialties).
pub const UZI_ROLE: &str = "http://fhir.nl/fhir/NamingSystem/uzi-rolcode";
/// RoleCodeNL, type of care provider (2.16.840.1.113883.2.4.15.1060).
pub const ORGANISATION_TYPE: &str = "http://nictiz.nl/fhir/NamingSystem/organization-type";

const fn sct(code: &'static str, display: &'static str) -> Concept {
    Concept { system: SNOMED, code, display }
}

const fn atc(code: &'static str, display: &'static str) -> Concept {
    Concept { system: ATC, code, display }
}

pub const fn concept(system: &'static str, code: &'static str, display: &'static str) -> Concept {
    Concept { system, code, display }
}

/// Problems (zib Probleem) and findings.
#[rustfmt::skip]
pub mod problem {
    use super::{Concept, sct};

    pub const ALZHEIMER: Concept = sct("26929004", "ziekte van Alzheimer");
    pub const ASTHMA: Concept = sct("195967001", "astma");
    pub const AT_RISK_FOR_FALLS: Concept = sct("129839007", "valrisico");
    pub const ATOPIC_DERMATITIS: Concept = sct("24079001", "constitutioneel eczeem");
    pub const ATRIAL_FIBRILLATION: Concept = sct("49436004", "atriumfibrilleren");
    pub const BREATHLESSNESS: Concept = sct("267036007", "dyspneu");
    pub const CHRONIC_KIDNEY_DISEASE_3: Concept = sct("433144002", "chronische nierziekte stadium 3");
    pub const CONSTIPATION: Concept = sct("14760008", "obstipatie");
    pub const COPD: Concept = sct("13645005", "COPD");
    pub const COPD_EXACERBATION: Concept = sct("195951007", "acute exacerbatie van COPD");
    pub const DELIRIUM: Concept = sct("2776000", "delier");
    pub const DEPRESSION: Concept = sct("35489007", "depressieve stoornis");
    pub const DIABETES_2: Concept = sct("44054006", "diabetes mellitus type 2");
    pub const DIABETIC_FOOT_ULCER: Concept = sct("371087003", "diabetisch voetulcus");
    pub const EPILEPSY: Concept = sct("84757009", "epilepsie");
    pub const FEMORAL_NECK_FRACTURE: Concept = sct("5913000", "fractuur van collum femoris");
    pub const GESTATIONAL_DIABETES: Concept = sct("11687002", "zwangerschapsdiabetes");
    pub const HEART_ATTACK: Concept = sct("22298006", "myocardinfarct");
    pub const HEART_FAILURE: Concept = sct("84114007", "hartfalen");
    pub const HIGH_CHOLESTEROL: Concept = sct("55822004", "hyperlipidemie");
    pub const HYPERTENSION: Concept = sct("38341003", "hypertensie");
    pub const HYPOTHYROIDISM: Concept = sct("40930008", "hypothyreoïdie");
    pub const INCONTINENCE: Concept = sct("165232002", "urine-incontinentie");
    pub const INSOMNIA: Concept = sct("193462001", "slapeloosheid");
    pub const IRON_DEFICIENCY: Concept = sct("87522002", "ijzergebreksanemie");
    pub const LUNG_CANCER: Concept = sct("254637007", "niet-kleincellig longcarcinoom");
    pub const OSTEOARTHRITIS: Concept = sct("396275006", "artrose");
    pub const OSTEOPOROSIS: Concept = sct("64859006", "osteoporose");
    pub const PAIN: Concept = sct("22253000", "pijn");
    pub const PREGNANCY: Concept = sct("77386006", "zwangerschap");
    pub const PRESSURE_ULCER: Concept = sct("399912005", "decubitus");
    pub const REDUCED_MOBILITY: Concept = sct("8510008", "verminderde mobiliteit");
    pub const MRSA_CARRIER: Concept = sct("432415000", "drager van meticillineresistente Staphylococcus aureus");
    pub const URINARY_INFECTION: Concept = sct("68566005", "urineweginfectie");
    pub const SURGICAL_WOUND: Concept = sct("112633009", "operatiewond");
}

/// What one can be allergic to, and how that shows.
#[rustfmt::skip]
pub mod allergy {
    use super::{Concept, sct};

    pub const ASPIRIN: Concept = sct("387458008", "acetylsalicylzuur");
    pub const GRASS_POLLEN: Concept = sct("256277009", "graspollen");
    pub const IBUPROFEN: Concept = sct("387207008", "ibuprofen");
    pub const LATEX: Concept = sct("111088007", "latex");
    pub const MORPHINE: Concept = sct("373529000", "morfine");
    pub const PEANUT: Concept = sct("762952008", "pinda");
    pub const PENICILLIN: Concept = sct("764146007", "penicilline");

    pub const ANAPHYLAXIS: Concept = sct("39579001", "anafylaxie");
    pub const BRONCHOSPASM: Concept = sct("4386001", "bronchospasme");
    pub const CONJUNCTIVITIS: Concept = sct("473460002", "allergische conjunctivitis");
    pub const CONTACT_ECZEMA: Concept = sct("40275004", "contacteczeem");
    pub const NAUSEA: Concept = sct("16932000", "misselijkheid en braken");
    pub const RASH: Concept = sct("271807003", "eruptie van huid");
    pub const URTICARIA: Concept = sct("126485001", "urticaria");
}

/// Medicines by their ATC code; `text` in a story adds form and strength.
#[rustfmt::skip]
pub mod medicine {
    use super::{Concept, atc};

    pub const ALENDRONATE: Concept = atc("M05BA04", "alendroninezuur");
    pub const AMOXICILLIN_CLAVULANATE: Concept = atc("J01CR02", "amoxicilline met clavulaanzuur");
    pub const APIXABAN: Concept = atc("B01AF02", "apixaban");
    pub const ATORVASTATIN: Concept = atc("C10AA05", "atorvastatine");
    pub const BUDESONIDE: Concept = atc("R03BA02", "budesonide");
    pub const CETIRIZINE: Concept = atc("R06AE07", "cetirizine");
    pub const CITALOPRAM: Concept = atc("N06AB04", "citalopram");
    pub const COLECALCIFEROL: Concept = atc("A11CC05", "colecalciferol");
    pub const DOXYCYCLINE: Concept = atc("J01AA02", "doxycycline");
    pub const EMPAGLIFLOZIN: Concept = atc("A10BK03", "empagliflozine");
    pub const ENALAPRIL: Concept = atc("C09AA02", "enalapril");
    pub const EPINEPHRINE: Concept = atc("C01CA24", "epinefrine");
    pub const FENTANYL: Concept = atc("N02AB03", "fentanyl");
    pub const FERROUS_FUMARATE: Concept = atc("B03AA02", "ferrofumaraat");
    pub const FLUTICASONE: Concept = atc("R03BA05", "fluticason");
    pub const FOLIC_ACID: Concept = atc("B03BB01", "foliumzuur");
    pub const FUROSEMIDE: Concept = atc("C03CA01", "furosemide");
    pub const GLICLAZIDE: Concept = atc("A10BB09", "gliclazide");
    pub const HALOPERIDOL: Concept = atc("N05AD01", "haloperidol");
    pub const INSULIN_GLARGINE: Concept = atc("A10AE04", "insuline glargine");
    pub const LAMOTRIGINE: Concept = atc("N03AX09", "lamotrigine");
    pub const LEVETIRACETAM: Concept = atc("N03AX14", "levetiracetam");
    pub const LEVOTHYROXINE: Concept = atc("H03AA01", "levothyroxine");
    pub const MACROGOL: Concept = atc("A06AD65", "macrogol met elektrolyten");
    pub const METFORMIN: Concept = atc("A10BA02", "metformine");
    pub const METOPROLOL: Concept = atc("C07AB02", "metoprolol");
    pub const MIDAZOLAM: Concept = atc("N05CD08", "midazolam");
    pub const MORPHINE: Concept = atc("N02AA01", "morfine");
    pub const NAPROXEN: Concept = atc("M01AE02", "naproxen");
    pub const OXYCODONE: Concept = atc("N02AA05", "oxycodon");
    pub const PANTOPRAZOLE: Concept = atc("A02BC02", "pantoprazol");
    pub const PARACETAMOL: Concept = atc("N02BE01", "paracetamol");
    pub const PREDNISOLONE: Concept = atc("H02AB06", "prednisolon");
    pub const RIVASTIGMINE: Concept = atc("N06DA03", "rivastigmine");
    pub const SALBUTAMOL: Concept = atc("R03AC02", "salbutamol");
    pub const SPIRONOLACTONE: Concept = atc("C03DA01", "spironolacton");
    pub const TEMAZEPAM: Concept = atc("N05CD07", "temazepam");
    pub const TIOTROPIUM: Concept = atc("R03BB04", "tiotropium");

    pub const INFLUENZA_VACCINE: Concept = atc("J07BB02", "influenzavaccin");
}

/// What is done: procedures, treatments of a directive, nursing activities.
#[rustfmt::skip]
pub mod procedure {
    use super::{Concept, sct};

    pub const ECG: Concept = sct("29303009", "elektrocardiogram");
    pub const ECHOCARDIOGRAPHY: Concept = sct("40701008", "echocardiografie");
    pub const SPIROMETRY: Concept = sct("127783003", "spirometrie");
    pub const TOTAL_HIP_REPLACEMENT: Concept = sct("52734007", "implantatie van totale heupprothese");
    pub const TOTAL_KNEE_REPLACEMENT: Concept = sct("609588000", "implantatie van totale knieprothese");
    pub const ULTRASOUND: Concept = sct("16310003", "diagnostische echografie");
    pub const X_RAY: Concept = sct("168537006", "röntgenfoto");

    // The treatments of BehandelingCodelijst.
    pub const ANTIBIOTICS: Concept = sct("281789004", "antibiotische therapie");
    pub const HOSPITAL_ADMISSION: Concept = sct("32485007", "opname in ziekenhuis");
    pub const INTENSIVE_CARE: Concept = sct("305351004", "opname op intensive care");
    pub const RESUSCITATION: Concept = sct("89666000", "cardiopulmonale resuscitatie");
    pub const VENTILATION: Concept = sct("40617009", "kunstmatige beademing");

    pub const CHANGE_OF_POSITION: Concept = sct("225286008", "wisselen van positie van patiënt");
    pub const GIVING_MEDICATION: Concept = sct("18629005", "toediening van medicatie");
    pub const WOUND_DRESSING: Concept = sct("182531007", "aanleggen van verband op wond");
    pub const FLUID_INTAKE: Concept = sct("113148007", "bevorderen van vochtinname");
    pub const REASSURANCE: Concept = sct("225980008", "rustige en geruststellende houding aannemen");
    pub const CHANGE_OF_DRESSING: Concept = sct("18949003", "vervangen van verband");
}

/// Aids (zib MedischHulpmiddel) and what hangs on a bed.
#[rustfmt::skip]
pub mod device {
    use super::{Concept, sct};

    pub const GLASSES: Concept = sct("50121007", "bril");
    pub const HEARING_AID: Concept = sct("6012004", "hoortoestel");
    pub const PACEMAKER: Concept = sct("14106009", "pacemaker");
    pub const WHEELCHAIR: Concept = sct("58938008", "rolstoel");
    pub const INDWELLING_CATHETER: Concept = sct("23973005", "verblijfskatheter");
}

/// Smoking (TabakGebruikStatusCodelijst).
#[rustfmt::skip]
pub mod smoking {
    use super::{Concept, sct};

    pub const DAILY: Concept = sct("449868002", "rookt dagelijks tabak");
    pub const SOMETIMES: Concept = sct("230059006", "rookt soms sigaretten");
    pub const PASSIVE: Concept = sct("43381005", "rookt passief tabak");
    pub const FORMERLY: Concept = sct("8517006", "rookte vroeger");
    pub const NEVER: Concept = sct("266919005", "heeft nooit gerookt");
}
