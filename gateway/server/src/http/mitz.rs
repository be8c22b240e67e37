//! `POST /mitz/notification`, at the outer listener: Mitz tells that a patient's choice changed. Nothing is answered but
//! whether it was taken.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::Gate;
use fhir::FhirVersion;

use super::connection::ClientCertificate;
use super::inbound::{self, BodyBounds};
use crate::mitz::Taken;
use crate::node::Node;

/// Where, below the outer base.
pub const PATH: &str = "/mitz/notification";

/// A notification has some choices of one patient.
const BOUNDS: BodyBounds = BodyBounds { bytes: 256 << 10, patience: Duration::from_secs(5) };

pub async fn notification(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let Some(notices) = node.notices() else { return status(StatusCode::NOT_FOUND) };
    let certificate = request.conn_data::<ClientCertificate>();
    if !certificate.is_some_and(|shown| notices.admits(&shown.0)) {
        tracing::warn!("somebody who is not Mitz sent a notification");
        return status(StatusCode::FORBIDDEN);
    }
    let (inbound, _) = inbound::read(&request, payload, Gate::Outer, FhirVersion::R4, "", BOUNDS).await;
    let taken = notices.take(&inbound).await;
    tracing::info!(exchange.request_id = %inbound.request_id, mitz.notification = ?taken, "Mitz told of a choice");
    status(match taken {
        Taken::Done => StatusCode::NO_CONTENT,
        Taken::Malformed => StatusCode::BAD_REQUEST,
        Taken::NotForUs => StatusCode::UNPROCESSABLE_ENTITY,
        Taken::NotRecorded => StatusCode::SERVICE_UNAVAILABLE,
    })
}

fn status(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .finish()
}
