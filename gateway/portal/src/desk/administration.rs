//! What an administrator (beheerder) of the node sees and does: who waits, who is signed in, how the node is configured. No
//! health data and nothing of the access log comes by here.

use std::time::Duration;

use time::OffsetDateTime;

/// Who cannot come in for a while, and who is in.
#[derive(Clone, Debug, Default)]
pub struct AccessShown {
    pub locked: Vec<LockedOut>,
    /// The last used first.
    pub sessions: Vec<AnySession>,
    /// How many more sessions there are than are shown.
    pub more: usize,
}

/// Somebody who failed too often and has to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedOut {
    /// Names the wait, to end it.
    pub key: String,
    /// A person, and not an address.
    pub is_person: bool,
    /// The person's number, or the address.
    pub who: String,
    pub wait: Duration,
}

/// Somebody's session. Says nothing of the patient that it may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnySession {
    /// Names the session; opens nothing.
    pub handle: String,
    pub name: String,
    /// How the person came in, in Dutch.
    pub way: &'static str,
    pub started: OffsetDateTime,
    pub last_used: OffsetDateTime,
    /// The administrator's own, in which this is shown.
    pub this: bool,
}

/// The node, as its administrator sees it. Each is asked for an administrator's session only, by its id.
pub trait Administration: Send + Sync {
    fn access(&self, session: &str) -> AccessShown;

    /// Ends somebody's wait. Whether there was one of this key.
    fn unlock(&self, session: &str, key: &str) -> bool;

    /// Ends somebody's session by its handle. Whether there was one.
    fn end_session(&self, session: &str, handle: &str) -> bool;

    /// The configuration in force, as text: secrets stand in files, of which it has the names.
    fn configuration(&self) -> &str;
}
