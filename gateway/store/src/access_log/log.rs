//! The log as its users hold it.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::content::Content;
use super::disk::{Disk, OsDisk};
use super::erase::{self, Erasure};
use super::fault::{EraseFault, LogFault, OpenFault, ReadFault};
use super::options::AccessLogOptions;
use super::place::{self, Place};
use super::queue::Queue;
use super::reader::{Records, segments};
use super::recovery::{self, Recovered};
use super::slot::Slot;
use super::writer::Writer;
use crate::private;

/// An open access log: one writer thread, and the folder locked against every other process.
#[derive(Debug)]
pub struct AccessLog {
    queue: Arc<Queue>,
    options: AccessLogOptions,
    writer: Option<JoinHandle<Result<(), LogFault>>>,
    /// Held while records are erased: one at a time.
    erasing: Mutex<()>,
    /// Held, not read: closing the file gives the lock back.
    _lock: Option<File>,
}

impl AccessLog {
    /// Opens the log, or makes it. A torn tail (records that were never acknowledged) is cut off.
    ///
    /// # Errors
    /// When the folder is in use, cannot be read or written, or anything in it is not what was
    /// once made durable. A damaged log is left as it is.
    pub fn open(options: AccessLogOptions) -> Result<Self, OpenFault> {
        options.validate()?;
        let lock = lock_folder(&options.folder)?;
        let disk = OsDisk { folder: options.folder.clone() };
        Self::open_on(disk, options, Some(lock))
    }

    /// Reserves a place for one record. Never waits.
    ///
    /// # Errors
    /// `Busy` when all places are taken, otherwise what ails the log.
    pub fn try_reserve(&self) -> Result<Slot, LogFault> {
        self.queue.reserve().map(Slot)
    }

    /// How many records are durable.
    pub fn length(&self) -> u64 {
        self.queue.durable()
    }

    /// Whether the log takes records.
    pub fn healthy(&self) -> bool {
        self.fault().is_none()
    }

    /// What keeps the log from taking records, if anything does.
    pub fn fault(&self) -> Option<LogFault> {
        self.queue.fault()
    }

    /// The durable records from this index on, up to those that are durable now.
    pub fn records(&self, from: u64) -> Records {
        Records::new(self.disk(), from, self.length())
    }

    /// Lets records of this log go on up to those that are durable now, after they came to an end.
    pub fn follow(&self, records: &mut Records) {
        records.go_on(self.length());
    }

    /// One durable record, by the place where somebody last saw it; nothing when it was erased. When it does not stand there
    /// any more, its segment is walked through.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn record(&self, index: u64, place: Place) -> Result<Option<Vec<u8>>, ReadFault> {
        let disk = self.disk();
        if let Some(record) = place::record(&disk, index, place)? {
            return Ok(Some(record));
        }
        let found = self.records(index).next().transpose()?;
        match found {
            Some((own, Content::Record(record))) if own == index => Ok(Some(record)),
            Some(_) | None => Ok(None),
        }
    }

    /// The checksum of the record that stands at this place, if one does.
    pub(crate) fn checksum_at(&self, place: Place) -> io::Result<Option<u32>> {
        place::checksum(&self.disk(), place)
    }

    /// The first index of the segment that is being written to: what lies before it can be erased.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn erasable_until(&self) -> Result<u64, ReadFault> {
        Ok(segments(&self.disk())?.last().copied().unwrap_or(0))
    }

    /// Erases the records of these ranges: their content goes, their leaf hashes stay, so that the tree stays provable.
    /// Takes as long as writing their segments anew; appending goes on meanwhile. What erasing is announced by, and whether
    /// it may be, is the caller's matter.
    ///
    /// # Errors
    /// When a segment is damaged or cannot be written anew. It is then as it was; those before it are done.
    pub fn erase(&self, which: &[Range<u64>]) -> Result<Erasure, EraseFault> {
        let _one_at_a_time = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        erase::erase(&self.disk(), which)
    }

    /// Writes what waits, and ends. Waits for the disk.
    ///
    /// # Errors
    /// When something that was handed in could not be made durable.
    pub fn close(mut self) -> Result<(), LogFault> {
        self.end()
    }

    pub(super) fn open_on<D: Disk>(disk: D, options: AccessLogOptions, lock: Option<File>) -> Result<Self, OpenFault> {
        options.validate()?;
        let io = |doing| {
            let folder = options.folder.clone();
            move |source| OpenFault::Io { doing, folder, source }
        };
        let recovered = recovery::recover(&disk, &options).map_err(|fault| match fault {
            ReadFault::Io(source) => io("recover the log")(source),
            ReadFault::Damaged(damage) => OpenFault::Damaged { damage },
        })?;
        let Recovered { current, segments, torn_bytes } = recovered;
        tracing::info!(
            log.records = current.next_index,
            log.segments = segments,
            log.torn_bytes = torn_bytes,
            "access log open"
        );
        let queue = Arc::new(Queue::new(options.queue, options.max_record_bytes, current.next_index));
        let writer = Writer::new(disk, options.clone(), Arc::clone(&queue), current);
        let writer = std::thread::Builder::new()
            .name("access-log".into())
            .spawn(move || writer.run())
            .map_err(io("start its writer"))?;
        Ok(Self { queue, options, writer: Some(writer), erasing: Mutex::new(()), _lock: lock })
    }

    fn disk(&self) -> OsDisk {
        OsDisk { folder: self.options.folder.clone() }
    }

    fn end(&mut self) -> Result<(), LogFault> {
        self.queue.begin_close();
        match self.writer.take() {
            Some(writer) => writer.join().unwrap_or(Err(LogFault::Unwritable)),
            None => Ok(()),
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if let Err(fault) = self.end() {
            tracing::error!(log.fault = %fault, "access log closed with records that are not durable");
        }
    }
}

fn lock_folder(folder: &Path) -> Result<File, OpenFault> {
    let io = |doing| move |source: io::Error| OpenFault::Io { doing, folder: folder.to_owned(), source };
    private::make_folder(folder).map_err(io("make its folder"))?;
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(io("sync the folder above it"))?;
    }
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(private::FILE_MODE)
        .open(folder.join("lock"))
        .map_err(io("make its lock file"))?;
    let mut tries = 0;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            // A process that is just ending, or a child between fork and exec, holds it a moment longer.
            Err(TryLockError::WouldBlock) if tries < private::LOCK_TRIES => std::thread::sleep(private::LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(OpenFault::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io("lock its folder")(source)),
        }
        tries += 1;
    }
}
