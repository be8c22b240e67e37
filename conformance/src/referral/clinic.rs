//! A care provider's node that takes and sends referrals with the basic data set (TA Notified Pull), played on loopback over
//! HTTPS: a notification endpoint, a token endpoint, and a FHIR base (STU3) with a Workflow Task and the data of a patient. It
//! tells what it was sent and asked, and on demand it misbehaves. It must not know what a gateway is.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::chart;
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::CallError;
use crate::region;
use crate::site;

/// What came from another node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub method: String,
    pub path: String,
    pub query: String,
    /// The headers, without the token.
    pub headers: BTreeMap<String, String>,
    /// Whether a token that it gave came along.
    pub token: bool,
    pub body: String,
}

/// What it is to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Script {
    /// The Workflow Tasks that it has, by id.
    pub tasks: BTreeMap<String, Value>,
    /// With which status searches of a type are answered instead, by type; each as often as it says.
    pub faults: BTreeMap<String, (u16, usize)>,
    /// With which status notifications are answered instead.
    pub notifications: Option<u16>,
}

/// The clinic. Only a place to start one from; the running one is a [`ClinicHandle`].
pub struct Clinic;

/// Ends with this.
pub struct ClinicHandle {
    pub base_url: String,
    pub control_url: String,
    server: ServerHandle,
}

struct World {
    token: String,
    script: Mutex<Script>,
    seen: Mutex<Vec<Message>>,
    /// What it holds of its patient.
    chart: Vec<Value>,
}

impl Clinic {
    /// Starts one at this address of `localhost`, with a certificate of this authority for this organisation: URA, name.
    ///
    /// # Errors
    /// The address cannot be bound, or a certificate or key cannot be made.
    pub fn start(
        authority: &CertificateAuthority,
        (number, name): (&str, &str),
        address: SocketAddr,
    ) -> Result<ClinicHandle, CallError> {
        let wrong = |fault: &dyn std::fmt::Display| CallError::Certificate(fault.to_string());
        let issued =
            authority.issue_server(number, &Subject { name, dns_names: &[] }).map_err(|fault| wrong(&fault))?;
        let certificate =
            CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).map_err(|fault| wrong(&fault))?;
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).map_err(|fault| wrong(&fault))?;
        let listener = TcpListener::bind(address)?;
        let base_url = format!("https://localhost:{}", listener.local_addr()?.port());
        let world = Data::from(Arc::new(World {
            token: Uuid::new_v4().to_string(),
            script: Mutex::default(),
            seen: Mutex::default(),
            chart: region::patients().first().map(chart).unwrap_or_default(),
        }));
        let server = site::serve(listener, vec![certificate], key, move |app| {
            app.app_data(world.clone())
                .route("/oauth/token", web::post().to(token))
                .route("/notify/Task", web::post().to(notified))
                .route("/notify/Task", web::put().to(notified))
                .route("/fhir/stu3/Task/{id}", web::get().to(task))
                .route("/fhir/stu3/Task/{id}", web::put().to(put))
                .route("/fhir/stu3/{type}/_search", web::post().to(search))
                .route("/fhir/stu3/{type}/{id}", web::get().to(read))
                .route("/control/script", web::put().to(set_script))
                .route("/control/script", web::get().to(script))
                .route("/control/seen", web::get().to(seen));
        })?;
        Ok(ClinicHandle { control_url: format!("{base_url}/control"), base_url, server })
    }
}

impl Drop for ClinicHandle {
    fn drop(&mut self) {
        // The server's thread ends when it is told; nobody waits for that.
        drop(self.server.stop(false));
    }
}

/// Notes a message; whether its token is good.
fn note(world: &World, request: &HttpRequest, body: &[u8]) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let good = text("authorization").strip_prefix("Bearer ") == Some(world.token.as_str());
    let headers = request.headers().iter().filter(|(name, _)| name.as_str() != "authorization");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    locked(&world.seen).push(Message {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers: headers.collect(),
        token: good,
        body: String::from_utf8_lossy(body).into_owned(),
    });
    good
}

fn fhir(status: u16, resource: &Value) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status).content_type("application/fhir+json").body(resource.to_string())
}

fn outcome(status: u16) -> HttpResponse {
    let issue = json!([{"severity": "error", "code": "processing", "diagnostics": "as it was told to"}]);
    fhir(status, &json!({"resourceType": "OperationOutcome", "issue": issue}))
}

async fn token(world: Data<World>, request: HttpRequest, body: Bytes) -> HttpResponse {
    note(&world, &request, &body);
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({
        "access_token": world.token, "token_type": "Bearer", "expires_in": 60,
    }))
}

async fn notified(world: Data<World>, request: HttpRequest, body: Bytes) -> HttpResponse {
    if !note(&world, &request, &body) {
        return HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", "Bearer")).finish();
    }
    if let Some(status) = locked(&world.script).notifications {
        return outcome(status);
    }
    match request.method().as_str() {
        "POST" => HttpResponse::Created().insert_header(("Location", format!("Task/{}", Uuid::new_v4()))).finish(),
        _ => HttpResponse::Ok().finish(),
    }
}

async fn task(world: Data<World>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    if !note(&world, &request, &[]) {
        return HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", "Bearer")).finish();
    }
    locked(&world.script).tasks.get(id.as_str()).map_or_else(|| outcome(404), |task| fhir(200, task))
}

async fn put(world: Data<World>, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    if !note(&world, &request, &body) {
        return HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", "Bearer")).finish();
    }
    let Ok(put) = serde_json::from_slice::<Value>(&body) else { return outcome(400) };
    let mut script = locked(&world.script);
    let Some(known) = script.tasks.get_mut(id.as_str()) else { return outcome(404) };
    let mut expected = known.clone();
    expected["status"] = put["status"].clone();
    if expected != put {
        return outcome(422);
    }
    *known = put;
    fhir(200, known)
}

async fn read(world: Data<World>, request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    if !note(&world, &request, &[]) {
        return HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", "Bearer")).finish();
    }
    let (kind, id) = path.into_inner();
    let found = world.chart.iter().find(|one| one["resourceType"] == kind.as_str() && one["id"] == id.as_str());
    found.map_or_else(|| outcome(404), |one| fhir(200, one))
}

async fn search(world: Data<World>, request: HttpRequest, kind: Path<String>, body: Bytes) -> HttpResponse {
    if !note(&world, &request, &body) {
        return HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", "Bearer")).finish();
    }
    if let Some((status, times)) = locked(&world.script).faults.get_mut(kind.as_str())
        && *times > 0
    {
        *times -= 1;
        return outcome(*status);
    }
    let asked: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let meets = |one: &Value| {
        asked.iter().filter(|(name, _)| matches!(name.as_str(), "code" | "category")).all(|(_, values)| {
            let text = one.to_string();
            let code = |value: &str| format!("\"code\":\"{}\"", value.rsplit('|').next().unwrap_or_default());
            values.split(',').any(|value| text.contains(&code(value)))
        })
    };
    let found: Vec<&Value> =
        world.chart.iter().filter(|one| one["resourceType"] == kind.as_str() && meets(one)).collect();
    let entries: Vec<Value> = found.iter().map(|one| json!({"resource": one, "search": {"mode": "match"}})).collect();
    fhir(200, &json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries}))
}

async fn set_script(world: Data<World>, script: Json<Script>) -> HttpResponse {
    *locked(&world.script) = script.into_inner();
    HttpResponse::NoContent().finish()
}

async fn script(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(&*locked(&world.script))
}

async fn seen(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(&*locked(&world.seen))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
