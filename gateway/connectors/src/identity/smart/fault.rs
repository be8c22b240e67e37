//! Why nobody comes in from an EPD: fixed words, of nobody in particular.

use thiserror::Error;

/// Why a launch opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SmartFault {
    #[error("refused: {}", .0.code())]
    Refused(Refused),
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
}

/// What did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No EPD that is configured has this `iss`.
    UnknownIssuer,
    /// The EPD sent no launch that could be one.
    NoLaunch,
    /// The EPD's endpoints are at a place that is not allowed.
    ForeignEndpoint,
    /// The EPD does not do what a launch needs (PKCE with S256, launch-ehr).
    NotCapable,
    /// No launch that was begun here, or one that ended already.
    UnknownState,
    /// Begun in another browser.
    OtherBrowser,
    /// The way back is that of another EPD, or names another authorization server.
    OtherIssuer,
    NoCode,
    CodeNotAccepted,
    /// The token answer is none, or gives a token of a kind that was not asked for.
    Malformed,
    /// No RS256 signature of a key of the EPD.
    Signature,
    /// Issuer or audience of the identity token are not those expected.
    OtherParty,
    OtherNonce,
    NotInTime,
    /// The token answer gives no patient.
    NoPatient,
    /// The EPD does not show the patient of its own token, or shows another, or one without one good BSN.
    Patient,
    /// The user is nobody whom the EPD shows as a practitioner of its own, or has no one role.
    Person,
}

impl Refused {
    /// A fixed word for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Refused::UnknownIssuer => "unknown-issuer",
            Refused::NoLaunch => "no-launch",
            Refused::ForeignEndpoint => "foreign-endpoint",
            Refused::NotCapable => "not-capable",
            Refused::UnknownState => "unknown-state",
            Refused::OtherBrowser => "other-browser",
            Refused::OtherIssuer => "other-issuer",
            Refused::NoCode => "no-code",
            Refused::CodeNotAccepted => "code-not-accepted",
            Refused::Malformed => "malformed",
            Refused::Signature => "signature",
            Refused::OtherParty => "other-party",
            Refused::OtherNonce => "other-nonce",
            Refused::NotInTime => "not-in-time",
            Refused::NoPatient => "no-patient",
            Refused::Patient => "patient",
            Refused::Person => "person",
        }
    }
}

impl From<Refused> for SmartFault {
    fn from(refused: Refused) -> Self {
        SmartFault::Refused(refused)
    }
}
