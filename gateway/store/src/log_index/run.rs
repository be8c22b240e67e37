//! A sealed run: its tables in memory, the rest in its file, which is opened for each look so that a log of any length
//! takes no file handles.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::fault::IndexFault;
use super::format::{self, BLOCK_ENTRIES, ENTRY_BYTES, HEADER_BYTES, Header, Tables};
use super::ordinals::Ordinals;
use super::search::{Period, Wanted};
use super::tail::{self, Entry};
use crate::access_log::Place;

#[derive(Debug)]
pub struct Run {
    path: PathBuf,
    tables: Tables,
}

/// A run that is being looked into.
pub struct Look<'r> {
    tables: &'r Tables,
    file: File,
    /// The block of entries that was read last.
    block: Option<(usize, Vec<u8>)>,
}

impl Run {
    /// Opens the run in a file; nothing when there is none that can be used.
    pub fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let size = file.metadata()?.len();
        let mut bytes = [0; HEADER_BYTES];
        if size < bytes.len() as u64 {
            return Ok(None);
        }
        file.read_exact_at(&mut bytes, 0)?;
        let Some(header) = Header::decode(&bytes) else { return Ok(None) };
        if size != header.tables_at() + header.tables_bytes() {
            return Ok(None);
        }
        let mut bytes = vec![0; header.tables_bytes() as usize];
        file.read_exact_at(&mut bytes, header.tables_at())?;
        Ok(Tables::decode(header, &bytes).map(|tables| Run { path, tables }))
    }

    pub fn header(&self) -> &Header {
        &self.tables.header
    }

    /// Gives its file a name, in the place of one that has it.
    pub fn renamed(self, path: &Path) -> io::Result<Self> {
        fs::rename(&self.path, path)?;
        Ok(Run { path: path.to_owned(), ..self })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn records(&self) -> usize {
        self.tables.header.records as usize
    }

    /// Whether none of its records can lie in the period.
    pub fn is_outside(&self, period: Period) -> bool {
        let Header { records, dated, first_second, last_second, .. } = self.tables.header;
        let before = period.first.is_some_and(|first| i64::from(last_second) < first);
        let after = period.last.is_some_and(|last| i64::from(first_second) > last);
        dated == records && (before || after)
    }

    pub fn look(&self) -> Result<Look<'_>, IndexFault> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Err(IndexFault::Damaged),
            Err(fault) => return Err(IndexFault::io("open a run")(fault)),
        };
        Ok(Look { tables: &self.tables, file, block: None })
    }
}

impl Look<'_> {
    /// Those of its records that carry a term of every group.
    pub fn matching(&self, wanted: &Wanted) -> Result<Ordinals, IndexFault> {
        let records = self.tables.header.records as usize;
        let mut found = Ordinals::all(records);
        for group in &wanted.groups {
            let mut any = Ordinals::none(records);
            for term in group {
                self.collect(*term, &mut any)?;
            }
            found.keep(&any);
            if found.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    fn collect(&self, term: u64, into: &mut Ordinals) -> Result<(), IndexFault> {
        let Tables { header, fences, .. } = self.tables;
        let behind = fences.partition_point(|fence| fence.term <= term);
        let Some(fence) = behind.checked_sub(1).and_then(|at| fences.get(at)) else { return Ok(()) };
        let end = fences.get(behind).map_or(header.postings, |next| next.start);
        let length = end.checked_sub(fence.start).ok_or(IndexFault::Damaged)? as usize;
        let postings = self.read(HEADER_BYTES as u64 + u64::from(fence.start), length, fence.crc)?;
        if let Some(ordinals) = format::find(&postings, term) {
            ordinals.chunks_exact(2).for_each(|ordinal| into.add(format::short(ordinal, 0)));
        }
        Ok(())
    }

    pub fn entry(&mut self, ordinal: usize) -> Result<Entry, IndexFault> {
        let (number, nth) = (ordinal / BLOCK_ENTRIES, ordinal % BLOCK_ENTRIES);
        if self.block.as_ref().is_none_or(|(own, _)| *own != number) {
            let header = &self.tables.header;
            let crc = *self.tables.blocks.get(number).ok_or(IndexFault::Damaged)?;
            let entries = (header.records as usize - number * BLOCK_ENTRIES).min(BLOCK_ENTRIES);
            let at = header.entries_at() + (number * BLOCK_ENTRIES * ENTRY_BYTES) as u64;
            self.block = Some((number, self.read(at, entries * ENTRY_BYTES, crc)?));
        }
        let block = self.block.as_ref().map_or(&[][..], |(_, block)| block);
        format::entry(block, nth).ok_or(IndexFault::Damaged)
    }

    pub fn place(&mut self, ordinal: usize) -> Result<Option<Place>, IndexFault> {
        let entry = self.entry(ordinal)?;
        Ok(tail::place(&self.tables.segments, self.tables.header.first + ordinal as u64, &entry))
    }

    fn read(&self, at: u64, length: usize, crc: u32) -> Result<Vec<u8>, IndexFault> {
        let mut bytes = vec![0; length];
        match self.file.read_exact_at(&mut bytes, at) {
            Ok(()) if crc32c::crc32c(&bytes) == crc => Ok(bytes),
            Ok(()) => Err(IndexFault::Damaged),
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => Err(IndexFault::Damaged),
            Err(fault) => Err(IndexFault::io("read a run")(fault)),
        }
    }
}
