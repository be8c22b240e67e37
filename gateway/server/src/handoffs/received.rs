//! A transfer as its receiver keeps it.

use fhir::Ura;
use flows::eoverdracht::{Closed, Negotiation, Notice, Receiving, Stage, TaskStatus};
use policy::Person;
use serde::{Deserialize, Serialize};

use super::effort::Effort;
use super::filing::Filing;
use super::negotiating::Answered;
use super::owed::{Telling, Tells};
use super::pool::{OfParty, Party};

/// One transfer that we receive. Debug shows no patient and no person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    pub sender: Ura,
    pub sender_name: String,
    /// The Task's id at the sender.
    pub task: String,
    /// What we come back with.
    pub base: String,
    stage: String,
    /// The status that the sender waits with, where it does.
    waiting: Option<String>,
    notified: u32,
    read: u32,
    held: Vec<bool>,
    /// Which handoff the Task offers.
    #[serde(default)]
    edition: u64,
    /// How often it was replaced by a newer one since we first read of it.
    #[serde(default)]
    pub replaced: u32,
    /// Of the Task: the ids of the Patient and of the Composition at the sender.
    pub patient_id: Option<String>,
    pub composition: Option<String>,
    /// Of one that is asked first: the id of the notice's Composition, how far we are with it, and what was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    #[serde(default)]
    negotiation: Kept,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
    /// To which service or location of ours it is routed.
    pub routed: Vec<String>,
    /// Who takes it.
    pub taker: Option<Person>,
    /// Who signed off that they read it, once somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Where it stands with our own record system, where that takes handoffs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<Filing>,
    /// How many resources the handoff has, once it is kept.
    pub resources: usize,
    /// RFC 3339.
    pub first: String,
    /// RFC 3339: when it last changed.
    pub modified: String,
    pub correlation: String,
    pub effort: Effort,
    /// What our record system was told of it.
    #[serde(default)]
    telling: Telling,
}

/// How far we are with a notice.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    notice: String,
    answering: Option<String>,
}

/// That somebody of ours read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// By name, or by number where there is none.
    pub by: String,
    /// RFC 3339.
    pub at: String,
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Received({} from {})", self.stage, self.sender.as_str())
    }
}

impl Received {
    /// One that we were just told of. `now`: RFC 3339.
    pub fn new(sender: (&Ura, &str), task: &str, base: &str, now: &str, correlation: &str) -> Self {
        let mut received = Received {
            sender: sender.0.clone(),
            sender_name: sender.1.to_owned(),
            task: task.to_owned(),
            base: base.to_owned(),
            stage: String::new(),
            waiting: None,
            notified: 0,
            read: 0,
            held: Vec::new(),
            edition: 0,
            replaced: 0,
            patient_id: None,
            composition: None,
            notice: None,
            negotiation: Kept::default(),
            answered: None,
            routed: Vec::new(),
            taker: None,
            seen: None,
            filing: None,
            resources: 0,
            first: now.to_owned(),
            modified: now.to_owned(),
            correlation: correlation.to_owned(),
            effort: Effort::default(),
            telling: Telling::default(),
        };
        received.put(&Receiving::default(), now);
        received
    }

    /// The state; nothing when what is kept can be none.
    pub fn receiving(&self) -> Option<Receiving> {
        let stage = match self.stage.as_str() {
            "told" => Stage::Told,
            "waiting" => Stage::Waiting(TaskStatus::parse(self.waiting.as_deref()?)?),
            "offered" => Stage::Offered,
            "taking" => Stage::Taking,
            "taken" => Stage::Taken,
            "completed" => Stage::Completed,
            "refused" => Stage::Closed(Closed::Refused),
            "cancelled" => Stage::Closed(Closed::Cancelled),
            "rejected" => Stage::Closed(Closed::Rejected),
            "completed-without-us" => Stage::Closed(Closed::CompletedWithoutUs),
            _ => return None,
        };
        let answering = match &self.negotiation.answering {
            None => None,
            Some(code) => Some(TaskStatus::parse(code)?),
        };
        let negotiation = Negotiation::kept(notice(&self.negotiation.notice)?, answering)?;
        let state = Receiving::kept(stage, (self.notified, self.read), self.held.clone())?;
        state.of(self.edition).negotiated(negotiation)
    }

