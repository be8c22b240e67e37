//! The auditor's pages of the access log. A question is posted, never put in a URL; what is asked again is asked by a token.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Form, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use exchange::Refusal;
use serde::Deserialize;

use super::{Portal, page};
use crate::desk::{Answered, AskedOfLog, Kind, LogDesk, Period, Question, Session, Verdict};
use crate::guard::is_ours;
use crate::pages::log::{LONGEST_NOTE, Typed, Wrong, WrongVerdict, is_backwards};
use crate::pages::{self, Frame, Notice, Place, WrongPeriod};
use crate::words::moments::typed_day;

/// Longest token that is passed on, in characters.
const LONGEST_TOKEN: usize = 512;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    csrf: String,
    #[serde(flatten)]
    typed: Typed,
}

#[derive(Deserialize)]
pub(super) struct More {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    csrf: String,
    index: u64,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    note: String,
}

/// A period in a URL.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Days {
    from: String,
    until: String,
}

impl Days {
    /// The period; one that is none comes with what can be read of it.
    pub(super) fn read(&self) -> Result<Period, (Period, WrongPeriod)> {
        let (from, until) = (typed_day(&self.from), typed_day(&self.until));
        let period = Period { from: from.unwrap_or_default(), until: until.unwrap_or_default() };
        match (from, until) {
            (Ok(_), Ok(_)) if is_backwards(period) => Err((period, WrongPeriod::Backwards)),
            (Ok(_), Ok(_)) => Ok(period),
            _ => Err((period, WrongPeriod::NotADay)),
        }
    }
}

/// Somebody who may see a page, and the log to ask.
pub(super) struct Admitted<'p> {
    pub id: String,
    pub session: Session,
    pub log: &'p dyn LogDesk,
    pub remote: Option<IpAddr>,
}

