//! The HTTP side: mutual TLS in front of the services, plain HTTP in front of control, and faults acted out.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::error::ErrorBadGateway;
use actix_web::http::{Method, StatusCode};
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::access::{Access, Organisation};
use super::control::{self, Known, Seeded};
use super::fault::Fault;
use super::group::{Pseudonym, Secret};
use super::jwe::RecipientKey;
use super::records::{Record, Records};
use super::{INDEX_AUDIENCE, NationalOptions, PSEUDONYM_AUDIENCE, RECIPIENT, SCOPE, document, list, prs};
use crate::mutual_tls::{self, Started};

pub const TOKEN_PATH: &str = "/oauth/token";
/// The largest body that is taken.
const BODY_LIMIT: usize = 1 << 20;
/// So many requests are remembered per service.
const REMEMBERED: usize = 50_000;

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    Tokens,
    Prs,
    Nvi,
}

/// A request to a service: all that it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Method, path and query, headers.
    pub head: String,
    pub body: String,
    /// What it was answered, before anything that ails the service.
    pub status: u16,
}

/// An answer.
pub struct Reply {
    status: u16,
    kind: &'static str,
    body: Option<Value>,
}

impl Reply {
    pub fn fhir(status: u16, body: Value) -> Self {
        Reply { status, kind: "application/fhir+json", body: Some(body) }
    }

    pub fn empty(status: u16) -> Self {
        Reply { status, kind: "application/fhir+json", body: None }
    }

    fn json((status, body): (u16, Value)) -> Self {
        Reply { status, kind: "application/json", body: Some(body) }
    }
}

/// Everything that the running services share between their requests.
pub struct World {
    organisations: Vec<Organisation>,
    secret: Secret,
    key: RecipientKey,
    /// Of somebody else, to encrypt to when ill.
    other_key: RecipientKey,
    access: Mutex<Access>,
    records: Mutex<Records>,
    faults: Mutex<BTreeMap<Service, Fault>>,
    recorded: Mutex<BTreeMap<Service, Vec<Recorded>>>,
    /// How often each patient token came.
    tokens: Mutex<HashMap<String, usize>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub fn new(options: &NationalOptions, registered: &[Seeded]) -> io::Result<Self> {
        let none = || io::Error::other("the cryptography fails");
        let world = World {
            organisations: options.organisations.clone(),
            secret: Secret::fresh().ok_or_else(none)?,
            key: RecipientKey::fresh().ok_or_else(none)?,
            other_key: RecipientKey::fresh().ok_or_else(none)?,
            access: Mutex::default(),
            records: Mutex::default(),
            faults: Mutex::default(),
            recorded: Mutex::default(),
            tokens: Mutex::default(),
        };
        for seeded in registered {
            world.seed(seeded);
        }
        Ok(world)
    }

    pub fn key(&self) -> &RecipientKey {
        &self.key
    }

    pub fn records(&self) -> MutexGuard<'_, Records> {
        locked(&self.records)
    }

    pub fn recorded(&self, service: Service) -> Vec<Recorded> {
        locked(&self.recorded).get(&service).cloned().unwrap_or_default()
    }

    pub fn note_token(&self, token: &str) {
        *locked(&self.tokens).entry(token.to_owned()).or_default() += 1;
    }

    pub fn reused(&self) -> usize {
        locked(&self.tokens).values().filter(|count| **count > 1).count()
    }

    pub fn set_fault(&self, service: Service, fault: Fault) {
        locked(&self.faults).insert(service, fault);
    }

    pub fn seed(&self, seeded: &Seeded) -> Option<Record> {
        let pseudonym = self.pseudonym(&seeded.bsn)?;
        self.records().add(&seeded.ura, pseudonym, &seeded.source)
    }

    pub fn known(&self, bsn: &str) -> Vec<Known> {
        let found = self.pseudonym(bsn).map(|pseudonym| self.records().of_patient(&pseudonym)).unwrap_or_default();
        found.into_iter().map(|Record { id, ura, source, .. }| Known { id, ura, source }).collect()
    }

    fn pseudonym(&self, bsn: &str) -> Option<Pseudonym> {
        self.secret.pseudonym(bsn, RECIPIENT, SCOPE)
    }

    fn fault(&self, service: Service) -> Fault {
        locked(&self.faults).get(&service).cloned().unwrap_or_default()
    }

    fn note(&self, service: Service, request: &HttpRequest, body: &[u8], status: u16) {
        let mut head = format!("{} {}", request.method(), request.uri());
        for (name, value) in request.headers() {
            head.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
        let mut recorded = locked(&self.recorded);
        let all = recorded.entry(service).or_default();
        if all.len() < REMEMBERED {
            all.push(Recorded { head, body: String::from_utf8_lossy(body).into_owned(), status });
        }
    }
}

