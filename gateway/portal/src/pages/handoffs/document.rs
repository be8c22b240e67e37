//! The handoff as a nurse reads it: who, from whom, and section by section everything that it says. What has no words here is
//! shown under its own name, and what is missing is said.

use flows::eoverdracht::readable::Readable;
use maud::{Markup, html};

use super::button;
use crate::desk::{HandoffAct, Session, TransferShown};
use crate::pages::readable::{contents, count_missing, everything, patient};
use crate::pages::{Frame, frame, icons, reference};
use crate::words::moments;

/// What stands on the page.
pub(crate) fn document(
    around: &Frame<'_>,
    session: &Session,
    transfer: &TransferShown,
    readable: &Readable,
    request_id: &str,
) -> Markup {
    let path = format!("/portal/handoffs/received/{}", transfer.id);
    let missing = count_missing(&readable.parts);
    let further = html! {
        a.button.quiet href={ (path) "/pdf" } { "Afdrukken (PDF)" }
        a.button.quiet href=(path) { "Terug" }
    };
    let body = html! {
        (patient(readable, "Verpleegkundige overdracht van", &further))
        @if !transfer.routed.is_empty() {
            section.banner.complete { div { p { "Deze overdracht is bestemd voor " strong { (transfer.routed.join(", ")) } "." } } }
        }
        @if missing > 0 {
            section.banner.incomplete role="status" {
                (icons::warning())
                div {
                    h2 { "Niet alles is meegestuurd" }
                    p { "De overdracht noemt "
                        @if missing == 1 { "één gegeven dat" } @else { (missing) " gegevens die" }
                        " de afzender niet heeft meegestuurd; het onderdeel zegt waar." }
                }
            }
        }
        div.columns {
            div.side {
                (contents(readable))
                section.sources aria-labelledby="herkomst" {
                    h2 id="herkomst" { "Herkomst" }
                    dl.origin {
                        div { dt { "Van" } dd { (transfer.party) } }
                        @if !readable.authors.is_empty() { div { dt { "Opgesteld door" } dd { (readable.authors.join(", ")) } } }
                        @if let Some(date) = &readable.date { div { dt { "Opgesteld op" } dd { (date) } } }
                        @if let Some(taker) = &transfer.taker { div { dt { "Ontvangen door" } dd { (taker) } } }
                        @if let Some((by, at)) = &transfer.read {
                            div { dt { "Gelezen door" } dd { (by) ", " (moments::moment(at)) } }
                        }
                    }
                    @if transfer.acts.contains(&HandoffAct::Read) { (button(session, transfer, HandoffAct::Read)) }
                }
            }
            div.content {
                (everything(readable, Some(&path)))
            }
        }
        footer.foot {
            (reference(request_id, around.language))
            p.hint { "Deze inzage is vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Verpleegkundige overdracht", &body)
}
