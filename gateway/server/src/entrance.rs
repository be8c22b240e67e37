//! How people come in: every way to a session, with its lock-out, its count and its security event.
//!
//! Who somebody is, is proved below (`connectors::identity`); what they may do follows from the configuration.

mod administration;
mod cards;
mod epds;
mod measures;
mod recheck;
mod set_up;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use connectors::identity::dezi::{Departing, Returned};
use connectors::identity::launches::LIFE;
use connectors::identity::sessions::{Opening, SessionFault, Way};
use connectors::identity::{
    Cards, Dezi, DeziFault, Epds, InnerCallers, Launch, LaunchFault, Launches, People, RateLimits, Sessions, Who,
};
use exchange::ports::Authenticator;
use exchange::{Credentials, Gate};
use policy::Caller;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use measures::Measures;
use recheck::Doubt;
pub use set_up::{Around, set_up, try_out};

/// The OAuth client that people who log in with Dezi come in by, as the access log names it.
const DEZI_CLIENT: &str = "dezi";

/// Why nobody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    NotAccepted,
    NothingHere,
    Unavailable,
    Wait(Duration),
    Full,
}

/// Why a system cannot launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLaunch {
    /// It is no system that may.
    NotALauncher,
    Wait(Duration),
    Fault(LaunchFault),
}

/// Everything that an [`Entrance`] is put together from.
pub struct Parts {
    pub callers: Arc<InnerCallers>,
    pub sessions: Arc<Sessions>,
    pub people: People,
    pub dezi: Option<Arc<Dezi>>,
    pub cards: Option<Arc<Cards>>,
    /// The EPDs that open the pages by the browser.
    pub epds: Option<Epds>,
    pub limits: Arc<RateLimits>,
    pub authenticator: Arc<dyn Authenticator>,
    /// Whether the inner listener speaks TLS, and so can be shown certificates.
    pub tls: bool,
}

/// All ways in.
pub struct Entrance {
    parts: Parts,
    launches: Launches,
    measures: Measures,
}

impl Entrance {
    pub fn new(parts: Parts) -> Self {
        Entrance { parts, launches: Launches::default(), measures: Measures::default() }
    }

    pub fn register(&self, registry: &mut Registry) {
        self.measures.register(registry);
    }

    pub fn sessions(&self) -> &Sessions {
        &self.parts.sessions
    }

    pub fn limits(&self) -> &RateLimits {
        &self.parts.limits
    }

    /// Whether anybody has an access code: in development only.
    pub fn takes_codes(&self) -> bool {
        self.parts.callers.have_access_codes()
    }

    pub fn takes_certificates(&self) -> bool {
        self.parts.tls && self.parts.callers.have_certificates_of_people()
    }

    pub fn takes_dezi(&self) -> bool {
        self.parts.dezi.is_some()
    }

    /// By an access code.
    pub fn by_code(&self, code: &str, remote: Option<IpAddr>) -> Result<String, Kept> {
        self.may_try(Way::AccessCode, remote)?;
        let callers = &self.parts.callers;
        // A system that launches is nobody who sits at a page.
        match callers.by_access_code(code).filter(|caller| !callers.launches(caller)) {
            Some(caller) => match self.opening_of(caller.clone(), Way::AccessCode) {
                Some(opening) => self.open(opening, remote),
                None => Err(self.refused(Way::AccessCode, "nothing-here", remote, Kept::NothingHere)),
            },
            None => Err(self.refused(Way::AccessCode, "unknown-code", remote, Kept::NotAccepted)),
        }
    }

    /// By a certificate that rustls verified. The authenticator says whose it is; a card of somebody who is not configured
    /// one by one gets what their profession may do.
    pub async fn by_certificate(&self, der: Option<Arc<[u8]>>, remote: Option<IpAddr>) -> Result<String, Kept> {
        let way = Way::Certificate;
        self.may_try(way, remote)?;
        if der.is_none() {
            return Err(self.refused(way, "no-certificate", remote, Kept::NotAccepted));
        }
        let credentials = Credentials { certificate: der, ..Credentials::default() };
        let Ok(caller) = self.parts.authenticator.identify(Gate::Inner, &credentials).await else {
            return Err(self.refused(way, "unknown-certificate", remote, Kept::NotAccepted));
        };
        if caller.person.is_none() {
            return Err(self.refused(way, "no-person", remote, Kept::NothingHere));
        }
        match self.opening_of(Arc::new(caller), way) {
            Some(opening) => self.open(opening, remote),
            None => Err(self.refused(way, "nothing-here", remote, Kept::NothingHere)),
        }
    }

    /// What opens for a caller who is configured one by one: what stands there, or for a person for whom nothing does, what
    /// stands in `[[people]]`. An administrator gets what an administrator gets.
    fn opening_of(&self, caller: Arc<Caller>, way: Way) -> Option<Opening> {
        let people = &self.parts.people;
        match &caller.person {
            Some(person) if caller.use_cases.is_empty() || people.is_administrator(person) => {
                people.opening(person.clone(), &caller.client_id, way)
            }
            Some(person) if way == Way::Certificate => {
                Some(Opening { mandates: people.mandates(person), ..Opening::of(caller, way) })
            }
            _ => Some(Opening::of(caller, way)),
        }
    }

