//! The node as a witness of its neighbours' logs (C2SP tlog-witness): it cosigns a checkpoint only when that continues the
//! last one it cosigned, and remembers it before the cosignature leaves. So no log can show one past to us and another to
//! somebody else without signing the evidence itself.
//!
//! What it swore to lies in one folder with its key: whoever loses the one loses the other, and a witness without a
//! memory has a name that nobody believes.

mod evidence;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;

use super::checkpoint::{SignedCheckpoint, Trust};
use super::fault::ProofFault;
use super::keys::{PublicKey, WitnessKey};
use super::submission::{Malformed, Submission};
use super::tree::{Hash, holds_consistency};
use crate::access_log::disk::{Disk, OsDisk};
use crate::private;
use crate::small_file::{self, replace};
use evidence::Record;

pub use evidence::{Evidence, Misdeed};

/// Name of the folder with evidence, in the witness's folder.
const EVIDENCE: &str = "evidence";

/// A witness of some logs.
pub struct Witness<D: Disk = OsDisk> {
    key: WitnessKey,
    /// By origin. One lock per log, held from looking at what was cosigned until the next is on disk.
    logs: BTreeMap<String, Mutex<Log<D>>>,
}

/// One log as the witness knows it.
struct Log<D> {
    trust: Trust,
    disk: D,
    file: String,
    /// The last that was cosigned; a sentence when what is on disk cannot be believed.
    cosigned: Result<Option<SignedCheckpoint>, String>,
    /// The last that was seen to continue it, without being asked to cosign it.
    seen: Option<SignedCheckpoint>,
    evidence: Record<D>,
}

/// Why there is no cosignature.
#[derive(Debug, PartialEq)]
pub enum Refused {
    Malformed(Malformed),
    /// The proof is said to begin beyond the checkpoint.
    OldBeyond,
    UnknownLog,
    /// It does not bear the log's own signature.
    Untrusted,
    /// The proof begins elsewhere than at the last that was cosigned, which is this one.
    Conflict {
        known: u64,
    },
    /// The log signed another tree of the same size. With the evidence, when it is new.
    OtherRoot {
        known: u64,
        news: Option<Evidence>,
    },
    /// The proof does not hold. With the evidence, when it is new and the log's own node asked.
    Unproven {
        known: u64,
        news: Option<Evidence>,
    },
    /// What was cosigned before cannot be read, or what would be cosigned not be written.
    Unavailable(String),
}

/// What a checkpoint that a log gave out says, held against what is known of it.
#[derive(Debug, PartialEq)]
pub enum Witnessing {
    /// Nothing that was not known.
    Known,
    /// It is larger than what is known of it: size and root of both.
    Ahead { known: (u64, Hash), shown: (u64, Hash) },
    /// It should not have been signed. With the evidence, when it is new.
    Misdeed(Option<Evidence>),
}

/// A log as it stands with the witness.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub origin: String,
    pub cosigned: Option<u64>,
    pub seen: Option<u64>,
    pub evidence: Vec<Evidence>,
    /// Why nothing of it can be cosigned.
    pub unusable: Option<String>,
}

impl Witness {
    /// Opens what was cosigned before, in this folder. The logs are told apart by their origin.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, key: WitnessKey, logs: Vec<PublicKey>) -> Result<Self, ProofFault> {
        let evidence = folder.join(EVIDENCE);
        private::make_folder(&evidence).map_err(ProofFault::io("make the folder of a witness"))?;
        Witness::on(&OsDisk { folder: folder.to_owned() }, &OsDisk { folder: evidence }, key, logs)
    }
}

impl<D: Disk + Clone> Witness<D> {
    fn on(disk: &D, evidence: &D, key: WitnessKey, logs: Vec<PublicKey>) -> Result<Self, ProofFault> {
        let mut all = BTreeMap::new();
        for log in logs {
            let origin = log.name().to_owned();
            let known = Log::open(disk.clone(), evidence.clone(), log, &key);
            all.insert(origin, Mutex::new(known.map_err(ProofFault::io("read what was cosigned"))?));
        }
        Ok(Witness { key, logs: all })
    }
}

