//! Finds a member name that occurs twice in one object, however it is spelled.

use std::collections::HashSet;

use super::parser::JsonFault;
use super::strings::unescape;
use super::tape::{Names, Token};

/// Up to here comparing every pair costs less than hashing; beyond it would be quadratic.
const FEW: usize = 16;

/// Refuses the object at `object` of the tape when two of its names mean the same text.
pub(super) fn refuse(text: &str, tape: &[Token], object: u32) -> Result<(), JsonFault> {
    let mut few = [""; FEW];
    for (count, (_, name)) in Names::of(tape, object).enumerate() {
        if name.escaped || count == FEW {
            return refuse_by_hash(text, tape, object);
        }
        let inner = name.inner(text);
        if few.iter().take(count).any(|earlier| *earlier == inner) {
            return Err(JsonFault::Duplicate { offset: name.start as usize });
        }
        if let Some(slot) = few.get_mut(count) {
            *slot = inner;
        }
    }
    Ok(())
}

/// The standard hasher is seeded per process, so names cannot be chosen to collide.
fn refuse_by_hash(text: &str, tape: &[Token], object: u32) -> Result<(), JsonFault> {
    let mut seen = HashSet::new();
    for (_, name) in Names::of(tape, object) {
        if !seen.insert(unescape(name.inner(text), name.escaped)) {
            return Err(JsonFault::Duplicate { offset: name.start as usize });
        }
    }
    Ok(())
}