impl Portal {
    /// Lets in who is signed in as this kind. Nothing is asked of the log for anybody else.
    pub(super) fn admit(&self, request: &HttpRequest, kind: Kind) -> Result<Admitted<'_>, Box<HttpResponse>> {
        let Some((id, session)) = self.cookies.session(request, self.desk.as_ref()) else {
            return Err(Box::new(self.sign_in_page(request, StatusCode::UNAUTHORIZED, None)));
        };
        if session.kind != kind {
            return Err(Box::new(self.notice(request, StatusCode::FORBIDDEN, &Notice::OtherKind, None)));
        }
        let Some(log) = self.desk.log() else {
            return Err(Box::new(self.notice(request, StatusCode::NOT_FOUND, &Notice::NotHere, None)));
        };
        Ok(Admitted { id, session, log, remote: request.peer_addr().map(|address| address.ip()) })
    }

    /// The same for a form, which must be ours.
    pub(super) fn admit_form(&self, request: &HttpRequest, csrf: &str) -> Result<Admitted<'_>, Box<HttpResponse>> {
        let admitted = self.admit(request, Kind::Auditor)?;
        match is_ours(request, &admitted.session.csrf, csrf) {
            true => Ok(admitted),
            false => Err(Box::new(self.notice(request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None))),
        }
    }

    /// The page about a refusal of the log.
    pub(super) fn refused(
        &self,
        request: &HttpRequest,
        refusal: &Refusal,
        id: &str,
        frame: &Frame<'_>,
    ) -> HttpResponse {
        let notice = match pages::of_the_log(refusal) {
            pages::Answer::SignInAgain => {
                return self.sign_in_page(request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
            }
            // Only a search names a patient, and answers this by itself.
            pages::Answer::TryAnother | pages::Answer::ExplainBetter => Notice::Defect,
            pages::Answer::Notice(notice) => notice,
        };
        let status = StatusCode::from_u16(notice.status(refusal)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = page(status, pages::notice(frame, &notice, Some(id)));
        if let Some(seconds) = refusal.row().retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    pub(super) fn auditors_frame<'s>(&'s self, session: &'s Session, place: Place) -> Frame<'s> {
        Frame::of(self.desk.provider(), Some(session)).at(place)
    }
}

pub(super) async fn form(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.admit(&request, Kind::Auditor) {
        Ok(Admitted { session, .. }) => {
            let frame = portal.auditors_frame(&session, Place::Log);
            page(StatusCode::OK, pages::log::search(&frame, &Typed::default(), &[], None))
        }
        Err(response) => *response,
    }
}

pub(super) async fn search(request: HttpRequest, portal: Data<Portal>, form: Form<Search>) -> HttpResponse {
    let admitted = match portal.admit_form(&request, &form.csrf) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    match form.typed.read() {
        Ok(question) => ask(&request, &portal, admitted, AskedOfLog::New(question)).await,
        Err(wrong) => {
            let frame = portal.auditors_frame(&admitted.session, Place::Log);
            page(StatusCode::BAD_REQUEST, pages::log::search(&frame, &form.typed, &wrong, None))
        }
    }
}

pub(super) async fn more(request: HttpRequest, portal: Data<Portal>, form: Form<More>) -> HttpResponse {
    let admitted = match portal.admit_form(&request, &form.csrf) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let token = form.token.chars().take(LONGEST_TOKEN).collect();
    ask(&request, &portal, admitted, AskedOfLog::Token(token)).await
}

async fn ask(request: &HttpRequest, portal: &Portal, admitted: Admitted<'_>, asked: AskedOfLog) -> HttpResponse {
    let Admitted { id, session, log, remote } = admitted;
    let frame = portal.auditors_frame(&session, Place::Log);
    let typed = match &asked {
        AskedOfLog::New(question) => question.clone(),
        AskedOfLog::Token(_) => Question::default(),
    };
    let Answered { request_id, result } = log.search(&id, asked, remote).await;
    match result {
        Ok(found) => page(StatusCode::OK, pages::log::found(&frame, &found, &request_id)),
        Err(refusal) if pages::of_the_log(&refusal) == pages::Answer::TryAnother => {
            let again = pages::log::search(&frame, &Typed::of(&typed), &[Wrong::Patient], Some(&request_id));
            page(StatusCode::BAD_REQUEST, again)
        }
        Err(refusal) => portal.refused(request, &refusal, &request_id, &frame),
    }
}

pub(super) async fn record(request: HttpRequest, portal: Data<Portal>, index: Path<u64>) -> HttpResponse {
    let Admitted { id, session, log, remote } = match portal.admit(&request, Kind::Auditor) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let frame = Frame::of(portal.desk.provider(), Some(&session));
    let Answered { request_id, result } = log.record(&id, *index, remote).await;
    match result {
        Ok(shown) => page(StatusCode::OK, pages::log::record(&frame, &shown, &request_id)),
        Err(refusal) => portal.refused(&request, &refusal, &request_id, &frame),
    }
}

pub(super) async fn review(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.admit(&request, Kind::Auditor) {
        Ok(admitted) => queue(&request, &portal, admitted, None).await,
        Err(response) => *response,
    }
}

pub(super) async fn judge(request: HttpRequest, portal: Data<Portal>, form: Form<Given>) -> HttpResponse {
    let admitted = match portal.admit_form(&request, &form.csrf) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let (index, note) = (form.index, form.note.trim());
    // A browser sends a line's end as two characters and counts it as one.
    let length = note.replace("\r\n", "\n").chars().count();
    let verdict = match Verdict::parse(&form.verdict) {
        Some(verdict) if (1..=LONGEST_NOTE).contains(&length) => verdict,
        verdict => {
            let note = note.chars().take(LONGEST_NOTE).collect();
            return queue(&request, &portal, admitted, Some(WrongVerdict { index, verdict, note })).await;
        }
    };
    let given = admitted.log.give_verdict(&admitted.id, index, verdict, note.replace("\r\n", "\n"), admitted.remote);
    let Answered { request_id, result } = given.await;
    match result {
        // So that a reload does not give it twice.
        Ok(()) => HttpResponse::SeeOther().insert_header((header::LOCATION, "/portal/log/review")).finish(),
        Err(refusal) => {
            let frame = portal.auditors_frame(&admitted.session, Place::Review);
            portal.refused(&request, &refusal, &request_id, &frame)
        }
    }
}

async fn queue(
    request: &HttpRequest,
    portal: &Portal,
    admitted: Admitted<'_>,
    wrong: Option<WrongVerdict>,
) -> HttpResponse {
    let Admitted { id, session, log, remote } = admitted;
    let frame = portal.auditors_frame(&session, Place::Review);
    let Answered { request_id, result } = log.review_queue(&id, remote).await;
    match result {
        Ok(queue) => {
            let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            page(status, pages::log::review(&frame, &queue, wrong.as_ref(), &request_id))
        }
        Err(refusal) => portal.refused(request, &refusal, &request_id, &frame),
    }
}

pub(super) async fn hints(request: HttpRequest, portal: Data<Portal>, days: Query<Days>) -> HttpResponse {
    let Admitted { id, session, log, remote } = match portal.admit(&request, Kind::Auditor) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let frame = portal.auditors_frame(&session, Place::Hints);
    let period = match days.read() {
        Ok(period) => period,
        Err(wrong) => return page(StatusCode::BAD_REQUEST, pages::log::hints(&frame, Err(wrong), None)),
    };
    let Answered { request_id, result } = log.hints(&id, period, remote).await;
    match result {
        Ok(found) => page(StatusCode::OK, pages::log::hints(&frame, Ok(&found), Some(&request_id))),
        Err(refusal) => portal.refused(&request, &refusal, &request_id, &frame),
    }
}

pub(super) async fn proof(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    let Admitted { id, session, log, remote } = match portal.admit(&request, Kind::Auditor) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let frame = portal.auditors_frame(&session, Place::Proof);
    let Answered { request_id, result } = log.proof(&id, remote).await;
    match result {
        Ok(state) => page(StatusCode::OK, pages::log::proof(&frame, &state)),
        Err(refusal) => portal.refused(&request, &refusal, &request_id, &frame),
    }
}
