//! The HTTP side: actix-web in front of `interactions`, the record of what came in, and the
//! acting out of faults.

use std::any::Any;
use std::future::ready;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::error::ErrorBadGateway;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::fault::{Fault, Rubbish};
use super::interactions::answer;
use super::message::{Ask, Reply, http_date};
use super::pages::Pages;
use super::recorder::{Recorded, Recorder, headers_of_interest};
use super::store::Store;
use super::{FhirVersion, bundle, capability, control, pages};

/// The largest body that is taken.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Everything a running source shares between its requests.
pub struct World {
    version: FhirVersion,
    address: OnceLock<SocketAddr>,
    asked: SocketAddr,
    held: Mutex<(Store, Pages)>,
    recorder: Mutex<Recorder>,
    fault: Mutex<Fault>,
}

impl World {
    pub fn new(version: FhirVersion, asked: SocketAddr, resources: Vec<Value>) -> io::Result<Self> {
        Ok(World {
            version,
            address: OnceLock::new(),
            asked,
            held: Mutex::new((Store::of(version, resources)?, Pages::default())),
            recorder: Mutex::default(),
            fault: Mutex::default(),
        })
    }

    fn base(&self) -> String {
        format!("http://{}/fhir", self.address.get().unwrap_or(&self.asked))
    }

    pub fn recorded(&self) -> Vec<Recorded> {
        locked(&self.recorder).all()
    }

    pub fn forget(&self) {
        locked(&self.recorder).clear();
    }

    pub fn fault(&self) -> Fault {
        locked(&self.fault).clone()
    }

    pub fn set_fault(&self, fault: Fault) {
        *locked(&self.fault) = fault;
    }
}

/// A second handle on the connection of a request, so that it can be cut without a byte.
struct Line(TcpStream);

impl Line {
    /// Keeps the handle with the connection's data (`HttpServer::on_connect`).
    fn keep(connection: &dyn Any, data: &mut Extensions) {
        let tcp = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
        if let Some(Ok(copy)) = tcp.map(|tcp| tcp.as_fd().try_clone_to_owned()) {
            data.insert(Line(TcpStream::from(copy)));
        }
    }
}

/// A panic of another request must not make the source useless to a test.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of the source's thread: serves until it is stopped.
pub fn run(world: Arc<World>, address: SocketAddr, tell: &Sender<io::Result<(SocketAddr, ServerHandle)>>) {
    actix_web::rt::System::new().block_on(async {
        let data = web::Data::from(Arc::clone(&world));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(BODY_LIMIT))
                .service(web::resource("/_control/requests").get(control::requests).delete(control::forget))
                .service(web::resource("/_control/fault").get(control::fault).put(control::set_fault))
                .default_service(web::to(fhir))
        })
        .on_connect(Line::keep)
        .workers(1)
        .disable_signals()
        .tcp_nodelay(true)
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(1)
        .bind(address);
        let server = match server {
            Ok(server) => server,
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        let bound = server.addrs().first().copied().unwrap_or(address);
        let _ = world.address.set(bound);
        let server = server.run();
        if tell.send(Ok((bound, server.handle()))).is_ok() {
            // An error here is a listener torn down while stopping; nobody is left to tell.
            let _ = server.await;
        }
    });
}

async fn fhir(request: HttpRequest, body: Result<Bytes, actix_web::Error>, world: web::Data<World>) -> HttpResponse {
    let length = body.as_ref().map_or(0, Bytes::len);
    locked(&world.recorder).add(recorded(&request, length));
    let fault = world.fault();
    match fault {
        Fault::Slow { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
        Fault::Dead => {
            if let Some(line) = request.conn_data::<Line>() {
                let _ = line.0.shutdown(Shutdown::Both);
            }
            return HttpResponse::ServiceUnavailable().finish();
        }
        Fault::Rubbish { form: Rubbish::Html } => {
            return HttpResponse::Ok()
                .content_type("text/html; charset=utf-8")
                .body("<!DOCTYPE html><title>Onderhoud</title><p>Het systeem is even niet beschikbaar.</p>");
        }
        Fault::Rubbish { form: Rubbish::Json } => {
            return HttpResponse::Ok()
                .content_type(world.version.media_type())
                .body("{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{");
        }
        Fault::Status { code } => {
            let reply = Reply::outcome(code, "transient", "the source was told to fail");
            return sent(&world, reply);
        }
        Fault::Huge { bytes } => return huge(&world, bytes),
        Fault::None | Fault::WrongPatient | Fault::Truncated => {}
    }
    let Ok(body) = body else {
        return sent(&world, Reply::outcome(413, "too-long", "the body is too large"));
    };
    let mut reply = match understood(&request, &body) {
        Ok(ask) => replied(&world, ask),
        Err(refusal) => refusal,
    };
    match (world.fault(), &reply.body) {
        (Fault::WrongPatient, Some(body)) if reply.status == 200 => {
            reply.body = Some(with_a_stranger(&world, body));
            sent(&world, reply)
        }
        (Fault::Truncated, Some(body)) => torn(body),
        _ => sent(&world, reply),
    }
}

fn recorded(request: &HttpRequest, body_length: usize) -> Recorded {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let headers = request.headers().iter();
    Recorded {
        method: request.method().to_string(),
        path: path.to_owned(),
        body_length,
        headers: headers_of_interest(headers.map(|(n, v)| (n.as_str(), v.to_str().unwrap_or("")))),
    }
}

fn understood(request: &HttpRequest, body: &Bytes) -> Result<Ask, Reply> {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let path = match request.path().strip_prefix("/fhir") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_matches('/'),
        _ => return Err(Reply::outcome(404, "not-found", "the FHIR base is /fhir")),
    };
    let accept = header("accept").unwrap_or("*/*");
    if accept.contains("xml") && !accept.contains("json") && !accept.contains("*/*") {
        return Err(Reply::outcome(406, "not-supported", "this server speaks JSON only"));
    }
    let mut query: Vec<(String, String)> =
        form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let form = path.ends_with("/_search");
    if form {
        query.extend(form_urlencoded::parse(body).into_owned());
    }
    let resource = if form || body.is_empty() {
        None
    } else if header("content-type").is_some_and(|kind| kind.contains("json")) {
        let read = serde_json::from_slice(body);
        Some(read.map_err(|_| Reply::outcome(400, "structure", "the body is not JSON"))?)
    } else {
        return Err(Reply::outcome(415, "not-supported", "this server takes JSON only"));
    };
    let prefer = header("prefer").unwrap_or_default();
    Ok(Ask {
        method: request.method().to_string(),
        path: path.to_owned(),
        query,
        body: resource,
        strict: prefer.contains("handling=strict"),
        minimal: prefer.contains("return=minimal"),
        if_match: header("if-match").map(str::to_owned),
        if_none_match: header("if-none-match").map(str::to_owned),
        if_modified_since: header("if-modified-since").map(str::to_owned),
        if_none_exist: header("if-none-exist").map(str::to_owned),
    })
}

