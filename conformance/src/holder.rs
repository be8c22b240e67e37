//! A node to ask: a data holder with one source system, made from nothing in a folder, and a caller with a certificate.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ca::{CertificateAuthority, Files, Subject};
use crate::callers::{Acting, OuterCaller, TreatmentRelation, User, Wire};
use crate::source_server::{FhirVersion, Recorded, SourceHandle, SourceServer};

const HOLDER: &str = "90010001";
const CALLER: &str = "90010090";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What the node has its data from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A FHIR server that knows the core parameters only.
    Fhir,
    /// A folder of files.
    Files,
}

impl SourceKind {
    pub const ALL: [SourceKind; 2] = [SourceKind::Fhir, SourceKind::Files];

    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Fhir => "fhir",
            SourceKind::Files => "files",
        }
    }
}

impl std::str::FromStr for SourceKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = SourceKind::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| "expected fhir or files".to_owned())
    }
}

/// What a node is made of.
pub struct Plan<'p> {
    pub program: &'p Path,
    /// The folder of use cases, and which of them the node takes part in.
    pub profiles: &'p Path,
    pub use_cases: &'p [&'p str],
    /// A folder of its own for everything that is made.
    pub folder: PathBuf,
    pub version: FhirVersion,
    pub source: SourceKind,
    /// What the source has.
    pub resources: &'p [Value],
    /// The BSNs of those who consent.
    pub patients: &'p [String],
    /// Further lines of the bounds in its configuration.
    pub bounds: &'p str,
}

/// The node, running, with its source.
pub struct Holder {
    child: Child,
    source: Option<SourceHandle>,
    caller: OuterCaller,
    /// The FHIR base of its outer listener.
    pub base: String,
    /// Its technical log.
    pub log: PathBuf,
}

