//! Sessions of the portal: opaque ids for people who identified themselves, in memory only.
//!
//! A session says only which inner caller it belongs to; what that caller may do is looked up at every request.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::secret::{Digest, Secret};

/// Configuration of sessions.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    /// Seconds without a request after which a session ends.
    pub idle_seconds: u32,
    /// Seconds after which a session ends in any case.
    pub absolute_seconds: u32,
    /// How many sessions may live at once.
    pub most: usize,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig { idle_seconds: 900, absolute_seconds: 8 * 3600, most: 10_000 }
    }
}

/// All live sessions.
pub struct Sessions {
    config: SessionConfig,
    by_digest: Mutex<HashMap<Digest, Session>>,
}

struct Session {
    client_id: String,
    started: OffsetDateTime,
    last_used: OffsetDateTime,
}

/// Why no session was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SessionFault {
    #[error("there are too many sessions")]
    Full,
    #[error("no session id can be made now")]
    NoRandomness,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions({})", self.all().len())
    }
}

impl Sessions {
    pub fn new(config: SessionConfig) -> Self {
        Sessions { config, by_digest: Mutex::default() }
    }

    /// Starts a session of an inner caller. The id goes to the browser and is not kept in the clear.
    pub fn create(&self, client_id: &str, now: OffsetDateTime) -> Result<Secret, SessionFault> {
        let id = Secret::fresh().ok_or(SessionFault::NoRandomness)?;
        let mut all = self.all();
        if all.len() >= self.config.most {
            all.retain(|_, session| self.lives(session, now));
            if all.len() >= self.config.most {
                return Err(SessionFault::Full);
            }
        }
        let session = Session { client_id: client_id.to_owned(), started: now, last_used: now };
        all.insert(Digest::of(id.reveal()), session);
        Ok(id)
    }

    /// The inner caller of a live session, which counts as used from now. An expired one is forgotten.
    pub fn lookup(&self, id: &str, now: OffsetDateTime) -> Option<String> {
        let digest = Digest::of(id);
        let mut all = self.all();
        let session = all.get_mut(&digest)?;
        if self.lives(session, now) {
            session.last_used = session.last_used.max(now);
            return Some(session.client_id.clone());
        }
        all.remove(&digest);
        None
    }

    /// Ends a session. Says nothing of whether there was one.
    pub fn end(&self, id: &str) {
        self.all().remove(&Digest::of(id));
    }

    fn lives(&self, session: &Session, now: OffsetDateTime) -> bool {
        now - session.last_used < Duration::seconds(i64::from(self.config.idle_seconds))
            && now - session.started < Duration::seconds(i64::from(self.config.absolute_seconds))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        // Each change is one call to the map, so that a panic elsewhere leaves nothing half done.
        self.by_digest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_790_000_000 + seconds).unwrap()
    }

    fn sessions(most: usize) -> Sessions {
        Sessions::new(SessionConfig { idle_seconds: 60, absolute_seconds: 100, most })
    }

    #[test]
    fn a_session_lives_while_it_is_used_and_never_beyond_its_absolute_end() {
        let sessions = sessions(10);
        let id = sessions.create("portal", at(0)).unwrap();
        for (second, found) in [(59, true), (99, true), (100, false), (1, false)] {
            assert_eq!(sessions.lookup(id.reveal(), at(second)).is_some(), found, "{second}");
        }
        let idle = sessions.create("portal", at(0)).unwrap();
        assert_eq!(sessions.lookup(idle.reveal(), at(60)), None);
    }

    #[test]
    fn a_session_that_was_ended_or_never_was_is_not_found() {
        let sessions = sessions(10);
        let id = sessions.create("portal", at(0)).unwrap();
        assert_eq!(sessions.lookup(id.reveal(), at(1)).as_deref(), Some("portal"));
        sessions.end(id.reveal());
        assert_eq!(sessions.lookup(id.reveal(), at(1)), None);
        assert_eq!(sessions.lookup("", at(1)), None);
    }

    #[test]
    fn room_is_bounded_and_comes_back_when_sessions_expire() {
        let sessions = sessions(2);
        sessions.create("a", at(0)).unwrap();
        sessions.create("b", at(30)).unwrap();
        assert_eq!(sessions.create("c", at(31)).err(), Some(SessionFault::Full));
        assert!(sessions.create("c", at(60)).is_ok());
        assert_eq!(sessions.create("d", at(60)).err(), Some(SessionFault::Full));
    }
}
