//! The ways in and out: a code, a certificate, Dezi, a launch by a system of the provider; one's own sessions.
//!
//! Every way in makes a new session id, and ends the session that the browser had as far as it shows it: a strict cookie does
//! not come along from an EPD's page. That one ends by itself, and its person can end it.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Form, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::{Portal, page, to, to_start};
use crate::desk::{Departure, Elsewhere, NotSignedIn, Return};
use crate::guard::is_ours;
use crate::pages::{self, Frame, Notice};

/// Longest parameter of a way back that is passed on, in characters.
const LONGEST_PARAMETER: usize = 2048;

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    code: String,
}

/// A form that says nothing but that it is ours.
#[derive(Deserialize)]
pub(super) struct Bare {
    #[serde(default)]
    csrf: String,
}

#[derive(Deserialize)]
pub(super) struct EndOf {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    handle: String,
}

#[derive(Deserialize)]
pub(super) struct Acting {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    acting: String,
}

/// What an EPD sends along (SMART App Launch 2).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FromEpd {
    iss: String,
    launch: String,
}

/// What an identity provider sends along (RFC 6749, 4.1.2; RFC 9207).
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Back {
    state: String,
    code: Option<String>,
    iss: String,
}

pub(super) async fn by_code(request: HttpRequest, portal: Data<Portal>, form: Form<Code>) -> HttpResponse {
    if !portal.is_our_form(&request, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    match portal.desk.sign_in(form.code.trim(), remote(&request)) {
        Ok(id) => portal.renewed(&request, to_start(), id),
        Err(why) => portal.not_signed_in(&request, why),
    }
}

pub(super) async fn by_certificate(request: HttpRequest, portal: Data<Portal>, form: Form<Bare>) -> HttpResponse {
    if !portal.is_our_form(&request, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    match portal.desk.sign_in_by_certificate(&request).await {
        Ok(id) => portal.renewed(&request, to_start(), id),
        Err(why) => portal.not_signed_in(&request, why),
    }
}

/// Sends the browser to Dezi. A plain link, because forms may only lead to ourselves. A link elsewhere ends no session: the
/// cookie does not come along with it.
pub(super) async fn to_dezi(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    portal.away(&request, Elsewhere::Dezi)
}

pub(super) async fn from_dezi(request: HttpRequest, portal: Data<Portal>, back: Query<Back>) -> HttpResponse {
    portal.back(&request, Elsewhere::Dezi, back.into_inner()).await
}

/// Sends the browser to where it shows a card, likewise.
pub(super) async fn to_card(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    portal.away(&request, Elsewhere::Card)
}

pub(super) async fn from_card(request: HttpRequest, portal: Data<Portal>, back: Query<Back>) -> HttpResponse {
    portal.back(&request, Elsewhere::Card, back.into_inner()).await
}

/// An EPD sends its user: the browser goes to that EPD's authorization server, if it is one of ours.
pub(super) async fn launched_by_epd(request: HttpRequest, portal: Data<Portal>, sent: Query<FromEpd>) -> HttpResponse {
    if only_looks_ahead(&request) {
        return HttpResponse::NoContent().finish();
    }
    if [&sent.iss, &sent.launch].iter().any(|text| text.len() > LONGEST_PARAMETER) {
        return portal.not_signed_in(&request, NotSignedIn::NotAccepted);
    }
    let departure = portal.desk.depart_to_epd(&sent.iss, &sent.launch, remote(&request)).await;
    portal.sent_away(&request, departure)
}

pub(super) async fn from_epd(
    request: HttpRequest,
    portal: Data<Portal>,
    key: Path<String>,
    back: Query<Back>,
) -> HttpResponse {
    portal.back(&request, Elsewhere::Epd(key.into_inner()), back.into_inner()).await
}

/// A browser that only looks ahead must not use up what can be used once.
fn only_looks_ahead(request: &HttpRequest) -> bool {
    ["sec-purpose", "purpose"].iter().any(|name| {
        let value = request.headers().get(*name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.starts_with("prefetch"))
    })
}

pub(super) async fn launch(request: HttpRequest, portal: Data<Portal>, handle: Path<String>) -> HttpResponse {
    if only_looks_ahead(&request) {
        return HttpResponse::NoContent().finish();
    }
    match portal.desk.launch(&handle, remote(&request)) {
        Ok(id) => portal.landed(&request, id, "/portal/overview"),
        Err(why) => portal.not_signed_in(&request, why),
    }
}

pub(super) async fn out(request: HttpRequest, portal: Data<Portal>, form: Form<Bare>) -> HttpResponse {
    if let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) {
        if !is_ours(&request, &session.csrf, &form.csrf) {
            return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
        }
        portal.desk.sign_out(&id);
    }
    let mut response = to_start();
    let _ = response.add_cookie(&portal.cookies.no_session());
    response
}

pub(super) async fn sessions(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, None);
    };
    let frame = Frame::of(portal.desk.provider(), Some(&session));
    page(StatusCode::OK, pages::sessions(&frame, &session, &portal.desk.sessions(&id)))
}

