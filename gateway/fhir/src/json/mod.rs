//! JSON that loses nothing: a text is checked once and kept as it was written; what must be looked at is
//! looked at in place ([`Document`], [`Value`]); what must be built or changed is built from [`Node`]s.
//!
//! Numbers keep their digits, members keep their order, duplicate members are refused
//! (a check that reads the first and a source that reads the last would disagree about the patient).

mod document;
mod duplicates;
mod node;
mod parser;
mod strings;
mod tape;
#[cfg(test)]
mod tests;

pub use document::{Document, Kind, Value};
pub use node::Node;
pub(crate) use parser::is_number;
pub use parser::{DEEPEST, JsonFault, Limits};
pub(crate) use strings::write as write_text;
