//! The command line.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers on its standard streams")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::NodeConfig;
use crate::policies::PolicySource;
use crate::validate::{self, ValidateOptions};
use crate::{directory, log, packages, policies, serve, wiring};

/// A gateway through which health data passes only after someone has looked who asks, why, and whether the patient
/// agrees.
#[derive(Parser)]
#[command(name = "zorgsluis", version, about)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one node.
    Serve {
        #[arg(long)]
        config: PathBuf,
        /// Stops when standard input ends: for a parent that may be killed.
        #[arg(long)]
        stop_with_input: bool,
    },
    /// Says whether a configuration would start, or what is wrong; runs the policy cases of its use cases.
    Check {
        #[arg(long)]
        config: PathBuf,
    },
    /// The policies: runs their cases, explains a decision, replays logged ones against another version.
    #[command(subcommand)]
    Policy(policies::PolicyCommand),
    /// Reads an access log: prints, searches, exports, verifies it. May be used while the node runs.
    Log(log::LogLine),
    /// The care services directories: why an organisation is or is not found. May be used while the node runs.
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),
    /// The official FHIR packages that resources are validated against.
    #[command(subcommand)]
    Profiles(ProfilesCommand),
    /// Holds files against FHIR and profiles. Exit code 0: no errors; 1: errors; 2: a file or package cannot be used.
    Validate(ValidateOptions),
    /// Runs the demo region: four care providers and their source systems, on loopback.
    #[cfg(feature = "demo")]
    Demo(crate::demo::DemoOptions),
    /// Runs one node in front of FHIR servers of your own, on loopback.
    #[cfg(feature = "demo")]
    Try(crate::demo::TryOptions),
}

#[derive(Subcommand)]
enum ProfilesCommand {
    /// Checks that a package loads, says what it holds, and keeps a copy.
    Add {
        /// A package as it is published (.tgz).
        package: PathBuf,
        #[arg(long, default_value = packages::FOLDER)]
        folder: PathBuf,
    },
    /// Says what each kept package holds.
    List {
        #[arg(long, default_value = packages::FOLDER)]
        folder: PathBuf,
    },
}

/// Runs what the command line says.
pub fn run() -> ExitCode {
    match Line::parse().command {
        Command::Serve { config, stop_with_input } => {
            outcome(NodeConfig::load(&config).and_then(|config| serve::run(config, stop_with_input)))
        }
        Command::Check { config } => outcome(check(&config)),
        Command::Policy(command) => policies::run(command),
        Command::Log(line) => log::run(line),
        Command::Directory(command) => directory::run(command),
        Command::Profiles(ProfilesCommand::Add { package, folder }) => {
            outcome(packages::add(&package, &folder).map(|held| println!("{held}")))
        }
        Command::Profiles(ProfilesCommand::List { folder }) => {
            outcome(packages::list(&folder).map(|all| all.iter().for_each(|held| println!("{held}"))))
        }
        Command::Validate(options) => validate::run(&options),
        #[cfg(feature = "demo")]
        Command::Demo(options) => outcome(crate::demo::demo(&options)),
        #[cfg(feature = "demo")]
        Command::Try(options) => outcome(crate::demo::try_out(&options)),
    }
}

fn check(file: &Path) -> Result<(), String> {
    let config = NodeConfig::load(file)?;
    let tried = PolicySource::of(&config)?.tried()?;
    wiring::hold_versions(&config, &tried.use_cases)?;
    let cases = tried.cases;
    let measured = match wiring::statements(&config)? {
        Some(statements) => format!("{} statements of profiles", statements.count()),
        None => "data quality is not measured".to_owned(),
    };
    wiring::try_identity(&config)?;
    let use_cases = config.profiles.use_cases.len();
    println!("{}: good; {use_cases} use case(s), {cases} policy cases pass; {measured}", file.display());
    Ok(())
}

fn outcome(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("zorgsluis: {trouble}");
            ExitCode::FAILURE
        }
    }
}
