//! How long records are kept, by class, counted in calendar years from the moment that the record was written.

use exchange::record::Layout;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// The classes of records that may be kept for different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionClass {
    Exchange,
    /// Access outside the normal procedure (noodprocedure).
    Emergency,
    Refused,
    /// The verdict on an access that was looked at again.
    Review,
}

/// The retention in force: years, by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub exchange: u16,
    pub emergency: u16,
    pub refused: u16,
    pub review: u16,
}

/// What decides how long a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    pub class: RetentionClass,
    pub recorded: OffsetDateTime,
}

/// As much of a record as is looked at.
#[derive(Deserialize)]
struct Glance {
    #[serde(rename = "layout")]
    _layout: Layout,
    #[serde(with = "time::serde::rfc3339")]
    recorded: OffsetDateTime,
    emergency: Option<IgnoredAny>,
    review: Option<IgnoredAny>,
    outcome: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    result: Box<str>,
}

impl RetentionClass {
    pub const ALL: [RetentionClass; 4] =
        [RetentionClass::Exchange, RetentionClass::Emergency, RetentionClass::Refused, RetentionClass::Review];

    pub const fn code(self) -> &'static str {
        match self {
            RetentionClass::Exchange => "exchange",
            RetentionClass::Emergency => "emergency",
            RetentionClass::Refused => "refused",
            RetentionClass::Review => "review",
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        let least = Self::LEAST_YEARS;
        Retention { exchange: least, emergency: least, refused: least, review: least }
    }
}

impl Retention {
    /// A line of the log is kept for at least five years from when it was written (Stcrt. 2019, 38007).
    pub const LEAST_YEARS: u16 = 5;
    /// More than any dossier is kept; beyond it a date cannot be counted with.
    pub const MOST_YEARS: u16 = 200;

    pub const fn years(&self, class: RetentionClass) -> u16 {
        match class {
            RetentionClass::Exchange => self.exchange,
            RetentionClass::Emergency => self.emergency,
            RetentionClass::Refused => self.refused,
            RetentionClass::Review => self.review,
        }
    }

    /// The classes for which fewer years are given than the rule asks, or more than can be counted.
    pub fn unlawful(&self) -> impl Iterator<Item = RetentionClass> {
        let lawful = Self::LEAST_YEARS..=Self::MOST_YEARS;
        let years = RetentionClass::ALL.map(|class| (class, self.years(class)));
        years.into_iter().filter(move |(_, years)| !lawful.contains(years)).map(|(class, _)| class)
    }

    /// Whether a record may be erased at this moment. When it cannot be told, it may not.
    pub fn is_over(&self, retained: Retained, now: OffsetDateTime) -> bool {
        let years = self.years(retained.class).max(Self::LEAST_YEARS);
        years_later(retained.recorded, years).is_some_and(|over| over <= now)
    }

    /// The shortest time that any class is kept.
    pub fn shortest(&self) -> u16 {
        RetentionClass::ALL.into_iter().map(|class| self.years(class)).min().unwrap_or(Self::LEAST_YEARS)
    }
}

impl Retained {
    /// Of a record as it stands in the log; nothing when its layout is not known or it is not whole. Such a record is
    /// never erased, nor is an announcement of an erasure.
    pub fn of(record: &[u8]) -> Option<Retained> {
        let glance: Glance = serde_json::from_slice(record).ok()?;
        let class = if glance.emergency.is_some() {
            RetentionClass::Emergency
        } else if glance.review.is_some() {
            RetentionClass::Review
        } else if &*glance.outcome.result == "refused" {
            RetentionClass::Refused
        } else {
            RetentionClass::Exchange
        };
        Some(Retained { class, recorded: glance.recorded })
    }
}

/// The same moment so many years later; of the 29th of February the day after, where there is none.
pub fn years_later(from: OffsetDateTime, years: u16) -> Option<OffsetDateTime> {
    let from = from.to_offset(UtcOffset::UTC);
    let year = from.year().checked_add(i32::from(years))?;
    let date = Date::from_calendar_date(year, from.month(), from.day());
    let date = date.or_else(|_| Date::from_calendar_date(year, Month::March, 1)).ok()?;
    Some(from.replace_date(date))
}
