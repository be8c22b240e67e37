//! The time in the Netherlands (Europe/Amsterdam), from which working hours are told.

use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset, Weekday};

/// The moment in Dutch local time: an hour ahead of UTC, two in summer time, which lasts from 01:00 UTC on the last
/// Sunday of March to 01:00 UTC on the last Sunday of October (Directive 2000/84/EC).
pub fn in_amsterdam(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    let summer = match (last_sunday(moment.year(), Month::March), last_sunday(moment.year(), Month::October)) {
        (Some(from), Some(until)) => from <= moment && moment < until,
        _ => false,
    };
    let offset = UtcOffset::from_hms(if summer { 2 } else { 1 }, 0, 0).unwrap_or(UtcOffset::UTC);
    moment.to_offset(offset)
}

/// 01:00 UTC on the last Sunday of a month of 31 days.
fn last_sunday(year: i32, month: Month) -> Option<OffsetDateTime> {
    let last = Date::from_calendar_date(year, month, 31).ok()?;
    let sunday = last.checked_sub(Duration::days(i64::from(last.weekday().number_days_from_sunday())))?;
    Some(sunday.with_time(Time::from_hms(1, 0, 0).ok()?).assume_utc())
}

/// The hours in which people work. Public holidays are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingHours {
    /// Local hour of the day, from 0 to 24.
    pub from: u8,
    pub until: u8,
    pub weekend: bool,
}

impl WorkingHours {
    pub fn hold(&self, moment: OffsetDateTime) -> bool {
        let local = in_amsterdam(moment);
        let day = self.weekend || !matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        day && (self.from..self.until).contains(&local.hour())
    }
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn the_clock_is_put_forward_and_back_on_the_last_sundays_of_march_and_october() {
        for (utc, local) in [
            ("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
            ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
            ("2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00"),
            ("2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00"),
            ("2027-03-28T01:00:00Z", "2027-03-28T03:00:00+02:00"),
            ("2026-12-31T23:30:00Z", "2027-01-01T00:30:00+01:00"),
            ("2026-07-01T12:00:00+05:00", "2026-07-01T09:00:00+02:00"),
        ] {
            let moment = OffsetDateTime::parse(utc, &Rfc3339).unwrap();
            assert_eq!(in_amsterdam(moment).format(&Rfc3339).unwrap(), local, "{utc}");
        }
    }

    #[test]
    fn working_hours_are_local_and_end_with_the_hour_named() {
        let hours = WorkingHours { from: 7, until: 19, weekend: false };
        for (utc, expected) in [
            ("2026-11-23T05:59:59Z", false), // Monday 06:59 in winter
            ("2026-11-23T06:00:00Z", true),
            ("2026-07-06T05:00:00Z", true), // Monday 07:00 in summer
            ("2026-07-06T04:59:59Z", false),
            ("2026-11-23T17:59:59Z", true),
            ("2026-11-23T18:00:00Z", false),
            ("2026-11-22T12:00:00Z", false), // Sunday
            ("2026-11-20T23:30:00Z", false), // Saturday 00:30
        ] {
            let moment = OffsetDateTime::parse(utc, &Rfc3339).unwrap();
            assert_eq!(hours.hold(moment), expected, "{utc}");
            assert!(!hours.hold(moment) || WorkingHours { weekend: true, ..hours }.hold(moment));
        }
        let sunday = OffsetDateTime::parse("2026-11-22T12:00:00Z", &Rfc3339).unwrap();
        assert!(WorkingHours { weekend: true, ..hours }.hold(sunday));
    }
}
