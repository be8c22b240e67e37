//! The state that cannot be opened, or cannot be made durable.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::state::files::Files;

/// Files that sync slowly, or not at all.
#[derive(Clone, Default)]
struct BadFiles {
    fail: Arc<AtomicBool>,
    started: Arc<AtomicUsize>,
    returned: Arc<AtomicUsize>,
}

impl Files for BadFiles {
    fn sync(&self) -> io::Result<()> {
        self.started.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(10));
        if self.fail.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk does not answer"));
        }
        self.returned.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn written(&self) -> io::Result<bool> {
        Ok(false)
    }
}

#[test]
fn who_waits_together_shares_a_sync_that_began_after_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let files = BadFiles::default();
    let state = State::open_with(&StateOptions::new(folder.path()), |_| Ok(files.clone())).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let state = Arc::new(state);
    runtime.block_on(async {
        let callers: Vec<_> = (0..64)
            .map(|_| {
                let (state, files) = (Arc::clone(&state), files.clone());
                tokio::spawn(async move {
                    for _ in 0..5 {
                        let begun = files.started.load(Ordering::SeqCst);
                        state.commit().await.unwrap();
                        assert!(files.returned.load(Ordering::SeqCst) > begun.saturating_sub(1));
                        assert!(files.started.load(Ordering::SeqCst) > begun);
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
    });
    let syncs = files.returned.load(Ordering::SeqCst);
    assert!(syncs <= 40, "{syncs} syncs for 320 commits of 64 callers");
}

#[test]
fn no_more_callers_wait_than_there_is_room_for() {
    let folder = tempfile::tempdir().unwrap();
    let options = StateOptions { waiting: 2, ..StateOptions::new(folder.path()) };
    let files = BadFiles::default();
    let state = State::open_with(&options, |_| Ok(files.clone())).unwrap();
    let calls: Vec<_> = (0..8).map(|_| state.commit()).collect();
    let outcomes: Vec<_> = calls.into_iter().map(block_on).collect();
    assert!(outcomes.contains(&Err(StateFault::Busy)));
    assert!(outcomes.contains(&Ok(())));
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(StateFault::Busy))));
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_or_changed_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let files = BadFiles::default();
    let state = State::open_with(&StateOptions::new(folder.path()), |_| Ok(files.clone())).unwrap();
    let tree = state.tree("t").unwrap();
    tree.insert(b"k", b"1").unwrap();
    files.fail.store(true, Ordering::SeqCst);
    assert_eq!(block_on(state.commit()), Err(StateFault::Unwritable));
    files.fail.store(false, Ordering::SeqCst);
    assert!(!state.healthy());
    assert_eq!(block_on(state.commit()), Err(StateFault::Unwritable));
    assert_eq!(tree.insert(b"k", b"2"), Err(StateFault::Unwritable));
    assert_eq!(tree.remove(b"k"), Err(StateFault::Unwritable));
    assert_eq!(tree.apply(Batch::default()), Err(StateFault::Unwritable));
    assert_eq!(state.close(), Err(StateFault::Unwritable));
}

#[test]
fn what_sled_cannot_make_sense_of_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let options = StateOptions::new(folder.path());
    let state = State::open(&options).unwrap();
    let tree = state.tree("t").unwrap();
    for number in 0..2000_u32 {
        tree.insert(&number.to_be_bytes(), &[7; 900]).unwrap();
    }
    drop(tree);
    state.close().unwrap();
    // The whole folder, so that every file can be spoilt in turn.
    let files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    let mut refused = 0;
    for (path, whole) in files.iter().filter(|(_, whole)| !whole.is_empty()) {
        for step in 0..8 {
            for (path, whole) in &files {
                fs::write(path, whole).unwrap();
            }
            let mut bytes = whole.clone();
            let at = whole.len() * step / 8;
            let end = (at + 3000).min(whole.len());
            bytes[at..end].fill(0xA5);
            fs::write(path, bytes).unwrap();
            if let Err(fault) = State::open(&options) {
                refused += 1;
                assert!(fault.to_string().contains("restore it from a backup"), "{fault}");
            }
        }
    }
    assert!(refused > 0, "sled took all of it");
}

#[test]
fn a_folder_that_is_let_go_in_a_moment_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    State::open(&StateOptions::new(folder.path())).unwrap().close().unwrap();
    let held = fs::File::open(folder.path().join("db")).unwrap();
    held.lock().unwrap();
    let (sent, received) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        sent.send(()).unwrap();
        drop(held);
    });
    let state = State::open(&StateOptions::new(folder.path())).unwrap();
    received.try_recv().expect("the folder was held when it was opened");
    holder.join().unwrap();
    drop(state);
}

#[test]
fn a_second_node_cannot_open_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _state = State::open(&StateOptions::new(folder.path())).unwrap();
    let said = State::open(&StateOptions::new(folder.path())).unwrap_err().to_string();
    assert!(said.contains("another node"), "{said}");
}
