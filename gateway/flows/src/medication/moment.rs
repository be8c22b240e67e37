//! Moments, and what a written date leaves open. A date without a clock, and a clock without an offset, are meant as
//! Dutch local time (Europe/Amsterdam), summer time included: a course that ends on a day lasts through that day here.
//!
//! Knows no clock: what time it is, the caller says.

use time::util::days_in_month;
use time::{Date, Month, OffsetDateTime};

/// Seconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(i64);

/// What a FHIR date or dateTime stands for: from its first second to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub first: Moment,
    pub last: Moment,
}

const DAY: i64 = 86_400;
/// The Julian day of 1 January 1970.
const EPOCH: i64 = 2_440_588;

impl Moment {
    pub(super) const fn of_unix(seconds: i64) -> Moment {
        Moment(seconds)
    }

    /// This many seconds later, or earlier.
    pub(super) fn plus(self, seconds: i64) -> Moment {
        Moment(self.0.saturating_add(seconds))
    }

    /// So many days on by the Dutch calendar: the same clock time, also over a change to or from summer time.
    pub(super) fn plus_days(self, days: i64) -> Moment {
        let local = self.0 + offset(self.0);
        from_local(local.saturating_add(days.saturating_mul(DAY)))
    }

    /// So many months on by the Dutch calendar; a day that month does not have is its last one.
    pub(super) fn plus_months(self, months: i64) -> Moment {
        let local = self.0 + offset(self.0);
        let Some(date) = date_of(local.div_euclid(DAY)) else { return self };
        let count = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + months;
        let moved = i32::try_from(count.div_euclid(12)).ok().and_then(|year| {
            let month = Month::try_from(u8::try_from(count.rem_euclid(12) + 1).ok()?).ok()?;
            Date::from_calendar_date(year, month, date.day().min(days_in_month(month, year))).ok()
        });
        moved.map_or(self, |date| from_local(days(date) * DAY + local.rem_euclid(DAY)))
    }

    /// As a moment of this library's neighbours; nothing beyond the calendar.
    pub fn to_utc(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.0).ok()
    }
}

impl From<OffsetDateTime> for Moment {
    fn from(moment: OffsetDateTime) -> Moment {
        Moment(moment.unix_timestamp())
    }
}

