//! Every no of the region's index, in one table: what the caller reads beside what the record says.

use exchange::Unreadable;
use serde_json::json;
use store::state::StateFault;

use super::answering::Reply;

/// Why the index does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No token, one that is not known, or another's.
    Unauthenticated,
    /// A token for something else.
    Forbidden,
    Unreadable(Unreadable),
    NotServed,
    Malformed(&'static str),
    NotOfTheProfile(&'static str),
    /// The patient token is none for this index, or not of now.
    Token,
    /// Registered for somebody else than the member itself.
    NotOwn(&'static str),
    NotFound,
    Duplicate,
    Full,
    Throttled(u64),
    Overloaded,
    State,
    LogUnavailable,
}

impl From<StateFault> for Fault {
    fn from(_: StateFault) -> Self {
        Fault::State
    }
}

impl Fault {
    /// Status, issue code, what the caller reads, and what the record says.
    pub const fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Fault::Unauthenticated => {
                (401, "login", "A token of this index for this certificate is needed.", "unauthenticated")
            }
            Fault::Forbidden => (403, "forbidden", "The token does not allow this.", "insufficient-scope"),
            Fault::Unreadable(Unreadable::BodyTooLarge) => {
                (413, "too-long", "The body is too large.", "body-too-large")
            }
            Fault::Unreadable(Unreadable::NotAcceptable) => {
                (406, "not-supported", "Answers are FHIR in JSON.", "not-acceptable")
            }
            Fault::Unreadable(_) => (400, "structure", "The body cannot be read.", "body-broken"),
            Fault::NotServed => (404, "not-supported", "The index does not serve this.", "not-served"),
            Fault::Malformed(text) => (400, "invalid", text, "malformed"),
            Fault::NotOfTheProfile(text) => (422, "invalid", text, "not-of-the-profile"),
            Fault::Token => (400, "value", "The patient token is none for this index now.", "patient-token"),
            Fault::NotOwn(text) => (403, "forbidden", text, "not-own"),
            Fault::NotFound => (404, "not-found", "There is no such record of this organisation.", "not-found"),
            Fault::Duplicate => (409, "duplicate", "This is registered already.", "duplicate"),
            Fault::Full => (507, "too-costly", "There is no room for more registrations.", "full"),
            Fault::Throttled(_) => (429, "throttled", "This organisation asks too much.", "throttled"),
            Fault::Overloaded => (503, "throttled", "The index is busy.", "overloaded"),
            Fault::State => (503, "exception", "The index cannot be read or written now.", "state"),
            Fault::LogUnavailable => (503, "exception", "Nothing can be recorded now.", "log-unavailable"),
        }
    }

    pub fn reply(self) -> Reply {
        let (status, code, text, _) = self.row();
        let issue = json!({"severity": "error", "code": code, "details": {"text": text}});
        let wait = match self {
            Fault::Throttled(seconds) => Some(seconds),
            Fault::Overloaded | Fault::State | Fault::LogUnavailable => Some(5),
            _ => None,
        };
        Reply { status, body: Some(json!({"resourceType": "OperationOutcome", "issue": [issue]})), wait }
    }
}
