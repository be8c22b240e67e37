//! `zorgsluis directory …`: why an organisation is or is not found, and how the copy of the directories stands. May be used
//! while the node runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers on its standard streams")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use exchange::ports::{Clock, SystemClock};
use fhir::{FhirVersion, Ura};

use super::{AddressBook, Asked, Explained, answering, directories, open};
use crate::config::NodeConfig;

#[derive(Subcommand)]
pub enum DirectoryCommand {
    /// Says step by step why an organisation is or is not found. Exit code 0: found; 1: not found; 2: it cannot be said.
    Explain {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        ura: String,
        /// One of its services: an id, or an identifier as system|value.
        #[arg(long)]
        service: Option<String>,
        /// A connection type that the endpoint must have; may be given more than once. By default hl7-fhir-rest.
        #[arg(long)]
        connection: Vec<String>,
        /// A payload type that the endpoint must have one of; may be given more than once.
        #[arg(long)]
        payload: Vec<String>,
        /// r4 or stu3.
        #[arg(long)]
        version: Option<String>,
        /// In Dutch.
        #[arg(long)]
        dutch: bool,
    },
    /// Says of every directory when it was last read to its end, what changed and what was refused.
    Status {
        #[arg(long)]
        config: PathBuf,
    },
}

pub fn run(command: DirectoryCommand) -> ExitCode {
    let told = match command {
        DirectoryCommand::Status { config } => {
            return match tell(&config, None) {
                Ok(told) => {
                    print(&told);
                    ExitCode::SUCCESS
                }
                Err(trouble) => failed(&trouble),
            };
        }
        DirectoryCommand::Explain { config, ura, service, connection, payload, version, dutch } => {
            let asked = question(&ura, version.as_deref()).map(|asked| Asked {
                service,
                connections: connection,
                payloads: payload,
                english: !dutch,
                ..asked
            });
            asked.and_then(|asked| tell(&config, Some(&asked)))
        }
    };
    match told {
        Ok(told) => {
            print(&told);
            if told.address.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(trouble) => failed(&trouble),
    }
}

fn question(ura: &str, version: Option<&str>) -> Result<Asked, String> {
    let ura = Ura::parse(ura).map_err(|_| "a URA is eight digits".to_owned())?;
    let version = match version {
        None => None,
        Some("r4") => Some(FhirVersion::R4),
        Some("stu3") => Some(FhirVersion::Stu3),
        Some(_) => return Err("the version is r4 or stu3".into()),
    };
    Ok(Asked { version, ..Asked::about(ura) })
}

/// From the node that runs, or from its folder when none does.
fn tell(file: &Path, asked: Option<&Asked>) -> Result<Explained, String> {
    let config = NodeConfig::load(file)?;
    let Some(directory) = &config.directory else { return Err("the configuration has no [directory]".into()) };
    if let Some(told) = answering::ask(&answering::socket(&config.store.folder), asked) {
        return told;
    }
    let shelf = open(&config, directory)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let book = AddressBook::new(directories(&config, directory, &shelf, &clock));
    match asked {
        Some(asked) => book.explain(asked),
        None => Ok(answering::overview(&book)),
    }
}

fn print(told: &Explained) {
    for (holds, text) in &told.steps {
        println!("{} {text}", if *holds { "+" } else { "-" });
    }
    println!("{}", told.conclusion);
}

fn failed(trouble: &str) -> ExitCode {
    eprintln!("zorgsluis: {trouble}");
    ExitCode::from(2)
}
