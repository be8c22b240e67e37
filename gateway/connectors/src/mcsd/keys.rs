//! Under which keys and terms records lie on the shelf. Each directory has a room of its own, so that one can never write
//! over what another said.

use fhir::Ura;

use super::record::Kind;

/// The name of a directory here: short, and the same for the same base address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// The national directory (landelijk register zorgaanbieders, LRZa).
    pub fn national() -> Self {
        SourceId("national".to_owned())
    }

    /// The directory at this base.
    pub fn of(base: &str) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, base.as_bytes());
        let hex = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}"));
        SourceId(hex.collect())
    }

    pub fn is_national(&self) -> bool {
        self.0 == "national"
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the keys of a directory's records begin with.
pub fn room(source: &SourceId) -> Vec<u8> {
    [source.as_str().as_bytes(), &[0]].concat()
}

/// The same, of one type.
pub fn shelf_of(source: &SourceId, kind: Kind) -> Vec<u8> {
    [room(source).as_slice(), kind.name().as_bytes(), b"/"].concat()
}

/// The key of a record by its type and id (`Endpoint/1`).
pub fn key(source: &SourceId, name: &str) -> Vec<u8> {
    [room(source).as_slice(), name.as_bytes()].concat()
}

/// Which directory a key is of, and its `Type/id`.
pub fn read(key: &[u8]) -> Option<(SourceId, String)> {
    let (source, name) = std::str::from_utf8(key).ok()?.split_once('\0')?;
    Some((SourceId(source.to_owned()), name.to_owned()))
}

/// Organisations that say they have this URA, believed or not.
pub fn by_ura(ura: &Ura) -> Vec<u8> {
    [b"u", ura.as_str().as_bytes()].concat()
}

/// What belongs to an organisation by its URA, in any directory.
pub fn of_ura(ura: &Ura) -> Vec<u8> {
    [b"o", ura.as_str().as_bytes()].concat()
}

/// What belongs to a resource of the same directory.
pub fn of_resource(source: &SourceId, name: &str) -> Vec<u8> {
    [b"p", key(source, name).as_slice()].concat()
}

/// Endpoints at which a provider's own directory is.
pub fn directory_endpoints() -> Vec<u8> {
    b"d".to_vec()
}

/// The note with how far a directory was read.
pub fn state(source: &SourceId) -> Vec<u8> {
    [b"s/", source.as_str().as_bytes()].concat()
}

/// What the names of all those notes begin with.
pub const STATES: &[u8] = b"s/";
