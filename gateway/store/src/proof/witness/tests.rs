//! What the witness swears to, as a table; then with many asking at once, and with the power cut.

use std::sync::Arc;

use tempfile::TempDir;
use tlog_tiles::EMPTY_HASH;

use super::*;
use crate::access_log::Content;
use crate::access_log::simulated_disk::{Dice, SimulatedDisk};
use crate::proof::{CheckpointKey, Keeper, KeeperOptions, Tiles, read_history};

const ORIGIN: &str = "node.example/log/90010001";

/// A log of a neighbour, with the key it signs with.
struct Neighbour {
    folder: TempDir,
    keeper: Keeper,
}

impl Neighbour {
    /// A log of this many records; `past` tells one past from another. All of them sign with the same key.
    fn new(key: &CheckpointKeyFile, past: &str, size: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let record = |number| Content::Record(format!("{past} {number}").into_bytes());
        let all: Vec<_> = (0..size as u64).map(|number| Ok((number, record(number)))).collect();
        let none = |_| Vec::new().into_iter();
        let mut keeper = Keeper::open(KeeperOptions::new(folder.path()), key.open(), none).unwrap();
        keeper.advance(|_| all.into_iter()).unwrap();
        Neighbour { folder, keeper }
    }

    fn checkpoint(&self, key: &CheckpointKeyFile, size: u64) -> SignedCheckpoint {
        SignedCheckpoint::sign(&key.open(), size, self.keeper.tree().root(size).unwrap()).unwrap()
    }

    fn asks(&self, key: &CheckpointKeyFile, old: u64, size: u64) -> Vec<u8> {
        let proof = if old <= size { self.keeper.tree().consistency(old, size).unwrap() } else { Vec::new() };
        Submission { old, proof, checkpoint: self.checkpoint(key, size) }.write()
    }
}

struct CheckpointKeyFile(TempDir);

impl CheckpointKeyFile {
    fn new() -> Self {
        CheckpointKeyFile(TempDir::new().unwrap())
    }
    fn open(&self) -> CheckpointKey {
        CheckpointKey::open_or_make(&self.0.path().join("key"), ORIGIN).unwrap()
    }
}

fn witness_key(folder: &Path) -> WitnessKey {
    WitnessKey::open_or_make(&folder.join("key"), "witness.example/90010002").unwrap()
}

fn witness(folder: &Path, log: &CheckpointKeyFile) -> Witness {
    Witness::open(folder, witness_key(folder), vec![log.open().public()]).unwrap()
}

fn asked(witness: &Witness, body: &[u8]) -> Result<Vec<u8>, Refused> {
    witness.submit(body, 1_000, |_| true)
}

fn standing(witness: &Witness) -> (Option<u64>, Vec<(Misdeed, u64, u64)>) {
    let one = witness.standings().remove(0);
    (one.cosigned, one.evidence.iter().map(|one| (one.misdeed, one.known, one.shown)).collect())
}

