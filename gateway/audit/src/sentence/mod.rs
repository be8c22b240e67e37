//! A record in plain words: who did what with whose data, why, on what ground and with what result. No codes.
//!
//! Two voices: the auditor reads names; the patient is spoken to, and reads organisation and profession (persons are
//! named to a patient on request; handbook: generic functions, 5.5).

mod ends;
mod labels;
mod notice;
#[cfg(test)]
mod tests;
mod told;
mod words;

use exchange::record::AccessRecord;

use crate::class::Class;
pub use labels::{emergency, label};
pub(crate) use told::Told;

/// The language of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    Dutch,
    English,
}

/// Who is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Voice {
    Auditor,
    Patient,
}

/// The record in a few plain sentences: what happened, on what ground, with what result.
pub fn sentence(record: &AccessRecord, language: Language, voice: Voice) -> String {
    Told::of(record).say(language, voice)
}

/// Who asked, as the sentence begins.
pub fn asker(record: &AccessRecord, language: Language, voice: Voice) -> String {
    Told::of(record).who(language, voice)
}

/// Which parts of a record it was about, without saying whose.
pub fn parts(record: &AccessRecord, language: Language) -> String {
    Told::of(record).parts(language)
}

/// The profession that a role of the UZI register stands for, or what every role is.
pub fn profession(role: &str, language: Language) -> &'static str {
    words::role(role, language)
}

/// How an exchange that was no plain success ended, in English, for `AuditEvent.outcomeDesc`.
pub(crate) fn outcome_text(class: Class) -> &'static str {
    ends::result(class, Language::English)
}
