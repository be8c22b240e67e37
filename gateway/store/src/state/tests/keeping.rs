//! What is changed is kept.

use super::*;
use crate::state::options::{MAX_BATCH_CHANGES, MAX_KEY_BYTES, MAX_VALUE_BYTES};

#[test]
fn what_was_committed_is_there_after_reopening_each_tree_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let options = StateOptions::new(folder.path().join("state"));
    let state = State::open(&options).unwrap();
    let (one, other) = (state.tree("one").unwrap(), state.tree("other").unwrap());
    assert_eq!(one.insert(b"a", b"1").unwrap(), None);
    assert_eq!(one.insert(b"a", b"2").unwrap(), Some(b"1".to_vec()));
    assert_eq!(other.insert(b"a", b"3").unwrap(), None);
    assert_eq!(other.insert(b"b", b"4").unwrap(), None);
    assert_eq!(other.remove(b"b").unwrap(), Some(b"4".to_vec()));
    block_on(state.commit()).unwrap();
    drop((one, other));
    state.close().unwrap();
    let state = State::open(&options).unwrap();
    assert_eq!(state.tree("one").unwrap().get(b"a").unwrap(), Some(b"2".to_vec()));
    assert_eq!(state.tree("other").unwrap().get(b"a").unwrap(), Some(b"3".to_vec()));
    assert_eq!(state.tree("other").unwrap().get(b"b").unwrap(), None);
}

#[test]
fn a_swap_happens_only_if_the_expected_value_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&StateOptions::new(folder.path())).unwrap();
    let tree = state.tree("swaps").unwrap();
    type Value = Option<&'static [u8]>;
    let cases: [(Value, Value, bool); 6] = [
        (Some(b"x"), Some(b"1"), false),
        (None, Some(b"1"), true),
        (None, Some(b"2"), false),
        (Some(b"1"), Some(b"2"), true),
        (Some(b"1"), None, false),
        (Some(b"2"), None, true),
    ];
    for (old, new, done) in cases {
        let before = tree.get(b"k").unwrap();
        let swap = tree.compare_and_swap(b"k", old, new).unwrap();
        assert!(swap == if done { Swap::Done } else { Swap::Other(before.clone()) });
        assert_eq!(tree.get(b"k").unwrap(), if done { new.map(<[u8]>::to_vec) } else { before });
    }
}

#[test]
fn a_batch_happens_whole_and_a_prefix_finds_its_keys_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&StateOptions::new(folder.path())).unwrap();
    let tree = state.tree("batches").unwrap();
    tree.insert(b"p/0", b"old").unwrap();
    let mut batch = Batch::default();
    batch.remove(b"p/0");
    for key in [b"p/3", b"p/1", b"q/1", b"p/2"] {
        batch.insert(key, key);
    }
    tree.apply(batch).unwrap();
    let found: Vec<_> = tree.scan_prefix(b"p/").map(|pair| pair.unwrap().0).collect();
    assert_eq!(found, [b"p/1", b"p/2", b"p/3"]);
}

#[test]
fn what_is_over_the_bounds_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&StateOptions::new(folder.path())).unwrap();
    let tree = state.tree("bounds").unwrap();
    let (key, value) = (vec![1; MAX_KEY_BYTES], vec![2; MAX_VALUE_BYTES]);
    let (long_key, long_value) = (vec![1; MAX_KEY_BYTES + 1], vec![2; MAX_VALUE_BYTES + 1]);
    let refused = |outcome| assert!(matches!(outcome, Err(StateFault::TooLarge { .. })));
    refused(tree.insert(&long_key, b"").map(drop));
    refused(tree.insert(b"k", &long_value).map(drop));
    refused(tree.compare_and_swap(b"k", None, Some(&long_value)).map(drop));
    refused(state.tree(&"n".repeat(65)).map(drop));
    let mut batch = Batch::default();
    batch.insert(b"k", b"fits");
    batch.insert(b"k", &long_value);
    refused(tree.apply(batch));
    let mut batch = Batch::default();
    (0..=MAX_BATCH_CHANGES).for_each(|_| batch.remove(b"k"));
    refused(tree.apply(batch));
    assert_eq!(tree.scan_prefix(b"").count(), 0);
    tree.insert(&key, &value).unwrap();
    block_on(state.commit()).unwrap();
}

#[test]
fn the_longest_values_stay_in_the_one_file_that_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&StateOptions::new(folder.path())).unwrap();
    let tree = state.tree("long").unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let tree = &tree;
            scope.spawn(move || {
                for turn in 0..1500_u64 {
                    let mut key = vec![0; MAX_KEY_BYTES - 8];
                    key.extend(((turn * 4 + writer) * 7919 % 3000).to_be_bytes());
                    if turn % 5 == 4 {
                        tree.remove(&key).unwrap();
                    } else {
                        tree.insert(&key, &vec![turn as u8; MAX_VALUE_BYTES]).unwrap();
                    }
                }
            });
        }
    });
    block_on(state.commit()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0);
}
