//! What the administrator's pages ask of the node.

use connectors::identity::sessions::Theirs;
use connectors::identity::{Locked, Who};
use portal::{AccessShown, Administration, AnySession, LockedOut};

use super::{NodeDesk, way_in};

/// The most sessions that a page shows.
const MOST: usize = 200;

/// Before what names a wait.
const PERSON: &str = "person:";
const ADDRESS: &str = "address:";

impl Administration for NodeDesk {
    fn access(&self, session: &str) -> AccessShown {
        let entrance = self.node.entrance();
        let own = entrance.sessions().handle_of(session);
        let (sessions, more) = entrance.everybodys_sessions(MOST);
        AccessShown {
            locked: entrance.locked().into_iter().map(shown).collect(),
            sessions: sessions.into_iter().map(|one| theirs(one, &own)).collect(),
            more,
        }
    }

    fn unlock(&self, session: &str, key: &str) -> bool {
        who(key).is_some_and(|who| self.node.entrance().unlock(session, &who))
    }

    fn end_session(&self, session: &str, handle: &str) -> bool {
        self.node.entrance().end_session_of(session, handle)
    }

    fn configuration(&self) -> &str {
        self.node.configuration()
    }
}

fn shown(locked: Locked) -> LockedOut {
    let (is_person, who, prefix) = match locked.who {
        Who::Person(number) => (true, number, PERSON),
        Who::Address(Some(address)) => (false, address.to_string(), ADDRESS),
        Who::Address(None) => (false, String::new(), ADDRESS),
    };
    LockedOut { key: format!("{prefix}{who}"), is_person, who, wait: locked.wait }
}

/// Whose wait a key names; the other way round.
fn who(key: &str) -> Option<Who> {
    match (key.strip_prefix(PERSON), key.strip_prefix(ADDRESS)) {
        (Some(number), _) => Some(Who::Person(number.to_owned())),
        (None, Some("")) => Some(Who::Address(None)),
        (None, Some(address)) => address.parse().ok().map(|address| Who::Address(Some(address))),
        (None, None) => None,
    }
}

fn theirs(one: Theirs, own: &str) -> AnySession {
    AnySession {
        this: one.handle == own,
        handle: one.handle,
        // A patient is not named to who looks after the node.
        name: one.name.unwrap_or_else(|| "Een patiënt".to_owned()),
        way: way_in(one.way),
        started: one.started,
        last_used: one.last_used,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_is_found_again_by_what_names_it() {
        for one in [
            Who::Person("900100101".to_owned()),
            Who::Person("address:x".to_owned()),
            Who::Address(None),
            Who::Address(Some(IpAddr::from([192, 0, 2, 1]))),
            Who::Address(Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]))),
        ] {
            let locked = Locked { who: one.clone(), wait: Duration::from_secs(1) };
            assert_eq!(who(&shown(locked).key), Some(one));
        }
        for key in ["", "person", "address:x", "x:y"] {
            assert_eq!(who(key), None, "{key}");
        }
    }
}
