//! The chores of this repository: `cargo xtask check` holds what the compiler cannot see (who may import whom, what may
//! stand in a tracked file, what a profile must bring). It knows files and text only: no crate of the gateway, no network.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool answers on its standard streams")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic"))]

mod checks;
mod finding;
mod manifest;
mod rust_source;
mod tree;

use std::process::ExitCode;

use crate::finding::Weight;
use crate::tree::Tree;

const USAGE: &str =
    "usage: cargo xtask check\n\n  check   hold the repository against its own rules; exit code 1 when one is broken";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["check"] => check(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn check() -> ExitCode {
    let tree = match Tree::of_workspace() {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("xtask: {error}");
            return ExitCode::from(2);
        }
    };
    let findings = checks::all(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.weight == Weight::Error).count();
    let warnings = findings.len() - errors;
    println!("xtask check: {} files read, {errors} findings, {warnings} warnings", tree.files().len());
    if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
