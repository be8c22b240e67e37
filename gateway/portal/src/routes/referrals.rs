//! Referrals: the work lists, what is done with one, and the data as it is read.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::handoffs::{Act, no, refused, remote};
use super::{Portal, page, to_start};
use crate::desk::{Kind, ReferralAct, ReferralDesk, Session, Side};
use crate::guard::is_ours;
use crate::pages::{self, Frame, Notice, Place};

/// Who asks, and what is asked.
struct Entered<'p> {
    id: String,
    session: Session,
    desk: &'p dyn ReferralDesk,
}

/// The work list that somebody begins with.
pub(super) async fn start(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.cookies.session(&request, portal.desk.as_ref()) {
        Some((_, session)) if session.referred => to_list(Side::Received),
        Some((_, session)) if session.refers => to_list(Side::Sent),
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

/// Does something with a referral, and shows it again.
pub(super) async fn act(
    request: HttpRequest,
    portal: Data<Portal>,
    path: Path<(String, String, String)>,
    form: Form<Act>,
) -> HttpResponse {
    let (side, referral, act) = path.into_inner();
    let asked = ReferralAct::ALL.into_iter().find(|known| known.path() == act && known.side().path() == side);
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
    match desk.act(&id, &referral, asked, remote(&request)).await {
        Ok(()) => {
            let back = format!("/portal/referrals/{side}/{referral}");
            HttpResponse::SeeOther().insert_header((header::LOCATION, back)).finish()
        }
        Err(why) => no(&request, &portal, why),
    }
}

/// What came of one, to be read.
pub(super) async fn data(request: HttpRequest, portal: Data<Portal>, referral: Path<String>) -> HttpResponse {
    let Entered { id, session, desk } = match enter(&request, &portal, Side::Received) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    let one = match desk.one(&id, Side::Received, &referral).await {
        Ok(one) => one,
        Err(why) => return no(&request, &portal, why),
    };
    let answered = desk.data(&id, &referral, remote(&request)).await;
    match answered.result {
        Ok(readable) => {
            let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Referrals);
            page(StatusCode::OK, pages::referrals::data(&frame, &session, &one, &readable, &answered.request_id))
        }
        Err(refusal) => refused(&request, &portal, &refusal, &answered.request_id),
    }
}

async fn listed(request: &HttpRequest, portal: &Portal, side: Side) -> HttpResponse {
    let Entered { id, session, desk } = match enter(request, portal, side) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    match desk.list(&id, side).await {
        Ok(referrals) => {
            let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Referrals);
            page(StatusCode::OK, pages::referrals::list(&frame, &session, side, &referrals))
        }
        Err(why) => no(request, portal, why),
    }
}

async fn shown(request: &HttpRequest, portal: &Portal, side: Side, referral: &str) -> HttpResponse {
    let Entered { id, session, desk } = match enter(request, portal, side) {
        Ok(entered) => entered,
        Err(answer) => return *answer,
    };
    match desk.one(&id, side, referral).await {
        Ok(one) => {
            let frame = Frame::of(portal.desk.provider(), Some(&session)).at(Place::Referrals);
            page(StatusCode::OK, pages::referrals::one(&frame, &session, &one))
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
        Side::Received => session.referred,
        Side::Sent => session.refers,
    };
    let desk = portal.desk.referrals().filter(|_| may && session.kind == Kind::Practitioner);
    let desk = desk.ok_or_else(|| Box::new(portal.notice(request, StatusCode::FORBIDDEN, &Notice::OtherKind, None)))?;
    Ok(Entered { id, session, desk })
}

fn to_list(side: Side) -> HttpResponse {
    let path = format!("/portal/referrals/{}", side.path());
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