impl Span {
    /// Reads a FHIR date, dateTime or instant of any precision; nothing when it is none.
    pub fn read(text: &str) -> Option<Span> {
        let text = text.trim();
        let (date, clock) = match text.split_once('T') {
            Some((date, clock)) => (date, Some(clock)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = i32::try_from(number(parts.next()?, 4)?).ok().filter(|year| *year > 0)?;
        let month = parts.next().map(|part| number(part, 2));
        let day = parts.next().map(|part| number(part, 2));
        if parts.next().is_some() {
            return None;
        }
        let on = |month: i64, day: i64| {
            let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
            Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok().map(days)
        };
        let (first, last) = match (month, day) {
            (None, _) => (on(1, 1)?, on(12, 31)?),
            (Some(month), None) => {
                let month = month?;
                let named = Month::try_from(u8::try_from(month).ok()?).ok()?;
                (on(month, 1)?, on(month, i64::from(days_in_month(named, year)))?)
            }
            (Some(month), Some(day)) => {
                let day = on(month?, day?)?;
                (day, day)
            }
        };
        match clock {
            None => Some(Span { first: from_local(first * DAY), last: from_local((last + 1) * DAY).plus(-1) }),
            Some(clock) if day.is_some() => at(first * DAY, clock),
            Some(_) => None,
        }
    }
}

/// A day with a clock time: `hh:mm[:ss[.fraction]]` and an offset, or none.
fn at(day: i64, clock: &str) -> Option<Span> {
    let (clock, zone) = match clock.find(['Z', '+', '-']) {
        Some(place) => {
            let (clock, zone) = clock.split_at_checked(place)?;
            (clock, Some(zone_of(zone)?))
        }
        None => (clock, None),
    };
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let (second, width) = match parts.next() {
        None => (0, 60),
        Some(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let plain = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            (number(whole, 2).filter(|second| *second <= 60 && plain)?, 1)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let local = day + hour * 3_600 + minute * 60 + second;
    let first = zone.map_or_else(|| from_local(local), |zone| Moment(local - zone));
    Some(Span { first, last: first.plus(width - 1) })
}

fn zone_of(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "Z" if text.len() == 1 => return Some(0),
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let hours = number(hours, 2).filter(|hours| *hours <= 14)?;
    Some(sign * (hours * 3_600 + number(minutes, 2).filter(|minutes| *minutes < 60)? * 60))
}

/// Exactly this many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.bytes().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0')))
}

fn days(date: Date) -> i64 {
    i64::from(date.to_julian_day()) - EPOCH
}

fn date_of(day: i64) -> Option<Date> {
    Date::from_julian_day(i32::try_from(day + EPOCH).ok()?).ok()
}

/// The moment of a wall-clock time in the Netherlands. An hour that comes twice is the first of the two.
fn from_local(local: i64) -> Moment {
    let summer = Moment(local - 7_200);
    if offset(summer.0) == 7_200 { summer } else { Moment(local - 3_600) }
}

/// How far the Netherlands is ahead of UTC: an hour, and two from 01:00 UTC on the last Sunday of March to 01:00 UTC on the
/// last Sunday of October (Directive 2000/84/EC).
fn offset(utc: i64) -> i64 {
    let Some(date) = date_of(utc.div_euclid(DAY)) else { return 3_600 };
    let month = u8::from(date.month());
    let summer = match month {
        4..=9 => true,
        3 => utc >= change(date.year(), Month::March),
        10 => utc < change(date.year(), Month::October),
        _ => false,
    };
    if summer { 7_200 } else { 3_600 }
}

fn change(year: i32, month: Month) -> i64 {
    let last = Date::from_calendar_date(year, month, 31).map_or(0, days);
    // 1 January 1970 was a Thursday: day 3 was a Sunday.
    let sunday = last - (last - 3).rem_euclid(7);
    sunday * DAY + 3_600
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> (String, String) {
        let span = Span::read(text).unwrap();
        let told = |moment: Moment| moment.to_utc().unwrap().to_string();
        (told(span.first), told(span.last))
    }

    #[test]
    fn a_written_date_stands_for_all_that_it_leaves_open_in_dutch_time() {
        for (text, first, last) in [
            ("2024-01-01", "2023-12-31 23:00:00.0 +00:00:00", "2024-01-01 22:59:59.0 +00:00:00"),
            ("2024-07-01", "2024-06-30 22:00:00.0 +00:00:00", "2024-07-01 21:59:59.0 +00:00:00"),
            ("2024-03-31", "2024-03-30 23:00:00.0 +00:00:00", "2024-03-31 21:59:59.0 +00:00:00"),
            ("2024-10-27", "2024-10-26 22:00:00.0 +00:00:00", "2024-10-27 22:59:59.0 +00:00:00"),
            ("2024-02", "2024-01-31 23:00:00.0 +00:00:00", "2024-02-29 22:59:59.0 +00:00:00"),
            ("2024", "2023-12-31 23:00:00.0 +00:00:00", "2024-12-31 22:59:59.0 +00:00:00"),
            ("2024-01-01T08:05:00+01:00", "2024-01-01 7:05:00.0 +00:00:00", "2024-01-01 7:05:00.0 +00:00:00"),
            ("2024-07-01T08:05:00Z", "2024-07-01 8:05:00.0 +00:00:00", "2024-07-01 8:05:00.0 +00:00:00"),
            ("2024-07-01T08:05", "2024-07-01 6:05:00.0 +00:00:00", "2024-07-01 6:05:59.0 +00:00:00"),
            ("2024-07-01T08:05:07.250-05:30", "2024-07-01 13:35:07.0 +00:00:00", "2024-07-01 13:35:07.0 +00:00:00"),
        ] {
            assert_eq!(span(text), (first.to_owned(), last.to_owned()), "{text}");
        }
        for bad in
            ["", "T-3", "2024-13", "2024-02-30", "2024-1-1", "24-01-01", "2024-01T10:00", "2024-01-01T25:00", "0000"]
        {
            assert!(Span::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        let from = |text: &str| Span::read(text).unwrap().first;
        // Over the change to summer time seven days are an hour shorter.
        assert_eq!(from("2024-03-28T08:00:00+01:00").plus_days(7), from("2024-04-04T08:00:00+02:00"));
        assert_eq!(from("2024-10-25").plus_days(7), from("2024-11-01"));
        assert_eq!(from("2024-01-31").plus_months(1), from("2024-02-29"));
        assert_eq!(from("2024-01-15").plus_months(-2), from("2023-11-15"));
        assert_eq!(from("2024-08-15").plus_months(3), from("2024-11-15"));
    }

    proptest::proptest! {
        #[test]
        fn local_time_there_and_back_is_the_same_moment(seconds in 0i64..4_000_000_000) {
            let back = from_local(seconds + offset(seconds));
            // The hour that comes twice is read as its first.
            proptest::prop_assert!(back.0 == seconds || back.0 == seconds - 3_600);
        }

        #[test]
        fn whatever_is_written_is_read_or_not_and_never_panics(text in "[0-9T:+.Z-]{0,30}") {
            if let Some(span) = Span::read(&text) {
                proptest::prop_assert!(span.first <= span.last);
            }
        }
    }
}
