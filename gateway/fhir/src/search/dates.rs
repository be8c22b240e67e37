//! Date parameters: intervals of time compared with prefixes (FHIR search, date and prefixes).
//!
//! A date or time stands for the whole interval that its precision leaves open. A text without an offset means
//! the wall clock where the other side was written, so that "15 January" finds what happened on that day there.

use time::util::{days_in_month, days_in_year};
use time::{Date, Month};

use super::prefix::Prefix;
use crate::json::{Kind, Value};

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// One alternative of a date parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    prefix: Prefix,
    moment: Moment,
}

/// A date or time as written: wall-clock nanoseconds since 1970, from (inclusive) and to (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    from: i128,
    to: i128,
    /// Nanoseconds ahead of UTC.
    offset: Option<i128>,
}

impl Wanted {
    /// Reads an optional prefix and a date, dateTime or instant; nothing when it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = Prefix::take(text.trim())?;
        // A plus that was not percent-encoded has become a space; a date has no other use for one.
        let moment = Moment::parse(&rest.replace(' ', "+"))?;
        Some(Wanted { prefix, moment })
    }

    /// Whether the element, a date, dateTime, instant, Period or Timing, stands in this relation to the value.
    pub(super) fn accepts(&self, element: Value<'_>) -> bool {
        bounds(element).is_some_and(|bounds| self.relates(bounds))
    }

    /// Whether what lies between these bounds stands in this relation to the value. `ge` and `le` are true of
    /// everything that is not wholly before or after the value, so that what ends on a day is `ge` that day.
    pub(super) fn relates(&self, (first, last): Bounds) -> bool {
        // Each bound is compared in its own offset; an absent bound is infinitely far.
        let low = first.map(|bound| relate(self.moment, bound));
        let high = last.map(|bound| relate(self.moment, bound));
        let starts_within = low.is_some_and(|(value, element)| value.from <= element.from);
        let ends_within = high.is_some_and(|(value, element)| element.to <= value.to);
        let inside = starts_within && ends_within;
        let reaches_after = high.is_none_or(|(value, element)| element.to > value.to);
        let reaches_before = low.is_none_or(|(value, element)| element.from < value.from);
        match self.prefix {
            Prefix::Eq => inside,
            Prefix::Ne => !inside,
            Prefix::Gt => reaches_after,
            Prefix::Lt => reaches_before,
            Prefix::Ge => high.is_none_or(|(value, element)| element.to > value.from),
            Prefix::Le => low.is_none_or(|(value, element)| element.from < value.to),
            Prefix::Sa => low.is_some_and(|(value, element)| element.from >= value.to),
            Prefix::Eb => high.is_some_and(|(value, element)| element.to <= value.from),
            // How far "approximately" reaches is left to us (FHIR search, prefixes): any overlap.
            Prefix::Ap => {
                low.is_none_or(|(value, element)| element.from < value.to)
                    && high.is_none_or(|(value, element)| element.to > value.from)
            }
        }
    }
}

/// One moment to order by, in nanoseconds since 1970: the last one or the first. An open bound is infinitely far.
pub(super) fn point((start, end): Bounds, last: bool) -> i128 {
    let utc = |moment: Moment, at: i128| at - moment.offset.unwrap_or(0);
    if last {
        end.map_or(i128::MAX, |moment| utc(moment, moment.to))
    } else {
        start.map_or(i128::MIN, |moment| utc(moment, moment.from))
    }
}

/// Both on one scale.
fn relate(value: Moment, element: Moment) -> (Moment, Moment) {
    let shifted = |moment: Moment, other: Option<i128>| {
        let by = moment.offset.or(other).unwrap_or(0);
        Moment { from: moment.from - by, to: moment.to - by, offset: Some(0) }
    };
    (shifted(value, element.offset), shifted(element, value.offset))
}

/// First and last moment; nothing where it is open.
pub(super) type Bounds = (Option<Moment>, Option<Moment>);

