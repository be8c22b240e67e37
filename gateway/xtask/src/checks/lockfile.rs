//! What may be built in: packages from crates.io and from nowhere else, and none that a licence or an advisory forbids.
//! Only names and versions are read; no advisory database is asked, so the check works without a network.

use toml::{Table, Value};

use crate::finding::Finding;
use crate::tree::{File, Tree};

/// The only `source` that a locked package may have. Crates of the workspace have none.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package that must not be locked, at all or below a version, and where that rule comes from.
struct Forbidden {
    name: &'static str,
    /// The first good version as (major, minor); `None` when no version is good.
    good_from: Option<(u64, u64)>,
    /// A package that may still bring the bad version, because `why` does not reach us through it.
    tolerated_below: Option<&'static str>,
    why: &'static str,
}

const FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        name: "actix-governor",
        good_from: None,
        tolerated_below: None,
        why: "its licence is GPL-3.0; `governor` does the same under MIT",
    },
    Forbidden {
        name: "nl-generic-functions",
        good_from: None,
        tolerated_below: None,
        why: "it is under a business source licence",
    },
    Forbidden {
        name: "xml-rs",
        good_from: None,
        tolerated_below: None,
        why: "it expands entities without a bound (rustsec/advisory-db, pull requests 2661 and 2670); use `quick-xml`",
    },
    Forbidden {
        name: "rsa",
        good_from: None,
        tolerated_below: None,
        why: "its timing reveals the key, and no version mends it (RUSTSEC-2023-0071); use `aws-lc-rs`",
    },
    Forbidden {
        name: "quick-xml",
        good_from: Some((0, 41)),
        // fhirbolt-serde reads XML with it, which we never call: `sources` forbids to name its XML module.
        tolerated_below: Some("fhirbolt-serde"),
        why: "below 0.41 a start tag can stall it or fill the memory (RUSTSEC-2026-0194, RUSTSEC-2026-0195)",
    },
];

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    dependencies: Vec<&'a str>,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = other_registries(tree);
    if let Some(lock) = tree.file("Cargo.lock") {
        findings.extend(locked(lock));
    }
    findings
}

fn locked(lock: &File) -> Vec<Finding> {
    let Ok(table) = lock.text().parse::<Table>() else {
        return vec![Finding::error(lock.path(), 1, "this is no TOML: let cargo write it again")];
    };
    let packages = packages(&table);
    let mut findings = Vec::new();
    for package in &packages {
        let line = line_of(lock, package);
        if let Some(source) = package.source.filter(|source| *source != CRATES_IO) {
            let sentence = format!("`{}` comes from `{source}`: packages come from crates.io only", package.name);
            findings.push(Finding::error(lock.path(), line, sentence));
        }
        for forbidden in FORBIDDEN.iter().filter(|forbidden| forbidden.hits(package, &packages)) {
            let sentence = format!("`{}` {} is forbidden: {}", package.name, package.version, forbidden.why);
            findings.push(Finding::error(lock.path(), line, sentence));
        }
    }
    findings
}

impl Forbidden {
    fn hits(&self, package: &Package<'_>, all: &[Package<'_>]) -> bool {
        let bad = package.name == self.name
            && self.good_from.is_none_or(|good| major_and_minor(package.version).is_none_or(|found| found < good));
        let tolerated = self.tolerated_below.is_some_and(|bringer| {
            all.iter().filter(|other| other.depends_on(package)).all(|other| other.name == bringer)
        });
        bad && !tolerated
    }
}

impl Package<'_> {
    /// The lock file names a dependency as `name`, or as `name version` where several versions are locked.
    fn depends_on(&self, other: &Package<'_>) -> bool {
        self.dependencies.iter().any(|named| {
            let mut words = named.split(' ');
            words.next() == Some(other.name) && words.next().is_none_or(|version| version == other.version)
        })
    }
}

fn packages(table: &Table) -> Vec<Package<'_>> {
    let listed = table.get("package").and_then(Value::as_array).into_iter().flatten();
    listed
        .filter_map(|package| {
            Some(Package {
                name: package.get("name")?.as_str()?,
                version: package.get("version")?.as_str()?,
                source: package.get("source").and_then(Value::as_str),
                dependencies: package
                    .get("dependencies")
                    .and_then(Value::as_array)
                    .map(|names| names.iter().filter_map(Value::as_str).collect())
                    .unwrap_or_default(),
            })
        })
        .collect()
}

fn major_and_minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

fn line_of(lock: &File, package: &Package<'_>) -> usize {
    let name = format!("name = \"{}\"", package.name);
    let version = format!("version = \"{}\"", package.version);
    let mut before = "";
    for (number, line) in lock.lines() {
        if before == name && line == version {
            return number - 1;
        }
        before = line;
    }
    1
}

/// A mirror or a second registry belongs in a developer's own settings, not in the project's.
fn other_registries(tree: &Tree) -> Vec<Finding> {
    let settings = tree.files().iter().filter(|file| file.is_below(".cargo") && file.path().ends_with(".toml"));
    settings
        .flat_map(|file| file.lines().map(move |(number, line)| (file, number, line)))
        .filter(|(_, _, line)| ["[source", "[registr"].iter().any(|table| line.trim_start().starts_with(table)))
        .map(|(file, number, _)| {
            Finding::error(
                file.path(),
                number,
                "the project names no registry but crates.io; put a mirror in your own settings",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, dependencies: &str) -> String {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{CRATES_IO}\"\n\
             dependencies = [{dependencies}]\n"
        )
    }

    fn findings(packages: &[String]) -> Vec<Finding> {
        check(&Tree::made_up(&[("Cargo.lock", &packages.concat())]))
    }

    #[test]
    fn packages_of_crates_io_are_fine() {
        assert!(findings(&[package("serde", "1.0.0", ""), package("quick-xml", "0.42.1", "")]).is_empty());
    }

    #[test]
    fn forbidden_packages_are_found_with_their_line() {
        for name in ["actix-governor", "nl-generic-functions", "xml-rs", "rsa"] {
            let found = findings(&[package("serde", "1.0.0", ""), package(name, "9.9.9", "")]);
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!(found[0].line, 7);
        }
    }

    #[test]
    fn an_old_xml_reader_is_tolerated_below_the_one_crate_that_never_reads_with_it() {
        let old = || package("quick-xml", "0.25.0", "");
        assert!(findings(&[package("fhirbolt-serde", "0.4.0", "\"quick-xml\""), old()]).is_empty());
        let both = [
            package("fhirbolt-serde", "0.4.0", "\"quick-xml 0.25.0\""),
            package("fhir", "0.1.0", "\"quick-xml 0.42.0\""),
            old(),
            package("quick-xml", "0.42.0", ""),
        ];
        assert!(findings(&both).is_empty());
        let shared =
            [package("fhirbolt-serde", "0.4.0", "\"quick-xml\""), package("soap", "1.0.0", "\"quick-xml\""), old()];
        assert_eq!(findings(&shared).len(), 1);
        let other = [package("soap", "1.0.0", "\"quick-xml\""), package("quick-xml", "0.40.9", "")];
        assert_eq!(findings(&other).len(), 1);
    }

    #[test]
    fn another_source_is_found() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/a\"\n";
        assert_eq!(check(&Tree::made_up(&[("Cargo.lock", lock)])).len(), 1);
        let settings = "[alias]\nxtask = \"run\"\n[source.crates-io]\nreplace-with = \"mirror\"\n";
        let found = check(&Tree::made_up(&[(".cargo/config.toml", settings)]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 3);
    }
}
