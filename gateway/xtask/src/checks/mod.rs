//! The rules of this repository, a file each. Every rule is a pure function from the tree to its findings; this file only
//! puts them in a row.

mod absolute_paths;
mod heavy_dependencies;
mod imports;
mod lockfile;
mod map;
mod personal_data;
mod private_keys;
mod profiles;
mod sources;

use crate::finding::Finding;
use crate::tree::Tree;

const RULES: [fn(&Tree) -> Vec<Finding>; 9] = [
    imports::check,
    heavy_dependencies::check,
    lockfile::check,
    sources::check,
    personal_data::check,
    private_keys::check,
    absolute_paths::check,
    profiles::check,
    map::check,
];

/// What every rule finds, sorted by place.
pub fn all(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    findings.sort();
    findings
}