impl Holder {
    /// Starts a node and waits until it is ready.
    ///
    /// # Errors
    /// A sentence about what could not be made or started.
    pub fn start(plan: &Plan<'_>) -> Result<Self, String> {
        let folder = &plan.folder;
        let made = |error: io::Error| format!("{}: {error}", folder.display());
        for own in ["certs", "registers", "records"] {
            fs::create_dir_all(folder.join(own)).map_err(made)?;
        }
        let authority = CertificateAuthority::new("Counts authority").map_err(|error| error.to_string())?;
        let ca_file = authority.write(&folder.join("certs"), "ca").map_err(made)?.certificate;
        let issued = |ura: &str, name: &str| -> Result<Files, String> {
            let subject = Subject { name, dns_names: &[] };
            let issued = authority.issue_server(ura, &subject).map_err(|error| error.to_string())?;
            issued.write(&folder.join("certs"), ura).map_err(made)
        };
        let (own, callers) = (issued(HOLDER, "Houder")?, issued(CALLER, "Vrager")?);
        let consents: Vec<Value> = plan
            .patients
            .iter()
            .enumerate()
            .map(|(number, bsn)| json!({"id": format!("consent-{number}"), "patient": bsn, "decision": "permit"}))
            .collect();
        write_private(&folder.join("registers/consents.json"), json!(consents).to_string().as_bytes()).map_err(made)?;
        let source = match plan.source {
            SourceKind::Fhir => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                Some(SourceServer::start(plan.version, plan.resources.to_vec(), address).map_err(made)?)
            }
            SourceKind::Files => {
                let lines: Vec<String> = plan.resources.iter().map(Value::to_string).collect();
                write_private(&folder.join("records/all.ndjson"), lines.join("\n").as_bytes()).map_err(made)?;
                None
            }
        };
        let (outer, inner) = (free_port().map_err(made)?, free_port().map_err(made)?);
        let config = Config { plan, own: &own, ca_file: &ca_file, outer, inner };
        let file = folder.join("node.toml");
        write_private(&file, config.text(source.as_ref()).as_bytes()).map_err(made)?;
        let log = folder.join("node.log");
        let child = Command::new(plan.program)
            .args(["serve", "--stop-with-input", "--config"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).map_err(made)?)
            .spawn()
            .map_err(|error| format!("{} cannot be run: {error}", plan.program.display()))?;
        let public = format!("https://localhost:{outer}");
        let version = segment(plan.version);
        let endpoint = format!("{public}/oauth/token");
        let caller = OuterCaller::new(&ca_file, &callers.certificate, &callers.key, CALLER, &endpoint)
            .map_err(|error| error.to_string())?;
        let mut holder = Holder { child, source, caller, base: format!("{public}/fhir/{version}"), log };
        holder.wait(SocketAddr::from((Ipv4Addr::LOCALHOST, inner)))?;
        Ok(holder)
    }

    fn wait(&mut self, inner: SocketAddr) -> Result<(), String> {
        let begun = Instant::now();
        while !is_ready(inner) {
            let ended = self.child.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || begun.elapsed() > READY_WITHIN {
                let said = fs::read_to_string(&self.log).unwrap_or_default();
                return Err(format!("the node is not ready: {}", said.trim()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The FHIR base of the source, which no caller may ever see.
    pub fn source_base(&self) -> Option<&str> {
        self.source.as_ref().map(|source| source.base_url.as_str())
    }

    /// Everything that the source was asked so far, where it is a server.
    pub fn asked_of_source(&self) -> Vec<Recorded> {
        self.source.as_ref().map(SourceHandle::requests).unwrap_or_default()
    }

    /// A doctor of another hospital who treats this patient, with a token that says so.
    ///
    /// # Errors
    /// No token was given.
    pub async fn caller(&self, use_case: &str, bsn: &str) -> Result<Wire, String> {
        let acting = Acting {
            user: User { id: "telling-01".into(), name: "T. Telling".into(), role: "01.016".into() },
            patient: bsn.to_owned(),
            treatment_relation: TreatmentRelation { kind: "referral".into(), reference: "verwijzing-1".into() },
        };
        self.caller.signed_in(use_case, Some(&acting)).await.map_err(|error| error.to_string())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Config<'c> {
    plan: &'c Plan<'c>,
    own: &'c Files,
    ca_file: &'c Path,
    outer: u16,
    inner: u16,
}

impl Config<'_> {
    /// The node's configuration. A path or text in Rust's quotes is one in TOML's.
    fn text(&self, source: Option<&SourceHandle>) -> String {
        let Config { plan, own, ca_file, outer, inner } = self;
        let Plan { folder, use_cases, bounds, .. } = plan;
        let version = segment(plan.version);
        let source = match source {
            Some(source) => format!("kind = \"fhir\"\nbase = {:?}", source.base_url),
            None => format!("kind = \"files\"\nfolder = {:?}", folder.join("records")),
        };
        format!(
            "mode = \"development\"\n\
             [provider]\nura = \"{HOLDER}\"\nname = \"Houder\"\nkind = \"V6\"\n\
             [outer]\naddress = \"127.0.0.1:{outer}\"\npublic_base = \"https://localhost:{outer}\"\n\
             certificate_file = {:?}\nkey_file = {:?}\nauthorities_file = {:?}\n\
             [inner]\naddress = \"127.0.0.1:{inner}\"\npublic_base = \"http://127.0.0.1:{inner}\"\n\
             [revocation]\nmode = \"off\"\n\
             [limits]\nclient_per_minute = 600000\nclient_burst = 100000\nperson_per_minute = 600000\n\
             person_burst = 100000\ntoken_per_minute = 60000\n\
             [store]\nfolder = {:?}\n\
             [profiles]\nfolder = {:?}\nuse_cases = {use_cases:?}\n\
             [registers]\nconsents_file = {:?}\n\
             [bounds]\nexchange_ms = 30000\nsource_ms = 25000\nfinding_ms = 10000\n{bounds}\n\
             [[sources]]\nversion = \"{version}\"\n{source}\n\
             [[partners]]\nura = \"{CALLER}\"\nname = \"Vrager\"\nkind = \"V6\"\nuse_cases = {use_cases:?}\n",
            own.certificate,
            own.key,
            ca_file,
            folder.join("store"),
            plan.profiles,
            folder.join("registers/consents.json"),
        )
    }
}

/// A version as it stands in paths and configurations.
fn segment(version: FhirVersion) -> &'static str {
    match version {
        FhirVersion::R4 => "r4",
        FhirVersion::Stu3 => "stu3",
    }
}

fn is_ready(inner: SocketAddr) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&inner, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0_u8; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Writes a file that only its owner may read: a node refuses others.
fn write_private(file: &Path, text: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(text)
}