    /// Sends a browser to Dezi.
    pub fn depart(&self, remote: Option<IpAddr>) -> Result<Departing, Kept> {
        self.may_try(Way::Dezi, remote)?;
        let dezi = self.parts.dezi.as_ref().ok_or(Kept::NotAccepted)?;
        dezi.depart().ok_or(Kept::Unavailable)
    }

    /// A browser that comes back from Dezi.
    pub async fn arrive(&self, returned: Returned<'_>, remote: Option<IpAddr>) -> Result<String, Kept> {
        self.may_try(Way::Dezi, remote)?;
        let dezi = self.parts.dezi.as_ref().ok_or(Kept::NotAccepted)?;
        let found = match dezi.arrive(returned, OffsetDateTime::now_utc()).await {
            Ok(found) => found,
            Err(DeziFault::Refused(why)) => {
                return Err(self.refused(Way::Dezi, why.code(), remote, Kept::NotAccepted));
            }
            // Nobody's fault who sits there: it counts for no lock-out.
            Err(DeziFault::Unavailable(what)) => {
                self.event(Way::Dezi, "unavailable", what);
                return Err(Kept::Unavailable);
            }
        };
        match self.parts.people.opening(found.person, DEZI_CLIENT, Way::Dezi) {
            Some(opening) => {
                let id = self.open(Opening { until: Some(found.until), ..opening }, remote)?;
                let (asking, statement) = (dezi.clone(), found.statement);
                let ask = move || {
                    let (dezi, statement) = (asking.clone(), statement.clone());
                    async move {
                        dezi.in_force(&statement).await.map_err(|fault| match fault {
                            DeziFault::Refused(why) => Doubt::Over(why.code()),
                            DeziFault::Unavailable(what) => Doubt::Unknown(what),
                        })
                    }
                };
                recheck::begin(Way::Dezi, dezi.recheck(), &self.parts.sessions, &id, ask);
                Ok(id)
            }
            // Who it is was proved: no attempt to guess anything.
            None => {
                self.event(Way::Dezi, "refused", "nothing-here");
                Err(Kept::NothingHere)
            }
        }
    }

    /// A system prepares a session: the handle, and how long it is good.
    pub fn prepare(&self, system: &Caller, launch: Launch) -> Result<(String, Duration), NoLaunch> {
        if !self.parts.callers.launches(system) {
            self.event(Way::Launch, "refused", "not-a-launcher");
            return Err(NoLaunch::NotALauncher);
        }
        exchange::ports::Throttle::admit(self.parts.limits.as_ref(), Gate::Inner, system).map_err(NoLaunch::Wait)?;
        match self.launches.prepare(&self.parts.people, system, launch, OffsetDateTime::now_utc()) {
            Ok(handle) => Ok((handle.reveal().to_owned(), LIFE.unsigned_abs())),
            Err(fault) => {
                self.event(Way::Launch, "refused", "not-prepared");
                Err(NoLaunch::Fault(fault))
            }
        }
    }

    /// A browser opens what was prepared.
    pub fn launch(&self, handle: &str, remote: Option<IpAddr>) -> Result<String, Kept> {
        self.may_try(Way::Launch, remote)?;
        match self.launches.take(handle, OffsetDateTime::now_utc()) {
            Some(opening) => self.open(opening, remote),
            None => Err(self.refused(Way::Launch, "unknown-handle", remote, Kept::NotAccepted)),
        }
    }

    fn open(&self, opening: Opening, remote: Option<IpAddr>) -> Result<String, Kept> {
        let (way, now) = (opening.way, OffsetDateTime::now_utc());
        let person = opening.caller.person.as_ref().map(|person| Who::Person(person.id.clone()));
        if let Some(person) = &person {
            self.must_not_wait(way, person)?;
        }
        // Whoever can only act for one other does so.
        let acts = opening.caller.use_cases.is_empty() && opening.mandates.len() == 1;
        let id = match self.parts.sessions.create(opening, now) {
            Ok(id) => id,
            Err(SessionFault::Full | SessionFault::NoRandomness) => {
                self.event(way, "unavailable", "no-session");
                return Err(Kept::Full);
            }
        };
        if acts {
            self.parts.sessions.act(id.reveal(), Some(0), now);
        }
        for who in std::iter::once(Who::Address(remote)).chain(person) {
            self.parts.limits.forget_log_ins(&who);
        }
        self.event(way, "accepted", "none");
        Ok(id.reveal().to_owned())
    }

    fn may_try(&self, way: Way, remote: Option<IpAddr>) -> Result<(), Kept> {
        self.must_not_wait(way, &Who::Address(remote))
    }

    fn must_not_wait(&self, way: Way, who: &Who) -> Result<(), Kept> {
        self.parts.limits.may_log_in(who).map_err(|wait| {
            self.event(way, "locked-out", "too-many-attempts");
            Kept::Wait(wait)
        })
    }

    fn refused(&self, way: Way, why: &'static str, remote: Option<IpAddr>, kept: Kept) -> Kept {
        self.parts.limits.log_in_failed(Who::Address(remote));
        self.event(way, "refused", why);
        kept
    }

    /// The security event of an attempt: fixed words, nobody's name, number or address.
    fn event(&self, way: Way, result: &'static str, why: &'static str) {
        let way = measures::name(way);
        self.measures.count(way, result);
        if result == "accepted" {
            tracing::info!(log_in.way = way, log_in.result = result, "log-in");
        } else {
            tracing::warn!(log_in.way = way, log_in.result = result, log_in.reason = why, "log-in");
        }
    }
}

#[cfg(test)]
mod tests;
