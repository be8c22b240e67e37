//! What is measured of the directories: how many there are, how many cannot be read on, how old the oldest is, and what they
//! said that they may not say.

use connectors::mcsd::SourceState;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Numbers of the copy of the directories.
#[derive(Default)]
pub struct DirectoryMeasures {
    sources: Gauge,
    failing: Gauge,
    age: Gauge,
    refused: Gauge,
}

impl DirectoryMeasures {
    pub fn register(&self, registry: &mut Registry) {
        let sources = "Directories that are copied";
        registry.register("directory_sources", sources, self.sources.clone());
        let failing = "Directories of which the last round did not come to its end";
        registry.register("directory_failing", failing, self.failing.clone());
        let age = "Seconds since the directory that was read longest ago was read to its end; -1 when one never was";
        registry.register("directory_age_seconds", age, self.age.clone());
        let refused = "Entries of directories that they may not say, as they say them now";
        registry.register("directory_refused", refused, self.refused.clone());
    }

    /// Brings the numbers up to date; `now` in milliseconds since 1970.
    pub fn measure(&self, states: &[SourceState], now: i64) {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.sources.set(count(states.len()));
        self.failing.set(count(states.iter().filter(|state| state.fault.is_some()).count()));
        let oldest = states.iter().map(|state| state.synchronised).min().flatten();
        self.age.set(oldest.map_or(-1, |at| (now - at).max(0) / 1000));
        let refused: u64 = states.iter().map(|state| state.refused).sum();
        self.refused.set(i64::try_from(refused).unwrap_or(i64::MAX));
    }
}
