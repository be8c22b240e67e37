//! A referral as its receiver keeps it.

use fhir::identifiers::Reader;
use fhir::{Bsn, Ura};
use flows::bgz::{End, Outcome, Query, Receiving, Stage, TaskStatus};
use policy::Person;
use serde::{Deserialize, Serialize};

use crate::handoffs::effort::Effort;
use crate::handoffs::owed::{Telling, Tells};
use crate::handoffs::pool::{OfParty, Party};

/// One referral that we receive. Debug shows no patient and no person.
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
    /// The status that the Task is to be put back with, where it is.
    answering: Option<String>,
    reasons: u32,
    read: u32,
    renewed: bool,
    /// What is asked for, part by part.
    pub parts: Vec<Part>,
    /// How many searches of the Task are not in the list, and were not asked.
    pub not_in_the_list: usize,
    /// The Task has more inputs than are looked at.
    pub cut_short: bool,
    /// The id of the Patient at the sender.
    pub patient_id: Option<String>,
    /// The BSN, once it is known.
    patient: Option<String>,
    /// RFC 3339: until when the sender lets the data be pulled.
    pub until: Option<String>,
    /// Who takes it, or does not.
    pub person: Option<Person>,
    /// RFC 3339.
    pub first: String,
    /// RFC 3339: when it last changed.
    pub modified: String,
    pub correlation: String,
    /// What was put into the next step so far.
    pub effort: Effort,
    /// How often all failed parts were asked for again.
    pub again: Effort,
    /// Of what the record system is told by itself: nothing, it looks into the list.
    #[serde(default)]
    telling: Telling,
}

/// One part of a data set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What is asked; it names no patient.
    pub query: String,
    outcome: String,
    /// How many resources are kept of it.
    pub resources: usize,
    /// Why it failed. Says nothing of a patient.
    pub why: Option<String>,
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
            answering: None,
            reasons: 0,
            read: 0,
            renewed: false,
            parts: Vec::new(),
            not_in_the_list: 0,
            cut_short: false,
            patient_id: None,
            patient: None,
            until: None,
            person: None,
            first: now.to_owned(),
            modified: now.to_owned(),
            correlation: correlation.to_owned(),
            effort: Effort::default(),
            again: Effort::default(),
            telling: Telling::default(),
        };
        received.put(&Receiving::default(), now);
        received
    }

    /// The state; nothing when what is kept can be none.
    pub fn receiving(&self) -> Option<Receiving> {
        let stage = match self.stage.as_str() {
            "told" => Stage::Told,
            "offered" => Stage::Offered,
            "answering" => Stage::Answering(TaskStatus::parse(self.answering.as_deref()?)?),
            "pulling" => Stage::Pulling,
            "pulled" => Stage::Pulled,
            "completed" => Stage::Ended(End::Completed),
            "rejected" => Stage::Ended(End::Rejected),
            "cancelled" => Stage::Ended(End::Cancelled),
            "not-for-us" => Stage::Ended(End::NotForUs),
            "ended-without-us" => Stage::Ended(End::WithoutUs),
            _ => return None,
        };
        let outcomes = self.parts.iter().map(Part::outcome).collect::<Option<Vec<_>>>()?;
        Receiving::kept(stage, (self.reasons, self.read), self.renewed, outcomes)
    }

    /// Puts a state in the place of the one before; what was tried before counts no more. Its parts are those that are there.
    /// `now`: RFC 3339.
    pub fn put(&mut self, receiving: &Receiving, now: &str) {
        let stage = word(receiving.stage());
        if !self.stage.is_empty() && self.stage != stage {
            self.telling.changed(now);
        }
        stage.clone_into(&mut self.stage);
        self.answering = match receiving.stage() {
            Stage::Answering(status) => Some(status.code().to_owned()),
            _ => None,
        };
        (self.reasons, self.read) = receiving.reasons();
        self.renewed = receiving.is_renewed();
        for (part, outcome) in self.parts.iter_mut().zip(receiving.parts()) {
            part.outcome = outcome_word(*outcome).to_owned();
        }
        self.modified = now.to_owned();
        self.effort = Effort::default();
    }

    /// What is asked for from now on.
    pub fn ask(&mut self, queries: &[Query]) {
        let part = |query: &Query| Part {
            query: query.as_text(),
            outcome: outcome_word(Outcome::Due).to_owned(),
            resources: 0,
            why: None,
        };
        self.parts = queries.iter().map(part).collect();
    }

    pub fn patient(&self) -> Option<Bsn> {
        Bsn::parse(self.patient.as_deref()?).ok()
    }

    pub fn is_about(&mut self, patient: &Bsn) {
        self.patient = Some(patient.reveal_to(Reader::OwnRegister).to_owned());
    }
}

impl OfParty for Received {
    fn party(&self) -> Party {
        Party::Provider(self.sender.clone())
    }
}

impl Tells for Received {
    const KIND: &'static str = "referral.received";
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
        self.effort.given_up || self.again.given_up
    }
}

impl Part {
    /// What became of it; nothing when what is kept says nothing.
    pub fn outcome(&self) -> Option<Outcome> {
        [Outcome::Due, Outcome::Complete, Outcome::Empty, Outcome::Failed]
            .into_iter()
            .find(|outcome| outcome_word(*outcome) == self.outcome)
    }
}

/// A stage as it is kept and shown.
pub fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Told => "told",
        Stage::Offered => "offered",
        Stage::Answering(_) => "answering",
        Stage::Pulling => "pulling",
        Stage::Pulled => "pulled",
        Stage::Ended(End::Completed) => "completed",
        Stage::Ended(End::Rejected) => "rejected",
        Stage::Ended(End::Cancelled) => "cancelled",
        Stage::Ended(End::NotForUs) => "not-for-us",
        Stage::Ended(End::WithoutUs) => "ended-without-us",
    }
}

/// What became of a part, as it is kept and shown.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Due => "due",
        Outcome::Complete => "complete",
        Outcome::Empty => "empty",
        Outcome::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use flows::bgz::Told;

    use super::*;

    #[test]
    fn every_state_is_kept_as_it_is_and_nothing_of_the_patient_is_shown() {
        let ura = Ura::parse("90000101").unwrap();
        let mut received = Received::new((&ura, "Maasdal"), "t", "b", "2026-01-01T00:00:00Z", "c");
        assert_eq!(received.receiving(), Some(Receiving::default()));
        let queries = ["Condition", "Flag"].map(|text| Query::read(text, None).unwrap());
        received.ask(&queries);
        received.is_about(&Bsn::parse("999911120").unwrap());
        let mut state = Receiving::default();
        for event in [
            Told::TaskRead { status: TaskStatus::Requested, parts: 2, changed: true, as_of: 1 },
            Told::Take,
            Told::Answered(TaskStatus::Accepted),
            Told::Part(0, Outcome::Complete),
            Told::Part(1, Outcome::Failed),
            Told::Retry,
            Told::TaskRead { status: TaskStatus::Accepted, parts: 2, changed: false, as_of: 2 },
            Told::Part(1, Outcome::Empty),
            Told::Finish,
            Told::Answered(TaskStatus::Completed),
        ] {
            state = state.after(event);
            received.put(&state, "2026-01-02T00:00:00Z");
            let text = serde_json::to_vec(&received).unwrap();
            let back: Received = serde_json::from_slice(&text).unwrap();
            assert_eq!(back.receiving(), Some(state.clone()), "{event:?}");
        }
        assert!(!format!("{received:?}").contains("999911120"));
        assert_eq!(received.patient(), Bsn::parse("999911120").ok());
    }
}
