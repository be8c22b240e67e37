//! The page to sign in on.

use maud::{Markup, html};

use super::{Frame, frame, token};

pub(crate) const WRONG_CODE: &str = "Deze toegangscode is niet bekend. Controleer de code en probeer het opnieuw.";
pub(crate) const SESSION_OVER: &str = "U bent niet meer aangemeld. Meld u opnieuw aan om verder te gaan.";

pub(crate) fn sign_in(around: &Frame<'_>, csrf: &str, told: Option<&str>) -> Markup {
    let body = html! {
        div.narrow {
            h1 { "Aanmelden" }
            p.lead {
                "Zorgverleners raadplegen hier het gezondheidsoverzicht van hun patiënten, auditors het toegangslog, en patiënten wie hun "
                "gegevens heeft gezien." }
            form.card method="post" action="/portal/sign-in" {
                @if let Some(told) = told { p.error role="alert" id="melding" { (told) } }
                (token(csrf))
                label for="code" { "Toegangscode" }
                input id="code" name="code" type="password" required autocomplete="current-password" maxlength="200"
                    aria-describedby=[told.map(|_| "melding")] autofocus;
                button type="submit" { "Aanmelden" }
            }
            p.hint { "Elke raadpleging wordt vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Aanmelden", &body)
}
