//! The routes and what goes for all of them: headers, bounds on forms, who may send one.

mod administration;
mod certificates;
mod directory;
mod explaining;
mod handoffs;
mod log;
mod medication;
mod own;
mod referrals;
mod signing_in;

use std::sync::Arc;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, Form, FormConfig, QueryConfig};
use actix_web::{HttpRequest, HttpResponse};
use exchange::Recorded;
use flows::overview::Overview;
use maud::Markup;
use serde::Deserialize;

use crate::desk::{Answered, Desk, Kind, Session};
use crate::guard::{Cookies, is_ours, token};
use crate::pages::{self, Frame, Notice, Place};

/// Longest form body, in bytes: a note of [`pages::log::LONGEST_NOTE`] characters as a browser escapes it, and a token.
const LONGEST_FORM: usize = 8192;

/// Longest reason as typed that is passed on, in characters: one too many shows that it was too long.
const LONGEST_REASON: usize = pages::LONGEST_REASON + 1;

/// Longest BSN as typed that is passed on, in characters.
const LONGEST_BSN: usize = 32;

/// Nothing but our own style sheet and forms; no scripts, no frames.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

struct Portal {
    desk: Arc<dyn Desk>,
    cookies: Cookies,
}

/// The pages, below `/portal`. `secure_cookies` is off for plain HTTP on loopback only.
pub fn scope(desk: Arc<dyn Desk>, secure_cookies: bool) -> impl HttpServiceFactory + 'static {
    let cookies = Cookies::new(desk.provider(), secure_cookies);
    let headers = DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .add((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"));
    // One instance per worker would make no difference; shared all the same.
    web::scope("/portal")
        .wrap(headers)
        .app_data(Data::new(Portal { desk, cookies }))
        .app_data(FormConfig::default().limit(LONGEST_FORM).error_handler(|error, request| {
            let response = unreadable_form(request);
            actix_web::error::InternalError::from_response(error, response).into()
        }))
        .app_data(QueryConfig::default().error_handler(|error, request| {
            let response = unreadable_form(request);
            actix_web::error::InternalError::from_response(error, response).into()
        }))
        .service(resource("").route(web::get().to(home)))
        .service(resource("/").route(web::get().to(start)))
        .service(resource("/style.css").route(web::get().to(style)))
        .service(resource("/sign-in").route(web::get().to(home)).route(web::post().to(signing_in::by_code)))
        .service(
            resource("/sign-in/certificate")
                .route(web::get().to(home))
                .route(web::post().to(signing_in::by_certificate)),
        )
        .service(resource("/sign-in/dezi").route(web::get().to(signing_in::to_dezi)))
        .service(resource("/sign-in/dezi/back").route(web::get().to(signing_in::from_dezi)))
        .service(resource("/sign-in/card").route(web::get().to(signing_in::to_card)))
        .service(resource("/sign-in/card/back").route(web::get().to(signing_in::from_card)))
        .service(resource("/sign-in/epd/{key}/back").route(web::get().to(signing_in::from_epd)))
        .service(resource("/launch").route(web::get().to(signing_in::launched_by_epd)))
        .service(resource("/launch/{handle}").route(web::get().to(signing_in::launch)))
        .service(resource("/sign-out").route(web::get().to(home)).route(web::post().to(signing_in::out)))
        .service(
            resource("/sessions")
                .route(web::get().to(signing_in::sessions))
                .route(web::post().to(signing_in::end_sessions)),
        )
        .service(resource("/mandate").route(web::get().to(home)).route(web::post().to(signing_in::act)))
        .service(resource("/overview").route(web::get().to(own_overview)).route(web::post().to(overview)))
        .service(resource("/medication").route(web::get().to(medication::own)).route(web::post().to(medication::ask)))
        .service(resource("/handoffs").route(web::get().to(handoffs::start)))
        .service(resource("/handoffs/received").route(web::get().to(handoffs::received)))
        .service(resource("/handoffs/sent").route(web::get().to(handoffs::sent)))
        .service(resource("/handoffs/received/{id}").route(web::get().to(handoffs::received_one)))
        .service(resource("/handoffs/sent/{id}").route(web::get().to(handoffs::sent_one)))
        .service(resource("/handoffs/received/{id}/document").route(web::get().to(handoffs::document)))
        .service(resource("/handoffs/received/{id}/notice").route(web::get().to(handoffs::notice)))
        .service(
            resource("/handoffs/received/{id}/answer")
                .route(web::get().to(handoffs::start))
                .route(web::post().to(handoffs::answer)),
        )
        .service(resource("/handoffs/received/{id}/pdf").route(web::get().to(handoffs::pdf)))
        .service(resource("/handoffs/received/{id}/file/{binary}").route(web::get().to(handoffs::file)))
        .service(
            resource("/handoffs/{side}/{id}/{act}")
                .route(web::get().to(handoffs::start))
                .route(web::post().to(handoffs::act)),
        )
        .service(resource("/referrals").route(web::get().to(referrals::start)))
        .service(resource("/referrals/received").route(web::get().to(referrals::received)))
        .service(resource("/referrals/sent").route(web::get().to(referrals::sent)))
        .service(resource("/referrals/received/{id}").route(web::get().to(referrals::received_one)))
        .service(resource("/referrals/sent/{id}").route(web::get().to(referrals::sent_one)))
        .service(resource("/referrals/received/{id}/data").route(web::get().to(referrals::data)))
        .service(
            resource("/referrals/{side}/{id}/{act}")
                .route(web::get().to(referrals::start))
                .route(web::post().to(referrals::act)),
        )
        .service(resource("/emergency").route(web::get().to(home)).route(web::post().to(emergency)))
        .service(resource("/quality").route(web::get().to(quality)))
        .service(resource("/certificates").route(web::get().to(certificates::show)))
        .service(resource("/access").route(web::get().to(administration::access)))
        .service(resource("/access/unlock").route(web::get().to(home)).route(web::post().to(administration::unlock)))
        .service(resource("/access/end").route(web::get().to(home)).route(web::post().to(administration::end)))
        .service(resource("/configuration").route(web::get().to(administration::configuration)))
        .service(resource("/directory").route(web::get().to(directory::show)))
        .service(resource("/log").route(web::get().to(log::form)).route(web::post().to(log::search)))
        .service(resource("/log/more").route(web::get().to(to_the_log)).route(web::post().to(log::more)))
        .service(resource(r"/log/record/{index:\d{1,19}}").route(web::get().to(log::record)))
        .service(resource("/log/review").route(web::get().to(log::review)).route(web::post().to(log::judge)))
        .service(resource("/log/hints").route(web::get().to(log::hints)))
        .service(
            resource("/log/explain").route(web::get().to(explaining::form)).route(web::post().to(explaining::explain)),
        )
        .service(resource("/log/proof").route(web::get().to(log::proof)))
        .service(resource("/my-log").route(web::get().to(own::own_log)))
        .default_service(web::to(not_here))
}

/// A path of ours; any other method than its routes have is told so.
fn resource(path: &str) -> actix_web::Resource {
    web::resource(path.to_owned()).default_service(web::to(wrong_method))
}

#[derive(Deserialize)]
struct Ask {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    bsn: String,
}

#[derive(Deserialize)]
struct AskInEmergency {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    bsn: String,
    #[serde(default)]
    reason: String,
}

/// Where a page begins, for whoever comes by a path that only takes forms.
async fn home() -> HttpResponse {
    to_start()
}

async fn start(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.cookies.session(&request, portal.desk.as_ref()) {
        Some((_, session)) if session.one_patient && session.kind == Kind::Practitioner => to("/portal/overview"),
        Some((_, session)) if session.kind == Kind::Practitioner => {
            let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Search);
            page(StatusCode::OK, pages::search(&frame, &session, None))
        }
        Some((_, session)) => to(pages::start_of(session.kind)),
        None => portal.sign_in_page(&request, StatusCode::OK, None),
    }
}

