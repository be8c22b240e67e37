//! How people come in, and their sessions, as the pages see them.

use std::time::Duration;

/// The ways in that this node offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// An access code; development only.
    pub code: bool,
    /// Dezi, the national identity provider of care.
    pub dezi: bool,
    /// The certificate of a care professional's card (UZI-pas), shown in TLS to these pages.
    pub certificate: bool,
    /// Any card of the UZI register, shown to a listener of its own.
    pub card: bool,
}

/// Where a browser is sent to, and comes back from, to prove who sits there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    Dezi,
    /// The listener where people show their cards.
    Card,
    /// The authorization server of an EPD, by our name of it.
    Epd(String),
}

/// The browser is sent elsewhere. Prints nothing of it.
pub struct Departure {
    /// Where to.
    pub url: String,
    /// What only this browser keeps, to be shown on the way back: letters, digits, `-` and `_`.
    pub binding: String,
}

/// With what a browser comes back (RFC 6749, 4.1.2). Prints nothing of it.
#[derive(Default)]
pub struct Return {
    pub state: String,
    /// None when the provider reports an error instead.
    pub code: Option<String>,
    /// RFC 9207; empty when the provider says none.
    pub iss: String,
    pub binding: String,
}

/// Why nobody was signed in. None of them tells what was known of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSignedIn {
    /// What was shown is not accepted.
    NotAccepted,
    /// Who somebody is was proved; they may do nothing here.
    NothingHere,
    /// Who they are could not be found out.
    Unavailable,
    /// Too many attempts.
    Wait(Duration),
    /// There is no place for a session.
    Full,
}

/// A session in the list of a person's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// Names the session; opens nothing.
    pub handle: String,
    /// How the person came in, in Dutch.
    pub way: &'static str,
    pub started: time::OffsetDateTime,
    pub last_used: time::OffsetDateTime,
    /// The one in which the list is shown.
    pub this: bool,
}
