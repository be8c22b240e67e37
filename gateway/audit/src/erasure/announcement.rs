//! What the log says of an erasure before it happens: a record that is no exchange.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::retention::{Retained, Retention, RetentionClass};

/// The layout of an announcement; its first member, as in every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Layout {
    #[serde(rename = "zorgsluis-erasure/1")]
    First,
}

/// How every announcement begins, of whatever version.
const BEGINNING: &[u8] = b"{\"layout\":\"zorgsluis-erasure/";

/// That records are about to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    layout: Layout,
    #[serde(with = "time::serde::rfc3339")]
    pub recorded: OffsetDateTime,
    /// URA of the provider whose node writes this.
    pub node: String,
    /// The retention in force.
    pub rules: Retention,
    pub erased: Vec<ErasedRange>,
}

/// Records without a gap between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedRange {
    pub from: u64,
    /// The first index behind it.
    pub until: u64,
    /// Every class among them; the retention of each of these is over for the newest, whichever class that is of.
    pub classes: Vec<RetentionClass>,
    /// When the newest of them was recorded.
    #[serde(with = "time::serde::rfc3339")]
    pub newest: OffsetDateTime,
}

impl Announcement {
    pub fn new(recorded: OffsetDateTime, node: &str, rules: Retention, erased: Vec<ErasedRange>) -> Self {
        Announcement { layout: Layout::First, recorded, node: node.to_owned(), rules, erased }
    }

    /// Whether this record is to be an announcement.
    pub fn is_one(record: &[u8]) -> bool {
        record.starts_with(BEGINNING)
    }

    /// Reads an announcement as it stands in the log.
    pub fn read(record: &[u8]) -> Option<Announcement> {
        serde_json::from_slice(record).ok()
    }

    /// The record.
    ///
    /// # Errors
    /// When the moment has no RFC 3339 text.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl ErasedRange {
    /// A range of this one record.
    pub fn one(index: u64, retained: Retained) -> Self {
        ErasedRange { from: index, until: index + 1, classes: vec![retained.class], newest: retained.recorded }
    }

    /// Takes in the record behind it, if it stands there, and the range with it is still over its retention.
    pub fn take_in(&mut self, index: u64, retained: Retained, rules: &Retention, now: OffsetDateTime) -> bool {
        if index != self.until {
            return false;
        }
        let mut grown = self.clone();
        grown.until += 1;
        grown.newest = grown.newest.max(retained.recorded);
        if !grown.classes.contains(&retained.class) {
            grown.classes.push(retained.class);
        }
        let good = grown.is_over(rules, now);
        if good {
            *self = grown;
        }
        good
    }

    /// Whether all of it may be erased at this moment under these rules.
    pub fn is_over(&self, rules: &Retention, now: OffsetDateTime) -> bool {
        let over = |class: &RetentionClass| rules.is_over(Retained { class: *class, recorded: self.newest }, now);
        !self.classes.is_empty() && self.classes.iter().all(over)
    }
}