/// The body of the services' thread: serves until it is stopped.
pub fn run(
    world: &Arc<World>,
    tls: ServerConfig,
    (address, control): (SocketAddr, SocketAddr),
    tell: &Sender<io::Result<Started>>,
) {
    let data = web::Data::from(Arc::clone(world));
    let theirs = data.clone();
    let interfaces = move |app: &mut ServiceConfig| {
        app.app_data(theirs.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .route(TOKEN_PATH, web::post().to(token))
            .route("/prs/oprf/eval", web::post().to(evaluate))
            .route("/v1-poc/fhir/{rest:.*}", web::route().to(index))
            .route("/ngf/fhir/{rest:.*}", web::route().to(older_index));
    };
    let beside = move |app: &mut ServiceConfig| {
        app.app_data(data.clone())
            .route("/_control/{service}/requests", web::get().to(control::requests))
            .route("/_control/{service}/reused", web::get().to(control::reused))
            .route("/_control/{service}/fault", web::put().to(control::set_fault))
            .route("/_control/nvi/known", web::put().to(control::known))
            .route("/_control/nvi/record", web::put().to(control::put_record))
            .route("/_control/nvi/lost", web::put().to(control::lose));
    };
    mutual_tls::serve(tls, (address, control), interfaces, beside, tell);
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

async fn token(request: HttpRequest, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let endpoint = format!("https://{}{TOKEN_PATH}", request.connection_info().host());
    let shown = mutual_tls::shown(&request).unwrap_or_default();
    let reply = Reply::json(locked(&world.access).grant(&world.organisations, &endpoint, shown, &body));
    answer(Service::Tokens, &world, &request, &body, reply).await
}

async fn evaluate(request: HttpRequest, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let admitted = locked(&world.access).admit(
        header(&request, "authorization"),
        mutual_tls::shown(&request),
        PSEUDONYM_AUDIENCE,
        &["prs:read"],
    );
    let reply = match admitted {
        Ok(_) => {
            let ill = world.fault(Service::Prs) == Fault::OtherPatient;
            let key = if ill { &world.other_key } else { &world.key };
            Reply::json(prs::evaluate(&world.secret, key, &body))
        }
        Err(status) => Reply::json((status, json!({"detail": "Unauthorized request"}))),
    };
    answer(Service::Prs, &world, &request, &body, reply).await
}

async fn index(request: HttpRequest, rest: web::Path<String>, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let admit = |scopes: &[&str]| {
        let shown = mutual_tls::shown(&request);
        locked(&world.access).admit(header(&request, "authorization"), shown, INDEX_AUDIENCE, scopes)
    };
    let id = rest.strip_prefix("List/");
    let query: Vec<_> = form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let by_patient = query.iter().any(|(name, _)| name == "subject:identifier");
    let reply = match (request.method(), rest.as_str(), id) {
        (&Method::POST, "List", _) => admit(&["nvi:create"]).map(|grant| list::create(&world, &grant, &body)),
        (&Method::GET, "List", _) => {
            let scopes = if by_patient { &["nvi:localize"][..] } else { &["nvi:localize", "nvi:read"] };
            admit(scopes).map(|grant| list::search(&world, &grant, &query))
        }
        (&Method::GET, _, Some(id)) => admit(&["nvi:read"]).map(|grant| list::read(&world, &grant, id)),
        (&Method::DELETE, _, Some(id)) => admit(&["nvi:delete"]).map(|grant| list::delete(&world, &grant, id)),
        _ => Ok(Reply::fhir(405, json!({"detail": "Method Not Allowed"}))),
    };
    let reply = reply.unwrap_or_else(|status| Reply::json((status, json!({"detail": "Unauthorized request"}))));
    answer(Service::Nvi, &world, &request, &body, reply).await
}

async fn older_index(
    request: HttpRequest,
    rest: web::Path<String>,
    body: Bytes,
    world: web::Data<World>,
) -> HttpResponse {
    let admit = |scopes: &[&str]| {
        let shown = mutual_tls::shown(&request);
        locked(&world.access).admit(header(&request, "authorization"), shown, INDEX_AUDIENCE, scopes)
    };
    let id = rest.strip_prefix("DocumentReference/");
    let parsed = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<_>>();
    let reply = match (request.method(), rest.as_str(), id) {
        (&Method::POST, "DocumentReference", _) => {
            admit(&["nvi:create"]).map(|grant| document::create(&world, &grant, &body))
        }
        (&Method::POST, "DocumentReference/_search", _) => {
            admit(&["nvi:localize"]).map(|_| document::search(&world, &parsed(&body)))
        }
        (&Method::GET, "DocumentReference", _) => {
            admit(&["nvi:localize"]).map(|_| document::search(&world, &parsed(request.query_string().as_bytes())))
        }
        (&Method::GET, _, Some(id)) => admit(&["nvi:read"]).map(|grant| document::read(&world, &grant, id)),
        (&Method::DELETE, _, Some(id)) => admit(&["nvi:delete"]).map(|grant| document::delete(&world, &grant, id)),
        _ => Ok(Reply::empty(405)),
    };
    let reply = reply.unwrap_or_else(Reply::empty);
    answer(Service::Nvi, &world, &request, &body, reply).await
}

/// Notes a request and answers it, as well or as ill as the service is.
async fn answer(service: Service, world: &World, request: &HttpRequest, asked: &[u8], reply: Reply) -> HttpResponse {
    world.note(service, request, asked, reply.status);
    let fault = world.fault(service);
    let searched = reply.body.as_ref().is_some_and(|body| body["type"] == "searchset");
    let Reply { status, kind, body } = match (&fault, reply) {
        (Fault::OtherPatient, Reply { status, kind, body: Some(mut body) }) if searched => {
            if let Some(entries) = body["entry"].as_array_mut() {
                entries.push(json!({"resource": list::about_another()}));
            }
            Reply { status, kind, body: Some(body) }
        }
        (Fault::Paged, Reply { status, kind, body: Some(mut body) }) if searched => {
            body["link"] = json!([{"relation": "next", "url": "https://elsewhere.example/"}]);
            Reply { status, kind, body: Some(body) }
        }
        (_, reply) => reply,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = body.map(|body| body.to_string()).unwrap_or_default();
    let well = |kind: &str, text: String| HttpResponse::build(status).content_type(kind).body(text);
    match fault {
        Fault::None | Fault::OtherPatient | Fault::Paged => well(kind, text),
        Fault::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            well(kind, text)
        }
        Fault::Absent => {
            mutual_tls::cut(request);
            HttpResponse::ServiceUnavailable().finish()
        }
        Fault::Malformed => well(kind, text.chars().take(text.chars().count() / 2).collect()),
        Fault::Status { code } => HttpResponse::build(StatusCode::from_u16(code).unwrap_or(status))
            .content_type("text/html")
            .body("<html><body>Storing</body></html>"),
        Fault::Empty => HttpResponse::Ok().content_type(kind).finish(),
        Fault::Huge { bytes } => HttpResponse::Ok().content_type(kind).body(" ".repeat(bytes)),
        Fault::Redirect => {
            HttpResponse::TemporaryRedirect().insert_header(("Location", request.full_url().to_string())).finish()
        }
        Fault::MediaType => well("text/html", text),
        Fault::Torn => {
            let body = Bytes::from(text);
            let half = stream::once(ready(Ok(body.slice(..body.len() / 2))));
            let break_off = stream::once(async {
                // The half has to leave before the connection breaks.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(ErrorBadGateway("told to break off"))
            });
            HttpResponse::build(status)
                .content_type(kind)
                .no_chunking(body.len() as u64)
                .streaming(Box::pin(half.chain(break_off)))
        }
    }
}
