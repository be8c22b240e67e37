//! Sessions of the portal: opaque ids for people who identified themselves, in memory only and kept by digest.
//!
//! A session is one person's: it says as whom they came in, how, and for whom they act. It lives while it is used, never
//! longer than its absolute end or than the proof that opened it. A restart ends them all.

mod ends;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use policy::{Caller, Person, UseCaseId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::IdentityFault;
use super::secret::{Digest, Secret};

/// Configuration of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    /// Seconds without a request after which a session ends.
    pub idle_seconds: u32,
    /// Seconds after which a session ends in any case.
    pub absolute_seconds: u32,
    /// How many sessions may live at once.
    pub most: usize,
    /// How many of them one person may have. The one that was used longest ago makes place.
    pub most_of_person: usize,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig { idle_seconds: 900, absolute_seconds: 8 * 3600, most: 10_000, most_of_person: 5 }
    }
}

impl SessionConfig {
    /// Longest idle time that may be configured: a screen that nobody sits at.
    pub const LONGEST_IDLE: u32 = 3600;
    /// Longest life that may be configured: one working day.
    pub const LONGEST: u32 = 12 * 3600;
    const MOST: usize = 100_000;

    /// Whether these bounds are bounds.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), IdentityFault> {
        let fault = |text: String| Err(IdentityFault(text));
        if !(30..=Self::LONGEST_IDLE).contains(&self.idle_seconds) {
            return fault(format!("sessions.idle_seconds must be between 30 and {}", Self::LONGEST_IDLE));
        }
        if !(self.idle_seconds..=Self::LONGEST).contains(&self.absolute_seconds) {
            return fault(format!(
                "sessions.absolute_seconds must be between sessions.idle_seconds and {}",
                Self::LONGEST
            ));
        }
        if !(1..=Self::MOST).contains(&self.most) {
            return fault(format!("sessions.most must be between 1 and {}", Self::MOST));
        }
        if !(1..=self.most).contains(&self.most_of_person) {
            return fault("sessions.most_of_person must be between 1 and sessions.most".to_owned());
        }
        Ok(())
    }
}

/// How a person identified themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A static code; development only.
    AccessCode,
    Dezi,
    Certificate,
    /// A system of the provider vouched for them (EHR launch).
    Launch,
}

/// For whom a person may act, and what that opens (mandaat).
#[derive(Clone, PartialEq, Eq)]
pub struct Mandate {
    pub responsible: Person,
    pub use_cases: Vec<UseCaseId>,
}

impl fmt::Debug for Mandate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mandate({:?})", self.use_cases)
    }
}

/// What a session is opened with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The person in their own name, or under the mandate that goes without saying.
    pub caller: Arc<Caller>,
    pub way: Way,
    /// Among which the person can choose.
    pub mandates: Vec<Mandate>,
    /// When what the person proved ends.
    pub until: Option<OffsetDateTime>,
    /// Whether the person administers the node.
    pub administrator: bool,
}

impl Opening {
    /// Of somebody who has no mandate to choose and whose proof has no end of its own.
    pub fn of(caller: Arc<Caller>, way: Way) -> Self {
        Opening { caller, way, mandates: Vec::new(), until: None, administrator: false }
    }
}

/// A live session, as it is now.
#[derive(Clone, Debug)]
pub struct Live {
    /// As whom the session asks.
    pub caller: Arc<Caller>,
    pub way: Way,
    pub mandates: Arc<[Mandate]>,
    /// Which of the mandates is in force.
    pub acting: Option<usize>,
    /// Names the session to its owner and in the log; of no use to open anything.
    pub handle: String,
    /// Whether the person administers the node.
    pub administrator: bool,
    mandate_only: bool,
}

impl Live {
    /// Whether the person may do nothing in their own name.
    pub fn mandate_only(&self) -> bool {
        self.mandate_only
    }
}

/// One session in the list of a person's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub handle: String,
    pub way: Way,
    pub started: OffsetDateTime,
    pub last_used: OffsetDateTime,
    /// The one that asks for the list.
    pub this: bool,
}

/// One session in the list of everybody's, for an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theirs {
    pub handle: String,
    /// Who is signed in, by name or id; none for a patient.
    pub name: Option<String>,
    pub way: Way,
    pub started: OffsetDateTime,
    pub last_used: OffsetDateTime,
}

/// All live sessions.
pub struct Sessions {
    config: SessionConfig,
    by_digest: Mutex<HashMap<Digest, Session>>,
}

struct Session {
    /// As whom the person came in.
    own: Arc<Caller>,
    /// As whom the session asks.
    caller: Arc<Caller>,
    way: Way,
    mandates: Arc<[Mandate]>,
    acting: Option<usize>,
    until: Option<OffsetDateTime>,
    administrator: bool,
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

    /// Starts a session under a new id. The id goes to the browser and is not kept in the clear.
    ///
    /// # Errors
    /// There is no room, also after the person's oldest made place, or no randomness.
    pub fn create(&self, opening: Opening, now: OffsetDateTime) -> Result<Secret, SessionFault> {
        let id = Secret::fresh().ok_or(SessionFault::NoRandomness)?;
        let mut all = self.all();
        self.make_place(&mut all, &opening.caller, now);
        if all.len() >= self.config.most {
            all.retain(|_, session| self.lives(session, now));
            if all.len() >= self.config.most {
                return Err(SessionFault::Full);
            }
        }
        let session = Session {
            own: opening.caller.clone(),
            caller: opening.caller,
            way: opening.way,
            mandates: opening.mandates.into(),
            acting: None,
            until: opening.until,
            administrator: opening.administrator,
            started: now,
            last_used: now,
        };
        all.insert(Digest::of(id.reveal()), session);
        Ok(id)
    }

    /// A live session, which counts as used from now. An expired one is forgotten.
    pub fn lookup(&self, id: &str, now: OffsetDateTime) -> Option<Live> {
        let digest = Digest::of(id);
        let mut all = self.all();
        let session = all.get_mut(&digest)?;
        if self.lives(session, now) {
            session.last_used = session.last_used.max(now);
            return Some(Live {
                caller: session.caller.clone(),
                way: session.way,
                mandates: session.mandates.clone(),
                acting: session.acting,
                handle: digest.token_id(),
                administrator: session.administrator,
                mandate_only: session.own.use_cases.is_empty(),
            });
        }
        all.remove(&digest);
        None
    }

    /// Acts from now on under this mandate of the session's, or in the person's own name. Says whether that can be.
    pub fn act(&self, id: &str, choice: Option<usize>, now: OffsetDateTime) -> bool {
        let mut all = self.all();
        let Some(session) = all.get_mut(&Digest::of(id)).filter(|session| self.lives(session, now)) else {
            return false;
        };
        let Some(index) = choice else {
            (session.caller, session.acting) = (session.own.clone(), None);
            return true;
        };
        let Some(mandate) = session.mandates.get(index) else { return false };
        session.caller = Arc::new(Caller {
            responsible: Some(mandate.responsible.clone()),
            use_cases: mandate.use_cases.clone(),
            ..Caller::clone(&session.own)
        });
        session.acting = choice;
        true
    }

    fn lives(&self, session: &Session, now: OffsetDateTime) -> bool {
        now - session.last_used < Duration::seconds(i64::from(self.config.idle_seconds))
            && now - session.started < Duration::seconds(i64::from(self.config.absolute_seconds))
            && session.until.is_none_or(|until| now < until)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        // Each change is one call to the map, so that a panic elsewhere leaves nothing half done.
        self.by_digest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
