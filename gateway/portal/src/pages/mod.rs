//! The pages and the frame around them.

mod banner;
mod icons;
mod notice;
mod overview;
mod patient;
mod quality;
mod search;
mod sections;
mod sign_in;
mod sources;

use maud::{DOCTYPE, Markup, html};

use crate::desk::Session;
use crate::words;

pub(crate) use notice::{Answer, Notice, answer_to, notice};
pub(crate) use overview::overview;
pub(crate) use quality::quality;
pub use quality::{DataQuality, Shortcoming, SourceQuality, Subject, SubjectQuality};
pub(crate) use search::search;
pub(crate) use sign_in::{SESSION_OVER, WRONG_CODE, sign_in};

/// What stands around every page.
pub(crate) struct Frame<'f> {
    pub provider: &'f str,
    pub session: Option<&'f Session>,
}

/// A whole page. The title never names a patient: browsers keep titles.
fn frame(frame: &Frame<'_>, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="nl" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – " (frame.provider) }
                link rel="stylesheet" href="/portal/style.css";
            }
            body {
                a.skip href="#inhoud" { "Naar de inhoud" }
                header.bar {
                    a.home href="/portal/" {
                        (icons::gate())
                        span { span.provider { (frame.provider) } span.product { "Zorgsluis" } }
                    }
                    @if let Some(session) = frame.session {
                        nav aria-label="Meer" { a href="/portal/quality" { "Gegevenskwaliteit" } }
                        form.who method="post" action="/portal/sign-out" {
                            p { span.name { (session.name) } span.role { (words::role(&session.role)) } }
                            (token(&session.csrf))
                            button.quiet type="submit" { "Afmelden" }
                        }
                    }
                }
                main id="inhoud" tabindex="-1" { (body) }
            }
        }
    }
}

/// The hidden field that shows that a form is ours.
fn token(csrf: &str) -> Markup {
    html! { input type="hidden" name="csrf" value=(csrf); }
}

/// What a user passes on when they ask for help.
fn reference(request_id: &str) -> Markup {
    html! {
        p.reference { "Kenmerk voor vragen over deze raadpleging: " code { (request_id) } }
    }
}
