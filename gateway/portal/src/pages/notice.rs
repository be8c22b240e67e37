//! What a user reads when there is no overview. It never tells "no such patient" from "not your patient".

pub(super) mod words;

use audit::Language;
use exchange::Refusal;
use exchange::ports::{AuthenticationFault, SourceFault};
use maud::{Markup, html};
use policy::DenialCode;

use super::{Frame, frame, icons, reference};

/// A calm page instead of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Not there, or not for this user: one and the same page.
    NotAvailable,
    /// The policy does not allow this look into the log.
    LogClosed,
    /// The log has nothing there.
    NoRecord,
    /// For somebody who is signed in as something else.
    OtherKind,
    TooSlow,
    Busy,
    NoLog,
    SourceFailed,
    NotIdentified,
    Defect,
    ForeignForm,
    UnreadableForm,
    /// No such handoff or referral, or it cannot be read: one and the same page.
    NoTransfer,
    /// It cannot be done with this handoff or referral now.
    NotNow,
    NotHere,
}

/// How a refusal is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The BSN is no BSN: the form again.
    TryAnother,
    /// The reason explains no emergency: the form for it again.
    ExplainBetter,
    SignInAgain,
    Notice(Notice),
}

/// The one table of refusals to pages.
pub(crate) fn answer_to(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::BsnInvalid | Refusal::SeveralPatients | Refusal::PatientParameter => Answer::TryAnother,
        Refusal::Unidentified(AuthenticationFault::Unavailable | AuthenticationFault::CertificateStatusUnknown) => {
            Answer::Notice(Notice::NotIdentified)
        }
        Refusal::Unidentified(
            AuthenticationFault::NoCertificate
            | AuthenticationFault::CertificateNotTrusted
            | AuthenticationFault::CertificateRevoked
            | AuthenticationFault::UnknownOrganisation
            | AuthenticationFault::NoToken
            | AuthenticationFault::Ambiguous
            | AuthenticationFault::TokenNotAccepted
            | AuthenticationFault::TokenOfAnotherClient
            | AuthenticationFault::ProofMissing
            | AuthenticationFault::DpopTokenNotAccepted
            | AuthenticationFault::DpopTokenOfAnotherClient
            | AuthenticationFault::ProofNotAccepted(_),
        ) => Answer::SignInAgain,
        Refusal::Denied(denial) if denial.code == DenialCode::EmergencyReason => Answer::ExplainBetter,
        Refusal::Denied(_) | Refusal::NotFound | Refusal::Source(SourceFault::NotFound | SourceFault::Gone) => {
            Answer::Notice(Notice::NotAvailable)
        }
        Refusal::TimedOut | Refusal::Source(SourceFault::TimedOut) => Answer::Notice(Notice::TooSlow),
        Refusal::Overloaded | Refusal::Throttled(_) => Answer::Notice(Notice::Busy),
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

/// The same for a page of the log. An auditor may know that there is no such record.
pub(crate) fn of_the_log(refusal: &Refusal) -> Answer {
    match (answer_to(refusal), refusal) {
        (Answer::Notice(Notice::NotAvailable), Refusal::Denied(_)) => Answer::Notice(Notice::LogClosed),
        (Answer::Notice(Notice::NotAvailable), _) => Answer::Notice(Notice::NoRecord),
        (answer, _) => answer,
    }
}

impl Notice {
    /// The HTTP status of a page about this refusal.
    pub(crate) fn status(self, refusal: &Refusal) -> u16 {
        match self {
            // Refused and absent must not differ in their status either.
            Notice::NotAvailable | Notice::LogClosed | Notice::OtherKind | Notice::NoTransfer => 403,
            Notice::NoRecord => 404,
            Notice::TooSlow => 504,
            Notice::Busy if matches!(refusal, Refusal::Throttled(_)) => 429,
            Notice::Busy | Notice::NoLog | Notice::NotIdentified => 503,
            Notice::SourceFailed => 502,
            Notice::NotNow => 409,
            Notice::Defect => 500,
            Notice::ForeignForm | Notice::UnreadableForm | Notice::NotHere => refusal.row().status,
        }
    }
}

pub(crate) fn notice(around: &Frame<'_>, notice: &Notice, request_id: Option<&str>) -> Markup {
    let (title, says, then) = words::of(*notice, around.language);
    let back = match around.language {
        Language::Dutch => "Terug naar het begin",
        Language::English => "Back to the start",
    };
    let body = html! {
        div.narrow {
            div.card.notice {
                @match notice {
                    Notice::NotAvailable | Notice::LogClosed | Notice::OtherKind | Notice::ForeignForm => (icons::lock()),
                    _ => (icons::warning()),
                }
                h1 { (title) }
                p.lead { (says) }
                p { (then) }
                p { a.button href="/portal/" { (back) } }
            }
            @if let Some(request_id) = request_id { (reference(request_id, around.language)) }
        }
    };
    frame(around, title, &body)
}
