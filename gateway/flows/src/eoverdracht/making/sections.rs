//! The sections of a handoff that is made of sources, and what is asked for each: Nictiz eOverdracht 4.0, 4.1 and 4.2, by the
//! zibs of release 2017.
//!
//! Two sections of 4.2 are not asked for: that a problem is one of the mental state (36456004) no resource says, so it stands with
//! the other problems; and who is in charge of the treatment (405623001) no search of these releases tells.

use super::super::codes::TRANSFER_DATE_SECTION;

/// A release of the standard, as far as it decides which sections there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 4.0 and 4.1 ask for the same.
    #[default]
    V4_1,
    V4_2,
}

impl Release {
    /// By its number.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "4.0" | "4.1" => Some(Release::V4_1),
            "4.2" => Some(Release::V4_2),
            _ => None,
        }
    }
}

/// A section whose content is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The section of the first level that it stands in.
    pub within: &'static str,
    /// Its own code (SNOMED CT).
    pub code: &'static str,
    /// The words beside the code.
    pub(super) display: &'static str,
    /// What it holds, for people: the zib.
    pub(super) holds: &'static str,
    /// What is asked for it in every release: paths with their parameters, no patient among them. Nothing in a section that
    /// 4.2 brought.
    asks: &'static [&'static str],
    /// What 4.2 asks as well.
    more: &'static [&'static str],
}

impl Section {
    /// What a release asks for it: paths with their parameters, no patient among them.
    pub fn asks(&self, release: Release) -> impl Iterator<Item = &'static str> + use<> {
        let more = if release >= Release::V4_2 { self.more } else { &[] };
        self.asks.iter().chain(more).copied()
    }

    /// Whether devices are asked for it.
    pub(super) fn has_devices(&self) -> bool {
        self.more.contains(&DEVICES)
    }
}

/// Administrative documentation.
pub(super) const ADMINISTRATIVE: &str = TRANSFER_DATE_SECTION;
const SOCIAL: &str = "109481000146101";
const CLINICAL: &str = "371524004";
const CARE_PLAN: &str = "773130005";
const NURSING: &str = "5531000179105";

/// The sections of the first level, in their order.
pub(super) const FIRST: [(&str, &str); 5] = [
    (ADMINISTRATIVE, "Administrative documentation"),
    (SOCIAL, "Personal and social history"),
    (CLINICAL, "Clinical report"),
    (CARE_PLAN, "Nursing care plan"),
    (NURSING, "Nursing report"),
];

/// The problems that the patient is handed over with, and those that are over: one answer has both.
pub(super) const DIAGNOSIS: &str = "52870002";
pub(super) const HISTORY: &str = "417662000";
pub(super) const LEGAL: &str = "365867006";
pub(super) const EXAMINATION: &str = "363788007";
pub(super) const NUTRITION: &str = "300893006";
pub(super) const PERSONAL_CARE: &str = "365178001";
pub(super) const EXCRETION: &str = "106019003";
pub(super) const SKIN: &str = "106076001";
pub(super) const SENSORY: &str = "106147001";
pub(super) const PREGNANCY: &str = "118232004";

/// Devices are asked for once; which section each stands in is worked out.
const DEVICES: &str = "DeviceUseStatement?_include=DeviceUseStatement:device";

const fn section(
    within: &'static str,
    (code, display): (&'static str, &'static str),
    holds: &'static str,
    asks: &'static [&'static str],
    more: &'static [&'static str],
) -> Section {
    Section { within, code, display, holds, asks, more }
}

