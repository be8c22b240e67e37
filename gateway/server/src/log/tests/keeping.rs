//! The tree beside the log while the node runs, and what a node refuses to start over.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use store::access_log::read;
use store::proof::{HISTORY, leaf_hash, read_history};
use tempfile::TempDir;

use super::{NAME, World, copy, copy_file, open, records};
use crate::log::keeping::{Keeping, Origin};
use crate::log::places::Places;
use crate::log::verify::{VerifyOptions, verify};

fn origin(chosen: Option<&str>) -> Origin {
    Origin { chosen: chosen.map(str::to_owned), usual: NAME.into() }
}

fn last(places: &Places) -> u64 {
    read_history(&places.proof.join(HISTORY)).unwrap().pop().unwrap().size()
}

#[test]
fn the_tree_is_kept_up_and_signed_for_at_the_latest_when_the_node_stops() {
    let folder = TempDir::new().unwrap();
    let places = Places::of_store(folder.path());
    let all = records("own");
    let day = Duration::from_secs(86_400);
    for (round, before) in [(0, 0), (1, 20), (2, 40)] {
        let log = Arc::new(open(&places.records));
        let (keeping, published) = Keeping::start(log.clone(), &places, &origin(None), day).unwrap();
        assert_eq!(published.given().unwrap().size, before as u64, "round {round}");
        for record in &all[before..before + 20] {
            log.try_reserve().unwrap().write_detached(record.clone()).unwrap();
        }
        while log.length() < before as u64 + 20 {
            std::thread::yield_now();
        }
        drop(keeping);
        let given = published.given().unwrap();
        assert_eq!((given.size, last(&places), published.trouble()), (before as u64 + 20, before as u64 + 20, None));
        assert_eq!(given.tile(&format!("0/000.p/{}", before + 20)).unwrap()[..32], leaf_hash(&all[0]).0);
        assert_eq!(given.tile("0/000"), None);
    }
    let options = VerifyOptions { folder: Some(places.records.clone()), ..VerifyOptions::default() };
    assert!(verify(&options).unwrap().is_good());
    assert_eq!(read(&places.records).count(), 60);
}

#[test]
fn a_node_does_not_start_over_a_log_that_is_not_the_one_that_was_signed_for() {
    type Deed = (fn(&World), Option<&'static str>, &'static str);
    let deeds: [Deed; 8] = [
        (|world| world.change(|all| all.truncate(55)), None, "the log holds fewer"),
        (|world| world.change(|all| all[59][40] ^= 1), None, "record 59 is not the one"),
        (|world| copy(&world.other.records, &world.own.records), None, "record 59 is not the one"),
        (|world| fs::remove_file(&world.own.key).unwrap(), None, "signing key"),
        (|world| fs::remove_file(world.history()).unwrap(), None, "checkpoints in"),
        (|world| fs::remove_dir_all(&world.own.proof).unwrap(), None, "checkpoints in"),
        (|world| copy_file(&world.other.key, &world.own.key), None, "which is another one"),
        (|_| (), Some("chosen.example"), "set log.origin to that name"),
    ];
    let start = |world: &World, chosen: Option<&str>| {
        let log = Arc::new(open(&world.own.records));
        Keeping::start(log, &world.own, &origin(chosen), Duration::from_secs(10)).map(|_| ())
    };
    assert_eq!(start(&World::new(), None), Ok(()));
    assert_eq!(start(&World::new(), Some(NAME)), Ok(()));
    for (done, chosen, says) in deeds {
        let world = World::new();
        done(&world);
        let fault = start(&world, chosen).expect_err(says);
        assert!(fault.contains(says), "{says} is not in: {fault}");
        assert_eq!(start(&world, chosen), Err(fault), "and not the second time either");
    }
    // A node of before there was a proof begins one.
    let world = World::new();
    fs::remove_dir_all(&world.own.proof).unwrap();
    fs::remove_file(&world.own.key).unwrap();
    assert_eq!(start(&world, None), Ok(()));
    assert_eq!(last(&world.own), 60);
}
