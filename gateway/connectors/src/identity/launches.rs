//! The portal opened from an EPD (EHR launch, back-channel): a system of the provider says who sits there, for whom they act
//! and about which patient, and gets a handle that opens that one session, once and soon.
//!
//! The handle is all that the browser carries: nobody and nothing about the patient stands in the address.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fhir::Bsn;
use policy::{Caller, Person, UseCaseId};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::people::People;
use super::secret::{Digest, Secret};
use super::sessions::{Opening, Way};

/// How long a launch waits for its browser. A click follows at once.
pub const LIFE: Duration = Duration::seconds(60);
/// How many launches may wait at once.
const MOST: usize = 10_000;
/// Longest id, name and role that are taken over.
const LONGEST: usize = 100;

/// What a system says when it launches.
pub struct Launch {
    pub person: Person,
    /// Under whose responsibility the person acts.
    pub responsible: Option<Person>,
    pub patient: Bsn,
}

impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Launch(..)")
    }
}

/// Why nothing is launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LaunchFault {
    #[error("a person has an id and a role, of at most 100 characters, without control characters")]
    Person,
    #[error("this person may do nothing here that this system may open")]
    NothingHere,
    #[error("too many launches wait")]
    Full,
    #[error("no handle can be made now")]
    NoRandomness,
}

/// All launches that wait for their browser.
#[derive(Default)]
pub struct Launches {
    by_digest: Mutex<HashMap<Digest, Waiting>>,
}

struct Waiting {
    opening: Opening,
    until: OffsetDateTime,
}

impl fmt::Debug for Launches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Launches({})", self.all().len())
    }
}

