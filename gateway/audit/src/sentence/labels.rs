//! Marks beside a sentence: an end in a word or two, and that the normal procedure was passed over.

use super::Language;
use crate::class::Class;

/// The end of an exchange in a word or two.
pub const fn label(class: Class, language: Language) -> &'static str {
    match (class, language) {
        (Class::Released, Language::Dutch) => "gelukt",
        (Class::Released, Language::English) => "done",
        (Class::Nothing, Language::Dutch) => "niets te verstrekken",
        (Class::Nothing, Language::English) => "nothing to provide",
        (Class::Incomplete, Language::Dutch) => "onvolledig",
        (Class::Incomplete, Language::English) => "incomplete",
        (Class::NotModified, Language::Dutch) => "niets veranderd",
        (Class::NotModified, Language::English) => "nothing changed",
        (Class::Decided, Language::Dutch) => "toegestaan, elders te verstrekken",
        (Class::Decided, Language::English) => "allowed, to be provided elsewhere",
        (Class::Denied, Language::Dutch) => "geweigerd",
        (Class::Denied, Language::English) => "refused",
        (Class::Unidentified, Language::Dutch) => "vrager niet herkend",
        (Class::Unidentified, Language::English) => "caller not identified",
        (Class::NotUnderstood, Language::Dutch) => "niet te behandelen",
        (Class::NotUnderstood, Language::English) => "could not be handled",
        (Class::NotThere, Language::Dutch) => "niet aanwezig",
        (Class::NotThere, Language::English) => "not there",
        (Class::Conflict, Language::Dutch) => "niet aangenomen",
        (Class::Conflict, Language::English) => "not accepted",
        (Class::SourceFailed, Language::Dutch) => "bron faalde",
        (Class::SourceFailed, Language::English) => "source failed",
        (Class::Unavailable, Language::Dutch) => "kon niet",
        (Class::Unavailable, Language::English) => "not possible",
        (Class::Failed, Language::Dutch) => "storing",
        (Class::Failed, Language::English) => "malfunction",
        (Class::Interrupted, Language::Dutch) => "afgebroken",
        (Class::Interrupted, Language::English) => "broken off",
    }
}

/// The mark of an access outside the normal procedure.
pub const fn emergency(language: Language) -> &'static str {
    match language {
        Language::Dutch => "noodprocedure",
        Language::English => "emergency procedure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ends_are_marked_alike() {
        for language in [Language::Dutch, Language::English] {
            let mut labels: Vec<&str> = Class::ALL.iter().map(|class| label(*class, language)).collect();
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), Class::ALL.len());
        }
    }
}
