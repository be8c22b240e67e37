//! What the pages need of the node. The server implements it.

use std::net::IpAddr;

use exchange::ports::BoxFuture;
use exchange::{Recorded, Refusal};

use crate::pages::DataQuality;

/// A practitioner who is signed in. Prints nothing of it.
#[derive(Clone)]
pub struct Session {
    pub name: String,
    /// UZI role code.
    pub role: String,
    /// Random, the same for the whole session: letters, digits, `-` and `_`.
    pub csrf: String,
}

/// How an exchange for a page ended.
pub struct Answered {
    /// The id of the request, as in the access log: what a user gives to whoever helps them.
    pub request_id: String,
    pub result: Result<Recorded, Refusal>,
}

/// The node, as the pages see it.
pub trait Desk: Send + Sync {
    /// The name of this care provider.
    fn provider(&self) -> &str;

    /// Opens a session for whoever has this access code: its id, hard to guess, of letters, digits, `-` and `_`.
    /// How often someone may try is the desk's to bound.
    fn sign_in(&self, code: &str) -> Option<String>;

    /// The session of this id, while it lasts.
    fn session(&self, id: &str) -> Option<Session>;

    fn sign_out(&self, id: &str);

    /// How well the provider's own data keeps to its profiles; none when that is not measured.
    fn quality(&self) -> Option<DataQuality>;

    /// Asks for a patient's overview through the whole stack. `bsn` is as typed, without white space, dots and dashes:
    /// the stack judges it, so that a wrong one leaves its record too.
    fn overview(&self, session: &str, bsn: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered>;
}
