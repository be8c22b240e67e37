//! What a person can do and how a person lives (zibs VermogenTotZichWassen, Mobiliteit,
//! BarthelADLIndex, TabakGebruik and their like).

use serde_json::json;

use super::super::chart::{Chart, Entry};
use super::super::codes::{Concept, SNOMED, concept};
use super::coded;

/// Abilities with the answer to them, from the code lists of the zibs.
#[rustfmt::skip]
pub mod ability {
    use super::{Concept, SNOMED, concept};

    /// Profile, what is asked, what is the answer.
    pub struct Ability(pub &'static str, pub Concept, pub Concept);

    const fn sct(code: &'static str, display: &'static str) -> Concept {
        concept(SNOMED, code, display)
    }

    const WASHING: (&str, Concept) = ("nl-core-AbilityToWashOneself", sct("284785009", "vermogen om zich te wassen"));
    const DRESSING: (&str, Concept) = ("nl-core-AbilityToDressOneself", sct("165235000", "vermogen om zich aan te kleden"));
    const EATING: (&str, Concept) = ("nl-core-AbilityToEat", sct("288883002", "vermogen tot eten"));
    const WALKING: (&str, Concept) = ("nl-core-Mobility.Walking", sct("282097004", "loopvermogen"));
    const STAIRS: (&str, Concept) = ("nl-core-Mobility.ClimbingStairs", sct("301587001", "vermogen tot traplopen"));
    const TRANSFER: (&str, Concept) = ("nl-core-Mobility.Transfer", sct("364666007", "vermogen om te verplaatsen"));
    const GROOMING: (&str, Concept) = ("nl-core-AbilityToGroom", sct("704434006", "vermogen tot uiterlijke verzorging"));

    const fn answered(asked: (&'static str, Concept), code: &'static str, display: &'static str) -> Ability {
        Ability(asked.0, asked.1, sct(code, display))
    }

    pub const WASHES_ALONE: Ability = answered(WASHING, "19831000146107", "in staat om zich zelfstandig te wassen");
    pub const WASHES_WITH_HELP: Ability = answered(WASHING, "16621000146103", "hulp nodig bij zich wassen");
    pub const CANNOT_WASH: Ability = answered(WASHING, "284787001", "niet in staat zichzelf te wassen");
    pub const DRESSES_ALONE: Ability = answered(DRESSING, "129035000", "in staat om onafhankelijk aan te kleden");
    pub const DRESSES_WITH_HELP: Ability = answered(DRESSING, "129039006", "hulp nodig bij aankleden");
    pub const CANNOT_DRESS: Ability = answered(DRESSING, "284974001", "niet in staat zich aan te kleden");
    pub const EATS_ALONE: Ability = answered(EATING, "165224005", "in staat om zelfstandig te eten");
    pub const EATS_WITH_HELP: Ability = answered(EATING, "129033007", "hulp nodig bij eten");
    pub const WALKS_ALONE: Ability = answered(WALKING, "165245003", "in staat om zelfstandig te lopen");
    pub const WALKS_WITH_HELP: Ability = answered(WALKING, "16581000146103", "hulp nodig bij lopen");
    pub const CANNOT_WALK: Ability = answered(WALKING, "282145008", "niet in staat om te lopen");
    pub const STAIRS_WITH_HELP: Ability = answered(STAIRS, "165248001", "hulp nodig bij traplopen");
    pub const CANNOT_CLIMB_STAIRS: Ability = answered(STAIRS, "301589003", "niet in staat trap te lopen");
    pub const TRANSFERS_ALONE: Ability = answered(TRANSFER, "714915006", "in staat om transfer zelfstandig uit te voeren");
    pub const TRANSFERS_WITH_HELP: Ability = answered(TRANSFER, "719024002", "hulp nodig bij transfer");
    pub const CANNOT_TRANSFER: Ability = answered(TRANSFER, "714887007", "niet in staat om transfer onafhankelijk uit te voeren");
    pub const GROOMS_WITH_HELP: Ability = answered(GROOMING, "27941000146109", "hulp nodig bij uiterlijke verzorging");
}

const fn sct(code: &'static str, display: &'static str) -> Concept {
    concept(SNOMED, code, display)
}

impl Chart {
    /// One ability, as it was on that day.
    pub fn ability(&mut self, at: &str, ability: &ability::Ability) -> Entry<'_> {
        let &ability::Ability(profile, asked, answer) = ability;
        self.finding("functioneren", profile, asked, at, answer)
    }

    /// FunctioneleOfMentaleStatus: any other finding of functioning, in words.
    pub fn functioning(&mut self, at: &str, what: Concept, words: &str) -> Entry<'_> {
        let mut resource = self.observation("nl-core-FunctionalOrMentalStatus", what, at);
        resource["category"] = json!([coded(sct("118228005", "bevinding betreffende functioneren"))]);
        resource["valueCodeableConcept"] = json!({"text": words});
        self.write("functioneren", resource)
    }

