//! The advance notice (aanmeldbericht) as a person reads it, and how it is answered. It names nobody, and this page adds no name.

use flows::eoverdracht::notice::LONGEST_REASON;
use flows::eoverdracht::readable::Readable;
use flows::eoverdracht::{Negotiation, Notice, TaskStatus};
use maud::{Markup, html};

use crate::desk::{Session, TransferShown};
use crate::pages::readable::{contents, everything};
use crate::pages::transfers::token_of;
use crate::pages::{Frame, frame, reference};
use crate::words::handoffs as words;
use crate::words::moments;

/// What stands on the page of the notice.
pub(crate) fn notice(
    around: &Frame<'_>,
    session: &Session,
    transfer: &TransferShown,
    readable: &Readable,
    request_id: &str,
) -> Markup {
    let path = format!("/portal/handoffs/received/{}", transfer.id);
    let patient = &readable.patient;
    let body = html! {
        section.patient aria-labelledby="aanmelding" {
            div {
                p.over { "Van " (transfer.party) }
                h1 id="aanmelding" { "Aanmeldbericht" }
                dl.facts {
                    @if !patient.born.is_empty() { div { dt { "Geboren" } dd { (patient.born) } } }
                    @if !patient.gender.is_empty() { div { dt { "Geslacht" } dd { (patient.gender) } } }
                    @if let Some(day) = &readable.transfer { div { dt { "Overdracht gevraagd op" } dd { (day) } } }
                }
                p.hint {
                    "Een aanmeldbericht zegt niet om wie het gaat. Naam, BSN en wat de afzender verder meestuurt waaruit dat blijkt, \
                     worden hier niet toegelaten."
                }
            }
            div.further { a.button.quiet href=(path) { "Terug" } }
        }
        (answering(session, transfer, false))
        div.columns {
            div.side { (contents(readable)) }
            div.content { (everything(readable, None)) }
        }
        footer.foot {
            (reference(request_id, around.language))
            p.hint { "Deze inzage is vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Aanmeldbericht", &body)
}

/// What was answered, and where it can be answered now. `wrong`: what was sent just now was no answer.
pub(super) fn answering(session: &Session, transfer: &TransferShown, wrong: bool) -> Markup {
    let path = format!("/portal/handoffs/received/{}/answer", transfer.id);
    html! {
        @if let Some(answered) = &transfer.answered {
            section.section {
                p.sentence {
                    (answered.by) " antwoordde op " (moments::moment(&answered.at)) ": "
                    strong { (words::answer(answered.status)) }
                    @if let Some(date) = &answered.date { " (" (flows::words::date(date)) ")" }
                }
                @if let Some(reason) = &answered.reason { p { (reason) } }
            }
        }
        @if wrong {
            p.error role="alert" {
                "Kies een antwoord. Bij een andere datum hoort een datum; een toelichting heeft ten hoogste " (LONGEST_REASON) " tekens."
            }
        }
        @if may_answer(transfer) {
            section.section.answers aria-labelledby="antwoord" {
                h2 id="antwoord" { "Kunt u deze patiënt overnemen?" }
                @if held(transfer.negotiation) {
                    form method="post" action=(path) {
                        (token_of(session))
                        input type="hidden" name="answer" value=(TaskStatus::Accepted.code());
                        button type="submit" { "Ja, op de gevraagde datum" }
                    }
                    form.open method="post" action=(path) {
                        (token_of(session))
                        input type="hidden" name="answer" value=(TaskStatus::OnHold.code());
                        div.field {
                            label for="andere-datum" { "Andere datum" }
                            input id="andere-datum" name="date" type="date" required;
                        }
                        button.quiet type="submit" { "Ja, op deze andere datum" }
                    }
                }
                form.open method="post" action=(path) {
                    (token_of(session))
                    input type="hidden" name="answer" value=(TaskStatus::Rejected.code());
                    div.field {
                        label for="reden" { "Toelichting voor de afzender (mag leeg blijven)" }
                        input id="reden" name="reason" type="text" maxlength=(LONGEST_REASON) autocomplete="off";
                    }
                    button.quiet type="submit" { "Nee, wij kunnen deze patiënt niet overnemen" }
                }
            }
        }
    }
}

fn may_answer(transfer: &TransferShown) -> bool {
    transfer.is_asked() && (transfer.negotiation.answering().is_none() || transfer.given_up)
}

fn held(negotiation: Negotiation) -> bool {
    negotiation.notice() == Notice::Held
}
