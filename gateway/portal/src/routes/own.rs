//! The patient's page. Whose data it is follows from the session alone: nothing in the request can name anybody else.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use audit::Language;
use serde::Deserialize;

use super::log::{Admitted, Days};
use super::{Portal, page};
use crate::desk::{Answered, Kind};
use crate::pages::{self, Frame, Place};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    lang: String,
    #[serde(flatten)]
    days: Days,
}

pub(super) async fn own_log(request: HttpRequest, portal: Data<Portal>, asked: Query<Asked>) -> HttpResponse {
    let Admitted { id, session, log, remote } = match portal.admit(&request, Kind::Patient) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let language = if asked.lang == "en" { Language::English } else { Language::Dutch };
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::OwnLog).in_language(language);
    let period = match asked.days.read() {
        Ok(period) => period,
        Err(wrong) => return page(StatusCode::BAD_REQUEST, pages::own_log::own_log(&frame, Err(wrong), None)),
    };
    let Answered { request_id, result } = log.own_log(&id, period, remote).await;
    match result {
        Ok(found) => page(StatusCode::OK, pages::own_log::own_log(&frame, Ok(&found), Some(&request_id))),
        Err(refusal) => portal.refused(&request, &refusal, &request_id, &frame),
    }
}