fn replied(world: &World, ask: Ask) -> Reply {
    let base = world.base();
    if ask.path == "metadata" {
        return Reply::json(200, &capability::statement(world.version, &base));
    }
    let (store, pages) = &mut *locked(&world.held);
    match (ask.method.as_str(), ask.path.as_str()) {
        ("POST", "") => bundle::process(store, pages, &base, ask),
        _ => answer(store, pages, &base, ask),
    }
}

fn sent(world: &World, reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(etag) = &reply.etag {
        response.insert_header(("ETag", etag.as_str()));
    }
    if let Some(date) = reply.modified.and_then(http_date) {
        response.insert_header(("Last-Modified", date));
    }
    if let Some(location) = &reply.location {
        response.insert_header(("Location", location.as_str()));
    }
    match reply.body {
        Some(body) => response.content_type(world.version.media_type()).body(body),
        None => response.finish(),
    }
}

/// An answer whose connection breaks after half of the announced bytes.
fn torn(body: &Bytes) -> HttpResponse {
    let half = stream::once(ready(Ok(body.slice(..body.len() / 2))));
    let break_off = stream::once(async {
        // The half has to leave before the connection breaks.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(ErrorBadGateway("the source was told to break off"))
    });
    HttpResponse::Ok()
        .content_type("application/fhir+json")
        .no_chunking(body.len() as u64)
        .streaming(Box::pin(half.chain(break_off)))
}

/// A valid searchset of about `bytes` bytes, most of it one long text.
fn huge(world: &World, bytes: u64) -> HttpResponse {
    const CHUNK: u64 = 64 * 1024;
    let head = Bytes::from_static(
        b"{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"information\",\"code\":\"informational\",\"diagnostics\":\"",
    );
    let tail = Bytes::from_static(b"\"}]},\"search\":{\"mode\":\"outcome\"}}]}");
    let filling = Bytes::from(vec![b'x'; CHUNK as usize]);
    let count = bytes.div_ceil(CHUNK) as usize;
    let body = std::iter::once(head)
        .chain(std::iter::repeat_n(filling, count))
        .chain(std::iter::once(tail))
        .map(Ok::<Bytes, actix_web::Error>);
    HttpResponse::Ok().content_type(world.version.media_type()).streaming(stream::iter(body))
}

/// The answer with resources of a patient who was not asked for: in a searchset added, in a
/// read instead.
fn with_a_stranger(world: &World, body: &Bytes) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let base = world.base();
    let (store, _) = &*locked(&world.held);
    let text = value.to_string();
    let stranger = store
        .all("Patient")
        .find(|patient| !text.contains(&patient.local()) && !text.contains(&format!("\"{}\"", patient.id)));
    let Some(stranger) = stranger else { return body.clone() };
    let theirs = |kind: &str| store.all(kind).find(|stored| stored.value.to_string().contains(&stranger.local()));
    if value["resourceType"] != "Bundle" {
        let kind = value["resourceType"].as_str().unwrap_or_default();
        return theirs(kind).unwrap_or(stranger).body.clone();
    }
    let mut added = vec![pages::entry(&base, stranger, "match")];
    added.extend(store.kinds().filter_map(theirs).map(|stored| pages::entry(&base, stored, "match")));
    match value["entry"].as_array_mut() {
        Some(entries) => entries.extend(added),
        None => value["entry"] = json!(added),
    }
    Bytes::from(value.to_string())
}