/// Every section that is asked for, in its order in the document.
pub const SECTIONS: [Section; 24] = [
    section(
        ADMINISTRATIVE,
        ("302147001", "Demographic history detail"),
        "Betaler",
        &["Coverage?_include=Coverage:payor:Organization"],
        &["RelatedPerson"],
    ),
    section(
        SOCIAL,
        ("365512000", "Home environment"),
        "Woonsituatie",
        &["Observation/$lastn?code=http://snomed.info/sct|365508006"],
        &[],
    ),
    section(
        SOCIAL,
        ("108329005", "Social context"),
        "Wilsverklaring",
        &["Consent?category=http://snomed.info/sct|11341000146107"],
        &[],
    ),
    section(
        SOCIAL,
        ("365474007", "Family"),
        "Gezinssituatie",
        &["Observation/$lastn?code=http://snomed.info/sct|365470003"],
        &[],
    ),
    section(SOCIAL, (LEGAL, "Legal status"), "Juridische situatie", &[], &["Condition"]),
    section(
        SOCIAL,
        ("365448001", "Social and personal history"),
        "Hulp van anderen, participatie in de maatschappij",
        &[],
        &[
            "CarePlan?category=http://snomed.info/sct|243114000",
            "Observation/$lastn?code=http://snomed.info/sct|314845004",
        ],
    ),
    section(CLINICAL, (DIAGNOSIS, "Referral diagnosis"), "Probleem", &["Condition"], &[]),
    section(CLINICAL, (HISTORY, "History of clinical finding"), "Probleem", &["Condition"], &[]),
    section(
        CLINICAL,
        ("420134006", "Propensity to adverse reaction"),
        "Allergie of intolerantie",
        &["AllergyIntolerance"],
        &[],
    ),
    section(CLINICAL, ("308813009", "Notification status"), "Alert", &["Flag"], &[]),
    section(
        CLINICAL,
        (EXAMINATION, "Clinical examination observable"),
        "Meting",
        &[
            "Observation/$lastn?code=http://loinc.org|85354-9",
            "Observation/$lastn?code=http://loinc.org|29463-7",
            "Observation/$lastn?code=http://loinc.org|8302-2,http://loinc.org|8306-3,http://loinc.org|8308-9",
        ],
        &[
            "Observation/$lastn?code=http://loinc.org|8310-5",
            "Observation/$lastn?code=http://loinc.org|8893-0",
            "Observation/$lastn?code=http://snomed.info/sct|422834003",
            DEVICES,
        ],
    ),
    section(
        CLINICAL,
        ("225317005", "Restriction of freedom"),
        "Vrijheidsbeperkende interventie",
        &[],
        &["Procedure?category=http://snomed.info/sct|225317005"],
    ),
    section(
        CLINICAL,
        ("11011000146108", "Pain score list"),
        "Pijnscore",
        &[],
        &["Observation/$lastn?code=http://snomed.info/sct|225908003"],
    ),
    section(
        CARE_PLAN,
        ("86644006", "Nursing diagnosis"),
        "Verpleegkundige interventie",
        &[],
        &["Procedure?category=http://snomed.info/sct|9632001"],
    ),
    section(
        CARE_PLAN,
        ("722091001", "Conclusion"),
        "Uitkomst van zorg",
        &[],
        &["DiagnosticReport?code=http://loinc.org|27574-3"],
    ),
    section(CARE_PLAN, ("308335008", "Encounter"), "Gepland contact", &[], &["Encounter?status=planned"]),
    section(
        NURSING,
        (NUTRITION, "Nutrition"),
        "Voeding",
        &["NutritionOrder"],
        &[
            "Observation/$lastn?code=http://snomed.info/sct|8881000146104,http://snomed.info/sct|108311000146106,\
             http://snomed.info/sct|108321000146101,http://snomed.info/sct|444297006,http://snomed.info/sct|364396009",
            DEVICES,
        ],
    ),
    section(
        NURSING,
        (PERSONAL_CARE, "Personal care ability"),
        "Vermogen tot zelfzorg",
        &[],
        &[
            "Observation/$lastn?code=http://snomed.info/sct|288852001,http://snomed.info/sct|288883002,\
             http://snomed.info/sct|288470005,http://snomed.info/sct|284785009,http://snomed.info/sct|165235000,\
             http://snomed.info/sct|704434006,http://snomed.info/sct|284779002,http://snomed.info/sct|285033005,\
             http://snomed.info/sct|303074009",
            DEVICES,
        ],
    ),
    section(
        NURSING,
        ("364832000", "Gross motor function"),
        "Mobiliteit",
        &[],
        &["Observation/$lastn?code=http://snomed.info/sct|301438001", DEVICES],
    ),
    // Of what can be in several places at once every one is asked for, not the newest alone.
    section(
        NURSING,
        (EXCRETION, "Excretion"),
        "Uitscheiding",
        &[],
        &[
            "Observation/$lastn?code=http://snomed.info/sct|28278009,http://snomed.info/sct|111989001",
            "Observation?code=http://snomed.info/sct|245857005",
            DEVICES,
        ],
    ),
    section(
        NURSING,
        (SKIN, "Skin"),
        "Huid en wonden",
        &[],
        &["Condition", "Observation?code=http://snomed.info/sct|364554009", DEVICES],
    ),
    section(
        NURSING,
        (SENSORY, "Sensory function"),
        "Gehoor en zicht",
        &[],
        &["Observation/$lastn?code=http://snomed.info/sct|47078008,http://snomed.info/sct|281004000", DEVICES],
    ),
    section(
        NURSING,
        ("284465006", "Psychosocial"),
        "Ziektebeleving",
        &[],
        &["Observation/$lastn?code=http://snomed.info/sct|363910003"],
    ),
    section(
        NURSING,
        (PREGNANCY, "Pregnancy"),
        "Zwangerschap",
        &[],
        &[
            "Condition",
            "Observation/$lastn?code=http://snomed.info/sct|77386006,http://loinc.org|11778-8,\
             http://snomed.info/sct|21840007,http://snomed.info/sct|57036006,http://loinc.org|11996-6,\
             http://loinc.org|11977-6",
        ],
    ),
];

/// The sections that a release has, in their order.
pub fn of_release(release: Release) -> impl Iterator<Item = &'static Section> {
    SECTIONS.iter().filter(move |section| section.asks(release).next().is_some())
}

/// The section of this code, when a release has it and it is one that is asked for.
pub fn section_of(code: &str, release: Release) -> Option<&'static Section> {
    of_release(release).find(|section| section.code == code)
}
