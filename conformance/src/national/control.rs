//! The control interface beside the services: for tests that drive them over the wire, and look at what they were told.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::serve::{Service, World};

/// A registration that is there from the beginning, or that a test puts there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeded {
    pub bsn: String,
    pub ura: String,
    pub source: String,
}

/// A registration of one patient, as it is told to a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub id: String,
    pub ura: String,
    pub source: String,
}

/// Whom a test asks after.
#[derive(Deserialize)]
pub struct Whom {
    bsn: String,
}

/// `GET /_control/{service}/requests`: everything that the service was told, head and body.
pub async fn requests(world: web::Data<World>, service: web::Path<Service>) -> HttpResponse {
    HttpResponse::Ok().json(world.recorded(*service))
}

/// `GET /_control/{service}/reused`: how many patient tokens came more than once.
pub async fn reused(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.reused())
}

/// `PUT /_control/{service}/fault` with a [`Fault`] as JSON.
pub async fn set_fault(world: web::Data<World>, service: web::Path<Service>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            world.set_fault(*service, fault);
            HttpResponse::NoContent().finish()
        }
        Err(error) => HttpResponse::BadRequest().body(format!("not a fault: {error}")),
    }
}

/// `PUT /_control/nvi/known`: who is registered for a patient.
pub async fn known(world: web::Data<World>, whom: web::Json<Whom>) -> HttpResponse {
    HttpResponse::Ok().json(world.known(&whom.bsn))
}

/// `PUT /_control/nvi/record`: registers for somebody; the id.
pub async fn put_record(world: web::Data<World>, seeded: web::Json<Seeded>) -> HttpResponse {
    match world.seed(&seeded) {
        Some(record) => HttpResponse::Ok().json(record.id),
        None => HttpResponse::Conflict().finish(),
    }
}

/// `PUT /_control/nvi/lost`: loses a registration.
pub async fn lose(world: web::Data<World>, known: web::Json<Known>) -> HttpResponse {
    let lost = world.records().remove(&known.ura, &known.id);
    HttpResponse::Ok().json(lost)
}
