//! The shape of a Rust source: it says first why it exists, stays small, leaves nothing to be done later, and keeps away
//! from the one XML reader with open advisories.

use crate::finding::Finding;
use crate::tree::{File, Tree};

/// Past this many lines a file is asked about, past the second it is refused.
const LONG: usize = 400;
const TOO_LONG: usize = 700;

/// Written apart, so that this file does not find itself.
const LEFT_UNDONE: [&str; 3] = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust_sources().flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Tests say by their names why they exist; inputs of compile-fail tests begin as their subject demands.
    if !file.text().starts_with("//!") && !file.is_for_tests() {
        let sentence = "the file does not start with `//!`: say why it exists and what it must not know";
        findings.push(Finding::error(file.path(), 1, sentence));
    }
    let length = file.text().lines().count();
    if length > TOO_LONG {
        let sentence = format!("{length} lines, more than {TOO_LONG}: split it, one noun per file");
        findings.push(Finding::error(file.path(), TOO_LONG + 1, sentence));
    } else if length > LONG {
        let sentence = format!("{length} lines, more than {LONG}: is this one noun?");
        findings.push(Finding::warning(file.path(), LONG + 1, sentence));
    }
    for (number, line) in file.lines() {
        if let Some(left) = LEFT_UNDONE.iter().find(|left| holds_macro(line, left)) {
            findings.push(Finding::error(
                file.path(),
                number,
                format!("`{left}…)` is left behind: finish it or take it out"),
            ));
        }
        if line.contains("fhirbolt_serde") && line.contains(concat!("x", "ml")) {
            let sentence = "no XML goes through fhirbolt: its quick-xml has open advisories (RUSTSEC-2026-0194, -0195)";
            findings.push(Finding::error(file.path(), number, sentence));
        }
    }
    findings
}

/// Whether the macro stands there under its own name, not as the end of a longer one.
fn holds_macro(line: &str, call: &str) -> bool {
    line.match_indices(call).any(|(at, _)| {
        !line.get(..at).and_then(|before| before.chars().next_back()).is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Weight;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&Tree::made_up(&[(path, text)]))
    }

    #[test]
    fn a_source_says_first_why_it_exists() {
        assert!(findings("gateway/a/src/lib.rs", "//! Why.\nfn a() {}\n").is_empty());
        assert_eq!(findings("gateway/a/src/lib.rs", "fn a() {}\n").len(), 1);
        assert!(findings("gateway/a/tests/ui/stage_left_out.rs", "fn main() {}\n").is_empty());
        assert!(findings("gateway/a/src/b/tests.rs", "use super::*;\n").is_empty());
        assert_eq!(findings("gateway/a/src/b/latests.rs", "use super::*;\n").len(), 1);
        assert!(findings("scripts/a.rs", "fn main() {}\n").is_empty(), "only our crates are held to it");
    }

    #[test]
    fn a_long_file_is_asked_about_and_a_longer_one_refused() {
        let of = |lines: usize| findings("conformance/src/a.rs", &"//! x\n".repeat(lines));
        assert!(of(LONG).is_empty());
        assert_eq!(of(LONG + 1)[0].weight, Weight::Warning);
        assert_eq!(of(TOO_LONG)[0].weight, Weight::Warning);
        assert_eq!(of(TOO_LONG + 1)[0].weight, Weight::Error);
    }

    #[test]
    fn nothing_is_left_undone() {
        for left in LEFT_UNDONE {
            let found = findings("gateway/a/src/a.rs", &format!("//! x\nfn a() {{ {left}) }}\n"));
            assert_eq!(found.len(), 1, "{left}");
            assert_eq!(found[0].line, 2);
        }
        assert!(findings("gateway/a/src/a.rs", &format!("//! x\nmy_{}1);\n", LEFT_UNDONE[0])).is_empty());
    }

    #[test]
    fn the_old_xml_reader_is_not_called() {
        let call = |module: &str| format!("//! x\nuse fhirbolt_serde::{module}::from_slice;\n");
        assert!(findings("gateway/fhir/src/a.rs", &call("json")).is_empty());
        assert_eq!(findings("gateway/fhir/src/a.rs", &call(concat!("x", "ml"))).len(), 1);
    }
}
