//! How an exchange ended, in plain words.

use super::Language;
use crate::class::Class;

/// How many items were provided.
pub fn count(items: usize, language: Language) -> String {
    match (items, language) {
        (0, Language::Dutch) => "Er is niets verstrekt.".to_owned(),
        (0, Language::English) => "Nothing was provided.".to_owned(),
        (1, Language::Dutch) => "Er is één gegeven verstrekt.".to_owned(),
        (1, Language::English) => "One item was provided.".to_owned(),
        (many, Language::Dutch) => format!("Er zijn {many} gegevens verstrekt."),
        (many, Language::English) => format!("{many} items were provided."),
    }
}

/// The end of an exchange in plain words.
pub fn result(class: Class, language: Language) -> &'static str {
    match (class, language) {
        (Class::Released, Language::Dutch) => "Dat is gebeurd.",
        (Class::Released, Language::English) => "That was done.",
        (Class::Nothing, Language::Dutch) => "Er was niets te verstrekken.",
        (Class::Nothing, Language::English) => "There was nothing to provide.",
        (Class::Incomplete, Language::Dutch) => {
            "Het antwoord is niet volledig: niet elke bron heeft volledig geantwoord."
        }
        (Class::Incomplete, Language::English) => "The answer is not complete: not every source answered in full.",
        (Class::NotModified, Language::Dutch) => "Er was niets veranderd, dus er is niets verstrekt.",
        (Class::NotModified, Language::English) => "Nothing had changed, so nothing was provided.",
        (Class::Decided, Language::Dutch) => "Een ander systeem van de zorgaanbieder hoorde dat het mag.",
        (Class::Decided, Language::English) => "Another system of the provider was told that it may.",
        (Class::Denied, Language::Dutch) => "Dat is geweigerd; er is niets verstrekt.",
        (Class::Denied, Language::English) => "That was refused; nothing was provided.",
        (Class::Unidentified, Language::Dutch) => "De vrager kon niet laten zien wie hij is; er is niets verstrekt.",
        (Class::Unidentified, Language::English) => "The caller could not show who it is; nothing was provided.",
        (Class::NotUnderstood, Language::Dutch) => "Het verzoek kon niet worden behandeld; er is niets verstrekt.",
        (Class::NotUnderstood, Language::English) => "The request could not be handled; nothing was provided.",
        (Class::NotThere, Language::Dutch) => "Het is er niet; er is niets verstrekt.",
        (Class::NotThere, Language::English) => "It is not there; nothing was provided.",
        (Class::Conflict, Language::Dutch) => "Het bronsysteem heeft de wijziging niet aangenomen.",
        (Class::Conflict, Language::English) => "The source system did not accept the change.",
        (Class::SourceFailed, Language::Dutch) => "Het bronsysteem gaf geen bruikbaar antwoord; er is niets verstrekt.",
        (Class::SourceFailed, Language::English) => "The source system gave no usable answer; nothing was provided.",
        (Class::Unavailable, Language::Dutch) => "Dat kon op dat moment niet; er is niets verstrekt.",
        (Class::Unavailable, Language::English) => "That was not possible at the time; nothing was provided.",
        (Class::Failed, Language::Dutch) => "Er ging iets mis; er is niets verstrekt.",
        (Class::Failed, Language::English) => "Something went wrong; nothing was provided.",
        (Class::Interrupted, Language::Dutch) => "De verbinding is verbroken; er is niets verstrekt.",
        (Class::Interrupted, Language::English) => "The connection was broken off; nothing was provided.",
    }
}

/// Said of a change whose end is not known: the source may have made it before it fell silent.
pub const fn perhaps(language: Language) -> &'static str {
    match language {
        Language::Dutch => "Of dat is doorgevoerd, is niet zeker.",
        Language::English => "Whether it was carried out is not certain.",
    }
}
