//! FHIR's partial dates as ranges of seconds, and what a search prefix means between two of
//! them (R4 "Search", section Date).

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime};

/// From (including) to (excluding), in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: i64,
    pub to: i64,
}

impl Range {
    /// `2026`, `2026-11`, `2026-11-20`, or a date with a time.
    pub fn of(text: &str) -> Option<Range> {
        match text.len() {
            4 => {
                let year = text.parse().ok()?;
                Some(between(
                    Date::from_calendar_date(year, Month::January, 1).ok()?,
                    Date::from_calendar_date(year + 1, Month::January, 1).ok()?,
                ))
            }
            7 => {
                let first = day(&format!("{text}-01"))?;
                Some(between(
                    first,
                    first + Duration::days(time::util::days_in_month(first.month(), first.year()).into()),
                ))
            }
            10 => {
                let first = day(text)?;
                Some(between(first, first.next_day()?))
            }
            _ => {
                let moment = OffsetDateTime::parse(text, &Rfc3339)
                    .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
                    .ok()?;
                let from = moment.unix_timestamp();
                Some(Range { from, to: from + 1 })
            }
        }
    }

    /// A `date`, `dateTime`, `instant` or `Period`, as it stands in a resource.
    pub fn in_resource(value: &Value) -> Option<Range> {
        if let Some(text) = value.as_str() {
            return Range::of(text);
        }
        let period = value.as_object()?;
        let edge = |name: &str| period.get(name).and_then(Value::as_str).and_then(Range::of);
        Some(Range { from: edge("start").map_or(i64::MIN, |r| r.from), to: edge("end").map_or(i64::MAX, |r| r.to) })
    }

    /// Whether this range of a resource satisfies `prefix` with `asked`. `None`: no such prefix.
    pub fn satisfies(self, prefix: &str, asked: Range) -> Option<bool> {
        Some(match prefix {
            "eq" => asked.from <= self.from && self.to <= asked.to,
            "ne" => !(asked.from <= self.from && self.to <= asked.to),
            "ge" => self.to > asked.from,
            "gt" => self.to > asked.to,
            "le" => self.from < asked.to,
            "lt" => self.from < asked.from,
            "sa" => self.from >= asked.to,
            "eb" => self.to <= asked.from,
            _ => return None,
        })
    }
}

/// Splits `ge2026-01-01`; without a prefix it is `eq`.
pub fn prefixed(text: &str) -> (&str, &str) {
    match text.get(..2) {
        Some(prefix) if prefix.bytes().all(|b| b.is_ascii_lowercase()) => (prefix, &text[2..]),
        _ => ("eq", text),
    }
}

fn day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()
}

fn between(from: Date, to: Date) -> Range {
    Range { from: from.midnight().assume_utc().unix_timestamp(), to: to.midnight().assume_utc().unix_timestamp() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_prefix_compares_as_the_standard_says() {
        let period = json!({"start": "2026-03-01", "end": "2026-03-31"});
        let cases = [
            (json!("2026-03-05"), "ge2026-03-05", true),
            (json!("2026-03-05"), "gt2026-03-05", false),
            (json!("2026-03-05"), "le2026-03-05", true),
            (json!("2026-03-05"), "lt2026-03-05", false),
            (json!("2026-03-05T10:00:00+01:00"), "2026-03-05", true),
            (json!("2026-03-05"), "2026-03", true),
            (json!("2026"), "2026-03", false),
            (json!("2026-03-05"), "ne2026", false),
            (period.clone(), "ge2026-03-31", true),
            (period.clone(), "ge2026-04-01", false),
            (period, "le2026-02-28", false),
            (json!({"start": "2020-01-01"}), "ge2026-01-01", true),
        ];
        for (held, asked, expected) in cases {
            let (prefix, date) = prefixed(asked);
            let held = Range::in_resource(&held).unwrap();
            assert_eq!(held.satisfies(prefix, Range::of(date).unwrap()), Some(expected), "{asked}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_fall_over(text in ".{0,30}") {
            let (prefix, rest) = prefixed(&text);
            if let Some(range) = Range::of(rest) {
                proptest::prop_assert!(range.from < range.to);
                let _ = range.satisfies(prefix, range);
            }
        }
    }
}
