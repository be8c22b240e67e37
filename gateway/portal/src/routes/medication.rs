//! The medication overview: asked for like the health overview, and shown on a page of its own.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use flows::medication::Medication;
use time::OffsetDateTime;

use super::{Ask, Portal, plain, to_start};
use crate::desk::{Kind, Session};
use crate::guard::is_ours;
use crate::pages::{self, Notice};

/// The overview of the patient that was named.
pub(super) async fn ask(request: HttpRequest, portal: Data<Portal>, form: Form<Ask>) -> HttpResponse {
    let Some((id, session)) = portal.cookies.session(&request, portal.desk.as_ref()) else {
        return portal.sign_in_page(&request, StatusCode::UNAUTHORIZED, Some(pages::SESSION_OVER));
    };
    if !is_ours(&request, &session.csrf, &form.csrf) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::ForeignForm, None);
    }
    if !may(&session) {
        return portal.notice(&request, StatusCode::FORBIDDEN, &Notice::OtherKind, None);
    }
    let typed = Some(plain(&form.bsn)).filter(|_| !session.one_patient);
    shown(&portal, &request, &id, &session, typed.as_deref()).await
}

/// The overview of the one patient that the session is about. Others name a patient first.
pub(super) async fn own(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    match portal.cookies.session(&request, portal.desk.as_ref()) {
        Some((id, session)) if session.one_patient && may(&session) => {
            shown(&portal, &request, &id, &session, None).await
        }
        _ => to_start(),
    }
}

fn may(session: &Session) -> bool {
    session.kind == Kind::Practitioner && session.medication
}

async fn shown(
    portal: &Portal,
    request: &HttpRequest,
    id: &str,
    session: &Session,
    typed: Option<&str>,
) -> HttpResponse {
    let remote = request.peer_addr().map(|address| address.ip());
    let answered = portal.desk.medication(id, typed, remote).await;
    let windows = portal.desk.windows();
    portal.answered(request, session, typed, None, answered, |frame, recorded, request_id| {
        let found = Medication::of(recorded.released(), OffsetDateTime::now_utc(), windows);
        pages::medication(frame, &found, request_id)
    })
}
