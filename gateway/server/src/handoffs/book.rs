//! The transfers of one side, typed: each change is made to what stands there, is durable when it is told, and wakes
//! whoever does what is due.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::state::{State, StateFault};
use store::transfers::{DocumentFault, Documents, Entry, Id, Made, Read, Transfers};
use tokio::sync::Notify;

use super::owed::{Owed, Tells};

/// How often a change is tried when others change the same.
const TRIES: usize = 50;

/// The transfers of one side.
pub struct Book<R> {
    transfers: Arc<Transfers>,
    documents: Documents,
    most: usize,
    woken: Arc<Notify>,
    owed: Option<Arc<Owed>>,
    record: PhantomData<fn() -> R>,
}

/// Why the book cannot be read or written; a sentence for the operator.
#[derive(Debug)]
pub enum Trouble {
    State(StateFault),
    Document(DocumentFault),
    /// Too many transfers are kept.
    Full,
    /// Others changed it all the time.
    Contended,
}

/// What becomes of a transfer.
pub enum Change<T> {
    /// It is as it was.
    None(T),
    /// It was changed; when something is due next (Unix time in milliseconds), if anything is.
    Made(T, Option<i64>),
    /// Something was noted in it; whatever is due stays due.
    Noted(T),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::State(fault) => fault.fmt(f),
            Trouble::Document(fault) => fault.fmt(f),
            Trouble::Full => f.write_str("as many transfers are kept as may be"),
            Trouble::Contended => f.write_str("the transfer is being changed by others"),
        }
    }
}

impl From<StateFault> for Trouble {
    fn from(fault: StateFault) -> Self {
        Trouble::State(fault)
    }
}

impl From<DocumentFault> for Trouble {
    fn from(fault: DocumentFault) -> Self {
        Trouble::Document(fault)
    }
}

