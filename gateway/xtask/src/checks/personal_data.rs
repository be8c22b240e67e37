//! No citizen service number (burgerservicenummer, BSN) stands in the product: every run of nine digits that passes the
//! eleven-test is taken for one. Tests, the conformance suites, configuration of the demo and policy cases use published
//! test numbers and are left out.

use crate::finding::Finding;
use crate::rust_source::first_test_line;
use crate::tree::{File, Tree};

const DIGITS: usize = 9;

/// Folders and beginnings of names below which patients are our own inventions.
const MADE_UP_BELOW: &[&str] = &["benches", "cases"];
const MADE_UP_AT: &[&str] = &["conformance/", "config/"];

/// A code of nine digits that happens to pass: SNOMED CT has many. The line, or the one above, says so.
const EXCUSES: &[&str] = &["snomed", "not a bsn"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().filter(|file| !file.is_binary() && !made_up(file)).flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let product_ends = if file.is_rust() { first_test_line(file.text()) } else { usize::MAX };
    let mut findings = Vec::new();
    let mut excused_above = false;
    for (number, line) in file.lines().take_while(|(number, _)| *number < product_ends) {
        let excused = excuses(line);
        if !excused && !excused_above && digit_runs(line).any(passes_eleven_test) {
            // The number itself is not repeated: the output of this check ends up in build logs.
            let sentence = "a number of nine digits passes the eleven-test: made-up patients belong in tests, conformance \
                            or config (a code that only looks like one: say `not a BSN` beside it)";
            findings.push(Finding::error(file.path(), number, sentence));
        }
        excused_above = excused;
    }
    findings
}

fn made_up(file: &File) -> bool {
    let path = file.path();
    path == "Cargo.lock"
        || file.is_for_tests()
        || MADE_UP_AT.iter().any(|place| path.starts_with(place))
        || MADE_UP_BELOW.iter().any(|folder| file.is_below(folder))
        || path.split('/').any(is_demo)
}

/// `demo`, `demo.rs`, `demo_patients.rs`; not `demographics.rs`.
fn is_demo(part: &str) -> bool {
    part.strip_prefix("demo").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

fn excuses(line: &str) -> bool {
    let line = line.to_lowercase();
    EXCUSES.iter().any(|excuse| line.contains(excuse))
}

fn digit_runs(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == DIGITS)
}

/// The eleven-test (elfproef) of the BSN: weights 9 down to 2, and -1 for the last digit; the sum is a multiple of 11.
/// Nine zeroes pass by arithmetic but are no number that was ever given out.
fn passes_eleven_test(digits: &str) -> bool {
    let weights = [9, 8, 7, 6, 5, 4, 3, 2, -1];
    let sum: i32 = digits.bytes().zip(weights).map(|(digit, weight)| i32::from(digit - b'0') * weight).sum();
    sum % 11 == 0 && digits.bytes().any(|digit| digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = "999911120";

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&Tree::made_up(&[(path, text)]))
    }

    #[test]
    fn a_number_that_passes_is_found_and_not_repeated() {
        for path in [
            "gateway/fhir/src/identifiers.rs",
            "README.md",
            "profiles/bgz/policy.rego",
            "gateway/a/src/demographics.rs",
        ] {
            let found = findings(path, &format!("first\nBSN {PATIENT}.\n"));
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!(found[0].line, 2);
            assert!(!found[0].sentence.contains(PATIENT));
        }
    }

    #[test]
    fn other_numbers_are_not() {
        for number in ["999911121", "9999111200", "99991112", "000000000", "999911120999911120"] {
            assert!(findings("gateway/a/src/a.rs", number).is_empty(), "{number}");
        }
    }

    #[test]
    fn tests_and_demo_material_have_patients() {
        for path in [
            "gateway/fhir/tests/bsn.rs",
            "gateway/fhir/src/bsn/tests.rs",
            "gateway/policy/src/testing.rs",
            "conformance/src/callers.rs",
            "config/maasdal.toml",
            "gateway/server/src/demo/patients.rs",
            "profiles/bgz/cases/allow.json",
        ] {
            assert!(findings(path, PATIENT).is_empty(), "{path}");
        }
        let source = |number: &str| format!("fn a() {{}} {number}\n#[cfg(test)]\nmod tests {{\n// {PATIENT}\n}}\n");
        assert!(findings("gateway/a/src/a.rs", &source("")).is_empty());
        assert_eq!(findings("gateway/a/src/a.rs", &source(PATIENT)).len(), 1);
    }

    #[test]
    fn a_code_is_excused_by_a_word_beside_it() {
        assert!(findings("gateway/a/src/a.rs", &format!("// SNOMED CT\nconst A: &str = \"{PATIENT}\";")).is_empty());
        assert_eq!(findings("gateway/a/src/a.rs", &format!("// SNOMED CT\n\nconst A: &str = \"{PATIENT}\";")).len(), 1);
    }
}
