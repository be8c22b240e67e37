//! Documents that the node makes of its use cases, kept as they were made: they change only when the use cases do, which
//! is in their name, and anyone may ask for them as often as they like.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Most documents that are kept. There is one per gate, version, format and set of use cases that somebody has.
const MOST: usize = 64;

/// Documents by what they are about.
#[derive(Default)]
pub struct Memo {
    kept: Mutex<HashMap<String, Bytes>>,
}

impl Memo {
    /// The document of this name, made when it is not there yet.
    ///
    /// # Errors
    /// Those of making it; nothing is kept then.
    pub fn get<E>(&self, name: String, make: impl FnOnce() -> Result<Bytes, E>) -> Result<Bytes, E> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(&name) {
            return Ok(known.clone());
        }
        // Made under the lock: two who ask at once cost no more than one.
        let made = make()?;
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(name, made.clone());
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_made_once_and_never_more_are_kept_than_may_be() {
        let memo = Memo::default();
        let made = |text: &'static str| move || Ok::<_, ()>(Bytes::from_static(text.as_bytes()));
        assert_eq!(memo.get("a".into(), made("first")), Ok(Bytes::from_static(b"first")));
        assert_eq!(memo.get("a".into(), made("second")), Ok(Bytes::from_static(b"first")));
        assert_eq!(memo.get("b".into(), || Err(7)), Err(7));
        for number in 0..10 * MOST {
            memo.get(number.to_string(), made("x")).unwrap();
            assert!(memo.kept.lock().unwrap().len() <= MOST);
        }
    }
}
