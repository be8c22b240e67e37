//! How the partner is told what to do, and asked what it saw.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use serde_json::json;

use super::{Sends, Takes, World, locked};

/// Another certificate to show, PEM; its own again, when nothing is said.
#[derive(Deserialize)]
pub(super) struct Certificate {
    certificate: Option<String>,
    key: Option<String>,
}

pub(super) async fn send(world: Data<World>, task: Path<String>, sends: Json<Sends>) -> HttpResponse {
    locked(&world.sends).insert(task.into_inner(), sends.into_inner());
    HttpResponse::NoContent().finish()
}

/// The transfer as it is now.
pub(super) async fn sent(world: Data<World>, task: Path<String>) -> HttpResponse {
    match locked(&world.sends).get(task.as_str()) {
        Some(sends) => HttpResponse::Ok().json(sends),
        None => HttpResponse::NotFound().finish(),
    }
}

pub(super) async fn take(world: Data<World>, takes: Json<Takes>) -> HttpResponse {
    *locked(&world.takes) = takes.into_inner();
    HttpResponse::NoContent().finish()
}

pub(super) async fn show(world: Data<World>, other: Json<Certificate>) -> HttpResponse {
    let Certificate { certificate, key } = other.into_inner();
    match world.shows.show(certificate.as_deref().zip(key.as_deref())) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(fault) => HttpResponse::BadRequest().json(json!({"error": fault.to_string()})),
    }
}

pub(super) async fn seen(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(&*locked(&world.seen))
}
