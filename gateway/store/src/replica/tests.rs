use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn put(key: &str, terms: &[&str], value: &str) -> Change {
    let terms = terms.iter().map(|term| term.as_bytes().to_vec()).collect();
    Change::Put { key: key.into(), terms, value: value.into() }
}

fn remove(key: &str) -> Change {
    Change::Remove { key: key.into() }
}

fn open(folder: &tempfile::TempDir) -> Replica {
    Replica::open(folder.path().join("replica"), 4 << 20).unwrap()
}

fn texts(found: Vec<Record>) -> Vec<(String, String)> {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    found.into_iter().map(|(key, value)| (text(key), text(value))).collect()
}

#[test]
fn a_record_is_found_by_its_key_and_by_the_terms_that_it_has_now() {
    let folder = tempfile::tempdir().unwrap();
    let replica = open(&folder);
    replica.apply(&[put("a", &["x", "y"], "1"), put("b", &["x"], "2"), put("a", &["y", "z"], "3")]).unwrap();
    assert_eq!(replica.get(b"a").unwrap().as_deref(), Some(b"3".as_slice()));
    assert_eq!(texts(replica.with_term(b"x", 9).unwrap()), [("b".into(), "2".into())]);
    assert_eq!(texts(replica.with_term(b"z", 9).unwrap()), [("a".into(), "3".into())]);
    // A term is none of another that begins alike.
    assert!(replica.with_term(b"", 9).unwrap().is_empty());
    replica.apply(&[remove("a"), remove("never")]).unwrap();
    assert_eq!(replica.get(b"a").unwrap(), None);
    assert!(replica.with_term(b"y", 9).unwrap().is_empty());
    assert_eq!(texts(replica.all(b"").map(Result::unwrap).collect()), [("b".into(), "2".into())]);
}

#[test]
fn what_was_read_before_a_change_is_not_told_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let replica = open(&folder);
    assert!(replica.with_term(b"x", 9).unwrap().is_empty() && replica.get(b"a").unwrap().is_none());
    replica.apply(&[put("a", &["x"], "1"), put("b", &["x"], "2"), put("c", &["x"], "3")]).unwrap();
    // Few of many are not all of them.
    assert_eq!(replica.with_term(b"x", 2).unwrap().len(), 2);
    assert_eq!(replica.with_term(b"x", 9).unwrap().len(), 3);
    assert_eq!(replica.with_term(b"x", 1).unwrap().len(), 1);
    replica.apply(&[put("a", &["x"], "4"), put("b", &["y"], "5"), remove("c")]).unwrap();
    assert_eq!(texts(replica.with_term(b"x", 9).unwrap()), [("a".into(), "4".into())]);
    assert_eq!(texts(replica.with_term(b"y", 9).unwrap()), [("b".into(), "5".into())]);
    assert_eq!(replica.get(b"c").unwrap(), None);
}

#[test]
fn who_reads_while_another_changes_sees_in_the_end_what_was_put_last() {
    let folder = tempfile::tempdir().unwrap();
    let replica = open(&folder);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for number in 0..300 {
                replica.apply(&[put("a", &[if number % 2 == 0 { "x" } else { "y" }], &number.to_string())]).unwrap();
            }
        });
        while !writing.is_finished() {
            replica.get(b"a").unwrap();
            replica.with_term(b"x", 9).unwrap();
            replica.with_term(b"y", 9).unwrap();
        }
    });
    assert_eq!(replica.get(b"a").unwrap().as_deref(), Some(b"299".as_slice()));
    assert!(replica.with_term(b"x", 9).unwrap().is_empty());
    assert_eq!(replica.with_term(b"y", 9).unwrap().len(), 1);
}

#[test]
fn no_more_are_given_than_asked_for_and_what_is_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let replica = open(&folder);
    let many: Vec<Change> = (0..200).map(|n| put(&format!("k{n:03}"), &["x"], "v")).collect();
    replica.apply(&many).unwrap();
    assert_eq!(replica.with_term(b"x", 7).unwrap().len(), 7);
    assert_eq!(replica.all(b"k1").count(), 100);
    let terms: Vec<String> = (0..=MAX_TERMS).map(|n| n.to_string()).collect();
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    for wrong in
        [put("k", &terms, ""), put(&"k".repeat(300), &[&"t".repeat(300)], ""), put("k", &[], &"v".repeat(20_000))]
    {
        assert!(matches!(replica.apply(&[wrong]), Err(StateFault::TooLarge { .. })));
    }
    assert_eq!(replica.get(b"k").unwrap(), None);
}

#[tokio::test]
async fn records_and_notes_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let replica = open(&folder);
    replica.apply(&[put("a", &["x"], "1")]).unwrap();
    replica.put_note(b"cursor/1", Some(b"here")).unwrap();
    replica.put_note(b"cursor/2", Some(b"there")).unwrap();
    replica.put_note(b"cursor/2", None).unwrap();
    replica.commit().await.unwrap();
    drop(replica);
    let replica = open(&folder);
    assert_eq!(replica.with_term(b"x", 1).unwrap().len(), 1);
    assert_eq!(replica.note(b"cursor/1").unwrap().as_deref(), Some(b"here".as_slice()));
    assert_eq!(replica.notes(b"cursor/").unwrap().len(), 1);
    assert!(replica.healthy());
}

#[test]
fn a_stored_record_is_read_back_or_not_at_all() {
    let terms = vec![b"one".to_vec(), Vec::new()];
    let stored = layout::write(&terms, b"value");
    assert_eq!(layout::read(&stored), Some((terms, b"value".as_slice())));
    assert_eq!(layout::read(&[]), None);
    assert_eq!(layout::read(&[1, 0]), None);
    assert_eq!(layout::read(&[1, 0, 9, 1]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn after_any_changes_it_holds_what_a_map_would_hold(
        changes in prop::collection::vec((0..12u8, prop::collection::btree_set(0..6u8, 0..4), any::<Option<u8>>()), 0..150),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let replica = open(&folder);
        let mut map = BTreeMap::new();
        let mut all = Vec::new();
        for (key, terms, value) in changes {
            match value {
                Some(value) => {
                    map.insert(key, (terms.clone(), value));
                    let terms = terms.into_iter().map(|term| vec![term]).collect();
                    all.push(Change::Put { key: vec![key], terms, value: vec![value] });
                }
                None => {
                    map.remove(&key);
                    all.push(Change::Remove { key: vec![key] });
                }
            }
        }
        replica.apply(&all).unwrap();
        let held: Vec<Record> = replica.all(&[]).map(Result::unwrap).collect();
        let expected: Vec<Record> = map.iter().map(|(key, (_, value))| (vec![*key], vec![*value])).collect();
        prop_assert_eq!(held, expected);
        for term in 0..6u8 {
            let found: Vec<u8> = replica.with_term(&[term], 99).unwrap().into_iter().map(|(key, _)| key[0]).collect();
            let expected: Vec<u8> = map.iter().filter(|(_, (terms, _))| terms.contains(&term)).map(|(key, _)| *key).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
