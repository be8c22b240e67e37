//! Who signs checkpoints and whose signatures are believed. A node has one Ed25519 key of its own for its log, and one to
//! cosign its neighbours' (C2SP signed-note; C2SP tlog-cosignature). Both are made at set-up and never leave the node.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use signed_note::{Signer, Verifier, is_key_name_valid, key_id};

use super::fault::ProofFault;
use crate::private;

/// C2SP signed-note, "Signature types": Ed25519.
const LOG: u8 = 0x01;
/// C2SP tlog-cosignature: timestamped Ed25519.
const WITNESS: u8 = 0x04;

const PREFIX: &str = "PRIVATE+KEY+";

/// The key that signs the node's own checkpoints. Its name is the log's origin.
pub struct CheckpointKey(Key);

/// The key that cosigns the checkpoints of others.
pub struct WitnessKey(Key);

struct Key {
    name: String,
    id: u32,
    kind: u8,
    signing: SigningKey,
}

/// A key that is believed, in the form `name+id+base64` (C2SP signed-note, "Verifier keys").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: u32,
    kind: u8,
    verifying: VerifyingKey,
}

impl CheckpointKey {
    /// Reads the key of this file, or makes one of this name if there is none.
    ///
    /// # Errors
    /// When the file is no such key, or of another name.
    pub fn open_or_make(file: &Path, name: &str) -> Result<Self, ProofFault> {
        Key::open_or_make(file, name, LOG).map(CheckpointKey)
    }

    /// Reads the key of this file, whatever its name; nothing when there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is no such key.
    pub fn open(file: &Path) -> Result<Option<Self>, ProofFault> {
        Key::open(file, LOG).map(|key| key.map(CheckpointKey))
    }

    /// The log's origin.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn public(&self) -> PublicKey {
        self.0.public()
    }
}

impl WitnessKey {
    /// Reads the key of this file, or makes one of this name if there is none.
    ///
    /// # Errors
    /// When the file is no such key, or of another name.
    pub fn open_or_make(file: &Path, name: &str) -> Result<Self, ProofFault> {
        Key::open_or_make(file, name, WITNESS).map(WitnessKey)
    }

    /// Reads the key of this file, whatever its name; nothing when there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is no such key.
    pub fn open(file: &Path) -> Result<Option<Self>, ProofFault> {
        Key::open(file, WITNESS).map(|key| key.map(WitnessKey))
    }

    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Signs at a moment, in seconds since 1970.
    pub(super) fn at(&self, seconds: u64) -> Cosigner<'_> {
        Cosigner { key: &self.0, seconds }
    }
}

impl Key {
    fn open_or_make(file: &Path, name: &str, kind: u8) -> Result<Self, ProofFault> {
        if !is_key_name_valid(name) {
            return Err(ProofFault::Key("a name has no spaces and no plus"));
        }
        let key = match Key::open(file, kind)? {
            Some(key) => key,
            None => Key::read(make(file, name, kind)?.trim(), kind)?,
        };
        if key.name != name {
            return Err(ProofFault::Key("the key in the file has another name: it belongs to another log"));
        }
        Ok(key)
    }

    fn open(file: &Path, kind: u8) -> Result<Option<Self>, ProofFault> {
        match std::fs::read_to_string(file) {
            Ok(text) => Key::read(text.trim(), kind).map(Some),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(ProofFault::io("read a signing key")(fault)),
        }
    }

    fn read(text: &str, kind: u8) -> Result<Self, ProofFault> {
        let malformed = ProofFault::Key("not PRIVATE+KEY+name+id+base64");
        let mut parts = text.strip_prefix(PREFIX).into_iter().flat_map(|rest| rest.splitn(3, '+'));
        let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed);
        };
        let bytes = STANDARD.decode(bytes).map_err(|_| malformed)?;
        let (found, secret) = bytes.split_first().ok_or(ProofFault::Key("it is empty"))?;
        let secret = <[u8; 32]>::try_from(secret).map_err(|_| ProofFault::Key("it has another length"))?;
        if *found != kind {
            return Err(ProofFault::Key("it is of another kind"));
        }
        let key = Key::new(name, kind, SigningKey::from_bytes(&secret));
        if format!("{:08x}", key.id) == id { Ok(key) } else { Err(ProofFault::Key("its id is not that of the key")) }
    }

    fn new(name: &str, kind: u8, signing: SigningKey) -> Self {
        let id = key_id(name, &encoded(kind, signing.verifying_key().as_bytes()));
        Key { name: name.to_owned(), id, kind, signing }
    }

    fn public(&self) -> PublicKey {
        let verifying = self.signing.verifying_key();
        PublicKey { name: self.name.clone(), id: self.id, kind: self.kind, verifying }
    }
}

