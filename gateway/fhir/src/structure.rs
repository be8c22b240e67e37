//! Strict structural check of R4 resources that someone wants to write: unknown elements are named, not dropped.

use thiserror::Error;

use crate::resource::Resource;

/// The resource has an element that R4 does not know, or one of the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the resource is not a well-formed R4 {resource_type}: {what}")]
pub struct StructureFault {
    pub resource_type: String,
    /// Names elements only, never values.
    pub what: String,
}

/// Checks an R4 resource against the release's structure.
pub fn check_r4(_resource: &Resource) -> Result<(), StructureFault> {
    todo!()
}
