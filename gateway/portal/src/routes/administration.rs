//! The administrator's pages. Nobody else sees them, and an administrator sees no others but those on the node itself.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::{Portal, page, to};
use crate::desk::{Kind, Session};
use crate::guard::is_ours;
use crate::pages::{self, Frame, Notice, Place};

#[derive(Deserialize)]
pub(super) struct Unlock {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    key: String,
}

#[derive(Deserialize)]
pub(super) struct End {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    handle: String,
}

impl Portal {
    fn administrator(&self, request: &HttpRequest) -> Result<(String, Session), Box<HttpResponse>> {
        let Some((id, session)) = self.cookies.session(request, self.desk.as_ref()) else {
            return Err(Box::new(self.sign_in_page(request, StatusCode::UNAUTHORIZED, None)));
        };
        match session.kind {
            Kind::Administrator => Ok((id, session)),
            Kind::Practitioner | Kind::Auditor | Kind::Patient => {
                Err(Box::new(self.notice(request, StatusCode::FORBIDDEN, &Notice::OtherKind, None)))
            }
        }
    }

    /// The same for a form, which must be ours.
    fn administrators_form(&self, request: &HttpRequest, csrf: &str) -> Result<String, Box<HttpResponse>> {
        let (id, session) = self.administrator(request)?;
        match is_ours(request, &session.csrf, csrf) {
            true => Ok(id),
            false => Err(Box::new(self.notice(request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None))),
        }
    }
}

pub(super) async fn access(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    let (id, session) = match portal.administrator(&request) {
        Ok(found) => found,
        Err(refused) => return *refused,
    };
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Access);
    page(StatusCode::OK, pages::access(&frame, &session, &portal.desk.administration().access(&id)))
}

pub(super) async fn unlock(request: HttpRequest, portal: Data<Portal>, form: Form<Unlock>) -> HttpResponse {
    match portal.administrators_form(&request, &form.csrf) {
        // A wait that is over by itself is as well over.
        Ok(id) => {
            portal.desk.administration().unlock(&id, &form.key);
            to("/portal/access")
        }
        Err(refused) => *refused,
    }
}

pub(super) async fn end(request: HttpRequest, portal: Data<Portal>, form: Form<End>) -> HttpResponse {
    match portal.administrators_form(&request, &form.csrf) {
        Ok(id) => {
            portal.desk.administration().end_session(&id, &form.handle);
            to("/portal/access")
        }
        Err(refused) => *refused,
    }
}

pub(super) async fn configuration(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    let (_, session) = match portal.administrator(&request) {
        Ok(found) => found,
        Err(refused) => return *refused,
    };
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Configuration);
    page(StatusCode::OK, pages::configuration(&frame, portal.desk.administration().configuration()))
}
