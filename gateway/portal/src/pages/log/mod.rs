//! The auditor's pages of the access log (NEN 7513, chapters 5 and 9).

mod again;
mod explain;
mod facts;
mod found;
mod hints;
mod line;
mod proof;
mod record;
mod review;
mod search;
mod typed;

pub(crate) use explain::{Chosen, LONGEST as LONGEST_FIELD, WrongQuestion, explain};
pub(crate) use found::found;
pub(crate) use hints::hints;
pub(super) use line::marks;
pub(crate) use proof::proof;
pub(crate) use record::record;
pub(crate) use review::{LONGEST_NOTE, WrongVerdict, review};
pub(crate) use search::search;
pub(crate) use typed::{Typed, Wrong, is_backwards};
