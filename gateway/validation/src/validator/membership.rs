//! Whether a code is in a value set, as far as the loaded lists can tell.

use std::collections::HashSet;

use fhir::FhirVersion;

use crate::registry::Registry;
use crate::terminology::{CodeSystem, Include, ValueSet};

/// An answer that may be "cannot be told from the lists at hand".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Yes,
    No,
    Unknown,
}

/// A value set made ready to be asked.
#[derive(Debug)]
pub(super) struct Membership {
    include: Vec<Part>,
    exclude: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    system: Option<String>,
    codes: Codes,
    sets: Vec<Membership>,
}

#[derive(Debug)]
enum Codes {
    Listed {
        codes: HashSet<String>,
        case_sensitive: bool,
    },
    /// Value sets alone: any code that is in all of them.
    Any,
    /// A system or a filter that the lists at hand do not answer.
    NotAtHand,
}

/// Value sets may name each other so deep.
const DEEPEST: usize = 8;

impl Membership {
    /// Makes a value set ready; `None` when it is not at hand.
    pub(super) fn of(registry: &Registry, fhir: FhirVersion, canonical: &str) -> Option<Membership> {
        Membership::within(registry, fhir, canonical, DEEPEST)
    }

    fn within(registry: &Registry, fhir: FhirVersion, canonical: &str, deeper: usize) -> Option<Membership> {
        let set = registry.value_set(fhir, canonical)?;
        if let Some(membership) = Membership::expanded(set) {
            return Some(membership);
        }
        let parts = |includes: &[Include]| includes.iter().map(|part| Part::of(registry, fhir, part, deeper)).collect();
        Some(Membership { include: parts(&set.include), exclude: parts(&set.exclude) })
    }

    /// The membership by an expansion that came with the value set.
    fn expanded(set: &ValueSet) -> Option<Membership> {
        let mut include: Vec<Part> = Vec::new();
        for (system, code) in set.expansion.as_ref()? {
            let held = include.iter_mut().find(|part| part.system.as_deref() == Some(system));
            match held {
                Some(Part { codes: Codes::Listed { codes, .. }, .. }) => {
                    codes.insert(code.clone());
                }
                _ => include.push(Part {
                    system: Some(system.clone()),
                    codes: Codes::Listed { codes: HashSet::from([code.clone()]), case_sensitive: true },
                    sets: Vec::new(),
                }),
            }
        }
        Some(Membership { include, exclude: Vec::new() })
    }

    /// Whether the code is in it. Without a system (a `code` element) the code alone is looked for.
    pub(super) fn has(&self, system: Option<&str>, code: &str) -> Told {
        match any(&self.include, system, code) {
            Told::No => Told::No,
            found => match any(&self.exclude, system, code) {
                Told::Yes => Told::No,
                Told::Unknown => Told::Unknown,
                Told::No => found,
            },
        }
    }
}

fn any(parts: &[Part], system: Option<&str>, code: &str) -> Told {
    let mut told = Told::No;
    for part in parts {
        match part.has(system, code) {
            Told::Yes => return Told::Yes,
            Told::Unknown => told = Told::Unknown,
            Told::No => {}
        }
    }
    told
}

impl Part {
    fn of(registry: &Registry, fhir: FhirVersion, include: &Include, deeper: usize) -> Part {
        let mut codes = match &include.system {
            Some(system) => listed(registry, fhir, system, include),
            None => Codes::Any,
        };
        let mut sets = Vec::new();
        for canonical in &include.value_sets {
            let set = match deeper {
                0 => None,
                _ => Membership::within(registry, fhir, canonical, deeper - 1),
            };
            match set {
                Some(set) => sets.push(set),
                None => codes = Codes::NotAtHand,
            }
        }
        Part { system: include.system.clone(), codes, sets }
    }

    fn has(&self, system: Option<&str>, code: &str) -> Told {
        if let (Some(own), Some(asked)) = (self.system.as_deref(), system)
            && own != asked
        {
            return Told::No;
        }
        let own = match &self.codes {
            Codes::Listed { codes, case_sensitive: true } => told(codes.contains(code)),
            Codes::Listed { codes, case_sensitive: false } => told(codes.contains(&code.to_lowercase())),
            Codes::Any => Told::Yes,
            Codes::NotAtHand => Told::Unknown,
        };
        self.sets.iter().fold(own, |so_far, set| match (so_far, set.has(system, code)) {
            (Told::No, _) | (_, Told::No) => Told::No,
            (Told::Unknown, _) | (_, Told::Unknown) => Told::Unknown,
            (Told::Yes, Told::Yes) => Told::Yes,
        })
    }
}

fn told(yes: bool) -> Told {
    if yes { Told::Yes } else { Told::No }
}

/// The codes of a system that an include names: listed, all of a complete system, or by its hierarchy.
fn listed(registry: &Registry, fhir: FhirVersion, system: &str, include: &Include) -> Codes {
    if !include.codes.is_empty() {
        return Codes::Listed { codes: include.codes.iter().cloned().collect(), case_sensitive: true };
    }
    let Some(system) = registry.code_system(fhir, system).filter(|system| system.complete) else {
        return Codes::NotAtHand;
    };
    let mut places: Vec<bool> = vec![true; system.concepts.len()];
    for filter in &include.filters {
        let Some(kept) = filtered(system, &filter.property, &filter.operator, &filter.value) else {
            return Codes::NotAtHand;
        };
        for (place, keep) in places.iter_mut().zip(kept) {
            *place &= keep;
        }
    }
    let kept = system.concepts.iter().zip(places).filter(|(_, keep)| *keep).map(|(concept, _)| &concept.code);
    let codes = match system.case_sensitive {
        true => kept.cloned().collect(),
        false => kept.map(|code| code.to_lowercase()).collect(),
    };
    Codes::Listed { codes, case_sensitive: system.case_sensitive }
}

