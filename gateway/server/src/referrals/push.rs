//! A system of the provider's own refers a patient: who, to whom, and what it calls it. There is a referral as soon as it is
//! kept.

use connectors::identity::Secret;
use fhir::{Bsn, LogicalId, Ura};
use flows::bgz::SenderEvent;
use store::transfers::{Id, Made};

use super::Referrals;
use super::sent::{New, Sent};
use crate::handoffs::book::{Change, Trouble};
use crate::handoffs::names;

/// What a referral is to be.
#[derive(Debug)]
pub struct Wanted<'a> {
    pub receiver: &'a Ura,
    pub patient: &'a Bsn,
    /// The id of the Patient in our own sources.
    pub patient_id: &'a LogicalId,
    /// What our own record system calls it: the same one for the same receiver and patient is the same referral.
    pub episode: &'a str,
}

/// What became of a push.
#[derive(Debug)]
pub struct Pushed {
    pub id: Id,
    pub sent: Sent,
    /// It was not there before.
    pub new: bool,
}

/// Why there is no referral. Says nothing of the patient.
#[derive(Debug)]
pub enum PushFault {
    /// No partner of this URA is told of referrals.
    Receiver,
    /// The id of the Patient was told of another patient before.
    PatientId,
    Full,
    Unavailable,
}

impl std::fmt::Display for PushFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            PushFault::Receiver => "no partner of this URA takes referrals",
            PushFault::PatientId => "the id of the Patient is that of another patient here",
            PushFault::Full => "as many referrals are kept as may be",
            PushFault::Unavailable => "referrals cannot be kept now",
        })
    }
}

impl From<Trouble> for PushFault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Full => PushFault::Full,
            Trouble::State(_) | Trouble::Document(_) | Trouble::Contended => {
                tracing::error!(referral.fault = %trouble, "a referral cannot be kept");
                PushFault::Unavailable
            }
        }
    }
}

impl Referrals {
    /// Keeps a referral, of which the receiver is told soon. Durable when it is told.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn push(&self, wanted: &Wanted<'_>, correlation: &str) -> Result<Pushed, PushFault> {
        let partner = self.partners.get(wanted.receiver).filter(|partner| partner.notification.is_some());
        let partner = partner.ok_or(PushFault::Receiver)?;
        if self.known.is_anothers(wanted.patient_id.as_str(), wanted.patient) {
            return Err(PushFault::PatientId);
        }
        let base = Secret::fresh().ok_or(PushFault::Unavailable)?;
        let (until, task_until) = self.ends();
        let sent = Sent::new(New {
            receiver: (wanted.receiver, &partner.peer.name),
            patient: wanted.patient,
            patient_id: wanted.patient_id.as_str(),
            episode: wanted.episode,
            base: base.reveal().to_owned(),
            now: self.stamp(),
            until,
            task_until,
            correlation,
        });
        // Before anybody can come back for it, its patient is known by id.
        self.known.learn(wanted.patient_id.as_str(), wanted.patient);
        let id = names::fresh();
        let name = names::of_referral(wanted.receiver, wanted.patient, wanted.episode);
        match self.books.sent.make(id, vec![name], &sent, None, self.now()).await? {
            Made::New => Ok(Pushed { id, sent, new: true }),
            Made::Known(id) => {
                let sent = self.books.sent.get(id)?.ok_or(PushFault::Unavailable)?;
                Ok(Pushed { id, sent, new: false })
            }
        }
    }

    /// Until when the data of what is told now can be pulled, and until when its Task can be read.
    fn ends(&self) -> (i64, i64) {
        let after = |days: u16| (self.clock.now() + time::Duration::days(days.into())).unix_timestamp();
        (after(self.config.data_days), after(self.config.task_days))
    }

    /// Takes a referral back. Nothing: there is none of this id. False: it is over.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn cancel(&self, id: Id) -> Result<Option<bool>, Trouble> {
        self.change_sent(id, SenderEvent::Cancel, |_| {}).await
    }

    /// Has the receiver pull the data again, by a new notification: it was renewed. Nothing: there is none of this id.
    /// False: it is over.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn renew(&self, id: Id) -> Result<Option<bool>, Trouble> {
        let (until, task_until) = self.ends();
        self.change_sent(id, SenderEvent::Renew, move |sent| {
            sent.name_anew();
            (sent.until, sent.task_until) = (until, task_until);
        })
        .await
    }

    async fn change_sent(
        &self,
        id: Id,
        event: SenderEvent,
        also: impl Fn(&mut Sent) + Send + 'static,
    ) -> Result<Option<bool>, Trouble> {
        let (stamp, due) = (self.stamp(), self.now());
        let changed = self.books.sent.change(id, move |sent| {
            let Some(before) = sent.sending() else { return Change::None(false) };
            match before.after(event) {
                Ok(after) if after == before => Change::None(true),
                Ok(after) => {
                    also(sent);
                    sent.put(after, &stamp);
                    Change::Made(true, Some(due))
                }
                Err(_) => Change::None(false),
            }
        });
        changed.await
    }

    /// Has a referral that we send tried again, now and as often as a new one. False: there is none.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn resend(&self, id: Id) -> Result<bool, Trouble> {
        let due = self.now();
        let changed = self.books.sent.change(id, move |sent| {
            if sent.sending().and_then(|sending| sending.owes()).is_none() {
                return Change::None(());
            }
            sent.effort = crate::handoffs::effort::Effort::default();
            Change::Made((), Some(due))
        });
        Ok(changed.await?.is_some())
    }
}
