//! The page on which a supervisor of the log asks what would be decided. What is typed travels in a form, never in a URL.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::log::Admitted;
use super::{Portal, page};
use crate::desk::{Answered, Kind, WouldBe};
use crate::pages::log::{Chosen, LONGEST_FIELD, WrongQuestion};
use crate::pages::{self, Place};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    csrf: String,
    patient: String,
    organisation: String,
    organisation_kind: String,
    role: String,
    person: String,
    choice: String,
    filter: String,
    // A box that is not ticked is not sent.
    asserted: Option<String>,
}

impl Typed {
    /// The question; whether something is missing from it.
    fn read(&self) -> (WouldBe, bool) {
        let short = |text: &str| text.trim().chars().take(LONGEST_FIELD).collect::<String>();
        let some = |text: &str| Some(short(text)).filter(|text| !text.is_empty());
        let mut chosen = self.choice.splitn(3, ' ').map(str::to_owned);
        let [use_case, version, path] = std::array::from_fn(|_| chosen.next().unwrap_or_default());
        let filter = short(&self.filter);
        let ask = if filter.is_empty() || path.is_empty() { path } else { format!("{path}?{filter}") };
        let asked = WouldBe {
            patient: super::plain(&self.patient),
            organisation: super::plain(&self.organisation),
            organisation_kind: some(&self.organisation_kind),
            role: short(&self.role),
            person: some(&self.person),
            use_case,
            version,
            ask,
            asserted: self.asserted.is_some(),
        };
        let needed = [&asked.patient, &asked.organisation, &asked.role, &asked.ask];
        let missing = needed.into_iter().any(String::is_empty);
        (asked, missing)
    }

    fn chosen(&self) -> Chosen<'_> {
        Chosen { choice: &self.choice, filter: &self.filter }
    }
}

pub(super) async fn form(request: HttpRequest, portal: Data<Portal>) -> HttpResponse {
    let Admitted { session, log, .. } = match portal.admit(&request, Kind::Auditor) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let frame = portal.auditors_frame(&session, Place::Explain);
    let (asked, offered) = (WouldBe::default(), log.explainable());
    page(StatusCode::OK, pages::log::explain(&frame, &offered, &asked, Chosen::default(), None, None, None))
}

pub(super) async fn explain(request: HttpRequest, portal: Data<Portal>, typed: Form<Typed>) -> HttpResponse {
    let Admitted { id, session, log, remote } = match portal.admit_form(&request, &typed.csrf) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let frame = portal.auditors_frame(&session, Place::Explain);
    let (asked, missing) = typed.read();
    let offered = log.explainable();
    let again = |wrong, request_id: Option<&str>| {
        let chosen = typed.chosen();
        page(
            StatusCode::BAD_REQUEST,
            pages::log::explain(&frame, &offered, &asked, chosen, Some(wrong), None, request_id),
        )
    };
    if missing {
        return again(WrongQuestion::Incomplete, None);
    }
    let Answered { request_id, result } = log.explain(&id, asked.clone(), remote).await;
    match result {
        Ok(explanation) => {
            let chosen = typed.chosen();
            let shown =
                pages::log::explain(&frame, &offered, &asked, chosen, None, Some(&explanation), Some(&request_id));
            page(StatusCode::OK, shown)
        }
        Err(refusal) if pages::of_the_log(&refusal) == pages::Answer::TryAnother => {
            again(WrongQuestion::Patient, Some(&request_id))
        }
        Err(refusal) if refusal.row().status == 400 => again(WrongQuestion::Unusable, Some(&request_id)),
        Err(refusal) => portal.refused(&request, &refusal, &request_id, &frame),
    }
}
