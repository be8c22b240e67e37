//! Nursing handoffs: the work lists, what is done with a transfer, and the handoff as it is read.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use exchange::ports::BoxFuture;
use flows::eoverdracht::notice::Answer as NoticeAnswer;
use flows::eoverdracht::readable::Readable;
use maud::Markup;
use serde::Deserialize;

use super::{Portal, page, to_start};
use crate::desk::{Answered, HandoffAct, HandoffDesk, Kind, Session, Side, TransferNo, TransferShown};
use crate::guard::is_ours;
use crate::pages::{self, Answer, Frame, Notice, Place};

/// A form that only shows that it is ours.
#[derive(Deserialize)]
pub(super) struct Act {
    #[serde(default)]
    pub(super) csrf: String,
}

/// What somebody answers to a notice.
#[derive(Deserialize)]
pub(super) struct Answering {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    reason: String,
}

/// Who asks, and what is asked.
struct Entered<'p> {
    id: String,
    session: Session,
    desk: &'p dyn HandoffDesk,
}

/// The work list that somebody begins with.
pub(super) async fn start(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.cookies.session(&request, portal.desk.as_ref()) {
        Some((_, session)) if session.inbox => to_list(Side::Received),
        Some((_, session)) if session.outbox => to_list(Side::Sent),
        Some(_) => portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None),
        None => to_start(),
    }
}

pub(super) async fn received(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    listed(&request, &portal, Side::Received).await
}

pub(super) async fn sent(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    listed(&request, &portal, Side::Sent).await
}

pub(super) async fn received_one(request: HttpRequest, portal: Data<Portal>, id: Path<String>) -> HttpResponse {
    shown(&request, &portal, Side::Received, &id).await
}

pub(super) async fn sent_one(request: HttpRequest, portal: Data<Portal>, id: Path<String>) -> HttpResponse {
    shown(&request, &portal, Side::Sent, &id).await
}

/// Does something with a transfer, and shows it again.
pub(super) async fn act(
    request: HttpRequest,
    portal: Data<Portal>,
    path: Path<(String, String, String)>,
    form: Form<Act>,
) -> HttpResponse {
    let (side, transfer, act) = path.into_inner();
    let asked = HandoffAct::ALL.into_iter().find(|known| known.path() == act && known.side().path() == side);
    let Some(asked) = asked else {
        return portal.notice(&request, StatusCode::NOT_FOUND, &Notice::NotHere, None);
    };
    let Entered { id, session, desk } = match enter(&request, &portal, asked.side()) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    match desk.act(&id, &transfer, asked, remote(&request)).await {
        Ok(()) => {
            let back = format!("/portal/handoffs/{side}/{transfer}");
            HttpResponse::SeeOther().insert_header((header::LOCATION, back)).finish()
        }
        Err(why) => no(&request, &portal, why),
    }
}

/// What was received, to be read.
pub(super) async fn document(request: HttpRequest, portal: Data<Portal>, transfer: Path<String>) -> HttpResponse {
    let got = |desk: &dyn HandoffDesk, id: &str| desk.document(id, &transfer, remote(&request));
    read(&request, &portal, &transfer, got, pages::handoffs::document).await
}

/// The notice of a sender that asks first, to be read.
pub(super) async fn notice(request: HttpRequest, portal: Data<Portal>, transfer: Path<String>) -> HttpResponse {
    let got = |desk: &dyn HandoffDesk, id: &str| desk.notice(id, &transfer, remote(&request));
    read(&request, &portal, &transfer, got, pages::handoffs::notice).await
}

/// The page of what an exchange gives of a transfer.
async fn read(
    request: &HttpRequest,
    portal: &Portal,
    transfer: &str,
    got: impl FnOnce(&dyn HandoffDesk, &str) -> BoxFuture<'static, Answered>,
    shown: impl FnOnce(&Frame<'_>, &Session, &TransferShown, &Readable, &str) -> Markup,
) -> HttpResponse {
    let Entered { id, session, desk } = match enter(request, portal, Side::Received) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    let one = match desk.one(&id, Side::Received, transfer).await {
        Ok(one) => one,
        Err(why) => return no(request, portal, why),
    };
    let answered = got(desk, &id).await;
    let recorded = match answered.result {
        Ok(recorded) => recorded,
        Err(refusal) => return refused(request, portal, &refusal, &answered.request_id),
    };
    let resources: Vec<_> = recorded.released().items().map(|(_, item)| item.resource().clone()).collect();
    let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Handoffs);
    match Readable::of(&resources) {
        Some(readable) => page(StatusCode::OK, shown(&frame, &session, &one, &readable, &answered.request_id)),
        None => portal.notice(request, StatusCode::BAD_GATEWAY, &Notice::SourceFailed, Some(&answered.request_id)),
    }
}

/// Answers a notice, and shows the transfer again.
pub(super) async fn answer(
    request: HttpRequest,
    portal: Data<Portal>,
    transfer: Path<String>,
    form: Form<Answering>,
) -> HttpResponse {
    let Entered { id, session, desk } = match enter(&request, &portal, Side::Received) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    // A field that was left empty says nothing.
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let (date, reason) = (filled(&form.date), filled(&form.reason));
    let Ok(answer) = NoticeAnswer::of(&form.answer, date.as_deref(), reason.as_deref()) else {
        return match desk.one(&id, Side::Received, &transfer).await {
            Ok(one) => {
                let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Handoffs);
                page(StatusCode::UNPROCESSABLE_ENTITY, pages::handoffs::one(&frame, &session, &one, true))
            }
            Err(why) => no(&request, &portal, why),
        };
    };
    match desk.answer(&id, &transfer, answer, remote(&request)).await {
        Ok(()) => {
            let back = format!("/portal/handoffs/received/{transfer}");
            HttpResponse::SeeOther().insert_header((header::LOCATION, back)).finish()
        }
        Err(why) => no(&request, &portal, why),
    }
}

