//! A work list of referrals.

use maud::Markup;

use super::{row, sides};
use crate::desk::{ReferralShown, Session, Side};
use crate::pages::{Frame, transfers};
use crate::words::referrals as words;

pub(crate) fn list(around: &Frame<'_>, session: &Session, side: Side, shown: &[ReferralShown]) -> Markup {
    let (over, open): (Vec<_>, Vec<_>) = shown.iter().partition(|referral| words::is_over(referral));
    let (title, lead) = match side {
        Side::Received => (
            "Ontvangen verwijzingen",
            "Patiënten die andere zorgaanbieders naar u verwijzen. Om wie het gaat staat in de gegevens zelf.",
        ),
        Side::Sent => (
            "Verstuurde verwijzingen",
            "Patiënten die uw EPD naar een andere zorgaanbieder verwijst. Om wie het gaat staat in uw EPD.",
        ),
    };
    let sides = sides(session, side);
    let (open, over) = (open.into_iter().map(row).collect(), over.into_iter().map(row).collect());
    let list = transfers::List { title, lead, sides, open, over };
    transfers::list(around, session, &list)
}
