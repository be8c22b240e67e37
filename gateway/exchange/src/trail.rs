//! The trail of one exchange: opened before anything is done, noted in by every stage, and closed exactly once,
//! also when the caller goes away or a stage panics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::inbound::Inbound;
use crate::ports::{AccessLog, Clock, LogUnavailable, Slot};
use crate::record::{AccessRecord, Layout, OutcomeFacts, Shown};

/// What the stages write down while they work. Clones write into the same record.
#[derive(Clone)]
pub struct Notes(Arc<Mutex<AccessRecord>>);

impl Notes {
    /// Writes into the record.
    pub fn note(&self, write: impl FnOnce(&mut AccessRecord)) {
        write(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, AccessRecord> {
        // A stage that panicked while noting leaves a record that is still worth keeping.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open trail. Dropping it closes it as interrupted.
pub(crate) struct Trail {
    notes: Notes,
    slot: Option<Box<dyn Slot>>,
    clock: Arc<dyn Clock>,
}

impl Trail {
    /// Opens the trail: reserves room in the log, so that closing can never fail for want of it.
    pub(crate) fn open(
        log: &dyn AccessLog,
        clock: Arc<dyn Clock>,
        node: &str,
        inbound: &Inbound,
    ) -> Result<Trail, LogUnavailable> {
        let slot = log.reserve()?;
        let record = AccessRecord {
            layout: Layout::CURRENT,
            request_id: inbound.request_id.clone(),
            correlation_id: inbound.correlation_id.clone(),
            started: stamp(clock.now()),
            recorded: String::new(),
            node: node.to_owned(),
            gate: inbound.gate,
            remote: inbound.remote,
            shown: Shown::of(&inbound.credentials),
            direction: None,
            caller: None,
            asked: None,
            patient: None,
            decision: None,
            decided_for: None,
            treatment_relation: None,
            relation_evidence: Vec::new(),
            consent: None,
            localisation: None,
            emergency: None,
            sources: Vec::new(),
            review: None,
            outcome: OutcomeFacts::Interrupted,
        };
        Ok(Trail { notes: Notes(Arc::new(Mutex::new(record))), slot: Some(slot), clock })
    }

    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// Closes the trail; resolves when the record is durable. Until then nothing may leave.
    pub(crate) async fn close(mut self, outcome: OutcomeFacts) -> Result<(), LogUnavailable> {
        let record = self.finish(outcome)?;
        match self.slot.take() {
            Some(slot) => slot.write(record).await,
            None => Err(LogUnavailable),
        }
    }

    fn finish(&self, outcome: OutcomeFacts) -> Result<Vec<u8>, LogUnavailable> {
        let mut record = self.notes.lock();
        record.recorded = stamp(self.clock.now());
        record.outcome = outcome;
        serde_json::to_vec(&*record).map_err(|_| LogUnavailable)
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            // Serialising a record of plain texts and numbers does not fail; if it ever does, an empty record
            // still takes the reserved place and shows.
            slot.hand_over(self.finish(OutcomeFacts::Interrupted).unwrap_or_default());
        }
    }
}

fn stamp(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
