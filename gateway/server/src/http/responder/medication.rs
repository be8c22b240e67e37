//! The answers to the operations of the medication overview.

use exchange::Released;
use fhir::Bundle;
use flows::medication::{FORMER_OPERATION, Medication, OPERATION};
use flows::overview::Context;

use super::Frame;

/// Whether an operation is one of the medication overview's.
pub(super) fn is_its_own(name: &str) -> bool {
    name == OPERATION || name == FORMER_OPERATION
}

/// The overview of what was released, in the form that the operation has.
pub(super) fn answer(frame: &Frame, released: &Released, name: &str) -> Bundle {
    let assembled = time::OffsetDateTime::now_utc();
    let context = Context {
        self_url: &format!("{}/Patient/${name}", frame.base),
        assembled,
        base: &|holder| frame.holders.get(holder).cloned(),
    };
    let found = Medication::of(released, assembled, frame.medication);
    if name == OPERATION { found.answer(released, &context) } else { found.former_list(released, &context) }
}
