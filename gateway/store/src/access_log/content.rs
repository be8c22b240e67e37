//! What the log holds of a record: its bytes, or that they were erased when their retention was over.

use std::fmt;

/// Length of a leaf's hash (RFC 6962, section 2.1: SHA-256).
pub const LEAF_BYTES: usize = 32;

/// What stands at a record's place.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// The record as it was handed in.
    Record(Vec<u8>),
    /// The record was erased. Its hash as a leaf of the tree (RFC 6962, section 2.1) is what is left of it, so that the
    /// tree can still be built and every proof still be given.
    Erased([u8; LEAF_BYTES]),
}

impl Content {
    /// The record, if it is still there.
    pub fn record(&self) -> Option<&[u8]> {
        match self {
            Content::Record(record) => Some(record),
            Content::Erased(_) => None,
        }
    }

    /// The record, if it is still there.
    pub fn into_record(self) -> Option<Vec<u8>> {
        match self {
            Content::Record(record) => Some(record),
            Content::Erased(_) => None,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Record(record) => write!(f, "Record({} bytes)", record.len()),
            Content::Erased(_) => f.write_str("Erased"),
        }
    }
}
