//! What an administrator does about people who come in: sees who waits and who is in, and ends either. Each act is an event and a
//! count; whom it was about is told by nothing but the session's handle.

use connectors::identity::sessions::Theirs;
use connectors::identity::{Locked, Who};
use time::OffsetDateTime;

use super::Entrance;

impl Entrance {
    /// Everybody who has to wait.
    pub fn locked(&self) -> Vec<Locked> {
        self.parts.limits.locked()
    }

    /// The sessions that were used last, at most so many, and how many more there are.
    pub fn everybodys_sessions(&self, most: usize) -> (Vec<Theirs>, usize) {
        self.parts.sessions.everybodys(most, OffsetDateTime::now_utc())
    }

    /// Ends somebody's wait, for the administrator with this session.
    pub fn unlock(&self, administrator: &str, who: &Who) -> bool {
        let done = self.is_administrator(administrator) && self.locked().iter().any(|one| one.who == *who);
        if done {
            self.parts.limits.forget_log_ins(who);
        }
        self.administered("unlock", done, administrator);
        done
    }

    /// Ends somebody's session, for the administrator with this one.
    pub fn end_session_of(&self, administrator: &str, handle: &str) -> bool {
        let done = self.is_administrator(administrator) && self.parts.sessions.end_by_handle(handle);
        self.administered("end-session", done, administrator);
        done
    }

    fn is_administrator(&self, session: &str) -> bool {
        let live = self.parts.sessions.lookup(session, OffsetDateTime::now_utc());
        live.is_some_and(|live| live.administrator)
    }

    fn administered(&self, action: &'static str, done: bool, administrator: &str) {
        let result = if done { "done" } else { "nothing-there" };
        self.measures.administered(action, result);
        let by = self.parts.sessions.handle_of(administrator);
        tracing::warn!(
            administration.action = action,
            administration.result = result,
            administration.by = by,
            "administration"
        );
    }
}
