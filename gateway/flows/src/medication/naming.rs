//! Names of what is told, of their own and shared: a block is spoken of in many places, and one system names thousands.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::block::{Block, Id, Kind};
use super::treatment::Named;

/// A business identifier that borrows from no answer.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    /// First, as in what it is made of: values differ at their beginning and systems do not.
    pub value: Arc<str>,
    pub system: Arc<str>,
}

impl Identifier {
    /// The beginning of its value, which orders as the value does; whatever begins the same may differ behind it.
    pub(super) fn beginning(&self) -> u128 {
        let mut begins = [0; 16];
        begins.iter_mut().zip(self.value.bytes()).for_each(|(place, byte)| *place = byte);
        u128::from_be_bytes(begins)
    }
}

impl fmt::Debug for Identifier {
    /// An identifier can lead to a patient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier(..)")
    }
}

/// Systems that were seen, each kept once.
pub(super) struct Names {
    systems: RefCell<Vec<Arc<str>>>,
    /// Where a reference is written together.
    reference: RefCell<String>,
    nothing: Arc<Named>,
}

impl Default for Names {
    fn default() -> Self {
        let nothing = Named { kind: Kind::MedicationAdministration, id: None, reference: Arc::from("") };
        Names { systems: RefCell::default(), reference: RefCell::default(), nothing: Arc::new(nothing) }
    }
}

/// Most systems that are looked through; beyond it each has its own.
const MOST: usize = 32;

impl Names {
    pub fn identifier(&self, id: &Id<'_>) -> Identifier {
        Identifier { value: Arc::from(id.value.as_ref()), system: self.system(id.system.as_ref()) }
    }

    fn system(&self, system: &str) -> Arc<str> {
        let mut systems = self.systems.borrow_mut();
        if let Some(known) = systems.iter().find(|known| known.as_ref() == system) {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(system);
        if systems.len() < MOST {
            systems.push(new.clone());
        }
        new
    }

    /// A block as others speak of it.
    pub fn named(&self, block: &Block<'_>) -> Named {
        let mut reference = self.reference.borrow_mut();
        reference.clear();
        reference.push_str(block.resource_type());
        if let Some(name) = &block.name {
            reference.push('/');
            reference.push_str(name);
        }
        Named {
            kind: block.kind,
            id: block.id.as_ref().map(|id| self.identifier(id)),
            reference: Arc::from(reference.as_str()),
        }
    }

    /// The name of what was not read yet.
    pub fn nothing(&self) -> Arc<Named> {
        self.nothing.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    fn identifier(names: &Names, value: &str) -> Identifier {
        names.identifier(&Id { value: Cow::Borrowed(value), system: Cow::Borrowed("s") })
    }

    #[test]
    fn a_system_is_kept_once() {
        let names = Names::default();
        let (one, other) = (identifier(&names, "1"), identifier(&names, "2"));
        assert!(Arc::ptr_eq(&one.system, &other.system) && one != other);
        assert_eq!(format!("{one:?}"), "Identifier(..)");
    }

    proptest! {
        #[test]
        fn beginnings_order_as_values_do(one in ".{0,20}", other in ".{0,20}") {
            let names = Names::default();
            let (one, other) = (identifier(&names, &one), identifier(&names, &other));
            if one.beginning() != other.beginning() {
                prop_assert_eq!(one.beginning().cmp(&other.beginning()), one.value.cmp(&other.value));
            }
        }
    }
}
