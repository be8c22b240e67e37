//! What a security monitoring system (SIEM) is told of the log: who of the provider's and its partners' people and systems
//! did what kind of thing, and how it ended. It watches them, not patients: nothing by which a patient could be known, or
//! anything about one, is in it (`facts`), and no names, free text or tokens.
//!
//! One line of JSON per record, in ASCII, so that it reads the same in whatever encoding a receiver takes it for. How it
//! travels is not known here.

mod facts;
#[cfg(test)]
mod tests;

use std::ops::Range;

use exchange::record::{AccessRecord, Verdict};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ascii;
use crate::class::Class;
use crate::erasure::Announcement;
use facts::Facts;

/// The layout of what is told; a later one only adds members.
const LAYOUT: &str = "zorgsluis-siem/1";

/// Longest line that is made, in octets: a receiver of syslog should take 2048 (RFC 5424, section 6.1; RFC 5425, section
/// 4.3.1), and the rest of the message has to fit in besides.
pub const LONGEST: usize = 1_792;

/// What kind of thing a record tells, in the words that a monitoring system sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Exchange,
    /// Access outside the normal procedure (noodprocedure).
    BreakGlass,
    /// Somebody looked into the access log.
    LogAccess,
    /// The verdict on an access that was looked at again.
    Review,
    /// An announcement that records are about to be erased.
    Erasure,
    /// Records that are not there any more.
    Erased,
    /// A record that is none of these.
    Unreadable,
}

/// How much attention it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    Routine,
    /// In order, and not everyday.
    Notable,
    /// Refused to somebody, or data that should not have been there.
    Suspect,
    /// A defect.
    Failed,
}

/// What is told of one record, or of a run of erased ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: Kind,
    pub weight: Weight,
    /// When it was recorded, as far as the record says.
    pub recorded: Option<OffsetDateTime>,
    /// An object, on one line, in ASCII.
    pub json: String,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::Exchange,
        Kind::BreakGlass,
        Kind::LogAccess,
        Kind::Review,
        Kind::Erasure,
        Kind::Erased,
        Kind::Unreadable,
    ];

    /// At most 32 characters, so that it can be a MSGID (RFC 5424, section 6.2.7).
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Exchange => "exchange",
            Kind::BreakGlass => "break-glass",
            Kind::LogAccess => "log-access",
            Kind::Review => "review",
            Kind::Erasure => "erasure",
            Kind::Erased => "erased",
            Kind::Unreadable => "unreadable",
        }
    }

    fn of(record: &AccessRecord) -> Kind {
        let of_the_log = record.asked.as_ref().and_then(|asked| asked.resource_type.as_deref()) == Some("AuditEvent");
        match () {
            () if record.emergency.is_some() => Kind::BreakGlass,
            () if record.review.is_some() => Kind::Review,
            () if of_the_log => Kind::LogAccess,
            () => Kind::Exchange,
        }
    }
}

impl Weight {
    fn of(record: &AccessRecord, kind: Kind, class: Class) -> Weight {
        let ended = match class {
            Class::Released | Class::Nothing | Class::Incomplete | Class::NotModified | Class::Decided => {
                Weight::Routine
            }
            Class::NotUnderstood | Class::NotThere | Class::Conflict | Class::Interrupted => Weight::Notable,
            Class::SourceFailed | Class::Unavailable => Weight::Notable,
            Class::Denied | Class::Unidentified => Weight::Suspect,
            Class::Failed => Weight::Failed,
        };
        let kind = if kind == Kind::Exchange { Weight::Routine } else { Weight::Notable };
        let mistrusted = record.sources.iter().any(|source| source.mistrusted > 0);
        let unjustified = record.review.as_ref().is_some_and(|review| review.verdict == Verdict::Unjustified);
        let suspect = if mistrusted || unjustified { Weight::Suspect } else { Weight::Routine };
        ended.max(kind).max(suspect)
    }
}

/// What is told of the record with this index in this node's log (by its URA).
pub fn tell(node: &str, index: u64, record: &[u8]) -> Told {
    if let Ok(record) = AccessRecord::read(record) {
        return of_exchange(&record, index);
    }
    match Announcement::read(record) {
        Some(announcement) => of_announcement(&announcement, index),
        None => told(Kind::Unreadable, Weight::Failed, None, &Bare { head: head(node, index, Kind::Unreadable) }),
    }
}

/// What is told of records that were erased, when the stream comes past them.
pub fn tell_erased(node: &str, range: &Range<u64>) -> Told {
    let records = range.end.saturating_sub(range.start);
    let body = Erased { head: head(node, range.start, Kind::Erased), records };
    told(Kind::Erased, Weight::Routine, None, &body)
}

/// The head of everything that is told.
#[derive(Serialize)]
struct Head<'r> {
    layout: &'static str,
    /// With the index, it names the record: what came before under the same two is the same.
    node: &'r str,
    index: u64,
    event: &'static str,
}

#[derive(Serialize)]
struct Bare<'r> {
    #[serde(flatten)]
    head: Head<'r>,
}

#[derive(Serialize)]
struct Exchange<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    #[serde(flatten)]
    facts: Facts<'r>,
}

#[derive(Serialize)]
struct Announced<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    #[serde(with = "time::serde::rfc3339")]
    recorded: OffsetDateTime,
    records: u64,
    ranges: usize,
}

#[derive(Serialize)]
struct Erased<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    records: u64,
}

fn head(node: &str, index: u64, kind: Kind) -> Head<'_> {
    Head { layout: LAYOUT, node, index, event: kind.code() }
}

fn of_exchange(record: &AccessRecord, index: u64) -> Told {
    let kind = Kind::of(record);
    let class = Class::of(record);
    let recorded = OffsetDateTime::parse(&record.recorded, &Rfc3339).ok();
    let facts = Facts::of(record, class);
    let body = Exchange { head: head(&record.node, index, kind), facts };
    told(kind, Weight::of(record, kind, class), recorded, &body)
}

fn of_announcement(announcement: &Announcement, index: u64) -> Told {
    let body = Announced {
        head: head(&announcement.node, index, Kind::Erasure),
        recorded: announcement.recorded,
        records: announcement.erased.iter().map(|range| range.until.saturating_sub(range.from)).sum(),
        ranges: announcement.erased.len(),
    };
    told(Kind::Erasure, Weight::Notable, Some(announcement.recorded), &body)
}

fn told(kind: Kind, weight: Weight, recorded: Option<OffsetDateTime>, body: &impl Serialize) -> Told {
    // Texts and numbers under fixed names: there is nothing in them that JSON cannot say.
    let json = ascii::write(body).unwrap_or_default();
    Told { kind, weight, recorded, json }
}
