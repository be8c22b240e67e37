//! What a node signs about its log: its origin, size and root (C2SP tlog-checkpoint), as a signed note under which
//! witnesses put their cosignatures.

use signed_note::{Note, Signature, Signer, Verifier, VerifierList};
use tlog_tiles::Checkpoint;

use super::fault::ProofFault;
use super::keys::{CheckpointKey, PublicKey, WitnessKey, moment};
use super::tree::Hash;

/// Most signature lines of an answer that are looked at.
const MOST_SIGNATURES: usize = 16;

/// A checkpoint with its signatures. Reading one does not believe it: [`SignedCheckpoint::verify`] does.
#[derive(Debug)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Whose signatures are believed.
#[derive(Clone, Debug)]
pub struct Trust {
    pub log: PublicKey,
    pub witnesses: Vec<PublicKey>,
}

/// A witness that saw a checkpoint, and when it said so, in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub witness: String,
    pub at: u64,
}

impl SignedCheckpoint {
    /// Signs the tree of this size and root. The origin is the key's name.
    pub fn sign(key: &CheckpointKey, size: u64, root: Hash) -> Result<Self, ProofFault> {
        let checkpoint =
            Checkpoint::new(key.name(), size, root, "").map_err(|_| ProofFault::Checkpoint("its origin is empty"))?;
        let mut note = Note::new(&checkpoint.to_bytes(), &[]).map_err(malformed)?;
        note.add_sigs(&[key]).map_err(malformed)?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// When it is no signed note, or its text is no checkpoint.
    pub fn read(bytes: &[u8]) -> Result<Self, ProofFault> {
        let note = Note::from_bytes(bytes).map_err(malformed)?;
        let checkpoint = Checkpoint::from_bytes(note.text())
            .map_err(|_| ProofFault::Checkpoint("its text is no origin, size and root"))?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    pub fn write(&self) -> Vec<u8> {
        self.note.to_bytes()
    }

    pub fn origin(&self) -> &str {
        self.checkpoint.origin()
    }
    pub fn size(&self) -> u64 {
        self.checkpoint.size()
    }
    pub fn root(&self) -> Hash {
        *self.checkpoint.hash()
    }

    /// Puts a witness's name under it, at this moment in seconds since 1970. The witness must have verified it, and that
    /// it continues what it saw before.
    pub fn cosign(&mut self, witness: &WitnessKey, seconds: u64) -> Result<(), ProofFault> {
        self.note.add_sigs(&[&witness.at(seconds)]).map_err(malformed)
    }

    /// The line that a witness puts under it, at this moment in seconds since 1970 (C2SP tlog-cosignature): what
    /// [`SignedCheckpoint::cosign`] adds, by itself.
    pub fn cosignature(&self, witness: &WitnessKey, seconds: u64) -> Result<Vec<u8>, ProofFault> {
        let cosigner = witness.at(seconds);
        let signature = cosigner.sign(self.note.text()).map_err(malformed)?;
        let line = Signature::new(cosigner.name().to_owned(), cosigner.key_id(), signature).map_err(malformed)?;
        Ok(line.to_bytes())
    }

    /// Takes over the cosignature of this witness from signature lines, if it is among them and right; says when the
    /// witness signed. What others signed there is passed over.
    pub fn accept(&mut self, lines: &[u8], witness: &PublicKey) -> Option<u64> {
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(MOST_SIGNATURES);
        let mut signatures = lines.filter_map(|line| Signature::from_bytes(line).ok());
        let good = signatures.find(|signature| {
            signature.name() == witness.name()
                && signature.id() == witness.key_id()
                && witness.is_witness()
                && witness.verify(self.note.text(), signature.signature())
        })?;
        let line = good.to_bytes();
        let mut whole = self.note.text().to_vec();
        whole.push(b'\n');
        // A later one of the same witness takes the place of an earlier one.
        for kept in self.signature_lines().split_inclusive(|byte| *byte == b'\n') {
            let own = Signature::from_bytes(kept.trim_ascii_end());
            if own.is_ok_and(|own| own.name() != witness.name() || own.id() != witness.key_id()) {
                whole.extend_from_slice(kept);
            }
        }
        whole.extend_from_slice(&line);
        self.note = Note::from_bytes(&whole).ok()?;
        moment(good.signature())
    }

    /// The lines of its signatures, as they stand in the note.
    pub fn signature_lines(&self) -> Vec<u8> {
        self.note.to_bytes().get(self.note.text().len() + 1..).unwrap_or_default().to_vec()
    }

    /// The same with no signature but those of keys that are believed, each of which holds.
    ///
    /// # Errors
    /// As [`SignedCheckpoint::verify`].
    pub fn believed(&self, trust: &Trust) -> Result<Self, ProofFault> {
        if self.origin() != trust.log.name() {
            return Err(ProofFault::Checkpoint("it is of another log"));
        }
        let all = std::iter::once(&trust.log).chain(&trust.witnesses);
        let list = VerifierList::new(all.map(|key| Box::new(key.clone()) as Box<dyn Verifier>).collect());
        let missing = ProofFault::Checkpoint("the log's own signature is missing, or one that is believed is wrong");
        let Ok((good, _)) = self.note.verify(&list) else { return Err(missing) };
        if !good.iter().any(|one| one.name() == trust.log.name() && one.id() == trust.log.key_id()) {
            return Err(missing);
        }
        let mut whole = self.note.text().to_vec();
        whole.push(b'\n');
        good.iter().for_each(|signature| whole.extend_from_slice(&signature.to_bytes()));
        SignedCheckpoint::read(&whole)
    }

    /// Checks the log's own signature, and every cosignature of a witness that is believed; says who these are.
    ///
    /// # Errors
    /// When the log's signature is missing or wrong, or the signature of a known witness is wrong.
    pub fn verify(&self, trust: &Trust) -> Result<Vec<Seen>, ProofFault> {
        if self.origin() != trust.log.name() {
            return Err(ProofFault::Checkpoint("it is of another log"));
        }
        let log = VerifierList::new(vec![Box::new(trust.log.clone())]);
        self.note.verify(&log).map_err(|_| ProofFault::Checkpoint("the log's own signature is missing or wrong"))?;
        let believed = trust.witnesses.iter().filter(|witness| witness.is_witness());
        let all = std::iter::once(&trust.log).chain(believed);
        let list = VerifierList::new(all.map(|key| Box::new(key.clone()) as Box<dyn Verifier>).collect());
        let (verified, _) =
            self.note.verify(&list).map_err(|_| ProofFault::Checkpoint("a witness's signature is wrong"))?;
        let witness = |name: &str| trust.witnesses.iter().any(|known| known.name() == name);
        let seen = verified.iter().filter(|signature| witness(signature.name()));
        let seen = seen.filter_map(|signature| {
            Some(Seen { witness: signature.name().to_owned(), at: moment(signature.signature())? })
        });
        Ok(seen.collect())
    }
}

fn malformed<T>(_: T) -> ProofFault {
    ProofFault::Checkpoint("it is no signed note")
}
