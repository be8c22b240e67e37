//! The FHIR endpoint: one route for everything below a FHIR base, and the one place where the stack is run.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::{Gate, Handle, Inbound, Recorded, Refusal, Unreadable};
use fhir::FhirVersion;
use futures_util::FutureExt;

use super::{batch, discovery, inbound, metadata, responder};
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
    let frame = responder::Frame::of(&node, &inbound, negotiated);
    if batch::is_batch(&inbound) {
        return batch::answer(&node, inbound, frame).await;
    }
    let result = run(&node, inbound).await;
    responder::answer(&frame, &result)
}

/// Runs one exchange. A panic inside becomes a refusal; the trail has closed itself by then.
pub async fn run(node: &Arc<Node>, inbound: Inbound) -> Result<Recorded, Refusal> {
    let started = Instant::now();
    let (request_id, correlation_id) = (inbound.request_id.clone(), inbound.correlation_id.clone());
    let (gate, version) = (inbound.gate, inbound.version);
    let result = AssertUnwindSafe(node.stack().handle(inbound)).catch_unwind().await.unwrap_or(Err(Refusal::Defect));
    let (status, reason) = match &result {
        Ok(_) => (200, "released".to_owned()),
        Err(refusal) => {
            let row = refusal.row();
            (row.status, row.record)
        }
    };
    let took = started.elapsed();
    node.metrics().exchange(gate, &result, took);
    if let Ok(recorded) = &result {
        node.quality().observe(version, recorded.released());
    }
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
