//! A care provider whose node speaks Nuts and nothing else, played on loopback over HTTPS: an authorization server that gives
//! tokens for presentations of an X509Credential (RFC021), and a FHIR base behind it. On demand it misbehaves
//! ([`PartnerFault`]). It must not know what a gateway is.

mod presented;

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, Form, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{CallError, Wire};
use crate::site;
pub(crate) use presented::Jwt;
use presented::Presented;

/// Who it is: URA, name, kind.
pub const PARTNER: (&str, &str, &str) = ("90010091", "Kliniek De Wissel", "Z4");
/// The one patient that it knows, of the region.
pub const PATIENT: &str = "999991073";
const SUBJECT: &str = "wissel";
const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// How it misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartnerFault {
    #[default]
    None,
    /// Its metadata is of another issuer.
    OtherIssuer,
    /// Its token endpoint is at another host.
    Elsewhere,
    /// It asks for a credential of a person as well.
    AsksForMore,
    /// It gives no token to anybody.
    Refuses,
}

/// What it saw since its start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Presentations that were right, and the organisations (URA) that they were of.
    pub presented: Vec<String>,
    /// What was wrong with others.
    pub refused: Vec<String>,
    /// Searches with a token that it gave.
    pub searches: usize,
}

/// The partner. Only a place to start one from; the running one is a [`PartnerHandle`].
pub struct NutsPartner;

/// Ends with this.
pub struct PartnerHandle {
    pub base_url: String,
    pub control_url: String,
    /// Its authorization server, by its issuer.
    pub issuer: String,
    server: ServerHandle,
}

struct World {
    base: String,
    authority: Vec<u8>,
    wire: Wire,
    fault: Mutex<PartnerFault>,
    seen: Mutex<Seen>,
    /// Nonces that were used, and tokens that were given.
    used: Mutex<HashSet<String>>,
    tokens: Mutex<HashSet<String>>,
}

impl NutsPartner {
    /// Starts one at this address of `localhost`, with a certificate of this authority, whose own is in `ca_file`.
    ///
    /// # Errors
    /// The address cannot be bound, or a certificate or key cannot be made.
    pub fn start(
        authority: &CertificateAuthority,
        ca_file: &FilePath,
        address: SocketAddr,
    ) -> Result<PartnerHandle, CallError> {
        let wrong = |fault: &dyn std::fmt::Display| CallError::Certificate(fault.to_string());
        let subject = Subject { name: PARTNER.1, dns_names: &[] };
        let issued = authority.issue_server(PARTNER.0, &subject).map_err(|fault| wrong(&fault))?;
        let read = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|fault| wrong(&fault));
        let chain = vec![read(&issued.certificate_pem)?];
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).map_err(|fault| wrong(&fault))?;
        let listener = TcpListener::bind(address)?;
        let base_url = format!("https://localhost:{}", listener.local_addr()?.port());
        let world = Data::from(Arc::new(World {
            base: base_url.clone(),
            authority: read(authority.certificate_pem())?.to_vec(),
            wire: Wire::new(Some(ca_file), None)?,
            fault: Mutex::default(),
            seen: Mutex::default(),
            used: Mutex::default(),
            tokens: Mutex::default(),
        }));
        let server = site::serve(listener, chain, key, move |app| {
            app.app_data(world.clone())
                .route("/.well-known/oauth-authorization-server/oauth2/{subject}", web::get().to(metadata))
                .route("/oauth2/{subject}/presentation_definition", web::get().to(definition))
                .route("/oauth2/{subject}/token", web::post().to(token))
                .route("/fhir/r4/{type}/_search", web::post().to(search))
                .route("/control/fault", web::put().to(set_fault))
                .route("/control/seen", web::get().to(seen));
        })?;
        let issuer = format!("{base_url}/oauth2/{SUBJECT}");
        Ok(PartnerHandle { control_url: format!("{base_url}/control"), base_url, issuer, server })
    }
}

impl Drop for PartnerHandle {
    fn drop(&mut self) {
        // The server's thread ends when it is told; nobody waits for that.
        drop(self.server.stop(false));
    }
}

impl World {
    fn issuer(&self) -> String {
        format!("{}/oauth2/{SUBJECT}", self.base)
    }

    fn fault(&self) -> PartnerFault {
        *locked(&self.fault)
    }

    fn refuse(&self, why: &str) -> HttpResponse {
        locked(&self.seen).refused.push(why.to_owned());
        HttpResponse::BadRequest().json(json!({"error": "invalid_verifiable_presentation", "error_description": why}))
    }
}

