//! The two texts that a newcomer reads exist, and the map names every room.

use crate::finding::Finding;
use crate::tree::Tree;

const README: &str = "README.md";
const MAP: &str = "gateway/ARCHITECTURE.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for text in [README, MAP] {
        if tree.file(text).is_none() {
            findings.push(Finding::error(text, 1, "this text is missing: a newcomer starts there"));
        }
    }
    if let Some(map) = tree.file(MAP) {
        for room in tree.folders_of("gateway").into_iter().filter(|room| !names(map.text(), room)) {
            findings.push(Finding::error(MAP, 1, format!("the map does not name the room `{room}`")));
        }
    }
    findings
}

/// A room is named as `room`, `room/` or `gateway/room`; a mere word in a sentence is not enough.
fn names(text: &str, room: &str) -> bool {
    text.match_indices(room).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + room.len()..).unwrap_or_default();
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        let quoted = before.ends_with('`') && after.starts_with('`');
        begins && ends && (quoted || after.starts_with('/') || before.ends_with("gateway/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(map: &str) -> Vec<String> {
        let tree =
            Tree::made_up(&[("README.md", "x"), (MAP, map), ("gateway/fhir/src/lib.rs", ""), ("gateway/store/a", "")]);
        check(&tree).into_iter().map(|finding| finding.sentence).collect()
    }

    #[test]
    fn a_map_that_names_every_room_is_fine() {
        for map in ["`fhir` and `store`", "fhir/ the words\nstore/ the state", "gateway/fhir, gateway/store"] {
            assert!(sentences(map).is_empty(), "{map}");
        }
    }

    #[test]
    fn a_word_in_passing_or_a_longer_name_is_no_mention() {
        assert_eq!(sentences("`fhir` keeps no store").len(), 1);
        assert_eq!(sentences("`fhir` and `bookstore/`").len(), 1);
    }

    #[test]
    fn the_texts_must_be_there() {
        let tree = Tree::made_up(&[("gateway/fhir/src/lib.rs", "")]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, [README, MAP]);
    }
}
