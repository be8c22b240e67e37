//! The pages of referrals with the basic data set (verwijzing, BgZ): the work lists, one referral, and the data as it is read.

mod data;
mod list;
mod one;

pub(crate) use data::data;
pub(crate) use list::list;
pub(crate) use one::one;

use maud::Markup;

use super::transfers::{self, Row, Tone};
use crate::desk::{ReferralAct, ReferralShown, Session, Side};
use crate::words::{counted, referrals as words};

const BASE: &str = "/portal/referrals";

fn sides(session: &Session, here: Side) -> Markup {
    transfers::sides(BASE, session.referred && session.refers, here)
}

/// As it stands in a list.
fn row(referral: &ReferralShown) -> Row<'_> {
    let tone = match () {
        () if referral.given_up => Tone::Grave,
        () if words::is_over(referral) => Tone::Plain,
        () if words::asks(referral) => Tone::Care,
        () => Tone::Well,
    };
    let resources = referral.parts.iter().map(|part| part.resources).sum::<usize>();
    let first = referral.acts.iter().find(|act| matches!(act, ReferralAct::Take | ReferralAct::Retry));
    Row {
        path: path(referral),
        side: referral.side,
        party: &referral.party,
        ura: &referral.ura,
        began: &referral.began,
        state: words::state(referral),
        tone,
        next: words::next(referral).to_owned(),
        overdue: referral.overdue,
        routed: &[],
        extent: (referral.readable && resources > 0).then(|| counted(resources, "gegeven", "gegevens")),
        first: first.map(|act| (act.path(), words::act(*act))),
    }
}

fn path(referral: &ReferralShown) -> String {
    format!("{BASE}/{}/{}", referral.side.path(), referral.id)
}

/// A button that does this.
fn button(session: &Session, referral: &ReferralShown, act: ReferralAct) -> Markup {
    let path = format!("{}/{}", path(referral), act.path());
    transfers::button(session, &path, words::act(act), act == ReferralAct::Take)
}
