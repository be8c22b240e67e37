//! What the provider knows between two requests: log-ins that were begun, codes, tokens. Each is good once and soon.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::keys::Signer;
use super::{Client, Employee, Fault, Keys};

const LIFE: Duration = Duration::from_secs(300);
/// More than any test begins.
const MOST: usize = 10_000;

/// One log-in.
#[derive(Clone)]
pub(super) struct LogIn {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
    /// Once somebody was chosen.
    pub(super) number: String,
}

#[derive(Default)]
struct Kept {
    begun: HashMap<String, (LogIn, Instant)>,
    codes: HashMap<String, (LogIn, Instant)>,
    tokens: HashMap<String, (LogIn, Instant)>,
    /// The ids of the statements that were made.
    statements: Vec<String>,
}

pub(super) struct World {
    employees: Vec<Employee>,
    clients: Vec<Client>,
    /// Signs identity tokens and UserInfo.
    pub(super) envelope: Signer,
    /// Signs statements.
    pub(super) statements: Signer,
    /// Signs them once the key was changed as it should be.
    pub(super) next: Signer,
    /// Signs them when it was changed, and the key set plays a trick.
    pub(super) rotated: Signer,
    /// In no key set.
    pub(super) stranger: Signer,
    /// How often the key set of statements was asked for, and how often somebody came by where nobody should.
    key_sets: AtomicU64,
    sunk: AtomicU64,
    keys: Mutex<Keys>,
    kept: Mutex<Kept>,
    fault: Mutex<Fault>,
}

impl World {
    pub(super) fn new(employees: Vec<Employee>, clients: Vec<Client>) -> io::Result<Self> {
        Ok(World {
            employees,
            clients,
            envelope: Signer::new("oidc-1")?,
            statements: Signer::new("verklaring-1")?,
            next: Signer::new("verklaring-3")?,
            rotated: Signer::new("verklaring-2")?,
            stranger: Signer::new("stranger-1")?,
            key_sets: AtomicU64::new(0),
            sunk: AtomicU64::new(0),
            keys: Mutex::default(),
            kept: Mutex::default(),
            fault: Mutex::default(),
        })
    }

    pub(super) fn employees(&self) -> &[Employee] {
        &self.employees
    }

    pub(super) fn employee(&self, number: &str) -> Option<&Employee> {
        self.employees.iter().find(|employee| employee.number == number)
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    pub(super) fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(super) fn keys(&self) -> Keys {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_keys(&self, keys: Keys) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    pub(super) fn count_key_set(&self) {
        self.key_sets.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_sunk(&self) {
        self.sunk.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the key set was asked for, and the sink.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.key_sets.load(Ordering::Relaxed), self.sunk.load(Ordering::Relaxed))
    }

    /// Keeps a log-in that was begun; its name.
    pub(super) fn begin(&self, log_in: LogIn) -> String {
        keep(&mut self.kept().begun, log_in)
    }

    /// Somebody was chosen: a code.
    pub(super) fn choose(&self, name: &str, number: &str) -> Option<(String, LogIn)> {
        let mut kept = self.kept();
        let log_in = LogIn { number: number.to_owned(), ..take(&mut kept.begun, name)? };
        let code = keep(&mut kept.codes, log_in.clone());
        Some((code, log_in))
    }

    /// The log-in of a code, once.
    pub(super) fn redeem(&self, code: &str) -> Option<LogIn> {
        take(&mut self.kept().codes, code)
    }

    /// An access token for UserInfo.
    pub(super) fn token(&self, log_in: LogIn) -> String {
        keep(&mut self.kept().tokens, log_in)
    }

    pub(super) fn of_token(&self, token: &str) -> Option<LogIn> {
        take(&mut self.kept().tokens, token)
    }

    /// A statement was made.
    pub(super) fn stated(&self, id: &str) {
        let mut kept = self.kept();
        if kept.statements.len() >= MOST {
            kept.statements.clear();
        }
        kept.statements.push(id.to_owned());
    }

    pub(super) fn statement_ids(&self) -> Vec<String> {
        self.kept().statements.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(map: &mut HashMap<String, (LogIn, Instant)>, log_in: LogIn) -> String {
    map.retain(|_, (_, since)| since.elapsed() < LIFE);
    if map.len() >= MOST {
        map.clear();
    }
    let name = uuid::Uuid::new_v4().simple().to_string();
    map.insert(name.clone(), (log_in, Instant::now()));
    name
}

fn take(map: &mut HashMap<String, (LogIn, Instant)>, name: &str) -> Option<LogIn> {
    map.remove(name).filter(|(_, since)| since.elapsed() < LIFE).map(|(log_in, _)| log_in)
}
