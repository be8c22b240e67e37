//! The files of a gzipped tar archive, within bounds.

use std::io::Read;
use std::path::{Component, Path};

use bytes::Bytes;
use flate2::read::GzDecoder;
use tar::Archive;

use super::{PackageFault, PackageLimits};

/// Every file directly in `package/`. Nothing is unpacked to disk, and an archive with a path that leads outside itself
/// is refused whole.
pub(super) fn files(archive: &[u8], limits: &PackageLimits) -> Result<Vec<(String, Bytes)>, PackageFault> {
    // One byte more than allowed is enough to see that it is too much; the rest of a bomb is never unpacked.
    // 2 KiB a file are the archive's own headers and padding.
    let most = limits.total.saturating_add(2048 * limits.files as u64);
    let unpacked = GzDecoder::new(archive).take(most + 1);
    let mut archive = Archive::new(unpacked);
    let mut files = Vec::new();
    let mut total = 0_u64;
    let mut count = 0_usize;
    for entry in archive.entries().map_err(|_| PackageFault::NotAnArchive)? {
        let mut entry = entry.map_err(|_| PackageFault::NotAnArchive)?;
        count += 1;
        if count > limits.files {
            return Err(PackageFault::TooManyFiles(limits.files));
        }
        let size = entry.size();
        total = total.saturating_add(size);
        if total > limits.total {
            return Err(PackageFault::TooLarge(limits.total));
        }
        let path = entry.path().map_err(|_| PackageFault::NotAnArchive)?.into_owned();
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(PackageFault::Outside);
        }
        let Some(name) = wanted(&path).filter(|_| entry.header().entry_type().is_file()) else { continue };
        if size > limits.file {
            return Err(PackageFault::FileTooLarge(limits.file));
        }
        let mut content = Vec::new();
        entry.by_ref().take(limits.file).read_to_end(&mut content).map_err(|_| PackageFault::NotAnArchive)?;
        files.push((name, content.into()));
    }
    Ok(files)
}

/// The name of a file that is directly in `package/` and may be a definition.
fn wanted(path: &Path) -> Option<String> {
    let parts: Vec<_> = path.components().filter(|part| *part != Component::CurDir).collect();
    let [folder, name] = parts.as_slice() else { return None };
    let name = name.as_os_str().to_str()?;
    let is_definition = folder.as_os_str() == "package" && (name.ends_with(".json") || name.ends_with(".xml"));
    is_definition.then(|| name.to_owned())
}
