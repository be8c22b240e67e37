//! The HTTP side: the directories, and the control interface beside them.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::ready;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::error::ErrorBadGateway;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::Fault;
use super::book::{Asked, Book, instant, now};

const FHIR: &str = "application/fhir+json;charset=UTF-8";
/// The largest resource that is taken.
const BODY_LIMIT: usize = 1 << 20;
/// The types of mCSD.
const KINDS: [&str; 7] = [
    "Organization",
    "Location",
    "HealthcareService",
    "Endpoint",
    "OrganizationAffiliation",
    "Practitioner",
    "PractitionerRole",
];

/// Everything that the directories share between requests.
pub struct World {
    books: Mutex<BTreeMap<String, Book>>,
    asked: Mutex<Vec<String>>,
}

impl World {
    pub fn new(directories: Vec<(String, Vec<Value>)>) -> Self {
        let books = directories.into_iter().map(|(name, resources)| (name, Book::new(resources, now())));
        World { books: Mutex::new(books.collect()), asked: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<String, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A second handle on the connection of a request, so that it can be cut without a byte.
struct Line(TcpStream);

impl Line {
    fn keep(connection: &dyn Any, data: &mut Extensions) {
        let tcp = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
        if let Some(Ok(copy)) = tcp.map(|tcp| tcp.as_fd().try_clone_to_owned()) {
            data.insert(Line(TcpStream::from(copy)));
        }
    }
}

/// Serves until it is stopped; says where, or why not.
pub fn run(world: &Arc<World>, address: SocketAddr, tell: &Sender<io::Result<(SocketAddr, ServerHandle)>>) {
    actix_web::rt::System::new().block_on(async {
        let data = web::Data::from(world.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(BODY_LIMIT))
                .route("/fhir/{directory}/metadata", web::get().to(metadata))
                .route("/fhir/{directory}/{kind}", web::get().to(search))
                .route("/fhir/{directory}/{kind}/_history", web::get().to(history))
                .route("/fhir/{directory}/{kind}/{id}", web::get().to(read))
                .route("/_control/asked", web::get().to(asked))
                .route("/_control/{directory}/fault", web::put().to(set_fault))
                .route("/_control/{directory}/resource", web::put().to(put))
                .route("/_control/{directory}/{kind}/{id}", web::delete().to(delete))
        })
        .on_connect(Line::keep)
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(address);
        match server {
            Err(fault) => {
                let _ = tell.send(Err(fault));
            }
            Ok(server) => {
                let address = server.addrs().first().copied().unwrap_or(address);
                let server = server.run();
                if tell.send(Ok((address, server.handle()))).is_ok() {
                    // An error here is a listener torn down while stopping; nobody is left to tell.
                    let _ = server.await;
                }
            }
        }
    });
}

async fn search(request: HttpRequest, path: web::Path<(String, String)>, world: web::Data<World>) -> HttpResponse {
    told(&request, &path, &world, false).await
}

async fn history(request: HttpRequest, path: web::Path<(String, String)>, world: web::Data<World>) -> HttpResponse {
    told(&request, &path, &world, true).await
}

async fn told(request: &HttpRequest, path: &(String, String), world: &World, history: bool) -> HttpResponse {
    let (directory, kind) = path;
    world.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.uri().to_string());
    let Some(fault) = world.books().get(directory).map(|book| book.fault.clone()) else { return outcome(404) };
    if let Some(ill) = acted(request, &fault).await {
        return ill;
    }
    if !KINDS.contains(&kind.as_str()) {
        return outcome(404);
    }
    let Some(mut asked) = parameters(request.query_string()) else { return outcome(400) };
    asked.history = history;
    let base = format!("http://{}/fhir/{directory}", request.connection_info().host());
    let page = world.books().get(directory).map(|book| book.page(&base, kind, &asked, now()));
    let Some(page) = page else { return outcome(404) };
    let body = Bytes::from(page.to_string());
    if fault == Fault::Torn {
        let half = stream::once(ready(Ok(body.slice(..body.len() / 2))));
        let break_off = stream::once(async {
            // The half has to leave before the connection breaks.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(ErrorBadGateway("told to break off"))
        });
        let response = &mut HttpResponse::Ok();
        return response.content_type(FHIR).no_chunking(body.len() as u64).streaming(Box::pin(half.chain(break_off)));
    }
    HttpResponse::Ok().content_type(FHIR).body(body)
}

