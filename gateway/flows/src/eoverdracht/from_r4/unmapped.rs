//! What could not be put into the other version, and why. Names elements only, never values.

use std::fmt;

use fhir::structure::StructureFault;
use thiserror::Error;

/// So many are told; a handoff with more is as little of use.
pub(super) const MOST: usize = 100;
/// So many stand in a sentence.
const TOLD: usize = 10;

/// Why an element stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Type,
    Element,
    Several,
    Content,
    Code,
    Extension,
    Modifier,
    Profile,
    Reference,
    Target,
    Required,
    Altered,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Type => "resources of this type have no known place in the other version",
            Why::Element => "the other version has no element that says the same",
            Why::Several => "the other version takes one of it",
            Why::Content => "it holds more than its place in the other version can",
            Why::Code => "this code or code system has no equal in the other version",
            Why::Extension => "this extension is not known to be the same in the other version",
            Why::Modifier => "what an extension changes the meaning of cannot be put into the other version",
            Why::Profile => {
                "it claims a profile that is not known in the other version; without the claim it can be taken"
            }
            Why::Reference => "it does not say of itself to what type of resource it refers",
            Why::Target => "in the other version it cannot refer to a resource of this type",
            Why::Required => "the other version requires it",
            Why::Altered => "it would not come back the same",
        })
    }
}

/// One element that cannot be put into the other version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// The path from the Bundle on, as `Bundle.entry[1].resource.recordedDate`.
    pub place: String,
    pub why: Why,
}

impl fmt::Display for Unmapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// Why a Bundle stays in the version that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotConverted {
    #[error("it is no Bundle")]
    NoBundle,
    /// It is not well-formed in the version that it is said to be in.
    #[error(transparent)]
    Structure(#[from] StructureFault),
    /// At least one element has no place in the other version: all of them, but no more than a bound.
    #[error("it cannot be put into the other version without loss: {}", told(.0))]
    Unmapped(Vec<Unmapped>),
    #[error("it is larger than can be read")]
    TooLarge,
}

/// Where the first of them are.
fn told(all: &[Unmapped]) -> String {
    let first: Vec<&str> = all.iter().take(TOLD).map(|one| one.place.as_str()).collect();
    format!("{}{}", first.join(", "), if all.len() > TOLD { " and more" } else { "" })
}
