//! What a log signed and should not have, kept for whoever has to judge it: both checkpoints, as they were signed. The
//! files are read by `zorgsluis log verify --kept`, like every file of checkpoints.

use std::io;

use crate::access_log::disk::Disk;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::history;
use crate::proof::tree::Hash;
use crate::small_file;

/// Most pieces of evidence that are kept of one log: the first ones tell the most, and a log that goes on must not fill
/// the disk.
const MOST: usize = 16;

/// What a log did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misdeed {
    /// It signed two checkpoints of which neither continues the other.
    Forked,
    /// Its own node asked to have a checkpoint cosigned, and could not prove that it continues the last one.
    Unproven,
    /// It gave out a checkpoint of fewer records than it had signed for before.
    RolledBack,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub misdeed: Misdeed,
    /// Of how many records the checkpoint speaks that was known, and the one that was shown.
    pub known: u64,
    pub shown: u64,
    pub(super) root: Hash,
}

impl Misdeed {
    const ALL: [Misdeed; 3] = [Misdeed::Forked, Misdeed::Unproven, Misdeed::RolledBack];

    pub fn as_str(self) -> &'static str {
        match self {
            Misdeed::Forked => "forked",
            Misdeed::Unproven => "unproven",
            Misdeed::RolledBack => "rolled-back",
        }
    }
}

/// The evidence against one log.
pub(super) struct Record<D> {
    disk: D,
    /// What its files' names begin with.
    name: String,
    kept: Vec<Evidence>,
}

impl<D: Disk> Record<D> {
    /// What was kept before. A file that cannot be read counts for nothing, and stays.
    pub(super) fn open(disk: D, name: String) -> io::Result<Self> {
        let mut kept = Vec::new();
        let mut files = disk.list()?;
        files.sort();
        for file in files.iter().filter(|file| file.starts_with(&name)) {
            let misdeed = Misdeed::ALL.into_iter().find(|one| file.ends_with(&format!(".{}", one.as_str())));
            let text = small_file::load(&disk, file)?.unwrap_or_default();
            if let (Some(misdeed), Ok(both)) = (misdeed, history::all_of(&text))
                && let [first, .., last] | [first @ last] = both.as_slice()
            {
                let (known, shown) = if both.len() == 1 { (0, last.size()) } else { (first.size(), last.size()) };
                kept.push(Evidence { misdeed, known, shown, root: last.root() });
            }
        }
        Ok(Record { disk, name, kept })
    }

    pub(super) fn all(&self) -> &[Evidence] {
        &self.kept
    }

    /// Keeps both checkpoints; says what is new of it, and nothing when this was known or there is enough.
    pub(super) fn add(
        &mut self,
        misdeed: Misdeed,
        known: Option<&SignedCheckpoint>,
        shown: &SignedCheckpoint,
    ) -> Option<Evidence> {
        let size = known.map_or(0, SignedCheckpoint::size);
        let evidence = Evidence { misdeed, known: size, shown: shown.size(), root: shown.root() };
        let again = |one: &Evidence| (one.misdeed, one.shown, one.root) == (misdeed, evidence.shown, evidence.root);
        if self.kept.len() >= MOST || self.kept.iter().any(again) {
            return None;
        }
        let both: Vec<u8> = known.into_iter().chain([shown]).flat_map(history::framed).collect();
        let file = format!("{}-{:02}.{}", self.name, self.kept.len(), misdeed.as_str());
        // The alarm is raised whether or not the disk takes it.
        if let Err(fault) = small_file::replace(&self.disk, &file, &both) {
            tracing::error!(evidence.fault = %fault, "evidence against a neighbour's log cannot be kept");
        }
        self.kept.push(evidence.clone());
        Some(evidence)
    }
}