/// First and last moment of an element; nothing when it holds no readable time.
pub(super) fn bounds(element: Value<'_>) -> Option<Bounds> {
    let moment = |value: Value<'_>| value.as_text().and_then(|text| Moment::parse(&text));
    // A bound that is there but cannot be read makes the whole element unreadable.
    let bound = |value: Value<'_>, name: &str| match value.get(name) {
        None => Some(None),
        Some(value) => moment(value).map(Some),
    };
    let period = |value: Value<'_>| Some((bound(value, "start")?, bound(value, "end")?));
    match element.kind() {
        Kind::Text => moment(element).map(|moment| (Some(moment), Some(moment))),
        Kind::Object if element.get("start").is_some() || element.get("end").is_some() => period(element),
        Kind::Object => {
            // Timing: only its outer limits count.
            if let Some(limits) = element.get("repeat").and_then(|repeat| repeat.get("boundsPeriod")) {
                return period(limits);
            }
            let events: Option<Vec<Moment>> = element.all("event").into_iter().map(moment).collect();
            let instant = |moment: &&Moment| moment.from - moment.offset.unwrap_or(0);
            let (first, last) =
                (events.as_ref()?.iter().min_by_key(instant), events.as_ref()?.iter().max_by_key(instant));
            let timed = element.get("repeat").is_some() || element.get("code").is_some();
            (first.is_some() || timed).then(|| (first.copied(), last.copied()))
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::List => None,
    }
}

impl Moment {
    /// The moment this many nanoseconds later, exactly.
    pub(super) fn later(self, length: i128) -> Option<Self> {
        let at = self.from.checked_add(length)?;
        Some(Moment { from: at, to: at, ..self })
    }

    /// The moment this many nanoseconds before the end of this one.
    pub(super) fn earlier(self, length: i128) -> Option<Self> {
        let at = self.to.checked_sub(length)?;
        Some(Moment { from: at, to: at, ..self })
    }

    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm[:ss[.f]]` with an optional `Z` or `±hh:mm`.
    fn parse(text: &str) -> Option<Self> {
        let (date, clock) = match text.split_once('T') {
            Some((date, clock)) => (date, Some(clock)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = i32::from(number(parts.next()?, 4)?);
        let month = parts.next().map(|text| Month::try_from(u8::try_from(number(text, 2)?).ok()?).ok());
        let day = parts.next().map(|text| u8::try_from(number(text, 2)?).ok());
        if parts.next().is_some() || year == 0 {
            return None;
        }
        let whole = |date: Date, days: i128| {
            let from = (i128::from(date.to_julian_day()) - EPOCH) * DAY;
            Moment { from, to: from + days * DAY, offset: None }
        };
        let date = match (month, day) {
            (None, _) => whole(Date::from_calendar_date(year, Month::January, 1).ok()?, i128::from(days_in_year(year))),
            (Some(month), None) => {
                whole(Date::from_calendar_date(year, month?, 1).ok()?, i128::from(days_in_month(month?, year)))
            }
            (Some(month), Some(day)) => whole(Date::from_calendar_date(year, month?, day?).ok()?, 1),
        };
        match (clock, day) {
            (None, _) => Some(date),
            (Some(clock), Some(_)) => date.at(clock),
            (Some(_), None) => None,
        }
    }

    /// The moment at this time of the day that `self` is.
    fn at(self, clock: &str) -> Option<Self> {
        let (clock, offset) = match clock.find(['Z', '+', '-']) {
            Some(at) => {
                let (clock, offset) = clock.split_at_checked(at)?;
                (clock, Some(read_offset(offset)?))
            }
            None => (clock, None),
        };
        let mut parts = clock.split(':');
        let hour = number(parts.next()?, 2).filter(|hour| *hour < 24)?;
        let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
        let from = self.from + (i128::from(hour) * 3600 + i128::from(minute) * 60) * SECOND;
        let (within, width) = match parts.next() {
            None => (0, 60 * SECOND),
            Some(seconds) => read_seconds(seconds)?,
        };
        parts.next().is_none().then_some(Moment { from: from + within, to: from + within + width, offset })
    }
}

/// The Julian day of 1 January 1970.
const EPOCH: i128 = 2_440_588;

/// Exactly this many digits.
fn number(text: &str, digits: usize) -> Option<u16> {
    let good = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// Seconds (a leap second is allowed) with a fraction: nanoseconds, and the width that the precision leaves open.
fn read_seconds(text: &str) -> Option<(i128, i128)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let seconds = i128::from(number(whole, 2).filter(|seconds| *seconds <= 60)?) * SECOND;
    let Some(fraction) = fraction else { return Some((seconds, SECOND)) };
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Beyond nanoseconds nothing is told apart.
    let kept = fraction.get(..9).unwrap_or(fraction);
    let width = 10i128.pow(9 - u32::try_from(kept.len()).ok()?);
    Some((seconds + kept.parse::<i128>().ok()? * width, width))
}

fn read_offset(text: &str) -> Option<i128> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let hours = number(hours, 2).filter(|hours| *hours <= 14)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (i128::from(hours) * 3600 + i128::from(minutes) * 60) * SECOND)
}
