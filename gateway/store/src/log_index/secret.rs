//! What terms are made under, so that the index alone tells nobody whom its records are about. It never leaves the node.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::fault::IndexFault;
use crate::private;

const BYTES: usize = 32;
const NAME: &str = "secret";

/// The secret in the index's folder; made when there is none, or none that is whole: what was indexed under another is
/// built again.
///
/// # Errors
/// When it cannot be read or made.
pub fn secret(folder: &Path) -> Result<[u8; BYTES], IndexFault> {
    let path = folder.join(NAME);
    match fs::read(&path) {
        Ok(bytes) => match bytes.try_into() {
            Ok(secret) => Ok(secret),
            Err(_) => make(folder, &path),
        },
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => make(folder, &path),
        Err(fault) => Err(IndexFault::io("read its secret")(fault)),
    }
}

fn make(folder: &Path, path: &Path) -> Result<[u8; BYTES], IndexFault> {
    let mut secret = [0; BYTES];
    aws_lc_rs::rand::fill(&mut secret).map_err(|_| IndexFault::Randomness)?;
    let write = || {
        private::make_folder(folder)?;
        let unfinished = path.with_extension("new");
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(private::FILE_MODE).open(&unfinished)?;
        file.write_all(&secret)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        private::sync_folder_of(path)
    };
    write().map_err(IndexFault::io("make its secret"))?;
    Ok(secret)
}