impl<D: Disk> Witness<D> {
    /// The key by which others know our cosignatures.
    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// Takes the body of `add-checkpoint` and gives the cosignature, at this moment in seconds since 1970. `by_the_log`
    /// says that the log's own node asks: from anybody else a proof that does not hold says nothing about the log.
    ///
    /// # Errors
    /// When nothing is cosigned.
    pub fn submit(&self, body: &[u8], seconds: u64, by_the_log: impl Fn(&str) -> bool) -> Result<Vec<u8>, Refused> {
        let submission = Submission::read(body).map_err(Refused::Malformed)?;
        let mut log = self.log(submission.checkpoint.origin()).ok_or(Refused::UnknownLog)?;
        let by_the_log = by_the_log(submission.checkpoint.origin());
        log.take(&submission, &self.key, seconds, by_the_log)
    }

    /// Size and root of the last checkpoint that is known to continue all before it; of an empty tree when there is none.
    pub fn known(&self, origin: &str) -> Option<(u64, Hash)> {
        let log = self.log(origin)?;
        Some(facts(log.last()))
    }

    /// Holds a checkpoint that the log gave out against what is known of it. `before` is what was known before it was
    /// asked for: since then the log may have grown, but it cannot have forgotten.
    ///
    /// # Errors
    /// When it is no checkpoint of this log.
    pub fn look(&self, origin: &str, note: &[u8], before: u64) -> Result<Witnessing, Refused> {
        let mut log = self.log(origin).ok_or(Refused::UnknownLog)?;
        let shown = log.believed(note)?;
        if let Some(news) = log.contradicts(&shown) {
            return Ok(Witnessing::Misdeed(news));
        }
        let known = facts(log.last());
        if shown.size() < before {
            return Ok(Witnessing::Misdeed(log.accuse(Misdeed::RolledBack, &shown)));
        }
        let ahead = shown.size() > known.0;
        Ok(if ahead { Witnessing::Ahead { known, shown: facts(Some(&shown)) } } else { Witnessing::Known })
    }

    /// Takes down what its tree said of a checkpoint that was ahead: whether it continues what was known.
    ///
    /// # Errors
    /// When it is no checkpoint of this log.
    pub fn judge(&self, origin: &str, note: &[u8], continues: bool) -> Result<Witnessing, Refused> {
        let mut log = self.log(origin).ok_or(Refused::UnknownLog)?;
        let shown = log.believed(note)?;
        if !continues {
            return Ok(Witnessing::Misdeed(log.accuse(Misdeed::Forked, &shown)));
        }
        if log.seen.as_ref().is_none_or(|seen| seen.size() < shown.size()) {
            log.seen = Some(shown);
        }
        Ok(Witnessing::Known)
    }

    /// How every log stands.
    pub fn standings(&self) -> Vec<Standing> {
        let standing = |(origin, log): (&String, &Mutex<Log<D>>)| {
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            Standing {
                origin: origin.clone(),
                cosigned: log.cosigned.as_ref().ok().and_then(|last| Some(last.as_ref()?.size())),
                seen: log.last().map(SignedCheckpoint::size),
                evidence: log.evidence.all().to_vec(),
                unusable: log.cosigned.as_ref().err().cloned(),
            }
        };
        self.logs.iter().map(standing).collect()
    }

