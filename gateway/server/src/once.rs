//! What counts once, as the port of `connectors::identity`, kept in the node's state.

use std::sync::Arc;

use connectors::identity::oauth::{Identifier, NotRemembered, Noted, UsedOnce};
use exchange::ports::BoxFuture;
use store::once::{self, Once};
use store::state::StateFault;

/// How many unexpired identifiers of one kind an organisation may have: an assertion lives for five minutes at most, so
/// some 60 tokens a second.
pub const SHARE: usize = 20_000;
/// The tree of the state that they stand in.
pub const TREE: &str = "used-once";

/// The store's memory behind the port.
pub struct UsedPort(pub Arc<Once>);

impl UsedOnce for UsedPort {
    fn note(&self, identifier: Identifier, now: i64) -> BoxFuture<'_, Result<Noted, NotRemembered>> {
        let once = self.0.clone();
        Box::pin(async move {
            noted(once, identifier, now).await.map_err(|fault| {
                tracing::error!(state.fault = %fault, "what was used once cannot be remembered");
                NotRemembered
            })
        })
    }
}

async fn noted(once: Arc<Once>, identifier: Identifier, now: i64) -> Result<Noted, StateFault> {
    let Identifier { owner, id, expires } = identifier;
    let memory = once.clone();
    // It may wait for the disk, which is nothing for a thread that serves others.
    let noted = tokio::task::spawn_blocking(move || memory.note(owner, id, expires, now));
    match noted.await.unwrap_or(Err(StateFault::Engine))? {
        once::Noted::First => once.commit().await.map(|()| Noted::First),
        once::Noted::Again => Ok(Noted::Again),
        once::Noted::Full => Ok(Noted::Full),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use store::state::{State, StateOptions};

    use super::*;

    fn identifier(id: u8) -> Identifier {
        Identifier { owner: [1; 32], id: [id; 32], expires: 200 }
    }

    fn port(folder: &std::path::Path) -> UsedPort {
        // The thread that answered last may hold the state for a moment longer than its answer took.
        let mut tries = (0..500).map(|_| State::open(&StateOptions::new(folder)));
        let opened =
            tries.find_map(|opened| opened.inspect_err(|_| std::thread::sleep(Duration::from_millis(10))).ok());
        let state = Arc::new(opened.unwrap());
        UsedPort(Arc::new(Once::open(state, TREE, 2, 100).unwrap()))
    }

    #[tokio::test]
    async fn what_is_noted_is_noted_for_the_next_process_too() {
        let folder = tempfile::tempdir().unwrap();
        let first = port(folder.path());
        assert_eq!(first.note(identifier(1), 100).await, Ok(Noted::First));
        assert_eq!(first.note(identifier(1), 100).await, Ok(Noted::Again));
        drop(first);
        let second = port(folder.path());
        assert_eq!(second.note(identifier(1), 100).await, Ok(Noted::Again));
        assert_eq!(second.note(identifier(2), 100).await, Ok(Noted::First));
        assert_eq!(second.note(identifier(3), 100).await, Ok(Noted::Full));
    }
}
