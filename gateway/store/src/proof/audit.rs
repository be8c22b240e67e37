//! Holds everything against everything, offline: the records against the checkpoints that were signed for them, and the
//! checkpoints against one another and against those that somebody else kept.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use tlog_tiles::{HashReader, stored_hash_index, stored_hashes_for_record_hash};

use super::checkpoint::{Seen, SignedCheckpoint, Trust};
use super::fault::ProofFault;
use super::hashes::HashFile;
use super::history;
use super::keeper::{HASHES, HISTORY, LogRecord};
use super::tampering::Tampering;
use super::tree::{Frontier, Hash, leaf_of};
use crate::access_log::{Content, ReadFault};

/// Most things that are listed; the others are counted. After a record that was put in, every later one is another.
const MOST: usize = 50;

/// What an audit found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Records that were read.
    pub records: u64,
    /// How many of them were erased. Whether they might be is not the store's to tell.
    pub erased: u64,
    /// Checkpoints that were held against them: the log's own, and kept ones.
    pub checkpoints: usize,
    pub kept: usize,
    /// How many records the largest checkpoint speaks of that holds.
    pub signed: u64,
    /// The root over all records, as hexadecimal text.
    pub root: String,
    /// The largest checkpoint that each known witness saw.
    pub seen: Vec<Witnessed>,
    pub tampering: Vec<Tampering>,
    /// How many more things were found than are listed.
    pub more: u64,
}

/// A checkpoint of this size and the witness's word for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    pub size: u64,
    pub seen: Seen,
}

const OWN: &str = "the log's own";
const KEPT: &str = "a kept";

/// Audits the records against the checkpoints of the tree's folder, if there is one at hand, and against `kept`:
/// checkpoints that a witness or an auditor kept elsewhere, which nobody here can have changed.
///
/// # Errors
/// When files cannot be read at all. What is wrong with what they say is in the audit.
pub fn audit(
    folder: Option<&Path>,
    trust: &Trust,
    records: impl Iterator<Item = LogRecord>,
    kept: &[SignedCheckpoint],
) -> Result<Audit, ProofFault> {
    let mut claims = Claims::default();
    if let Some(folder) = folder {
        claims.own(&folder.join(HISTORY), trust)?;
    }
    for checkpoint in kept {
        claims.kept(checkpoint, trust, folder.is_some());
    }
    let leaves = folder.map(leaves).transpose()?.flatten();
    let Claims { mut list, mut found, witnessed, own_until, .. } = claims;
    list.sort_by_key(|claim| claim.size);
    found.seen = witnessed.into_values().collect();
    found.hold(&list, records, leaves.as_ref().map(|(file, size)| (file, own_until.min(*size))))?;
    Ok(found)
}

/// What a checkpoint says.
struct Claim {
    size: u64,
    root: Hash,
    whose: &'static str,
}

/// What all checkpoints say, and what is wrong with them as such.
#[derive(Default)]
struct Claims {
    list: Vec<Claim>,
    found: Audit,
    witnessed: BTreeMap<String, Witnessed>,
    /// The sizes of the log's own, the last of them and the largest.
    own: HashSet<u64>,
    own_last: u64,
    own_until: u64,
}

impl Claims {
    fn own(&mut self, history: &Path, trust: &Trust) -> Result<(), ProofFault> {
        let walked = history::walk(history, |frame| {
            self.found.checkpoints += 1;
            let read = SignedCheckpoint::read(&frame.note);
            let Some(checkpoint) = self.believed(read, frame.size, trust, OWN) else { return };
            if checkpoint < self.own_last {
                self.found.note(Tampering::RolledBack { from: self.own_last, to: checkpoint });
            }
            self.own.insert(checkpoint);
            self.own_last = checkpoint;
            self.own_until = self.own_until.max(checkpoint);
        });
        if let Some(byte) = walked.map_err(ProofFault::io("read the checkpoints"))?.damaged_from() {
            self.found.note(Tampering::History { byte });
        }
        Ok(())
    }

