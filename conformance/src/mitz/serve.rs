//! The HTTP side: mutual TLS in front of the interfaces, plain HTTP in front of page and control, and faults acted out.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::error::ErrorBadGateway;
use actix_web::http::StatusCode;
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};

use super::choices::Choice;
use super::closed::Question;
use super::control::{self, Changed};
use super::fault::Fault;
use super::names::{CLOSED_ACTION, OPEN_ACTION};
use super::open::OpenQuestion;
use super::subscriptions::Subscription;
use super::{MitzOptions, notification, page, soap};
use crate::callers::Wire;
use crate::mutual_tls::{self, Started};

const SOAP_MEDIA: &str = "application/soap+xml; charset=UTF-8";
/// The largest body that is taken.
const BODY_LIMIT: usize = 1 << 20;

/// A request to one of the interfaces, as a test may look at it: nothing of the body but what it asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub path: String,
    /// Whether the X-Request-Id is the message's own.
    pub request_id_fits: bool,
    /// The categories that were asked about, when the question could be read.
    pub categories: Vec<String>,
    /// What the question's fault was, when it could not be read.
    pub wrong: Option<String>,
    /// Request line and headers, to look for what may not be in them.
    pub head: String,
}

/// Everything that a running Mitz shares between its requests.
pub struct World {
    choices: Mutex<Vec<Choice>>,
    subscriptions: Mutex<Vec<Subscription>>,
    /// The ids of all that were ever taken, one per request.
    subscribed: Mutex<Vec<(String, String)>>,
    fault: Mutex<Fault>,
    recorded: Mutex<Vec<Recorded>>,
    notifier: Wire,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub fn new(options: &MitzOptions, choices: Vec<Choice>) -> io::Result<Self> {
        let identity = (options.certificate.as_path(), options.key.as_path());
        let notifier = Wire::new(Some(&options.authorities), Some(identity)).map_err(io::Error::other)?;
        Ok(World {
            choices: Mutex::new(choices),
            subscriptions: Mutex::default(),
            subscribed: Mutex::default(),
            fault: Mutex::default(),
            recorded: Mutex::default(),
            notifier,
        })
    }

    pub fn recorded(&self) -> Vec<Recorded> {
        locked(&self.recorded).clone()
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        locked(&self.subscriptions).clone()
    }

    pub fn subscribed(&self) -> Vec<(String, String)> {
        locked(&self.subscribed).clone()
    }

    pub fn choices(&self) -> Vec<Choice> {
        locked(&self.choices).clone()
    }

    pub fn set_fault(&self, fault: Fault) {
        *locked(&self.fault) = fault;
    }

    /// Keeps a choice and tells everybody who subscribed to this citizen.
    pub async fn choose(&self, choice: Choice) -> Changed {
        let bsn = choice.bsn.clone();
        let choices = {
            let mut choices = locked(&self.choices);
            let same = |known: &Choice| Choice { permit: choice.permit, ..known.clone() } == choice;
            choices.retain(|known| !same(known));
            choices.push(choice);
            choices.clone()
        };
        let told = self.subscriptions().into_iter().filter(|known| known.patient == bsn).map(|subscription| {
            let body = Bytes::from(notification::bundle(&subscription, &choices));
            async move {
                let kind = [("Content-Type", "application/fhir+xml; charset=UTF-8")];
                let answer = self.notifier.raw(reqwest::Method::POST, &subscription.endpoint, &kind, body).await;
                answer.ok().map(|answer| answer.status)
            }
        });
        Changed { notified: futures_util::future::join_all(told).await }
    }
}

/// The body of Mitz's thread: serves until it is stopped.
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
            .route("/mitz/geslotenautorisatievraag/xacml3", web::post().to(closed))
            .route("/mitz/openautorisatievraag", web::post().to(open))
            .route("/mitz/abonnementen/fhir/Subscription", web::post().to(subscribe));
    };
    let beside = move |app: &mut ServiceConfig| {
        app.app_data(data.clone())
            .route("/_control/requests", web::get().to(control::requests))
            .route("/_control/subscriptions", web::get().to(control::subscriptions))
            .route("/_control/subscribed", web::get().to(control::subscribed))
            .route("/_control/fault", web::put().to(control::set_fault))
            .route("/_control/choice", web::put().to(control::choose))
            .route("/", web::get().to(page::show))
            .route("/", web::post().to(page::choose));
    };
    mutual_tls::serve(tls, (address, control), interfaces, beside, tell);
}

