//! The other side of the wire as a program: a source system to put behind a node, filled from
//! a folder, and the demo region's records as files to fill it with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use conformance::counts::{Counting, Set, SourceKind, judged};
use conformance::handoff::{Load, put_through};
use conformance::ready::Ready;
use conformance::region;
use conformance::source_server::{FhirVersion, SourceServer, read_folder};
use conformance::suites::{self, Finding, Setting, Verdict, checklist};
use conformance::testscripts;

#[derive(Parser)]
#[command(about = "Simulators and material to try a care exchange node with")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a folder of FHIR resources (.json, .ndjson) as a FHIR server on loopback
    Source {
        /// stu3 or r4
        #[arg(long, default_value = "r4")]
        fhir_version: FhirVersion,
        /// 0 takes a free one
        #[arg(long, default_value_t = 0)]
        port: u16,
        #[arg(long)]
        folder: PathBuf,
    },
    /// Write the records of one provider of the demo region to a folder, a file per resource
    Region {
        /// hospital, nursing-home, general-practice or pharmacy
        #[arg(long)]
        provider: String,
        #[arg(long)]
        folder: PathBuf,
    },
    /// Put every published search of the BgZ and of medication transfer to a node, and count
    Counts {
        /// The folder of shared data: fixtures, expected counts, definitions
        #[arg(long)]
        shared: PathBuf,
        /// The node's program
        #[arg(long, default_value = "target/debug/zorgsluis")]
        node_program: PathBuf,
        /// The folder of use cases
        #[arg(long, default_value = "profiles")]
        profiles: PathBuf,
        /// fhir or files; both when it is not said
        #[arg(long)]
        kind: Option<SourceKind>,
        /// bgz-2.0, bgz-1.2.2 or mp9; all of them when it is not said
        #[arg(long)]
        set: Option<Set>,
    },
    /// Hand a patient over in a running demo region, compare what came with what was sent, and show both access logs
    Handoff {
        #[arg(long)]
        ready_file: PathBuf,
        /// The program whose command `log` prints an access log
        #[arg(long, default_value = "zorgsluis")]
        log_program: PathBuf,
    },
    /// Put many handoffs through a running demo region: how many a second, how long each takes, what memory the nodes have
    HandoffLoad {
        #[arg(long)]
        ready_file: PathBuf,
        #[arg(long, default_value_t = 1_000)]
        count: usize,
        /// Of each handoff
        #[arg(long, default_value_t = 150)]
        resources: usize,
        #[arg(long, default_value_t = 8)]
        at_once: usize,
    },
    /// Run the published TestScripts of eOverdracht against a running demo region, sender and receiver
    Testscripts {
        #[arg(long)]
        ready_file: PathBuf,
        /// The folder of shared data: scripts, fixtures, definitions
        #[arg(long)]
        shared: PathBuf,
        /// The program of the nodes
        #[arg(long, default_value = "zorgsluis")]
        log_program: PathBuf,
        /// Those of the negotiation phase, which the standard had until January 2026, as far as a receiver is tried
        #[arg(long)]
        historic: bool,
    },
    /// Hold a running demo region against the checks of the handoff's roles, and print the list of them by number
    Checklist {
        #[arg(long)]
        ready_file: PathBuf,
        /// The program of the nodes
        #[arg(long, default_value = "zorgsluis")]
        log_program: PathBuf,
    },
    /// Hold what a ready file describes against the suite that fits it
    Suite {
        #[arg(long)]
        ready_file: PathBuf,
        /// The program whose command `log` prints an access log
        #[arg(long, default_value = "zorgsluis")]
        log_program: PathBuf,
        /// Only the checks whose name holds this text
        #[arg(long, default_value = "")]
        only: String,
    },
}

