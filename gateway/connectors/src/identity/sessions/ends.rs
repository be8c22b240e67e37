//! The end of sessions: whose they are, which of them a person sees and ends, and which makes place.

use std::collections::HashMap;

use policy::Caller;
use time::OffsetDateTime;

use super::{Digest, Listed, Session, Sessions, Theirs};

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

    /// What names a session in lists and in the log; of no use to open anything.
    pub fn handle_of(&self, id: &str) -> String {
        Digest::of(id).token_id()
    }

    /// The live sessions of everybody, the last used first, at most so many; and how many more there are.
    pub fn everybodys(&self, most: usize, now: OffsetDateTime) -> (Vec<Theirs>, usize) {
        let all = self.all();
        let mut live: Vec<_> = all.iter().filter(|(_, session)| self.lives(session, now)).collect();
        live.sort_by(|one, other| other.1.last_used.cmp(&one.1.last_used).then_with(|| one.0.cmp(other.0)));
        let listed = live.iter().take(most).map(|(digest, session)| Theirs {
            handle: digest.token_id(),
            name: session.own.person.as_ref().map(|person| person.name.clone().unwrap_or_else(|| person.id.clone())),
            way: session.way,
            started: session.started,
            last_used: session.last_used,
        });
        (listed.collect(), live.len().saturating_sub(most))
    }

    /// Ends a session by its handle, whoever's it is. Whether there was one.
    pub fn end_by_handle(&self, handle: &str) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|digest, _| digest.token_id() != handle);
        all.len() < before
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
