//! Brings the transfers of one book further: whatever is due is done, so many at once, and fewer for any one party.
//!
//! A party that is not there again and again is left alone for a while and then tried with one transfer, so that those who wait
//! for it neither keep the others waiting nor use up their own tries. What is waited with here is still due in the book:
//! cut off, nothing is lost. This module does not know what a step does.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use fhir::Ura;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::transfers::Id;

use super::book::{Book, Trouble};
use super::owed::Tells;

/// How many transfers of one side are brought further at once.
const AT_ONCE: usize = 16;
/// How many of them may be those of one party.
const OF_ONE_PARTY: usize = 8;
/// How many more are looked up at once than wait here already.
const AT_A_TIME: usize = 256;
/// How many steps of one transfer are done in a row before others have their turn.
const STEPS: usize = 8;
/// How long nothing is looked at when nobody wakes the pool, and after trouble.
const ROUND: Duration = Duration::from_secs(1);
/// Looking for what is due takes at most one part in so many of the time.
const SHARE: u32 = 10;
/// After it was not there so many times in a row a party is left alone.
const FAILURES: u32 = 3;
/// How long it is left alone first; each further time twice as long.
const ALONE: Duration = Duration::from_secs(1);
/// The longest that it is left alone.
const ALONE_MOST: Duration = Duration::from_secs(30);

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    /// It was answered, with whatever.
    On,
    /// The other side was not there.
    Away,
}

/// Whom the next step of a transfer waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    /// The provider at the other side.
    Provider(Ura),
    /// The provider's own record system. Whether it is slow or down is nothing to those who send.
    RecordSystem,
}

/// What waits for somebody.
pub(crate) trait OfParty {
    fn party(&self) -> Party;
}

/// What waits, and for whom.
#[derive(Default)]
struct Waiting {
    parties: HashMap<Party, Place>,
    /// In turn: each is in here once while something waits for it.
    turns: VecDeque<Party>,
    /// Everything that waits or is under way.
    known: HashSet<Id>,
    under_way: usize,
}

#[derive(Default)]
struct Place {
    waiting: VecDeque<Id>,
    under_way: usize,
    failures: u32,
    alone_until: Option<Instant>,
}

impl Place {
    /// Whether one more may be begun.
    fn free(&self, now: Instant) -> bool {
        let most = if self.failures < FAILURES { OF_ONE_PARTY } else { 1 };
        self.under_way < most && self.alone_until.is_none_or(|until| until <= now)
    }

    fn went(&mut self, went: Went, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        match went {
            Went::On => (self.failures, self.alone_until) = (0, None),
            // What was under way with others when it was left alone says nothing new.
            Went::Away if self.alone_until.is_some_and(|until| until > now) => {}
            Went::Away => {
                self.failures = self.failures.saturating_add(1);
                if let Some(further) = self.failures.checked_sub(FAILURES) {
                    let alone = ALONE.saturating_mul(1 << further.min(16)).min(ALONE_MOST);
                    self.alone_until = Some(now + alone);
                }
            }
        }
    }
}

impl Waiting {
    fn put(&mut self, id: Id, party: &Party) {
        if !self.known.insert(id) {
            return;
        }
        let entry = self.parties.entry(party.clone()).or_default();
        if entry.waiting.is_empty() {
            self.turns.push_back(party.clone());
        }
        entry.waiting.push_back(id);
    }

    /// The next one that may be begun, of the party whose turn it is.
    fn next(&mut self, now: Instant) -> Option<(Id, Party)> {
        if self.under_way == AT_ONCE {
            return None;
        }
        for _ in 0..self.turns.len() {
            let name = self.turns.pop_front()?;
            let Some(party) = self.parties.get_mut(&name) else { continue };
            let begun = if party.free(now) { party.waiting.pop_front() } else { None };
            if !party.waiting.is_empty() {
                self.turns.push_back(name.clone());
            }
            if let Some(id) = begun {
                party.under_way += 1;
                self.under_way += 1;
                return Some((id, name));
            }
        }
        None
    }

    fn done(&mut self, id: Id, name: &Party, went: Went, now: Instant) {
        self.known.remove(&id);
        self.under_way = self.under_way.saturating_sub(1);
        let Some(party) = self.parties.get_mut(name) else { return };
        party.went(went, now);
        // Of a party of which nothing waits only its failures are worth remembering.
        if party.waiting.is_empty() && party.under_way == 0 && party.failures == 0 {
            self.parties.remove(name);
        }
    }
}

/// Does what is due in this book, for as long as it is polled. `now` is the time of the book, in milliseconds of Unix time.
pub(crate) async fn bring_further<R, S, F>(book: &Book<R>, now: impl Fn() -> i64, step: S)
where
    R: Tells + OfParty + Serialize + DeserializeOwned + Send + 'static,
    S: Fn(Id) -> F,
    F: Future<Output = Result<Went, Trouble>>,
{
    let mut waiting = Waiting::default();
    let mut steps = FuturesUnordered::new();
    let (mut look, mut look_again) = (true, Instant::now());
    loop {
        if look && look_again <= Instant::now() {
            let began = Instant::now();
            match look_up(book, now(), &mut waiting) {
                Ok(()) => look_again = Instant::now() + began.elapsed() * SHARE,
                Err(fault) => {
                    tracing::error!(transfers.fault = %fault, "the transfers that are due cannot be read");
                    look_again = Instant::now() + ROUND;
                }
            }
            look = false;
        }
        while let Some((id, party)) = waiting.next(Instant::now()) {
            steps.push(through(book, &now, &step, id, party));
        }
        // Woken while it may not look yet, it looks as soon as it may.
        let rest = if look { look_again.saturating_duration_since(Instant::now()) } else { ROUND };
        tokio::select! {
            biased;
            Some((id, party, went)) = steps.next() => {
                waiting.done(id, &party, went, Instant::now());
                look = true;
            }
            () = book.woken(), if !look => look = true,
            () = tokio::time::sleep(rest) => look = true,
        }
    }
}

