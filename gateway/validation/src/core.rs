//! The invariants of the core types: facts of the two releases, for when no core package is loaded.
//!
//! The tables were made from the StructureDefinitions that the releases publish: path, key, severity, FHIRPath, words.
//! What is checked in Rust (narrative, contained resources, empty elements, extensions, references) is not in them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use fhir::FhirVersion;

use crate::finding::Severity;
use crate::profile::Constraint;

/// The invariants of one release.
pub(crate) struct Core {
    by_path: HashMap<&'static str, Vec<Constraint>>,
    keys: HashSet<&'static str>,
}

/// Keys that are checked without FHIRPath, or (`dom-6`) are advice.
const BUILT_IN: [&str; 11] =
    ["ele-1", "ext-1", "dom-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "ref-1", "txt-1", "txt-2"];

impl Core {
    pub(crate) fn of(version: FhirVersion) -> &'static Core {
        static STU3: LazyLock<Core> = LazyLock::new(|| Core::read(include_str!("core/stu3.tsv")));
        static R4: LazyLock<Core> = LazyLock::new(|| Core::read(include_str!("core/r4.tsv")));
        match version {
            FhirVersion::Stu3 => &STU3,
            FhirVersion::R4 => &R4,
        }
    }

    /// The invariants of a type or of the element at a path.
    pub(crate) fn at(&self, path: &str) -> &[Constraint] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }

    /// Whether this invariant is checked for every resource anyway, so that a snapshot that repeats it adds nothing.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    fn read(table: &'static str) -> Core {
        let mut by_path: HashMap<&str, Vec<Constraint>> = HashMap::new();
        let mut keys: HashSet<&str> = BUILT_IN.into();
        for line in table.lines() {
            let mut parts = line.split('\t');
            let mut next = || parts.next().unwrap_or_default();
            let (path, key, severity, expression, human) = (next(), next(), next(), next(), next());
            keys.insert(key);
            by_path.entry(path).or_default().push(Constraint {
                key: key.to_owned(),
                severity: if severity == "warning" { Severity::Warning } else { Severity::Error },
                human: human.to_owned(),
                expression: Some(expression.to_owned()),
            });
        }
        Core { by_path, keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invariants_of_both_releases_are_at_hand() {
        for version in FhirVersion::ALL {
            let core = Core::of(version);
            let period = core.at("Period");
            assert!(period.iter().any(|rule| rule.key == "per-1"), "{version}");
            assert!(core.has("per-1") && core.has("ele-1") && !core.has("zib-1"));
            assert!(core.at("Nothing").is_empty());
        }
        assert!(Core::of(FhirVersion::R4).at("Observation").iter().any(|rule| rule.key == "obs-7"));
    }
}