pub(super) async fn end_sessions(request: HttpRequest, portal: Data<Portal>, form: Form<EndOf>) -> HttpResponse {
    let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    portal.desk.end_sessions(&id, (!form.handle.is_empty()).then_some(form.handle.as_str()));
    to("/portal/sessions")
}

pub(super) async fn act(request: HttpRequest, portal: Data<Portal>, form: Form<Acting>) -> HttpResponse {
    let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    let choice = match form.acting.as_str() {
        "" => Ok(None),
        text => text.parse::<usize>().map(Some),
    };
    match choice {
        Ok(choice) if portal.desk.act(&id, choice) => to_start(),
        _ => portal.notice(&request, StatusCode::BAD_REQUEST, &Notice::UnreadableForm, None),
    }
}

/// Whole seconds, at least one: whoever comes back then does not come too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn remote(request: &HttpRequest) -> Option<std::net::IpAddr> {
    request.peer_addr().map(|address| address.ip())
}

impl Portal {
    /// Whether a form from before there is a session is ours.
    fn is_our_form(&self, request: &HttpRequest, sent: &str) -> bool {
        self.cookies.form_token(request).is_some_and(|token| is_ours(request, &token, sent))
    }

    fn away(&self, request: &HttpRequest, to: Elsewhere) -> HttpResponse {
        self.sent_away(request, self.desk.depart(to, remote(request)))
    }

    fn sent_away(&self, request: &HttpRequest, departure: Result<Departure, NotSignedIn>) -> HttpResponse {
        let departure = match departure {
            Ok(departure) => departure,
            Err(why) => return self.not_signed_in(request, why),
        };
        // The session that the browser has ends here: its cookie does not come along on the way back, which begins elsewhere.
        if let Some(old) = self.cookies.session_id(request) {
            self.desk.sign_out(&old);
        }
        let Ok(location) = HeaderValue::from_str(&departure.url) else {
            return self.not_signed_in(request, NotSignedIn::Unavailable);
        };
        let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish();
        let _ = response.add_cookie(&self.cookies.of_binding(departure.binding));
        response
    }

    async fn back(&self, request: &HttpRequest, from: Elsewhere, back: Back) -> HttpResponse {
        let Back { state, code, iss } = back;
        let binding = self.cookies.binding(request).unwrap_or_default();
        let parameters = [Some(&state), code.as_ref(), Some(&iss), Some(&binding)];
        if parameters.iter().flatten().any(|text| text.len() > LONGEST_PARAMETER) {
            return self.not_signed_in(request, NotSignedIn::NotAccepted);
        }
        // A session about one patient begins at that patient.
        let onward = if matches!(from, Elsewhere::Epd(_)) { "/portal/overview" } else { "/portal/" };
        let arrived = self.desk.arrive(from, Return { state, code, iss, binding }, remote(request)).await;
        let mut response = match arrived {
            Ok(id) => self.landed(request, id, onward),
            Err(why) => self.not_signed_in(request, why),
        };
        let _ = response.add_cookie(&self.cookies.no_binding());
        response
    }

    /// The answer with the new session; the one that the browser had is over.
    fn renewed(&self, request: &HttpRequest, mut response: HttpResponse, id: String) -> HttpResponse {
        if let Some(old) = self.cookies.session_id(request) {
            self.desk.sign_out(&old);
        }
        // An id that is no cookie value would be a defect of the desk; then there simply is no session.
        let _ = response.add_cookie(&self.cookies.of_session(id));
        response
    }

    /// The same for a way in that began on another site.
    fn landed(&self, request: &HttpRequest, id: String, onward: &'static str) -> HttpResponse {
        let frame = Frame::of(self.desk.provider(), None);
        self.renewed(request, page(StatusCode::OK, pages::signed_in(&frame, onward)), id)
    }

    fn not_signed_in(&self, request: &HttpRequest, why: NotSignedIn) -> HttpResponse {
        let status = match why {
            NotSignedIn::NotAccepted | NotSignedIn::NothingHere => StatusCode::FORBIDDEN,
            NotSignedIn::Unavailable | NotSignedIn::Full => StatusCode::SERVICE_UNAVAILABLE,
            NotSignedIn::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        let mut response = self.sign_in_page(request, status, Some(pages::not_signed_in(why)));
        if let NotSignedIn::Wait(wait) = why {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}
