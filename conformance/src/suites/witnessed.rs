//! The nodes of the region witness one another: each one's checkpoint bears the cosignatures of all others. Checked with
//! nothing but a public key as text and Ed25519: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-witness.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Method;

use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::ready::Node;

/// New records wait for a checkpoint, and that for its cosignatures: some seconds each, after trouble more.
const TRIES: usize = 40;
const BETWEEN: Duration = Duration::from_secs(1);

/// A key as `name+id+base64`, and what it signs.
struct Key {
    name: String,
    id: [u8; 4],
    cosigns: bool,
    bytes: Vec<u8>,
}

/// A signed note in two parts.
struct Note {
    text: String,
    /// Name, id and signature of each line.
    signatures: Vec<(String, Vec<u8>)>,
}

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("every node's checkpoint bears the cosignatures of the three others", |setting| {
            Box::pin(cosigned(setting))
        }),
        Check::new("a witness cosigns nothing that no neighbour's log signed", |setting| Box::pin(refused(setting))),
    ]
}

async fn cosigned(setting: &Setting) -> Judgement {
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    for node in &setting.ready.nodes {
        let others = setting.ready.nodes.iter().filter(|other| other.key != node.key);
        let witnesses: Vec<_> =
            others.map(|other| key_of(other.witness_key.as_ref(), other)).collect::<Result<_, _>>()?;
        let log = key_of(node.log_key.as_ref(), node)?;
        let mut lacking = Vec::new();
        for _ in 0..TRIES {
            let note = checkpoint(&wire, node).await?;
            ensure(log.signed(&note), || format!("{} does not sign its checkpoint with its key", node.key))?;
            ensure(note.text.lines().next() == Some(&log.name), || format!("{} has another origin", node.key))?;
            lacking = witnesses.iter().filter(|witness| !witness.signed(&note)).map(|one| one.name.clone()).collect();
            if lacking.is_empty() {
                break;
            }
            tokio::time::sleep(BETWEEN).await;
        }
        ensure(lacking.is_empty(), || format!("the checkpoint of {} lacks {}", node.key, lacking.join(", ")))?;
    }
    Ok(())
}

async fn refused(setting: &Setting) -> Judgement {
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    let (node, other) = (setting.node("hospital")?, setting.node("nursing-home")?);
    let note = checkpoint(&wire, other).await?;
    let line = |name: &str, bytes: &[u8]| format!("\u{2014} {name} {}\n", STANDARD.encode(bytes));
    let origin = note.text.lines().next().unwrap_or_default().to_owned();
    let log = key_of(other.log_key.as_ref(), other)?;
    let forged = line(&log.name, &[&log.id[..], &[7; 64]].concat());
    let stranger = line("stranger.example", &[9; 68]);
    let text = |origin: &str| format!("{origin}\n5\n{}\n", STANDARD.encode([1; 32]));
    for (what, body, status) in [
        ("no submission", "hello\n".to_owned(), 400),
        ("too large a submission", format!("old 0\n{}", "a".repeat(20_000)), 400),
        ("an unknown log", format!("old 0\n\n{}\n{stranger}", text("stranger.example")), 404),
        ("a known log without its signature", format!("old 0\n\n{}\n{stranger}", text(&origin)), 403),
        ("a known log with a forged signature", format!("old 0\n\n{}\n{forged}", text(&origin)), 403),
    ] {
        let url = format!("{}/log/witness/add-checkpoint", node.outer);
        let answer = wire.raw(Method::POST, &url, &[], Bytes::from(body)).await?;
        ensure(answer.status == status, || format!("{what} is answered with {}", answer.status))?;
        ensure(answer.body.is_empty(), || format!("{what} gets a text"))?;
    }
    Ok(())
}

async fn checkpoint(wire: &Wire, node: &Node) -> Result<Note, Flaw> {
    let answer = wire.get(&format!("{}/log/checkpoint", node.outer)).await?;
    let text = std::str::from_utf8(&answer.body).ok().and_then(Note::read);
    text.filter(|_| answer.status == 200).ok_or_else(|| Flaw::Broken(format!("{} gives out no checkpoint", node.key)))
}

fn key_of(text: Option<&String>, node: &Node) -> Result<Key, Flaw> {
    let key = text.and_then(|text| Key::read(text));
    key.ok_or_else(|| Flaw::NotRun(format!("the ready file has no keys of {}", node.key)))
}

impl Note {
    fn read(whole: &str) -> Option<Self> {
        let (text, lines) = whole.rsplit_once("\n\n")?;
        let signature = |line: &str| {
            let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            Some((name.to_owned(), STANDARD.decode(encoded).ok()?))
        };
        Some(Note { text: format!("{text}\n"), signatures: lines.lines().map(signature).collect::<Option<_>>()? })
    }
}

impl Key {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '+');
        let (name, id, encoded) = (parts.next()?, parts.next()?, parts.next()?);
        let typed = STANDARD.decode(encoded).ok()?;
        let (kind, bytes) = typed.split_first()?;
        let hashed = digest(&SHA256, &[name.as_bytes(), b"\n", &typed].concat());
        let own: [u8; 4] = hashed.as_ref().get(..4)?.try_into().ok()?;
        let says = own.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // Ed25519, and timestamped Ed25519.
        (says == id && matches!(kind, 1 | 4)).then(|| Key {
            name: name.to_owned(),
            id: own,
            cosigns: *kind == 4,
            bytes: bytes.to_vec(),
        })
    }

    fn signed(&self, note: &Note) -> bool {
        let own = |(name, bytes): &&(String, Vec<u8>)| *name == self.name && bytes.starts_with(&self.id);
        note.signatures.iter().filter(own).any(|(_, bytes)| self.holds(&note.text, &bytes[4..]))
    }

    fn holds(&self, text: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.bytes);
        if !self.cosigns {
            return key.verify(text.as_bytes(), signature).is_ok();
        }
        let Some((seconds, signature)) = signature.split_first_chunk::<8>() else { return false };
        let said = format!("cosignature/v1\ntime {}\n{text}", u64::from_be_bytes(*seconds));
        key.verify(said.as_bytes(), signature).is_ok()
    }
}