async fn closed(request: HttpRequest, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let read = soap::read(&body, CLOSED_ACTION, "/mitz/geslotenautorisatievraag/xacml3");
    let read = read.and_then(|envelope| Ok((Question::read(&envelope)?, envelope.message_id)));
    note(&world, &request, &read);
    let fault = locked(&world.fault).clone();
    if let Some(ill) = acted(&request, &fault).await {
        return ill;
    }
    match read {
        Ok((question, message_id)) => envelope(&fault, question.answer(&message_id, &world.choices(), &fault)),
        Err(why) => HttpResponse::BadRequest().content_type(SOAP_MEDIA).body(soap::fault(true, why)),
    }
}

fn note(world: &World, request: &HttpRequest, read: &Result<(Question, String), &'static str>) {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let mut head = format!("{} {}", request.method(), request.uri());
    for (name, value) in request.headers() {
        head.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
    let recorded = Recorded {
        path: request.path().to_owned(),
        request_id_fits: read.as_ref().is_ok_and(|(_, message)| message.strip_prefix("urn:uuid:") == given),
        categories: read.as_ref().map(|(question, _)| question.categories.clone()).unwrap_or_default(),
        wrong: read.as_ref().err().map(|why| (*why).to_owned()),
        head,
    };
    locked(&world.recorded).push(recorded);
}

/// The illnesses that need no question.
async fn acted(request: &HttpRequest, fault: &Fault) -> Option<HttpResponse> {
    Some(match fault {
        Fault::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            return None;
        }
        Fault::Absent => {
            mutual_tls::cut(request);
            HttpResponse::ServiceUnavailable().finish()
        }
        Fault::SoapFault { sender } => {
            let status = if *sender { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
            HttpResponse::build(status).content_type(SOAP_MEDIA).body(soap::fault(*sender, "told to fail"))
        }
        Fault::Status { code } => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            HttpResponse::build(status).content_type("text/html").body("<html><body>Storing</body></html>")
        }
        Fault::Empty => HttpResponse::Ok().content_type(SOAP_MEDIA).finish(),
        Fault::Redirect => HttpResponse::TemporaryRedirect()
            .insert_header(("Location", request.full_url().to_string()))
            .content_type(SOAP_MEDIA)
            .finish(),
        _ => return None,
    })
}

/// The illnesses that an answer can have.
fn envelope(fault: &Fault, answer: String) -> HttpResponse {
    let soap = |body: String| HttpResponse::Ok().content_type(SOAP_MEDIA).body(body);
    match fault {
        Fault::Malformed => soap(answer[..answer.len() / 2].to_owned()),
        Fault::DocumentType => {
            let declared = "?><!DOCTYPE Envelope [<!ENTITY p \"Permit\">]>";
            soap(answer.replacen("?>", declared, 1).replace(">Permit<", ">&p;<"))
        }
        Fault::Huge { bytes } => soap(answer.replace("<Response ", &format!("{}<Response ", " ".repeat(*bytes)))),
        Fault::MediaType => HttpResponse::Ok().content_type("text/html").body(answer),
        Fault::Torn => {
            let body = Bytes::from(answer);
            let half = stream::once(ready(Ok(body.slice(..body.len() / 2))));
            let break_off = stream::once(async {
                // The half has to leave before the connection breaks.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(ErrorBadGateway("told to break off"))
            });
            HttpResponse::Ok()
                .content_type(SOAP_MEDIA)
                .no_chunking(body.len() as u64)
                .streaming(Box::pin(half.chain(break_off)))
        }
        _ => soap(answer),
    }
}

async fn open(request: HttpRequest, body: Bytes, world: web::Data<World>) -> HttpResponse {
    let read = soap::read(&body, OPEN_ACTION, "/mitz/openautorisatievraag");
    let fault = locked(&world.fault).clone();
    if let Some(ill) = acted(&request, &fault).await {
        return ill;
    }
    match read.and_then(|envelope| Ok((OpenQuestion::read(&envelope)?, envelope.message_id))) {
        Ok((question, message_id)) => {
            envelope(&fault, question.answer(&message_id, &world.choices(), &world.subscriptions()))
        }
        Err(why) => HttpResponse::BadRequest().content_type(SOAP_MEDIA).body(soap::fault(true, why)),
    }
}

async fn subscribe(body: Bytes, world: web::Data<World>) -> HttpResponse {
    match Subscription::read(&body) {
        Ok(subscription) => {
            locked(&world.subscribed).push((subscription.provider.clone(), subscription.id.clone()));
            let mut all = locked(&world.subscriptions);
            all.retain(|known| !known.same(&subscription));
            let location = format!("/mitz/abonnementen/fhir/Subscription/{}", subscription.id);
            all.push(subscription);
            HttpResponse::Accepted().insert_header(("Location", location)).finish()
        }
        Err((status, why)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            HttpResponse::build(status).body(why)
        }
    }
}
