//! What was found: where a resource falls short of a profile, and what could not be checked. Never a value.

use std::fmt;

/// How bad it is. Invariants and bindings say so themselves; everything else is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Information,
    Warning,
    Error,
}

impl Severity {
    /// As in OperationOutcome.issue.severity.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which kind of rule is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// A type or element that does not exist, or a JSON form that does not fit.
    Structure,
    /// A primitive that is not written as its type asks, or too long, too small, too large.
    Value,
    /// Fewer than must be there.
    Missing,
    /// More than may be there.
    TooMany,
    /// A type that is not allowed here.
    Type,
    /// Not the fixed value or pattern.
    Fixed,
    /// A code that is not in the value set.
    Code,
    /// In no slice of a closed slicing, or out of order.
    Slice,
    /// A reference that is no reference, or points at what it may not or at nothing.
    Reference,
    /// An extension that is unknown here.
    Extension,
    /// An invariant that does not hold.
    Invariant,
    /// A profile that is claimed or asked for and not known.
    UnknownProfile,
    /// The resource asks more work than is allowed for one validation.
    TooLarge,
}

impl FindingCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            FindingCode::Structure => "structure",
            FindingCode::Value => "value",
            FindingCode::Missing => "missing",
            FindingCode::TooMany => "too-many",
            FindingCode::Type => "type",
            FindingCode::Fixed => "fixed",
            FindingCode::Code => "code",
            FindingCode::Slice => "slice",
            FindingCode::Reference => "reference",
            FindingCode::Extension => "extension",
            FindingCode::Invariant => "invariant",
            FindingCode::UnknownProfile => "unknown-profile",
            FindingCode::TooLarge => "too-large",
        }
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One way in which the resource falls short.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    pub severity: Severity,
    pub code: FindingCode,
    /// Where in the resource, as FHIRPath: `Observation.category[0].coding[1].system`.
    pub path: String,
    /// The element of the definition, without indexes, with slices: `Observation.category:laboratory.coding.system`.
    /// Equal for equal shortcomings: what counters group by.
    pub element: String,
    /// The canonical URL of the profile; none for what FHIR itself asks.
    pub profile: Option<String>,
    /// One sentence; names elements, slices, value sets and invariants, never a value of the resource.
    pub message: String,
}

/// A rule that could not be checked: a value set that is not at hand, an expression that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotChecked {
    pub profile: Option<String>,
    pub element: String,
    /// What it is and why: `value set http://… is not at hand`.
    pub what: String,
}

/// What came of holding one resource against its profiles.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In order of the resource; without repetitions.
    pub findings: Vec<Finding>,
    /// Without repetitions, in order of first occurrence.
    pub not_checked: Vec<NotChecked>,
    /// The profiles (canonical URLs) that the resource itself was held against.
    pub profiles: Vec<String>,
    /// There were more findings than are kept.
    pub cut_short: bool,
}

impl Report {
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// No finding of severity error.
    pub fn is_clean(&self) -> bool {
        self.errors().next().is_none()
    }
}
