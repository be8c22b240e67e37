//! Moments of the access log, in Dutch local time. What is no moment is shown as it is.

use audit::Language;
use audit::hints::in_amsterdam;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};

const DUTCH_DAYS: [&str; 7] = ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"];
const ENGLISH_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DUTCH_MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The moment that a record has, in local time.
pub(crate) fn local(recorded: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(recorded, &Rfc3339).ok().map(in_amsterdam)
}

/// `2026-11-23T08:00:00.25Z` as `23-11-2026 09:00:00`.
pub(crate) fn moment(recorded: &str) -> String {
    local(recorded).map_or_else(|| recorded.to_owned(), |at| format!("{} {}", short_day(at.date()), clock(at, true)))
}

/// The same of a moment that is known.
pub(crate) fn when(at: OffsetDateTime) -> String {
    let at = in_amsterdam(at);
    format!("{} {}", short_day(at.date()), clock(at, false))
}

/// `23-11-2026`.
pub(crate) fn short_day(day: Date) -> String {
    format!("{:02}-{:02}-{}", day.day(), u8::from(day.month()), day.year())
}

/// `maandag 23 november 2026`.
pub(crate) fn long_day(day: Date, language: Language) -> String {
    let (days, months) = match language {
        Language::Dutch => (&DUTCH_DAYS, &DUTCH_MONTHS),
        Language::English => (&ENGLISH_DAYS, &ENGLISH_MONTHS),
    };
    let name = |names: &[&'static str], at: u8| names.get(usize::from(at)).copied().unwrap_or_default();
    let weekday = name(days, day.weekday().number_days_from_monday());
    let month = name(months, u8::from(day.month()) - 1);
    format!("{weekday} {} {month} {}", day.day(), day.year())
}

/// `09:00`, or `09:00:25`.
pub(crate) fn clock(at: OffsetDateTime, seconds: bool) -> String {
    match seconds {
        true => format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
        false => format!("{:02}:{:02}", at.hour(), at.minute()),
    }
}

/// `2026-11-23`: how HTML writes a day in forms and machine-readable times.
pub(crate) fn iso_day(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// How long ago, in the largest unit that says enough.
pub(crate) fn age(span: Duration) -> String {
    let counted = |count: i64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    match (span.whole_days(), span.whole_hours(), span.whole_minutes()) {
        (days, ..) if days > 0 => counted(days, "dag", "dagen"),
        (_, hours, _) if hours > 0 => counted(hours, "uur", "uur"),
        (.., minutes) if minutes > 0 => counted(minutes, "minuut", "minuten"),
        _ => "minder dan een minuut".to_owned(),
    }
}

/// A day as a form sends it: nothing for an empty field.
///
/// # Errors
/// When it is no day.
pub(crate) fn typed_day(text: &str) -> Result<Option<Date>, NotADay> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let part = |range: std::ops::Range<usize>| text.get(range).filter(|_| digits).ok_or(NotADay);
    let year = part(0..4)?.parse().map_err(|_| NotADay)?;
    let month = part(5..7)?.parse::<u8>().ok().and_then(|month| time::Month::try_from(month).ok()).ok_or(NotADay)?;
    let day = part(8..10)?.parse().map_err(|_| NotADay)?;
    Date::from_calendar_date(year, month, day).map(Some).map_err(|_| NotADay)
}

/// What was typed is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotADay;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_the_clock_stood_in_the_netherlands() {
        for (recorded, shown) in [
            ("2026-11-23T08:00:00.25Z", "23-11-2026 09:00:00"),
            ("2026-07-01T22:30:05Z", "02-07-2026 00:30:05"),
            ("", ""),
            ("gisteren", "gisteren"),
        ] {
            assert_eq!(moment(recorded), shown, "{recorded}");
        }
        let day = local("2026-11-23T23:30:00Z").unwrap().date();
        assert_eq!(long_day(day, Language::Dutch), "dinsdag 24 november 2026");
        assert_eq!(long_day(day, Language::English), "Tuesday 24 November 2026");
        assert_eq!(iso_day(day), "2026-11-24");
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        for (span, told) in [
            (Duration::seconds(59), "minder dan een minuut"),
            (Duration::seconds(-59), "minder dan een minuut"),
            (Duration::minutes(1), "1 minuut"),
            (Duration::minutes(119), "1 uur"),
            (Duration::hours(47), "1 dag"),
            (Duration::days(12), "12 dagen"),
        ] {
            assert_eq!(age(span), told);
        }
    }

    #[test]
    fn a_typed_day_is_a_day_or_nothing_or_an_error() {
        assert_eq!(typed_day(" "), Ok(None));
        assert_eq!(typed_day("2026-11-23").unwrap().map(iso_day).as_deref(), Some("2026-11-23"));
        for wrong in ["2026-02-30", "23-11-2026", "2026-1-1", "20261123", "2026-13-01", "+026-11-23", "é026-11-2", "x"]
        {
            assert_eq!(typed_day(wrong), Err(NotADay), "{wrong}");
        }
    }
}
