//! The page to sign in on.

use maud::{Markup, html};

use super::{Frame, frame, token};
use crate::desk::{NotSignedIn, Ways};

pub(crate) const SESSION_OVER: &str = "U bent niet meer aangemeld. Meld u opnieuw aan om verder te gaan.";

/// What whoever was not signed in reads.
pub(crate) const fn not_signed_in(why: NotSignedIn) -> &'static str {
    match why {
        NotSignedIn::NotAccepted => {
            "U bent niet aangemeld: wat u liet zien is niet bekend of niet meer geldig. Probeer het opnieuw."
        }
        NotSignedIn::NothingHere => {
            "U bent niet aangemeld: voor uw beroep is hier niets opengesteld. Klopt dit niet, neem dan contact op met uw beheerder."
        }
        NotSignedIn::Unavailable => "Nu kan niet worden vastgesteld wie u bent. Probeer het later opnieuw.",
        NotSignedIn::Wait(_) => "Er is te vaak geprobeerd aan te melden. Wacht even en probeer het dan opnieuw.",
        NotSignedIn::Full => "Er zijn nu te veel mensen aangemeld. Probeer het later opnieuw.",
    }
}

pub(crate) fn sign_in(around: &Frame<'_>, ways: Ways, csrf: &str, told: Option<&str>) -> Markup {
    let body = html! {
        div.narrow {
            h1 { "Aanmelden" }
            p.lead {
                "Zorgverleners raadplegen hier het gezondheidsoverzicht van hun patiënten, auditors het toegangslog, en patiënten wie hun "
                "gegevens heeft gezien." }
            @if let Some(told) = told { p.error role="alert" id="melding" { (told) } }
            @if ways.dezi {
                div.card { p { a.button href="/portal/sign-in/dezi" { "Aanmelden met Dezi" } } }
            }
            @if ways.card {
                div.card { p { a.button href="/portal/sign-in/card" { "Aanmelden met een UZI-pas" } } }
            }
            @if ways.certificate {
                form.card method="post" action="/portal/sign-in/certificate" {
                    (token(csrf))
                    button type="submit" { "Aanmelden met een UZI-pas" }
                }
            }
            @if ways.code {
                form.card method="post" action="/portal/sign-in" {
                    (token(csrf))
                    label for="code" { "Toegangscode" }
                    input id="code" name="code" type="password" required autocomplete="current-password" maxlength="200"
                        aria-describedby=[told.map(|_| "melding")] autofocus;
                    button type="submit" { "Aanmelden" }
                }
            }
            p.hint { "Elke raadpleging wordt vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Aanmelden", &body)
}

/// The page that follows on a way in from another site. It leads on by itself: a session's cookie does not come along on a
/// redirect that began elsewhere.
pub(crate) fn signed_in(around: &Frame<'_>, onward: &str) -> Markup {
    let body = html! {
        div.narrow {
            h1 { "U bent aangemeld" }
            p { a.button href=(onward) { "Verder" } }
        }
    };
    frame(&around.onward(onward), "Aangemeld", &body)
}
