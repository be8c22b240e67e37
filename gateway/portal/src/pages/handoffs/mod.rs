//! The pages of nursing handoffs (eOverdracht): the work lists, one transfer, and the handoff as it is read.

mod document;
mod list;
mod one;

pub(crate) use document::document;
pub(crate) use list::list;
pub(crate) use one::one;

use maud::{Markup, html};

use super::{icons, token};
use crate::desk::{HandoffAct, Session, Side, TransferShown};
use crate::words::handoffs as words;
use crate::words::moments;

/// Between the two work lists.
fn sides(session: &Session, here: Side) -> Markup {
    let link = |side: Side, says: &str| {
        html! {
            li { a href={ "/portal/handoffs/" (side.path()) } aria-current=[(side == here).then_some("page")] { (says) } }
        }
    };
    html! {
        @if session.inbox && session.outbox {
            nav.places.sides aria-label="Werklijsten" {
                ul { (link(Side::Received, "Ontvangen")) (link(Side::Sent, "Verstuurd")) }
            }
        }
    }
}

/// How far it is, and whether it waits too long.
fn marks(transfer: &TransferShown) -> Markup {
    let tone = match () {
        () if transfer.given_up => "grave",
        () if words::is_over(transfer) => "plain",
        () if words::asks(transfer) => "care",
        () => "well",
    };
    html! {
        span.badge.(tone) { @if transfer.given_up { (icons::warning()) } (words::state(transfer)) }
        @if let Some(waits) = transfer.overdue {
            span.badge { (icons::warning()) "Wacht al " (moments::age(time(waits))) }
        }
    }
}

/// To where within the receiver it is to go.
fn routed(transfer: &TransferShown) -> Markup {
    html! {
        @if !transfer.routed.is_empty() {
            p.routed { span { "Voor: " } strong { (transfer.routed.join(", ")) } }
        }
    }
}

/// A button that does this.
fn button(session: &Session, transfer: &TransferShown, act: HandoffAct) -> Markup {
    let path = format!("/portal/handoffs/{}/{}/{}", act.side().path(), transfer.id, act.path());
    let first = act == HandoffAct::Take;
    html! {
        form method="post" action=(path) {
            (token(&session.csrf))
            button.quiet[!first] type="submit" { (words::act(act)) }
        }
    }
}

fn time(span: std::time::Duration) -> ::time::Duration {
    ::time::Duration::try_from(span).unwrap_or(::time::Duration::MAX)
}
