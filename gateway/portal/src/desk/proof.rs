//! How it stands with the proof that the log was not altered.

use time::OffsetDateTime;

/// The state of the proof.
#[derive(Clone, Debug)]
pub struct ProofState {
    /// The name under which the log signs.
    pub origin: String,
    /// How many records the last checkpoint speaks of.
    pub size: u64,
    /// How many records there are.
    pub records: u64,
    /// The root of the tree, as the checkpoint has it (base64).
    pub root: String,
    /// When the last checkpoint was signed; none when there is none yet.
    pub signed: Option<OffsetDateTime>,
    /// The public key by which others check it, as text.
    pub key: String,
    /// What ails our own proof, as a sentence; none when it is well.
    pub trouble: Option<String>,
    /// Who cosigns our checkpoints.
    pub witnesses: Vec<WitnessState>,
    /// Whose checkpoints we cosign.
    pub neighbours: Vec<NeighbourState>,
    /// From when ages are counted.
    pub now: OffsetDateTime,
}

/// A neighbour that cosigns our checkpoints (getuige).
#[derive(Clone, Debug)]
pub struct WitnessState {
    pub name: String,
    /// The last one that it cosigned.
    pub cosigned: Option<Cosigned>,
    /// Why it did not cosign the last time it was asked, as a sentence.
    pub trouble: Option<String>,
}

/// A checkpoint under which there is a cosignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigned {
    pub size: u64,
    /// None when it was before this node started.
    pub at: Option<OffsetDateTime>,
}

/// A neighbour whose log we witness.
#[derive(Clone, Debug)]
pub struct NeighbourState {
    pub name: String,
    /// The last checkpoint of it that we cosigned.
    pub cosigned: Option<Cosigned>,
    pub alarms: Vec<Alarm>,
    /// Why nothing of it can be cosigned at present, as a sentence.
    pub trouble: Option<String>,
}

/// What a neighbour's log did that an honest log never does. The sizes are of the checkpoint that was known and of the
/// one that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// It signed two checkpoints that cannot be of one history.
    Fork { known: u64, shown: u64 },
    /// It shows a log that is shorter than what was known of it before.
    Rollback { known: u64, shown: u64 },
    /// It wants a checkpoint cosigned, and cannot show that this continues the last one.
    Unproven { known: u64, shown: u64 },
}
