//! Each kind of tampering, done by somebody who gets all checksums right.

use std::collections::BTreeSet;
use std::fs;

use store::proof::HISTORY;

use super::{NAME, SIZES, World, build, copy, copy_file, record, records};

/// The kinds of tampering.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    FlipAByte,
    Drop,
    Reorder,
    Insert,
    Truncate,
    ReplayAnOlderCopy,
    SwapLogs,
    SignWithAnotherKey,
    RollBackTheCheckpoint,
    EditAnErasedLeaf,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::FlipAByte,
        Kind::Drop,
        Kind::Reorder,
        Kind::Insert,
        Kind::Truncate,
        Kind::ReplayAnOlderCopy,
        Kind::SwapLogs,
        Kind::SignWithAnotherKey,
        Kind::RollBackTheCheckpoint,
        Kind::EditAnErasedLeaf,
    ];
}

/// What somebody did, and by what an auditor finds it.
struct Deed {
    kind: Kind,
    what: &'static str,
    done: fn(&World),
    found_by: Means,
    says: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Means {
    /// The log's own folder.
    Alone = 0,
    /// A checkpoint that somebody kept.
    Kept = 1,
    /// The public key from elsewhere.
    Key = 2,
}

/// All kinds but the last, which is in the table of `erased`; some in several ways.
const DEEDS: &[Deed] = &[
    Deed {
        kind: Kind::FlipAByte,
        what: "a byte flipped on the disk",
        done: |world| {
            let file = world.segment(1);
            let mut bytes = fs::read(&file).unwrap();
            bytes[600] ^= 1;
            fs::write(file, bytes).unwrap();
        },
        found_by: Means::Alone,
        says: &["on the log cannot be read: file 000000000000000000", ".log at offset 512: a batch"],
    },
    Deed {
        kind: Kind::FlipAByte,
        what: "a byte flipped with all checksums made right",
        done: |world| world.change(|all| all[25][40] ^= 1),
        found_by: Means::Alone,
        says: &[
            "the tree was built from another record 25",
            "records 20 to 39 are not those that the log's own checkpoint of 40 records was signed for",
        ],
    },
    Deed {
        kind: Kind::FlipAByte,
        what: "a byte flipped, and the tree's hashes thrown away",
        done: |world| {
            world.change(|all| all[25][40] ^= 1);
            fs::remove_file(world.own.proof.join("hashes")).unwrap();
        },
        found_by: Means::Alone,
        says: &["records 20 to 39 are not those that the log's own checkpoint of 40 records was signed for"],
    },
    Deed {
        kind: Kind::Drop,
        what: "a record dropped",
        done: |world| world.change(|all| drop(all.remove(30))),
        found_by: Means::Alone,
        says: &["another record 30", "records 20 to 39 are not", "speaks of 60 records, the log holds 59"],
    },
    Deed {
        kind: Kind::Drop,
        what: "a segment dropped",
        done: |world| fs::remove_file(world.segment(1)).unwrap(),
        found_by: Means::Alone,
        says: &["on the log cannot be read", "the segment after this one is missing", "records are gone"],
    },
    Deed {
        kind: Kind::Reorder,
        what: "two records in another order",
        done: |world| world.change(|all| all.swap(44, 45)),
        found_by: Means::Alone,
        says: &["another record 44", "another record 45", "records 40 to 59 are not"],
    },
    Deed {
        kind: Kind::Insert,
        what: "a record put in",
        done: |world| world.change(|all| all.insert(50, record("false", 50))),
        found_by: Means::Alone,
        says: &["another record 50", "records 40 to 59 are not"],
    },
    Deed {
        kind: Kind::Truncate,
        what: "the end cut off",
        done: |world| world.change(|all| all.truncate(55)),
        found_by: Means::Alone,
        says: &["the log's own checkpoint speaks of 60 records, the log holds 55: records are gone"],
    },
    Deed {
        kind: Kind::ReplayAnOlderCopy,
        what: "an older copy of the records put back",
        done: |world| copy(&world.older.records, &world.own.records),
        found_by: Means::Alone,
        says: &["the log's own checkpoint speaks of 60 records, the log holds 40: records are gone"],
    },
    Deed {
        kind: Kind::ReplayAnOlderCopy,
        what: "an older copy of records and proof put back",
        done: |world| {
            copy(&world.older.records, &world.own.records);
            copy(&world.older.proof, &world.own.proof);
        },
        found_by: Means::Kept,
        says: &[
            "a kept checkpoint of 60 records was given out, but is not among the log's own, whose last speaks of 40",
            "a kept checkpoint speaks of 60 records, the log holds 40",
        ],
    },
    Deed {
        kind: Kind::SwapLogs,
        what: "another node's records in the place of these",
        done: |world| copy(&world.other.records, &world.own.records),
        found_by: Means::Alone,
        says: &["another record 0", "records 0 to 19 are not those that the log's own checkpoint of 20"],
    },
    Deed {
        kind: Kind::SwapLogs,
        what: "another node's records and proof in the place of these",
        done: |world| {
            copy(&world.other.records, &world.own.records);
            copy(&world.other.proof, &world.own.proof);
        },
        found_by: Means::Alone,
        says: &["the log's own checkpoint of 20 records is not believed", "it is of another log"],
    },
    Deed {
        kind: Kind::SwapLogs,
        what: "another node's records, proof and key in the place of these",
        done: |world| {
            copy(&world.other.records, &world.own.records);
            copy(&world.other.proof, &world.own.proof);
            copy_file(&world.other.key, &world.own.key);
        },
        found_by: Means::Key,
        says: &["the log's own checkpoint of 60 records is not believed", "it is of another log"],
    },
    Deed {
        kind: Kind::SignWithAnotherKey,
        what: "another past, signed with another key of the same name: who knows the key",
        done: another_past_under_another_key,
        found_by: Means::Key,
        says: &[
            "the log's own checkpoint of 60 records is not believed",
            "the log's own signature is missing or wrong",
        ],
    },
    Deed {
        kind: Kind::SignWithAnotherKey,
        what: "another past, signed with another key of the same name: who kept a checkpoint",
        done: another_past_under_another_key,
        found_by: Means::Kept,
        says: &["a kept checkpoint of 60 records is not believed", "the log's own signature is missing or wrong"],
    },
    Deed {
        kind: Kind::RollBackTheCheckpoint,
        what: "another past, signed with the log's own key",
        done: |world| {
            let mut all = records("own");
            all[25] = record("false", 25);
            fs::remove_dir_all(&world.own.records).unwrap();
            fs::remove_dir_all(&world.own.proof).unwrap();
            build(world.own.key.parent().unwrap(), NAME, &all, &SIZES);
        },
        found_by: Means::Kept,
        says: &["a kept checkpoint of 60 records was signed for other records than these"],
    },
    Deed {
        kind: Kind::RollBackTheCheckpoint,
        what: "the last checkpoint taken away",
        done: |world| copy_file(&world.older.proof.join(HISTORY), &world.history()),
        found_by: Means::Kept,
        says: &[
            "a kept checkpoint of 60 records was given out, but is not among the log's own, whose last speaks of 40",
        ],
    },
    Deed {
        kind: Kind::RollBackTheCheckpoint,
        what: "the checkpoint rolled back to an older one",
        done: |world| {
            let older = fs::read(world.older.proof.join(HISTORY)).unwrap();
            let whole = fs::read(world.history()).unwrap();
            fs::write(world.history(), [whole, older].concat()).unwrap();
        },
        found_by: Means::Alone,
        says: &["after a checkpoint of 60 records one of 20 was signed"],
    },
    Deed {
        kind: Kind::RollBackTheCheckpoint,
        what: "a checkpoint edited",
        done: |world| {
            let text = fs::read_to_string(world.history()).unwrap();
            fs::write(world.history(), text.replacen("\n40\n", "\n41\n", 1)).unwrap();
        },
        found_by: Means::Alone,
        says: &["the log's own checkpoint of 40 records is not believed"],
    },
    Deed {
        kind: Kind::FlipAByte,
        what: "the tree's hashes edited",
        done: |world| {
            let file = world.own.proof.join("hashes");
            let mut bytes = fs::read(&file).unwrap();
            // The leaf of record 2 stands behind two leaves and their parent.
            bytes[3 * 32] ^= 1;
            fs::write(file, bytes).unwrap();
        },
        found_by: Means::Alone,
        says: &["the tree was built from another record 2"],
    },
];

fn another_past_under_another_key(world: &World) {
    let mut all = records("own");
    all[25] = record("false", 25);
    let folder = world.own.key.parent().unwrap().to_owned();
    fs::remove_dir_all(&folder).unwrap();
    build(&folder, NAME, &all, &SIZES);
}

#[test]
fn every_kind_of_tampering_is_found_and_said_what_and_where() {
    assert_eq!(World::new().said().concat(), [""; 0], "nothing is said of a log that nobody touched");
    let kinds: BTreeSet<Kind> = DEEDS.iter().map(|deed| deed.kind).collect();
    assert_eq!(Vec::from_iter(kinds), Kind::ALL[..9]);
    for deed in DEEDS {
        let world = World::new();
        (deed.done)(&world);
        let said = world.said();
        let means = deed.found_by as usize;
        for part in deed.says {
            let found = said[means].iter().any(|sentence| sentence.contains(part));
            assert!(found, "{} ({:?}): {part} is not in {:#?}", deed.what, deed.found_by, said[means]);
        }
        // What needs help from elsewhere truly does; otherwise the case would show less than it says.
        assert_eq!(said[0].is_empty(), deed.found_by != Means::Alone, "{}: {:#?}", deed.what, said[0]);
    }
}
