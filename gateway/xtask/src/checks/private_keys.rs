//! No private key stands in the project, not even one for development: those are made at set-up.

use crate::finding::Finding;
use crate::tree::Tree;

/// The two ends of a PEM label (RFC 7468, section 2), between which the kind of key stands: RSA, EC, ENCRYPTED, none.
const BEFORE: &str = "BEGIN ";
const AFTER: &str = "PRIVATE KEY";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (number, _) in file.lines().filter(|(_, line)| holds_key(line)) {
            let sentence = "a private key begins here: keys are made at set-up and never tracked";
            findings.push(Finding::error(file.path(), number, sentence));
        }
    }
    findings
}

fn holds_key(line: &str) -> bool {
    line.match_indices(BEFORE).any(|(at, _)| {
        let label = line.get(at + BEFORE.len()..).unwrap_or_default();
        let kind = label.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == ' ');
        label.get(..label.len() - kind.len()).is_some_and(|kind| kind.contains(AFTER))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Tree::made_up(&[("any/file", text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn every_kind_of_private_key_is_found_also_inside_json() {
        for kind in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
            assert_eq!(lines(&format!("x\n-----{BEFORE}{kind}{AFTER}-----\n")), [2], "{kind}");
            assert_eq!(lines(&format!("{{\"key\":\"-----{BEFORE}{kind}{AFTER}-----\\nMII\"}}")), [1], "{kind}");
        }
    }

    #[test]
    fn a_certificate_or_a_public_key_is_none() {
        assert!(
            lines("-----BEGIN CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\nWhere a PRIVATE KEY lives\n").is_empty()
        );
    }
}
