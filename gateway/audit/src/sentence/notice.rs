//! What a national register told the node about a patient: nobody looked at anything, and nothing left.

use policy::{Consent, ConsentDecision, Finding};

use super::{Language, Voice};

/// The notice in a sentence or two. `who` is the register.
pub(super) fn say(who: &str, consent: Option<&Finding<Consent>>, language: Language, voice: Voice) -> String {
    let told = match (language, voice) {
        (Language::Dutch, Voice::Auditor) => {
            format!("{who} heeft gemeld dat een patiënt de keuze over toestemming heeft gewijzigd.")
        }
        (Language::Dutch, Voice::Patient) => {
            format!("{who} heeft gemeld dat u uw keuze over toestemming heeft gewijzigd.")
        }
        (Language::English, Voice::Auditor) => format!("{who} told that a patient changed their choice about consent."),
        (Language::English, Voice::Patient) => format!("{who} told that you changed your choice about consent."),
    };
    let decision = consent.and_then(Finding::found).map(|consent| consent.decision);
    let choice = match (decision, language) {
        (None, _) => "",
        (Some(ConsentDecision::Permit), Language::Dutch) => " De keuze is: toestemming.",
        (Some(ConsentDecision::Permit), Language::English) => " The choice is: consent.",
        (Some(ConsentDecision::Deny), Language::Dutch) => " De keuze is: geen toestemming.",
        (Some(ConsentDecision::Deny), Language::English) => " The choice is: no consent.",
    };
    format!("{told}{choice}")
}
