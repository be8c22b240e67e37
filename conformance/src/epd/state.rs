//! What the EPD knows between two requests: launches, codes, tokens. Codes are good once, and soon.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{EpdClient, Fault};
use crate::identity_provider::keys::Signer;

const LIFE: Duration = Duration::from_secs(300);
/// More than any test begins.
const MOST: usize = 10_000;

/// Who launches, about whom: ids of resources of this EPD.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) practitioner: String,
    pub(super) patient: String,
}

/// A launch that was authorised.
#[derive(Clone)]
pub(super) struct Authorised {
    pub(super) context: Context,
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
}

#[derive(Default)]
struct Kept {
    launches: HashMap<String, (Context, Instant)>,
    codes: HashMap<String, (Authorised, Instant)>,
    tokens: HashMap<String, (Context, Instant)>,
    asked: u64,
}

pub(super) struct World {
    pub(super) client: EpdClient,
    /// Patients, practitioners and their roles.
    resources: Vec<Value>,
    /// Signs identity tokens.
    pub(super) signer: Signer,
    /// In no key set.
    pub(super) stranger: Signer,
    kept: Mutex<Kept>,
    fault: Mutex<Fault>,
}

impl World {
    pub(super) fn new(client: EpdClient, resources: Vec<Value>) -> io::Result<Self> {
        let (signer, stranger) = (Signer::new("epd-1")?, Signer::new("stranger-1")?);
        Ok(World { client, resources, signer, stranger, kept: Mutex::default(), fault: Mutex::default() })
    }

    pub(super) fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(super) fn read(&self, kind: &str, id: &str) -> Option<&Value> {
        self.resources.iter().find(|one| one["resourceType"] == kind && one["id"] == id)
    }

    /// The roles of a practitioner.
    pub(super) fn roles(&self, practitioner: &str) -> Vec<&Value> {
        let wanted = format!("Practitioner/{practitioner}");
        let theirs = |one: &&Value| {
            one["resourceType"] == "PractitionerRole" && one["practitioner"]["reference"] == wanted.as_str()
        };
        self.resources.iter().filter(theirs).collect()
    }

    /// The id of the patient with this BSN.
    pub(super) fn patient(&self, bsn: &str) -> Option<String> {
        let named = |one: &&Value| {
            let identifiers = one["identifier"].as_array().map(Vec::as_slice).unwrap_or_default();
            one["resourceType"] == "Patient" && identifiers.iter().any(|identifier| identifier["value"] == bsn)
        };
        self.resources.iter().find(named)?["id"].as_str().map(str::to_owned)
    }

    /// The id of another patient.
    pub(super) fn another_patient(&self, than: &str) -> Option<String> {
        let other = |one: &&Value| one["resourceType"] == "Patient" && one["id"] != than;
        self.resources.iter().find(other)?["id"].as_str().map(str::to_owned)
    }

    pub(super) fn launch(&self, context: Context) -> String {
        keep(&mut self.kept().launches, context)
    }

    /// What was launched; it may be opened again for as long as it lives.
    pub(super) fn of_launch(&self, launch: &str) -> Option<Context> {
        self.kept().launches.get(launch).filter(|(_, since)| since.elapsed() < LIFE).map(|(context, _)| context.clone())
    }

    pub(super) fn code(&self, authorised: Authorised) -> String {
        keep(&mut self.kept().codes, authorised)
    }

    /// What a code stands for, once.
    pub(super) fn redeem(&self, code: &str) -> Option<Authorised> {
        let (authorised, since) = self.kept().codes.remove(code)?;
        (since.elapsed() < LIFE).then_some(authorised)
    }

    pub(super) fn token(&self, context: Context) -> String {
        keep(&mut self.kept().tokens, context)
    }

    pub(super) fn of_token(&self, token: &str) -> Option<Context> {
        self.kept().tokens.get(token).map(|(context, _)| context.clone())
    }

    /// One more request came.
    pub(super) fn count(&self) {
        self.kept().asked += 1;
    }

    pub(super) fn asked(&self) -> u64 {
        self.kept().asked
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(map: &mut HashMap<String, (T, Instant)>, what: T) -> String {
    map.retain(|_, (_, since)| since.elapsed() < LIFE);
    if map.len() >= MOST {
        map.clear();
    }
    let name = uuid::Uuid::new_v4().simple().to_string();
    map.insert(name.clone(), (what, Instant::now()));
    name
}
