//! Holds everything against everything, offline: the records against the checkpoints that were signed for them, and the
//! checkpoints against one another and against those that somebody else kept.

use std::fmt;
use std::path::Path;

use tlog_tiles::{HashReader, stored_hash_index};

use super::checkpoint::{SignedCheckpoint, Trust};
use super::fault::ProofFault;
use super::hashes::HashFile;
use super::history;
use super::keeper::{HASHES, HISTORY, LogRecord};
use super::tree::{Frontier, Hash, leaf_hash};

/// What an audit found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Records that were read.
    pub records: u64,
    /// Checkpoints that were held against them.
    pub checkpoints: usize,
    /// The root over all records, as hexadecimal text.
    pub root: String,
    pub tampering: Vec<Tampering>,
}

/// One thing that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// The log itself cannot be read on from here.
    Unreadable { after: u64, why: String },
    /// A checkpoint that is not signed by the log's key, or not of this log.
    Signature { size: u64, why: String },
    /// The records are not those that a checkpoint was signed for: the change is after `since` (the last checkpoint that
    /// holds) and before `size`.
    Rewritten { since: u64, size: u64, whose: &'static str },
    /// A checkpoint speaks of more records than there are.
    Missing { size: u64, held: u64, whose: &'static str },
    /// A later checkpoint speaks of fewer records than an earlier one.
    RolledBack { from: u64, to: u64 },
    /// The tree's own file does not agree with this record.
    Leaf { index: u64 },
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tampering::Unreadable { after, why } => write!(f, "after record {after} the log cannot be read: {why}"),
            Tampering::Signature { size, why } => write!(f, "the checkpoint of {size} records is not believed: {why}"),
            Tampering::Rewritten { since, size, whose } => {
                write!(f, "records {since} to {size} are not those that {whose} checkpoint of {size} was signed for")
            }
            Tampering::Missing { size, held, whose } => {
                write!(f, "{whose} checkpoint speaks of {size} records, the log holds {held}")
            }
            Tampering::RolledBack { from, to } => {
                write!(f, "after a checkpoint of {from} records one of {to} was signed")
            }
            Tampering::Leaf { index } => write!(f, "the tree was built from another record {index}"),
        }
    }
}

const OWN: &str = "the log's own";
const KEPT: &str = "a kept";

/// Audits the records against the checkpoints of the tree's folder and against `kept`: checkpoints that a witness or an
/// auditor kept elsewhere, which nobody here can have changed.
///
/// # Errors
/// When files cannot be read at all. What is wrong with what they say is in the audit.
pub fn audit(
    folder: &Path,
    trust: &Trust,
    records: impl Iterator<Item = LogRecord>,
    kept: &[SignedCheckpoint],
) -> Result<Audit, ProofFault> {
    let own = history::read(&folder.join(HISTORY))?;
    let mut found = Audit { checkpoints: own.len() + kept.len(), ..Audit::default() };
    for pair in own.windows(2) {
        if let [earlier, later] = pair
            && later.size() < earlier.size()
        {
            found.tampering.push(Tampering::RolledBack { from: earlier.size(), to: later.size() });
        }
    }
    let mut claims: Vec<Claim> = Vec::new();
    for (checkpoint, whose) in own.iter().map(|one| (one, OWN)).chain(kept.iter().map(|one| (one, KEPT))) {
        match checkpoint.verify(trust) {
            Ok(_) => claims.push(Claim { size: checkpoint.size(), root: checkpoint.root(), whose }),
            Err(fault) => {
                found.tampering.push(Tampering::Signature { size: checkpoint.size(), why: fault.to_string() });
            }
        }
    }
    claims.sort_by_key(|claim| claim.size);
    found.hold(&claims, records, leaves(folder)?.as_ref());
    Ok(found)
}

/// What a checkpoint says.
struct Claim {
    size: u64,
    root: Hash,
    whose: &'static str,
}

/// The tree's own file, as far as it is whole; nothing when there is none.
fn leaves(folder: &Path) -> Result<Option<(HashFile, u64)>, ProofFault> {
    let file = folder.join(HASHES);
    if !file.exists() {
        return Ok(None);
    }
    HashFile::look(&file).map(Some).map_err(ProofFault::io("read the tree's hashes"))
}

impl Audit {
    fn hold(&mut self, claims: &[Claim], records: impl Iterator<Item = LogRecord>, leaves: Option<&(HashFile, u64)>) {
        let mut frontier = Frontier::default();
        let mut claims = claims.iter().peekable();
        let mut held = 0;
        let check = |frontier: &Frontier, claim: &Claim, held: &mut u64| {
            if claim.root == frontier.root() {
                *held = claim.size;
                None
            } else {
                Some(Tampering::Rewritten { since: *held, size: claim.size, whose: claim.whose })
            }
        };
        while let Some(claim) = claims.next_if(|claim| claim.size == 0) {
            self.tampering.extend(check(&frontier, claim, &mut held));
        }
        for record in records {
            let (index, record) = match record {
                Ok(record) => record,
                Err(fault) => {
                    self.tampering.push(Tampering::Unreadable { after: frontier.size(), why: fault.to_string() });
                    break;
                }
            };
            if index != frontier.size() {
                let why = format!("record {index} comes next");
                self.tampering.push(Tampering::Unreadable { after: frontier.size(), why });
                break;
            }
            let leaf = leaf_hash(&record);
            if let Some((file, size)) = leaves
                && index < *size
                && file.read_hashes(&[stored_hash_index(0, index)]).is_ok_and(|stored| stored.first() != Some(&leaf))
            {
                self.tampering.push(Tampering::Leaf { index });
            }
            frontier.append(leaf);
            while let Some(claim) = claims.next_if(|claim| claim.size == frontier.size()) {
                self.tampering.extend(check(&frontier, claim, &mut held));
            }
        }
        for claim in claims {
            self.tampering.push(Tampering::Missing { size: claim.size, held: frontier.size(), whose: claim.whose });
        }
        self.records = frontier.size();
        self.root = frontier.root().0.iter().map(|byte| format!("{byte:02x}")).collect();
    }
}
