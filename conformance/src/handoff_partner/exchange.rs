//! What the partner answers: as sender to whoever pulls, as receiver to whoever tells. Everything that comes is noted.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::serve::{Part, below};
use super::tokens::{self, outcome};
use super::{Given, MOST_SEEN, Seen, Sends, World, locked, negotiation, now};
use crate::mutual_tls;

/// What becomes of a request: status and body.
type Answered = (u16, Value);

pub(super) async fn any(world: Data<World>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let token = tokens::shown(&world, &request);
    let (method, path) = (request.method().as_str().to_owned(), request.path().to_owned());
    let at = now();
    let (status, answer) = match (&token, below(&path, Part::Notification), below(&path, Part::Fhir)) {
        (None, _, _) => (401, outcome("login")),
        (Some(token), Some(named), _) => told(&world, token, &method, named, &body).await,
        (Some(token), None, Some(asked)) => asked_for(&world, token, &method, asked, &body),
        (Some(_), None, None) => (404, outcome("not-found")),
    };
    let mut seen = locked(&world.seen);
    if seen.len() < MOST_SEEN {
        let whole = request.uri().path_and_query().map(ToString::to_string);
        seen.push(Seen {
            at,
            method,
            path: whole.unwrap_or(path),
            length: body.len(),
            certificate: mutual_tls::shown(&request).and_then(tokens::ura_of),
            token,
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
    }
    drop(seen);
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY));
    if answer.is_null() {
        return response.finish();
    }
    response.content_type("application/fhir+json").body(answer.to_string())
}

/// A notification.
async fn told(world: &World, token: &Given, method: &str, named: &str, body: &[u8]) -> Answered {
    let (slow, next) = {
        let mut takes = locked(&world.takes);
        let next = if takes.answers.is_empty() { None } else { Some(takes.answers.remove(0)) };
        (takes.slow_ms, next)
    };
    if slow > 0 {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(slow)).await;
    }
    if token.scope != "eoverdracht-receiver" {
        return (403, outcome("forbidden"));
    }
    if let Some(status) = next {
        return (status, Value::Null);
    }
    match (method, named, body) {
        ("POST", "Task", body) => {
            let task: Value = serde_json::from_slice(body).unwrap_or_default();
            if task["resourceType"] == "Task" && task["status"] == "requested" {
                (201, Value::Null)
            } else {
                (422, outcome("invalid"))
            }
        }
        ("POST", id, []) if !id.is_empty() && !id.contains('/') => (202, Value::Null),
        _ => (400, outcome("invalid")),
    }
}

/// A request for something that it sends.
fn asked_for(world: &World, token: &Given, method: &str, asked: &str, body: &[u8]) -> Answered {
    let mut all = locked(&world.sends);
    let ours = |(task, sends): &(&String, &mut Sends)| {
        token.base.as_ref().is_some_and(|base| sends.base.as_ref().unwrap_or(task) == base)
    };
    let Some((_, sends)) = all.iter_mut().find(ours) else { return (403, outcome("forbidden")) };
    if token.scope != "eoverdracht-sender" {
        return (403, outcome("forbidden"));
    }
    let fault = sends.faults.get_mut(&format!("{method} {asked}")).filter(|faults| !faults.is_empty());
    if let Some(status) = fault.map(|faults| faults.remove(0)) {
        return (status, outcome("exception"));
    }
    let kind = asked.split('/').next().unwrap_or_default();
    if !matches!(kind, "Task" | "Organization") && !token.person {
        // What is about the patient is given to a person only.
        return (403, outcome("forbidden"));
    }
    if !matches!(kind, "Task" | "Organization") && !negotiation::opens(sends, asked.trim_end_matches("/$document")) {
        return (403, outcome("forbidden"));
    }
    match (method, asked.strip_suffix("/$document")) {
        ("GET", Some(composition)) => document(sends, composition),
        ("GET", None) => find(sends, asked).map_or_else(|| (404, outcome("not-found")), |one| (200, one.clone())),
        ("PUT", None) => put(sends, asked, body),
        _ => (405, outcome("not-supported")),
    }
}

fn find<'s>(sends: &'s Sends, name: &str) -> Option<&'s Value> {
    sends.resources.iter().find(|one| name_of(one) == name)
}

pub(super) fn name_of(one: &Value) -> String {
    format!("{}/{}", one["resourceType"].as_str().unwrap_or_default(), one["id"].as_str().unwrap_or_default())
}

/// The Composition, and everything else but Task and Binaries.
fn document(sends: &Sends, composition: &str) -> Answered {
    let Some(first) = find(sends, composition) else { return (404, outcome("not-found")) };
    let reached = negotiation::reached_by(sends, composition);
    let of_it = |one: &&Value| reached.as_ref().is_none_or(|reached| reached.contains(&name_of(one)));
    let apart = |one: &&Value| !matches!(one["resourceType"].as_str(), Some("Task" | "Binary" | "Composition"));
    let others = sends.resources.iter().filter(apart).filter(of_it);
    let entries: Vec<Value> = std::iter::once(first).chain(others).map(|one| json!({"resource": one})).collect();
    (200, json!({"resourceType": "Bundle", "type": "document", "entry": entries}))
}

/// The Task put back: nothing but its status may be another, and what goes with an answer to a notice.
fn put(sends: &mut Sends, name: &str, body: &[u8]) -> Answered {
    let put: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(ours) = sends.resources.iter_mut().find(|one| name_of(one) == name) else {
        return (404, outcome("not-found"));
    };
    let mut expected = ours.clone();
    expected["status"] = put["status"].clone();
    let fits = if ours["status"] == "requested" {
        negotiation::answers(&mut expected, &put)
    } else {
        put["status"] == "completed"
    };
    if ours["resourceType"] != "Task" || expected != put || !fits {
        return (422, outcome("processing"));
    }
    ours.clone_from(&put);
    (200, put)
}
