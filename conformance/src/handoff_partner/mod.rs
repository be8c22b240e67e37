//! A care provider whose system speaks eOverdracht (FHIR STU3) and nothing else, played on loopback over mutual TLS: a token
//! endpoint, the FHIR base of a sender with its Tasks and documents, and the notification endpoint of a receiver.
//!
//! It does what it is told over its control interface: sends a Task that is another's, fails at any step, hangs, answers a
//! notification with whatever. What it saw can be asked. It must not know what a gateway is.

mod control;
mod exchange;
mod negotiation;
mod serve;
mod tokens;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::dev::ServerHandle;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use serve::Shows;

/// Who it is: URA, name, kind.
pub const PARTNER: (&str, &str, &str) = ("90010092", "Thuiszorg De Overkant", "X3");
/// Where it is, below its base.
pub const TOKEN: &str = "/token";
pub const FHIR: &str = "/fhir/stu3";
pub const NOTIFICATION: &str = "/notification";
/// What it gives tokens for: to whoever pulls what it sends, and to whoever tells it of a Task.
const SCOPES: [&str; 2] = ["eoverdracht-sender", "eoverdracht-receiver"];
/// So much of what it saw is kept.
const MOST_SEEN: usize = 10_000;

/// One transfer that it sends: a Task, and what that leads to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sends {
    /// With what the receiver comes back; the Task's id, when nothing is said.
    #[serde(default)]
    pub base: Option<String>,
    pub resources: Vec<Value>,
    /// What goes wrong, by method and path below the FHIR base: the statuses of the next answers, one after the other.
    #[serde(default)]
    pub faults: BTreeMap<String, Vec<u16>>,
}

/// How it answers notifications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Takes {
    /// The statuses of the next answers. After them it takes what comes.
    pub answers: Vec<u16>,
    /// It answers nobody before so long, in milliseconds.
    pub slow_ms: u64,
}

/// One request that it saw.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Milliseconds of Unix time.
    pub at: u64,
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Bytes of its body.
    pub length: usize,
    /// The URA of the certificate that it came with.
    pub certificate: Option<String>,
    /// What its token stands for, when it is one of ours, not over, and of the same certificate.
    pub token: Option<Given>,
    /// What was answered.
    pub status: u16,
    pub body: Value,
}

/// What a token stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Given {
    pub scope: String,
    /// It was asked for in the name of a person.
    pub person: bool,
    /// What the receiver came back with.
    pub base: Option<String>,
    #[serde(skip)]
    holder: String,
    #[serde(skip)]
    until: u64,
}

/// What to start it with.
pub struct PartnerOptions {
    /// Of the interfaces, and of the control interface.
    pub address: SocketAddr,
    pub control: SocketAddr,
    /// PEM files of its own certificate for `localhost`, of its key, and of whom it takes certificates.
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub authorities: PathBuf,
}

/// Only a place to start it from.
pub struct HandoffPartner;

/// The running partner. Dropping it stops it.
pub struct HandoffPartnerHandle {
    pub base_url: String,
    pub control_url: String,
    servers: Vec<ServerHandle>,
    thread: Option<JoinHandle<()>>,
}

struct World {
    base: String,
    sends: Mutex<BTreeMap<String, Sends>>,
    takes: Mutex<Takes>,
    tokens: Mutex<HashMap<String, Given>>,
    /// Assertions that were used.
    used: Mutex<HashSet<String>>,
    seen: Mutex<Vec<Seen>>,
    shows: Arc<Shows>,
}

impl HandoffPartner {
    /// Starts it on a thread of its own. Returns when both sockets listen.
    ///
    /// # Errors
    /// A file cannot be used, or an address not be bound.
    pub fn start(options: &PartnerOptions) -> io::Result<HandoffPartnerHandle> {
        let shows = Arc::new(Shows::new(&options.certificate, &options.key)?);
        let tls = shows.config(&options.certificate, &options.key, &options.authorities)?;
        let world = Arc::new(World {
            base: format!("https://localhost:{}", options.address.port()),
            sends: Mutex::default(),
            takes: Mutex::default(),
            tokens: Mutex::default(),
            used: Mutex::default(),
            seen: Mutex::default(),
            shows,
        });
        let (tell, told) = mpsc::channel();
        let (theirs, places) = (world.clone(), (options.address, options.control));
        let thread = std::thread::Builder::new()
            .name("handoff-partner".to_owned())
            .spawn(move || serve::run(&theirs, tls, places, &tell))?;
        let started = told.recv().map_err(|_| io::Error::other("the partner ended before it listened"))??;
        Ok(HandoffPartnerHandle {
            base_url: world.base.clone(),
            control_url: format!("http://{}/_control", started.control),
            servers: started.servers,
            thread: Some(thread),
        })
    }
}

impl Drop for HandoffPartnerHandle {
    fn drop(&mut self) {
        for server in &self.servers {
            // The command is sent by the call itself; the future would only await its echo.
            drop(server.stop(false));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds of Unix time.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
