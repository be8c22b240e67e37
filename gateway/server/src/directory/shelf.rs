//! The shelf of the directories on the disk.

use std::sync::Arc;

use connectors::mcsd::{Shelf, ShelfChange, ShelfFault, ShelfRecord};
use exchange::ports::BoxFuture;
use store::replica::{Change, Replica};
use store::state::StateFault;

/// The store's copy as the directories know it.
pub struct ReplicaShelf(Arc<Replica>);

impl ReplicaShelf {
    pub fn new(replica: Replica) -> Self {
        ReplicaShelf(Arc::new(replica))
    }
}

fn told(fault: StateFault) -> ShelfFault {
    match fault {
        StateFault::TooLarge { .. } => ShelfFault::TooLarge,
        StateFault::Busy
        | StateFault::Unwritable
        | StateFault::Closed
        | StateFault::Damaged
        | StateFault::Io(_)
        | StateFault::Engine => ShelfFault::Unusable,
    }
}

impl Shelf for ReplicaShelf {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        self.0.get(key).map_err(told)
    }

    fn with_term(&self, term: &[u8], most: usize) -> Result<Vec<ShelfRecord>, ShelfFault> {
        self.0.with_term(term, most).map_err(told)
    }

    fn walk(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), ShelfFault> {
        for record in self.0.all(prefix) {
            let (key, value) = record.map_err(told)?;
            if !each(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, changes: Vec<ShelfChange>) -> Result<(), ShelfFault> {
        let changes: Vec<Change> = changes
            .into_iter()
            .map(|change| match change {
                ShelfChange::Put { key, terms, value } => Change::Put { key, terms, value },
                ShelfChange::Remove { key } => Change::Remove { key },
            })
            .collect();
        self.0.apply(&changes).map_err(told)
    }

    fn note(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        self.0.note(name).map_err(told)
    }

    fn notes(&self, prefix: &[u8]) -> Result<Vec<ShelfRecord>, ShelfFault> {
        self.0.notes(prefix).map_err(told)
    }

    fn put_note(&self, name: &[u8], note: Option<Vec<u8>>) -> Result<(), ShelfFault> {
        self.0.put_note(name, note.as_deref()).map_err(told)
    }

    fn commit(&self) -> BoxFuture<'static, Result<(), ShelfFault>> {
        let commit = self.0.commit();
        Box::pin(async move { commit.await.map_err(told) })
    }
}
