//! What `:in` and `:not-in` need to know of value sets (FHIR search, token).

use super::tokens::Token;

/// Whoever knows what value sets hold.
pub trait ValueSets {
    /// Every code of the value set with this canonical URL, as system and code; nothing when it is not known in full.
    fn codes(&self, url: &str) -> Option<Vec<(String, String)>>;
}

/// Knows none: `:in` and `:not-in` are refused by name.
pub struct NoValueSets;

impl ValueSets for NoValueSets {
    fn codes(&self, _url: &str) -> Option<Vec<(String, String)>> {
        None
    }
}

/// The codes of every one of these value sets; nothing when one is not known.
pub(super) fn tokens(sets: &dyn ValueSets, urls: &[String]) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    for url in urls {
        found.extend(sets.codes(url.trim())?.into_iter().map(|(system, code)| Token::of(system, code)));
    }
    Some(found)
}
