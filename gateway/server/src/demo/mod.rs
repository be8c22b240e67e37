//! `zorgsluis demo` and `zorgsluis try`: whole set-ups on loopback, for looking and for trying. Development only, and
//! the only place that knows the simulators; a production build leaves this module out.
//!
//! Nodes run as processes of their own, with the configuration files that an operator would write: one of them can be
//! killed without the others, and nothing here is a way around `serve`.

mod children;
mod directories;
mod ecd;
mod embedded;
mod framework;
mod handoff_partner;
mod handoffs;
mod index;
mod log_in;
mod log_keys;
mod national;
mod notices;
mod older;
mod outsiders;
mod overseers;
mod ready;
mod referrals;
mod region;
mod regional;
mod registers;
mod secrets;
mod telling;
mod trying;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use connectors::http::WebAddress;
use connectors::identity::LimitsConfig;
use connectors::identity::nuts::NutsConfig;
use fhir::{FhirVersion, Ura};
use policy::UseCaseId;

use crate::quality::QualityConfig;

pub use region::demo;
pub use trying::try_out;

/// Options of `zorgsluis demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// The first port; the demo uses the hundred and fifty above it.
    #[arg(long, default_value_t = 18_400)]
    pub base_port: u16,
    /// Where to write, once all is ready, what another program needs to drive the region.
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
    /// The folder that holds everything the demo makes.
    #[arg(long, default_value = "state/demo")]
    pub state: PathBuf,
    /// Stops when standard input ends.
    #[arg(long)]
    pub stop_with_input: bool,
}

/// Options of `zorgsluis try`.
#[derive(Args, Clone, Debug)]
pub struct TryOptions {
    /// The FHIR base of your server; may be given more than once.
    #[arg(long, required = true)]
    pub upstream: Vec<String>,
    /// The version that the servers speak.
    #[arg(long, default_value = "r4", value_parser = version)]
    pub fhir_version: FhirVersion,
    /// The first of the two ports: plain HTTP, then mutual TLS.
    #[arg(long, default_value_t = 18_600)]
    pub base_port: u16,
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
    #[arg(long, default_value = "state/try")]
    pub state: PathBuf,
    /// Stops when standard input ends.
    #[arg(long)]
    pub stop_with_input: bool,
}

fn version(text: &str) -> Result<FhirVersion, String> {
    text.parse().map_err(|()| "stu3 or r4".to_owned())
}

/// Nuts in the demo: its own authority issues the certificates that credentials are made of, and those of TLS.
fn nuts(authority: &Path, introspection_endpoint: Option<WebAddress>) -> NutsConfig {
    NutsConfig {
        authorities_file: Some(authority.to_owned()),
        did_web_authorities_file: Some(authority.to_owned()),
        introspection_endpoint,
        ..NutsConfig::default()
    }
}

/// Every resource is looked at, when the statements of profiles stand in the folder that this is run in.
fn quality() -> QualityConfig {
    let here = std::env::current_dir().map(|here| here.join("profiles/zib")).ok();
    QualityConfig { one_in: 1, statements: here.filter(|folder| folder.is_dir()), ..QualityConfig::default() }
}

/// Wide: whoever tries out a node sends much from one place, and often without being anybody.
fn limits() -> LimitsConfig {
    LimitsConfig {
        client_per_minute: 600_000,
        client_burst: 100_000,
        person_per_minute: 600_000,
        person_burst: 100_000,
        token_per_minute: 60_000,
        unidentified_per_minute: 60_000,
        // Long enough to be seen.
        // Long enough to be seen.
        log_in_seconds: 3,
        log_in_attempts_of_person: 3,
        ..LimitsConfig::default()
    }
}

/// A port on loopback.
fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Adds to a port; a sentence when there is none so high.
fn port(base: u16, offset: u16) -> Result<u16, String> {
    base.checked_add(offset).ok_or_else(|| format!("--base-port {base} leaves no room for the ports above it"))
}

/// A file-system fault as a sentence.
fn io(what: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |fault| format!("{}: {fault}", what.display())
}

fn use_case(name: &str) -> Result<UseCaseId, String> {
    UseCaseId::parse(name).ok_or_else(|| format!("{name} is no use case name"))
}

fn ura(text: &str) -> Result<Ura, String> {
    Ura::parse(text).map_err(|fault| format!("{text}: {fault}"))
}

fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|fault| fault.to_string())
}
