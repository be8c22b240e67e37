//! A framework of agreements (afsprakenstelsel) as credentials know it, played on loopback over HTTPS: its operator
//! (stelselhouder) and a supplier of software, each a did:web with a key, and a place for status lists.
//!
//! Whoever plays one of them has it signed over the control interface, right or wrong; it must not know what a gateway is.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data, Json, Path};
use actix_web::{HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{CallError, ProofKey, did_document};
use crate::site;

/// The service that the operator's credentials name.
pub const SERVICE: &str = "gbc-client";

/// Who can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Operator,
    Supplier,
}

impl Party {
    fn name(self) -> &'static str {
        match self {
            Party::Operator => "operator",
            Party::Supplier => "supplier",
        }
    }

    /// Its DID, at this port of `localhost`.
    pub fn did(self, port: u16) -> String {
        format!("did:web:localhost%3A{port}:{}", self.name())
    }
}

/// A JWT to be signed: header and claims as they are to stand.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unsigned {
    pub header: Value,
    pub claims: Value,
}

/// The framework. Only a place to start one from; the running one is a [`FrameworkHandle`].
pub struct FrameworkServer;

/// Ends with this.
pub struct FrameworkHandle {
    pub base_url: String,
    pub control_url: String,
    pub port: u16,
    server: ServerHandle,
}

struct World {
    port: u16,
    keys: HashMap<Party, ProofKey>,
    /// Lists by name, as they were put.
    lists: Mutex<HashMap<String, Bytes>>,
}

impl FrameworkServer {
    /// Starts one at this address of `localhost`, with a certificate of this authority.
    ///
    /// # Errors
    /// The address cannot be bound, or a certificate or key cannot be made.
    pub fn start(authority: &CertificateAuthority, address: SocketAddr) -> Result<FrameworkHandle, CallError> {
        let wrong = |fault: &dyn std::fmt::Display| CallError::Certificate(fault.to_string());
        let subject = Subject { name: "Stelselhouder (nagespeeld)", dns_names: &[] };
        let issued = authority.issue_without_ura(&subject).map_err(|fault| wrong(&fault))?;
        let chain =
            vec![CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).map_err(|fault| wrong(&fault))?];
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).map_err(|fault| wrong(&fault))?;
        let listener = TcpListener::bind(address)?;
        let port = listener.local_addr()?.port();
        let keys = HashMap::from([(Party::Operator, ProofKey::fresh()?), (Party::Supplier, ProofKey::fresh()?)]);
        let world = Data::from(Arc::new(World { port, keys, lists: Mutex::default() }));
        let server = site::serve(listener, chain, key, move |app| {
            app.app_data(world.clone())
                .route("/{party}/did.json", web::get().to(document))
                .route("/status/{name}", web::get().to(list))
                .route("/control/status/{name}", web::put().to(put_list))
                .route("/control/sign/{party}", web::post().to(sign));
        })?;
        let base_url = format!("https://localhost:{port}");
        Ok(FrameworkHandle { control_url: format!("{base_url}/control"), base_url, port, server })
    }
}

impl Drop for FrameworkHandle {
    fn drop(&mut self) {
        // The server's thread ends when it is told; nobody waits for that.
        drop(self.server.stop(false));
    }
}

async fn document(world: Data<World>, party: Path<Party>) -> impl Responder {
    let party = party.into_inner();
    world.keys.get(&party).map(|key| HttpResponse::Ok().json(did_document(&party.did(world.port), &key.jwk())))
}

async fn list(world: Data<World>, name: Path<String>) -> HttpResponse {
    let lists = world.lists.lock().unwrap_or_else(PoisonError::into_inner);
    match lists.get(name.as_str()) {
        Some(list) => HttpResponse::Ok().content_type("application/vc+jwt").body(list.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn put_list(world: Data<World>, name: Path<String>, list: Bytes) -> HttpResponse {
    world.lists.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into_inner(), list);
    HttpResponse::NoContent().finish()
}

async fn sign(world: Data<World>, party: Path<Party>, unsigned: Json<Unsigned>) -> HttpResponse {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&unsigned.header), part(&unsigned.claims));
    let signature = world.keys.get(&party.into_inner()).map(|key| key.signature(message.as_bytes()));
    match signature {
        Some(Ok(signature)) => HttpResponse::Ok().body(format!("{message}.{signature}")),
        _ => HttpResponse::InternalServerError().finish(),
    }
}
