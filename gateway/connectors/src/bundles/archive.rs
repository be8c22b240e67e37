//! The files of a bundle, unpacked in memory within bounds. Nothing is written to disk.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Component;

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use super::BundleFault;

/// Bounds far above any set of policies: packed, unpacked, and in number.
pub(super) const PACKED: u64 = 8 << 20;
const UNPACKED: u64 = 32 << 20;
const FILES: usize = 4_096;

/// Every file by its path, without `./` or `/` in front.
pub(super) fn files(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, BundleFault> {
    if archive.len() as u64 > PACKED {
        return Err(BundleFault::TooLarge(PACKED));
    }
    // One byte more than allowed is enough to see that it is too much: the rest of a bomb is never unpacked. 2 KiB a file are
    // the archive's own headers and padding.
    let most = UNPACKED + 2_048 * FILES as u64;
    let mut archive = Archive::new(GzDecoder::new(archive).take(most + 1));
    let mut files = BTreeMap::new();
    let mut left = UNPACKED;
    for entry in archive.entries().map_err(|_| BundleFault::NotAnArchive)? {
        let mut entry = entry.map_err(|_| BundleFault::NotAnArchive)?;
        match entry.header().entry_type() {
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            EntryType::Regular => {}
            _ => return Err(BundleFault::NotAFile),
        }
        let path = plain(&entry.path().map_err(|_| BundleFault::Path)?)?;
        left = left.checked_sub(entry.size()).ok_or(BundleFault::TooLarge(UNPACKED))?;
        if files.len() == FILES {
            return Err(BundleFault::TooManyFiles(FILES));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|_| BundleFault::NotAnArchive)?;
        if content.len() as u64 != entry.size() {
            return Err(BundleFault::NotAnArchive);
        }
        if files.insert(path.clone(), content).is_some() {
            return Err(BundleFault::Twice(path));
        }
    }
    Ok(files)
}

/// The path as a bundle's signature names it.
fn plain(path: &std::path::Path) -> Result<String, BundleFault> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir | Component::RootDir => {}
            Component::Normal(name) => {
                let name = name.to_str().filter(|name| name.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
                parts.push(name.filter(|name| !name.contains('\\')).ok_or(BundleFault::Path)?);
            }
            Component::ParentDir | Component::Prefix(_) => return Err(BundleFault::Path),
        }
    }
    if parts.is_empty() { Err(BundleFault::Path) } else { Ok(parts.join("/")) }
}
