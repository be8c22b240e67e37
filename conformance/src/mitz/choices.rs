//! What citizens chose: which data of which kind of holder which kind of care provider may consult.

use serde::{Deserialize, Serialize};

/// The data categories that are in use.
pub const CATEGORIES: [(&str, &str); 3] =
    [("GGC002", "Behandelgegevens"), ("GGC012", "Uitslagen"), ("GGC013", "Medicatiegegevens")];

/// The categories of consulting care providers.
pub const CONSULTING: [(&str, &str); 7] = [
    ("RPZAC001", "Huisartsen en huisartsenposten"),
    ("RPZAC003", "Geestelijke gezondheidszorg"),
    ("RPZAC004", "Verpleging en verzorging"),
    ("RPZAC005", "Apotheken"),
    ("RPZAC103", "Overige zorg"),
    ("RPZAC104", "Ziekenhuizen en laboratoria"),
    ("RPZAC200", "Zorgaanbieders elders in de Europese Unie"),
];

/// One choice. What is left out means any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub bsn: String,
    /// The holder's care provider type code.
    #[serde(default)]
    pub holder_kind: Option<String>,
    /// A data category; `GGC002` means those below it as well.
    #[serde(default)]
    pub category: Option<String>,
    /// A category of consulting care providers.
    #[serde(default)]
    pub consulting: Option<String>,
    pub permit: bool,
}

/// The consulting category of a care provider type.
pub fn consulting_category(kind: &str) -> &'static str {
    match kind {
        "Z3" | "K3" | "N6" | "H1" => "RPZAC001",
        "G5" => "RPZAC003",
        "X3" | "R5" | "M1" | "T2" => "RPZAC004",
        "J8" | "A1" | "K9" => "RPZAC005",
        "V4" | "V5" | "V6" | "Z4" | "Z5" | "B1" | "B2" | "P4" | "L1" => "RPZAC104",
        _ => "RPZAC103",
    }
}

impl Choice {
    /// Whether it is about this: the last of those that are decides.
    pub fn covers(&self, bsn: &str, holder_kind: &str, category: &str, consulting: &str) -> bool {
        let category_fits = |chosen: &String| chosen == category || chosen == "GGC002";
        self.bsn == bsn
            && self.holder_kind.as_deref().is_none_or(|chosen| chosen == holder_kind)
            && self.category.as_ref().is_none_or(category_fits)
            && self.consulting.as_deref().is_none_or(|chosen| chosen == consulting)
    }
}

/// What was chosen last; nobody who never chose consents.
pub fn permits(choices: &[Choice], bsn: &str, holder_kind: &str, category: &str, user_kind: &str) -> bool {
    let consulting = consulting_category(user_kind);
    let last = choices.iter().rev().find(|choice| choice.covers(bsn, holder_kind, category, consulting));
    last.is_some_and(|choice| choice.permit)
}