#[test]
fn only_what_continues_the_last_that_was_cosigned_is_cosigned() {
    let key = CheckpointKeyFile::new();
    let stranger = CheckpointKeyFile::new();
    let (own, other) = (Neighbour::new(&key, "own", 40), Neighbour::new(&key, "other", 40));
    let edited =
        |body: Vec<u8>, from: &str, to: &str| String::from_utf8(body).unwrap().replacen(from, to, 1).into_bytes();
    let unknown = {
        let folder = TempDir::new().unwrap();
        let key = CheckpointKey::open_or_make(&folder.path().join("key"), "nobody.example/log").unwrap();
        let checkpoint = SignedCheckpoint::sign(&key, 0, EMPTY_HASH).unwrap();
        Submission { old: 0, proof: Vec::new(), checkpoint }.write()
    };
    let nonsense = SignedCheckpoint::sign(&key.open(), 0, Hash([1; 32])).unwrap();
    let nonsense = Submission { old: 0, proof: Vec::new(), checkpoint: nonsense }.write();
    let hashes = own.keeper.tree().consistency(20, 30).unwrap();
    let with_proof =
        |old, proof: Vec<Hash>, size| Submission { old, proof, checkpoint: own.checkpoint(&key, size) }.write();
    // What was cosigned before, what is asked, and what becomes of it.
    type Expected = Result<u64, Refused>;
    let news = |misdeed, known, shown, root| Some(Evidence { misdeed, known, shown, root });
    let root = |neighbour: &Neighbour, size| neighbour.keeper.tree().root(size).unwrap();
    let cases: Vec<(&str, Option<u64>, Vec<u8>, Expected)> = vec![
        ("no submission", None, b"hello".to_vec(), Err(Refused::Malformed(Malformed::OldSize))),
        ("an unknown origin", None, unknown, Err(Refused::UnknownLog)),
        ("another key of the same name", None, own.asks(&stranger, 0, 10), Err(Refused::Untrusted)),
        ("a changed size", None, edited(own.asks(&key, 0, 10), "\n10\n", "\n11\n"), Err(Refused::Untrusted)),
        ("the first, of nothing", None, own.asks(&key, 0, 0), Ok(0)),
        ("the first, of something", None, own.asks(&key, 0, 10), Ok(10)),
        (
            "a nothing that is something",
            None,
            nonsense,
            Err(Refused::OtherRoot { known: 0, news: news(Misdeed::Forked, 0, 0, Hash([1; 32])) }),
        ),
        (
            "a first with a proof",
            None,
            with_proof(0, hashes.clone(), 30),
            Err(Refused::Unproven { known: 0, news: news(Misdeed::Unproven, 0, 30, root(&own, 30)) }),
        ),
        ("a first with an old size", None, own.asks(&key, 10, 20), Err(Refused::Conflict { known: 0 })),
        ("growth", Some(20), own.asks(&key, 20, 30), Ok(30)),
        ("growth by one", Some(20), own.asks(&key, 20, 21), Ok(21)),
        ("growth from nothing", Some(0), own.asks(&key, 0, 30), Ok(30)),
        ("the same again", Some(20), own.asks(&key, 20, 20), Ok(20)),
        (
            "the same with a proof",
            Some(20),
            with_proof(20, hashes.clone(), 20),
            Err(Refused::Unproven { known: 20, news: news(Misdeed::Unproven, 20, 20, root(&own, 20)) }),
        ),
        ("an older beginning", Some(20), own.asks(&key, 10, 30), Err(Refused::Conflict { known: 20 })),
        ("from nothing again", Some(20), own.asks(&key, 0, 30), Err(Refused::Conflict { known: 20 })),
        ("a newer beginning", Some(20), own.asks(&key, 25, 30), Err(Refused::Conflict { known: 20 })),
        ("a smaller one", Some(20), own.asks(&key, 10, 15), Err(Refused::Conflict { known: 20 })),
        ("a beginning beyond the end", Some(20), own.asks(&key, 20, 15), Err(Refused::OldBeyond)),
        (
            "no proof",
            Some(20),
            with_proof(20, Vec::new(), 30),
            Err(Refused::Unproven { known: 20, news: news(Misdeed::Unproven, 20, 30, root(&own, 30)) }),
        ),
        (
            "too long a proof",
            Some(20),
            with_proof(20, [&hashes[..], &[Hash([0; 32])]].concat(), 30),
            Err(Refused::Unproven { known: 20, news: news(Misdeed::Unproven, 20, 30, root(&own, 30)) }),
        ),
        (
            "the same size with another root",
            Some(20),
            other.asks(&key, 20, 20),
            Err(Refused::OtherRoot { known: 20, news: news(Misdeed::Forked, 20, 20, root(&other, 20)) }),
        ),
        (
            "the same from an old size",
            Some(20),
            other.asks(&key, 10, 20),
            Err(Refused::OtherRoot { known: 20, news: news(Misdeed::Forked, 20, 20, root(&other, 20)) }),
        ),
        (
            "another past",
            Some(20),
            other.asks(&key, 20, 30),
            Err(Refused::Unproven { known: 20, news: news(Misdeed::Unproven, 20, 30, root(&other, 30)) }),
        ),
    ];
    for (what, before, body, expected) in cases {
        let folder = TempDir::new().unwrap();
        let witness = witness(folder.path(), &key);
        if let Some(size) = before {
            asked(&witness, &own.asks(&key, 0, size)).unwrap();
        }
        let answer = asked(&witness, &body);
        let deeds = matches!(&expected, Err(Refused::OtherRoot { .. } | Refused::Unproven { .. }));
        match (answer, expected) {
            (Ok(line), Ok(size)) => {
                let mut cosigned = own.checkpoint(&key, size);
                assert_eq!(cosigned.accept(&line, &witness.public_key()), Some(1_000), "{what}");
                assert_eq!(standing(&witness).0, Some(size), "{what}");
            }
            (Err(refused), Err(expected)) => {
                assert_eq!(refused, expected, "{what}");
                assert_eq!(standing(&witness).0, before, "{what}: nothing changed");
            }
            (answer, expected) => panic!("{what}: {answer:?}, not {expected:?}"),
        }
        assert_eq!(standing(&witness).1.len(), usize::from(deeds), "{what}");
        // What it swore to and what it saw is there after a restart, and evidence of the same is news once only.
        let stood = standing(&witness);
        drop(witness);
        let again = self::witness(folder.path(), &key);
        assert_eq!(standing(&again), stood, "{what}");
        let news = |refused| {
            matches!(refused, Err(Refused::OtherRoot { news: Some(_), .. } | Refused::Unproven { news: Some(_), .. }))
        };
        assert!(!news(asked(&again, &body)), "{what}");
    }
}

