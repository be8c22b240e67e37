//! What the index holds. No category: the running code does not keep one.

use uuid::Uuid;

use super::group::Pseudonym;

/// One registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    pub ura: String,
    pub pseudonym: Pseudonym,
    pub source: String,
}

/// All of them.
#[derive(Default)]
pub struct Records(Vec<Record>);

impl Records {
    /// Adds one. None: this holder's system registered this patient already.
    pub fn add(&mut self, ura: &str, pseudonym: Pseudonym, source: &str) -> Option<Record> {
        let same = |known: &Record| known.ura == ura && known.pseudonym == pseudonym && known.source == source;
        if self.0.iter().any(same) {
            return None;
        }
        let id = Uuid::new_v4().to_string();
        let record = Record { id, ura: ura.to_owned(), pseudonym, source: source.to_owned() };
        self.0.push(record.clone());
        Some(record)
    }

    pub fn of_patient(&self, pseudonym: &Pseudonym) -> Vec<Record> {
        self.0.iter().filter(|known| known.pseudonym == *pseudonym).cloned().collect()
    }

    /// Those of a holder, of one of its systems if named.
    pub fn of_holder(&self, ura: &str, source: Option<&str>) -> Vec<Record> {
        let named = |known: &&Record| known.ura == ura && source.is_none_or(|source| known.source == source);
        self.0.iter().filter(named).cloned().collect()
    }

    /// One of a holder.
    pub fn get(&self, ura: &str, id: &str) -> Option<Record> {
        self.0.iter().find(|known| known.ura == ura && known.id == id).cloned()
    }

    /// Takes one of a holder away; whether it was there.
    pub fn remove(&mut self, ura: &str, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|known| known.ura != ura || known.id != id);
        self.0.len() != before
    }
}
