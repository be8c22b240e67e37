mod agreement;
mod answers;
mod examples;
mod reading;

use std::path::{Path, PathBuf};

use super::*;

/// The statements of the project with the names of their files, in order.
fn all() -> Vec<(PathBuf, Statement)> {
    let mut found = Vec::new();
    let mut folders = vec![folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") && !path.ends_with("answers.json") {
                let text = std::fs::read_to_string(&path).unwrap();
                let statement = read(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
                found.push((path, statement));
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/zib")
}

/// Public definitions and examples, which are no part of the project.
fn shared(below: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let found = [root.join(below), root.join("data").join(below)].into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: {below}: shared/data absent");
    }
    found
}