#[test]
fn a_stranger_with_a_bad_proof_says_nothing_about_the_log() {
    let (key, folder) = (CheckpointKeyFile::new(), TempDir::new().unwrap());
    let own = Neighbour::new(&key, "own", 40);
    let witness = witness(folder.path(), &key);
    asked(&witness, &own.asks(&key, 0, 20)).unwrap();
    let replayed = Submission { old: 20, proof: Vec::new(), checkpoint: own.checkpoint(&key, 30) }.write();
    let refused = witness.submit(&replayed, 1_000, |_| false);
    assert_eq!(refused, Err(Refused::Unproven { known: 20, news: None }));
    assert_eq!(standing(&witness), (Some(20), Vec::new()));
    assert!(asked(&witness, &own.asks(&key, 20, 30)).is_ok(), "and the log itself goes on");
}

#[test]
fn evidence_is_both_checkpoints_as_they_were_signed_and_is_bounded() {
    let (key, folder) = (CheckpointKeyFile::new(), TempDir::new().unwrap());
    let own = Neighbour::new(&key, "own", 40);
    let witness = witness(folder.path(), &key);
    asked(&witness, &own.asks(&key, 0, 20)).unwrap();
    for past in 0..30 {
        let other = Neighbour::new(&key, &format!("other {past}"), 20);
        assert!(matches!(asked(&witness, &other.asks(&key, 20, 20)), Err(Refused::OtherRoot { .. })));
    }
    assert_eq!(standing(&witness).1.len(), 16);
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path().join(EVIDENCE)).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 16);
    files.sort();
    let both = read_history(&files[0]).unwrap();
    let trust = Trust { log: key.open().public(), witnesses: vec![witness.public_key()] };
    assert_eq!((both.len(), both[0].verify(&trust).unwrap().len()), (2, 1), "the first bears our own cosignature");
    assert!(both[1].verify(&trust).is_ok() && both[0].size() == both[1].size() && both[0].root() != both[1].root());
}

