//! OperationOutcome: how a refusal or a warning reads. The same shape in STU3 and R4.

use crate::json::Node;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// `OperationOutcome.issue.severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Fatal,
    Error,
    Warning,
    Information,
}

impl Severity {
    pub const fn code(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }
}

/// `OperationOutcome.issue.code`: the subset of <http://hl7.org/fhir/issue-type> that exists in STU3 and R4 alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueCode {
    Invalid,
    Structure,
    Required,
    Value,
    Security,
    Login,
    Unknown,
    Expired,
    Forbidden,
    Suppressed,
    Processing,
    NotSupported,
    NotFound,
    TooLong,
    TooCostly,
    Conflict,
    Transient,
    LockError,
    NoStore,
    Exception,
    Timeout,
    Throttled,
    Incomplete,
    Informational,
}

impl IssueCode {
    pub const fn code(self) -> &'static str {
        match self {
            IssueCode::Invalid => "invalid",
            IssueCode::Structure => "structure",
            IssueCode::Required => "required",
            IssueCode::Value => "value",
            IssueCode::Security => "security",
            IssueCode::Login => "login",
            IssueCode::Unknown => "unknown",
            IssueCode::Expired => "expired",
            IssueCode::Forbidden => "forbidden",
            IssueCode::Suppressed => "suppressed",
            IssueCode::Processing => "processing",
            IssueCode::NotSupported => "not-supported",
            IssueCode::NotFound => "not-found",
            IssueCode::TooLong => "too-long",
            IssueCode::TooCostly => "too-costly",
            IssueCode::Conflict => "conflict",
            IssueCode::Transient => "transient",
            IssueCode::LockError => "lock-error",
            IssueCode::NoStore => "no-store",
            IssueCode::Exception => "exception",
            IssueCode::Timeout => "timeout",
            IssueCode::Throttled => "throttled",
            IssueCode::Incomplete => "incomplete",
            IssueCode::Informational => "informational",
        }
    }
}

/// The word of an issue that says: more is to be had by asking in this version (`incomplete`; our own).
pub fn more_in(version: FhirVersion) -> String {
    format!("more-in-{}", version.segment())
}

/// One issue. `diagnostics` is our own text for the caller: never a value from the request, a source or a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub severity: Severity,
    pub code: IssueCode,
    pub diagnostics: String,
    /// FHIRPath or parameter name that the issue is about.
    pub expression: Option<String>,
    /// A word of ours for programs (`details.text`).
    pub word: Option<String>,
}

impl Issue {
    pub fn new(severity: Severity, code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue { severity, code, diagnostics: diagnostics.into(), expression: None, word: None }
    }
    /// The same with a word that a program can rely on.
    #[must_use]
    pub fn saying(self, word: impl Into<String>) -> Self {
        Issue { word: Some(word.into()), ..self }
    }
}

/// An OperationOutcome with at least one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub issues: Vec<Issue>,
}

impl Outcome {
    pub fn one(severity: Severity, code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Outcome { issues: vec![Issue::new(severity, code, diagnostics)] }
    }

    pub fn to_node(&self) -> Node {
        let issues = self.issues.iter().map(|issue| {
            let mut members = vec![
                ("severity".into(), Node::text(issue.severity.code())),
                ("code".into(), Node::text(issue.code.code())),
            ];
            let details = issue.word.as_ref().map(|word| Node::Object(vec![("text".into(), Node::text(word))]));
            members.extend(details.map(|details| ("details".into(), details)));
            members.push(("diagnostics".into(), Node::text(&issue.diagnostics)));
            if let Some(expression) = &issue.expression {
                members.push(("expression".into(), Node::List(vec![Node::text(expression)])));
            }
            Node::Object(members)
        });
        Node::Object(vec![
            ("resourceType".into(), Node::text("OperationOutcome")),
            ("issue".into(), Node::List(issues.collect())),
        ])
    }

    pub fn to_resource(&self) -> Resource {
        Resource::from_node(&self.to_node())
    }
}
