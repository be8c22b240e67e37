//! How a log asks a witness for its cosignature: the body of `add-checkpoint` (C2SP tlog-witness). Read from strangers, so
//! within bounds, and nothing in it is believed yet.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::SignedCheckpoint;
use super::tree::Hash;

/// C2SP tlog-witness, "add-checkpoint": a client sends no more proof lines.
const MOST_HASHES: usize = 63;
/// The proof's lines at their longest, the first line, and room for a checkpoint with some cosignatures.
pub const LONGEST_SUBMISSION: usize = 12 << 10;

/// A checkpoint, and the proof that it continues the one of `old` records.
#[derive(Debug)]
pub struct Submission {
    pub old: u64,
    pub proof: Vec<Hash>,
    pub checkpoint: SignedCheckpoint,
}

/// Why a body is no submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the body is too long")]
    TooLong,
    #[error("the first line is not `old` and a size")]
    OldSize,
    #[error("a line of the proof is no hash")]
    Hash,
    #[error("the proof has more than 63 lines")]
    TooManyHashes,
    #[error("there is no signed checkpoint after an empty line")]
    Checkpoint,
}

impl Submission {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is none, or longer than one need be.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        if body.len() > LONGEST_SUBMISSION {
            return Err(Malformed::TooLong);
        }
        let (first, mut rest) = line(body).ok_or(Malformed::OldSize)?;
        let old = first.strip_prefix(b"old ").and_then(decimal).ok_or(Malformed::OldSize)?;
        let mut proof = Vec::new();
        loop {
            let (text, after) = line(rest).ok_or(Malformed::Checkpoint)?;
            rest = after;
            if text.is_empty() {
                break;
            }
            if proof.len() == MOST_HASHES {
                return Err(Malformed::TooManyHashes);
            }
            proof.push(hash(text).ok_or(Malformed::Hash)?);
        }
        let checkpoint = SignedCheckpoint::read(rest).map_err(|_| Malformed::Checkpoint)?;
        Ok(Submission { old, proof, checkpoint })
    }

    pub fn write(&self) -> Vec<u8> {
        let mut body = format!("old {}\n", self.old);
        for hash in &self.proof {
            body.push_str(&STANDARD.encode(hash.0));
            body.push('\n');
        }
        body.push('\n');
        [body.into_bytes(), self.checkpoint.write()].concat()
    }
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}

