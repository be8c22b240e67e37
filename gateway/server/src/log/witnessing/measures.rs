//! Witnessing in numbers. Labels are names of logs and witnesses, from the configuration.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::{Witnessing, now};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByWitness {
    witness: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOrigin {
    origin: String,
}

#[derive(Default)]
pub(super) struct Measures {
    size: Family<ByWitness, Gauge>,
    age: Family<ByWitness, Gauge>,
    alarm: Family<ByWitness, Gauge>,
    seen: Family<ByOrigin, Gauge>,
    evidence: Family<ByOrigin, Gauge>,
    misdeeds: Counter,
}

impl Measures {
    pub(super) fn misdeed(&self) {
        self.misdeeds.inc();
    }
}

impl Witnessing {
    pub fn register(&self, registry: &mut Registry) {
        let all = &self.measures;
        registry.register("access_log_witnessed_records", "Records that a witness cosigned last", all.size.clone());
        let help = "How long ago a witness cosigned last, since the start";
        registry.register_with_unit("access_log_witnessed_age", help, Unit::Seconds, all.age.clone());
        let help = "1 when a witness cosigned what this log does not continue";
        registry.register("access_log_witness_alarm", help, all.alarm.clone());
        let help = "Records of a neighbour's log that are known to continue all before them";
        registry.register("neighbour_log_seen_records", help, all.seen.clone());
        let help = "Pieces of evidence that are kept against a neighbour's log";
        registry.register("neighbour_log_evidence", help, all.evidence.clone());
        let help = "Forks and rollbacks of neighbours' logs that were found";
        registry.register("neighbour_log_forks", help, all.misdeeds.clone());
    }

    /// Brings the numbers up to date.
    pub fn measure(&self) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (snapshot, all, now) = (self.snapshot(), &self.measures, now());
        for witness in snapshot.witnesses {
            let label = ByWitness { witness: witness.name };
            all.size.get_or_create(&label).set(number(witness.cosigned.unwrap_or(0)));
            all.alarm.get_or_create(&label).set(i64::from(witness.alarm.is_some()));
            if let Some(at) = witness.at {
                all.age.get_or_create(&label).set(number(now.saturating_sub(at)));
            }
        }
        for neighbour in snapshot.neighbours {
            let label = ByOrigin { origin: neighbour.origin };
            all.seen.get_or_create(&label).set(number(neighbour.seen.unwrap_or(0)));
            let evidence = u64::try_from(neighbour.evidence.len()).unwrap_or(u64::MAX);
            all.evidence.get_or_create(&label).set(number(evidence));
        }
    }
}