    /// Puts a state in the place of the one before; what was tried before counts no more. `now`: RFC 3339.
    pub fn put(&mut self, receiving: &Receiving, now: &str) {
        let stage = word(receiving.stage());
        // While we were only told or asked, no handoff was offered that could be replaced.
        let asked = matches!(self.stage.as_str(), "" | "told" | "waiting");
        let replaced = !asked && self.edition != 0 && self.edition != receiving.edition();
        self.replaced = self.replaced.saturating_add(u32::from(replaced));
        self.edition = receiving.edition();
        let negotiation = receiving.negotiation();
        let kept = Kept {
            notice: notice_word(negotiation.notice()).to_owned(),
            answering: negotiation.answering().map(|status| status.code().to_owned()),
        };
        let waiting = match receiving.stage() {
            Stage::Waiting(status) => Some(status.code().to_owned()),
            _ => None,
        };
        let further = self.waiting != waiting || self.negotiation != kept;
        if !self.stage.is_empty() && (self.stage != stage || replaced || (further && waiting.is_some())) {
            self.telling.changed(now);
        }
        stage.clone_into(&mut self.stage);
        (self.waiting, self.negotiation) = (waiting, kept);
        (self.notified, self.read) = receiving.notifications();
        self.held = receiving.held().to_vec();
        self.modified = now.to_owned();
        self.effort = Effort::default();
    }
}

impl OfParty for Received {
    fn party(&self) -> Party {
        if self.owes_filing() { Party::RecordSystem } else { Party::Provider(self.sender.clone()) }
    }
}

impl Tells for Received {
    const KIND: &'static str = "handoff.received";
    fn telling(&self) -> &Telling {
        &self.telling
    }
    fn telling_mut(&mut self) -> &mut Telling {
        &mut self.telling
    }
    fn state(&self) -> &'static str {
        self.receiving().map_or("unreadable", |receiving| word(receiving.stage()))
    }
    fn given_up(&self) -> bool {
        self.effort.given_up
    }
}

/// How far we are with a notice, as it is kept and shown; empty where there is none.
pub fn notice_word(notice: Notice) -> &'static str {
    match notice {
        Notice::Absent => "",
        Notice::Offered => "offered",
        Notice::Wanted => "wanted",
        Notice::Held => "held",
    }
}

fn notice(word: &str) -> Option<Notice> {
    [Notice::Absent, Notice::Offered, Notice::Wanted, Notice::Held].into_iter().find(|one| notice_word(*one) == word)
}

/// A stage as it is kept and shown.
pub fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Told => "told",
        Stage::Waiting(_) => "waiting",
        Stage::Offered => "offered",
        Stage::Taking => "taking",
        Stage::Taken => "taken",
        Stage::Completed => "completed",
        Stage::Closed(Closed::Refused) => "refused",
        Stage::Closed(Closed::Cancelled) => "cancelled",
        Stage::Closed(Closed::Rejected) => "rejected",
        Stage::Closed(Closed::CompletedWithoutUs) => "completed-without-us",
    }
}

#[cfg(test)]
mod tests {
    use flows::eoverdracht::{Told, access};

    use super::*;

    #[test]
    fn every_state_is_kept_as_it_is() {
        let ura = Ura::parse("90000101").unwrap();
        let mut received = Received::new((&ura, "Noord"), "t", "b", "2026-01-01T00:00:00Z", "c");
        assert_eq!(received.receiving(), Some(Receiving::default()));
        let mut state = Receiving::default();
        let read = |status| Told::TaskRead { status, as_of: 1, edition: 7, offers: access(status) };
        for event in [
            read(TaskStatus::Requested),
            Told::Take,
            Told::NoticeKept(7),
            Told::Answer(TaskStatus::OnHold),
            read(TaskStatus::OnHold),
            read(TaskStatus::InProgress),
            Told::Take,
            Told::Parts(2),
            Told::Kept(1),
            Told::Kept(0),
            Told::Superseded(8),
            Told::Parts(1),
            Told::Kept(0),
            Told::Answered(TaskStatus::Completed),
            Told::Notified,
        ] {
            state = state.after(event);
            received.put(&state, "2026-01-02T00:00:00Z");
            let text = serde_json::to_vec(&received).unwrap();
            let back: Received = serde_json::from_slice(&text).unwrap();
            assert_eq!(back.receiving(), Some(state.clone()), "{event:?}");
        }
        assert_eq!(received.replaced, 1);
        for closed in [
            read(TaskStatus::Cancelled),
            read(TaskStatus::Rejected),
            read(TaskStatus::Completed),
            Told::NotForUs { as_of: 1 },
        ] {
            let state = Receiving::default().after(closed);
            received.put(&state, "2026-01-02T00:00:00Z");
            assert_eq!(received.receiving(), Some(state), "{closed:?}");
        }
    }
}
