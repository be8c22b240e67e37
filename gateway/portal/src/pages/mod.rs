//! The pages and the frame around them.

mod administration;
mod banner;
mod bar;
mod certificates;
mod directory;
mod emergency;
pub(crate) mod handoffs;
mod icons;
pub(crate) mod log;
mod medication;
mod notice;
mod overview;
pub(crate) mod own_log;
mod patient;
mod period;
mod quality;
mod readable;
pub(crate) mod referrals;
mod search;
mod sections;
mod sessions;
mod sign_in;
mod sources;
mod transfers;

use audit::Language;
use maud::{DOCTYPE, Markup, html};

use crate::desk::Session;

pub(crate) use administration::{access, configuration};
pub(crate) use bar::{Place, start_of};
pub(crate) use certificates::certificates;
pub use certificates::{CertificateKind, CertificateRow, CertificatesShown, DAYS_AHEAD};
pub(crate) use directory::directory;
pub use directory::{DirectoryShown, Looked};
pub(crate) use emergency::{LONGEST_REASON, emergency};
pub(crate) use medication::medication;
pub(crate) use notice::{Answer, Notice, answer_to, notice, of_the_log};
pub(crate) use overview::overview;
pub(crate) use period::WrongPeriod;
pub(crate) use quality::quality;
pub use quality::{DataQuality, Shortcoming, SourceQuality, Subject, SubjectQuality};
pub(crate) use search::search;
pub(crate) use sessions::sessions;
pub(crate) use sign_in::{SESSION_OVER, not_signed_in, sign_in, signed_in};

/// What stands around every page.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'f> {
    pub provider: &'f str,
    pub session: Option<&'f Session>,
    /// Which page it is, for those that the bar leads to.
    pub place: Option<Place>,
    pub language: Language,
    /// The page that follows by itself, for those that only say what happened.
    pub onward: Option<&'f str>,
}

impl<'f> Frame<'f> {
    /// In Dutch, of no page in particular.
    pub(crate) fn of(provider: &'f str, session: Option<&'f Session>) -> Self {
        Frame { provider, session, place: None, language: Language::Dutch, onward: None }
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Frame { place: Some(place), ..self }
    }

    pub(crate) fn onward(self, path: &'f str) -> Self {
        Frame { onward: Some(path), ..self }
    }

    pub(crate) fn in_language(self, language: Language) -> Self {
        Frame { language, ..self }
    }

    fn csrf(&self) -> &'f str {
        self.session.map_or("", |session| session.csrf.as_str())
    }
}

/// A whole page. The title never names a patient: browsers keep titles.
fn frame(frame: &Frame<'_>, title: &str, body: &Markup) -> Markup {
    let (code, skip) = match frame.language {
        Language::Dutch => ("nl", "Naar de inhoud"),
        Language::English => ("en", "Skip to content"),
    };
    html! {
        (DOCTYPE)
        html lang=(code) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                @if let Some(path) = frame.onward { meta http-equiv="refresh" content=(format!("0; url={path}")); }
                title { (title) " – " (frame.provider) }
                link rel="stylesheet" href="/portal/style.css";
            }
            body {
                a.skip href="#inhoud" { (skip) }
                (bar::bar(frame))
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
fn reference(request_id: &str, language: Language) -> Markup {
    let says = match language {
        Language::Dutch => "Kenmerk voor vragen over deze raadpleging: ",
        Language::English => "Reference for questions about this request: ",
    };
    html! { p.reference { (says) code { (request_id) } } }
}

/// What stands under every page that looked into the log.
fn foot(request_id: &str, language: Language) -> Markup {
    let says = match language {
        Language::Dutch => "Deze inzage is zelf ook vastgelegd (NEN 7513).",
        Language::English => "This look at the log is itself recorded (NEN 7513).",
    };
    html! { footer.foot { (reference(request_id, language)) p.hint { (says) } } }
}
