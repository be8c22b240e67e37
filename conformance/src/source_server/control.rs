//! The control interface beside the FHIR base: for tests that drive a source over the wire.

use actix_web::{HttpResponse, web};

use super::fault::Fault;
use super::serve::World;

/// `GET /_control/requests`
pub async fn requests(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.recorded())
}

/// `DELETE /_control/requests`
pub async fn forget(world: web::Data<World>) -> HttpResponse {
    world.forget();
    HttpResponse::NoContent().finish()
}

/// `GET /_control/fault`
pub async fn fault(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.fault())
}

/// `PUT /_control/fault` with a [`Fault`] as JSON.
pub async fn set_fault(world: web::Data<World>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            world.set_fault(fault);
            HttpResponse::NoContent().finish()
        }
        Err(error) => HttpResponse::BadRequest().body(format!("not a fault: {error}")),
    }
}
