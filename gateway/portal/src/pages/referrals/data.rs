//! The data of a referral as it is read: part by part everything that came, and before it what did not.

use flows::bgz::Outcome;
use flows::eoverdracht::readable::Readable;
use maud::{Markup, html};

use super::{button, path};
use crate::desk::{ReferralAct, ReferralShown, Session};
use crate::pages::readable::{contents, everything, patient};
use crate::pages::{Frame, frame, icons, reference};

pub(crate) fn data(
    around: &Frame<'_>,
    session: &Session,
    referral: &ReferralShown,
    readable: &Readable,
    request_id: &str,
) -> Markup {
    let path = path(referral);
    let of = |outcome: Outcome| {
        let parts = referral.parts.iter().filter(|part| part.outcome == outcome).map(|part| part.title);
        parts.collect::<Vec<_>>().join(", ")
    };
    let (failed, due, empty) = (of(Outcome::Failed), of(Outcome::Due), of(Outcome::Empty));
    let further = html! { a.button.quiet href=(path) { "Terug" } };
    let body = html! {
        (patient(readable, "Verwijzing van", &further))
        @if !failed.is_empty() || !due.is_empty() {
            section.banner.incomplete role="status" {
                (icons::warning())
                div {
                    h2 { "Dit is niet alles" }
                    @if !failed.is_empty() { p { "Niet op te halen: " (failed) "." } }
                    @if !due.is_empty() { p { "Nog niet opgehaald: " (due) "." } }
                    @if referral.acts.contains(&ReferralAct::Retry) { (button(session, referral, ReferralAct::Retry)) }
                }
            }
        }
        div.columns {
            div.side {
                (contents(readable))
                section.sources aria-labelledby="herkomst" {
                    h2 id="herkomst" { "Herkomst" }
                    dl.origin {
                        div { dt { "Van" } dd { (referral.party) } }
                        @if let Some(person) = &referral.person { div { dt { "Aangenomen door" } dd { (person) } } }
                        @if !empty.is_empty() { div { dt { "Leeg bij de afzender" } dd { (empty) } } }
                    }
                }
            }
            div.content { (everything(readable, None)) }
        }
        footer.foot {
            (reference(request_id, around.language))
            p.hint { "Deze inzage is vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Verwijzing", &body)
}
