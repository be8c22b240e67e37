//! `zorgsluis log verify`: the whole log, offline. Every record is held against the segments' checksums, the tree and the
//! checkpoints that were signed; the checkpoints against the log's key and against those that others kept; and what was
//! erased against what was announced.

use std::fmt;
use std::path::{Path, PathBuf};

use ::audit::erasure::Watch;
use clap::Args;
use serde_json::{Value, json};
use store::access_log;
use store::proof::{
    Audit, COSIGNED, CheckpointKey, LogRecord, ProofFault, PublicKey, SignedCheckpoint, Trust, audit, read_history,
};
use time::OffsetDateTime;

use super::lines;
use super::places::Places;

#[derive(Args, Default)]
pub struct VerifyOptions {
    /// The log's folder: `log` in the folder of `store.folder`. Its tree is in `log-proof` beside it.
    #[arg(long, required_unless_present = "export", conflicts_with = "export")]
    pub folder: Option<PathBuf>,
    /// Verifies what `log export --format ndjson` wrote, instead of a folder. Needs --key, and --kept or --proof.
    #[arg(long)]
    pub export: Option<PathBuf>,
    /// The tree's folder, when it is not beside the log.
    #[arg(long)]
    pub proof: Option<PathBuf>,
    /// The log's public key (`name+id+base64`) as it is known elsewhere. By default the one that lies with the log, which
    /// whoever can change the log can change as well.
    #[arg(long)]
    pub key: Option<String>,
    /// A checkpoint that somebody else kept, or a copy of a file of checkpoints. May be given again.
    #[arg(long)]
    pub kept: Vec<PathBuf>,
    /// The public key of a witness. At least one checkpoint must bear its signature. May be given again.
    #[arg(long)]
    pub witness: Vec<String>,
    /// Says it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What was found.
pub struct Verdict {
    origin: String,
    audit: Audit,
    /// What is wrong with erasures, and how many more such things there are.
    erasures: Vec<String>,
    more_erasures: usize,
}

/// Most things about erasures that are listed; the others are counted.
const MOST: usize = 50;

/// Verifies.
///
/// # Errors
/// When it cannot be told whether the log is good: files or keys are missing, or there is no checkpoint at all.
pub fn verify(options: &VerifyOptions) -> Result<Verdict, String> {
    let places = options.folder.as_deref().map(Places::of_log);
    let beside = places.as_ref().map(|places| places.proof.clone());
    let proof = options.proof.clone().or(beside);
    if let Some(folder) = proof.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!(
            "{}: there is no such folder, and without it nothing says what the log was",
            folder.display()
        ));
    }
    let witnesses = options.witness.iter().map(|text| witness(text)).collect::<Result<Vec<_>, _>>()?;
    let trust = Trust { log: log_key(options, places.as_ref(), proof.as_deref())?, witnesses };
    let mut kept = Vec::new();
    for file in &options.kept {
        kept.extend(checkpoints(file)?);
    }
    // What witnesses cosigned bears signatures that nobody here can make: as good as kept elsewhere.
    let cosigned = proof.as_ref().map(|folder| folder.join(COSIGNED)).filter(|file| file.exists());
    if let Some(file) = cosigned {
        let all = read_history(&file).map_err(|fault| format!("{}: {fault}", file.display()))?;
        kept.extend(all);
    }
    let mut watch = Watch::default();
    let look = |found: &LogRecord| {
        if let Ok((index, content)) = found {
            watch.look(*index, content.record());
        }
    };
    let audited = match (&places, &options.export) {
        (Some(places), _) => {
            if !places.records.is_dir() {
                return Err(format!("{}: there is no such folder", places.records.display()));
            }
            audit(proof.as_deref(), &trust, access_log::read(&places.records).inspect(look), &kept)
        }
        (None, Some(file)) => {
            let records = lines::read(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
            audit(proof.as_deref(), &trust, records.inspect(look), &kept)
        }
        (None, None) => return Err("give --folder or --export".into()),
    };
    let audit = audited.map_err(|fault| fault.to_string())?;
    if audit.checkpoints + audit.kept == 0 {
        return Err("there is no checkpoint at all, so nothing says what the records should be".into());
    }
    for witness in &trust.witnesses {
        if audit.tampering.is_empty() && !audit.seen.iter().any(|one| one.seen.witness == witness.name()) {
            return Err(format!("no checkpoint here bears the signature of the witness {}", witness.name()));
        }
    }
    let mut erasures = watch.findings(OffsetDateTime::now_utc());
    let more_erasures = erasures.len().saturating_sub(MOST);
    erasures.truncate(MOST);
    Ok(Verdict { origin: trust.log.name().to_owned(), audit, erasures, more_erasures })
}

