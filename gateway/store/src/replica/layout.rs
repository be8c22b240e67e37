//! How records and terms lie in one tree, so that a record and its terms change together.
//!
//! `r` and a key hold a record: the number of its terms, each with its length in front, and the value. `t`, a term with its
//! length in front, and a key hold nothing: they say that this record was put with that term.

use super::{MAX_KEY_AND_TERM_BYTES, MAX_TERMS};
use crate::state::StateFault;

const RECORD: u8 = b'r';
const TERM: u8 = b't';

pub fn record_key(key: &[u8]) -> Vec<u8> {
    [&[RECORD], key].concat()
}

/// What the keys of all records with this term begin with.
pub fn term_prefix(term: &[u8]) -> Vec<u8> {
    [&[TERM], length(term).as_slice(), term].concat()
}

pub fn term_key(term: &[u8], key: &[u8]) -> Vec<u8> {
    [term_prefix(term).as_slice(), key].concat()
}

/// The record's key in a key of this term.
pub fn key_of_term<'k>(entry: &'k [u8], term: &[u8]) -> Option<&'k [u8]> {
    entry.strip_prefix(term_prefix(term).as_slice())
}

/// The terms in order, each once.
///
/// # Errors
/// When there are too many, or one is too long.
pub fn terms(terms: &[Vec<u8>], key: &[u8]) -> Result<Vec<Vec<u8>>, StateFault> {
    let mut sorted = terms.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() > MAX_TERMS {
        return Err(StateFault::TooLarge { what: "record's terms", bytes: sorted.len(), limit: MAX_TERMS });
    }
    let longest = key.len() + sorted.iter().map(Vec::len).max().unwrap_or(0);
    if longest > MAX_KEY_AND_TERM_BYTES {
        return Err(StateFault::TooLarge { what: "key with a term", bytes: longest, limit: MAX_KEY_AND_TERM_BYTES });
    }
    Ok(sorted)
}

/// `terms` are no more and no longer than [`terms`] lets through.
pub fn write(terms: &[Vec<u8>], value: &[u8]) -> Vec<u8> {
    let mut stored = vec![u8::try_from(terms.len()).unwrap_or(u8::MAX)];
    for term in terms {
        stored.extend_from_slice(&length(term));
        stored.extend_from_slice(term);
    }
    stored.extend_from_slice(value);
    stored
}

pub fn read(stored: &[u8]) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let (count, mut rest) = stored.split_first()?;
    let mut terms = Vec::with_capacity(usize::from(*count));
    for _ in 0..*count {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (term, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        terms.push(term.to_vec());
        rest = after;
    }
    Some((terms, rest))
}

fn length(term: &[u8]) -> [u8; 2] {
    u16::try_from(term.len()).unwrap_or(u16::MAX).to_be_bytes()
}