/// `_count`, `_since` and where a page begins; nothing when another parameter, or another value, is there.
fn parameters(query: &str) -> Option<Asked> {
    let mut asked = Asked::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "_count" => asked.count = Some(value.parse().ok()?),
            "_since" => asked.since = Some(instant(&value)?),
            "_getpagesoffset" => asked.from = value.parse().ok()?,
            "_format" => {}
            _ => return None,
        }
    }
    Some(asked)
}

/// The illnesses that need no answer.
async fn acted(request: &HttpRequest, fault: &Fault) -> Option<HttpResponse> {
    match fault {
        Fault::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            None
        }
        Fault::Status { code } => Some(outcome(*code)),
        Fault::Wrong => Some(HttpResponse::Ok().content_type("text/html").body("<html><body>Storing</body></html>")),
        Fault::Absent => {
            if let Some(line) = request.conn_data::<Line>() {
                let _ = line.0.shutdown(Shutdown::Both);
            }
            Some(HttpResponse::ServiceUnavailable().finish())
        }
        Fault::None | Fault::Torn | Fault::Quirky => None,
    }
}

async fn read(path: web::Path<(String, String, String)>, world: web::Data<World>) -> HttpResponse {
    let (directory, kind, id) = path.into_inner();
    let books = world.books();
    match books.get(&directory).and_then(|book| book.read(&format!("{kind}/{id}"))) {
        Some(resource) => HttpResponse::Ok().content_type(FHIR).body(resource.to_string()),
        None => outcome(404),
    }
}

async fn metadata() -> HttpResponse {
    let interaction: Vec<Value> =
        ["read", "search-type", "history-type"].into_iter().map(|code| json!({"code": code})).collect();
    let resource: Vec<Value> = KINDS.iter().map(|kind| json!({"type": kind, "interaction": interaction})).collect();
    let statement = json!({"resourceType": "CapabilityStatement", "status": "active", "kind": "instance",
        "fhirVersion": "4.0.1", "format": ["json"], "rest": [{"mode": "server", "resource": resource}]});
    HttpResponse::Ok().content_type(FHIR).body(statement.to_string())
}

/// `GET /_control/asked`: what was asked, as path and query.
async fn asked(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(&*world.asked.lock().unwrap_or_else(PoisonError::into_inner))
}

/// `PUT /_control/{directory}/fault` with a [`Fault`] as JSON.
async fn set_fault(path: web::Path<String>, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let Ok(fault) = serde_json::from_slice::<Fault>(&body) else { return HttpResponse::BadRequest().finish() };
    changed(&world, &path, |book| book.fault = fault)
}

/// `PUT /_control/{directory}/resource` with a resource.
async fn put(path: web::Path<String>, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let Ok(resource) = serde_json::from_slice::<Value>(&body) else { return HttpResponse::BadRequest().finish() };
    changed(&world, &path, |book| book.put(resource, now()))
}

/// `DELETE /_control/{directory}/{type}/{id}`
async fn delete(path: web::Path<(String, String, String)>, world: web::Data<World>) -> HttpResponse {
    let (directory, kind, id) = path.into_inner();
    changed(&world, &directory, |book| book.delete(&format!("{kind}/{id}"), now()))
}

fn changed(world: &World, directory: &str, change: impl FnOnce(&mut Book)) -> HttpResponse {
    match world.books().get_mut(directory) {
        Some(book) => {
            change(book);
            HttpResponse::NoContent().finish()
        }
        None => HttpResponse::NotFound().finish(),
    }
}

fn outcome(status: u16) -> HttpResponse {
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]});
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).content_type(FHIR).body(outcome.to_string())
}
