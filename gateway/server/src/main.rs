//! `zorgsluis`: the one binary. Knows the command line and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    zorgsluis::cli::run()
}
