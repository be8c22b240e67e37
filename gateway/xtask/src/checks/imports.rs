//! Who may import whom among our own crates (gateway/ARCHITECTURE.md): downward only, and the conformance suites know
//! nothing but the wire. A new edge between crates is a change to the table below, which a reviewer sees.

use crate::finding::Finding;
use crate::manifest::{self, Dependency, Manifest, Section};
use crate::tree::Tree;

/// Each crate with the crates of ours that it may name, in any section.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("fhir", &[]),
    ("validation", &["fhir"]),
    // Outside the workspace: it needs a nightly compiler.
    ("fhir-fuzz", &["fhir"]),
    ("policy", &["fhir"]),
    ("exchange", &["policy", "fhir"]),
    ("audit", &["exchange", "policy", "fhir"]),
    ("connectors", &["exchange", "policy", "fhir"]),
    ("store", &["exchange", "policy", "fhir"]),
    ("flows", &["exchange", "policy", "fhir"]),
    ("print", &["flows", "fhir"]),
    ("portal", &["flows", "audit", "exchange", "policy", "validation", "fhir"]),
    (
        PRODUCT,
        &[
            "portal",
            "print",
            "flows",
            "connectors",
            "store",
            "audit",
            "exchange",
            "policy",
            "validation",
            "fhir",
            CONFORMANCE,
        ],
    ),
    (CONFORMANCE, &[]),
    ("xtask", &[]),
];

const PRODUCT: &str = "zorgsluis";
const CONFORMANCE: &str = "conformance";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let crates = manifest::crates(tree);
    let ours: Vec<&str> = crates.iter().map(|one| one.package.as_str()).collect();
    crates.iter().flat_map(|one| of_crate(one, &ours)).collect()
}

fn of_crate(importer: &Manifest, ours: &[&str]) -> Vec<Finding> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == importer.package) else {
        let sentence =
            format!("`{}` has no row in the table of imports (gateway/xtask, checks/imports.rs)", importer.package);
        return vec![Finding::error(&importer.path, 1, sentence)];
    };
    importer
        .dependencies
        .iter()
        .filter(|dependency| ours.contains(&dependency.package.as_str()))
        .filter_map(|dependency| {
            let sentence = objection(&importer.package, dependency, allowed)?;
            Some(Finding::error(&importer.path, dependency.line, sentence))
        })
        .collect()
}

fn objection(importer: &str, dependency: &Dependency, allowed: &[&str]) -> Option<String> {
    let imported = dependency.package.as_str();
    if !allowed.contains(&imported) {
        let may =
            if allowed.is_empty() { "no crate of ours".to_owned() } else { format!("only {}", allowed.join(", ")) };
        return Some(format!("`{importer}` must not import `{imported}`: it may import {may}"));
    }
    // A production build (without the feature `demo`) must not contain a simulator.
    if imported == CONFORMANCE && dependency.section != Section::Dev && !dependency.optional {
        return Some(format!(
            "`{importer}` may import `{CONFORMANCE}` only as an optional dependency or for its tests"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(importer: &str, dependencies: &str) -> Vec<String> {
        let manifest = format!("[package]\nname = \"{importer}\"\n{dependencies}");
        let named = |name: &str| format!("[package]\nname = \"{name}\"\n");
        let tree = Tree::made_up(&[
            ("gateway/x/Cargo.toml", &manifest),
            ("gateway/policy/Cargo.toml", &named("policy")),
            ("gateway/store/Cargo.toml", &named("store")),
            ("conformance/Cargo.toml", &named("conformance")),
        ]);
        check(&tree).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_crate_imports_downward() {
        assert!(sentences("exchange", "[dependencies]\npolicy.workspace = true\nserde = \"1\"\n").is_empty());
    }

    #[test]
    fn a_crate_imports_neither_upward_nor_sideways_nor_for_its_tests() {
        for (importer, dependencies) in [
            ("fhir", "[dependencies]\npolicy.workspace = true\n"),
            ("connectors", "[dependencies]\nstore.workspace = true\n"),
            ("exchange", "[dev-dependencies]\nstore.workspace = true\n"),
            ("flows", "[build-dependencies]\nconformance.workspace = true\n"),
            ("conformance", "[dependencies]\npolicy.workspace = true\n"),
            ("xtask", "[dependencies]\npolicy.workspace = true\n"),
        ] {
            let found = sentences(importer, dependencies);
            assert_eq!(found.len(), 1, "{importer}: {found:?}");
            assert!(found[0].starts_with("gateway/x/Cargo.toml:4: "), "{found:?}");
        }
    }

    #[test]
    fn the_product_takes_the_simulators_for_its_demo_and_its_tests_only() {
        let optional = "[dependencies]\nconformance = { workspace = true, optional = true }\n";
        assert!(sentences("zorgsluis", optional).is_empty());
        assert!(sentences("zorgsluis", "[dev-dependencies]\nconformance.workspace = true\n").is_empty());
        assert_eq!(sentences("zorgsluis", "[dependencies]\nconformance.workspace = true\n").len(), 1);
    }

    #[test]
    fn a_crate_without_a_row_is_a_finding() {
        assert_eq!(sentences("newcomer", "").len(), 1);
    }
}