/// The same in print.
pub(super) async fn pdf(request: HttpRequest, portal: Data<Portal>, transfer: Path<String>) -> HttpResponse {
    let Entered { id, desk, .. } = match enter(&request, &portal, Side::Received) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    let answered = desk.pdf(&id, &transfer, remote(&request)).await;
    match answered.result {
        Ok(pdf) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/pdf"))
            .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"overdracht.pdf\""))
            .body(pdf),
        Err(refusal) => refused(&request, &portal, &refusal, &answered.request_id),
    }
}

/// A file that came along. The whole handoff is asked for, and so it is on record.
pub(super) async fn file(request: HttpRequest, portal: Data<Portal>, path: Path<(String, String)>) -> HttpResponse {
    let Entered { id, desk, .. } = match enter(&request, &portal, Side::Received) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    let (transfer, binary) = path.into_inner();
    let answered = desk.document(&id, &transfer, remote(&request)).await;
    let recorded = match answered.result {
        Ok(recorded) => recorded,
        Err(refusal) => return refused(&request, &portal, &refusal, &answered.request_id),
    };
    let found = recorded.released().items().map(|(_, item)| item.resource()).find_map(|resource| {
        let is = resource.resource_type() == "Binary" && resource.id().as_deref() == Some(binary.as_str());
        let text = |name| resource.root().get(name).and_then(|value| value.as_text());
        // STU3 has `content`, R4 has `data`.
        let content = text("content").or_else(|| text("data")).filter(|_| is)?;
        let bytes = STANDARD.decode(content.split_whitespace().collect::<String>()).ok()?;
        Some((text("contentType")?.into_owned(), bytes))
    });
    let Some((kind, bytes)) = found else {
        return portal.notice(&request, StatusCode::NOT_FOUND, &Notice::NoTransfer, Some(&answered.request_id));
    };
    // A browser shows these by itself and runs nothing of them; anything else is kept out of its hands.
    let shown = matches!(kind.as_str(), "application/pdf" | "image/png" | "image/jpeg");
    let (kind, disposition) = if shown {
        (kind.as_str(), "inline")
    } else {
        ("application/octet-stream", "attachment; filename=\"bestand\"")
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .body(bytes)
}

async fn listed(request: &HttpRequest, portal: &Portal, side: Side) -> HttpResponse {
    let Entered { id, session, desk } = match enter(request, portal, side) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    match desk.list(&id, side).await {
        Ok(transfers) => {
            let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Handoffs);
            page(StatusCode::OK, pages::handoffs::list(&frame, &session, side, &transfers))
        }
        Err(why) => no(request, portal, why),
    }
}

async fn shown(request: &HttpRequest, portal: &Portal, side: Side, transfer: &str) -> HttpResponse {
    let Entered { id, session, desk } = match enter(request, portal, side) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    let found: Result<TransferShown, TransferNo> = desk.one(&id, side, transfer).await;
    match found {
        Ok(one) => {
            let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Handoffs);
            page(StatusCode::OK, pages::handoffs::one(&frame, &session, &one, false))
        }
        Err(why) => no(request, portal, why),
    }
}

/// Lets in whom this side is for. The node holds it against what they may once more.
fn enter<'p>(request: &HttpRequest, portal: &'p Portal, side: Side) -> Result<Entered<'p>, Box<HttpResponse>> {
    let Some((id, session)) = portal.cookies.session(request, portal.desk.as_ref()) else {
        let answer = portal.sign_in_page(request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
        return Err(Box::new(answer));
    };
    let may = match side {
        Side::Received => session.inbox,
        Side::Sent => session.outbox,
    };
    let desk = portal.desk.handoffs().filter(|_| may && session.kind == Kind::Practitioner);
    let desk = desk.ok_or_else(|| Box::new(portal.notice(request, StatusCode::FORBIDDEN, &Notice::OtherKind, None)))?;
    Ok(Entered { id, session, desk })
}

/// Why it is not done, or not shown.
pub(super) fn no(request: &HttpRequest, portal: &Portal, why: TransferNo) -> HttpResponse {
    let (status, notice) = match why {
        TransferNo::NotYours => (StatusCode::FORBIDDEN, Notice::OtherKind),
        TransferNo::Unknown => (StatusCode::NOT_FOUND, Notice::NoTransfer),
        TransferNo::NotNow => (StatusCode::CONFLICT, Notice::NotNow),
        TransferNo::Busy => (StatusCode::TOO_MANY_REQUESTS, Notice::Busy),
        TransferNo::NoLog => (StatusCode::SERVICE_UNAVAILABLE, Notice::NoLog),
        TransferNo::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Notice::Defect),
    };
    portal.notice(request, status, &notice, None)
}

/// Why there is nothing to read.
pub(super) fn refused(
    request: &HttpRequest,
    portal: &Portal,
    refusal: &exchange::Refusal,
    request_id: &str,
) -> HttpResponse {
    let notice = match pages::answer_to(refusal) {
        Answer::SignInAgain => {
            return portal.sign_in_page(request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
        }
        Answer::Notice(Notice::NotAvailable) | Answer::TryAnother | Answer::ExplainBetter => Notice::NoTransfer,
        Answer::Notice(notice) => notice,
    };
    let status = StatusCode::from_u16(notice.status(refusal)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    portal.notice(request, status, &notice, Some(request_id))
}

fn to_list(side: Side) -> HttpResponse {
    let path = format!("/portal/handoffs/{}", side.path());
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}

/// From where it is asked.
pub(super) fn remote(request: &HttpRequest) -> Option<std::net::IpAddr> {
    request.peer_addr().map(|address| address.ip())
}