/// A reload of what only takes a form begins anew.
async fn to_the_log() -> HttpResponse {
    to("/portal/log")
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8")).body(include_str!("style.css"))
}

async fn overview(request: HttpRequest, portal: Data<Portal>, form: Form<Ask>) -> HttpResponse {
    let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    if session.kind != Kind::Practitioner {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None);
    }
    portal.shown(&request, &id, &session, Some(&plain(&form.bsn)), None).await
}

/// The same by the emergency procedure. Where the patient is the session's own, none is typed.
async fn emergency(request: HttpRequest, portal: Data<Portal>, form: Form<AskInEmergency>) -> HttpResponse {
    let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    if !session.emergencies {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None);
    }
    let typed = Some(plain(&form.bsn)).filter(|_| !session.one_patient);
    let reason: String = form.reason.chars().take(LONGEST_REASON).collect();
    portal.shown(&request, &id, &session, typed.as_deref(), Some(&reason)).await
}

/// A number as the stack wants it: without what people type between its digits.
fn plain(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-')).take(LONGEST_BSN).collect()
}

/// The overview of the one patient that the session is about, as whoever launched it said. Others name a patient first.
async fn own_overview(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.cookies.session(&request, portal.desk.as_ref()) {
        Some((id, session)) if session.one_patient && session.kind == Kind::Practitioner => {
            portal.shown(&request, &id, &session, None, None).await
        }
        _ => to_start(),
    }
}

