//! How it stands with the log's proof, for the pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portal::{ProofState, RecordProof};
use store::proof::SignedCheckpoint;
use time::{Duration, OffsetDateTime};

use crate::log::published::Trouble;
use crate::node::Node;

/// The state of the proof; nothing while there is no checkpoint.
pub(super) fn state(node: &Node) -> Option<ProofState> {
    let proof = node.proof();
    let given = proof.given()?;
    let checkpoint = SignedCheckpoint::read(&given.note).ok()?;
    let now = OffsetDateTime::now_utc();
    let trouble = proof.trouble().map(|trouble| {
        match trouble {
            Trouble::Passing => "Het bewijs kan nu niet worden bijgehouden; dit wordt opnieuw geprobeerd.",
            Trouble::Broken => "Het log is niet meer het log waarvoor getekend is.",
        }
        .to_owned()
    });
    Some(ProofState {
        origin: checkpoint.origin().to_owned(),
        size: given.size,
        records: node.access_log().length(),
        root: STANDARD.encode(checkpoint.root().0),
        signed: Some(signed(node, now)),
        key: proof.public_key(),
        trouble,
        witnesses: Vec::new(),
        neighbours: Vec::new(),
        now,
    })
}

fn signed(node: &Node, now: OffsetDateTime) -> OffsetDateTime {
    now - Duration::seconds(i64::try_from(node.proof().age()).unwrap_or(i64::MAX))
}

/// Whether the last checkpoint speaks of the record of this index.
pub(super) fn of_record(node: &Node, index: u64) -> RecordProof {
    match node.proof().given() {
        Some(given) if index < given.size => RecordProof::Signed {
            size: given.size,
            signed: signed(node, OffsetDateTime::now_utc()),
            cosigned_by: Vec::new(),
        },
        Some(_) => RecordProof::NotYet,
        None => RecordProof::Unknown,
    }
}
