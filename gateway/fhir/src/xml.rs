//! FHIR in XML (FHIR xml.html): read into the one JSON form that everything else works on, and written from it.
//!
//! Nothing is lost on the way: extensions of primitives, null paddings, digits of decimals, narrative, contained
//! resources and unknown elements come through both ways. Elements are read in any order and written in the
//! order of the standard, unknown ones last. What cannot be said in the other form is a fault, never dropped:
//! a JSON member of the wrong kind, a character that XML cannot hold, a narrative that is not well-formed.
//! Unknown elements keep their text; that it was a number in JSON, or a list of one, XML cannot tell.
//!
//! The text is met once, as events of quick-xml: no DTD, no entity but the five of XML, no processing
//! instruction, all bounded. This module knows no profiles and judges no content.

mod characters;
mod json;
mod markup;
mod narrative;
#[cfg(test)]
mod properties;
mod read;
mod scopes;
mod tag;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use read::read;
pub use write::write;

use thiserror::Error;

use crate::resource::ResourceFault;

/// The namespace of all elements of a resource.
pub const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of a narrative.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Why a text is not read or a resource not written. Offsets are byte offsets into the XML; paths are names of
/// elements; no value is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum XmlFault {
    #[error("the text is longer than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("nesting is deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("the text holds more than {limit} elements")]
    TooMany { limit: usize },
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 { offset: usize },
    #[error("not well-formed XML at byte {offset}: {what}")]
    Syntax { offset: usize, what: &'static str },
    /// Well-formed XML, but not FHIR.
    #[error("{path} {what} (byte {offset})")]
    Element { path: String, offset: usize, what: &'static str },
    /// A resource that XML cannot say.
    #[error("{path} {what}")]
    NotWritable { path: String, what: &'static str },
    /// The JSON made from the text is beyond the limits of JSON.
    #[error(transparent)]
    Resource(#[from] ResourceFault),
}
