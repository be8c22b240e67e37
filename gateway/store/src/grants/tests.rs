use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::state::StateOptions;

const NOW: i64 = 1_790_000_000;

fn open(folder: &Path) -> Grants {
    let state = State::open(&StateOptions::new(folder.join("state"))).unwrap();
    Grants::open(Arc::new(state), "grants").unwrap()
}

fn grant(values: &[u8], content: &str, expires: i64) -> Grant {
    Grant { expires, values: values.iter().map(|byte| [*byte; 32]).collect(), content: content.into() }
}

fn content(grants: &Grants, value: u8, now: i64) -> Option<String> {
    let found = grants.find(&[value; 32], now).unwrap();
    found.map(|(_, grant)| String::from_utf8(grant.content).unwrap())
}

fn durable(grants: &Grants) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(grants.commit()).unwrap();
}

#[test]
fn a_grant_is_found_under_each_of_its_values_until_its_end_also_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let grants = open(folder.path());
    grants.give([1; 16], &grant(&[1, 2], "one", NOW + 60), NOW).unwrap();
    durable(&grants);
    drop(grants);
    let grants = open(folder.path());
    for value in [1, 2] {
        assert_eq!(content(&grants, value, NOW), Some("one".into()));
        assert_eq!(content(&grants, value, NOW + 60), Some("one".into()), "its last second counts");
        assert_eq!(content(&grants, value, NOW + 61), None);
    }
    assert_eq!(content(&grants, 3, NOW), None, "a value that nobody was told");
}

#[test]
fn what_is_given_anew_takes_the_place_of_what_was_and_what_is_revoked_is_gone_whole() {
    let folder = tempfile::tempdir().unwrap();
    let grants = open(folder.path());
    grants.give([1; 16], &grant(&[1, 2], "open", NOW + 60), NOW).unwrap();
    grants.give([2; 16], &grant(&[9], "other", NOW + 60), NOW).unwrap();
    grants.give([1; 16], &grant(&[1, 3], "narrowed", NOW + 90), NOW).unwrap();
    assert_eq!(content(&grants, 1, NOW), Some("narrowed".into()));
    assert_eq!((content(&grants, 2, NOW), content(&grants, 3, NOW)), (None, Some("narrowed".into())));
    grants.revoke([1; 16]).unwrap();
    grants.revoke([1; 16]).unwrap();
    assert_eq!((content(&grants, 1, NOW), content(&grants, 3, NOW)), (None, None));
    assert_eq!(content(&grants, 9, NOW), Some("other".into()), "nobody else's is touched");
    grants.revoke([2; 16]).unwrap();
    assert_eq!(grants.tree.scan_prefix(&[]).count(), 0, "nothing of them is left behind");
}

#[test]
fn grants_that_are_over_leave_the_tree_and_a_grant_has_few_values() {
    let folder = tempfile::tempdir().unwrap();
    let grants = open(folder.path());
    for number in 0..20 {
        grants.give([number; 16], &grant(&[number], "x", NOW + 1), NOW).unwrap();
    }
    for number in 100..104 {
        grants.give([number; 16], &grant(&[number], "y", NOW + 60), NOW + 10).unwrap();
    }
    assert_eq!(grants.tree.scan_prefix(&[GRANT]).count(), 4);
    assert_eq!(grants.tree.scan_prefix(&[]).count(), 12);
    let many = grant(&[1, 2, 3, 4, 5], "x", NOW);
    assert!(matches!(grants.give([1; 16], &many, NOW), Err(StateFault::TooLarge { .. })));
}

#[test]
fn what_was_never_put_there_is_damage_and_no_grant() {
    let folder = tempfile::tempdir().unwrap();
    let grants = open(folder.path());
    grants.tree.insert(&value_key(&[1; 32]), b"short").unwrap();
    grants.tree.insert(&value_key(&[2; 32]), &[2; 16]).unwrap();
    grants.tree.insert(&grant_key([2; 16]), b"torn").unwrap();
    assert_eq!(grants.find(&[1; 32], NOW), Err(StateFault::Damaged));
    assert_eq!(grants.find(&[2; 32], NOW), Err(StateFault::Damaged));
}

/// The child of the test below: gives, narrows and revokes, says so when each is durable, and never ends by itself.
#[test]
fn give_and_revoke_until_killed() {
    let Some(folder) = std::env::var_os("ZORGSLUIS_GRANTS_CHILD") else { return };
    use std::io::Write;
    let grants = open(Path::new(&folder));
    for number in 0..=u8::MAX {
        grants.give([number; 16], &grant(&[number], "open", NOW + 600), NOW).unwrap();
        if let Some(before) = number.checked_sub(1) {
            grants.revoke([before; 16]).unwrap();
        }
        durable(&grants);
        writeln!(std::io::stderr(), "durable {number}").unwrap();
    }
    loop {
        std::thread::park();
    }
}

#[test]
fn after_a_kill_what_was_given_is_there_and_what_was_revoked_is_not() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["grants::tests::give_and_revoke_until_killed", "--exact", "--nocapture"])
        .env("ZORGSLUIS_GRANTS_CHILD", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = 0_u8;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        if let Some(number) = line.unwrap().strip_prefix("durable ").and_then(|number| number.parse::<u8>().ok()) {
            told = number;
            if number == 20 {
                break;
            }
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(told, 20);
    let grants = open(folder.path());
    for number in 0..told {
        assert_eq!(content(&grants, number, NOW), None, "{number} was revoked");
    }
    // The child may have come further before it was killed; then the next one was given in its place.
    let later = (told..=u8::MAX).filter(|number| content(&grants, *number, NOW).is_some()).count();
    assert!((1..=2).contains(&later), "{later}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_grant_reads_back(expires in 0..i64::MAX, values in prop::collection::vec(any::<[u8; 32]>(), 0..=MAX_VALUES),
                          content in prop::collection::vec(any::<u8>(), 0..200)) {
        let grant = Grant { expires, values, content };
        prop_assert_eq!(read(&written(&grant)), Some(grant));
    }

    /// Against the plainest model: what each owner was last given.
    #[test]
    fn a_value_finds_what_its_owner_was_last_given_and_nothing_else(
        steps in prop::collection::vec((0_u8..4, 0_u8..6, 0_i64..20, any::<bool>(), 0_i64..4), 1..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let grants = open(folder.path());
        let mut model: Vec<Option<(u8, i64, String)>> = vec![None; 4];
        let mut now = NOW;
        for (number, (owner, value, life, gives, pass)) in steps.into_iter().enumerate() {
            now += pass;
            // Values are their owner's own.
            let value = owner * 10 + value;
            if gives {
                let content = format!("c{number}");
                grants.give([owner; 16], &grant(&[value], &content, now + life), now).unwrap();
                model[usize::from(owner)] = Some((value, now + life, content));
            } else {
                grants.revoke([owner; 16]).unwrap();
                model[usize::from(owner)] = None;
            }
            for asked in 0..40 {
                let expected = model.iter().flatten().find(|(value, end, _)| *value == asked && *end >= now);
                prop_assert_eq!(content(&grants, asked, now), expected.map(|(_, _, content)| content.clone()));
            }
        }
    }
}
