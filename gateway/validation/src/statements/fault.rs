//! What is wrong with a statement, and where in the file.

use std::fmt;

use fhir::json::Value;

/// A statement that cannot be taken. Statements are ours, so the sentence may quote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFault {
    /// The key, or the path of keys, where it goes wrong.
    pub at: String,
    /// What is wrong there: the rest of a sentence that begins with the place.
    pub what: String,
}

impl fmt::Display for StatementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.what)
    }
}

impl std::error::Error for StatementFault {}

pub(super) fn fault(at: impl Into<String>, what: impl Into<String>) -> StatementFault {
    StatementFault { at: at.into(), what: what.into() }
}

/// A text that says something.
pub(super) fn text(value: Value<'_>, at: &str) -> Result<String, StatementFault> {
    match value.as_text() {
        Some(text) if !text.trim().is_empty() => Ok(text.into_owned()),
        Some(_) => Err(fault(at, "is empty")),
        None => Err(fault(at, "is no text")),
    }
}

/// A list of texts that is not empty.
pub(super) fn texts(value: Value<'_>, at: &str) -> Result<Vec<String>, StatementFault> {
    if value.kind() != fhir::json::Kind::List {
        return Err(fault(at, "is no list"));
    }
    let texts: Vec<String> = value.items().map(|item| text(item, at)).collect::<Result<_, _>>()?;
    if texts.is_empty() { Err(fault(at, "is an empty list")) } else { Ok(texts) }
}
