//! A referral as its sender keeps it.

use fhir::identifiers::Reader;
use fhir::{Bsn, Resource, Ura};
use flows::bgz::task::{self, Organisation, TaskFacts};
use flows::bgz::{Sending, TaskStatus};
use flows::eoverdracht::NotificationTask;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::handoffs::effort::Effort;
use crate::handoffs::owed::{Telling, Tells};
use crate::handoffs::pool::{OfParty, Party};

/// How many notifications of one referral are remembered, to be cancelled.
const REMEMBERED: usize = 8;

/// One referral that we send. Debug shows no patient.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub receiver: Ura,
    pub receiver_name: String,
    /// The BSN.
    patient: String,
    /// The id of the Patient in our own sources.
    pub patient_id: String,
    /// What our own record system calls it.
    pub episode: String,
    /// The Task's id.
    pub task: String,
    /// What the receiver is to come back with.
    pub base: String,
    /// The identifiers of its notifications, the newest last.
    pub notifications: Vec<String>,
    status: String,
    change: u32,
    news: u32,
    told: u32,
    /// RFC 3339.
    pub made: String,
    /// RFC 3339: when the Task last changed.
    pub modified: String,
    /// Unix time in seconds: until when the data can be pulled.
    pub until: i64,
    /// Unix time in seconds: until when the Task can be read.
    pub task_until: i64,
    /// For what the grant was last given.
    pub granted: Option<(bool, i64)>,
    pub correlation: String,
    pub effort: Effort,
    /// Of what the record system is told by itself: nothing, it looks into the list.
    #[serde(default)]
    telling: Telling,
}

/// What a new referral is made of.
pub struct New<'a> {
    pub receiver: (&'a Ura, &'a str),
    pub patient: &'a Bsn,
    pub patient_id: &'a str,
    pub episode: &'a str,
    pub base: String,
    pub now: String,
    pub until: i64,
    pub task_until: i64,
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
            patient: new.patient.reveal_to(Reader::OwnRegister).to_owned(),
            patient_id: new.patient_id.to_owned(),
            episode: new.episode.to_owned(),
            task: uuid::Uuid::new_v4().to_string(),
            base: new.base,
            notifications: vec![uuid::Uuid::new_v4().urn().to_string()],
            status: sending.status().code().to_owned(),
            change: sending.change(),
            news: sending.news(),
            told: sending.told(),
            made: new.now.clone(),
            modified: new.now,
            until: new.until,
            task_until: new.task_until,
            granted: None,
            correlation: new.correlation.to_owned(),
            effort: Effort::default(),
            telling: Telling::default(),
        }
    }

    /// The state; nothing when what is kept can be none.
    pub fn sending(&self) -> Option<Sending> {
        Sending::kept(TaskStatus::parse(&self.status)?, self.change, self.news, self.told)
    }

    /// Puts a state in the place of the one before; what was tried before counts no more. `now`: RFC 3339.
    pub fn put(&mut self, sending: Sending, now: &str) {
        if sending.change() != self.change {
            self.modified = now.to_owned();
        }
        let status = sending.status().code();
        if !self.status.is_empty() && self.status != status {
            self.telling.changed(now);
        }
        status.clone_into(&mut self.status);
        (self.change, self.news, self.told) = (sending.change(), sending.news(), sending.told());
        self.effort = Effort::default();
    }

    /// What is told from now on is told under an identifier of its own: the data was renewed.
    pub fn name_anew(&mut self) {
        self.notifications.push(uuid::Uuid::new_v4().urn().to_string());
        if self.notifications.len() > REMEMBERED {
            self.notifications.remove(0);
        }
    }

    pub fn patient(&self) -> Option<Bsn> {
        Bsn::parse(&self.patient).ok()
    }

    /// Whether the data can be pulled at this moment.
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        self.sending().is_some_and(|sending| sending.is_open()) && now.unix_timestamp() <= self.until
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
            until: &rfc3339(self.until)?,
            patient: &self.patient_id,
            sender: Organisation { ura: sender.0, name: sender.1, id: None },
            receiver: Organisation { ura: &self.receiver, name: &self.receiver_name, id: None },
        }))
    }

    /// The notification of this identifier.
    pub fn notification(&self, identifier: &str, sender: &Ura) -> NotificationTask {
        NotificationTask {
            identifier: identifier.to_owned(),
            group: format!("urn:uuid:{}", self.task),
            task: self.task.clone(),
            sender: sender.clone(),
            receiver: self.receiver.clone(),
            base: Some(self.base.clone()),
            until: rfc3339(self.until),
        }
    }
}

impl OfParty for Sent {
    fn party(&self) -> Party {
        Party::Provider(self.receiver.clone())
    }
}

impl Tells for Sent {
    const KIND: &'static str = "referral.sent";
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

fn rfc3339(seconds: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use flows::bgz::SenderEvent;

    use super::*;

    #[test]
    fn every_state_is_kept_as_it_is_and_the_task_tells_the_end_of_the_authorisation() {
        let (own, other) = (Ura::parse("90000101").unwrap(), Ura::parse("90000401").unwrap());
        let mut sent = Sent::new(New {
            receiver: (&other, "De Linde"),
            patient: &Bsn::parse("999911120").unwrap(),
            patient_id: "p1",
            episode: "e1",
            base: "secret".to_owned(),
            now: "2026-11-01T10:00:00Z".to_owned(),
            until: 1_795_000_000,
            task_until: 1_796_000_000,
            correlation: "c",
        });
        let mut state = sent.sending().unwrap();
        for event in [SenderEvent::Told(1), SenderEvent::ReceiverPuts(TaskStatus::Accepted), SenderEvent::Renew] {
            state = state.after(event).unwrap();
            sent.put(state, "2026-11-02T10:00:00Z");
            let text = serde_json::to_vec(&sent).unwrap();
            assert_eq!(serde_json::from_slice::<Sent>(&text).unwrap().sending(), Some(state));
        }
        let task = sent.task((&own, "Maasdal")).unwrap();
        let told = sent.notification(&sent.notifications[0], &own).until.unwrap();
        assert!(task.text().contains(&format!("\"end\":\"{told}\"")), "{}", task.text());
        assert!(!task.text().contains("999911120") && !task.text().contains("secret"));
        assert!(!format!("{sent:?}").contains("999911120"));
        let moment = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        assert!(sent.is_open(moment(1_795_000_000)) && !sent.is_open(moment(1_795_000_001)));
        for _ in 0..REMEMBERED + 2 {
            sent.name_anew();
        }
        assert_eq!(sent.notifications.len(), REMEMBERED);
    }
}
