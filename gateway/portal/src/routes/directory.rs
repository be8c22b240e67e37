//! The page on directories, for who supervises or administers the node.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use audit::Language;
use serde::Deserialize;

use super::{Portal, page};
use crate::desk::Kind;
use crate::pages::{self, Frame, Notice, Place};

/// Longest text that is taken for a URA, in characters.
const LONGEST: usize = 16;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    lang: String,
    ura: String,
}

pub(super) async fn show(request: HttpRequest, portal: Data<Portal>, asked: Query<Asked>) -> HttpResponse {
    let Some((_, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, None);
    };
    if !matches!(session.kind, Kind::Auditor | Kind::Administrator) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None);
    }
    let language = if asked.lang == "en" { Language::English } else { Language::Dutch };
    let ura: String = asked.ura.trim().chars().take(LONGEST).collect();
    let shown = portal.desk.directory(&ura, language).await;
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Directory).in_language(language);
    page(StatusCode::OK, pages::directory(&frame, &shown))
}
