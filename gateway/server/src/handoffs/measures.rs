//! What is measured of handoffs and referrals: how many there are in each state, how many were given up, how long the oldest of
//! those that are not over waits. Fixed words and numbers, nothing of anybody.
//!
//! All transfers are looked through for it, so it is done for whoever asks at most once in a while.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Handoffs;
use super::book::{Book, Trouble};
use super::owed::Tells;
use crate::referrals::Referrals;

/// What was counted holds so long.
const HOLDS: Duration = Duration::from_secs(15);
/// How many are looked up at once.
const AT_A_TIME: usize = 1_000;
/// States of either kind and side in which nothing waits any more.
const OVER: [&str; 7] =
    ["completed", "cancelled", "rejected", "refused", "completed-without-us", "not-for-us", "ended-without-us"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    kind: &'static str,
    side: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSide {
    kind: &'static str,
    side: &'static str,
}

/// Numbers of all transfers.
#[derive(Default)]
pub struct TransferMeasures {
    transfers: Family<OfState, Gauge>,
    given_up: Family<OfSide, Gauge>,
    oldest: Family<OfSide, Gauge>,
    /// When it was last counted.
    counted: Mutex<Option<Instant>>,
    /// The states that are shown.
    shown: Mutex<HashSet<OfState>>,
}

/// What there is of one kind at one side.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    states: BTreeMap<&'static str, i64>,
    given_up: i64,
    /// Whole seconds.
    oldest: i64,
}

impl TransferMeasures {
    pub fn register(&self, registry: &mut Registry) {
        let help = "Handoffs and referrals that are kept, by kind, side and state";
        registry.register("transfers", help, self.transfers.clone());
        let help = "Those that are tried no more by themselves, and wait for somebody";
        registry.register("transfers_given_up", help, self.given_up.clone());
        let help = "How long the oldest waits of those that are not over, in seconds; 0 when none does";
        registry.register("transfers_oldest_waiting_seconds", help, self.oldest.clone());
    }

    /// Brings the numbers up to date, unless they were just now. Waits for the disk.
    pub fn measure(&self, handoffs: Option<&Arc<Handoffs>>, referrals: Option<&Arc<Referrals>>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.is_some_and(|counted| counted.elapsed() < HOLDS) {
            return;
        }
        *counted = Some(Instant::now());
        if let Some(handoffs) = handoffs {
            let now = handoffs.clock.now();
            self.put("handoff", "sent", tally(&handoffs.books.sent, now, |sent| &sent.made));
            self.put("handoff", "received", tally(&handoffs.books.received, now, |received| &received.first));
        }
        if let Some(referrals) = referrals {
            let now = referrals.clock.now();
            self.put("referral", "sent", tally(&referrals.books.sent, now, |sent| &sent.made));
            self.put("referral", "received", tally(&referrals.books.received, now, |received| &received.first));
        }
    }

    fn put(&self, kind: &'static str, side: &'static str, tally: Result<Tally, Trouble>) {
        let tally = match tally {
            Ok(tally) => tally,
            Err(fault) => {
                tracing::error!(handoff.fault = %fault, "the transfers cannot be counted");
                return;
            }
        };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        // A state that nothing is in any more is not left as it was.
        shown.retain(|one| {
            let there = one.kind != kind || one.side != side || tally.states.contains_key(one.state);
            if !there {
                self.transfers.remove(one);
            }
            there
        });
        for (state, count) in tally.states {
            let labels = OfState { kind, side, state };
            self.transfers.get_or_create(&labels).set(count);
            shown.insert(labels);
        }
        self.given_up.get_or_create(&OfSide { kind, side }).set(tally.given_up);
        self.oldest.get_or_create(&OfSide { kind, side }).set(tally.oldest);
    }
}

fn tally<R>(book: &Book<R>, now: OffsetDateTime, since: impl Fn(&R) -> &str) -> Result<Tally, Trouble>
where
    R: Tells + Serialize + DeserializeOwned + Send + 'static,
{
    let (mut tally, mut behind) = (Tally::default(), None);
    loop {
        let page = book.list(behind, AT_A_TIME)?;
        for (_, one) in &page {
            tally.add(one.state(), one.given_up(), since(one), now);
        }
        match page.last() {
            Some((id, _)) if page.len() == AT_A_TIME => behind = Some(*id),
            _ => return Ok(tally),
        }
    }
}

impl Tally {
    /// `since`: RFC 3339.
    fn add(&mut self, state: &'static str, given_up: bool, since: &str, now: OffsetDateTime) {
        *self.states.entry(state).or_default() += 1;
        self.given_up += i64::from(given_up);
        if OVER.contains(&state) {
            return;
        }
        // What cannot be read of a moment makes nothing older.
        if let Ok(since) = OffsetDateTime::parse(since, &Rfc3339) {
            self.oldest = self.oldest.max((now - since).whole_seconds());
        }
    }
}

#[cfg(test)]
mod tests {
    use flows::eoverdracht::{Closed, Stage, TaskStatus};

    use super::*;
    use crate::handoffs::received::word;

    #[test]
    fn what_is_over_waits_no_more_and_everything_else_is_counted_by_its_state() {
        let now = OffsetDateTime::parse("2026-11-30T10:00:00Z", &Rfc3339).unwrap();
        let mut tally = Tally::default();
        tally.add("in-progress", false, "2026-11-30T09:59:00Z", now);
        tally.add("in-progress", true, "2026-11-30T09:00:00Z", now);
        tally.add("completed", false, "2020-01-01T00:00:00Z", now);
        tally.add("offered", false, "torn", now);
        tally.add("offered", false, "2026-12-01T10:00:00Z", now);
        let states = BTreeMap::from([("in-progress", 2), ("completed", 1), ("offered", 2)]);
        assert_eq!(tally, Tally { states, given_up: 1, oldest: 3600 });
        for over in [Closed::Refused, Closed::Cancelled, Closed::Rejected, Closed::CompletedWithoutUs] {
            assert!(OVER.contains(&word(Stage::Closed(over))), "{over:?}");
        }
        for open in [Stage::Told, Stage::Offered, Stage::Taking, Stage::Taken, Stage::Waiting(TaskStatus::OnHold)] {
            assert!(!OVER.contains(&word(open)), "{open:?}");
        }
    }

    #[test]
    fn the_numbers_are_of_fixed_words_and_go_down_again() {
        let measures = TransferMeasures::default();
        let mut registry = Registry::with_prefix("zorgsluis");
        measures.register(&mut registry);
        let shown = || {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
            text
        };
        let tally = |state| Tally { states: BTreeMap::from([(state, 3)]), given_up: 1, oldest: 60 };
        measures.put("handoff", "sent", Ok(tally("in-progress")));
        assert!(
            shown().contains(r#"zorgsluis_transfers{kind="handoff",side="sent",state="in-progress"} 3"#),
            "{}",
            shown()
        );
        measures.put("handoff", "sent", Ok(tally("completed")));
        assert!(!shown().contains("in-progress"), "{}", shown());
        assert!(shown().contains(r#"zorgsluis_transfers_given_up{kind="handoff",side="sent"} 1"#));
        assert!(shown().contains(r#"zorgsluis_transfers_oldest_waiting_seconds{kind="handoff",side="sent"} 60"#));
    }
}
