//! Search parameters: read from a query string or form, written back, and evaluated over a set of resources
//! for sources that cannot search themselves ([`Search`]). What shapes an answer after it was gathered is apart
//! ([`Presentation`], [`page()`], [`LastN`], [`TreatmentStops`]).

mod chains;
mod composites;
mod dates;
mod evaluate;
mod includes;
mod last;
mod latest_stop;
mod numbers;
mod page;
mod paths;
mod period_of_use;
mod prefix;
mod presentation;
mod references;
mod run;
mod shape;
mod shelf;
mod sorting;
mod stops;
mod strings;
#[cfg(test)]
mod tests;
mod tokens;
mod uris;
mod value_sets;
mod values;

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

pub use evaluate::{Filters, looks_beyond, matches};
pub use last::{LastN, last_n};
pub use latest_stop::asks_for_latest_stops;
pub use page::{Page, page};
pub use presentation::{Presentation, Total, split};
pub use run::{Found, Search};
pub use shelf::Shelf;
pub use stops::TreatmentStops;
pub use value_sets::{NoValueSets, ValueSets};

/// Most parameters in one search, query and form together.
pub const MOST_PARAMETERS: usize = 100;
/// Longest name of a parameter with its modifier, in bytes.
pub const LONGEST_NAME: usize = 200;

/// One search parameter as asked. `a=x,y&a=z` is two parameters: (x or y) and z. Debug shows the name only:
/// the value can hold a BSN.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name without modifier, chain included: `patient.identifier`, `code`, `_include`.
    pub name: String,
    /// What follows the first colon: `not`, `missing`, `iterate`, `Patient` …
    pub modifier: Option<String>,
    /// The decoded value as given, commas and their escapes included.
    pub value: String,
}

impl Parameter {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Parameter { name: name.into(), modifier: None, value: value.into() }
    }
    /// The alternatives of the value, split at commas that are not escaped (FHIR search, escaping). `\,` is
    /// undone; `\|`, `\$` and `\\` stay, for the kinds that split on `|` and `$` later.
    pub fn alternatives(&self) -> Vec<String> {
        let mut found = vec![String::new()];
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            let Some(last) = found.last_mut() else { break };
            match character {
                ',' => found.push(String::new()),
                '\\' => match characters.next() {
                    Some(',') => last.push(','),
                    Some(escaped) => last.extend(['\\', escaped]),
                    None => last.push('\\'),
                },
                other => last.push(other),
            }
        }
        found
    }

    /// Name and modifier as in a query: `code:not`.
    pub fn key(&self) -> String {
        match &self.modifier {
            Some(modifier) => format!("{}:{modifier}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The parameters of one search, in order. Debug shows names only: values can hold a BSN.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchFault {
    #[error("the query is not properly percent-encoded UTF-8")]
    Encoding,
    #[error("more than {limit} search parameters")]
    TooMany { limit: usize },
    /// The name is the caller's own text, shortened and stripped of anything but name characters.
    #[error("search parameter {name} is not supported here")]
    Unsupported { name: String },
    #[error("the value of search parameter {name} is malformed")]
    Value { name: String },
}

impl SearchFault {
    /// The caller's own name, cut and stripped: it is repeated in answers and logs.
    pub(crate) fn unsupported(name: &str) -> Self {
        SearchFault::Unsupported { name: plain(name) }
    }

    pub(crate) fn value(name: &str) -> Self {
        SearchFault::Value { name: plain(name) }
    }
}

/// A name that is safe to repeat. No parameter has more than a few digits; more could be a BSN in the wrong place.
fn plain(name: &str) -> String {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let shown = |character: &char| name_character(*character) && (digits <= 3 || !character.is_ascii_digit());
    name.chars().filter(shown).take(64).collect()
}

/// What names of parameters, modifiers, types and chains are made of (FHIR search, `_has` and chains included).
fn name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | ':')
}

impl SearchQuery {
    /// Reads `application/x-www-form-urlencoded` text (a query string or a form body). Decodes exactly once:
    /// an ampersand, hash or semicolon inside a value stays part of that value.
    pub fn parse(text: &str) -> Result<Self, SearchFault> {
        let mut parameters = Vec::new();
        for piece in text.split('&').filter(|piece| !piece.is_empty()) {
            if parameters.len() == MOST_PARAMETERS {
                return Err(SearchFault::TooMany { limit: MOST_PARAMETERS });
            }
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            let (key, value) = (decode(key)?, decode(value)?);
            if key.is_empty() || key.len() > LONGEST_NAME || !key.chars().all(name_character) {
                return Err(SearchFault::unsupported(&key));
            }
            if value.chars().any(char::is_control) {
                return Err(SearchFault::value(&key));
            }
            let (name, modifier) = match key.split_once(':') {
                Some((name, modifier)) => (name.to_owned(), Some(modifier.to_owned())),
                None => (key, None),
            };
            parameters.push(Parameter { name, modifier, value });
        }
        Ok(SearchQuery { parameters })
    }

    /// Joins the parameters of a query string and of a form body, within the same bound.
    pub(crate) fn join(mut self, other: SearchQuery) -> Result<Self, SearchFault> {
        self.parameters.extend(other.parameters);
        if self.parameters.len() > MOST_PARAMETERS {
            return Err(SearchFault::TooMany { limit: MOST_PARAMETERS });
        }
        Ok(self)
    }

    /// Writes `application/x-www-form-urlencoded` text; every name and value re-encoded.
    pub fn write(&self) -> String {
        // Only RFC 3986's unreserved characters stand for themselves; a space is `%20`, right in URL and form alike.
        const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let mut text = String::new();
        for parameter in &self.parameters {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend(utf8_percent_encode(&parameter.key(), RESERVED));
            text.push('=');
            text.extend(utf8_percent_encode(&parameter.value, RESERVED));
        }
        text
    }

    pub fn named<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q Parameter> + 'q {
        self.parameters.iter().filter(move |parameter| parameter.name == name)
    }
}

/// Undoes form encoding once: `+` is a space, `%` must be followed by two hexadecimal digits, the result is UTF-8.
fn decode(text: &str) -> Result<String, SearchFault> {
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).ok_or(SearchFault::Encoding)
}

/// Undoes percent-encoding once, strictly.
pub(crate) fn percent_decode(bytes: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(decoded).ok()
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({})", plain(&self.key()))
    }
}

impl fmt::Debug for SearchQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.parameters).finish()
    }
}
