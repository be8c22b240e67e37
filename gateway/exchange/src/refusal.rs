//! Every no, in one table: the status, the issue code, what the caller reads and what the record says.
//!
//! What the caller reads never tells "no such patient" from "not for you", and holds no value of the request.

use std::time::Duration;

use fhir::bundle::BundleFault;
use fhir::interaction::InteractionFault;
use fhir::interaction::transaction::TransactionFault;
use fhir::resource::ResourceFault;
use fhir::search::SearchFault;
use fhir::structure::StructureFault;
use fhir::xml::XmlFault;
use fhir::{IssueCode, Outcome, Severity};
use policy::{Denial, DenialCode};

use crate::ports::{AuthenticationFault, SourceFault};

/// Why a request is not answered with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller is not identified.
    Unidentified(AuthenticationFault),
    /// The method or path is no FHIR interaction, or one of a type that does not exist.
    NotAnInteraction(InteractionFault),
    /// A body in a format that is not read here.
    BodyFormat,
    /// A body is needed and there is none.
    BodyMissing,
    /// The body is over the limit.
    BodyTooLarge,
    /// The body broke off or came too slowly.
    BodyBroken,
    /// The body is not well-formed, or not within the bounds.
    BodyMalformed(ResourceFault),
    /// The same for a body in XML.
    BodyXml(XmlFault),
    /// The body is not the resource that the path names.
    BodyMismatch,
    /// The body has elements that its FHIR version does not know.
    BodyStructure(StructureFault),
    /// The body is no Bundle, or a transaction that is not taken.
    Transaction(TransactionFault),
    /// The body is a Bundle that cannot be read.
    BundleMalformed(BundleFault),
    /// A conditional create by something else than the resource's own identifier.
    CreateCondition,
    /// A page link that is forged, expired, another's, or whose answer is kept no more.
    PageGone,
    /// The answer is wanted in a format that is not offered.
    NotAcceptable,
    /// The answer cannot be written in XML.
    AnswerFormat(XmlFault),
    /// The path leads to no FHIR base that is served.
    NotServed,
    /// A BSN that is no BSN.
    BsnInvalid,
    /// The request names more than one patient, or the same one in ways that disagree.
    SeveralPatients,
    /// A patient parameter in a form that is not taken (absolute URL, modifier, list).
    PatientParameter,
    /// The use case that the request names does not exist by name.
    UseCaseName,
    /// A decision against it.
    Denied(Denial),
    /// Nothing there that the caller may have: absent and withheld alike.
    NotFound,
    /// The source gave no answer.
    Source(SourceFault),
    /// The exchange took longer than it may.
    TimedOut,
    /// Too many exchanges at once.
    Overloaded,
    /// This caller asked too much; seconds to wait.
    Throttled(u32),
    /// The access log cannot be written, so nothing leaves.
    LogUnavailable,
    /// The access log cannot be read now, by someone who may look into it.
    LogUnreadable,
    /// A defect of ours.
    Defect,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// HTTP status.
    pub status: u16,
    pub issue: IssueCode,
    /// What the caller reads.
    pub says: String,
    /// What the record says: a fixed code, and where it helps a second one.
    pub record: String,
    /// The `WWW-Authenticate` challenge that goes with a 401.
    pub challenge: Option<&'static str>,
    /// Seconds after which it makes sense to try again.
    pub retry_after: Option<u32>,
}

/// Said for everything that is not available to this caller, whatever the reason.
const NOT_AVAILABLE: &str = "Not available: it is not there, or not for you.";

