//! Random access codes, in files that only their owner reads.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::io;

/// Makes an access code of 256 random bits and writes it to a file.
pub fn access_code(file: &Path) -> Result<String, String> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "the machine gives no random numbers".to_owned())?;
    let code: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(file, code.as_bytes())?;
    Ok(code)
}

/// Writes a file that only its owner may read.
pub fn write_private(file: &Path, content: &[u8]) -> Result<(), String> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(io(folder))?;
    }
    // Made anew: an older file may be readable by others.
    match std::fs::remove_file(file) {
        Ok(()) => {}
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
        Err(fault) => return Err(io(file)(fault)),
    }
    let mut open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(io(file))?;
    open.write_all(content).map_err(io(file))
}