    fn log(&self, origin: &str) -> Option<MutexGuard<'_, Log<D>>> {
        // A thread that died in here changed nothing that was not on disk.
        self.logs.get(origin).map(|log| log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<D: Disk> Log<D> {
    fn open(disk: D, evidence: D, key: PublicKey, witness: &WitnessKey) -> std::io::Result<Self> {
        let name: String = digest::digest(&digest::SHA256, key.name().as_bytes())
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let trust = Trust { log: key, witnesses: Vec::new() };
        let file = format!("{name}.cosigned");
        let cosigned = match small_file::load(&disk, &file)? {
            None => Ok(None),
            Some(note) => own(&note, &trust, witness).map(Some).map_err(|fault| format!("{file}: {fault}")),
        };
        Ok(Log { trust, disk, file, cosigned, seen: None, evidence: Record::open(evidence, name)? })
    }

    /// The largest that is known to continue all before it.
    fn last(&self) -> Option<&SignedCheckpoint> {
        let cosigned = self.cosigned.as_ref().ok().and_then(Option::as_ref);
        cosigned.into_iter().chain(self.seen.as_ref()).max_by_key(|checkpoint| checkpoint.size())
    }

    fn believed(&self, note: &[u8]) -> Result<SignedCheckpoint, Refused> {
        let shown = SignedCheckpoint::read(note).map_err(|_| Refused::Malformed(Malformed::Checkpoint))?;
        shown.believed(&self.trust).map_err(|_| Refused::Untrusted)
    }

    /// Whether the log signed another tree of this size before, with the evidence when that is new.
    fn contradicts(&mut self, shown: &SignedCheckpoint) -> Option<Option<Evidence>> {
        let cosigned = self.cosigned.as_ref().ok().and_then(Option::as_ref);
        let mut known = cosigned.into_iter().chain(self.seen.as_ref());
        let other = known.find(|known| known.size() == shown.size() && known.root() != shown.root());
        // There is one tree of no records, whether or not anything was signed before.
        let nothing = shown.size() == 0 && shown.root() != tlog_tiles::EMPTY_HASH;
        if other.is_none() && !nothing {
            return None;
        }
        Some(self.evidence.add(Misdeed::Forked, other, shown))
    }

    fn accuse(&mut self, misdeed: Misdeed, shown: &SignedCheckpoint) -> Option<Evidence> {
        let cosigned = self.cosigned.as_ref().ok().and_then(Option::as_ref);
        let last = cosigned.into_iter().chain(self.seen.as_ref()).max_by_key(|checkpoint| checkpoint.size());
        self.evidence.add(misdeed, last, shown)
    }

    /// The checks in the order of C2SP tlog-witness, "add-checkpoint".
    fn take(&mut self, asked: &Submission, key: &WitnessKey, now: u64, by_the_log: bool) -> Result<Vec<u8>, Refused> {
        let shown = asked.checkpoint.believed(&self.trust).map_err(|_| Refused::Untrusted)?;
        let (known, root) = match &self.cosigned {
            Ok(last) => facts(last.as_ref()),
            Err(trouble) => return Err(Refused::Unavailable(trouble.clone())),
        };
        if asked.old > shown.size() {
            return Err(Refused::OldBeyond);
        }
        // Two signatures of the log are evidence whatever else was asked.
        if let Some(news) = self.contradicts(&shown) {
            return Err(Refused::OtherRoot { known, news });
        }
        if asked.old != known {
            return Err(Refused::Conflict { known });
        }
        if !holds_consistency(&asked.proof, (known, root), facts(Some(&shown))) {
            let news = by_the_log.then(|| self.accuse(Misdeed::Unproven, &shown)).flatten();
            return Err(Refused::Unproven { known, news });
        }
        let unavailable = |fault: &dyn std::fmt::Display| Refused::Unavailable(fault.to_string());
        let line = shown.cosignature(key, now).map_err(|fault| unavailable(&fault))?;
        if !matches!(&self.cosigned, Ok(Some(last)) if last.size() == shown.size()) {
            let mut sworn = shown;
            sworn.accept(&line, &key.public()).ok_or_else(|| unavailable(&"the own cosignature does not hold"))?;
            replace(&self.disk, &self.file, &sworn.write()).map_err(|fault| unavailable(&fault))?;
            self.cosigned = Ok(Some(sworn));
            // What was seen continues what was cosigned before, not necessarily this: the next look holds it against this.
            self.seen = None;
        }
        Ok(line)
    }
}

/// What we cosigned, with the log's signature and our own.
fn own(note: &[u8], trust: &Trust, witness: &WitnessKey) -> Result<SignedCheckpoint, ProofFault> {
    let checkpoint = SignedCheckpoint::read(note)?;
    let trust = Trust { log: trust.log.clone(), witnesses: vec![witness.public()] };
    if checkpoint.verify(&trust)?.is_empty() {
        return Err(ProofFault::Checkpoint("it does not bear this witness's signature"));
    }
    Ok(checkpoint)
}

fn facts(checkpoint: Option<&SignedCheckpoint>) -> (u64, Hash) {
    checkpoint.map_or((0, tlog_tiles::EMPTY_HASH), |checkpoint| (checkpoint.size(), checkpoint.root()))
}