#[allow(clippy::print_stderr, reason = "a command line program tells its user why it ends")]
fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "where the source can be reached is what its user waits for")]
fn run(command: Command) -> std::io::Result<ExitCode> {
    match command {
        Command::Source { fhir_version, port, folder } => {
            let resources = read_folder(&folder)?;
            let count = resources.len();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let source = SourceServer::start(fhir_version, resources, address)?;
            println!("{count} resources at {}, control at {}", source.base_url, source.control_url);
            actix_web::rt::System::new().block_on(tokio::signal::ctrl_c())?;
            source.stop();
            Ok(ExitCode::SUCCESS)
        }
        Command::Region { provider, folder } => {
            if region::providers().iter().all(|known| known.key != provider) {
                return Err(std::io::Error::other("the region has no such provider"));
            }
            region::write_folder(&provider, &folder)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Counts { shared, node_program, profiles, kind, set } => {
            let state = tempfile::tempdir()?;
            let counting = Counting {
                shared: shared.canonicalize()?,
                program: node_program.canonicalize()?,
                profiles: profiles.canonicalize()?,
                state: state.path().to_owned(),
                kinds: kind.map_or_else(|| SourceKind::ALL.to_vec(), |kind| vec![kind]),
                sets: set.map_or_else(|| Set::ALL.to_vec(), |set| vec![set]),
            };
            let run = counting.run(|progress| println!("{progress}"));
            let report = actix_web::rt::System::new().block_on(run).map_err(std::io::Error::other)?;
            let (text, unexplained) = judged(&report);
            println!("{text}");
            Ok(if unexplained == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Handoff { ready_file, log_program } => {
            let ready = Ready::read(&ready_file).map_err(std::io::Error::other)?;
            let setting = Setting::of_program(ready, log_program);
            let shown = conformance::handoff::shown(&setting, |line| println!("{line}"));
            let shown = actix_web::rt::System::new().block_on(shown);
            shown.map_err(|flaw| std::io::Error::other(format!("{flaw:?}")))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::HandoffLoad { ready_file, count, resources, at_once } => {
            let ready = Ready::read(&ready_file).map_err(std::io::Error::other)?;
            let setting = Setting::new(ready, Box::new(|_, _| Ok(Vec::new())));
            let run = put_through(&setting, Load { count, resources, at_once }, |line| println!("{line}"));
            let outcome = actix_web::rt::System::new().block_on(run);
            let outcome = outcome.map_err(|flaw| std::io::Error::other(format!("{flaw:?}")))?;
            outcome.lines().iter().for_each(|line| println!("{line}"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Testscripts { ready_file, shared, log_program, historic } => {
            if testscripts::files(&shared).is_empty() {
                println!("SKIPPED: {} has no TestScripts of eOverdracht, none was run", shared.display());
                return Ok(ExitCode::SUCCESS);
            }
            let setting = Setting::of_program(Ready::read(&ready_file).map_err(std::io::Error::other)?, log_program);
            let tell = |finding: &testscripts::Finding| finding.lines().iter().for_each(|line| println!("{line}"));
            let findings = actix_web::rt::System::new().block_on(async {
                if historic {
                    testscripts::run_historic(&setting, &shared, tell).await
                } else {
                    testscripts::run(&setting, &shared, tell).await
                }
            });
            let findings = findings.map_err(|flaw| std::io::Error::other(format!("{flaw:?}")))?;
            let passed = findings.iter().filter(|finding| finding.passes()).count();
            println!("{passed} of {} scripts pass", findings.len());
            Ok(if passed == findings.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Checklist { ready_file, log_program } => {
            let ready = Ready::read(&ready_file).map_err(std::io::Error::other)?;
            let mut checks = suites::fitting(&ready);
            checks.retain(|check| checklist::is_of_it(check.name));
            let setting = Setting::of_program(ready, log_program);
            let run = suites::run(&checks, &setting, |_| {});
            let findings = actix_web::rt::System::new().block_on(run);
            let lines = checklist::lines(&findings);
            lines.iter().for_each(|line| println!("{}", line.text()));
            let passed = lines.iter().filter(|line| line.passes()).count();
            println!("{passed} of {} pass", lines.len());
            Ok(if passed == lines.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Suite { ready_file, log_program, only } => {
            let ready = Ready::read(&ready_file).map_err(std::io::Error::other)?;
            let mut checks = suites::fitting(&ready);
            checks.retain(|check| check.name.contains(&only));
            let setting = Setting::of_program(ready, log_program);
            let run = suites::run(&checks, &setting, tell);
            let (passed, failed) = suites::tally(&actix_web::rt::System::new().block_on(run));
            println!("{passed} passed, {failed} failed");
            Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

#[allow(clippy::print_stdout, reason = "the findings are what its user waits for")]
fn tell(finding: &Finding) {
    match &finding.verdict {
        Verdict::Holds => println!("holds    {}", finding.check),
        Verdict::Broken(why) => println!("BROKEN   {}: {why}", finding.check),
        Verdict::NotRun(why) => println!("not run  {}: {why}", finding.check),
    }
}