impl Refusal {
    /// The one table.
    pub fn row(&self) -> Row {
        use IssueCode as Code;
        match self {
            Refusal::Unidentified(fault) => unidentified(*fault),
            Refusal::NotAnInteraction(fault) => not_an_interaction(fault),
            Refusal::BodyFormat => row(
                415,
                Code::NotSupported,
                "Send the body as application/fhir+json or application/fhir+xml.",
                "body-format",
            ),
            Refusal::BodyMissing => row(400, Code::Required, "This interaction needs a body.", "body-missing"),
            Refusal::BodyTooLarge => {
                row(413, Code::TooLong, "The body is larger than this node takes.", "body-too-large")
            }
            Refusal::BodyBroken => {
                row(400, Code::Incomplete, "The body did not arrive whole and in time.", "body-broken")
            }
            // The fault names kinds and byte offsets only, never a value.
            Refusal::BodyMalformed(fault) => {
                row(400, Code::Structure, format!("The body cannot be read: {fault}."), "body-malformed")
            }
            // Paths are of elements that exist; what stands in the body is not repeated.
            Refusal::BodyXml(fault) => {
                row(400, Code::Structure, format!("The body cannot be read: {fault}."), "body-malformed")
            }
            Refusal::BodyMismatch => {
                row(400, Code::Invalid, "The body is not the resource that the path names.", "body-mismatch")
            }
            Refusal::BodyStructure(fault) => row(422, Code::Structure, format!("{fault}."), "body-structure"),
            // Both faults name elements and entries only.
            Refusal::Transaction(fault) => row(422, Code::Processing, format!("{}.", sentence(fault)), "transaction"),
            Refusal::BundleMalformed(fault) => {
                row(400, Code::Structure, format!("The body cannot be read: {fault}."), "body-malformed")
            }
            Refusal::CreateCondition => row(
                400,
                Code::NotSupported,
                "If-None-Exist is taken as one identifier that the resource itself has.",
                "create-condition",
            ),
            Refusal::PageGone => {
                row(410, Code::NotFound, "This page is no longer available; search again.", "page-gone")
            }
            Refusal::NotAcceptable => row(
                406,
                Code::NotSupported,
                "Only application/fhir+json and application/fhir+xml are offered here.",
                "not-acceptable",
            ),
            // The fault names an element of the answer, never its value.
            Refusal::AnswerFormat(fault) => row(
                500,
                Code::NotSupported,
                format!("The answer cannot be written in XML: {fault}. Ask for application/fhir+json."),
                "answer-format",
            ),
            Refusal::NotServed => row(404, Code::NotFound, "Nothing is served at this path.", "not-served"),
            Refusal::BsnInvalid => {
                row(400, Code::Value, "The BSN is not valid: nine digits that pass the eleven-test.", "bsn-invalid")
            }
            Refusal::SeveralPatients => {
                row(400, Code::Invalid, "Name exactly one patient, in one way.", "several-patients")
            }
            Refusal::PatientParameter => row(
                400,
                Code::Value,
                "Name the patient by BSN, or by an id of this server, without modifier.",
                "patient-parameter",
            ),
            Refusal::UseCaseName => row(400, Code::Value, "There is no use case of this name.", "use-case-name"),
            Refusal::Denied(denial) => denied(denial),
            Refusal::NotFound => row(404, Code::NotFound, NOT_AVAILABLE, "not-found"),
            Refusal::Source(fault) => source(fault),
            Refusal::TimedOut => Row {
                retry_after: Some(5),
                ..row(504, Code::Timeout, "The exchange took longer than it may.", "timed-out")
            },
            Refusal::Overloaded => Row {
                retry_after: Some(1),
                ..row(503, Code::Throttled, "Too many exchanges at once; try again shortly.", "overloaded")
            },
            Refusal::Throttled(seconds) => Row {
                retry_after: Some(*seconds),
                ..row(429, Code::Throttled, "You ask more than you may; try again later.", "throttled")
            },
            Refusal::LogUnavailable => Row {
                retry_after: Some(30),
                ..row(
                    503,
                    Code::NoStore,
                    "The access log cannot be written, so nothing is exchanged.",
                    "log-unavailable",
                )
            },
            Refusal::LogUnreadable => Row {
                retry_after: Some(30),
                ..row(503, Code::Transient, "The access log cannot be read now.", "log-unreadable")
            },
            Refusal::Defect => row(500, Code::Exception, "The node failed; nothing was released.", "defect"),
        }
    }

    /// Asked too much, with so long to wait: in whole seconds, at least one.
    pub fn throttled(wait: Duration) -> Refusal {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Refusal::Throttled(u32::try_from(seconds).unwrap_or(u32::MAX).max(1))
    }

    /// How it reads for the caller.
    pub fn outcome(&self) -> Outcome {
        let row = self.row();
        Outcome::one(Severity::Error, row.issue, row.says)
    }
}