/// Brings one as far as it goes by itself.
async fn through<R, F>(
    book: &Book<R>,
    now: &impl Fn() -> i64,
    step: &impl Fn(Id) -> F,
    id: Id,
    party: Party,
) -> (Id, Party, Went)
where
    R: Tells + OfParty + Serialize + DeserializeOwned + Send + 'static,
    F: Future<Output = Result<Went, Trouble>>,
{
    let all = async {
        for _ in 0..STEPS {
            if step(id).await? == Went::Away {
                return Ok(Went::Away);
            }
            if book.due_now(id, now())?.is_none_or(|record| record.party() != party) {
                break;
            }
        }
        Ok(Went::On)
    };
    let went = all.await.unwrap_or_else(|fault: Trouble| {
        // What ails the book ails it for a while: nothing is tried without end meanwhile.
        tracing::error!(transfers.fault = %fault, "a transfer cannot be brought further");
        Went::Away
    });
    (id, party, went)
}

/// Takes in what is due and not known here yet.
fn look_up<R>(book: &Book<R>, now: i64, waiting: &mut Waiting) -> Result<(), Trouble>
where
    R: Tells + OfParty + Serialize + DeserializeOwned + Send + 'static,
{
    for id in book.due(now, waiting.known.len().saturating_add(AT_A_TIME))? {
        if !waiting.known.contains(&id)
            && let Some(record) = book.get(id)?
        {
            waiting.put(id, &record.party());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ura(number: u8) -> Party {
        Party::Provider(Ura::parse(&format!("0000000{number}")).unwrap())
    }

    fn begun(waiting: &mut Waiting, now: Instant) -> Vec<(u8, String)> {
        let all = std::iter::from_fn(|| waiting.next(now));
        let last = |party| match party {
            Party::Provider(ura) => ura.as_str()[7..].to_owned(),
            Party::RecordSystem => "own".to_owned(),
        };
        all.map(|(id, party)| (id[0], last(party))).collect()
    }

    #[test]
    fn parties_have_their_turns_and_none_has_all_places() {
        let (now, mut waiting) = (Instant::now(), Waiting::default());
        (0..200).for_each(|id| waiting.put([id; 16], &ura(1)));
        (200..203).for_each(|id| waiting.put([id; 16], &ura(2)));
        waiting.put([0; 16], &ura(1));
        let first = begun(&mut waiting, now);
        let of = |party: &str| first.iter().filter(|(_, name)| name == party).map(|(id, _)| *id).collect::<Vec<_>>();
        assert_eq!((of("1"), of("2")), ((0..8).collect(), vec![200, 201, 202]));
        assert_eq!(begun(&mut waiting, now), []);
        waiting.done([3; 16], &ura(1), Went::On, now);
        waiting.put([203; 16], &ura(3));
        assert_eq!(begun(&mut waiting, now), [(8, "1".to_owned()), (203, "3".to_owned())]);
        for party in 4..9 {
            (0..3).for_each(|id| waiting.put([210 + 3 * (party - 4) + id; 16], &ura(party)));
        }
        assert_eq!(begun(&mut waiting, now).len(), AT_ONCE - 12, "never more than all places");
    }

    #[test]
    fn a_record_system_that_is_slow_has_places_of_its_own() {
        let (now, mut waiting) = (Instant::now(), Waiting::default());
        (0..20).for_each(|id| waiting.put([id; 16], &Party::RecordSystem));
        assert_eq!(begun(&mut waiting, now).len(), OF_ONE_PARTY);
        (20..40).for_each(|id| waiting.put([id; 16], &ura(1)));
        assert!(begun(&mut waiting, now).iter().filter(|(_, name)| name == "1").count() == AT_ONCE - OF_ONE_PARTY);
    }

    #[test]
    fn a_party_that_is_away_is_left_alone_and_then_tried_with_one_until_it_answers() {
        let (mut now, mut waiting) = (Instant::now(), Waiting::default());
        (0..60).for_each(|id| waiting.put([id; 16], &ura(1)));
        let first = begun(&mut waiting, now);
        first.iter().for_each(|(id, _)| waiting.done([*id; 16], &ura(1), Went::Away, now));
        waiting.put([99; 16], &ura(2));
        assert_eq!(begun(&mut waiting, now), [(99, "2".to_owned())], "another goes on");
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            now += Duration::from_secs(seconds) - Duration::from_millis(1);
            assert_eq!(begun(&mut waiting, now), []);
            now += Duration::from_millis(1);
            let tried = begun(&mut waiting, now);
            assert_eq!(tried.len(), 1);
            waiting.done([tried[0].0; 16], &ura(1), Went::Away, now);
        }
        now += ALONE_MOST;
        let tried = begun(&mut waiting, now);
        waiting.done([tried[0].0; 16], &ura(1), Went::On, now);
        assert_eq!((tried.len(), begun(&mut waiting, now).len()), (1, OF_ONE_PARTY));
    }

    #[test]
    fn one_that_is_there_now_and_then_keeps_nobody_waiting() {
        let (now, mut waiting) = (Instant::now(), Waiting::default());
        for id in 0..40 {
            waiting.put([id; 16], &ura(1));
            assert_eq!(begun(&mut waiting, now).len(), 1);
            let went = if id % 3 == 0 { Went::On } else { Went::Away };
            waiting.done([id; 16], &ura(1), went, now);
        }
        waiting.done([0; 16], &ura(1), Went::On, now);
        assert!(waiting.parties.is_empty() && waiting.turns.is_empty(), "nothing is remembered of who is well");
    }
}
