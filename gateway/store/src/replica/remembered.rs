//! What was read lately, record by record. sled keeps whole pages, of which a look-up wants one record; once a copy outgrows
//! its cache, each record costs a page that is fetched, taken apart and thrown away again. Who is looked up again and again is
//! kept here instead, so that what it costs does not depend on how many others there are.

use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;

use crate::state::StateFault;

/// What an entry costs besides its bytes.
const OVERHEAD: usize = 128;
/// Lists of more keys are not kept.
const MOST_KEYS: usize = 128;

/// The keys that a term leads to, and how many were asked for: when there are fewer, these are all.
type Keys = Arc<(usize, Vec<Vec<u8>>)>;

pub struct Remembered {
    /// By key; nothing where there is no record.
    records: Cache<Vec<u8>, Option<Arc<[u8]>>>,
    terms: Cache<Vec<u8>, Keys>,
    /// Read while something is read and kept, written while something is forgotten: what was read before a change is never
    /// kept after it.
    changing: RwLock<()>,
}

impl Remembered {
    /// Of so many bytes in all.
    pub fn new(bytes: u64) -> Self {
        let weigh = |size: usize| u32::try_from(size + OVERHEAD).unwrap_or(u32::MAX);
        let records = Cache::builder()
            .max_capacity(bytes / 4 * 3)
            .weigher(move |key: &Vec<u8>, value: &Option<Arc<[u8]>>| {
                weigh(key.len() + value.as_ref().map_or(0, |value| value.len()))
            })
            .build();
        let terms = Cache::builder()
            .max_capacity(bytes / 4)
            .weigher(move |term: &Vec<u8>, keys: &Keys| {
                weigh(term.len() + keys.1.iter().map(|key| key.len() + OVERHEAD / 4).sum::<usize>())
            })
            .build();
        Remembered { records, terms, changing: RwLock::new(()) }
    }

    /// The record under a key, read if it is not here.
    pub fn record(
        &self,
        key: &[u8],
        read: impl FnOnce() -> Result<Option<Vec<u8>>, StateFault>,
    ) -> Result<Option<Vec<u8>>, StateFault> {
        if let Some(known) = self.records.get(key) {
            return Ok(known.map(|value| value.to_vec()));
        }
        let _reading = self.changing.read().unwrap_or_else(PoisonError::into_inner);
        let found = read()?;
        self.records.insert(key.to_vec(), found.as_deref().map(Arc::from));
        Ok(found)
    }

    /// The keys that a term leads to, `most` at most; read if they are not here.
    pub fn keys(
        &self,
        term: &[u8],
        most: usize,
        read: impl FnOnce() -> Result<Vec<Vec<u8>>, StateFault>,
    ) -> Result<Vec<Vec<u8>>, StateFault> {
        if let Some(known) = self.terms.get(term) {
            let (asked, keys) = known.as_ref();
            if most <= *asked || keys.len() < *asked {
                return Ok(keys.iter().take(most).cloned().collect());
            }
        }
        let _reading = self.changing.read().unwrap_or_else(PoisonError::into_inner);
        let found = read()?;
        if found.len() <= MOST_KEYS {
            self.terms.insert(term.to_vec(), Arc::new((most, found.clone())));
        }
        Ok(found)
    }

    /// Forgets what was changed; to be called after the change.
    pub fn forget<'k>(&self, keys: impl Iterator<Item = &'k Vec<u8>>, terms: impl Iterator<Item = &'k Vec<u8>>) {
        let _changing = self.changing.write().unwrap_or_else(PoisonError::into_inner);
        keys.for_each(|key| self.records.invalidate(key));
        terms.for_each(|term| self.terms.invalidate(term));
    }
}
