//! The pages of nursing handoffs (eOverdracht): the work lists, one transfer, and the handoff as it is read.

mod document;
mod list;
mod notice;
mod one;

pub(crate) use document::document;
pub(crate) use list::list;
pub(crate) use notice::notice;
pub(crate) use one::one;

use maud::Markup;

use super::transfers::{self, Row, Tone};
use crate::desk::{HandoffAct, Session, Side, TransferShown};
use crate::words::{counted, handoffs as words};

const BASE: &str = "/portal/handoffs";

fn sides(session: &Session, here: Side) -> Markup {
    transfers::sides(BASE, session.inbox && session.outbox, here)
}

/// As it stands in a list.
fn row(transfer: &TransferShown) -> Row<'_> {
    let tone = match () {
        () if transfer.given_up => Tone::Grave,
        () if words::is_over(transfer) => Tone::Plain,
        () if words::asks(transfer) => Tone::Care,
        () => Tone::Well,
    };
    let first = transfer.acts.iter().find(|act| matches!(act, HandoffAct::Take | HandoffAct::Open | HandoffAct::Retry));
    Row {
        path: path(transfer),
        side: transfer.side,
        party: &transfer.party,
        ura: &transfer.ura,
        began: &transfer.began,
        state: words::state(transfer),
        tone,
        next: words::next(transfer).to_owned(),
        overdue: transfer.overdue,
        routed: &transfer.routed,
        extent: transfer.resources.map(|count| counted(count, "gegeven", "gegevens")),
        first: first.map(|act| (act.path(), words::act(*act))),
    }
}

fn path(transfer: &TransferShown) -> String {
    format!("{BASE}/{}/{}", transfer.side.path(), transfer.id)
}

/// A button that does this.
fn button(session: &Session, transfer: &TransferShown, act: HandoffAct) -> Markup {
    let path = format!("{}/{}", path(transfer), act.path());
    transfers::button(session, &path, words::act(act), matches!(act, HandoffAct::Take | HandoffAct::Open))
}
