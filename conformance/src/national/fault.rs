//! The illnesses of the services, as a test orders them. Data only; `serve` acts them out.

use serde::{Deserialize, Serialize};

/// What goes wrong with every answer of one service until it is changed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Well.
    #[default]
    None,
    /// Answers rightly, but only after so many milliseconds.
    Slow { ms: u64 },
    /// Takes the request and closes the connection without a byte.
    Absent,
    /// JSON that breaks off.
    Malformed,
    /// This HTTP status and a web page.
    Status { code: u16 },
    /// 200 and no body.
    Empty,
    /// An answer of about so many bytes.
    Huge { bytes: usize },
    /// Announces the whole body, sends half, and closes.
    Torn,
    /// Sends the caller elsewhere.
    Redirect,
    /// The right answer as `text/html`.
    MediaType,
    /// With a record about another patient among the right ones (index), or a pseudonym for another recipient (PRS).
    OtherPatient,
    /// Says that there is more on another page.
    Paged,
}