async fn metadata(world: Data<World>, subject: Path<String>) -> HttpResponse {
    if subject.as_str() != SUBJECT {
        return HttpResponse::NotFound().finish();
    }
    let issuer = world.issuer();
    let stated = if world.fault() == PartnerFault::OtherIssuer { format!("{issuer}-x") } else { issuer.clone() };
    let endpoint = match world.fault() {
        PartnerFault::Elsewhere => "https://elsewhere.example/token".to_owned(),
        _ => format!("{issuer}/token"),
    };
    HttpResponse::Ok().json(json!({
        "issuer": stated, "token_endpoint": endpoint, "grant_types_supported": ["vp_token-bearer"],
        "presentation_definition_endpoint": format!("{issuer}/presentation_definition"),
    }))
}

#[derive(Deserialize)]
struct Scope {
    scope: String,
}

async fn definition(world: Data<World>, asked: Query<Scope>) -> HttpResponse {
    let organisation = json!({"id": "organisation", "constraints": {"fields": [
        {"path": ["$.type"], "filter": {"type": "string", "const": "X509Credential"}}]}});
    let person = json!({"id": "person", "constraints": {"fields": [
        {"path": ["$.type"], "filter": {"type": "string", "const": "DeziUserCredential"}}]}});
    let descriptors = match world.fault() {
        PartnerFault::AsksForMore => json!([organisation, person]),
        _ => json!([organisation]),
    };
    HttpResponse::Ok().json(json!({"id": format!("for {}", asked.scope), "input_descriptors": descriptors}))
}

#[derive(Deserialize)]
struct TokenForm {
    grant_type: String,
    assertion: String,
    presentation_submission: String,
    scope: String,
}

async fn token(world: Data<World>, form: Form<TokenForm>) -> HttpResponse {
    if world.fault() == PartnerFault::Refuses {
        return world.refuse("nobody gets a token");
    }
    if form.grant_type != "vp_token-bearer" {
        return world.refuse("another grant type");
    }
    let submission: Value = serde_json::from_str(&form.presentation_submission).unwrap_or_default();
    let descriptor = &submission["descriptor_map"][0];
    let answers = submission["definition_id"] == format!("for {}", form.scope)
        && descriptor["id"] == "organisation"
        && descriptor["format"] == "jwt_vc"
        && descriptor["path"] == "$.verifiableCredential";
    if !answers {
        return world.refuse("the submission is no answer");
    }
    let presented = Presented::verify(&form.assertion, &world.issuer(), &world.authority, &world.wire).await;
    let presented = match presented {
        Ok(presented) => presented,
        Err(why) => return world.refuse(why),
    };
    if !locked(&world.used).insert(presented.nonce) {
        return world.refuse("used before");
    }
    locked(&world.seen).presented.push(presented.ura);
    let token = Uuid::new_v4().to_string();
    locked(&world.tokens).insert(token.clone());
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({
        "access_token": token, "token_type": "Bearer", "expires_in": 60, "scope": form.scope,
    }))
}

async fn search(
    world: Data<World>,
    kind: Path<String>,
    request: HttpRequest,
    form: Form<Vec<(String, String)>>,
) -> HttpResponse {
    let shown = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !locked(&world.tokens).contains(shown.strip_prefix("Bearer ").unwrap_or_default()) {
        return HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", "Bearer")).finish();
    }
    locked(&world.seen).searches += 1;
    let asked_about = form.iter().any(|(_, value)| *value == format!("{BSN}|{PATIENT}"));
    let found: Vec<Value> = resources().into_iter().filter(|one| one["resourceType"] == kind.as_str()).collect();
    let found = if asked_about { found } else { Vec::new() };
    let entries: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({"fullUrl": format!("{}/fhir/r4/{}/{}", world.base, kind, one["id"].as_str().unwrap_or_default()),
            "resource": one, "search": {"mode": "match"}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries});
    HttpResponse::Ok().content_type("application/fhir+json").body(bundle.to_string())
}

/// All that it has.
fn resources() -> Vec<Value> {
    vec![
        json!({"resourceType": "Patient", "id": "wissel-1", "identifier": [{"system": BSN, "value": PATIENT}]}),
        json!({"resourceType": "Condition", "id": "wissel-2", "subject": {"reference": "Patient/wissel-1"},
            "clinicalStatus": {"coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001", "display": "asthma"}]}}),
    ]
}

async fn set_fault(world: Data<World>, fault: Json<PartnerFault>) -> HttpResponse {
    *locked(&world.fault) = fault.into_inner();
    // A token that was given before would hide what is to be seen.
    locked(&world.tokens).clear();
    HttpResponse::NoContent().finish()
}

async fn seen(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(&*locked(&world.seen))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