#[test]
fn what_a_log_gives_out_is_held_against_what_is_known_of_it() {
    let (key, folder) = (CheckpointKeyFile::new(), TempDir::new().unwrap());
    let (own, other) = (Neighbour::new(&key, "own", 700), Neighbour::new(&key, "other", 700));
    let witness = witness(folder.path(), &key);
    let look = |neighbour: &Neighbour, size, before| {
        witness.look(ORIGIN, &neighbour.checkpoint(&key, size).write(), before).unwrap()
    };
    let is_misdeed = |seen: &Witnessing| matches!(seen, Witnessing::Misdeed(Some(_)));
    asked(&witness, &own.asks(&key, 0, 300)).unwrap();
    assert_eq!(look(&own, 300, 300), Witnessing::Known);
    assert_eq!(look(&own, 200, 200), Witnessing::Known, "asked for before the last was cosigned");
    assert!(is_misdeed(&look(&other, 300, 300)));
    assert!(is_misdeed(&look(&own, 200, 300)));
    assert_eq!(standing(&witness).1, [(Misdeed::Forked, 300, 300), (Misdeed::RolledBack, 300, 200)]);
    // Ahead: its own hashes tell.
    for (neighbour, size, continues) in [(&other, 600, false), (&own, 600, true)] {
        let Witnessing::Ahead { known, shown } = look(neighbour, size, 300) else { panic!("{size} is ahead") };
        assert_eq!((known.0, shown.0), (300, size));
        let said = judged(known, shown, |path| neighbour.keeper.tree().tile(path, size)).unwrap();
        assert_eq!(said, continues);
        let note = neighbour.checkpoint(&key, size).write();
        assert_eq!(is_misdeed(&witness.judge(ORIGIN, &note, said).unwrap()), !continues);
    }
    // What was seen counts from then on.
    assert_eq!(witness.known(ORIGIN).unwrap().0, 600);
    assert!(is_misdeed(&look(&own, 550, 600)));
    assert!(matches!(asked(&witness, &other.asks(&key, 300, 600)), Err(Refused::OtherRoot { known: 300, .. })));
    // Hashes that are not those of the checkpoint prove nothing.
    let shown = (600, own.keeper.tree().root(600).unwrap());
    let known = (300, own.keeper.tree().root(300).unwrap());
    assert!(judged(known, shown, |path| other.keeper.tree().tile(path, 600)).is_err());
    assert!(judged(known, shown, |_| Some(vec![0; 31])).is_err());
    assert!(judged(known, (u64::MAX, shown.1), |_| Some(vec![0; 32])).is_err());
    assert_eq!(witness.look(ORIGIN, b"nothing", 0), Err(Refused::Malformed(Malformed::Checkpoint)));
    let stranger = CheckpointKeyFile::new();
    assert_eq!(witness.look(ORIGIN, &own.checkpoint(&stranger, 9).write(), 0), Err(Refused::Untrusted));
    assert!(read_history(&own.folder.path().join("checkpoints")).unwrap().is_empty());
}

fn judged(known: (u64, Hash), shown: (u64, Hash), tile: impl Fn(&str) -> Option<Vec<u8>>) -> Result<bool, ProofFault> {
    let mut tiles = Tiles::new(known, shown);
    match tiles.judge()? {
        Ok(said) => return Ok(said),
        Err(needed) => {
            needed.into_iter().for_each(|path| tiles.give(path.clone(), tile(&path).unwrap_or_default()));
        }
    }
    Ok(tiles.judge()?.expect("everything was given"))
}