impl<R: Tells + Serialize + DeserializeOwned + Send + 'static> Book<R> {
    /// Opens the transfers under this name; their documents lie in `folder`. Documents of transfers that were never made
    /// are taken away.
    ///
    /// # Errors
    /// What ails the state or the folder.
    pub fn open(state: Arc<State>, name: &str, folder: &Path, most: usize, largest: u64) -> Result<Self, Trouble> {
        let transfers = Transfers::open(state, name)?;
        let documents = Documents::open(folder.join(name), largest)?;
        let mut trouble = None;
        documents.sweep(|id| match transfers.get(id) {
            Ok(found) => found.is_some(),
            Err(fault) => {
                trouble = Some(fault);
                true
            }
        })?;
        match trouble {
            Some(fault) => Err(fault.into()),
            None => {
                let (transfers, woken) = (Arc::new(transfers), Arc::new(Notify::new()));
                Ok(Book { transfers, documents, most, woken, owed: None, record: PhantomData })
            }
        }
    }

    /// The same, with notes of what the record system is to be told.
    pub fn owing(self, owed: Owed) -> Self {
        Book { owed: Some(Arc::new(owed)), ..self }
    }

    /// What the record system is to be told, where it is told anything.
    pub fn owed(&self) -> Option<&Owed> {
        self.owed.as_deref()
    }

    /// Strikes a note off when nothing is owed of its transfer, and it was not made anew.
    ///
    /// # Errors
    /// The book cannot be read or written.
    pub async fn settle(&self, id: Id, note: Read) -> Result<(), Trouble> {
        let (transfers, owed) = (self.transfers.clone(), self.owed.clone());
        off_thread(move || {
            let Some(owed) = owed else { return Ok(()) };
            let _noting = owed.noting();
            let found = transfers.get(id)?.map(|found| read::<R>(&found.entry.record)).transpose()?;
            match found {
                None => Ok(owed.forget(id)?),
                Some(record) if record.telling().owes().is_none() => Ok(owed.settle(id, &note)?),
                Some(_) => Ok(()),
            }
        })
        .await
    }

    /// Makes a transfer with its document, unless one of its names is known. Something is due about it at once. Durable
    /// when it is told.
    ///
    /// # Errors
    /// The book is full, or cannot be written.
    pub async fn make(
        &self,
        id: Id,
        names: Vec<store::once::Digest>,
        record: &R,
        document: Option<Vec<u8>>,
        due: i64,
    ) -> Result<Made, Trouble> {
        let entry = Entry { due: Some(due), record: written(record)? };
        let (transfers, documents, most) = (self.transfers.clone(), self.documents.clone(), self.most);
        let made = off_thread(move || {
            for name in &names {
                if let Some(known) = transfers.named(name)? {
                    return Ok(Made::Known(known));
                }
            }
            if transfers.count() >= most {
                return Err(Trouble::Full);
            }
            if let Some(document) = document {
                documents.write(id, 0, &document)?;
            }
            let made = transfers.make(id, &names, &entry)?;
            if made != Made::New {
                documents.remove(id)?;
            }
            Ok(made)
        })
        .await?;
        self.transfers.commit().await?;
        self.woken.notify_one();
        Ok(made)
    }

    /// The transfer of this id.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn get(&self, id: Id) -> Result<Option<R>, Trouble> {
        self.transfers.get(id)?.map(|found| read(&found.entry.record)).transpose()
    }

    /// The transfer under this name.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn named(&self, name: &store::once::Digest) -> Result<Option<Id>, Trouble> {
        Ok(self.transfers.named(name)?)
    }

    /// Changes a transfer. `change` may be called again, with what stands there then. Durable when it is told; nothing when
    /// there is no such transfer.
    ///
    /// # Errors
    /// The book cannot be read or written.
    pub async fn change<T: Send + 'static>(
        &self,
        id: Id,
        change: impl Fn(&mut R) -> Change<T> + Send + 'static,
    ) -> Result<Option<T>, Trouble> {
        self.change_named(id, None, change).await
    }

    /// The same; where it is changed, it is from then on known under this name too.
    ///
    /// # Errors
    /// The book cannot be read or written; the name is another's.
    pub async fn change_named<T: Send + 'static>(
        &self,
        id: Id,
        name: Option<store::once::Digest>,
        change: impl Fn(&mut R) -> Change<T> + Send + 'static,
    ) -> Result<Option<T>, Trouble> {
        let (transfers, owed) = (self.transfers.clone(), self.owed.clone());
        let changed = off_thread(move || {
            for _ in 0..TRIES {
                let Some(before) = transfers.get(id)? else { return Ok(None) };
                let mut record: R = read(&before.entry.record)?;
                let known = record.telling().number();
                let (told, due) = match change(&mut record) {
                    Change::None(told) => return Ok(Some(told)),
                    Change::Made(told, due) => (told, due),
                    Change::Noted(told) => (told, before.entry.due),
                };
                // First the note, then the change: cut off in between, one note is too many, and none is missing.
                let noted = owed.as_ref().filter(|_| record.telling().number() != known);
                let _noting = noted.map(|owed| owed.noting());
                noted.map_or(Ok(()), |owed| owed.note(id))?;
                let entry = Entry { due, record: written(&record)? };
                if transfers.replace_named(id, &before, &entry, name)? {
                    return Ok(Some(told));
                }
            }
            Err(Trouble::Contended)
        })
        .await?;
        self.transfers.commit().await?;
        self.woken.notify_one();
        Ok(changed)
    }

    /// Keeps a part of a transfer, durably.
    ///
    /// # Errors
    /// It is too large, or the disk says no.
    pub async fn keep(&self, id: Id, part: u32, bytes: Vec<u8>) -> Result<(), Trouble> {
        let documents = self.documents.clone();
        off_thread(move || Ok(documents.write(id, part, &bytes)?)).await
    }

    /// A part of a transfer.
    ///
    /// # Errors
    /// The disk says no.
    pub async fn part(&self, id: Id, part: u32) -> Result<Option<Vec<u8>>, Trouble> {
        let documents = self.documents.clone();
        off_thread(move || Ok(documents.read(id, part)?)).await
    }

    /// Forgets a part of a transfer. To do it again changes nothing.
    ///
    /// # Errors
    /// The disk says no.
    pub async fn drop_part(&self, id: Id, part: u32) -> Result<(), Trouble> {
        let documents = self.documents.clone();
        off_thread(move || Ok(documents.remove_part(id, part)?)).await
    }

    /// Forgets a transfer and what it carried.
    ///
    /// # Errors
    /// The book cannot be written.
    pub async fn forget(&self, id: Id) -> Result<(), Trouble> {
        let (transfers, documents, owed) = (self.transfers.clone(), self.documents.clone(), self.owed.clone());
        off_thread(move || {
            owed.map_or(Ok(()), |owed| owed.forget(id))?;
            transfers.remove(id)?;
            Ok(documents.remove(id)?)
        })
        .await?;
        Ok(self.transfers.commit().await?)
    }

    /// Those about which something is due.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn due(&self, now: i64, most: usize) -> Result<Vec<Id>, Trouble> {
        Ok(self.transfers.due(now, most)?)
    }

    /// This one, if something is due about it.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn due_now(&self, id: Id, now: i64) -> Result<Option<R>, Trouble> {
        let found = self.transfers.get(id)?.filter(|found| found.entry.due.is_some_and(|due| due <= now));
        found.map(|found| read(&found.entry.record)).transpose()
    }

    /// At most so many transfers from behind this one on.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn list(&self, behind: Option<Id>, most: usize) -> Result<Vec<(Id, R)>, Trouble> {
        let listed = self.transfers.list(behind, most)?.into_iter();
        listed.map(|(id, found)| Ok((id, read(&found.entry.record)?))).collect()
    }

    /// Resolves when something was changed since it was last waited for.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    // It may wait for the disk, which is nothing for a thread that serves others.
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Trouble::State(StateFault::Engine)))
}

fn written<R: Serialize>(record: &R) -> Result<Vec<u8>, Trouble> {
    serde_json::to_vec(record).map_err(|_| Trouble::State(StateFault::Engine))
}

fn read<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, Trouble> {
    serde_json::from_slice(bytes).map_err(|_| Trouble::State(StateFault::Damaged))
}
