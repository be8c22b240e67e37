//! The illnesses of Mitz, as a test orders them. Data only; `serve` and `closed` act them out.

use serde::{Deserialize, Serialize};

/// What goes wrong with every answer to a question until it is changed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Well.
    #[default]
    None,
    /// Answers rightly, but only after so many milliseconds.
    Slow { ms: u64 },
    /// Takes the question and closes the connection without a byte.
    Absent,
    /// XML that breaks off in the middle of an element.
    Malformed,
    /// A document type before the envelope.
    DocumentType,
    /// About another patient than was asked.
    OtherPatient,
    /// About another holder.
    OtherHolder,
    /// About another data category.
    OtherCategory,
    /// Without a result for the last category.
    MissingResult,
    /// With the first result twice.
    DuplicateResult,
    /// To another message.
    OtherMessage,
    /// `Permit` with a space behind it.
    Spaced,
    /// `Indeterminate` for everything.
    Indeterminate,
    /// `NotApplicable` for everything.
    NotApplicable,
    /// A fault of SOAP: `Sender` or `Receiver`.
    SoapFault { sender: bool },
    /// This HTTP status and a web page.
    Status { code: u16 },
    /// 200 and no body.
    Empty,
    /// An envelope of about so many bytes.
    Huge { bytes: usize },
    /// Announces the whole body, sends half, and closes.
    Torn,
    /// Sends the caller elsewhere.
    Redirect,
    /// The right answer as `text/html`.
    MediaType,
    /// The right answer wrapped in an assertion of SAML 2.0, with this assertion.
    Wrapped { assertion: Assertion },
    /// A decision that is none of the four.
    UnknownDecision,
}

/// What an assertion around an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assertion {
    /// Of now, for whoever asked.
    Good,
    /// It held until a minute ago.
    Expired,
    /// For another audience.
    OtherAudience,
    /// With a signature that fits nothing.
    BadSignature,
}
