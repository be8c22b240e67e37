//! Transfers as the provider's own systems see them in lists: how far each is, and nothing of the patient.

use flows::eoverdracht::rules::Shortcoming;
use flows::eoverdracht::{RoutedTo, Stage};
use serde::Serialize;
use store::transfers::Id;

use crate::handoffs::filing::Filing;
use crate::handoffs::making::Unanswered;
use crate::handoffs::{Handoffs, effort::Effort, names, received, sent, waiting};

/// A page of transfers.
#[derive(Serialize)]
pub struct List<T> {
    pub transfers: Vec<T>,
    /// What to name as `behind` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One that we send.
#[derive(Serialize)]
pub struct Sent<'a> {
    id: String,
    receiver: &'a str,
    receiver_name: &'a str,
    /// The service or location of the receiver that it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    routed_to: Option<&'a RoutedTo>,
    /// The Task's id.
    task: &'a str,
    /// The Task's status.
    state: &'static str,
    /// Whether the receiver took the notification of the newest change.
    told: bool,
    /// Which version of the handoff is offered, from 1.
    version: u32,
    resources: usize,
    made: &'a str,
    modified: &'a str,
    /// It waits for its receiver longer than it should.
    overdue: bool,
    effort: &'a Effort,
    /// What the handoff refers to and does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dangling: Vec<String>,
    /// Where the handoff falls short of the standard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shortcomings: Vec<Shortcoming>,
    /// Which sections are not known in a handoff that was made of our sources. They say so themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incomplete: Vec<Unanswered>,
    /// How much of what the sources gave was kept back, by the policy, of a handoff that was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<usize>,
}

/// One that we receive.
#[derive(Serialize)]
pub struct Received<'a> {
    id: String,
    sender: &'a str,
    sender_name: &'a str,
    /// The Task's id at the sender.
    task: &'a str,
    state: &'static str,
    /// The status that the sender waits with.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<&'static str>,
    /// Of a sender that asks first: how far we are with its notice (`offered`, `wanted`, `held`).
    #[serde(skip_serializing_if = "str::is_empty")]
    notice: &'static str,
    /// What was answered last, and whether the sender has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<Answered<'a>>,
    /// Which version of the handoff this is, from 1 when we first read of it.
    version: u32,
    /// To which service or location it is routed.
    routed: &'a [String],
    resources: usize,
    first: &'a str,
    modified: &'a str,
    /// Whether somebody signed off that they read it.
    read: bool,
    /// Where it stands with the own record system, where that takes handoffs in: `owed` or `stored`.
    #[serde(skip_serializing_if = "Option::is_none")]
    filing: Option<&'static str>,
    /// The id of its Composition in the own record system, once it is stored there.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_as: Option<&'a str>,
    /// It waits longer than it should.
    overdue: bool,
    effort: &'a Effort,
}

/// What somebody of ours answered to a notice.
#[derive(Serialize)]
struct Answered<'a> {
    answer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    at: &'a str,
    /// It is on its way to the sender still.
    pending: bool,
}

impl<'a> Sent<'a> {
    pub fn of(id: Id, sent: &'a sent::Sent, handoffs: &Handoffs) -> Self {
        let sending = sent.sending();
        Sent {
            id: names::shown(id),
            receiver: sent.receiver.as_str(),
            receiver_name: &sent.receiver_name,
            routed_to: sent.routed.as_ref(),
            task: &sent.task,
            state: sending.map_or("unreadable", |sending| sending.status().code()),
            told: sending.is_some_and(|sending| sending.owes().is_none()),
            version: sent.part.saturating_add(1),
            resources: sent.resources,
            made: &sent.made,
            modified: &sent.modified,
            overdue: waiting::of_sent(sent, handoffs.clock.now(), &handoffs.config).is_some(),
            effort: &sent.effort,
            dangling: Vec::new(),
            shortcomings: Vec::new(),
            incomplete: Vec::new(),
            withheld: None,
        }
    }

    pub fn when_pushed(self, dangling: Vec<String>, shortcomings: Vec<Shortcoming>) -> Self {
        Sent { dangling, shortcomings, ..self }
    }

    pub fn when_made(self, incomplete: Vec<Unanswered>, withheld: usize) -> Self {
        Sent { incomplete, withheld: Some(withheld), ..self }
    }
}

impl<'a> Received<'a> {
    pub fn of(id: Id, received: &'a received::Received, handoffs: &Handoffs) -> Self {
        let receiving = received.receiving();
        let negotiation = receiving.as_ref().map(|receiving| receiving.negotiation()).unwrap_or_default();
        let stage = receiving.map(|receiving| receiving.stage());
        let answered = received.answered.as_ref().map(|answered| Answered {
            answer: &answered.status,
            date: answered.date.as_deref(),
            reason: answered.reason.as_deref(),
            at: &answered.at,
            pending: negotiation.answering().is_some(),
        });
        Received {
            id: names::shown(id),
            sender: received.sender.as_str(),
            sender_name: &received.sender_name,
            task: &received.task,
            state: stage.map_or("unreadable", received::word),
            waiting: match stage {
                Some(Stage::Waiting(status)) => Some(status.code()),
                _ => None,
            },
            notice: received::notice_word(negotiation.notice()),
            answered,
            version: received.replaced.saturating_add(1),
            routed: &received.routed,
            resources: received.resources,
            first: &received.first,
            modified: &received.modified,
            read: received.seen.is_some(),
            filing: received.filing.as_ref().map(Filing::word),
            stored_as: match &received.filing {
                Some(Filing::Stored { composition, .. }) => Some(composition),
                Some(Filing::Owed) | None => None,
            },
            overdue: waiting::of_received(received, handoffs.clock.now(), &handoffs.config).is_some(),
            effort: &received.effort,
        }
    }
}
