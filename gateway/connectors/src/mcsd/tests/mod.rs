//! A copy of directories that are played by a server of a few lines, over a real socket.

mod addressing;
mod book;
mod faults;
mod reading;
mod spoofing;

use std::sync::{Arc, Mutex};

use exchange::ports::{Capability, Clock, Receiver};
use fhir::{FhirVersion, Ura};
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::book::Book;
use super::keys::{self, SourceId};
use super::{
    Directories, DirectoryConfig, MemoryShelf, Networks, Rounds, Shelf, SourceState, Topology, moments, names,
};
use crate::http::{HttpClient, HttpSettings, WebAddress};
use crate::sources::testing::stub::Stub;

/// A clock that a test sets, in milliseconds.
#[derive(Clone)]
pub(super) struct SetClock(Arc<Mutex<i64>>);

impl SetClock {
    pub fn at(text: &str) -> Self {
        SetClock(Arc::new(Mutex::new(moments::instant(text).unwrap())))
    }

    pub fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += seconds * 1000;
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(*self.0.lock().unwrap()) * 1_000_000).unwrap()
    }
}

/// One server with several directories below it (`/fhir/{name}`), and a node that copies them.
pub(super) struct World {
    pub books: Arc<Mutex<Vec<(String, Book)>>>,
    pub stub: Stub,
    pub shelf: Arc<dyn Shelf>,
    pub clock: SetClock,
    pub config: DirectoryConfig,
}

impl World {
    pub async fn new(books: Vec<(&str, Book)>) -> Self {
        let books: Vec<(String, Book)> = books.into_iter().map(|(name, book)| (name.to_owned(), book)).collect();
        let books = Arc::new(Mutex::new(books));
        let served = books.clone();
        let stub = Stub::start(move |asked| {
            let mut books = served.lock().unwrap();
            let found = books.iter_mut().find(|(name, _)| asked.path().starts_with(&format!("/fhir/{name}/")));
            match found {
                Some((name, book)) => book.answer(&format!("/fhir/{name}"), asked),
                None => crate::sources::testing::stub::Reply::status(404),
            }
        })
        .await;
        let mut config = DirectoryConfig::new(Some(address(&stub, "national")));
        (config.page_size, config.page_ms, config.page_bytes) = (3, 400, 1 << 20);
        let clock = SetClock::at("2026-03-01T12:00:00Z");
        World { books, stub, shelf: Arc::new(MemoryShelf::default()), clock, config }
    }

    pub fn decentral(mut self) -> Self {
        self.config.topology = Topology::Decentral;
        self
    }

    pub fn base(&self, name: &str) -> WebAddress {
        address(&self.stub, name)
    }

    pub fn book(&self, name: &str, change: impl FnOnce(&mut Book)) {
        let mut books = self.books.lock().unwrap();
        change(&mut books.iter_mut().find(|(known, _)| known == name).unwrap().1);
    }

    /// The rounds of a node that was started anew with what is on the shelf.
    pub fn rounds(&self) -> Rounds {
        let http = HttpClient::new(HttpSettings::default()).unwrap();
        let clock = Arc::new(self.clock.clone());
        Rounds::new(Arc::new(self.config.clone()), self.shelf.clone(), http, clock, Networks::Any)
    }

    /// One round, a minute later.
    pub async fn round(&self) -> SourceState {
        self.clock.forward(60);
        self.rounds().once().await.unwrap();
        self.state("national")
    }

    pub fn id(&self, name: &str) -> SourceId {
        if name == "national" { SourceId::national() } else { SourceId::of(&self.base(name).to_string()) }
    }

    pub fn state(&self, name: &str) -> SourceState {
        SourceState::load(self.shelf.as_ref(), &self.id(name)).unwrap().unwrap_or_default()
    }

    pub fn directories(&self) -> Directories {
        let clock = Arc::new(self.clock.clone());
        Directories::new(Arc::new(self.config.clone()), self.shelf.clone(), clock, Networks::Any)
    }

    /// The address of an organisation's R4 interface.
    pub fn reached(&self, ura: &str) -> Option<String> {
        let receiver = Receiver { ura: Ura::parse(ura).unwrap(), service: None };
        let found = self.directories().examine(&receiver, &fhir_r4()).unwrap().found?;
        Some(found.address.to_string())
    }

    /// `Type/id` of everything that a directory is known to say.
    pub fn held(&self, name: &str) -> Vec<String> {
        let mut names = Vec::new();
        let walk = &mut |key: &[u8], value: &[u8]| {
            if super::authority::facts(value).is_some() {
                names.push(keys::read(key).unwrap().1);
            }
            true
        };
        self.shelf.walk(&keys::room(&self.id(name)), walk).unwrap();
        names
    }
}

fn address(stub: &Stub, name: &str) -> WebAddress {
    WebAddress::parse(&format!("{}/fhir/{name}", stub.address)).unwrap()
}

pub(super) fn fhir_r4() -> Capability {
    Capability { connections: vec![names::FHIR_REST.into()], payloads: Vec::new(), version: Some(FhirVersion::R4) }
}

pub(super) fn organization(id: &str, ura: &str, endpoints: &[&str]) -> Value {
    let endpoints: Vec<Value> = endpoints.iter().map(|id| json!({"reference": format!("Endpoint/{id}")})).collect();
    json!({"resourceType": "Organization", "id": id, "active": true, "name": format!("Org {ura}"),
        "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}], "endpoint": endpoints})
}

pub(super) fn endpoint(id: &str, address: &str) -> Value {
    json!({"resourceType": "Endpoint", "id": id, "status": "active",
        "connectionType": {"system": names::CONNECTION_TYPES, "code": "hl7-fhir-rest"},
        "payloadType": [{"coding": [{"system": names::DATA_CATEGORIES, "code": "Condition"}]}],
        "payloadMimeType": ["application/fhir+json; fhirVersion=4.0"], "address": address})
}

/// An endpoint at which a provider's own directory is.
pub(super) fn directory_endpoint(id: &str, base: &WebAddress) -> Value {
    let mut endpoint = endpoint(id, &base.to_string());
    endpoint["payloadType"] = json!([{"coding": [{"system": names::CAPABILITIES, "code": names::DIRECTORY_PAYLOAD}]}]);
    endpoint
}
