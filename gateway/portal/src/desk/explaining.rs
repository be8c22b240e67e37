//! What would be decided, as the pages ask it and show it. Every such question is an exchange of its own: decided by policy, and
//! recorded.

use std::fmt;

pub use exchange::explanation::Explanation;
use policy::{DenialCode, PolicyVersion, Reason};

/// A use case of which it can be asked, with what it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explainable {
    pub use_case: String,
    pub title: String,
    /// FHIR version and path: `r4 Condition`.
    pub offers: Vec<String>,
}

/// Whether somebody may see something. Debug names nobody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WouldBe {
    /// BSN as typed, without white space, dots and dashes: the stack judges it.
    pub patient: String,
    /// URA of the one who asks, and its kind.
    pub organisation: String,
    pub organisation_kind: Option<String>,
    /// UZI role code.
    pub role: String,
    /// Number of the professional, when it matters who it is.
    pub person: Option<String>,
    pub use_case: String,
    /// The segment of the FHIR version.
    pub version: String,
    /// Path and query.
    pub ask: String,
    /// Whether the one who asks asserts a treatment relation.
    pub asserted: bool,
}

impl fmt::Debug for WouldBe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WouldBe({} of {})", self.ask.split('?').next().unwrap_or_default(), self.use_case)
    }
}

/// A logged decision, decided again on the same request and facts.
#[derive(Clone, Debug)]
pub enum DecidedAgain {
    /// By the policies of now, first the one in force.
    By(Vec<Again>),
    /// The record came to no decision, does not say enough, or its use case is not in force here any more.
    NotPossible,
}

/// What one policy says.
#[derive(Clone, Debug)]
pub struct Again {
    /// None when it never came to a policy.
    pub policy: Option<PolicyVersion>,
    /// Whether it is only tried (in `shadow`).
    pub tried: bool,
    pub permitted: bool,
    /// Whether the record says the same.
    pub as_then: bool,
    pub denial: Option<DenialCode>,
    pub reasons: Vec<Reason>,
}
