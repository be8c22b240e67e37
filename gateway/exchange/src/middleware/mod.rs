//! The stages, one file each, in the order of the stack. Each owns the evidence that it alone can make:
//! the fields of that evidence are private to its file, so a later stage cannot be reached without it.

pub mod access_log;
pub mod authorisation;
pub mod consent;
pub mod explaining;
pub mod identification;
pub mod interaction;
pub mod localisation;
pub mod minimisation;
pub mod nen7513;
pub mod paging;
pub mod source;
pub mod treatment_relation;
mod value_sets;
