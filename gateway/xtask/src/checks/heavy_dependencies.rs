//! Each heavy dependency is named by one crate, so that it can be replaced there and so that the rules (`fhir`, `policy`)
//! stay free of I/O and of asynchronous code. The table is that of gateway/ARCHITECTURE.md, "Who may import whom".

use crate::finding::Finding;
use crate::manifest::{self, Section};
use crate::tree::Tree;

/// A dependency that only some crates may name. A name that ends in `*` stands for every package that begins so.
struct Kept {
    name: &'static str,
    by: &'static [&'static str],
    /// Whether every crate may name it for its tests.
    free_in_tests: bool,
}

const fn kept(name: &'static str, by: &'static [&'static str]) -> Kept {
    Kept { name, by, free_in_tests: false }
}

const KEPT: &[Kept] = &[
    kept("actix*", &["zorgsluis", "portal", "conformance"]),
    kept("reqwest*", &["connectors", "conformance"]),
    kept("sled", &["store"]),
    kept("tokio-postgres*", &["store"]),
    kept("deadpool-postgres", &["store"]),
    kept("postgres*", &["store"]),
    kept("fhirbolt*", &["fhir"]),
    kept("quick-xml", &["fhir", "connectors"]),
    kept("regorus", &["policy"]),
    kept("rh-*", &["validation"]),
    kept("krilla", &["print"]),
    kept("governor", &["connectors"]),
    kept("rustls", &["zorgsluis", "connectors", "conformance"]),
    // It makes certificates: in a node that serves patients nothing may.
    Kept { name: "rcgen", by: &["conformance"], free_in_tests: true },
];

/// Crates that compute and never wait.
const PURE: &[&str] = &["fhir", "policy"];
const ASYNCHRONOUS: &[&str] = &["tokio*", "futures*", "async-*", "smol"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in manifest::crates(tree) {
        for dependency in &one.dependencies {
            let package = dependency.package.as_str();
            let tests = dependency.section == Section::Dev;
            let keeper = KEPT.iter().find(|kept| matches(kept.name, package));
            if let Some(kept) = keeper
                && !kept.by.contains(&one.package.as_str())
                && !(kept.free_in_tests && tests)
            {
                let sentence =
                    format!("`{}` must not name `{package}`: that is kept by {}", one.package, kept.by.join(", "));
                findings.push(Finding::error(&one.path, dependency.line, sentence));
            }
            if PURE.contains(&one.package.as_str()) && ASYNCHRONOUS.iter().any(|name| matches(name, package)) {
                let sentence = format!("`{}` is free of asynchronous code: it must not name `{package}`", one.package);
                findings.push(Finding::error(&one.path, dependency.line, sentence));
            }
        }
    }
    findings
}

fn matches(pattern: &str, package: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => package.starts_with(beginning),
        None => package == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(package: &str, dependencies: &str) -> Vec<Finding> {
        let manifest = format!("[package]\nname = \"{package}\"\n{dependencies}");
        check(&Tree::made_up(&[("gateway/x/Cargo.toml", &manifest)]))
    }

    #[test]
    fn the_keeper_may_name_what_it_keeps() {
        assert!(findings("store", "[dependencies]\nsled.workspace = true\ntokio.workspace = true\n").is_empty());
        assert!(findings("connectors", "[dependencies]\nreqwest.workspace = true\nrustls = \"0.23\"\n").is_empty());
    }

    #[test]
    fn nobody_else_may() {
        for (package, dependency) in [
            ("exchange", "reqwest"),
            ("portal", "sled"),
            ("connectors", "actix-web"),
            ("flows", "fhirbolt-serde"),
            ("exchange", "regorus"),
            ("portal", "rustls"),
            ("zorgsluis", "tokio-postgres"),
        ] {
            let found = findings(package, &format!("[dependencies]\n{dependency}.workspace = true\n"));
            assert_eq!(found.len(), 1, "{package} and {dependency}: {found:?}");
            assert_eq!(found[0].line, 4);
        }
    }

    #[test]
    fn certificates_are_made_by_tests_and_simulators_only() {
        assert!(findings("connectors", "[dev-dependencies]\nrcgen.workspace = true\n").is_empty());
        assert!(findings("conformance", "[dependencies]\nrcgen.workspace = true\n").is_empty());
        assert_eq!(findings("zorgsluis", "[dependencies]\nrcgen.workspace = true\n").len(), 1);
    }

    #[test]
    fn the_pure_crates_never_wait_not_even_in_their_tests() {
        assert!(findings("exchange", "[dependencies]\ntokio.workspace = true\n").is_empty());
        assert_eq!(findings("policy", "[dev-dependencies]\ntokio.workspace = true\n").len(), 1);
        assert_eq!(findings("fhir", "[dependencies]\nfutures-util.workspace = true\n").len(), 1);
    }
}
