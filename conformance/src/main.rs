//! The other side of the wire as a program: a source system to put behind a node, filled from
//! a folder, and the demo region's records as files to fill it with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use conformance::region;
use conformance::source_server::{FhirVersion, SourceServer, read_folder};

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
}

#[allow(clippy::print_stderr)] // a command line program tells its user why it ends
fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout)] // where the source can be reached is what its user waits for
fn run(command: Command) -> std::io::Result<()> {
    match command {
        Command::Source { fhir_version, port, folder } => {
            let resources = read_folder(&folder)?;
            let count = resources.len();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let source = SourceServer::start(fhir_version, resources, address)?;
            println!("{count} resources at {}, control at {}", source.base_url, source.control_url);
            actix_web::rt::System::new().block_on(tokio::signal::ctrl_c())?;
            source.stop();
            Ok(())
        }
        Command::Region { provider, folder } => {
            if region::providers().iter().all(|known| known.key != provider) {
                return Err(std::io::Error::other("the region has no such provider"));
            }
            region::write_folder(&provider, &folder)
        }
    }
}