/// The fault as a sentence begins.
fn sentence(fault: &TransactionFault) -> String {
    let text = fault.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn row(status: u16, issue: IssueCode, says: impl Into<String>, record: impl Into<String>) -> Row {
    Row { status, issue, says: says.into(), record: record.into(), challenge: None, retry_after: None }
}

/// The challenges of RFC 9449, section 7.1. The algorithms are those of `connectors::identity::oauth::dpop`.
const DPOP_INVALID_TOKEN: &str = "DPoP realm=\"zorgsluis\", error=\"invalid_token\", algs=\"ES256 ES384 PS256 EdDSA\"";
const DPOP_INVALID_PROOF: &str =
    "DPoP realm=\"zorgsluis\", error=\"invalid_dpop_proof\", algs=\"ES256 ES384 PS256 EdDSA\"";

fn unidentified(fault: AuthenticationFault) -> Row {
    let (status, says, record) = match fault {
        AuthenticationFault::NoCertificate => (401, "A client certificate is needed here.", "no-certificate"),
        AuthenticationFault::CertificateNotTrusted => {
            (401, "The client certificate is of no authority that is trusted here.", "certificate-not-trusted")
        }
        AuthenticationFault::CertificateRevoked => (401, "The client certificate was revoked.", "certificate-revoked"),
        AuthenticationFault::CertificateStatusUnknown => (
            503,
            "Whether the client certificate was revoked could not be found out; nothing was exchanged.",
            "certificate-status-unknown",
        ),
        AuthenticationFault::UnknownOrganisation => {
            (403, "The certificate names no organisation that this node exchanges with.", "unknown-organisation")
        }
        AuthenticationFault::NoToken => (401, "A bearer token is needed here.", "no-token"),
        AuthenticationFault::Ambiguous => (401, "Authenticate in exactly one way.", "ambiguous-authentication"),
        AuthenticationFault::TokenNotAccepted => (401, "The token is not accepted.", "token-not-accepted"),
        // The same words as for an unknown token: its holder learns nothing about it.
        AuthenticationFault::TokenOfAnotherClient | AuthenticationFault::DpopTokenOfAnotherClient => {
            (401, "The token is not accepted.", "token-of-another-client")
        }
        AuthenticationFault::DpopTokenNotAccepted => (401, "The token is not accepted.", "token-not-accepted"),
        AuthenticationFault::ProofMissing => (401, "The token is not accepted.", "proof-missing"),
        AuthenticationFault::ProofNotAccepted(why) => {
            let record = format!("proof-not-accepted {why}");
            let row = row(401, IssueCode::Login, "The proof of possession is not accepted.", record);
            return Row { challenge: Some(DPOP_INVALID_PROOF), ..row };
        }
        AuthenticationFault::Unavailable => {
            (503, "The caller could not be identified now.", "identification-unavailable")
        }
    };
    let issue = match status {
        403 => IssueCode::Forbidden,
        503 => IssueCode::Transient,
        _ => IssueCode::Login,
    };
    let challenge = (status == 401).then_some(match fault {
        AuthenticationFault::TokenNotAccepted | AuthenticationFault::TokenOfAnotherClient => {
            "Bearer realm=\"zorgsluis\", error=\"invalid_token\""
        }
        AuthenticationFault::ProofMissing
        | AuthenticationFault::DpopTokenNotAccepted
        | AuthenticationFault::DpopTokenOfAnotherClient => DPOP_INVALID_TOKEN,
        AuthenticationFault::ProofNotAccepted(_) => DPOP_INVALID_PROOF,
        AuthenticationFault::NoCertificate
        | AuthenticationFault::CertificateNotTrusted
        | AuthenticationFault::CertificateRevoked
        | AuthenticationFault::CertificateStatusUnknown
        | AuthenticationFault::UnknownOrganisation
        | AuthenticationFault::NoToken
        | AuthenticationFault::Ambiguous
        | AuthenticationFault::Unavailable => "Bearer realm=\"zorgsluis\"",
    });
    let retry_after = (fault == AuthenticationFault::CertificateStatusUnknown).then_some(30);
    Row { challenge, retry_after, ..row(status, issue, says, record) }
}

fn not_an_interaction(fault: &InteractionFault) -> Row {
    match fault {
        InteractionFault::UnknownType => {
            row(404, IssueCode::NotSupported, "This resource type does not exist in this FHIR version.", "unknown-type")
        }
        InteractionFault::Path => row(400, IssueCode::Invalid, "This is not a path of the FHIR RESTful API.", "path"),
        InteractionFault::Id => row(400, IssueCode::Value, "This is not a logical id.", "id"),
        InteractionFault::Method => {
            row(405, IssueCode::NotSupported, "This method is not used at this path.", "method")
        }
        InteractionFault::Search(fault) => search(fault),
    }
}

fn search(fault: &SearchFault) -> Row {
    match fault {
        SearchFault::Unsupported { name } => unsupported_parameter(name),
        SearchFault::Encoding | SearchFault::TooMany { .. } => {
            row(400, IssueCode::Invalid, format!("The query cannot be read: {fault}."), "query")
        }
        SearchFault::Value { name } => {
            row(400, IssueCode::Value, format!("The value of search parameter {name} is malformed."), "query-value")
        }
    }
}

fn unsupported_parameter(name: &str) -> Row {
    row(
        400,
        IssueCode::NotSupported,
        format!("Search parameter {name} is not supported here; nothing was searched."),
        "search-parameter",
    )
}

fn denied(denial: &Denial) -> Row {
    let not_available = |record: &str| row(403, IssueCode::Forbidden, NOT_AVAILABLE, record);
    match denial.code {
        DenialCode::NotInUseCase => not_available("denied: not-in-use-case"),
        DenialCode::SearchParameter => match &denial.parameter {
            Some(name) => unsupported_parameter(name),
            None => row(400, IssueCode::NotSupported, "A search parameter is not supported here.", "search-parameter"),
        },
        DenialCode::PatientBinding => not_available("denied: patient-binding"),
        DenialCode::EmergencyReason => {
            let says = "An emergency needs a reason that can be judged afterwards: 10 to 500 characters on one line.";
            row(400, IssueCode::Required, says, "denied: emergency-reason")
        }
        DenialCode::OwnAccess => {
            row(403, IssueCode::Forbidden, "Nobody gives a verdict on an access of their own.", "denied: own-access")
        }
        DenialCode::PolicyDenied => not_available("denied: policy"),
        DenialCode::PolicyFailed => not_available("denied: policy-failed"),
    }
}

fn source(fault: &SourceFault) -> Row {
    match fault {
        SourceFault::TimedOut => Row {
            retry_after: Some(5),
            ..row(504, IssueCode::Timeout, "The source did not answer in time.", "source-timed-out")
        },
        SourceFault::Unreachable => Row {
            retry_after: Some(5),
            ..row(502, IssueCode::Transient, "The source cannot be reached.", "source-unreachable")
        },
        SourceFault::Refused => row(502, IssueCode::Processing, "The source refused the question.", "source-refused"),
        SourceFault::Unusable(_) => {
            row(502, IssueCode::Processing, "The source answered something that cannot be used.", "source-unusable")
        }
        SourceFault::TooLarge => {
            row(502, IssueCode::TooCostly, "The source answered more than this node takes.", "source-too-large")
        }
        SourceFault::NotFound => row(404, IssueCode::NotFound, NOT_AVAILABLE, "not-found"),
        SourceFault::Gone => row(410, IssueCode::NotFound, "It was deleted.", "gone"),
        SourceFault::Unsupported { parameter } => unsupported_parameter(parameter),
        SourceFault::NotSupported => {
            row(501, IssueCode::NotSupported, "The source cannot do this interaction.", "source-not-supported")
        }
        SourceFault::Conflict => row(409, IssueCode::Conflict, "It conflicts with what the source holds.", "conflict"),
        SourceFault::PreconditionFailed => {
            row(412, IssueCode::Conflict, "The source holds another version than you named.", "precondition-failed")
        }
        SourceFault::Rejected => {
            row(422, IssueCode::Processing, "The source rejects the resource as invalid.", "rejected")
        }
    }
}

impl From<SearchFault> for Refusal {
    fn from(fault: SearchFault) -> Self {
        Refusal::NotAnInteraction(InteractionFault::Search(fault))
    }
}
