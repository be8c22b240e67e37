//! Why somebody is not logged in: fixed words, of nobody in particular.

use thiserror::Error;

/// Why somebody is not logged in. Tells nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DeziFault {
    #[error("refused: {}", .0.code())]
    Refused(Refused),
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
}

/// What did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No log-in that was begun here, or one that ended already.
    UnknownState,
    /// Begun in another browser.
    OtherBrowser,
    /// The provider sent the browser back without a code.
    NoCode,
    CodeNotAccepted,
    Undecryptable,
    /// No RS256 signature of a key of the party that should have signed.
    Signature,
    /// The keys are said to be at a place that is not allowed.
    ForeignKeySet,
    /// Issuer, audience or schema are not those expected.
    OtherParty,
    OtherNonce,
    OtherSubject,
    OtherStatement,
    NotInTime,
    Level,
    /// The statement is about another care provider.
    OtherProvider,
    Malformed,
    /// The statement is not in force.
    Revoked,
}

impl Refused {
    /// A fixed word for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Refused::UnknownState => "unknown-state",
            Refused::OtherBrowser => "other-browser",
            Refused::NoCode => "no-code",
            Refused::CodeNotAccepted => "code-not-accepted",
            Refused::Undecryptable => "undecryptable",
            Refused::Signature => "signature",
            Refused::ForeignKeySet => "foreign-key-set",
            Refused::OtherParty => "other-party",
            Refused::OtherNonce => "other-nonce",
            Refused::OtherSubject => "other-subject",
            Refused::OtherStatement => "other-statement",
            Refused::NotInTime => "not-in-time",
            Refused::Level => "level-of-assurance",
            Refused::OtherProvider => "other-provider",
            Refused::Malformed => "malformed",
            Refused::Revoked => "revoked",
        }
    }
}

impl From<Refused> for DeziFault {
    fn from(refused: Refused) -> Self {
        DeziFault::Refused(refused)
    }
}
