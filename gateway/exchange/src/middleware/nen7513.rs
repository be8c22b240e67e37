//! The outermost stage: no record, no data (NEN 7513). Opens the trail before anything else and lets nothing out
//! before the closed record is durable.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::handle::Handle;
use crate::inbound::Inbound;
use crate::middleware::paging::Released;
use crate::ports::{AccessLog, Clock};
use crate::record::OutcomeFacts;
use crate::refusal::Refusal;
use crate::trail::{Notes, Trail};

/// A request whose trail is open.
pub struct Opened {
    inbound: Inbound,
    notes: Notes,
}

impl Opened {
    pub fn inbound(&self) -> &Inbound {
        &self.inbound
    }
    pub fn notes(&self) -> &Notes {
        &self.notes
    }
    pub(super) fn into_inbound(self) -> (Inbound, Notes) {
        (self.inbound, self.notes)
    }
}

/// What may leave once its record is durable: what the last stages of the two stacks make.
pub trait Leaving {
    /// What the record says of it.
    fn outcome(&self) -> OutcomeFacts;
}

impl Leaving for Released {
    fn outcome(&self) -> OutcomeFacts {
        if self.not_modified().is_some() { OutcomeFacts::NotModified } else { OutcomeFacts::Released }
    }
}

/// What may leave, with its record durable. The responder takes nothing else.
#[derive(Debug)]
pub struct Recorded<R = Released> {
    released: R,
}

impl<R> Recorded<R> {
    pub fn released(&self) -> &R {
        &self.released
    }
}

/// Opens and closes the trail.
pub struct Nen7513<N> {
    log: Arc<dyn AccessLog>,
    clock: Arc<dyn Clock>,
    node: String,
    patience: Duration,
    places: Semaphore,
    next: N,
}

impl<N> Nen7513<N> {
    /// `node` is the provider's URA; `patience` bounds a whole exchange, `at_once` how many run side by side.
    pub fn new(
        log: Arc<dyn AccessLog>,
        clock: Arc<dyn Clock>,
        node: String,
        patience: Duration,
        at_once: usize,
        next: N,
    ) -> Self {
        Nen7513 { log, clock, node, patience, places: Semaphore::new(at_once), next }
    }
}

impl<N> Handle<Inbound> for Nen7513<N>
where
    N: Handle<Opened>,
    N::Out: Leaving + Send + Sync,
{
    type Out = Recorded<N::Out>;

    async fn handle(&self, inbound: Inbound) -> Result<Recorded<N::Out>, Refusal> {
        let trail = Trail::open(self.log.as_ref(), self.clock.clone(), &self.node, &inbound)
            .map_err(|_| Refusal::LogUnavailable)?;
        let opened = Opened { inbound, notes: trail.notes() };
        let result = match self.places.try_acquire() {
            Ok(_place) => match tokio::time::timeout(self.patience, self.next.handle(opened)).await {
                Ok(result) => result,
                Err(_) => Err(Refusal::TimedOut),
            },
            Err(_) => Err(Refusal::Overloaded),
        };
        let outcome = match &result {
            Ok(released) => released.outcome(),
            Err(refusal) => {
                let row = refusal.row();
                OutcomeFacts::Refused { status: row.status, reason: row.record }
            }
        };
        trail.close(outcome).await.map_err(|_| Refusal::LogUnavailable)?;
        result.map(|released| Recorded { released })
    }
}
