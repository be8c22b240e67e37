//! One transfer: how far it is, what can be done, and for whoever administers the node why it is not further.

use flows::eoverdracht::{Notice, Stage};
use maud::{Markup, html};

use super::notice::answering;
use super::{button, path, row, sides};
use crate::desk::{HandoffAct, Progress, Session, Side, TransferShown};
use crate::pages::transfers::{fact, grave, head, trouble};
use crate::pages::{Frame, frame};
use crate::words::{handoffs as words, moments};

const ASKS: &str = "Verstuurd naar de verkeerde ontvanger, of niet meer nodig?";
const TELLS: &str = "Als u de overdracht intrekt, kan de ontvanger meteen geen gegevens meer ophalen. Wat al helemaal ontvangen en \
    bevestigd is, kan niet worden ingetrokken.";

/// `wrong`: what was sent just now was no answer to its notice.
pub(crate) fn one(around: &Frame<'_>, session: &Session, transfer: &TransferShown, wrong: bool) -> Markup {
    let (title, list) = match transfer.side {
        Side::Received => ("Ontvangen overdracht", "/portal/handoffs/received"),
        Side::Sent => ("Verstuurde overdracht", "/portal/handoffs/sent"),
    };
    let readable = transfer.progress == Progress::Received(Stage::Completed)
        || transfer.progress == Progress::Received(Stage::Taken);
    let path = path(transfer);
    let noticed = transfer.negotiation.notice() == Notice::Held
        && !matches!(transfer.progress, Progress::Received(Stage::Closed(_)));
    let further = html! {
        @if noticed { a.button.quiet[readable] href={ (path) "/notice" } { "Aanmeldbericht lezen" } }
        @if readable { a.button href={ (path) "/document" } { "Overdracht lezen" } }
        @for act in transfer.acts.iter().filter(|act| **act != HandoffAct::Cancel) {
            (button(session, transfer, *act))
        }
    };
    let body = html! {
        div.page {
            (sides(session, transfer.side))
            p.over { a href=(list) { "Terug naar de werklijst" } }
            h1 { (title) }
            (head(&row(transfer), &further))
            section.section aria-labelledby="verloop" {
                h2 id="verloop" { "Verloop" }
                table.norms {
                    tbody {
                        (fact("Aangemaakt", &moments::moment(&transfer.began)))
                        (fact("Laatst veranderd", &moments::moment(&transfer.changed)))
                        @if let Some(count) = transfer.resources { (fact("Aantal gegevens", &count.to_string())) }
                        @if let Some(taker) = &transfer.taker { (fact("Ontvangen door", taker)) }
                        @if let Some(stored) = transfer.stored {
                            (fact("In eigen dossier", if stored { "ja" } else { "nog niet" }))
                        }
                        @if let Some((by, at)) = &transfer.read {
                            (fact("Afgetekend als gelezen", &format!("{by}, {}", moments::moment(at))))
                        }
                        (fact("Kenmerk", &transfer.id))
                    }
                }
                (trouble(transfer.attempts, transfer.given_up, transfer.failed.as_deref()))
            }
            (answering(session, transfer, wrong))
            @if transfer.acts.contains(&HandoffAct::Cancel) {
                (grave(session, &format!("{path}/cancel"), ASKS, TELLS, words::act(HandoffAct::Cancel)))
            }
        }
    };
    frame(around, title, &body)
}
