//! Mitz in numbers. Labels are fixed words; nothing of a question is one.

use std::sync::atomic::Ordering;

use connectors::mitz::{BreakerState, MitzView};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// What the metrics say of Mitz.
#[derive(Clone, Default)]
pub struct MitzMeasures {
    questions: Family<ByOutcome, Counter>,
    alarms: Counter,
    breaker_open: Gauge,
}

impl MitzMeasures {
    pub fn register(&self, registry: &mut Registry) {
        registry.register("mitz_questions", "Questions for Mitz, by what became of them", self.questions.clone());
        let help = "Questions for Mitz that could not be put, or got no answer that can be used";
        registry.register("mitz_alarms", help, self.alarms.clone());
        let help = "1 when Mitz is left alone because it was ill, or being tried again";
        registry.register("mitz_breaker_open", help, self.breaker_open.clone());
    }

    /// Brings the numbers up to date.
    pub fn measure(&self, view: &MitzView) {
        for (outcome, count, _) in &view.outcomes {
            self.questions.get_or_create(&ByOutcome { outcome }).inner().store(*count, Ordering::Relaxed);
        }
        let alarms = view.outcomes.iter().filter(|(.., alarming)| *alarming).map(|(_, count, _)| count).sum();
        self.alarms.inner().store(alarms, Ordering::Relaxed);
        self.breaker_open.set(i64::from(view.breaker != BreakerState::Closed));
    }
}
