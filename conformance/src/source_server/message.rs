//! One question to the store and its answer, whether it came as a request of its own or as
//! an entry of a Bundle. No HTTP types here: `serve` translates.

use bytes::Bytes;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;

use super::store::Stored;

/// A question.
pub struct Ask {
    /// Upper case.
    pub method: String,
    /// Below the base, without query: `Patient/7`.
    pub path: String,
    /// Decoded, in order. Holds the form of a POST `_search` too.
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    /// `Prefer: handling=strict`.
    pub strict: bool,
    /// `Prefer: return=minimal`.
    pub minimal: bool,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    /// An HTTP date.
    pub if_modified_since: Option<String>,
    /// The query of a conditional creation.
    pub if_none_exist: Option<String>,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub body: Option<Bytes>,
    pub etag: Option<String>,
    pub modified: Option<OffsetDateTime>,
    pub location: Option<String>,
}

impl Reply {
    pub fn bare(status: u16) -> Self {
        Reply { status, body: None, etag: None, modified: None, location: None }
    }

    pub fn json(status: u16, value: &Value) -> Self {
        Reply { body: Some(Bytes::from(value.to_string())), ..Reply::bare(status) }
    }

    /// The stored resource with its version in ETag and Last-Modified.
    pub fn resource(status: u16, stored: &Stored) -> Self {
        Reply {
            status,
            body: Some(stored.body.clone()),
            etag: Some(stored.etag()),
            modified: Some(stored.modified),
            location: None,
        }
    }

    /// An OperationOutcome with one issue. `text` never repeats what the caller sent.
    pub fn outcome(status: u16, code: &str, text: &str) -> Self {
        Reply::json(status, &outcome("error", code, text))
    }

    pub fn ok(&self) -> bool {
        self.status < 400
    }
}

/// An OperationOutcome. `code` is from the value set issue-type.
pub fn outcome(severity: &str, code: &str, text: &str) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": text}]
    })
}

/// A moment as HTTP writes it.
pub fn http_date(at: OffsetDateTime) -> Option<String> {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    at.format(&form).ok()
}

/// A moment as HTTP writes it, in seconds since 1970.
pub fn from_http_date(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}
