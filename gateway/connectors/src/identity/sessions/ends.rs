//! The end of sessions: whose they are, which of them a person sees and ends, and which makes place.

use std::collections::HashMap;

use policy::Caller;
use time::OffsetDateTime;

use super::{Digest, Listed, Session, Sessions};

/// Whose a session is: a person's of this provider, however they came in; of whoever is no person, the client's.
fn is_same_owner(one: &Caller, other: &Caller) -> bool {
    match (&one.person, &other.person) {
        (Some(one), Some(other)) => one.id == other.id,
        (None, None) => one.client_id == other.client_id,
        _ => false,
    }
}

impl Sessions {
    /// Whether a session lives. Does not count as using it.
    pub fn is_live(&self, id: &str, now: OffsetDateTime) -> bool {
        self.all().get(&Digest::of(id)).is_some_and(|session| self.lives(session, now))
    }

    /// Ends a session. Says nothing of whether there was one.
    pub fn end(&self, id: &str) {
        self.all().remove(&Digest::of(id));
    }

    /// The live sessions of the person whose session this is, the last used first.
    pub fn of_same_person(&self, id: &str, now: OffsetDateTime) -> Vec<Listed> {
        let (mine, all) = (Digest::of(id), self.all());
        let Some(own) = all.get(&mine).filter(|session| self.lives(session, now)).map(|session| &session.own) else {
            return Vec::new();
        };
        let theirs = all.iter().filter(|(_, session)| self.lives(session, now) && is_same_owner(&session.own, own));
        let mut listed: Vec<Listed> = theirs
            .map(|(digest, session)| Listed {
                handle: digest.token_id(),
                way: session.way,
                started: session.started,
                last_used: session.last_used,
                this: *digest == mine,
            })
            .collect();
        listed.sort_by(|one, other| other.last_used.cmp(&one.last_used).then_with(|| one.handle.cmp(&other.handle)));
        listed
    }

    /// Ends another session of the same person by its handle, or all others. Nobody else's can be ended.
    pub fn end_other(&self, id: &str, handle: Option<&str>, now: OffsetDateTime) {
        let (mine, mut all) = (Digest::of(id), self.all());
        let Some(own) = all.get(&mine).filter(|session| self.lives(session, now)).map(|session| session.own.clone())
        else {
            return;
        };
        all.retain(|digest, session| {
            let meant = handle.is_none_or(|handle| digest.token_id() == handle);
            *digest == mine || !is_same_owner(&session.own, &own) || !meant
        });
    }

    /// One more of this person's has room: those that ended are forgotten, then the one used longest ago goes.
    pub(super) fn make_place(&self, all: &mut HashMap<Digest, Session>, caller: &Caller, now: OffsetDateTime) {
        loop {
            let theirs = all.iter().filter(|(_, session)| is_same_owner(&session.own, caller));
            let (mut count, mut oldest) = (0, None);
            for (digest, session) in theirs {
                count += 1;
                let age = (self.lives(session, now), session.last_used);
                if oldest.is_none_or(|(_, first)| age < first) {
                    oldest = Some((*digest, age));
                }
            }
            match oldest {
                Some((digest, _)) if count >= self.config.most_of_person => all.remove(&digest),
                _ => return,
            };
        }
    }
}