fn log_key(options: &VerifyOptions, places: Option<&Places>, proof: Option<&Path>) -> Result<PublicKey, String> {
    let said = |what: String| move |fault: ProofFault| format!("{what}: {fault}");
    if let Some(text) = &options.key {
        return PublicKey::parse(text).map_err(said("--key".into()));
    }
    // The signing key itself, where it may be read, is nearer to the node than its public copy.
    if let Some(places) = places
        && let Ok(Some(key)) = CheckpointKey::open(&places.key)
    {
        return Ok(key.public());
    }
    let file = proof.map(|folder| folder.join("public-key")).ok_or("give the log's public key with --key")?;
    let text = std::fs::read_to_string(&file).map_err(|fault| {
        format!("{}: the log's public key cannot be read ({fault}); give it with --key", file.display())
    })?;
    PublicKey::parse(&text).map_err(said(file.display().to_string()))
}

fn witness(text: &str) -> Result<PublicKey, String> {
    let key = PublicKey::parse(text).map_err(|fault| format!("--witness: {fault}"))?;
    if key.is_witness() { Ok(key) } else { Err("--witness: this is the key of a log, not of a witness".into()) }
}

/// One checkpoint, or all of a file of checkpoints.
fn checkpoints(file: &Path) -> Result<Vec<SignedCheckpoint>, String> {
    let bytes = std::fs::read(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))?;
    match SignedCheckpoint::read(&bytes) {
        Ok(one) => Ok(vec![one]),
        Err(fault) => match read_history(file) {
            Ok(all) if !all.is_empty() => Ok(all),
            Ok(_) | Err(_) => Err(format!("{}: {fault}", file.display())),
        },
    }
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.audit.tampering.is_empty() && self.erasures.is_empty() && self.more() == 0
    }

    /// What is wrong, one sentence each.
    pub fn sentences(&self) -> Vec<String> {
        self.audit.tampering.iter().map(ToString::to_string).chain(self.erasures.iter().cloned()).collect()
    }

    /// How many more things are wrong than there are sentences.
    fn more(&self) -> u64 {
        self.audit.more + self.more_erasures as u64
    }

    pub fn json(&self) -> Value {
        let audit = &self.audit;
        let seen =
            audit.seen.iter().map(|one| json!({"witness": one.seen.witness, "size": one.size, "at": one.seen.at}));
        json!({
            "verdict": if self.is_good() { "good" } else { "tampered" },
            "origin": self.origin,
            "records": audit.records,
            "erased": audit.erased,
            "root": audit.root,
            "checkpoints": audit.checkpoints,
            "kept": audit.kept,
            "signed": audit.signed,
            "witnesses": seen.collect::<Vec<_>>(),
            "tampering": self.sentences(),
            "more": self.more(),
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let audit = &self.audit;
        writeln!(
            f,
            "log {}: {} records, {} checkpoints of its own, {} kept elsewhere",
            self.origin, audit.records, audit.checkpoints, audit.kept
        )?;
        if audit.erased > 0 {
            writeln!(f, "{} of the records were erased", audit.erased)?;
        }
        writeln!(f, "root of all records: {}", audit.root)?;
        for one in &audit.seen {
            writeln!(f, "seen by {} up to {} records, at {} s since 1970", one.seen.witness, one.size, one.seen.at)?;
        }
        if self.is_good() {
            write!(f, "good: the first {} records are those that were signed for", audit.signed)?;
            let open = audit.records.saturating_sub(audit.signed);
            return if open > 0 { write!(f, "; the {open} after them are not signed for yet") } else { Ok(()) };
        }
        write!(f, "TAMPERED WITH:")?;
        for sentence in self.sentences() {
            write!(f, "\n- {sentence}")?;
        }
        if self.more() > 0 { write!(f, "\n- and {} more", self.more()) } else { Ok(()) }
    }
}