/// ASCII digits without a leading zero, as the standard has them.
fn decimal(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

fn hash(text: &[u8]) -> Option<Hash> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(Hash(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{CheckpointKey, ProofFault};
    use super::*;

    fn note() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let key = CheckpointKey::open_or_make(&folder.path().join("key"), "node.example/log/1").unwrap();
        SignedCheckpoint::sign(&key, 7, Hash([3; 32])).unwrap().write()
    }

    fn body(head: &str) -> Vec<u8> {
        [head.as_bytes(), b"\n", &note()].concat()
    }

    #[test]
    fn a_body_is_read_as_the_standard_has_it_and_otherwise_refused_with_the_reason() {
        let hash = format!("{}\n", STANDARD.encode([1; 32]));
        type Read = Result<(u64, usize), Malformed>;
        let cases: [(&str, Read); 14] = [
            ("old 0\n", Ok((0, 0))),
            (&format!("old 5\n{hash}"), Ok((5, 1))),
            (&format!("old 5\n{}", hash.repeat(63)), Ok((5, 63))),
            ("old 18446744073709551615\n", Ok((u64::MAX, 0))),
            (&format!("old 5\n{}", hash.repeat(64)), Err(Malformed::TooManyHashes)),
            ("old 05\n", Err(Malformed::OldSize)),
            ("old +5\n", Err(Malformed::OldSize)),
            ("old -1\n", Err(Malformed::OldSize)),
            ("old  5\n", Err(Malformed::OldSize)),
            ("old 18446744073709551616\n", Err(Malformed::OldSize)),
            ("new 5\n", Err(Malformed::OldSize)),
            ("old 5\r\n", Err(Malformed::OldSize)),
            ("old 5\nAAAA\n", Err(Malformed::Hash)),
            ("old 5\n!\n", Err(Malformed::Hash)),
        ];
        for (head, expected) in cases {
            let read = Submission::read(&body(head)).map(|read| (read.old, read.proof.len()));
            assert_eq!(read, expected, "{head}");
        }
        for (body, expected) in [
            (Vec::new(), Malformed::OldSize),
            (b"old 0\n".to_vec(), Malformed::Checkpoint),
            (b"old 0\n\n".to_vec(), Malformed::Checkpoint),
            (b"old 0\n\nnode.example\n1\n".to_vec(), Malformed::Checkpoint),
            (vec![b'a'; LONGEST_SUBMISSION + 1], Malformed::TooLong),
        ] {
            assert_eq!(Submission::read(&body).unwrap_err(), expected);
        }
    }

    #[test]
    fn the_largest_proof_leaves_room_for_a_checkpoint_with_cosignatures() {
        let submission = Submission {
            old: u64::MAX,
            proof: vec![Hash([255; 32]); MOST_HASHES],
            checkpoint: SignedCheckpoint::read(&note()).unwrap(),
        };
        assert!(submission.write().len() + 32 * 256 < LONGEST_SUBMISSION);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(old: u64, hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..=63)) {
            let proof: Vec<Hash> = hashes.into_iter().map(Hash).collect();
            let checkpoint = SignedCheckpoint::read(&note()).unwrap();
            let written = Submission { old, proof: proof.clone(), checkpoint }.write();
            let read = Submission::read(&written).unwrap();
            prop_assert_eq!((read.old, &read.proof), (old, &proof));
            prop_assert_eq!(read.write(), written);
        }

        #[test]
        fn no_body_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Submission::read(&bytes);
        }

        #[test]
        fn no_changed_body_makes_it_panic_and_what_is_read_was_written_so(
            at in 0_usize..400, byte: u8, cut in 0_usize..400,
        ) {
            let mut bytes = body(&format!("old 5\n{}\n", STANDARD.encode([1; 32])));
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len().saturating_sub(cut % 50 * usize::from(cut % 3 == 0)));
            if let Ok(read) = Submission::read(&bytes) {
                prop_assert_eq!(read.write(), bytes);
            }
        }

        #[test]
        fn no_answer_makes_a_checkpoint_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let folder = tempfile::tempdir().unwrap();
            let witness = super::super::WitnessKey::open_or_make(&folder.path().join("w"), "w.example").unwrap();
            let mut checkpoint = SignedCheckpoint::read(&note()).unwrap();
            let before = checkpoint.write();
            prop_assert_eq!(checkpoint.accept(&bytes, &witness.public()), None);
            prop_assert_eq!(checkpoint.write(), before);
        }
    }

    #[test]
    fn a_cosignature_is_taken_over_once_and_only_from_the_witness_itself() -> Result<(), ProofFault> {
        let folder = tempfile::tempdir().unwrap();
        let key = |name: &str| super::super::WitnessKey::open_or_make(&folder.path().join(name), "w.example");
        let (witness, other) = (key("one")?, key("other")?);
        let mut checkpoint = SignedCheckpoint::read(&note())?;
        let bare = checkpoint.write();
        let (first, second) = (checkpoint.cosignature(&witness, 10)?, checkpoint.cosignature(&witness, 20)?);
        assert_eq!(checkpoint.accept(&checkpoint.cosignature(&other, 10)?, &witness.public()), None);
        assert_eq!(checkpoint.write(), bare);
        let among = [&checkpoint.cosignature(&other, 5)?[..], b"garbage\n", &first].concat();
        assert_eq!(checkpoint.accept(&among, &witness.public()), Some(10));
        assert_eq!(checkpoint.write(), [&bare[..], &first].concat());
        assert_eq!(checkpoint.accept(&second, &witness.public()), Some(20));
        assert_eq!(checkpoint.write(), [&bare[..], &second].concat());
        assert_eq!(checkpoint.accept(&checkpoint.cosignature(&other, 30)?, &other.public()), Some(30));
        assert_eq!(
            checkpoint.signature_lines().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(),
            3
        );
        Ok(())
    }
}
