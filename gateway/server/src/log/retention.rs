//! Erases what need not be kept any more: finds what is due, announces it in the log, waits until the announcement is on
//! disk, and only then erases. What broke off in between is done by the next round, with an announcement of its own.

use std::path::Path;

use audit::erasure::{Plan, Retained, Retention, RetentionClass};
use serde::{Deserialize, Serialize};
use store::access_log::AccessLog;
use time::OffsetDateTime;

use super::unindexed;

/// Most announcements of one round; they bound what it erases.
const ANNOUNCEMENTS: usize = 16;

/// How many years records are kept (bewaartermijn), by class, from the moment that each was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Exchanges that were granted or broke off.
    pub exchange_years: u16,
    /// Access outside the normal procedure.
    pub emergency_years: u16,
    /// Exchanges that were refused.
    pub refused_years: u16,
    /// Verdicts on an access that was looked at again.
    pub review_years: u16,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        let Retention { exchange, emergency, refused, review } = Retention::default();
        RetentionConfig {
            exchange_years: exchange,
            emergency_years: emergency,
            refused_years: refused,
            review_years: review,
        }
    }
}

impl RetentionConfig {
    /// # Errors
    /// When a class is kept for less time than the rule asks (Stcrt. 2019, 38007).
    pub fn check(&self) -> Result<(), String> {
        let first = self.rules().unlawful().next();
        first.map_or(Ok(()), |class| {
            let (least, most) = (Retention::LEAST_YEARS, Retention::MOST_YEARS);
            Err(format!("log.retention.{}_years must be between {least} and {most}", class.code()))
        })
    }

    pub fn rules(&self) -> Retention {
        Retention {
            exchange: self.exchange_years,
            emergency: self.emergency_years,
            refused: self.refused_years,
            review: self.review_years,
        }
    }

    /// Every class and its years, in words.
    pub fn years(&self) -> String {
        let rules = self.rules();
        RetentionClass::ALL.map(|class| format!("{} {} years", class.code(), rules.years(class))).join(", ")
    }
}

/// What a round came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Where the announcements stand.
    pub announced: Vec<u64>,
    /// Records that were erased, and segments that were written anew for it.
    pub records: u64,
    pub segments: u64,
    /// Whether more is due than one round takes.
    pub more: bool,
}

/// What is due at this moment and can be erased.
///
/// # Errors
/// When the log cannot be read, or the configuration is not lawful: a sentence for the operator.
pub fn due(log: &AccessLog, config: &RetentionConfig, now: OffsetDateTime) -> Result<Plan, String> {
    config.check()?;
    let until = log.erasable_until().map_err(|fault| fault.to_string())?;
    let mut plan = Plan::new(config.rules(), now, ANNOUNCEMENTS);
    for found in log.records(0) {
        let (index, content) = found.map_err(|fault| fault.to_string())?;
        if index >= until || plan.is_settled() {
            break;
        }
        if let Some(retained) = content.record().and_then(Retained::of) {
            plan.consider(index, retained);
        }
    }
    Ok(plan)
}

/// Announces and erases what is due, and notes in the folder of the index (if there is one) that what the index keeps of
/// these records has to go as well. Waits for the disk; not for asynchronous code.
///
/// # Errors
/// When the log cannot be read, or takes no announcement, or a segment cannot be written anew: a sentence for the operator.
pub fn round(
    log: &AccessLog,
    index: &Path,
    config: &RetentionConfig,
    node: &str,
    now: OffsetDateTime,
) -> Result<Report, String> {
    let plan = due(log, config, now)?;
    let mut report = Report { more: plan.is_full(), ..Report::default() };
    if plan.records() == 0 {
        return Ok(report);
    }
    for announcement in plan.announcements(node) {
        let record = announcement.write().map_err(|fault| format!("an erasure cannot be announced: {fault}"))?;
        let written = log.try_reserve().and_then(|slot| slot.write_and_wait(record));
        let position = written.map_err(|fault| format!("an erasure cannot be announced: {fault}"))?;
        report.announced.push(position.index);
    }
    let ranges = plan.ranges();
    unindexed::note(index, &ranges)?;
    let done = log.erase(&ranges).map_err(|fault| format!("not all that is due could be erased: {fault}"))?;
    (report.records, report.segments) = (done.records, done.segments);
    tracing::info!(
        log.erased = done.records,
        log.segments = done.segments,
        "records were erased after their retention"
    );
    Ok(report)
}
