//! A transfer as its sender keeps it.

use fhir::identifiers::Reader;
use fhir::{Bsn, Resource, Ura};
use flows::eoverdracht::task::{self, Organisation, TaskFacts};
use flows::eoverdracht::{Handoff, RoutedTo, Sending, TaskStatus};
use serde::{Deserialize, Serialize};

use super::effort::Effort;
use super::owed::{Telling, Tells};
use super::pool::{OfParty, Party};

/// One transfer that we send. Debug shows no patient.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub receiver: Ura,
    pub receiver_name: String,
    /// The BSN.
    patient: String,
    pub patient_id: String,
    pub composition: String,
    sending_organization: Option<String>,
    receiving_organization: Option<String>,
    /// How many resources the handoff has.
    pub resources: usize,
    /// Where it goes within the receiving organisation, if the sender says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedTo>,
    /// The Task's id: what the receiver is told.
    pub task: String,
    /// What the receiver is to come back with, where its notification can carry it.
    pub base: String,
    status: String,
    change: u32,
    told: u32,
    /// The change with which the handoff came that is offered now.
    #[serde(default = "first")]
    edition: u32,
    /// The part of its documents that this handoff is.
    #[serde(default)]
    pub part: u32,
    /// RFC 3339.
    pub made: String,
    /// RFC 3339: when the Task last changed.
    pub modified: String,
    /// Unix time in seconds: until when the handoff can be fetched.
    pub until: i64,
    /// For which status the grant was last given.
    pub granted: Option<String>,
    pub correlation: String,
    pub effort: Effort,
    /// What our record system was told of it.
    #[serde(default)]
    telling: Telling,
}

fn first() -> u32 {
    Sending::made().edition()
}

/// What a new transfer is made of.
pub struct New<'a> {
    pub receiver: (&'a Ura, &'a str),
    pub handoff: &'a Handoff,
    pub routed: Option<&'a RoutedTo>,
    pub task: String,
    pub base: String,
    pub now: String,
    pub until: i64,
    pub correlation: &'a str,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sent({} to {})", self.status, self.receiver.as_str())
    }
}

impl Sent {
    pub fn new(new: New<'_>) -> Self {
        let sending = Sending::made();
        Sent {
            receiver: new.receiver.0.clone(),
            receiver_name: new.receiver.1.to_owned(),
            patient: new.handoff.patient().reveal_to(Reader::OwnRegister).to_owned(),
            patient_id: new.handoff.patient_id().to_owned(),
            composition: new.handoff.composition().to_owned(),
            sending_organization: new.handoff.sending_organization(),
            receiving_organization: new.handoff.receiving_organization(),
            resources: new.handoff.resources().len(),
            routed: new.routed.cloned(),
            task: new.task,
            base: new.base,
            status: sending.status().code().to_owned(),
            change: sending.change(),
            told: sending.told(),
            edition: sending.edition(),
            part: 0,
            made: new.now.clone(),
            modified: new.now,
            until: new.until,
            granted: None,
            correlation: new.correlation.to_owned(),
            effort: Effort::default(),
            telling: Telling::default(),
        }
    }

    /// The state; nothing when what is kept can be none.
    pub fn sending(&self) -> Option<Sending> {
        Sending::kept(TaskStatus::parse(&self.status)?, (self.change, self.told), self.edition)
    }

    /// Puts a state in the place of the one before; what was tried before counts no more. `now`: RFC 3339.
    pub fn put(&mut self, sending: Sending, now: &str) {
        if sending.change() != self.change {
            self.modified = now.to_owned();
        }
        if self.status != sending.status().code() {
            self.telling.changed(now);
        }
        self.status = sending.status().code().to_owned();
        (self.change, self.told, self.edition) = (sending.change(), sending.told(), sending.edition());
        self.effort = Effort::default();
    }

    /// A newer handoff stands in the place of the one that was offered. `part`: where it is kept; `until`: Unix time in seconds.
    pub fn replace(&mut self, sending: Sending, handoff: &Handoff, (part, until): (u32, i64), now: &str) {
        handoff.patient_id().clone_into(&mut self.patient_id);
        handoff.composition().clone_into(&mut self.composition);
        self.sending_organization = handoff.sending_organization();
        self.receiving_organization = handoff.receiving_organization();
        self.resources = handoff.resources().len();
        (self.part, self.until) = (part, until);
        self.put(sending, now);
    }

    /// The receiver is told again: nothing of the Task changed. What was tried before counts no more.
    pub fn remind(&mut self, sending: Sending) {
        self.told = sending.told();
        self.effort = Effort::default();
    }

    pub fn patient(&self) -> Option<Bsn> {
        Bsn::parse(&self.patient).ok()
    }

    /// The Task as it is now. `sender` is who we are.
    pub fn task(&self, sender: (&Ura, &str)) -> Option<Resource> {
        let sending = self.sending()?;
        Some(task::make(&TaskFacts {
            id: &self.task,
            status: sending.status(),
            change: sending.change(),
            authored: &self.made,
            modified: &self.modified,
            patient: &self.patient_id,
            composition: &self.composition,
            sender: Organisation { ura: sender.0, name: sender.1, id: self.sending_organization.as_deref() },
            receiver: Organisation {
                ura: &self.receiver,
                name: &self.receiver_name,
                id: self.receiving_organization.as_deref(),
            },
            routed: self.routed.as_ref(),
        }))
    }
}

impl OfParty for Sent {
    fn party(&self) -> Party {
        Party::Provider(self.receiver.clone())
    }
}

impl Tells for Sent {
    const KIND: &'static str = "handoff.sent";
    fn telling(&self) -> &Telling {
        &self.telling
    }
    fn telling_mut(&mut self) -> &mut Telling {
        &mut self.telling
    }
    fn state(&self) -> &'static str {
        self.sending().map_or("unreadable", |sending| sending.status().code())
    }
    fn given_up(&self) -> bool {
        self.effort.given_up
    }
}