    /// BarthelADLIndex, 0 to 20.
    pub fn barthel(&mut self, at: &str, points: u8) -> Entry<'_> {
        self.score("barthel", "nl-core-BarthelADLIndex", sct("273302005", "Barthel-index"), at, points)
    }

    /// DOSScore: 3 or more may be a delirium.
    pub fn dos(&mut self, at: &str, points: u8) -> Entry<'_> {
        self.score("dos", "nl-core-DOSScore", sct("55681000146102", "DOS-score"), at, points)
    }

    /// SNAQrcScore: nutrition in residential care, 3 or more is severe malnutrition.
    pub fn snaq_rc(&mut self, at: &str, points: u8) -> Entry<'_> {
        let code = sct("108311000146106", "Short Nutritional Assessment Questionnaire for Residential Care");
        self.score("snaq", "nl-core-SNAQrcScore", code, at, points)
    }

    /// TabakGebruik.
    pub fn tobacco(&mut self, at: &str, status: Concept) -> Entry<'_> {
        let code = sct("365980008", "bevinding betreffende tabakgebruik en blootstelling aan tabaksrook");
        self.finding("tabak", "nl-core-TobaccoUse", code, at, status)
    }

    /// AlcoholGebruik.
    pub fn drinks_alcohol(&mut self, at: &str) -> Entry<'_> {
        let code = sct("228273003", "bevinding betreffende alcoholgebruik");
        self.finding("alcohol", "nl-core-AlcoholUse", code, at, sct("219006", "drinkt alcohol"))
    }

    /// Woonsituatie, with the type of house (WoningTypeCodelijst).
    pub fn lives_in(&mut self, at: &str, code: &'static str, display: &'static str) -> Entry<'_> {
        let asked = sct("272497004", "woonomgeving");
        let house = concept("urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.13.1", code, display);
        self.finding("woning", "nl-core-LivingSituation.HouseType", asked, at, house)
    }

    /// Zwangerschap: the pregnancy and its numbers, each an Observation of its own.
    pub fn pregnancy(&mut self, at: &str, weeks: u8, gravidity: u8, parity: u8, due: &str) -> Entry<'_> {
        let parts = [
            {
                let mut part =
                    self.observation("nl-core-Pregnancy.PregnancyDuration", sct("57036006", "zwangerschapsduur"), at);
                part["valueQuantity"] = super::quantity(f64::from(weeks), "weken", "wk");
                self.write("zwangerschap", part).link("zwangerschapsduur").0
            },
            self.score(
                "zwangerschap",
                "nl-core-Pregnancy.Gravidity",
                sct("161732006", "aantal zwangerschappen"),
                at,
                gravidity,
            )
            .link("graviditeit")
            .0,
            self.score("zwangerschap", "nl-core-Pregnancy.Parity", sct("364325004", "pariteit"), at, parity)
                .link("pariteit")
                .0,
            {
                let code = sct("161714006", "geschatte bevallingsdatum");
                let mut part = self.observation("nl-core-Pregnancy.EstimatedDateOfDelivery", code, at);
                part["valueDateTime"] = json!(due);
                self.write("zwangerschap", part).link("aterme datum").0
            },
        ];
        let code = sct("118185001", "bevinding betreffende zwangerschap");
        let mut whole = self.observation("nl-core-Pregnancy", code, at);
        whole["hasMember"] = json!(parts);
        self.write("zwangerschap", whole)
    }
}
