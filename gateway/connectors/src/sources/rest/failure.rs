//! What a status means, depending on what was asked. The other side's own words are never repeated.

use exchange::ports::SourceFault;
use fhir::Resource;
use fhir::json::Limits;
use reqwest::StatusCode;

use crate::http::{FetchFault, Fetched};

/// What is being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    Read,
    Search,
    Write,
    /// A document. Whoever makes none says so in more ways than one.
    Document,
}

/// Why a call failed. A token that is not accepted is apart: another one may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 401: the token is not, or not any more, accepted.
    TokenNotAccepted,
    /// 400 or 422 to a search: some parameter, or its value.
    SearchRejected,
    Fault(SourceFault),
}

impl Asking {
    /// Whether asking twice does no harm.
    pub fn is_safe(self) -> bool {
        match self {
            Asking::Read | Asking::Search | Asking::Document => true,
            Asking::Write => false,
        }
    }
}

impl From<SourceFault> for Failure {
    fn from(fault: SourceFault) -> Self {
        Failure::Fault(fault)
    }
}

impl From<FetchFault> for Failure {
    fn from(fault: FetchFault) -> Self {
        Failure::Fault(match fault {
            FetchFault::TimedOut => SourceFault::TimedOut,
            FetchFault::Unreachable | FetchFault::Dropped => SourceFault::Unreachable,
            FetchFault::BrokenOff => SourceFault::Unusable("the answer broke off"),
            FetchFault::TooLarge { .. } => SourceFault::TooLarge,
            FetchFault::MediaType => SourceFault::Unusable("the answer is not FHIR JSON"),
            FetchFault::Request => SourceFault::Unusable("the question cannot be put as a request"),
        })
    }
}

impl From<Failure> for SourceFault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TokenNotAccepted => SourceFault::Refused,
            Failure::SearchRejected => SourceFault::Unusable("the search is rejected"),
            Failure::Fault(fault) => fault,
        }
    }
}

/// Issue types of a gateway that reached its own source and cannot use what that said (processing errors of
/// <http://hl7.org/fhir/issue-type>); a source that is not there is `transient`.
const UNUSABLE: [&str; 2] = ["processing", "too-costly"];

/// The failure that an answer means; nothing for a success.
pub(super) fn of_answer(asking: Asking, answer: &Fetched) -> Option<Failure> {
    if answer.status == StatusCode::BAD_GATEWAY && issue(answer).is_some_and(|code| UNUSABLE.contains(&code.as_str())) {
        return Some(Failure::Fault(SourceFault::Unusable("what is behind the other side cannot be used")));
    }
    of_status(asking, answer.status)
}

/// The code of the first issue, when the body is an OperationOutcome.
fn issue(answer: &Fetched) -> Option<String> {
    let outcome = Resource::parse(answer.body.clone(), &Limits::default()).ok()?;
    let first = outcome.root().get("issue")?.items().next()?;
    first.get("code")?.as_text().map(std::borrow::Cow::into_owned)
}

/// The failure that a status means; nothing for a success.
fn of_status(asking: Asking, status: StatusCode) -> Option<Failure> {
    if status.is_success() {
        return None;
    }
    Some(Failure::Fault(match status.as_u16() {
        401 => return Some(Failure::TokenNotAccepted),
        403 => SourceFault::Refused,
        404 => SourceFault::NotFound,
        410 => SourceFault::Gone,
        405 | 501 => SourceFault::NotSupported,
        408 | 504 => SourceFault::TimedOut,
        409 => SourceFault::Conflict,
        412 => SourceFault::PreconditionFailed,
        400 | 413 | 415 | 422 => match asking {
            Asking::Write => SourceFault::Rejected,
            Asking::Search => return Some(Failure::SearchRejected),
            Asking::Read => SourceFault::Unusable("the question is rejected"),
            // It has nothing but a type, an id and the operation's name: what is rejected of it is the operation.
            Asking::Document => SourceFault::NotSupported,
        },
        429 | 500..=599 => SourceFault::Unreachable,
        300..=399 => SourceFault::Unusable("a redirect, which is not followed"),
        _ => SourceFault::Unusable("an unexpected status"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_means_what_was_asked_makes_of_it() {
        let fault = |fault| Some(Failure::Fault(fault));
        for (asking, status, meant) in [
            (Asking::Read, 200, None),
            (Asking::Write, 201, None),
            (Asking::Read, 302, fault(SourceFault::Unusable("a redirect, which is not followed"))),
            (Asking::Read, 304, fault(SourceFault::Unusable("a redirect, which is not followed"))),
            (Asking::Search, 400, Some(Failure::SearchRejected)),
            (Asking::Write, 400, fault(SourceFault::Rejected)),
            (Asking::Write, 422, fault(SourceFault::Rejected)),
            (Asking::Read, 401, Some(Failure::TokenNotAccepted)),
            (Asking::Read, 403, fault(SourceFault::Refused)),
            (Asking::Read, 404, fault(SourceFault::NotFound)),
            (Asking::Read, 410, fault(SourceFault::Gone)),
            (Asking::Write, 409, fault(SourceFault::Conflict)),
            (Asking::Write, 412, fault(SourceFault::PreconditionFailed)),
            (Asking::Read, 400, fault(SourceFault::Unusable("the question is rejected"))),
            (Asking::Document, 400, fault(SourceFault::NotSupported)),
            (Asking::Document, 404, fault(SourceFault::NotFound)),
            (Asking::Document, 500, fault(SourceFault::Unreachable)),
            (Asking::Search, 501, fault(SourceFault::NotSupported)),
            (Asking::Search, 500, fault(SourceFault::Unreachable)),
            (Asking::Search, 503, fault(SourceFault::Unreachable)),
            (Asking::Search, 504, fault(SourceFault::TimedOut)),
            (Asking::Search, 429, fault(SourceFault::Unreachable)),
        ] {
            assert_eq!(of_status(asking, StatusCode::from_u16(status).unwrap()), meant, "{asking:?} {status}");
        }
    }
}
