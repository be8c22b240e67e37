//! `POST /launch`, at the inner gate: a system of the provider (its EPD) opens the portal for one of its users, about one
//! patient. The answer has the address to open in the user's browser: good once, for a minute, and telling nothing.
//!
//! `GET /launch` is where an EPD sends the browser itself (SMART App Launch): it goes on at the pages, which have the cookies.
//!
//! No exchange and no record: nothing about the patient is answered. What the session then asks is recorded as ever.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use connectors::identity::{Launch, LaunchFault};
use exchange::Gate;
use fhir::{Bsn, LogicalId};
use policy::{Finding, Person};
use serde::Deserialize;
use serde_json::{Value, json};

use super::inbound;
use crate::entrance::NoLaunch;
use crate::node::Node;

/// Longest query of a launch by the browser, in characters.
const LONGEST_QUERY: usize = 4096;

/// Larger than any launch.
const LARGEST: usize = 16 * 1024;

/// What a system says. A BSN stands in the body only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    person: AskedPerson,
    #[serde(default)]
    responsible: Option<AskedPerson>,
    patient: AskedPatient,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedPerson {
    id: String,
    #[serde(default)]
    name: Option<String>,
    role: String,
}

/// The patient, in one of two ways.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum AskedPatient {
    Bsn(String),
    /// The logical id in one of our own sources.
    Id(String),
}

/// A refusal: status, fixed code, sentence.
struct Refused(StatusCode, &'static str, &'static str);

const MALFORMED: Refused = Refused(
    StatusCode::BAD_REQUEST,
    "malformed",
    "Send JSON: person {id, name?, role}, responsible? and patient {bsn} or {id}.",
);
/// The same for whatever keeps the patient from being known.
const PATIENT: Refused =
    Refused(StatusCode::UNPROCESSABLE_ENTITY, "patient", "The patient cannot be told from what was sent.");

/// A browser that an EPD sends. Leads to our own pages only, with what it brought.
pub async fn by_browser(request: HttpRequest, node: Data<Node>) -> HttpResponse {
    let query = request.query_string();
    if !node.entrance().takes_epds() || query.len() > LONGEST_QUERY {
        return HttpResponse::NotFound().insert_header(("X-Content-Type-Options", "nosniff")).finish();
    }
    let Ok(location) = HeaderValue::from_str(&format!("{}/portal/launch?{query}", node.inner_base())) else {
        return refused(&MALFORMED);
    };
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, location))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .finish()
}

pub async fn launch(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let read = inbound::body(request.headers(), payload, LARGEST);
    let body = tokio::time::timeout(node.body_bounds().patience, read).await;
    let credentials = inbound::credentials(&request, &uuid::Uuid::new_v4().to_string());
    let Ok(system) = node.authenticator().identify(Gate::Inner, &credentials).await else {
        let remote = request.peer_addr().map(|address| address.ip());
        if let Err(wait) = node.entrance().limits().unidentified(remote) {
            return waiting(wait);
        }
        let mut response = refused(&Refused(StatusCode::UNAUTHORIZED, "unidentified", "Authenticate as a system."));
        response
            .headers_mut()
            .insert(actix_web::http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"zorgsluis\""));
        return response;
    };
    let Ok(Ok(body)) = body else { return refused(&MALFORMED) };
    let Ok(asked) = serde_json::from_slice::<Asked>(&body) else { return refused(&MALFORMED) };
    let patient = match patient(&node, asked.patient).await {
        Ok(patient) => patient,
        Err(why) => return refused(&why),
    };
    let launch = Launch { person: asked.person.into(), responsible: asked.responsible.map(Person::from), patient };
    match node.entrance().prepare(&system, launch) {
        Ok((handle, life)) => answer(
            StatusCode::CREATED,
            &json!({"url": format!("{}/portal/launch/{handle}", node.inner_base()), "expires_in": life.as_secs()}),
        ),
        Err(NoLaunch::Wait(wait)) => waiting(wait),
        Err(NoLaunch::NotALauncher) => {
            refused(&Refused(StatusCode::FORBIDDEN, "not-a-launcher", "This system may not open the portal."))
        }
        Err(NoLaunch::Fault(fault)) => refused(&of(fault)),
    }
}

async fn patient(node: &Node, asked: AskedPatient) -> Result<Bsn, Refused> {
    match asked {
        AskedPatient::Bsn(digits) => Bsn::parse(&digits).map_err(|_| PATIENT),
        AskedPatient::Id(text) => {
            let id = LogicalId::parse(&text).ok_or(PATIENT)?;
            match node.patients().patient(&id).await {
                Finding::Found(bsn) => Ok(bsn),
                Finding::Absent | Finding::NotFoundOut(_) => Err(PATIENT),
            }
        }
    }
}

const fn of(fault: LaunchFault) -> Refused {
    match fault {
        LaunchFault::Person => MALFORMED,
        LaunchFault::NothingHere => Refused(
            StatusCode::FORBIDDEN,
            "nothing-here",
            "Nothing is open here for this person's profession and this system.",
        ),
        LaunchFault::Full | LaunchFault::NoRandomness => {
            Refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Nothing can be launched now; try again.")
        }
    }
}

fn refused(why: &Refused) -> HttpResponse {
    answer(why.0, &json!({"error": why.1, "error_description": why.2}))
}

fn waiting(wait: std::time::Duration) -> HttpResponse {
    let mut response =
        refused(&Refused(StatusCode::TOO_MANY_REQUESTS, "throttled", "You ask more than you may; try again later."));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(super::doors::seconds(wait)));
    response
}

fn answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("application/json")
        .body(body.to_string())
}

impl From<AskedPerson> for Person {
    fn from(asked: AskedPerson) -> Self {
        Person { id: asked.id, name: asked.name, role: asked.role }
    }
}
