//! What waits longer than it should: for a reminder on the page, in the lists and in the metrics.

use std::time::Duration;

use flows::eoverdracht::{Stage, TaskStatus};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::config::HandoffsConfig;
use super::received::Received;
use super::sent::Sent;

/// How long a handoff that we send waits for its receiver, when that is too long.
pub fn of_sent(sent: &Sent, now: OffsetDateTime, config: &HandoffsConfig) -> Option<Duration> {
    let open = sent.sending().is_some_and(|sending| sending.status() == TaskStatus::InProgress);
    too_long(open.then_some(sent.made.as_str())?, now, config.remind_hours)
}

/// How long a handoff that we receive waits for us or for its sender, to be stored or to be read, when that is too long.
pub fn of_received(received: &Received, now: OffsetDateTime, config: &HandoffsConfig) -> Option<Duration> {
    let since = match received.receiving()?.stage() {
        Stage::Told | Stage::Waiting(_) | Stage::Offered | Stage::Taking | Stage::Taken => &received.first,
        Stage::Completed if received.seen.is_none() || received.owes_filing() => &received.modified,
        Stage::Completed | Stage::Closed(_) => return None,
    };
    too_long(since, now, config.remind_hours)
}

/// How long it is since then (RFC 3339), when that is so many hours or more.
pub fn too_long(since: &str, now: OffsetDateTime, hours: u16) -> Option<Duration> {
    let since = OffsetDateTime::parse(since, &Rfc3339).ok()?;
    let waits = Duration::try_from(now - since).ok()?;
    (waits >= Duration::from_secs(u64::from(hours) * 3600)).then_some(waits)
}

#[cfg(test)]
mod tests {
    use fhir::Ura;
    use flows::eoverdracht::Told;

    use super::*;

    #[test]
    fn what_waits_is_overdue_after_so_many_hours_and_what_is_over_never_is() {
        let config = HandoffsConfig { remind_hours: 24, ..HandoffsConfig::default() };
        let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).unwrap();
        let ura = Ura::parse("90000101").unwrap();
        let mut received = Received::new((&ura, "Noord"), "t", "b", "2026-01-01T00:00:00Z", "c");
        assert_eq!(of_received(&received, at("2026-01-01T23:59:59Z"), &config), None);
        let day = Duration::from_secs(86_400);
        assert_eq!(of_received(&received, at("2026-01-02T00:00:00Z"), &config), Some(day));
        assert_eq!(of_received(&received, at("2025-12-31T00:00:00Z"), &config), None, "a clock that went back");
        let mut state = received.receiving().unwrap();
        let read = Told::TaskRead {
            status: TaskStatus::InProgress,
            as_of: 1,
            edition: 1,
            offers: flows::eoverdracht::Access::Handoff,
        };
        for event in [read, Told::Take, Told::Parts(1), Told::Kept(0), Told::Answered(TaskStatus::Completed)] {
            state = state.after(event);
        }
        received.put(&state, "2026-01-05T00:00:00Z");
        assert_eq!(of_received(&received, at("2026-01-05T01:00:00Z"), &config), None);
        assert_eq!(of_received(&received, at("2026-01-06T00:00:00Z"), &config), Some(day), "nobody read it");
        received.seen = Some(super::super::received::Seen { by: "K".into(), at: "2026-01-05T02:00:00Z".into() });
        assert_eq!(of_received(&received, at("2026-02-06T00:00:00Z"), &config), None);
    }
}
