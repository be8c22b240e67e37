//! A value set written out: every code it holds, when that can be told from the lists at hand.

use fhir::FhirVersion;

use crate::registry::Registry;
use crate::terminology::Include;

/// Value sets may name each other so deep.
const DEEPEST: usize = 8;
/// Most codes that are written out.
const MOST: usize = 10_000;

impl Registry {
    /// Every code of the value set as system and code; nothing when it is not known, not known in full, or larger than
    /// ten thousand codes.
    pub fn codes(&self, fhir: FhirVersion, canonical: &str) -> Option<Vec<(String, String)>> {
        let mut codes = self.all(fhir, canonical, DEEPEST)?;
        codes.sort_unstable();
        codes.dedup();
        Some(codes)
    }

    fn all(&self, fhir: FhirVersion, canonical: &str, deeper: usize) -> Option<Vec<(String, String)>> {
        let set = self.value_set(fhir, canonical)?;
        if let Some(expansion) = &set.expansion {
            return (expansion.len() <= MOST).then(|| expansion.clone());
        }
        let mut found = Vec::new();
        for include in &set.include {
            found.extend(self.part(fhir, include, deeper)?);
            if found.len() > MOST {
                return None;
            }
        }
        for exclude in &set.exclude {
            let gone = self.part(fhir, exclude, deeper)?;
            found.retain(|code| !gone.contains(code));
        }
        Some(found)
    }

    fn part(&self, fhir: FhirVersion, include: &Include, deeper: usize) -> Option<Vec<(String, String)>> {
        let deeper = deeper.checked_sub(1)?;
        let mut found = match &include.system {
            _ if !include.filters.is_empty() => return None,
            Some(system) if include.codes.is_empty() => {
                let whole = self.code_system(fhir, system).filter(|system| system.complete)?;
                Some(whole.concepts.iter().map(|concept| (system.clone(), concept.code.clone())).collect())
            }
            Some(system) => Some(include.codes.iter().map(|code| (system.clone(), code.clone())).collect::<Vec<_>>()),
            None => None,
        };
        // Where both are named, what is in all of them.
        for named in &include.value_sets {
            let others = self.all(fhir, named, deeper)?;
            found = Some(match found {
                None => others,
                Some(here) => here.into_iter().filter(|code| others.contains(code)).collect(),
            });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminology::{CodeSystem, Concept, Filter, ValueSet};

    fn set(canonical: &str, include: Vec<Include>, exclude: Vec<Include>) -> ValueSet {
        ValueSet {
            canonical: canonical.into(),
            version: None,
            fhir: FhirVersion::R4,
            include,
            exclude,
            expansion: None,
        }
    }

    fn of(system: &str, codes: &[&str]) -> Include {
        Include {
            system: Some(system.into()),
            codes: codes.iter().map(|code| (*code).into()).collect(),
            ..Include::default()
        }
    }

    #[test]
    fn a_value_set_is_written_out_in_full_or_not_at_all() {
        let mut registry = Registry::default();
        let concept = |code: &str| Concept { code: code.into(), parents: Vec::new() };
        for (canonical, complete) in [("whole", true), ("part", false)] {
            registry.add_code_system(CodeSystem {
                canonical: canonical.into(),
                version: None,
                fhir: FhirVersion::R4,
                complete,
                case_sensitive: true,
                concepts: vec![concept("x"), concept("y"), concept("z")],
            });
        }
        let named = |name: &str| Include { value_sets: vec![name.into()], ..Include::default() };
        let filter = Filter { property: "concept".into(), operator: "is-a".into(), value: "x".into() };
        for one in [
            set("listed", vec![of("s", &["a", "b"]), of("t", &["c"])], vec![]),
            set("system", vec![of("whole", &[])], vec![of("whole", &["y"])]),
            set("unfinished", vec![of("part", &[])], vec![]),
            set("other", vec![named("listed")], vec![]),
            set("both", vec![Include { value_sets: vec!["listed".into()], ..of("s", &["a", "q"]) }], vec![]),
            set("round", vec![named("round")], vec![]),
            set("filtered", vec![Include { filters: vec![filter], ..of("whole", &[]) }], vec![]),
            set("missing", vec![named("nowhere")], vec![]),
        ] {
            registry.add_value_set(one);
        }
        for (name, expected) in [
            ("listed", Some("s|a s|b t|c")),
            ("system", Some("whole|x whole|z")),
            ("unfinished", None),
            ("other", Some("s|a s|b t|c")),
            ("both", Some("s|a")),
            ("round", None),
            ("filtered", None),
            ("missing", None),
            ("nowhere", None),
        ] {
            let codes = registry.codes(FhirVersion::R4, name);
            let text = codes.map(|codes| {
                codes.iter().map(|(system, code)| format!("{system}|{code}")).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(text.as_deref(), expected, "{name}");
        }
    }
}
