//! The emergency procedure (noodprocedure): offered when the normal way is closed, with a reason that is judged afterwards.
//! It reads the same whether there is no such patient or they are not this practitioner's.

use maud::{Markup, html};

use super::notice::{Notice, words};
use super::{Frame, frame, icons, reference, token};
use crate::desk::Session;

/// Longest reason that is taken, in characters; the policy's own bound.
pub(crate) const LONGEST_REASON: usize = 500;

/// `typed` is the patient's number, nothing where the session is about one patient. `wrong` is a reason that explains nothing.
pub(crate) fn emergency(
    around: &Frame<'_>,
    session: &Session,
    typed: Option<&str>,
    wrong: Option<&str>,
    request_id: &str,
) -> Markup {
    let (title, says, then) = words::of(Notice::NotAvailable, around.language);
    let describes = if wrong.is_some() { "melding uitleg" } else { "uitleg" };
    let body = html! {
        div.narrow {
            div.card.notice {
                (icons::lock())
                h1 { (title) }
                p.lead { (says) }
                p { (then) }
                p { a.button href="/portal/" { "Terug naar het begin" } }
            }
            form.card method="post" action="/portal/emergency" autocomplete="off" aria-labelledby="nood" {
                h2 id="nood" { "Is dit een noodgeval?" }
                p {
                    "Als wachten niet verantwoord is, kunt u de gegevens met de noodprocedure inzien. Een bezwaar dat de patiënt "
                    "heeft laten vastleggen, blijft gelden."
                }
                (token(&session.csrf))
                @if let Some(typed) = typed { input type="hidden" name="bsn" value=(typed); }
                @if wrong.is_some() {
                    p.error role="alert" id="melding" {
                        "Schrijf in 10 tot " (LONGEST_REASON) " tekens waarom dit een noodgeval is."
                    }
                }
                div.field {
                    label for="reden" { "Reden" }
                    textarea id="reden" name="reason" rows="3" required minlength="10" maxlength=(LONGEST_REASON)
                        aria-invalid=[wrong.map(|_| "true")] aria-describedby=(describes) {
                        @if let Some(wrong) = wrong { (wrong) }
                    }
                    p.hint id="uitleg" {
                        "Deze inzage wordt vastgelegd als noodprocedure, met uw reden. De privacyfunctionaris beoordeelt haar "
                        "achteraf, en de patiënt kan haar zien."
                    }
                }
                button type="submit" { "Inzien met de noodprocedure" }
            }
            (reference(request_id, around.language))
        }
    };
    frame(around, "Noodprocedure", &body)
}