/// Makes a key, for its owner alone. It is on disk before it is used: a checkpoint outlives a power cut.
fn make(file: &Path, name: &str, kind: u8) -> Result<String, ProofFault> {
    let mut secret = [0; 32];
    aws_lc_rs::rand::fill(&mut secret).map_err(|_| ProofFault::Key("the system gives no randomness"))?;
    let key = Key::new(name, kind, SigningKey::from_bytes(&secret));
    let text = format!("{PREFIX}{name}+{:08x}+{}\n", key.id, STANDARD.encode(encoded(kind, &secret)));
    if let Some(folder) = file.parent() {
        private::make_folder(folder).map_err(ProofFault::io("make the folder of a signing key"))?;
    }
    // Under its name it is whole: a power cut in between leaves no key, not half of one.
    let unfinished = file.with_extension("new");
    let write = || {
        let mut made =
            File::options().write(true).create(true).truncate(true).mode(private::FILE_MODE).open(&unfinished)?;
        made.write_all(text.as_bytes())?;
        made.sync_all()?;
        std::fs::rename(&unfinished, file)?;
        private::sync_folder_of(file)
    };
    write().map_err(ProofFault::io("make a signing key"))?;
    Ok(text)
}

fn encoded(kind: u8, key: &[u8; 32]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(key);
    bytes
}

impl Signer for CheckpointKey {
    fn name(&self) -> &str {
        &self.0.name
    }
    fn key_id(&self) -> u32 {
        self.0.id
    }
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ed25519_dalek::ed25519::Error> {
        Ok(self.0.signing.try_sign(text)?.to_vec())
    }
}

/// A witness at a moment.
pub(super) struct Cosigner<'k> {
    key: &'k Key,
    seconds: u64,
}

impl Signer for Cosigner<'_> {
    fn name(&self) -> &str {
        &self.key.name
    }
    fn key_id(&self) -> u32 {
        self.key.id
    }
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ed25519_dalek::ed25519::Error> {
        let signature = self.key.signing.try_sign(&cosigned(self.seconds, text))?;
        Ok([&self.seconds.to_be_bytes()[..], &signature.to_bytes()].concat())
    }
}

/// What a cosignature signs (C2SP tlog-cosignature, "Format").
fn cosigned(seconds: u64, text: &[u8]) -> Vec<u8> {
    [format!("cosignature/v1\ntime {seconds}\n").as_bytes(), text].concat()
}

/// The moment of a cosignature, in seconds since 1970.
pub(super) fn moment(signature: &[u8]) -> Option<u64> {
    signature.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

impl PublicKey {
    /// Reads `name+id+base64`, of a log or of a witness.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, ProofFault> {
        let malformed = ProofFault::Key("not name+id+base64");
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed);
        };
        let bytes = STANDARD.decode(bytes).map_err(|_| malformed)?;
        let (kind, key) = bytes.split_first().ok_or(ProofFault::Key("it is empty"))?;
        let key = <[u8; 32]>::try_from(key).map_err(|_| ProofFault::Key("it has another length"))?;
        let verifying = VerifyingKey::from_bytes(&key).map_err(|_| ProofFault::Key("it is no point of the curve"))?;
        if !matches!(*kind, LOG | WITNESS) {
            return Err(ProofFault::Key("it is of another kind"));
        }
        if !is_key_name_valid(name) || format!("{:08x}", key_id(name, &bytes)) != id {
            return Err(ProofFault::Key("its id is not that of the key"));
        }
        Ok(PublicKey { name: name.to_owned(), id: key_id(name, &bytes), kind: *kind, verifying })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a witness's key, not a log's.
    pub fn is_witness(&self) -> bool {
        self.kind == WITNESS
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = encoded(self.kind, self.verifying.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(bytes))
    }
}

impl Verifier for PublicKey {
    fn name(&self) -> &str {
        &self.name
    }
    fn key_id(&self) -> u32 {
        self.id
    }
    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let holds = |text: &[u8], signature: &[u8]| {
            Signature::from_slice(signature)
                .is_ok_and(|signature| self.verifying.verify_strict(text, &signature).is_ok())
        };
        match (self.kind, moment(signature), signature.get(8..)) {
            (WITNESS, Some(seconds), Some(signature)) => holds(&cosigned(seconds, text), signature),
            (WITNESS, ..) => false,
            _ => holds(text, signature),
        }
    }
}