/// Which concepts a filter keeps; `None` for filters other than those on the hierarchy.
fn filtered(system: &CodeSystem, property: &str, operator: &str, value: &str) -> Option<Vec<bool>> {
    if property != "concept" && property != "code" {
        return None;
    }
    let with_itself = match operator {
        "is-a" => true,
        "descendent-of" => false,
        "is-not-a" => {
            let kept = filtered(system, property, "is-a", value)?;
            return Some(kept.into_iter().map(|keep| !keep).collect());
        }
        "=" => return Some(system.concepts.iter().map(|concept| concept.code == value).collect()),
        "in" => {
            let wanted: HashSet<_> = value.split(',').map(str::trim).collect();
            return Some(system.concepts.iter().map(|concept| wanted.contains(concept.code.as_str())).collect());
        }
        _ => return None,
    };
    // Parents stand before their children, so one pass finds every descendant.
    let mut below: Vec<bool> = Vec::with_capacity(system.concepts.len());
    for concept in &system.concepts {
        let inherits = concept.parents.iter().any(|&parent| below.get(parent) == Some(&true));
        below.push(inherits || concept.code == value);
    }
    if !with_itself {
        for (place, concept) in below.iter_mut().zip(&system.concepts) {
            *place &= concept.code != value;
        }
    }
    Some(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminology::{Concept, Filter};

    fn registry() -> Registry {
        let mut registry = Registry::default();
        let concept = |code: &str, parents: &[usize]| Concept { code: code.to_owned(), parents: parents.to_vec() };
        registry.add_code_system(CodeSystem {
            canonical: "urn:s".into(),
            version: None,
            fhir: FhirVersion::R4,
            complete: true,
            case_sensitive: true,
            concepts: vec![
                concept("animal", &[]),
                concept("dog", &[0]),
                concept("terrier", &[1]),
                concept("plant", &[]),
            ],
        });
        registry
    }

    fn set(registry: &mut Registry, name: &str, include: Vec<Include>, exclude: Vec<Include>) {
        let canonical = name.to_owned();
        registry.add_value_set(ValueSet {
            canonical,
            version: None,
            fhir: FhirVersion::R4,
            include,
            exclude,
            expansion: None,
        });
    }

    fn system(name: &str) -> Include {
        Include { system: Some(name.into()), ..Include::default() }
    }

    #[test]
    fn a_code_is_in_a_set_or_not_or_it_cannot_be_told() {
        let mut registry = registry();
        let is_a = |operator: &str, value: &str| Include {
            filters: vec![Filter { property: "concept".into(), operator: operator.into(), value: value.into() }],
            ..system("urn:s")
        };
        let codes =
            |names: &[&str]| Include { codes: names.iter().map(|name| (*name).into()).collect(), ..system("urn:s") };
        set(&mut registry, "whole", vec![system("urn:s")], vec![]);
        set(&mut registry, "listed", vec![codes(&["dog", "plant"])], vec![]);
        set(&mut registry, "dogs", vec![is_a("is-a", "dog")], vec![]);
        set(&mut registry, "breeds", vec![is_a("descendent-of", "dog")], vec![]);
        set(&mut registry, "without", vec![system("urn:s")], vec![codes(&["plant"])]);
        set(&mut registry, "elsewhere", vec![system("urn:t")], vec![]);
        set(&mut registry, "odd", vec![is_a("regex", "d.*")], vec![]);
        set(
            &mut registry,
            "both",
            vec![Include { value_sets: vec!["dogs".into(), "listed".into()], ..Include::default() }],
            vec![],
        );
        set(&mut registry, "itself", vec![Include { value_sets: vec!["itself".into()], ..Include::default() }], vec![]);
        use Told::{No, Unknown, Yes};
        let cases = [
            ("whole", Some("urn:s"), "terrier", Yes),
            ("whole", Some("urn:s"), "cat", No),
            ("whole", Some("urn:t"), "terrier", No),
            ("whole", None, "dog", Yes),
            ("listed", Some("urn:s"), "terrier", No),
            ("dogs", Some("urn:s"), "terrier", Yes),
            ("dogs", Some("urn:s"), "dog", Yes),
            ("dogs", Some("urn:s"), "animal", No),
            ("breeds", Some("urn:s"), "dog", No),
            ("without", Some("urn:s"), "plant", No),
            ("without", Some("urn:s"), "dog", Yes),
            ("elsewhere", Some("urn:t"), "x", Unknown),
            ("elsewhere", Some("urn:s"), "dog", No),
            ("odd", Some("urn:s"), "dog", Unknown),
            ("both", Some("urn:s"), "dog", Yes),
            ("both", Some("urn:s"), "terrier", No),
            ("itself", Some("urn:s"), "dog", Unknown),
        ];
        for (name, system, code, expected) in cases {
            let membership = Membership::of(&registry, FhirVersion::R4, name).unwrap();
            assert_eq!(membership.has(system, code), expected, "{name} {code}");
        }
        assert!(Membership::of(&registry, FhirVersion::R4, "absent").is_none());
        assert!(Membership::of(&registry, FhirVersion::Stu3, "whole").is_none());
    }
}
