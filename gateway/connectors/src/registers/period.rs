//! The period in which a record holds.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time};

/// A period with open ends. Like a FHIR Period, an end that is a date includes that whole day (in UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Period {
    from: Option<OffsetDateTime>,
    /// Exclusive.
    until: Option<OffsetDateTime>,
}

impl Period {
    /// Reads two ends, each a date (`2026-03-01`) or a time stamp of RFC 3339.
    pub(super) fn parse(from: Option<&str>, until: Option<&str>) -> Result<Self, &'static str> {
        let from = from.map(|text| moment(text).map(|(start, _)| start)).transpose()?;
        let until = until.map(|text| moment(text).map(|(_, end)| end)).transpose()?;
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            return Err("valid_until lies before valid_from");
        }
        Ok(Period { from, until })
    }

    pub(super) fn is_over(&self, now: OffsetDateTime) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Reads a FHIR Period, whose ends may be a year, a month, a day or a moment; nothing when an end is none of these.
    pub(super) fn of_fhir(start: Option<&str>, end: Option<&str>) -> Option<Self> {
        let whole = |text: &str| match text.len() {
            4 => Some((format!("{text}-01-01"), format!("{text}-12-31"))),
            7 => {
                let first = Date::parse(&format!("{text}-01"), format_description!("[year]-[month]-[day]")).ok()?;
                let last = first.month().length(first.year());
                Some((format!("{text}-01"), format!("{text}-{last:02}")))
            }
            _ => Some((text.to_owned(), text.to_owned())),
        };
        let from = start.map(|text| whole(text).map(|(first, _)| first)).map_or(Some(None), |one| one.map(Some))?;
        let until = end.map(|text| whole(text).map(|(_, last)| last)).map_or(Some(None), |one| one.map(Some))?;
        Period::parse(from.as_deref(), until.as_deref()).ok()
    }

    pub(super) fn holds(&self, now: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// The first instant of what a text names, and the first instant after it.
fn moment(text: &str) -> Result<(OffsetDateTime, OffsetDateTime), &'static str> {
    const FAULT: &str = "valid_from and valid_until are dates (2026-03-01) or time stamps of RFC 3339";
    if let Ok(day) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        let start = OffsetDateTime::new_utc(day, Time::MIDNIGHT);
        return Ok((start, start.checked_add(Duration::DAY).ok_or(FAULT)?));
    }
    let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| FAULT)?;
    // The last instant belongs to the period.
    Ok((instant, instant.checked_add(Duration::NANOSECOND).ok_or(FAULT)?))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_period_holds_between_its_ends() {
        let noon = datetime!(2026-03-01 12:00 UTC);
        for (from, until, holds) in [
            (None, None, true),
            (Some("2026-03-01"), Some("2026-03-01"), true),
            (Some("2026-03-02"), None, false),
            (None, Some("2026-02-28"), false),
            (Some("2026-03-01T12:00:00Z"), Some("2026-03-01T12:00:00Z"), true),
            (Some("2026-03-01T13:00:00+01:00"), None, true),
            (Some("2026-03-01T12:00:01Z"), None, false),
            (None, Some("2026-03-01T11:59:59Z"), false),
        ] {
            assert_eq!(Period::parse(from, until).unwrap().holds(noon), holds, "{from:?} {until:?}");
        }
    }

    #[test]
    fn what_is_no_moment_and_what_ends_before_it_begins_is_refused() {
        for (from, until) in [
            (Some("2026"), None),
            (Some("2026-02-30"), None),
            (Some("2026-03-01T12:00:00"), None),
            (Some("1 maart 2026"), None),
            (Some(""), None),
            (Some("2026-03-02"), Some("2026-03-01")),
        ] {
            assert!(Period::parse(from, until).is_err(), "{from:?} {until:?}");
        }
    }
}
