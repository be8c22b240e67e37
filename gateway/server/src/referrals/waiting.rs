//! What waits longer than it should, for a reminder on the page.

use std::time::Duration;

use flows::bgz::{Stage, TaskStatus};
use time::OffsetDateTime;

use super::config::ReferralsConfig;
use super::received::Received;
use super::sent::Sent;
use crate::handoffs::waiting::too_long;

/// How long a referral that we send waits for its receiver to answer, when that is too long.
pub fn of_sent(sent: &Sent, now: OffsetDateTime, config: &ReferralsConfig) -> Option<Duration> {
    let status = sent.sending()?.status();
    let open = matches!(status, TaskStatus::Requested | TaskStatus::Received);
    too_long(open.then_some(sent.made.as_str())?, now, config.remind_hours)
}

/// How long a referral that we receive waits for us, or for its sender's data, when that is too long. A treatment takes as long as
/// it takes.
pub fn of_received(received: &Received, now: OffsetDateTime, config: &ReferralsConfig) -> Option<Duration> {
    let state = received.receiving()?;
    let since = match state.stage() {
        Stage::Told | Stage::Offered => &received.first,
        Stage::Answering(_) | Stage::Pulling => &received.modified,
        Stage::Pulled if state.has_failed_parts() => &received.modified,
        Stage::Pulled | Stage::Ended(_) => return None,
    };
    too_long(since, now, config.remind_hours)
}

#[cfg(test)]
mod tests {
    use fhir::Ura;
    use flows::bgz::Told;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn what_waits_for_an_answer_is_overdue_after_so_many_hours_and_a_treatment_never_is() {
        let config = ReferralsConfig { remind_hours: 24, ..ReferralsConfig::default() };
        let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).unwrap();
        let ura = Ura::parse("90000101").unwrap();
        let mut received = Received::new((&ura, "Noord"), "t", "b", "2026-01-01T00:00:00Z", "c");
        assert_eq!(of_received(&received, at("2026-01-01T23:59:59Z"), &config), None);
        let day = Duration::from_secs(86_400);
        assert_eq!(of_received(&received, at("2026-01-02T00:00:00Z"), &config), Some(day));
        let mut state = received.receiving().unwrap();
        let read = Told::TaskRead { status: TaskStatus::Requested, parts: 0, changed: false, as_of: 1 };
        for event in [read, Told::Take] {
            state = state.after(event);
        }
        received.put(&state, "2026-01-05T00:00:00Z");
        assert_eq!(of_received(&received, at("2026-01-05T23:00:00Z"), &config), None);
        assert_eq!(of_received(&received, at("2026-01-06T00:00:00Z"), &config), Some(day), "the sender is not told");
        received.put(&state.after(Told::Answered(TaskStatus::Accepted)), "2026-01-06T00:00:00Z");
        assert_eq!(of_received(&received, at("2026-12-06T00:00:00Z"), &config), None);
    }
}
