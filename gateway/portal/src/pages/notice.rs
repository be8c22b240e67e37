//! What a user reads when there is no overview. It never tells "no such patient" from "not your patient".

use exchange::Refusal;
use exchange::ports::{AuthenticationFault, SourceFault};
use maud::{Markup, html};

use super::{Frame, frame, icons, reference};

/// A calm page instead of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Not there, or not for this user: one and the same page.
    NotAvailable,
    TooSlow,
    Busy,
    NoLog,
    SourceFailed,
    NotIdentified,
    Defect,
    ForeignForm,
    UnreadableForm,
    NotHere,
}

/// How a refusal is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The BSN is no BSN: the form again.
    TryAnother,
    SignInAgain,
    Notice(Notice),
}

/// The one table of refusals to pages.
pub(crate) fn answer_to(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::BsnInvalid | Refusal::SeveralPatients | Refusal::PatientParameter => Answer::TryAnother,
        Refusal::Unidentified(AuthenticationFault::Unavailable) => Answer::Notice(Notice::NotIdentified),
        Refusal::Unidentified(
            AuthenticationFault::NoCertificate
            | AuthenticationFault::UnknownOrganisation
            | AuthenticationFault::NoToken
            | AuthenticationFault::Ambiguous
            | AuthenticationFault::TokenNotAccepted
            | AuthenticationFault::TokenOfAnotherClient,
        ) => Answer::SignInAgain,
        Refusal::Denied(_) | Refusal::NotFound | Refusal::Source(SourceFault::NotFound | SourceFault::Gone) => {
            Answer::Notice(Notice::NotAvailable)
        }
        Refusal::TimedOut | Refusal::Source(SourceFault::TimedOut) => Answer::Notice(Notice::TooSlow),
        Refusal::Overloaded => Answer::Notice(Notice::Busy),
        Refusal::LogUnavailable | Refusal::LogUnreadable => Answer::Notice(Notice::NoLog),
        Refusal::Source(
            SourceFault::Unreachable
            | SourceFault::Refused
            | SourceFault::Unusable(_)
            | SourceFault::TooLarge
            | SourceFault::Unsupported { .. }
            | SourceFault::NotSupported
            | SourceFault::Conflict
            | SourceFault::PreconditionFailed
            | SourceFault::Rejected,
        ) => Answer::Notice(Notice::SourceFailed),
        // The page made the request, so whatever is wrong with its shape is our own mistake.
        Refusal::NotAnInteraction(_)
        | Refusal::BodyFormat
        | Refusal::BodyMissing
        | Refusal::BodyTooLarge
        | Refusal::BodyBroken
        | Refusal::BodyMalformed(_)
        | Refusal::BodyXml(_)
        | Refusal::BodyMismatch
        | Refusal::BodyStructure(_)
        | Refusal::BundleMalformed(_)
        | Refusal::Transaction(_)
        | Refusal::CreateCondition
        | Refusal::PageGone
        | Refusal::NotAcceptable
        | Refusal::AnswerFormat(_)
        | Refusal::NotServed
        | Refusal::UseCaseName
        | Refusal::Defect => Answer::Notice(Notice::Defect),
    }
}

impl Notice {
    /// The HTTP status of a page about this refusal.
    pub(crate) fn status(self, refusal: &Refusal) -> u16 {
        match self {
            // Refused and absent must not differ in their status either.
            Notice::NotAvailable => 403,
            Notice::TooSlow => 504,
            Notice::Busy | Notice::NoLog | Notice::NotIdentified => 503,
            Notice::SourceFailed => 502,
            Notice::Defect => 500,
            Notice::ForeignForm | Notice::UnreadableForm | Notice::NotHere => refusal.row().status,
        }
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Notice::NotAvailable => (
                "Geen overzicht beschikbaar",
                "Voor dit BSN is geen overzicht beschikbaar.",
                "De patiënt is hier niet bekend, of er is geen behandelrelatie met u vastgelegd. Controleer het BSN. Klopt \
                 het, laat dan de behandelrelatie vastleggen en probeer het opnieuw.",
            ),
            Notice::TooSlow => (
                "Het duurde te lang",
                "Het overzicht was niet op tijd klaar, dus er is niets getoond.",
                "Wacht even en probeer het opnieuw. Blijft het zo, neem dan contact op met uw beheerder.",
            ),
            Notice::Busy => (
                "Even druk",
                "Er lopen nu te veel raadplegingen tegelijk.",
                "Probeer het over enkele seconden opnieuw.",
            ),
            Notice::NoLog => (
                "Nu niet mogelijk",
                "De raadpleging kan niet worden vastgelegd, en zonder vastlegging worden geen gegevens getoond.",
                "Uw beheerder kan dit verhelpen. Probeer het later opnieuw.",
            ),
            Notice::SourceFailed => (
                "De bron antwoordt niet goed",
                "Het bronsysteem gaf geen bruikbaar antwoord, dus er is niets getoond.",
                "Probeer het later opnieuw. Blijft het zo, neem dan contact op met uw beheerder.",
            ),
            Notice::NotIdentified => {
                ("Nu niet mogelijk", "Er kon niet worden vastgesteld wie u bent.", "Probeer het later opnieuw.")
            }
            Notice::Defect => (
                "Er ging iets mis",
                "Er ging bij ons iets mis, en er is niets getoond.",
                "Probeer het opnieuw. Blijft het zo, geef dan het kenmerk hieronder door aan uw beheerder.",
            ),
            Notice::ForeignForm => (
                "Formulier niet aanvaard",
                "Dit formulier is verlopen of komt niet van deze pagina.",
                "Ga terug naar het begin en probeer het opnieuw.",
            ),
            Notice::UnreadableForm => (
                "Formulier niet leesbaar",
                "Wat u verstuurde kon niet worden gelezen.",
                "Ga terug naar het begin en probeer het opnieuw.",
            ),
            Notice::NotHere => ("Niet gevonden", "Deze pagina bestaat niet.", "Ga terug naar het begin."),
        }
    }
}

pub(crate) fn notice(around: &Frame<'_>, notice: &Notice, request_id: Option<&str>) -> Markup {
    let (title, says, then) = notice.words();
    let body = html! {
        div.narrow {
            div.card.notice {
                @match notice {
                    Notice::NotAvailable | Notice::ForeignForm => (icons::lock()),
                    _ => (icons::warning()),
                }
                h1 { (title) }
                p.lead { (says) }
                p { (then) }
                p { a.button href="/portal/" { "Terug naar het begin" } }
            }
            @if let Some(request_id) = request_id { (reference(request_id)) }
        }
    };
    frame(around, title, &body)
}
