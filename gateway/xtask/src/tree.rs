//! The files of the workspace as the checks see them: a relative path and a text, so that a check is a pure function and
//! its tests can make a tree up. Must not know any rule.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold what is built or made at set-up. They only matter where git cannot tell what is ignored.
const NEVER_WALKED: &[&str] = &[".git", "target", "state", "certs/dev"];

/// One file: its path from the workspace root with `/` between the parts, and what stands in it.
#[derive(Debug)]
pub struct File {
    path: String,
    text: String,
    binary: bool,
}

/// Every file that is tracked by git, or would be by the next `git add`; sorted by path.
#[derive(Debug)]
pub struct Tree {
    files: Vec<File>,
}

impl File {
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands in the file; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the file holds a NUL byte, which no text does.
    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// The lines with their numbers, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether a folder on the way to the file, or the file itself, is called `name`.
    pub fn is_below(&self, name: &str) -> bool {
        self.path.split('/').any(|part| part == name)
    }

    /// Whether the file is there for tests only, by its name or its folder: `tests.rs`, `view_tests.rs`, `testing.rs`,
    /// anything below `tests/` or `testing/`. House style keeps those names for it.
    pub fn is_for_tests(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        ["tests", "testing"].iter().any(|folder| self.is_below(folder))
            || matches!(name, "tests.rs" | "testing.rs")
            || name.ends_with("_tests.rs")
    }
}

impl Tree {
    /// Reads the workspace that the current folder belongs to.
    ///
    /// # Errors
    /// When no workspace is found above the current folder, or a listed file cannot be read.
    pub fn of_workspace() -> io::Result<Self> {
        let here = std::env::current_dir()?;
        let root = workspace_root(&here)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no Cargo.toml with a [workspace] here or above"))?;
        Self::of_folder(&root)
    }

    fn of_folder(root: &Path) -> io::Result<Self> {
        let paths = match listed_by_git(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let on_disk = root.join(&path);
            // Deleted but still in the index, a symbolic link, or another repository: nothing of ours to read.
            if !fs::symlink_metadata(&on_disk).is_ok_and(|found| found.is_file()) {
                continue;
            }
            files.push(File::new(path, &fs::read(&on_disk)?));
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    pub fn made_up(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new((*path).to_owned(), text.as_bytes())).collect() }
    }

    pub fn files(&self) -> &[File] {
        &self.files
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust sources of the product and of its conformance suites.
    pub fn rust_sources(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| {
            file.is_rust() && (file.path.starts_with("gateway/") || file.path.starts_with("conformance/"))
        })
    }

    /// The names of the folders directly below `folder` that hold at least one file, each once, in order.
    pub fn folders_of(&self, folder: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .files
            .iter()
            .filter_map(|file| file.path.strip_prefix(folder)?.strip_prefix('/')?.split_once('/'))
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl File {
    fn new(path: String, bytes: &[u8]) -> Self {
        Self { path, text: String::from_utf8_lossy(bytes).into_owned(), binary: bytes.contains(&0) }
    }
}

fn workspace_root(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| {
            fs::read_to_string(folder.join("Cargo.toml"))
                .is_ok_and(|manifest| manifest.lines().any(|line| line.trim() == "[workspace]"))
        })
        .map(Path::to_path_buf)
}

/// `None` when this is no checkout, or git is not there or refuses.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let paths = String::from_utf8(listing.stdout).ok()?;
    let paths: Vec<String> = paths.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    // An unpacked copy inside someone else's checkout is not listed there: an empty list must not pass for a clean one.
    paths.iter().any(|path| path == "Cargo.toml").then_some(paths)
}

fn walked(root: &Path) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut to_visit = vec![String::new()];
    while let Some(folder) = to_visit.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() && !NEVER_WALKED.contains(&path.as_str()) {
                to_visit.push(path);
            } else if kind.is_file() {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_once_and_files_are_no_folders() {
        let tree = Tree::made_up(&[("a/x/1", ""), ("a/x/2", ""), ("a/y/z/3", ""), ("a/README.md", ""), ("ab/q/4", "")]);
        assert_eq!(tree.folders_of("a"), ["x", "y"]);
    }

    #[test]
    fn a_walk_finds_the_sources_and_leaves_out_what_was_built() {
        let root = std::env::temp_dir().join(format!("xtask-walk-{}", std::process::id()));
        fs::create_dir_all(root.join("gateway/fhir")).unwrap();
        fs::create_dir_all(root.join("target/debug")).unwrap();
        fs::write(root.join("gateway/fhir/lib.rs"), "//! words").unwrap();
        fs::write(root.join("target/debug/built"), "x").unwrap();
        let found = walked(&root);
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found.unwrap(), ["gateway/fhir/lib.rs"]);
    }

    #[test]
    fn files_for_tests_are_known_by_their_names() {
        let is = |path: &str| File::new(path.to_owned(), b"").is_for_tests();
        for path in
            ["a/src/tests.rs", "a/src/b/view_tests.rs", "a/src/testing.rs", "a/src/testing/mod.rs", "a/tests/b/c.rs"]
        {
            assert!(is(path), "{path}");
        }
        for path in ["a/src/latests.rs", "a/src/tests_of_faith.rs", "a/src/testing_ground.rs", "attests/src/lib.rs"] {
            assert!(!is(path), "{path}");
        }
    }

    #[test]
    fn a_nul_byte_makes_a_file_binary() {
        assert!(File::new("a".to_owned(), b"PK\x00").is_binary());
        assert!(!File::new("a".to_owned(), "tekst, één regel".as_bytes()).is_binary());
    }
}