async fn quality(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    let Some((_, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, None);
    };
    if session.kind == Kind::Patient {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None);
    }
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Quality);
    page(StatusCode::OK, pages::quality(&frame, portal.desk.quality().as_ref()))
}

async fn not_here(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    portal.notice(&request, StatusCode::NOT_FOUND, &Notice::NotHere, None)
}

async fn wrong_method(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    portal.notice(&request, StatusCode::METHOD_NOT_ALLOWED, &Notice::NotHere, None)
}

fn unreadable_form(request: &HttpRequest) -> HttpResponse {
    match request.app_data::<Data<Portal>>() {
        Some(portal) => portal.notice(request, StatusCode::BAD_REQUEST, &Notice::UnreadableForm, None),
        None => HttpResponse::BadRequest().finish(),
    }
}

impl Portal {
    /// Asks for an overview and shows what came of it.
    async fn shown(
        &self,
        request: &HttpRequest,
        id: &str,
        session: &Session,
        typed: Option<&str>,
        reason: Option<&str>,
    ) -> HttpResponse {
        let remote = request.peer_addr().map(|address| address.ip());
        let answered = self.desk.overview(id, typed, reason, remote).await;
        self.answered(request, session, typed, reason, answered, |frame, recorded, request_id| {
            pages::overview(frame, &Overview::of(recorded.released()), request_id, reason.is_some())
        })
    }

    /// Shows what came of asking: the page of what was released, or why there is none.
    fn answered(
        &self,
        request: &HttpRequest,
        session: &Session,
        typed: Option<&str>,
        reason: Option<&str>,
        answered: Answered,
        shown: impl FnOnce(&Frame<'_>, &Recorded, &str) -> Markup,
    ) -> HttpResponse {
        let Answered { request_id, result } = answered;
        let frame = Frame::of(self.desk.provider(), Some(session)).at(Place::Search);
        let refusal = match result {
            Ok(recorded) => return page(StatusCode::OK, shown(&frame, &recorded, &request_id)),
            Err(refusal) => refusal,
        };
        match (pages::answer_to(&refusal), typed) {
            (pages::Answer::ExplainBetter, _) => {
                let wrong = reason.unwrap_or_default();
                let markup = pages::emergency(&frame, session, typed, Some(wrong), &request_id);
                page(StatusCode::BAD_REQUEST, markup)
            }
            // The same for whoever is not there and whoever is not theirs: in an emergency both are asked for anew.
            (pages::Answer::Notice(Notice::NotAvailable), _) if session.emergencies && reason.is_none() => {
                page(StatusCode::FORBIDDEN, pages::emergency(&frame, session, typed, None, &request_id))
            }
            (pages::Answer::TryAnother, Some(typed)) => {
                page(StatusCode::BAD_REQUEST, pages::search(&frame, session, Some((typed, &request_id))))
            }
            (pages::Answer::TryAnother, None) => {
                self.notice(request, StatusCode::FORBIDDEN, &Notice::NotAvailable, Some(&request_id))
            }
            (pages::Answer::SignInAgain, _) => {
                self.sign_in_page(request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER))
            }
            (pages::Answer::Notice(notice), _) => {
                let status = StatusCode::from_u16(notice.status(&refusal)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = self.notice(request, status, &notice, Some(&request_id));
                if let Some(seconds) = refusal.row().retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                response
            }
        }
    }

    /// The page to sign in on, with a token of its own: the one that the browser holds already, or a new one.
    fn sign_in_page(&self, request: &HttpRequest, status: StatusCode, told: Option<&str>) -> HttpResponse {
        let known = self.cookies.form_token(request);
        let Some(form_token) = known.clone().or_else(token) else {
            return HttpResponse::ServiceUnavailable().finish();
        };
        let frame = Frame::of(self.desk.provider(), None);
        let mut response = page(status, pages::sign_in(&frame, self.desk.ways(), &form_token, told));
        if known.is_none() {
            let _ = response.add_cookie(&self.cookies.of_form(form_token));
        }
        response
    }

    fn notice(
        &self,
        request: &HttpRequest,
        status: StatusCode,
        notice: &Notice,
        request_id: Option<&str>,
    ) -> HttpResponse {
        let session = self.cookies.session(request, self.desk.as_ref()).map(|(_, session)| session);
        let frame = Frame::of(self.desk.provider(), session.as_ref());
        page(status, pages::notice(&frame, notice, request_id))
    }
}

fn page(status: StatusCode, markup: Markup) -> HttpResponse {
    HttpResponse::build(status).insert_header(ContentType::html()).body(markup.into_string())
}

fn to_start() -> HttpResponse {
    to("/portal/")
}

fn to(path: &'static str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
