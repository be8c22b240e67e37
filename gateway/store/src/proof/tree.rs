//! The tree over the records: RFC 6962 hashing, its root at any size, and proofs that a record is in it and that an older
//! tree is the beginning of it.

use std::path::Path;

use tlog_tiles::{
    Error, HashReader, Tile, check_record, check_tree, node_hash, prove_record, prove_tree, record_hash,
    stored_hash_index, stored_hashes_for_record_hash, tree_hash,
};

pub use tlog_tiles::Hash;

use super::fault::ProofFault;
use super::hashes::HashFile;
use crate::access_log::Content;

/// Height of the tiles by which others read the tree (C2SP tlog-tiles).
pub(super) const TILE_HEIGHT: u8 = 8;

/// The tree, on disk.
#[derive(Debug)]
pub struct Tree {
    hashes: HashFile,
    size: u64,
}

/// That a record is in the tree of this size: the hashes beside its way to the root (RFC 6962, section 2.1.1).
#[derive(Clone, Debug, PartialEq)]
pub struct InclusionProof {
    pub index: u64,
    pub size: u64,
    pub hashes: Vec<Hash>,
}

/// The hash of a record as a leaf (RFC 6962, section 2.1).
pub fn leaf_hash(record: &[u8]) -> Hash {
    record_hash(record)
}

/// The leaf of what the log holds of a record: one that was erased has kept it.
pub fn leaf_of(content: &Content) -> Hash {
    match content {
        Content::Record(record) => record_hash(record),
        Content::Erased(leaf) => Hash(*leaf),
    }
}

/// Whether the proof leads from this leaf to this root.
pub fn holds_inclusion(proof: &InclusionProof, leaf: Hash, root: Hash) -> bool {
    proof.index < proof.size && check_record(&proof.hashes, proof.size, root, proof.index, leaf).is_ok()
}

/// Whether the older tree is the beginning of the newer one. An empty tree is the beginning of every tree.
pub fn holds_consistency(proof: &[Hash], older: (u64, Hash), newer: (u64, Hash)) -> bool {
    match (older.0, newer.0) {
        (0, _) => older.1 == tlog_tiles::EMPTY_HASH && proof.is_empty(),
        (old, new) if old > new => false,
        (old, new) if old == new => older.1 == newer.1 && proof.is_empty(),
        _ => check_tree(&proof.to_vec(), newer.0, newer.1, older.0, older.1).is_ok(),
    }
}

impl Tree {
    /// Opens or makes the tree's file with at most this many leaves; what it holds beyond is thrown away.
    pub(super) fn open(file: &Path, leaves: u64) -> Result<Self, ProofFault> {
        let (hashes, size) = HashFile::open(file, leaves).map_err(ProofFault::io("open the tree's hashes"))?;
        Ok(Tree { hashes, size })
    }

    /// Looks at the tree in a keeper's folder, at most at its first `leaves` leaves; changes nothing. What a checkpoint
    /// speaks of stays as it is while the keeper goes on.
    ///
    /// # Errors
    /// When there is no such file or it cannot be read.
    pub fn look(folder: &Path, leaves: u64) -> Result<Self, ProofFault> {
        let (hashes, held) =
            HashFile::look(&folder.join(super::keeper::HASHES)).map_err(ProofFault::io("read the tree's hashes"))?;
        Ok(Tree { hashes, size: held.min(leaves) })
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn append(&mut self, leaf: Hash) -> Result<(), ProofFault> {
        let hashes = stored_hashes_for_record_hash(self.size, leaf, &self.hashes).map_err(broken)?;
        self.hashes.append(&hashes);
        self.size += 1;
        Ok(())
    }

    pub(super) fn write(&mut self) -> Result<(), ProofFault> {
        self.hashes.write().map_err(ProofFault::io("write the tree's hashes"))
    }

    pub(super) fn sync(&mut self) -> Result<(), ProofFault> {
        self.hashes.sync().map_err(ProofFault::io("sync the tree's hashes"))
    }

    /// The root of the first `size` leaves.
    ///
    /// # Errors
    /// `Beyond` when there are not so many.
    pub fn root(&self, size: u64) -> Result<Hash, ProofFault> {
        self.within(size)?;
        tree_hash(size, &self.hashes).map_err(broken)
    }

    /// The hash of one leaf.
    ///
    /// # Errors
    /// `Beyond` when there is no such leaf.
    pub fn leaf(&self, index: u64) -> Result<Hash, ProofFault> {
        self.within(index.saturating_add(1))?;
        let found = self.hashes.read_hashes(&[stored_hash_index(0, index)]).map_err(broken)?;
        found.first().copied().ok_or_else(|| ProofFault::Broken("a leaf is not there".into()))
    }

    /// That the leaf of this index is in the tree of this size.
    ///
    /// # Errors
    /// `Beyond` when there is no such leaf in it.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, ProofFault> {
        self.within(size)?;
        if index >= size {
            return Err(ProofFault::Beyond { size, asked: index });
        }
        let hashes = prove_record(size, index, &self.hashes).map_err(broken)?;
        Ok(InclusionProof { index, size, hashes })
    }

    /// That the tree of `older` leaves is the beginning of the tree of `newer` leaves.
    ///
    /// # Errors
    /// `Beyond` when there are not so many leaves, or the older is the larger.
    pub fn consistency(&self, older: u64, newer: u64) -> Result<Vec<Hash>, ProofFault> {
        self.within(newer)?;
        if older > newer {
            return Err(ProofFault::Beyond { size: newer, asked: older });
        }
        if older == 0 || older == newer {
            return Ok(Vec::new());
        }
        prove_tree(newer, older, &self.hashes).map_err(broken)
    }

    /// A tile of hashes by its path below `tile/` (C2SP tlog-tiles, "Merkle tree"); nothing when it is no path of a tile
    /// of hashes, or when the tree of `size` leaves does not have it.
    pub fn tile(&self, path: &str, size: u64) -> Option<Vec<u8>> {
        if !could_be_a_tile(path) {
            return None;
        }
        let tile = Tile::from_path(&format!("tile/{TILE_HEIGHT}/{path}")).ok().filter(|tile| !tile.is_data())?;
        let shift = u32::from(tile.level()) * u32::from(TILE_HEIGHT);
        let within = size.min(self.size).checked_shr(shift).unwrap_or(0);
        let end = tile.level_index().checked_mul(1 << TILE_HEIGHT)?.checked_add(u64::from(tile.width()))?;
        if end > within {
            return None;
        }
        tile.read_data(&self.hashes).ok()
    }

    fn within(&self, size: u64) -> Result<(), ProofFault> {
        if size > self.size { Err(ProofFault::Beyond { size: self.size, asked: size }) } else { Ok(()) }
    }
}

/// Whether level and width are within the standard's bounds: the library's own reader panics beyond them.
fn could_be_a_tile(path: &str) -> bool {
    let level = path.split_once('/').and_then(|(level, _)| level.parse::<u8>().ok());
    let width = path.split_once(".p/").map(|(_, width)| width.parse::<u16>());
    path.len() <= 64
        && level.is_some_and(|level| level < 64 / TILE_HEIGHT)
        && width.is_none_or(|width| width.is_ok_and(|width| (1..1 << TILE_HEIGHT).contains(&width)))
}

/// The right edge of a growing tree: enough for its root, with the memory of one hash per level.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, the largest first: one for each one in the binary form of `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(left, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return tlog_tiles::EMPTY_HASH };
        peaks.fold(last, |right, left| node_hash(left, right))
    }
}

fn broken(fault: Error) -> ProofFault {
    ProofFault::Broken(fault.to_string())
}
