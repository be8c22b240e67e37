//! Dutch words for what the pages hold as codes. A code without words here is shown as it is: nothing is hidden.

mod codes;
pub(crate) mod grounds;
pub(crate) mod handoffs;
pub(crate) mod medication;
pub(crate) mod moments;
pub(crate) mod referrals;
mod roles;
mod sections;
mod sources;

pub(crate) use codes::{coded, gender, grave, resource_type, status};
pub(crate) use flows::words::date;
pub(crate) use moments::when;
pub(crate) use roles::role;
pub(crate) use sections::{anchor, aspect, section_title};
pub(crate) use sources::{index_failure, source_status, status_symbol};

/// A number with its noun.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
