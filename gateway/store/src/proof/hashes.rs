//! The tree's hashes on disk: one file of 32-byte hashes in the order in which they were completed (the stored-hash order
//! of `tlog_tiles`), so that appending never changes what is there. Nothing here is believed until a checkpoint or the
//! records bear it out.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use tlog_tiles::{HashReader, stored_hash_count};

use super::tree::Hash;
use crate::private;

const HASH_BYTES: u64 = 32;

/// The file, and how many of its hashes count.
#[derive(Debug)]
pub struct HashFile {
    file: File,
    count: u64,
    /// Appended and not yet written: hashes arrive one leaf at a time and leave a batch at a time.
    pending: Vec<u8>,
}

impl HashFile {
    /// Opens or makes the file and keeps the hashes of the first `leaves` leaves, or of fewer if it holds fewer;
    /// says how many those are.
    pub fn open(file: &Path, leaves: u64) -> io::Result<(Self, u64)> {
        let file =
            File::options().read(true).write(true).create(true).truncate(false).mode(private::FILE_MODE).open(file)?;
        let held = file.metadata()?.len() / HASH_BYTES;
        let mut leaves = leaves;
        if held < stored_hash_count(leaves) {
            leaves = leaves_within(held);
        }
        let count = stored_hash_count(leaves);
        file.set_len(count * HASH_BYTES)?;
        Ok((HashFile { file, count, pending: Vec::new() }, leaves))
    }

    /// Opens the file to look at it only; says how many leaves it holds.
    pub fn look(file: &Path) -> io::Result<(Self, u64)> {
        let file = File::open(file)?;
        let leaves = leaves_within(file.metadata()?.len() / HASH_BYTES);
        Ok((HashFile { file, count: stored_hash_count(leaves), pending: Vec::new() }, leaves))
    }

    pub fn append(&mut self, hashes: &[Hash]) {
        self.count += hashes.len() as u64;
        self.pending.extend(hashes.iter().flat_map(|hash| hash.0));
    }

    /// Hands what was appended to the operating system.
    pub fn write(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            let at = self.count * HASH_BYTES - self.pending.len() as u64;
            self.file.write_all_at(&self.pending, at)?;
            self.pending.clear();
        }
        Ok(())
    }

    /// Writes, and waits until it is on disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        self.file.flush()?;
        self.file.sync_data()
    }

    fn read(&self, index: u64) -> io::Result<Hash> {
        if index >= self.count {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut hash = [0; HASH_BYTES as usize];
        let written = self.count - self.pending.len() as u64 / HASH_BYTES;
        if index < written {
            self.file.read_exact_at(&mut hash, index * HASH_BYTES)?;
        } else {
            // In reach: it is one of those that were appended since the last write.
            let at = usize::try_from((index - written) * HASH_BYTES).map_err(io::Error::other)?;
            let held = self.pending.get(at..at + hash.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            hash.copy_from_slice(held);
        }
        Ok(Hash(hash))
    }
}

impl HashReader for HashFile {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |index: &u64| self.read(*index).map_err(|fault| tlog_tiles::Error::InvalidInput(fault.to_string()));
        indexes.iter().map(read).collect()
    }
}

/// The most leaves whose hashes fit in this many.
fn leaves_within(hashes: u64) -> u64 {
    // A tree of n leaves has between n and 2n stored hashes.
    let (mut low, mut high) = (hashes / 2, hashes);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if stored_hash_count(middle) <= hashes { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_leaves_count_as_have_all_their_hashes() {
        for leaves in 0..300 {
            let hashes = stored_hash_count(leaves);
            assert_eq!(leaves_within(hashes), leaves);
            let next = stored_hash_count(leaves + 1);
            assert_eq!(leaves_within(next - 1), leaves);
        }
    }
}
