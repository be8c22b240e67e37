//! Holds a neighbour's tree against itself from outside: whether its newer checkpoint continues an older one, by the hashes
//! that it gives out (C2SP tlog-tiles). Fetching them is somebody else's: this says which are needed, and judges. Hashes
//! that are not those of the newer checkpoint prove nothing; those that are prove the one or the other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tlog_tiles::{Error, Tile, TileHashReader, TileReader, prove_tree};

use super::fault::ProofFault;
use super::tree::{Hash, TILE_HEIGHT, holds_consistency};

/// More records than any log has; the arithmetic of the tree stays far from its end.
const LARGEST: u64 = 1 << 48;

/// A judgement on its way.
pub struct Tiles {
    older: (u64, Hash),
    newer: (u64, Hash),
    given: BTreeMap<String, Vec<u8>>,
}

struct Given<'t> {
    given: &'t BTreeMap<String, Vec<u8>>,
    needed: RefCell<Vec<String>>,
}

impl Tiles {
    /// Whether the newer tree continues the older one: size and root of both.
    pub fn new(older: (u64, Hash), newer: (u64, Hash)) -> Self {
        Tiles { older, newer, given: BTreeMap::new() }
    }

    /// Hands over a tile by its path.
    pub fn give(&mut self, path: String, hashes: Vec<u8>) {
        self.given.insert(path, hashes);
    }

    /// Judges, or says which tiles are needed: their paths below `tile/`.
    ///
    /// # Errors
    /// When the hashes that were given are not those of the newer checkpoint, or a size is none that a log has.
    pub fn judge(&self) -> Result<Result<bool, Vec<String>>, ProofFault> {
        let ((old, root), (new, _)) = (self.older, self.newer);
        if old == 0 {
            return Ok(Ok(root == tlog_tiles::EMPTY_HASH));
        }
        if old >= new || new > LARGEST {
            return Err(ProofFault::Broken("a checkpoint speaks of more records than a log has".into()));
        }
        let given = Given { given: &self.given, needed: RefCell::default() };
        match prove_tree(new, old, &TileHashReader::new(new, self.newer.1, &given)) {
            Ok(proof) => Ok(Ok(holds_consistency(&proof, self.older, self.newer))),
            Err(_) if !given.needed.borrow().is_empty() => Ok(Err(given.needed.take())),
            Err(_) => Err(ProofFault::Broken("the hashes given out are not those of the checkpoint".into())),
        }
    }
}

impl TileReader for Given<'_> {
    fn height(&self) -> u8 {
        TILE_HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let mut found = Vec::new();
        for tile in tiles {
            let whole = tile.path();
            // The library's own paths name the height; the standard's do not.
            let path = whole.strip_prefix(&format!("tile/{TILE_HEIGHT}/")).unwrap_or(&whole);
            match self.given.get(path) {
                Some(hashes) if hashes.len() == 32 * tile.width() as usize => found.push(hashes.clone()),
                Some(_) => return Err(Error::MalformedHash),
                None => self.needed.borrow_mut().push(path.to_owned()),
            }
        }
        if self.needed.borrow().is_empty() { Ok(found) } else { Err(Error::MalformedHash) }
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}
