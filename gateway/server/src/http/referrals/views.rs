//! Referrals as the provider's own systems see them in lists: how far each is, and nothing of the patient.

use flows::bgz::{Query, Stage};
use serde::Serialize;
use store::transfers::Id;

use crate::handoffs::effort::Effort;
use crate::handoffs::names;
use crate::referrals::{received, sent};

/// A page of referrals.
#[derive(Serialize)]
pub struct List<T> {
    pub referrals: Vec<T>,
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
    episode: &'a str,
    /// The Task's id.
    task: &'a str,
    /// The Task's status.
    state: &'static str,
    /// Whether the receiver took the newest notification.
    told: bool,
    /// Unix time in seconds: until when the data can be pulled.
    until: i64,
    made: &'a str,
    modified: &'a str,
    effort: &'a Effort,
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
    /// The status that the sender is to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    answering: Option<&'static str>,
    /// RFC 3339: until when the sender lets the data be pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    parts: Vec<Part<'a>>,
    /// How many searches of the Task were not asked, because they are not in the list.
    not_in_the_list: usize,
    /// The Task asks for more than is looked at.
    cut_short: bool,
    first: &'a str,
    modified: &'a str,
    effort: &'a Effort,
    /// How often all that failed was asked for again.
    again: &'a Effort,
}

/// One part, and what became of it.
#[derive(Serialize)]
pub struct Part<'a> {
    /// The building block.
    name: &'static str,
    /// The code that types it in a Task: `system|code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    query: &'a str,
    /// `due`, `complete`, `empty` or `failed`.
    outcome: &'static str,
    resources: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> Sent<'a> {
    pub fn of(id: Id, sent: &'a sent::Sent) -> Self {
        let sending = sent.sending();
        Sent {
            id: names::shown(id),
            receiver: sent.receiver.as_str(),
            receiver_name: &sent.receiver_name,
            episode: &sent.episode,
            task: &sent.task,
            state: sending.map_or("unreadable", |sending| sending.status().code()),
            told: sending.is_some_and(|sending| sending.owes().is_none()),
            until: sent.until,
            made: &sent.made,
            modified: &sent.modified,
            effort: &sent.effort,
        }
    }
}

impl<'a> Received<'a> {
    pub fn of(id: Id, received: &'a received::Received) -> Self {
        let stage = received.receiving().map(|receiving| receiving.stage());
        Received {
            id: names::shown(id),
            sender: received.sender.as_str(),
            sender_name: &received.sender_name,
            task: &received.task,
            state: stage.map_or("unreadable", received::word),
            answering: match stage {
                Some(Stage::Answering(status)) => Some(status.code()),
                _ => None,
            },
            until: received.until.as_deref(),
            parts: received.parts.iter().filter_map(Part::of).collect(),
            not_in_the_list: received.not_in_the_list,
            cut_short: received.cut_short,
            first: &received.first,
            modified: &received.modified,
            effort: &received.effort,
            again: &received.again,
        }
    }
}

impl<'a> Part<'a> {
    /// Nothing for what was never one.
    fn of(part: &'a received::Part) -> Option<Self> {
        let section = Query::read(&part.query, None).ok()?.section();
        Some(Part {
            name: section.name,
            code: section.code.map(|(system, code)| format!("{system}|{code}")),
            query: &part.query,
            outcome: received::outcome_word(part.outcome()?),
            resources: part.resources,
            why: part.why.as_deref(),
        })
    }
}