    fn kept(&mut self, checkpoint: &SignedCheckpoint, trust: &Trust, own_at_hand: bool) {
        self.found.kept += 1;
        let again = SignedCheckpoint::read(&checkpoint.write());
        let Some(size) = self.believed(again, checkpoint.size(), trust, KEPT) else { return };
        // Every checkpoint is on disk before it is given out, so one that somebody has must be there.
        if own_at_hand && !self.own.contains(&size) {
            self.found.note(Tampering::Forgotten { size, last: self.own_last });
        }
    }

    /// Takes down what a checkpoint says that is signed as it should; gives its size.
    fn believed(
        &mut self,
        checkpoint: Result<SignedCheckpoint, ProofFault>,
        size: u64,
        trust: &Trust,
        whose: &'static str,
    ) -> Option<u64> {
        match checkpoint.and_then(|checkpoint| Ok((checkpoint.verify(trust)?, checkpoint))) {
            Ok((seen, checkpoint)) => {
                let size = checkpoint.size();
                for seen in seen {
                    let largest = self.witnessed.get(&seen.witness).map_or(0, |known| known.size);
                    if size >= largest {
                        self.witnessed.insert(seen.witness.clone(), Witnessed { size, seen });
                    }
                }
                self.list.push(Claim { size, root: checkpoint.root(), whose });
                Some(size)
            }
            Err(fault) => {
                self.found.note(Tampering::Signature { size, whose, why: fault.to_string() });
                None
            }
        }
    }
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
    fn note(&mut self, tampering: Tampering) {
        if self.tampering.len() < MOST {
            self.tampering.push(tampering);
        } else {
            self.more += 1;
        }
    }

    /// Reads all records once. `leaves` is the tree's own file and how many of its leaves a checkpoint vouches for: what
    /// lies behind those was perhaps never synced.
    fn hold(
        &mut self,
        claims: &[Claim],
        records: impl Iterator<Item = LogRecord>,
        leaves: Option<(&HashFile, u64)>,
    ) -> Result<(), ProofFault> {
        let mut frontier = Frontier::default();
        let mut claims = claims.iter().peekable();
        while let Some(claim) = claims.next_if(|claim| claim.size == 0) {
            self.weigh(claim, &frontier);
        }
        for record in records {
            let (index, record) = match record {
                Ok(record) => record,
                Err(ReadFault::Damaged(damage)) => {
                    self.note(Tampering::Unreadable { from: frontier.size(), why: damage.to_string() });
                    break;
                }
                Err(fault @ ReadFault::Io(_)) => return Err(fault.into()),
            };
            if index != frontier.size() {
                self.note(Tampering::Unreadable { from: frontier.size(), why: format!("record {index} comes next") });
                break;
            }
            let leaf = leaf_of(&record);
            self.erased += u64::from(matches!(record, Content::Erased(_)));
            if let Some((file, vouched)) = leaves
                && index < vouched
            {
                self.compare(file, index, leaf);
            }
            frontier.append(leaf);
            while let Some(claim) = claims.next_if(|claim| claim.size == frontier.size()) {
                self.weigh(claim, &frontier);
            }
        }
        for claim in claims {
            self.note(Tampering::Missing { size: claim.size, held: frontier.size(), whose: claim.whose });
        }
        self.records = frontier.size();
        self.root = frontier.root().0.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(())
    }

    fn weigh(&mut self, claim: &Claim, frontier: &Frontier) {
        if claim.root == frontier.root() {
            self.signed = claim.size;
        } else {
            self.note(Tampering::Rewritten { since: self.signed, size: claim.size, whose: claim.whose });
        }
    }

    /// Holds the hashes that a record brought into the tree's file against the record.
    fn compare(&mut self, file: &HashFile, index: u64, leaf: Hash) {
        let first = stored_hash_index(0, index);
        let stored = |count: usize| file.read_hashes(&(first..first + count as u64).collect::<Vec<_>>());
        let Ok(due) = stored_hashes_for_record_hash(index, leaf, file) else { return };
        let Ok(held) = stored(due.len()) else { return };
        if held.first() != due.first() {
            self.note(Tampering::Leaf { index });
        } else if held != due {
            self.note(Tampering::Node { index });
        }
    }
}
