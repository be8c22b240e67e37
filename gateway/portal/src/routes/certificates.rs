//! The page on certificates, for who supervises or administers the node.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use audit::Language;
use serde::Deserialize;

use super::{Portal, page};
use crate::desk::Kind;
use crate::pages::{self, Frame, Notice, Place};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    lang: String,
}

pub(super) async fn show(request: HttpRequest, portal: Data<Portal>, asked: Query<Asked>) -> HttpResponse {
    let Some((_, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, None);
    };
    if !matches!(session.kind, Kind::Auditor | Kind::Administrator) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None);
    }
    let language = if asked.lang == "en" { Language::English } else { Language::Dutch };
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Certificates).in_language(language);
    page(StatusCode::OK, pages::certificates(&frame, &portal.desk.certificates()))
}
