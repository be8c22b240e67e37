//! A work list: what asks for attention first. It names no patient: whoever wants to know whom a handoff is about reads the
//! handoff, and that is on record.

use maud::{Markup, html};

use super::{button, marks, routed, sides};
use crate::desk::{HandoffAct, Session, Side, TransferShown};
use crate::pages::{Frame, frame};
use crate::words::{counted, handoffs as words, moments};

/// The most transfers of each part of the list that a page shows.
const MOST: usize = 200;

pub(crate) fn list(around: &Frame<'_>, session: &Session, side: Side, transfers: &[TransferShown]) -> Markup {
    let (over, open): (Vec<_>, Vec<_>) = transfers.iter().partition(|transfer| words::is_over(transfer));
    let (title, lead) = match side {
        Side::Received => ("Ontvangen overdrachten", "Overdrachten die andere zorgaanbieders u sturen."),
        Side::Sent => {
            ("Verstuurde overdrachten", "Overdrachten die uw EPD heeft klaargezet voor een andere zorgaanbieder.")
        }
    };
    let body = html! {
        div.page {
            (sides(session, side))
            h1 { (title) }
            p.lead { (lead) " Om wie het gaat staat in de overdracht zelf." }
            section.section aria-labelledby="open" {
                h2 id="open" { "Open " span.count { (open.len()) } }
                @if open.is_empty() { p.empty { "Er staat niets open." } } @else { (rows(session, &open)) }
            }
            @if !over.is_empty() {
                section.section aria-labelledby="klaar" {
                    h2 id="klaar" { "Klaar " span.count { (over.len()) } }
                    (rows(session, &over))
                }
            }
        }
    };
    frame(around, title, &body)
}

fn rows(session: &Session, transfers: &[&TransferShown]) -> Markup {
    html! {
        div.entries {
            @for transfer in transfers.iter().take(MOST) { (row(session, transfer)) }
        }
        @if transfers.len() > MOST {
            p.hint { "Er zijn er nog " (transfers.len() - MOST) "; die staan hier niet." }
        }
    }
}

fn row(session: &Session, transfer: &TransferShown) -> Markup {
    let path = format!("/portal/handoffs/{}/{}", transfer.side.path(), transfer.id);
    let first = transfer.acts.iter().find(|act| matches!(act, HandoffAct::Take | HandoffAct::Retry));
    html! {
        article.entry.transfer {
            p.when { (moments::moment(&transfer.began)) }
            div.told {
                h3 { a href=(path) { @if transfer.side == Side::Sent { "Naar " } @else { "Van " } (transfer.party) } }
                (routed(transfer))
                p { (words::next(transfer)) }
                @if let Some(count) = transfer.resources { p.hint { (counted(count, "gegeven", "gegevens")) } }
            }
            div.marks {
                (marks(transfer))
                @if let Some(act) = first { (button(session, transfer, *act)) }
            }
        }
    }
}
