//! The index in numbers. Labels are fixed words; nothing of a message is one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use connectors::national::BreakerState;
use connectors::nvi::NviView;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// What the metrics say of the index.
#[derive(Clone, Default)]
pub struct NviMeasures {
    messages: Family<ByOutcome, Counter>,
    alarms: Counter,
    breaker_open: Gauge,
    registered: Gauge,
    waiting: Gauge,
}

impl NviMeasures {
    pub fn register(self: &Arc<Self>, registry: &mut Registry) {
        registry.register("nvi_messages", "Messages to the index, by what became of them", self.messages.clone());
        let help = "Messages to the index that got no answer that can be used";
        registry.register("nvi_alarms", help, self.alarms.clone());
        let help = "1 when the index is left alone because it was ill, or being tried again";
        registry.register("nvi_breaker_open", help, self.breaker_open.clone());
        registry.register("nvi_registered", "Registrations of this holder at the index", self.registered.clone());
        let help = "Registrations that are to be made or taken away";
        registry.register("nvi_waiting", help, self.waiting.clone());
    }

    /// Brings the numbers about messages up to date.
    pub fn measure(&self, view: &NviView) {
        for (outcome, count, _) in &view.outcomes {
            self.messages.get_or_create(&ByOutcome { outcome }).inner().store(*count, Ordering::Relaxed);
        }
        let alarms = view.outcomes.iter().filter(|(.., alarming)| *alarming).map(|(_, count, _)| count).sum();
        self.alarms.inner().store(alarms, Ordering::Relaxed);
        self.breaker_open.set(i64::from(view.breaker != BreakerState::Closed));
    }

    /// Notes how many registrations there are, and how many are to be made or taken away.
    pub fn registrations(&self, registered: usize, waiting: usize) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.registered.set(number(registered));
        self.waiting.set(number(waiting));
    }
}
