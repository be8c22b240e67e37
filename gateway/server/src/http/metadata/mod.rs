//! `/metadata`: the CapabilityStatement of one base, for whoever asks. It is made of the loaded use cases and of nothing
//! else: no exchange runs, no source is asked, no patient is named, and so no record is written.

pub mod canonicals;
pub mod references;
pub mod statement;

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use exchange::ports::AuthenticationFault;
use exchange::{Gate, Refusal};
use fhir::json::Limits;
use fhir::{FhirVersion, Resource};
use policy::{Direction, UseCaseId, UseCases};

use super::negotiation::Negotiated;
use super::offers::Offers;
use super::responder::{self, Frame};
use super::{format, inbound};
use crate::node::Node;
use statement::{About, statement};

/// For whom a statement is.
enum Audience {
    /// An identified caller: what its use cases offer.
    Caller(BTreeSet<UseCaseId>),
    /// Not identified: what all use cases offer.
    Anyone,
    /// Not identified, where that is told to nobody.
    Nobody,
}

/// `GET [base]/metadata`
pub async fn answer(node: &Node, gate: Gate, version: FhirVersion, request: &HttpRequest) -> HttpResponse {
    let negotiated = Negotiated::read(request.headers(), request.query_string(), "", version);
    let head = request.method() == actix_web::http::Method::HEAD;
    let frame = Frame::without_exchange(node, gate, version, head, negotiated.clone());
    if !negotiated.is_possible() {
        return responder::refuse(&frame, &Refusal::NotAcceptable);
    }
    let audience = match audience(node, gate, request).await {
        Ok(audience) => audience,
        Err(fault) => {
            let refusal = Refusal::Unidentified(fault);
            tracing::info!(metadata.gate = ?gate, metadata.reason = %refusal.row().record, "metadata refused");
            return responder::refuse(&frame, &refusal);
        }
    };
    let whose = match &audience {
        Audience::Caller(ids) => ids.iter().map(UseCaseId::as_str).collect::<Vec<_>>().join(" "),
        Audience::Anyone => "*".to_owned(),
        Audience::Nobody => "-".to_owned(),
    };
    let format = negotiated.format();
    let (number, use_cases) = node.use_cases().numbered();
    let name = format!("metadata {number} {gate:?} {version} {} {whose}", format.short());
    let made = node.memo().get(name, || {
        let text = serde_json::to_vec(&of(node, &use_cases, gate, version, &audience)).unwrap_or_default();
        let resource = Resource::parse(text.into(), &Limits::default()).map_err(|_| Refusal::Defect)?;
        format::write(version, format, &resource)
    });
    match made {
        Ok(text) => responder::text(&frame, StatusCode::OK, text),
        Err(refusal) => responder::refuse(&frame, &refusal),
    }
}

/// Who asks. Showing nothing, or a certificate alone, is no fault here; showing a token that is not accepted is.
async fn audience(node: &Node, gate: Gate, request: &HttpRequest) -> Result<Audience, AuthenticationFault> {
    let credentials = inbound::credentials(request, &uuid::Uuid::new_v4().to_string());
    let identified =
        tokio::time::timeout(node.body_bounds().patience, node.authenticator().identify(gate, &credentials));
    match identified.await.unwrap_or(Err(AuthenticationFault::Unavailable)) {
        Ok(caller) => Ok(Audience::Caller(caller.use_cases.into_iter().collect())),
        Err(
            AuthenticationFault::NoCertificate
            | AuthenticationFault::UnknownOrganisation
            | AuthenticationFault::NoToken,
        ) => Ok(if gate == Gate::Inner || node.metadata_is_open() { Audience::Anyone } else { Audience::Nobody }),
        Err(fault) => Err(fault),
    }
}

fn of(node: &Node, use_cases: &UseCases, gate: Gate, version: FhirVersion, audience: &Audience) -> serde_json::Value {
    let mine = |use_case: &&policy::UseCase| match audience {
        Audience::Caller(ids) => ids.contains(use_case.id()),
        Audience::Anyone => true,
        Audience::Nobody => false,
    };
    let offers = Offers::of(use_cases.all().filter(mine), version, direction(gate));
    let token_endpoint = format!("{}/oauth/token", node.outer_base());
    statement(
        &offers,
        &About {
            provider: node.provider(),
            base: &node.base(gate, version),
            since: node.started(),
            token_endpoint: (gate == Gate::Outer).then_some(&token_endpoint),
        },
    )
}

/// The direction of what is asked at a gate.
pub fn direction(gate: Gate) -> Direction {
    match gate {
        Gate::Outer => Direction::Holder,
        Gate::Inner => Direction::User,
    }
}
