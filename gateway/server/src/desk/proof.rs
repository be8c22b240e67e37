//! How it stands with the log's proof, for the pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portal::{Alarm, Cosigned, NeighbourState, ProofState, RecordProof, WitnessState};
use store::proof::{Misdeed, SignedCheckpoint};
use time::{Duration, OffsetDateTime};

use crate::log::published::Trouble;
use crate::node::Node;

/// The state of the proof; nothing while there is no checkpoint.
pub(super) fn state(node: &Node) -> Option<ProofState> {
    let proof = node.proof();
    let given = proof.given()?;
    let checkpoint = SignedCheckpoint::read(&given.note).ok()?;
    let now = OffsetDateTime::now_utc();
    let witnessed = node.witnessing().snapshot();
    let accused = witnessed.witnesses.iter().any(|witness| witness.alarm.is_some());
    let trouble = proof.trouble().map(|trouble| {
        match trouble {
            Trouble::Passing => "Het bewijs kan nu niet worden bijgehouden; dit wordt opnieuw geprobeerd.",
            Trouble::Broken => "Het log is niet meer het log waarvoor getekend is.",
        }
        .to_owned()
    });
    let trouble = trouble.or_else(|| accused.then(|| ACCUSED.to_owned()));
    Some(ProofState {
        origin: checkpoint.origin().to_owned(),
        size: given.size,
        records: node.access_log().length(),
        root: STANDARD.encode(checkpoint.root().0),
        signed: Some(signed(node, now)),
        key: proof.public_key(),
        trouble,
        witnesses: witnessed.witnesses.iter().map(witness).collect(),
        neighbours: witnessed.neighbours.iter().map(neighbour).collect(),
        now,
    })
}

/// A witness holds what our own log cannot explain.
const ACCUSED: &str = "Een getuige ondertekende eerder meer of andere records mede dan ons log nu heeft.";

fn witness(state: &crate::log::witnessing::WitnessState) -> WitnessState {
    let trouble = state.trouble.is_some().then(|| "Was bij de laatste poging niet bereikbaar of weigerde.".to_owned());
    let trouble = state.alarm.as_ref().map(|_| ACCUSED.to_owned()).or(trouble);
    WitnessState { name: state.name.clone(), cosigned: cosigned(state.cosigned, state.at), trouble }
}

fn neighbour(state: &crate::log::witnessing::NeighbourState) -> NeighbourState {
    let alarm = |(misdeed, known, shown): &(Misdeed, u64, u64)| {
        let (known, shown) = (*known, *shown);
        match misdeed {
            Misdeed::Forked => Alarm::Fork { known, shown },
            Misdeed::RolledBack => Alarm::Rollback { known, shown },
            Misdeed::Unproven => Alarm::Unproven { known, shown },
        }
    };
    NeighbourState {
        name: state.origin.clone(),
        cosigned: cosigned(state.cosigned, state.at),
        alarms: state.misdeeds.iter().map(alarm).collect(),
        trouble: state.trouble.is_some().then(|| "Kon de laatste keer niet worden bekeken.".to_owned()),
    }
}

fn cosigned(size: Option<u64>, at: Option<u64>) -> Option<Cosigned> {
    let moment = |at: u64| OffsetDateTime::from_unix_timestamp(i64::try_from(at).ok()?).ok();
    Some(Cosigned { size: size?, at: at.and_then(moment) })
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
            cosigned_by: node
                .witnessing()
                .snapshot()
                .witnesses
                .into_iter()
                .filter(|witness| witness.cosigned.is_some_and(|size| index < size))
                .map(|witness| witness.name)
                .collect(),
        },
        Some(_) => RecordProof::NotYet,
        None => RecordProof::Unknown,
    }
}