impl Launches {
    /// Prepares a session: the handle that opens it. The person may do in it what they may do here by configuration (under a
    /// mandate: what the responsible professional may), and no more than the system that launches.
    ///
    /// # Errors
    /// What is wrong with the launch, or that it cannot be kept.
    pub fn prepare(
        &self,
        people: &People,
        system: &Caller,
        launch: Launch,
        now: OffsetDateTime,
    ) -> Result<Secret, LaunchFault> {
        let opening = opening(people, &system.client_id, &system.use_cases, launch)?;
        let handle = Secret::fresh().ok_or(LaunchFault::NoRandomness)?;
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, waiting| now < waiting.until);
            if all.len() >= MOST {
                return Err(LaunchFault::Full);
            }
        }
        all.insert(Digest::of(handle.reveal()), Waiting { opening, until: now.saturating_add(LIFE) });
        Ok(handle)
    }

    /// What the handle opens: once, and not when it waited too long.
    pub fn take(&self, handle: &str, now: OffsetDateTime) -> Option<Opening> {
        let waiting = self.all().remove(&Digest::of(handle))?;
        (now < waiting.until).then_some(waiting.opening)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Waiting>> {
        // Each change is one call to the map.
        self.by_digest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a launch by this system opens: at most these use cases.
///
/// # Errors
/// What is wrong with the launch.
pub fn opening(people: &People, client_id: &str, most: &[UseCaseId], launch: Launch) -> Result<Opening, LaunchFault> {
    let named = [Some(&launch.person), launch.responsible.as_ref()];
    if !named.into_iter().flatten().all(is_good) {
        return Err(LaunchFault::Person);
    }
    let professional = launch.responsible.as_ref().unwrap_or(&launch.person);
    let mut use_cases: Vec<UseCaseId> = people.use_cases(professional);
    use_cases.retain(|id| most.contains(id));
    if use_cases.is_empty() {
        return Err(LaunchFault::NothingHere);
    }
    let caller = Caller {
        responsible: launch.responsible,
        patient: Some(launch.patient),
        ..people.caller(launch.person, client_id, use_cases)
    };
    Ok(Opening::of(std::sync::Arc::new(caller), Way::Launch))
}

fn is_good(person: &Person) -> bool {
    let plain = |text: &str| text.chars().count() <= LONGEST && !text.contains(char::is_control);
    !person.id.is_empty()
        && !person.role.is_empty()
        && plain(&person.id)
        && plain(&person.role)
        && person.name.as_deref().is_none_or(plain)
}

#[cfg(test)]
mod tests {
    use fhir::Ura;
    use policy::Organisation;
    use serde_json::json;

    use super::*;

    fn people() -> People {
        let own = Organisation { ura: Ura::parse("90000901").unwrap(), name: None, kind: None };
        let rights = json!([
            {"roles": ["01.015"], "use_cases": ["overview", "access-log"]},
            {"roles": ["30.000"], "use_cases": ["access-log"]},
        ]);
        People::new(own, serde_json::from_value(rights).unwrap(), Vec::new()).unwrap()
    }

    fn person(id: &str, role: &str) -> Person {
        Person { id: id.to_owned(), name: None, role: role.to_owned() }
    }

    fn system() -> Caller {
        let mut caller = people().caller(person("x", "x"), "epd", vec![UseCaseId::parse("overview").unwrap()]);
        caller.person = None;
        caller
    }

    fn launch(person: Person, responsible: Option<Person>) -> Launch {
        Launch { person, responsible, patient: Bsn::parse("999911120").unwrap() }
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_790_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_handle_opens_the_session_that_was_prepared_once_and_within_a_minute() {
        let launches = Launches::default();
        let prepare = || launches.prepare(&people(), &system(), launch(person("p", "01.015"), None), at(0)).unwrap();
        let handle = prepare();
        assert!(launches.take("guessed", at(1)).is_none());
        let opening = launches.take(handle.reveal(), at(59)).unwrap();
        let caller = &opening.caller;
        assert_eq!((caller.client_id.as_str(), caller.person.as_ref().unwrap().id.as_str()), ("epd", "p"));
        assert_eq!(caller.patient, Bsn::parse("999911120").ok());
        let names: Vec<_> = caller.use_cases.iter().map(UseCaseId::as_str).collect();
        assert_eq!(names, ["overview"], "no more than the system may open");
        assert!(opening.mandates.is_empty() && opening.way == Way::Launch);
        assert!(launches.take(handle.reveal(), at(59)).is_none(), "once");
        let late = prepare();
        assert!(launches.take(late.reveal(), at(60)).is_none());
        assert!(launches.take(late.reveal(), at(1)).is_none(), "too late is used up too");
        assert!(!format!("{launches:?}").contains("999"));
    }

    #[test]
    fn under_a_mandate_the_session_opens_what_the_responsible_professional_may() {
        let launches = Launches::default();
        let mandated = launch(person("nurse", "30.000"), Some(person("doctor", "01.015")));
        let handle = launches.prepare(&people(), &system(), mandated, at(0)).unwrap();
        let caller = launches.take(handle.reveal(), at(1)).unwrap().caller;
        assert_eq!(caller.person.as_ref().unwrap().id, "nurse");
        assert_eq!(caller.responsible.as_ref().unwrap().id, "doctor");
        assert_eq!(caller.use_cases.len(), 1);
    }

    #[test]
    fn whoever_may_do_nothing_or_is_nobody_is_not_launched() {
        let launches = Launches::default();
        let long = "x".repeat(101);
        for (case, launch, fault) in [
            ("another role", launch(person("p", "30.000"), None), LaunchFault::NothingHere),
            ("an unknown role", launch(person("p", "99.000"), None), LaunchFault::NothingHere),
            (
                "a mandate of somebody who may nothing",
                launch(person("p", "01.015"), Some(person("d", "99.000"))),
                LaunchFault::NothingHere,
            ),
            ("no id", launch(person("", "01.015"), None), LaunchFault::Person),
            ("no role", launch(person("p", ""), None), LaunchFault::Person),
            ("a long id", launch(person(&long, "01.015"), None), LaunchFault::Person),
            ("a line break", launch(person("p\nq", "01.015"), None), LaunchFault::Person),
            ("nobody responsible", launch(person("p", "01.015"), Some(person("", "01.015"))), LaunchFault::Person),
        ] {
            assert_eq!(launches.prepare(&people(), &system(), launch, at(0)).err(), Some(fault), "{case}");
        }
        assert_eq!(launches.all().len(), 0);
    }
}
