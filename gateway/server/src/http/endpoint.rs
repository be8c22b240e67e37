//! The FHIR endpoint: one route for everything below a FHIR base, and the one place where the stack is run.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::{Disclosed, Gate, Handle, Inbound, LogStack, Recorded, Refusal, Unreadable};
use fhir::FhirVersion;
use futures_util::FutureExt;

use super::responder::{Frame, Made, events};
use super::{batch, discovery, doors, inbound, metadata, responder};
use crate::node::Node;

/// Which listener an application answers for.
#[derive(Clone, Copy, Debug)]
pub struct AtGate(pub Gate);

/// `/fhir/{version}` and everything below it.
pub async fn fhir(
    request: HttpRequest,
    payload: Payload,
    path: Path<(String, String)>,
    node: Data<Node>,
    gate: Data<AtGate>,
) -> HttpResponse {
    let (segment, _) = path.into_inner();
    let version = segment.parse::<FhirVersion>().ok();
    // The path as sent: decoding is the interaction's business, and happens exactly once.
    let raw = request.uri().path();
    let rest = raw.strip_prefix("/fhir/").and_then(|rest| rest.split_once('/')).map_or("", |(_, rest)| rest);
    let served = version.filter(|version| node.serves(*version));
    if let Some(version) = served
        && matches!(request.method().as_str(), "GET" | "HEAD")
    {
        match rest {
            "metadata" => return metadata::answer(&node, gate.0, version, &request).await,
            ".well-known/smart-configuration" if gate.0 == Gate::Outer => return discovery::smart(&node),
            _ => {}
        }
    }
    let (mut inbound, negotiated) =
        inbound::read(&request, payload, gate.0, version.unwrap_or(FhirVersion::R4), rest, node.body_bounds()).await;
    if served.is_none() {
        inbound.unreadable = Some(Unreadable::NotServed);
    }
    let frame = Frame::of(&node, &inbound, negotiated);
    if batch::is_batch(&inbound) {
        return batch::answer(&node, inbound, frame).await;
    }
    let made = make(&node, &frame, inbound).await;
    responder::send(&frame, made)
}

/// What becomes of one request: the access log has a stack of its own, where this node shows it.
pub async fn make(node: &Arc<Node>, frame: &Frame, inbound: Inbound) -> Made {
    match node.log_stack().filter(|_| is_about_the_log(&inbound)) {
        Some(stack) => events::make(frame, &run_log(node, stack, inbound).await),
        None => responder::make(frame, &run(node, inbound).await),
    }
}

/// Whether the path names the type that the access log is shown as. Written in another way it is one that no use case
/// of the sources offers.
fn is_about_the_log(inbound: &Inbound) -> bool {
    inbound.version == FhirVersion::R4 && inbound.path.split('/').any(|segment| segment == "AuditEvent")
}

/// Runs one look into the node's own access log.
pub async fn run_log(node: &Node, stack: &LogStack, inbound: Inbound) -> Result<Recorded<Disclosed>, Refusal> {
    through(node, stack, inbound).await
}

/// Runs one exchange.
pub async fn run(node: &Arc<Node>, inbound: Inbound) -> Result<Recorded, Refusal> {
    let version = inbound.version;
    let result = through(node, node.stack(), inbound).await;
    if let Ok(recorded) = &result {
        node.quality().observe(version, recorded.released());
    }
    result
}

/// A panic inside becomes a refusal; the trail has closed itself by then.
async fn through<R>(
    node: &Node,
    stack: &impl Handle<Inbound, Out = Recorded<R>>,
    inbound: Inbound,
) -> Result<Recorded<R>, Refusal> {
    doors::may_enter(node, &inbound).await?;
    let started = Instant::now();
    let remote = inbound.remote;
    let (request_id, correlation_id) = (inbound.request_id.clone(), inbound.correlation_id.clone());
    let gate = inbound.gate;
    let result = AssertUnwindSafe(stack.handle(inbound)).catch_unwind().await.unwrap_or(Err(Refusal::Defect));
    let (status, reason) = match &result {
        Ok(_) => (200, "released".to_owned()),
        Err(refusal) => {
            let row = refusal.row();
            (row.status, row.record)
        }
    };
    if matches!(result, Err(Refusal::Unidentified(_))) {
        // Whether the next one of this address may take a place in the log.
        let _ = node.entrance().limits().unidentified(remote);
    }
    let took = started.elapsed();
    node.metrics().exchange(gate, result.as_ref().err(), took);
    // The one wide event of an exchange: no path, no query, no person, no patient.
    tracing::info!(
        exchange.request_id = %request_id,
        exchange.correlation_id = %correlation_id,
        exchange.gate = ?gate,
        exchange.status = status,
        exchange.reason = %reason,
        exchange.micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "exchange"
    );
    result
}
