//! A work list of handoffs.

use maud::Markup;

use super::{row, sides};
use crate::desk::{Session, Side, TransferShown};
use crate::pages::{Frame, transfers};
use crate::words::handoffs as words;

pub(crate) fn list(around: &Frame<'_>, session: &Session, side: Side, shown: &[TransferShown]) -> Markup {
    let (over, open): (Vec<_>, Vec<_>) = shown.iter().partition(|transfer| words::is_over(transfer));
    let (title, lead) = match side {
        Side::Received => (
            "Ontvangen overdrachten",
            "Overdrachten die andere zorgaanbieders u sturen. Om wie het gaat staat in de overdracht zelf.",
        ),
        Side::Sent => (
            "Verstuurde overdrachten",
            "Overdrachten die uw EPD heeft klaargezet voor een andere zorgaanbieder. Om wie het gaat staat in de \
             overdracht zelf.",
        ),
    };
    let sides = sides(session, side);
    let (open, over) = (open.into_iter().map(row).collect(), over.into_iter().map(row).collect());
    let list = transfers::List { title, lead, sides, open, over };
    transfers::list(around, session, &list)
}
