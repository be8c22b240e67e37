//! Holds what was erased against what was announced, with what is left of the log as the witness: records stand in the
//! order in which they were written, so each tells something of the age of its neighbours.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::announcement::{Announcement, ErasedRange};
use super::retention::{Retained, Retention};

/// How far the order of records may be from the order of their moments: exchanges end side by side, and clocks are set.
pub(super) const SLACK: Duration = Duration::days(1);

/// A record that is still there, and its moment.
type Moment = (u64, OffsetDateTime);

/// Erased records without a gap between them.
#[derive(Debug)]
struct Run {
    from: u64,
    until: u64,
    /// The latest of the records before them that are still there.
    before: Option<Moment>,
}

/// Looks on while the log is read from its beginning.
#[derive(Debug, Default)]
pub struct Watch {
    runs: Vec<Run>,
    announcements: Vec<Announced>,
    /// The latest moment at which one was made.
    announced: Option<OffsetDateTime>,
    latest: Option<Moment>,
    found: Vec<String>,
}

#[derive(Debug)]
struct Announced {
    index: u64,
    announcement: Announcement,
    /// A record behind it that is older.
    older_behind: Option<Moment>,
}

impl Watch {
    /// Looks at the next record of the log; at nothing, where it was erased.
    pub fn look(&mut self, index: u64, record: Option<&[u8]>) {
        let Some(record) = record else {
            match self.runs.last_mut().filter(|run| run.until == index) {
                Some(run) => run.until += 1,
                None => self.runs.push(Run { from: index, until: index + 1, before: self.latest }),
            }
            return;
        };
        let recorded = if !Announcement::is_one(record) {
            Retained::of(record).map(|retained| retained.recorded)
        } else if let Some(announcement) = Announcement::read(record) {
            let recorded = announcement.recorded;
            self.announced = self.announced.max(Some(recorded));
            self.announcements.push(Announced { index, announcement, older_behind: None });
            Some(recorded)
        } else {
            self.found.push(format!("record {index} announces an erasure and cannot be read"));
            None
        };
        let Some(recorded) = recorded else { return };
        if self.latest.is_none_or(|(_, latest)| latest < recorded) {
            self.latest = Some((index, recorded));
        }
        let is_older = |than: OffsetDateTime| recorded + SLACK < than;
        if self.announced.is_some_and(is_older) {
            for announced in self.announcements.iter_mut().filter(|one| is_older(one.announcement.recorded)) {
                announced.older_behind.get_or_insert((index, recorded));
            }
        }
    }

    /// What is wrong, in sentences that name what and where.
    pub fn findings(mut self, now: OffsetDateTime) -> Vec<String> {
        for announced in &self.announcements {
            let found = announced.faults(now);
            self.found.extend(found);
            for range in &announced.announcement.erased {
                let found = self.runs.iter().filter_map(|run| announced.contradicted(range, run));
                self.found.extend(found);
            }
        }
        let mut covered: Vec<(u64, u64)> = self
            .announcements
            .iter()
            .flat_map(|announced| {
                let before = announced.announcement.erased.iter().filter(|range| range.until <= announced.index);
                before.map(|range| (range.from, range.until))
            })
            .collect();
        covered.sort_unstable();
        for run in &self.runs {
            for (from, until) in uncovered(run, &covered) {
                let erased = if until - from == 1 { "was erased" } else { "were erased" };
                self.found
                    .push(format!("{} {erased}, and no announcement in the log covers that", records(from, until)));
            }
        }
        self.found
    }
}

impl Announced {
    /// What is wrong with the announcement as such.
    fn faults(&self, now: OffsetDateTime) -> Vec<String> {
        let Announced { index, announcement, older_behind } = self;
        let (rules, at) = (&announcement.rules, announcement.recorded);
        let mut found = Vec::new();
        for class in rules.unlawful() {
            let (years, least, code) = (rules.years(class), Retention::LEAST_YEARS, class.code());
            found.push(format!(
                "record {index} announces an erasure after {years} years ({code}); at least {least} are due"
            ));
        }
        if at > now + SLACK {
            found.push(format!("record {index} announces an erasure at {}, which is yet to come", text(at)));
        }
        if let Some((behind, moment)) = older_behind {
            let (at, moment) = (text(at), text(*moment));
            found.push(format!(
                "record {index} announces an erasure at {at}, but record {behind} behind it is of {moment}"
            ));
        }
        for range in &announcement.erased {
            let which = records(range.from, range.until);
            if range.until > *index || range.from >= range.until {
                found.push(format!("record {index} announces the erasure of {which}, which do not come before it"));
            } else if !range.is_over(rules, at) {
                let (at, newest) = (text(at), text(range.newest));
                found.push(format!(
                    "record {index} announces the erasure of {which} too early: at {at} the newest of them, of {newest}, was still to be kept"
                ));
            }
        }
        found
    }

    /// Whether a record that is left shows that erased ones were younger than was said.
    fn contradicted(&self, range: &ErasedRange, run: &Run) -> Option<String> {
        let (before, moment) = run.before.filter(|(_, moment)| *moment > range.newest + SLACK)?;
        let (from, until) = (run.from.max(range.from), run.until.min(range.until));
        let (index, newest, moment) = (self.index, text(range.newest), text(moment));
        (from < until).then(|| {
            let which = records(from, until);
            format!(
                "record {index} announces {which} as no newer than {newest}, but record {before} before is of {moment}"
            )
        })
    }
}

/// The parts of a run that none of these ranges (in order) covers.
fn uncovered(run: &Run, covered: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let (mut at, end) = (run.from, run.until);
    let mut gaps = Vec::new();
    for (from, until) in covered.iter().filter(|(from, until)| *from < end && *until > run.from) {
        if *from > at {
            gaps.push((at, *from));
        }
        at = at.max(*until);
    }
    if at < end {
        gaps.push((at, end));
    }
    gaps
}

fn text(moment: OffsetDateTime) -> String {
    // Whatever was read as RFC 3339 can be written so.
    moment.format(&Rfc3339).unwrap_or_default()
}

fn records(from: u64, until: u64) -> String {
    if until.saturating_sub(from) == 1 {
        format!("record {from}")
    } else {
        format!("records {from} to {}", until.saturating_sub(1))
    }
}
