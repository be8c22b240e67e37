//! Subscribes to every patient on the provider's list, once each: who is subscribed stands in the node's state, durably.
//!
//! A crash between Mitz's answer and our note of it subscribes that patient once more at the next start: Mitz knows a holder
//! and a patient, not how often they were told.

use std::sync::Arc;

use connectors::mitz::{SubscribeFault, Subscriber};
use connectors::registers::Enrolments;
use fhir::Bsn;
use fhir::identifiers::Reader;
use store::state::{State, StateFault, Tree};
use tokio::task::JoinHandle;
use tracing::{info, warn};

/// The tree of the state that they stand in: the patient, and Mitz's id of the subscription.
pub const TREE: &str = "mitz-subscriptions";
/// The most that are made in one round, so that a long list does not become a flood.
const MOST_AT_ONCE: usize = 200;

/// Who is subscribed.
pub struct Subscribed {
    state: Arc<State>,
    tree: Tree,
}

/// Keeps the subscriptions up to the list until it is dropped.
pub struct Subscribing {
    task: JoinHandle<()>,
}

impl Subscribed {
    /// # Errors
    /// What ails the state.
    pub fn open(state: Arc<State>) -> Result<Self, StateFault> {
        Ok(Subscribed { tree: state.tree(TREE)?, state })
    }

    fn has(&self, patient: &Bsn) -> Result<bool, StateFault> {
        Ok(self.tree.get(patient.reveal_to(Reader::OwnRegister).as_bytes())?.is_some())
    }

    async fn note(&self, patient: &Bsn, id: &str) -> Result<(), StateFault> {
        self.tree.insert(patient.reveal_to(Reader::OwnRegister).as_bytes(), id.as_bytes())?;
        self.state.commit().await
    }
}

impl Subscribing {
    /// Must be called within the tokio run time.
    pub fn start(list: Arc<Enrolments>, subscriber: Subscriber, subscribed: Subscribed) -> Self {
        let task = tokio::spawn(async move {
            loop {
                round(&list, &subscriber, &subscribed).await;
                tokio::time::sleep(subscriber.every()).await;
            }
        });
        Subscribing { task }
    }
}

impl Drop for Subscribing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One walk over the list. Ends early when Mitz or the state is away: the next round goes on.
async fn round(list: &Enrolments, subscriber: &Subscriber, subscribed: &Subscribed) {
    let Some(all) = list.all() else { return };
    let (mut made, mut rejected) = (0_usize, 0_usize);
    for enrolled in all.iter() {
        let patient = &enrolled.patient;
        if made + rejected >= MOST_AT_ONCE {
            break;
        }
        match subscribed.has(patient) {
            Ok(false) => {}
            Ok(true) => continue,
            Err(fault) => return warn!(mitz.fault = %fault, "who is subscribed at Mitz cannot be read"),
        }
        match subscriber.subscribe(enrolled).await {
            Ok(id) => match subscribed.note(patient, &id).await {
                Ok(()) => made += 1,
                Err(fault) => return warn!(mitz.fault = %fault, "a subscription at Mitz cannot be remembered"),
            },
            Err(SubscribeFault::Rejected | SubscribeFault::Unusable) => rejected += 1,
            Err(SubscribeFault::Unavailable) => {
                warn!(mitz.alarm = "unavailable", "Mitz takes no subscriptions now");
                break;
            }
        }
    }
    if made > 0 {
        info!(mitz.subscribed = made, "patients were subscribed at Mitz");
    }
    if rejected > 0 {
        warn!(mitz.alarm = "rejected", mitz.rejected = rejected, "Mitz did not take subscriptions");
    }
}

#[cfg(test)]
mod tests {
    use store::state::StateOptions;

    use super::*;

    #[tokio::test]
    async fn who_is_subscribed_is_so_over_a_restart_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["999911120", "900203638"].map(|digits| Bsn::parse(digits).unwrap());
        let open = || Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
        let subscribed = Subscribed::open(open()).unwrap();
        assert!(!subscribed.has(&one).unwrap());
        subscribed.note(&one, "s-1").await.unwrap();
        drop(subscribed);
        let subscribed = Subscribed::open(open()).unwrap();
        assert!(subscribed.has(&one).unwrap() && !subscribed.has(&other).unwrap());
    }
}