#[test]
fn a_memory_that_cannot_be_believed_cosigns_nothing_and_stops_nobody() {
    let (key, folder) = (CheckpointKeyFile::new(), TempDir::new().unwrap());
    let own = Neighbour::new(&key, "own", 40);
    asked(&witness(folder.path(), &key), &own.asks(&key, 0, 20)).unwrap();
    let named = |end: &str| {
        let all = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        all.into_iter().find(|file| file.to_string_lossy().ends_with(end)).unwrap()
    };
    let file = named(".cosigned");
    let whole = std::fs::read(&file).unwrap();
    let bare = own.checkpoint(&key, 10).write();
    for bad in [b"".to_vec(), b"garbage".to_vec(), whole[..whole.len() - 9].to_vec(), bare] {
        std::fs::write(&file, &bad).unwrap();
        let witness = witness(folder.path(), &key);
        assert!(matches!(asked(&witness, &own.asks(&key, 0, 20)), Err(Refused::Unavailable(_))));
        assert!(witness.standings()[0].unusable.is_some());
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(standing(&witness(folder.path(), &key)).0, Some(20));
}

#[test]
fn of_many_that_ask_at_once_from_the_same_size_only_one_past_is_cosigned() {
    let key = CheckpointKeyFile::new();
    let pasts: Arc<Vec<Vec<Vec<u8>>>> = Arc::new(
        (0..4)
            .map(|past| {
                let neighbour = Neighbour::new(&key, &format!("past {past}"), 6);
                (1..=6).map(|size| neighbour.asks(&key, 0, size)).collect()
            })
            .collect(),
    );
    for _ in 0..2 {
        let folder = TempDir::new().unwrap();
        let witness = Arc::new(witness(folder.path(), &key));
        let askers: Vec<_> = (0..4)
            .map(|past| {
                let (witness, pasts) = (witness.clone(), pasts.clone());
                std::thread::spawn(move || pasts[past].iter().filter(|body| asked(&witness, body).is_ok()).count())
            })
            .collect();
        let cosigned: usize = askers.into_iter().map(|asker| asker.join().unwrap()).sum();
        assert_eq!(cosigned, 1, "all began at nothing, so one of them was first and all others came too late");
    }
}

/// A power cut at any moment, and whatever was cosigned before it: what is cosigned after it continues that.
#[test]
fn no_power_cut_makes_a_witness_cosign_two_pasts() {
    let key = CheckpointKeyFile::new();
    let keys = TempDir::new().unwrap();
    let pasts = [Neighbour::new(&key, "own", 12), Neighbour::new(&key, "other", 12)];
    let open = |disk: &SimulatedDisk, evidence: &SimulatedDisk| {
        Witness::on(disk, evidence, witness_key(keys.path()), vec![key.open().public()]).unwrap()
    };
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let (mut disk, evidence) = (SimulatedDisk::default(), SimulatedDisk::default());
        // Every size with the past it was cosigned of.
        let mut sworn: Vec<(u64, usize)> = Vec::new();
        for _ in 0..4 {
            let witness = open(&disk, &evidence);
            let stop = dice.below(4);
            for round in 0..4 {
                // Some of the writes fail half way, as when the disk fills up or the power goes during them.
                let fails = round == stop;
                disk.faults(|faults| {
                    faults.write_stops_after = (fails && seed % 3 == 0).then_some(100);
                    faults.sync_fails = fails && seed % 3 == 1;
                });
                let (known, _) = witness.known(ORIGIN).unwrap();
                let (past, size) = (dice.below(2), 1 + dice.below(12) as u64);
                if size < known {
                    continue;
                }
                let cut = disk.cut_power(&mut dice);
                match witness.submit(&pasts[past].asks(&key, known, size), 1, |_| true) {
                    Ok(_) => sworn.push((size, past)),
                    Err(Refused::Unavailable(_)) if dice.below(2) == 0 => {
                        disk = cut;
                        break;
                    }
                    Err(_) => {}
                }
            }
            disk.faults(|faults| *faults = Default::default());
            drop(witness);
            disk = disk.cut_power(&mut dice);
        }
        assert!(sworn.windows(2).all(|two| two[0].0 <= two[1].0), "{seed}: {sworn:?}");
        assert!(sworn.iter().all(|one| one.1 == sworn[0].1), "{seed}: {sworn:?}");
        if let Some((size, _)) = sworn.last() {
            let known = open(&disk, &evidence).known(ORIGIN).unwrap().0;
            assert!(known >= *size, "{seed}: {size} was cosigned, {known} is remembered");
        }
    }
}
