//! A6: which of the stretches of one treatment hold at a moment, are to come, or have ended. The windows are the provider's
//! choice: the standard's own material uses several.

use serde::{Deserialize, Serialize};

use super::block::{Block, Stop};
use super::folding::{Closed, Segment};
use super::moment::Moment;

/// How far an overview looks back and ahead, in months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Windows {
    /// So long what has ended counts as recently stopped.
    pub recent_months: u32,
    /// So far ahead what is planned is shown with what is current.
    pub planned_months: u32,
    /// So long an interruption counts as one; always when it is not given. MP 9.0.7 has 2, later versions have no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted_months: Option<u32>,
}

impl Default for Windows {
    fn default() -> Self {
        Windows { recent_months: 2, planned_months: 3, interrupted_months: None }
    }
}

impl Windows {
    /// Most months that a window may have: a hundred years.
    pub const MOST: u32 = 1_200;

    fn ago(now: Moment, months: u32) -> Moment {
        now.plus_months(-i64::from(months.min(Windows::MOST)))
    }

    /// What ended then is recently stopped, or history.
    pub(super) fn of_end(&self, end: Moment, now: Moment) -> Section {
        if end >= Windows::ago(now, self.recent_months) { Section::RecentlyStopped } else { Section::History }
    }

    /// What was interrupted from then on is interrupted yet, or history.
    pub(super) fn of_interruption(&self, end: Moment, now: Moment) -> Section {
        let over = self.interrupted_months.is_some_and(|months| end < Windows::ago(now, months));
        if over { Section::History } else { Section::Interrupted }
    }

    /// What begins then is planned, or planned later than is shown.
    pub(super) fn of_start(&self, start: Moment, now: Moment) -> Section {
        let last = now.plus_months(i64::from(self.planned_months.min(Windows::MOST)));
        if start <= last { Section::Planned } else { Section::Later }
    }
}

/// Where a treatment stands, in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    Current,
    Interrupted,
    Planned,
    RecentlyStopped,
    /// Nothing certain can be worked out of what was received.
    Unclear,
    /// Planned beyond the window.
    Later,
    History,
}

impl Section {
    pub const ALL: [Section; 7] = [
        Section::Current,
        Section::Interrupted,
        Section::Planned,
        Section::RecentlyStopped,
        Section::Unclear,
        Section::Later,
        Section::History,
    ];

    /// Whether the former overview (medicatieoverzicht) holds it.
    pub fn is_in_former_list(self) -> bool {
        matches!(self, Section::Current | Section::Interrupted | Section::Planned | Section::RecentlyStopped)
    }
}

/// Which segments of one kind are shown.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Those that hold now, the one that counts first.
    pub current: Vec<usize>,
    /// Those to come, by their start.
    pub planned: Vec<usize>,
    /// What ended last, where nothing holds now.
    pub ended: Option<usize>,
}

/// Chooses at a moment. What was taken back is not among it.
pub(super) fn choose(segments: &[Segment], blocks: &[&Block<'_>], now: Moment) -> Chosen {
    let alive = || segments.iter().enumerate().filter(|(_, segment)| segment.cancelled.is_none());
    let holds = |segment: &Segment| segment.start <= now && now <= segment.end;
    let by = |at: &usize| {
        let segment = &segments[*at];
        (segment.start, blocks[segment.block].order(), &blocks[segment.block].id)
    };
    let mut current: Vec<usize> = alive().filter(|(_, segment)| holds(segment)).map(|(at, _)| at).collect();
    current.sort_by(|one, other| by(other).cmp(&by(one)));
    let mut planned: Vec<usize> =
        alive().filter(|(_, segment)| segment.start > now && segment.end >= segment.start).map(|(at, _)| at).collect();
    planned.sort_by(|one, other| by(one).cmp(&by(other)));
    // What something else took the place of is over with it.
    let past = alive().filter(|(_, segment)| segment.start <= now && segment.end < now);
    let past = past.filter(|(_, segment)| !matches!(segment.closed, Closed::Replaced(_)));
    let ended = past
        .map(|(at, _)| at)
        .max_by(|one, other| segments[*one].end.cmp(&segments[*other].end).then_with(|| by(one).cmp(&by(other))));
    let ended = ended.filter(|_| current.is_empty());
    Chosen { current, planned, ended }
}

/// The section of what has ended.
pub(super) fn section_of_ended(segment: &Segment, blocks: &[&Block<'_>], windows: &Windows, now: Moment) -> Section {
    let stop = match segment.closed {
        Closed::Stopped(stop) => blocks[stop].stop,
        Closed::Not | Closed::Replaced(_) => None,
    };
    match stop {
        Some(Stop::Interrupted) => windows.of_interruption(segment.end, now),
        _ => windows.of_end(segment.end, now),
    }
}
