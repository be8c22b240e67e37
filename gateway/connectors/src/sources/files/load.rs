//! Reads the folder. Files that did not change since they were last read are not read again.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fhir::Resource;
use fhir::bundle::{Bundle, BundleKind};
use fhir::json::Limits;

use super::FilesBounds;
use super::index::Problems;

/// Deepest sub-folder that is read.
const DEPTH: usize = 4;
/// A file that changed this short before it was read may change again without its time stamp telling.
const SETTLED: Duration = Duration::from_secs(2);

/// What was read of each file, kept for the next time.
#[derive(Default)]
pub(super) struct Files {
    known: HashMap<PathBuf, File>,
}

struct File {
    stamp: Stamp,
    resources: Result<Vec<Resource>, Unfit>,
}

/// By what a change of a file is noticed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: SystemTime,
    /// Which file it is and when it was last put there; a file with an old time stamp can take another's place.
    placed: (u64, i64, i64),
    settled: bool,
}

/// Why a file gives nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unfit {
    Malformed,
    TooLarge,
    Unreadable,
}

impl Files {
    /// All resources of the folder, by file name, and what was wrong. Fails when the folder itself cannot be read.
    pub fn read(&mut self, folder: &Path, bounds: &FilesBounds) -> std::io::Result<(Vec<Resource>, Problems)> {
        let mut problems = Problems::default();
        let mut paths = Vec::new();
        list(folder, 0, bounds, &mut paths, &mut problems)?;
        paths.sort_unstable();
        let mut before = std::mem::take(&mut self.known);
        let mut resources = Vec::new();
        for path in paths {
            let stamp = stamp(&path);
            let file = match (before.remove(&path), stamp) {
                (Some(file), Some(stamp)) if file.stamp == stamp && stamp.settled => file,
                (_, stamp) => {
                    let stamp = stamp.unwrap_or(Stamp {
                        length: 0,
                        modified: SystemTime::UNIX_EPOCH,
                        placed: (0, 0, 0),
                        settled: false,
                    });
                    File { stamp, resources: load(&path, bounds) }
                }
            };
            match &file.resources {
                Ok(loaded) => {
                    let room = bounds.max_resources.saturating_sub(resources.len());
                    problems.over_bounds += loaded.len().saturating_sub(room);
                    resources.extend(loaded.iter().take(room).cloned());
                }
                Err(Unfit::Malformed) => problems.malformed += 1,
                Err(Unfit::TooLarge) => problems.too_large += 1,
                Err(Unfit::Unreadable) => problems.unreadable += 1,
            }
            self.known.insert(path, file);
        }
        Ok((resources, problems))
    }
}

/// The files of a folder and its sub-folders. Links to folders are not followed: they could lead anywhere.
fn list(
    folder: &Path,
    depth: usize,
    bounds: &FilesBounds,
    paths: &mut Vec<PathBuf>,
    problems: &mut Problems,
) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        // Somewhat more than the bound, so that which files are taken does not hang on the order of the disk.
        if entries.len() > bounds.max_files.saturating_mul(2) {
            problems.over_bounds += 1;
            break;
        }
        entries.push(entry?.path());
    }
    entries.sort_unstable();
    for path in entries {
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        if std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
            if depth >= DEPTH || list(&path, depth + 1, bounds, paths, problems).is_err() {
                problems.unreadable += 1;
            }
        } else if is_json(&path) || is_ndjson(&path) {
            if paths.len() < bounds.max_files {
                paths.push(path);
            } else {
                problems.over_bounds += 1;
            }
        }
    }
    Ok(())
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn is_ndjson(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ndjson")
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    let modified = found.modified().ok()?;
    let settled = modified.elapsed().is_ok_and(|age| age > SETTLED);
    Some(Stamp { length: found.len(), modified, placed: placed(&found), settled })
}

#[cfg(unix)]
fn placed(found: &std::fs::Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (found.ino(), found.ctime(), found.ctime_nsec())
}

#[cfg(not(unix))]
fn placed(_: &std::fs::Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}

fn load(path: &Path, bounds: &FilesBounds) -> Result<Vec<Resource>, Unfit> {
    let file = std::fs::File::open(path).map_err(|_| Unfit::Unreadable)?;
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Err(Unfit::Unreadable);
    }
    let mut text = Vec::new();
    let limit = u64::try_from(bounds.max_file_bytes).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut text).map_err(|_| Unfit::Unreadable)?;
    if text.len() > bounds.max_file_bytes {
        return Err(Unfit::TooLarge);
    }
    let text = Bytes::from(text);
    let limits = Limits { bytes: bounds.max_file_bytes, ..Limits::default() };
    let parse = |text: Bytes| Resource::parse(text, &limits).map_err(|_| Unfit::Malformed);
    if is_ndjson(path) {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        return lines.map(|line| parse(text.slice_ref(line.trim_ascii()))).collect();
    }
    let resource = parse(text)?;
    if resource.resource_type() != "Bundle" {
        return Ok(vec![resource]);
    }
    let bundle = Bundle::read(&resource).map_err(|_| Unfit::Malformed)?;
    match bundle.kind {
        BundleKind::Collection | BundleKind::Searchset => {
            Ok(bundle.entries.into_iter().filter_map(|entry| entry.resource).collect())
        }
        // A document or message is one thing; its entries are not resources of this source.
        BundleKind::Document
        | BundleKind::Message
        | BundleKind::Transaction
        | BundleKind::TransactionResponse
        | BundleKind::Batch
        | BundleKind::BatchResponse
        | BundleKind::History => Ok(vec![resource]),
    }
}
