//! Moments and periods of FHIR, as milliseconds since 1970.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// Milliseconds since 1970.
pub type Millis = i64;

pub fn millis(at: OffsetDateTime) -> Millis {
    Millis::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(Millis::MAX)
}

/// An instant; nothing when the text is none.
pub fn instant(text: &str) -> Option<Millis> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(millis)
}

/// How an instant is told to others: RFC 3339, UTC.
pub fn text(at: Millis) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// The first moment of what a FHIR dateTime names, and the first moment after it.
pub fn span(text: &str) -> Option<(Millis, Millis)> {
    let day = |year, month, day| {
        let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
        Some(OffsetDateTime::new_utc(date, Time::MIDNIGHT))
    };
    if text.len() > 10 {
        let at = instant(text)?;
        return Some((at, at + 1));
    }
    let (from, until) = match text.len() {
        4 => {
            let year = text.parse().ok()?;
            (day(year, 1, 1)?, day(year + 1, 1, 1)?)
        }
        7 => {
            let (year, month) = text.split_once('-')?;
            let (year, month): (i32, u8) = (year.parse().ok()?, month.parse().ok()?);
            let next = if month == 12 { day(year + 1, 1, 1)? } else { day(year, month + 1, 1)? };
            (day(year, month, 1)?, next)
        }
        _ => {
            let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
            let from = OffsetDateTime::new_utc(date, Time::MIDNIGHT);
            (from, from.checked_add(Duration::DAY)?)
        }
    };
    Some((millis(from), millis(until)))
}

/// The moment of an HTTP `Date` or `Retry-After` (RFC 9110, 5.6.7; its first form).
pub fn http_date(text: &str) -> Option<Millis> {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    time::PrimitiveDateTime::parse(text.trim(), format).ok().map(|at| millis(at.assume_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_names_all_of_its_moments() {
        for (said, from, after) in [
            ("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2024-01-15T12:00:00+01:00", "2024-01-15T11:00:00Z", "2024-01-15T11:00:00.001Z"),
        ] {
            assert_eq!(span(said), Some((instant(from).unwrap(), instant(after).unwrap())), "{said}");
        }
        for wrong in ["", "24", "2024-13", "2024-02-30", "20240101", "2024-01-15T12:00:00", "not a date"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_instant_is_told_as_it_was_read() {
        for said in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z"] {
            assert_eq!(text(instant(said).unwrap()), said);
        }
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), instant("1994-11-06T08:49:37Z"));
        assert_eq!(http_date("120"), None);
    }
}
