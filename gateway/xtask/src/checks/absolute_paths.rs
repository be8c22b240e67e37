//! No path of one machine stands in the project: such a line works for its writer only. Tests ask the system for a
//! temporary folder, configuration names folders of the Filesystem Hierarchy Standard (/etc, /var/lib).

use crate::finding::Finding;
use crate::tree::Tree;

/// The first folder of a path that belongs to one person or one machine.
const MACHINE_FOLDERS: &[&str] = &["home", "Users", "root", "work", "tmp"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| !file.is_binary()) {
        for (number, line) in file.lines() {
            if let Some(folder) = MACHINE_FOLDERS.iter().find(|folder| names_path_in(line, folder)) {
                let sentence =
                    format!("a path below `/{folder}` belongs to one machine: use a relative or a configured one");
                findings.push(Finding::error(file.path(), number, sentence));
            }
        }
    }
    findings
}

/// Whether `/folder/something` stands in the line as the start of a path, not as the middle of a longer one or of a URL.
fn names_path_in(line: &str, folder: &str) -> bool {
    let beginning = format!("/{folder}/");
    line.match_indices(&beginning).any(|(at, found)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + found.len()..).and_then(|after| after.chars().next());
        let starts_here = before.is_none_or(|c| !c.is_alphanumeric() && !"._-~}>*)$".contains(c));
        starts_here && after.is_some_and(|c| c.is_alphanumeric() || "._-$<{*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Tree::made_up(&[("any/file.md", text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for folder in MACHINE_FOLDERS {
            for text in [format!("/{folder}/x"), format!("see \"/{folder}/x\""), format!("file:///{folder}/x")] {
                assert_eq!(lines(&format!("first\n{text}\n")), [2], "{text}");
            }
        }
    }

    #[test]
    fn relative_paths_system_folders_and_urls_are_not() {
        for text in [
            "/etc/zorgsluis/node.toml",
            "./tmp/x",
            "target/tmp/x",
            "https://example.org/home/x",
            "$ROOT/work/x",
            "GET /home",
            "a/work/",
        ] {
            assert!(lines(text).is_empty(), "{text}");
        }
    }
}
