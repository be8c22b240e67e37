//! What an audit can find wrong, as sentences that name what and where.

use std::fmt;

/// One thing that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// The log itself cannot be read on from this record.
    Unreadable { from: u64, why: String },
    /// The file of the log's own checkpoints cannot be read on from this byte.
    History { byte: u64 },
    /// A checkpoint that is not signed by the log's key, or not of this log.
    Signature { size: u64, whose: &'static str, why: String },
    /// The records are not those that a checkpoint was signed for: the change is after the first `since` records (of which
    /// the last checkpoint speaks that holds) and before record `size`.
    Rewritten { since: u64, size: u64, whose: &'static str },
    /// A checkpoint speaks of more records than there are.
    Missing { size: u64, held: u64, whose: &'static str },
    /// A later checkpoint speaks of fewer records than an earlier one.
    RolledBack { from: u64, to: u64 },
    /// Somebody has a checkpoint that the log does not know any more.
    Forgotten { size: u64, last: u64 },
    /// The tree's own file does not agree with this record.
    Leaf { index: u64 },
    /// The tree's own file does not agree with itself above this record.
    Node { index: u64 },
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tampering::Unreadable { from, why } => write!(f, "from record {from} on the log cannot be read: {why}"),
            Tampering::History { byte } => {
                write!(f, "the file of the log's own checkpoints cannot be read from byte {byte} on")
            }
            Tampering::Signature { size, whose, why } => {
                write!(f, "{whose} checkpoint of {size} records is not believed: {why}")
            }
            // Records are counted from 0.
            Tampering::Rewritten { since, size, whose } if since < size => write!(
                f,
                "records {since} to {} are not those that {whose} checkpoint of {size} records was signed for",
                size - 1
            ),
            Tampering::Rewritten { size, whose, .. } => {
                write!(f, "{whose} checkpoint of {size} records was signed for other records than these")
            }
            Tampering::Missing { size, held, whose } => {
                write!(f, "{whose} checkpoint speaks of {size} records, the log holds {held}: records are gone")
            }
            Tampering::RolledBack { from, to } => {
                write!(f, "after a checkpoint of {from} records one of {to} was signed")
            }
            Tampering::Forgotten { size, last } => write!(
                f,
                "a kept checkpoint of {size} records was given out, but is not among the log's own, whose last speaks of {last}"
            ),
            Tampering::Leaf { index } => write!(f, "the tree was built from another record {index}"),
            Tampering::Node { index } => write!(f, "the tree's hashes above record {index} were changed"),
        }
    }
}
