//! The control interface beside Mitz's own: for tests that drive it over the wire.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::choices::Choice;
use super::fault::Fault;
use super::serve::World;

/// What came of a changed choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// What each notified party answered: an HTTP status, or none when no answer came.
    pub notified: Vec<Option<u16>>,
}

/// `GET /_control/requests`
pub async fn requests(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.recorded())
}

/// `GET /_control/subscriptions`
pub async fn subscriptions(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.subscriptions())
}

/// `GET /_control/subscribed`: the holder and id of each that was ever given out, to see whether anybody subscribed twice.
pub async fn subscribed(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.subscribed())
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

/// `PUT /_control/choice` with a [`Choice`] as JSON; answered with [`Changed`] when who subscribed was told.
pub async fn choose(world: web::Data<World>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Choice>(&body) {
        Ok(choice) => HttpResponse::Ok().json(world.choose(choice).await),
        Err(error) => HttpResponse::BadRequest().body(format!("not a choice: {error}")),
    }
}
