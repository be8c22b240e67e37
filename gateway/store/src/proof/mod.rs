//! The proof that the access log was not altered: a Merkle tree over its records (RFC 6962, section 2.1), checkpoints of
//! it that the node signs (C2SP tlog-checkpoint, signed-note), and cosignatures of other nodes under them
//! (C2SP tlog-cosignature). Whoever holds an older checkpoint, or a neighbour's cosignature under one, can tell when the
//! log's past was rewritten, with public tools and without asking us.
//!
//! One file each: `hashes` (the tree's hashes on disk), `tree` (the tree and its proofs), `keys` (who signs and who is
//! believed), `checkpoint` (what is signed), `history` (every checkpoint that was ever given out), `keeper` (keeps the
//! tree up with the log), `audit` (holds everything against everything), `witness` (cosigns for neighbours, and keeps what
//! they should not have signed), `submission` (how one asks for that), `cosigned` (what neighbours cosigned for us), `tiles`
//! (holds a neighbour's tree against itself from outside).
//!
//! The tree never stands in the way of a record: it is built from records that are durable already, and what is lost of
//! it is built again from them.

mod audit;
mod checkpoint;
mod cosigned;
mod fault;
mod hashes;
mod history;
mod keeper;
mod keys;
mod submission;
mod tampering;
#[cfg(test)]
mod tests;
mod tiles;
mod tree;
mod witness;

pub use audit::{Audit, Witnessed, audit};
pub use checkpoint::{Seen, SignedCheckpoint, Trust};
pub use cosigned::{COSIGNED, Cosigned};
pub use fault::ProofFault;
pub use history::{History, read as read_history, read_last};
pub use keeper::{HISTORY, Keeper, KeeperOptions, LogRecord};
pub use keys::{CheckpointKey, PublicKey, WitnessKey};
pub use submission::{LONGEST_SUBMISSION, Malformed, Submission};
pub use tampering::Tampering;
pub use tiles::Tiles;
pub use tree::{Hash, InclusionProof, Tree, holds_consistency, holds_inclusion, leaf_hash, leaf_of};
pub use witness::{Evidence, Misdeed, Refused, Standing, Witness, Witnessing};
