//! `POST /pdp` and `POST /pdp/v1/data/knooppunt/authz` at the inner listener: enforcement points of the provider's own ask whether
//! a request that they hold back may be answered, in the words of the neighbouring implementation (handbook: generic functions,
//! 1.4.2). Only inner callers that are configured for it may ask. Each decision is a record in the access log; no data leaves.

mod input;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::decision::{DecisionWiring, Told, decide};
use exchange::{BodyKind, Gate, Refusal};
use fhir::FhirVersion;
use policy::{DenialCode, Reason};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::inbound::{self, BodyBounds};
use crate::node::Node;
use input::Question;

/// Larger than any request without a body that matters to a decision.
const LARGEST: usize = 256 * 1024;

/// What answers enforcement points.
pub struct DecisionPoint {
    pub wiring: DecisionWiring,
    /// How many are decided at once.
    pub places: Semaphore,
}

pub async fn authz(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let bounds = BodyBounds { bytes: LARGEST, ..node.body_bounds() };
    let (asked, _) = inbound::read(&request, payload, Gate::Inner, FhirVersion::R4, "", bounds).await;
    let request_id = asked.request_id.clone();
    let identified = node.authenticator().identify(Gate::Inner, &asked.credentials).await;
    let (status, body, challenge) = match identified {
        Err(fault) => {
            let row = Refusal::Unidentified(fault).row();
            (row.status, None, row.challenge)
        }
        Ok(caller) => match node.callers().decides_for(&caller.client_id) {
            None => (403, None, None),
            Some(carries_out) => {
                let readable = asked.unreadable.is_none() && asked.body_kind == BodyKind::Json;
                let (status, body) = match readable.then(|| Question::read(&asked.body)) {
                    Some(Ok(question)) => {
                        let told = question.told(node.ura(), caller.client_id, carries_out, &asked);
                        match told {
                            Ok((told, policy)) => answer(node.decision_point(), told, &policy).await,
                            Err(what) => (400, refused(what)),
                        }
                    }
                    Some(Err(what)) => (400, refused(what)),
                    None => (400, refused("the body is no JSON, or is too large")),
                };
                (status, Some(body), None)
            }
        },
    };
    // Who asked about whom is in no line.
    tracing::info!(decision.request_id = %request_id, decision.status = status, "decision point");
    let mut reply = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST));
    if let Some(challenge) = challenge {
        reply.insert_header(("WWW-Authenticate", challenge));
    }
    reply
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", request_id));
    match body {
        Some(body) => reply.content_type("application/json").body(body.to_string()),
        None => reply.finish(),
    }
}

/// What no decision can be made of.
fn refused(what: &str) -> Value {
    json!({"allow": false, "error": format!("unexpected_input: {what}"), "policies": {}})
}

/// Decides, and puts it in the words of the neighbour. `policy` is the name of the policy that was asked for.
async fn answer(point: &DecisionPoint, told: Told, policy: &str) -> (u16, Value) {
    let Ok(_place) = point.places.try_acquire() else {
        return (503, json!({"allow": false, "error": "internal_error: too many decisions at once", "policies": {}}));
    };
    match decide(point.wiring.clone(), told).await {
        Ok(recorded) => {
            let decided = recorded.released();
            let name = decided.use_case.as_str().replace('-', "_");
            let mut said = json!({"allow": true, "reasons": []});
            if !decided.obligations.is_empty() {
                said["obligations"] = json!(decided.obligations);
            }
            (200, json!({"allow": true, "policies": {name: said}}))
        }
        Err(refusal) => {
            let row = refusal.row();
            let reasons = match &refusal {
                Refusal::Denied(denial) => denied(denial.code, &denial.reasons),
                _ if row.status < 500 => vec![reason("unexpected_input", &row.says)],
                _ => vec![reason("internal_error", &row.says)],
            };
            let status = if row.status >= 500 { 503 } else { 200 };
            (status, json!({"allow": false, "policies": {policy: {"allow": false, "reasons": reasons}}}))
        }
    }
}

/// A no in the closed list of codes that the interface has; ours stands before the description.
fn denied(code: DenialCode, reasons: &[Reason]) -> Vec<Value> {
    let own = |one: &Reason| {
        let code = match (code, one.code.ends_with("-not-found-out")) {
            (DenialCode::PolicyFailed, _) => "internal_error",
            (_, true) => "pip_error",
            (_, false) => "not_allowed",
        };
        reason(code, &format!("{}: {}", one.code, one.description))
    };
    let mut all: Vec<Value> = reasons.iter().map(own).collect();
    if all.is_empty() {
        all.push(match code {
            DenialCode::NotInUseCase => reason("not_allowed", "No policy of the scopes offers this."),
            DenialCode::SearchParameter => reason("not_allowed", "The policy does not offer this search parameter."),
            DenialCode::PatientBinding => {
                reason("unexpected_input", "The request is not about the one patient that is told.")
            }
            DenialCode::EmergencyReason | DenialCode::OwnAccess | DenialCode::PolicyDenied => {
                reason("not_allowed", "The policy says no.")
            }
            DenialCode::PolicyFailed => reason("internal_error", "The policy gave no usable verdict."),
        });
    }
    all
}

fn reason(code: &str, description: &str) -> Value {
    json!({"code": code, "description": description})
}
