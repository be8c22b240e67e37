//! The counters of the measuring. Labels are names of sources from the configuration, names of profiles from the
//! statements and fixed words.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use validation::FindingCode;

use super::table::Subject;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Checked {
    source: String,
    profile: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Short {
    source: String,
    profile: String,
    code: &'static str,
}

/// Cloning shares the counters.
#[derive(Clone, Default)]
pub(super) struct QualityMetrics {
    checked: Family<Checked, Counter>,
    short: Family<Short, Counter>,
    passed_over: Counter,
}

impl QualityMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "quality_checked",
            "Released resources that were held against a profile, by source, profile and result",
            self.checked.clone(),
        );
        registry.register(
            "quality_shortcomings",
            "Elements that fell short, by source, profile and kind",
            self.short.clone(),
        );
        registry.register(
            "quality_passed_over",
            "Resources of the sample that were not looked at",
            self.passed_over.clone(),
        );
    }

    pub(super) fn passed_over(&self) {
        self.passed_over.inc();
    }

    /// For what found a place in the table only: the table's bounds are those of the labels.
    pub(super) fn checked(
        &self,
        source: &str,
        subject: &Subject,
        clean: bool,
        codes: impl IntoIterator<Item = FindingCode>,
    ) {
        let (profile, result) = match subject {
            Subject::Answers => ("answers", if clean { "clean" } else { "short" }),
            Subject::Profile { canonical, .. } => (short_name(canonical), if clean { "clean" } else { "short" }),
            Subject::NoClaim { .. } => ("", "no-claim"),
            Subject::Unknown { .. } => ("", "unknown-profile"),
        };
        let (source, profile) = (source.to_owned(), profile.to_owned());
        let checked = Checked { source: source.clone(), profile: profile.clone(), result };
        self.checked.get_or_create(&checked).inc();
        for code in codes {
            let short = Short { source: source.clone(), profile: profile.clone(), code: code.as_str() };
            self.short.get_or_create(&short).inc();
        }
    }
}

fn short_name(canonical: &str) -> &str {
    canonical.rsplit('/').next().unwrap_or(canonical)
}
