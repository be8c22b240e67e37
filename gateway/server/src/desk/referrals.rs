//! What the pages of referrals ask of the node: the work lists, what is done with one, and its data, through the stack. Who may is
//! decided by the use cases that the person holds, as below `/referrals`.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use exchange::notice::{Handed, record_handed};
use exchange::ports::BoxFuture;
use exchange::{Inbound, Refusal};
use flows::bgz::{Outcome, Query, Stage, readable};
use flows::eoverdracht::readable::Readable;
use policy::{Caller, Direction};
use portal::{Answered, PartShown, ReferralAct, ReferralDesk, ReferralProgress, ReferralShown, Side, TransferNo};
use store::transfers::Id;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::NodeDesk;
use super::handoffs::{identified, inbound, trouble};
use crate::handoffs::book::Trouble;
use crate::handoffs::getting::GettingFault;
use crate::handoffs::names;
use crate::http::endpoint;
use crate::node::Node;
use crate::referrals::received::{Part, Received};
use crate::referrals::sent::Sent;
use crate::referrals::{Act, ActFault, INBOX, Referrals, SENDER, everything, is_ours_to_give, waiting};

/// Somebody at the pages, with the referrals.
struct Entered {
    referrals: Arc<Referrals>,
    caller: Caller,
}

impl ReferralDesk for NodeDesk {
    fn list(&self, session: &str, side: Side) -> BoxFuture<'static, Result<Vec<ReferralShown>, TransferNo>> {
        let (node, session) = (self.node.clone(), session.to_owned());
        Box::pin(async move {
            let Entered { referrals, .. } = enter(&node, &session, side).await?;
            // As many as are kept are read, which is nothing for a thread that serves others.
            let listed = tokio::task::spawn_blocking(move || all(&referrals, side)).await;
            listed.unwrap_or(Err(TransferNo::Unavailable))
        })
    }

    fn one(&self, session: &str, side: Side, id: &str) -> BoxFuture<'static, Result<ReferralShown, TransferNo>> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let Entered { referrals, .. } = enter(&node, &session, side).await?;
            let (id, now) = (id.ok_or(TransferNo::Unknown)?, referrals.clock.now());
            let books = &referrals.books;
            let found = match side {
                Side::Received => {
                    let found = books.received.get(id).map_err(|fault| trouble(&fault))?;
                    found.map(|one| received(id, &one, now, &referrals))
                }
                Side::Sent => {
                    let found = books.sent.get(id).map_err(|fault| trouble(&fault))?;
                    found.map(|one| sent(id, &one, now, &referrals))
                }
            };
            found.ok_or(TransferNo::Unknown)
        })
    }

    fn act(
        &self,
        session: &str,
        id: &str,
        act: ReferralAct,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let entered = enter(&node, &session, act.side()).await?;
            let id = id.ok_or(TransferNo::Unknown)?;
            entered.record(&node, id, act, inbound(&session, remote)).await?;
            entered.act(id, act).await
        })
    }

    fn data(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<Readable>> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let inbound = inbound(&session, remote);
            let request_id = inbound.request_id.clone();
            Answered { result: look(&node, &session, id, inbound).await, request_id }
        })
    }
}

/// The exchange by which the data of a referral is read, and how it reads.
async fn look(node: &Arc<Node>, session: &str, id: Option<Id>, inbound: Inbound) -> Result<Readable, Refusal> {
    // Whoever is nobody, or may not, is refused and recorded by the stack like everybody else.
    let Ok(Entered { referrals, caller }) = enter(node, session, Side::Received).await else {
        let (path, query) = everything();
        let inbound = Inbound { path, query, use_case: Some(INBOX.to_owned()), ..inbound };
        return endpoint::run(node, inbound).await.and(Err(Refusal::NotFound));
    };
    let id = id.ok_or(Refusal::NotFound)?;
    let getting = match referrals.getting(id, caller, inbound, |_| Some(everything())) {
        Ok(getting) => getting,
        Err(GettingFault::Unknown) => return Err(Refusal::NotFound),
        Err(GettingFault::NoTicket) => return Err(Refusal::Overloaded),
        Err(GettingFault::Trouble(fault)) => {
            let _ = trouble(&fault);
            return Err(Refusal::Defect);
        }
    };
    let (inbound, _ticket) = getting.apart();
    let recorded = endpoint::run(node, inbound).await?;
    let found = referrals.books.received.get(id).map_err(|fault| {
        let _ = trouble(&fault);
        Refusal::Defect
    })?;
    let parts = found.map(|one| one.parts).unwrap_or_default();
    let asked: Vec<Query> = parts.iter().filter_map(|part| Query::read(&part.query, None).ok()).collect();
    let resources: Vec<_> = recorded.released().items().map(|(_, item)| item.resource().clone()).collect();
    // Each part is searched in all that came.
    let readable = tokio::task::spawn_blocking(move || readable(&resources, &asked)).await;
    readable.map_err(|_| Refusal::Defect)
}

impl Entered {
    /// Who does what, on record before it is done.
    async fn record(&self, node: &Node, id: Id, act: ReferralAct, inbound: Inbound) -> Result<(), TransferNo> {
        let unavailable = |fault: Trouble| trouble(&fault);
        let (task, patient) = match act.side() {
            Side::Received => {
                let found = self.referrals.books.received.get(id).map_err(unavailable)?.ok_or(TransferNo::Unknown)?;
                (found.task.clone(), found.patient())
            }
            Side::Sent => {
                let found = self.referrals.books.sent.get(id).map_err(unavailable)?.ok_or(TransferNo::Unknown)?;
                (found.task.clone(), found.patient())
            }
        };
        let handed = Handed {
            caller: &self.caller,
            direction: Direction::User,
            interaction: "update",
            patient: patient.as_ref(),
            resource_type: "Task",
            resource: Some(format!("Task/{task}")),
        };
        let written = record_handed(node.log().as_ref(), self.referrals.clock.clone(), node.ura(), &inbound, handed);
        written.await.map_err(|_| TransferNo::NoLog)
    }

    async fn act(&self, id: Id, act: ReferralAct) -> Result<(), TransferNo> {
        let of_sent = |done: Result<Option<bool>, Trouble>| match done {
            Ok(Some(true)) => Ok(()),
            Ok(Some(false)) => Err(TransferNo::NotNow),
            Ok(None) => Err(TransferNo::Unknown),
            Err(fault) => Err(trouble(&fault)),
        };
        let act = match act {
            ReferralAct::Take => Act::Take,
            ReferralAct::Reject => Act::Reject,
            ReferralAct::Retry => Act::Retry,
            ReferralAct::Complete => Act::Complete { whatever_failed: false },
            ReferralAct::CompleteAnyway => Act::Complete { whatever_failed: true },
            ReferralAct::Withdraw => Act::Withdraw,
            ReferralAct::Cancel => return of_sent(self.referrals.cancel(id).await),
            ReferralAct::Renew => return of_sent(self.referrals.renew(id).await),
            ReferralAct::Resend => {
                return match self.referrals.resend(id).await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(TransferNo::NotNow),
                    Err(fault) => Err(trouble(&fault)),
                };
            }
        };
        // Who has it tried again is not who took it.
        let person = match act {
            Act::Retry => None,
            _ => Some(self.caller.person.clone().ok_or(TransferNo::NotYours)?),
        };
        match self.referrals.act(id, act, person).await {
            Ok(_) => Ok(()),
            Err(ActFault::Unknown) => Err(TransferNo::Unknown),
            Err(ActFault::NotNow(_) | ActFault::NotWhole) => Err(TransferNo::NotNow),
            Err(ActFault::Trouble(fault)) => Err(trouble(&fault)),
        }
    }
}

/// Lets in who holds the use case of this side, within their measure.
async fn enter(node: &Node, session: &str, side: Side) -> Result<Entered, TransferNo> {
    let referrals = node.referrals().cloned().ok_or(TransferNo::NotYours)?;
    let name = match side {
        Side::Received => INBOX,
        Side::Sent => SENDER,
    };
    Ok(Entered { referrals, caller: identified(node, session, name).await? })
}

/// The whole list: what asks for attention first, then the newest.
fn all(referrals: &Referrals, side: Side) -> Result<Vec<ReferralShown>, TransferNo> {
    let (now, most) = (referrals.clock.now(), referrals.config.most);
    let mut shown: Vec<ReferralShown> = match side {
        Side::Received => {
            let listed = referrals.books.received.list(None, most).map_err(|fault| trouble(&fault))?;
            listed.iter().map(|(id, one)| received(*id, one, now, referrals)).collect()
        }
        Side::Sent => {
            let listed = referrals.books.sent.list(None, most).map_err(|fault| trouble(&fault))?;
            listed.iter().map(|(id, one)| sent(*id, one, now, referrals)).collect()
        }
    };
    let waits = |one: &ReferralShown| {
        one.acts.iter().any(|act| matches!(act, ReferralAct::Take | ReferralAct::Retry | ReferralAct::Resend))
    };
    shown.sort_by_cached_key(|one| (!one.given_up, one.overdue.is_none(), !waits(one), Reverse(one.began.clone())));
    Ok(shown)
}

fn received(id: Id, one: &Received, now: OffsetDateTime, referrals: &Referrals) -> ReferralShown {
    let state = one.receiving();
    let stage = state.as_ref().map(|state| state.stage());
    let failed = state.as_ref().is_some_and(|state| state.has_failed_parts());
    let given_up = one.effort.given_up || one.again.given_up;
    let mut acts = Vec::new();
    if given_up || (failed && matches!(stage, Some(Stage::Pulling | Stage::Pulled))) {
        acts.push(ReferralAct::Retry);
    }
    match stage {
        Some(Stage::Offered) => acts.extend([ReferralAct::Take, ReferralAct::Reject]),
        Some(Stage::Pulling) => acts.push(ReferralAct::Withdraw),
        Some(Stage::Pulled) => {
            acts.push(if failed { ReferralAct::CompleteAnyway } else { ReferralAct::Complete });
            acts.push(ReferralAct::Withdraw);
        }
        _ => {}
    }
    let effort = if one.effort.attempts > 0 { &one.effort } else { &one.again };
    ReferralShown {
        id: names::shown(id),
        side: Side::Received,
        party: one.sender_name.clone(),
        ura: one.sender.as_str().to_owned(),
        progress: stage.map_or(ReferralProgress::Unreadable, ReferralProgress::Received),
        parts: one.parts.iter().filter_map(part).collect(),
        not_in_the_list: one.not_in_the_list,
        cut_short: one.cut_short,
        readable: is_ours_to_give(one) && one.patient().is_some() && one.parts.iter().any(is_there),
        until: one.until.clone(),
        began: one.first.clone(),
        changed: one.modified.clone(),
        overdue: waiting::of_received(one, now, &referrals.config),
        attempts: effort.attempts,
        failed: effort.failed.clone(),
        given_up,
        person: one.person.as_ref().map(|person| person.name.clone().unwrap_or_else(|| person.id.clone())),
        acts,
    }
}

fn is_there(part: &Part) -> bool {
    part.outcome() == Some(Outcome::Complete)
}

/// Nothing for what was never one.
fn part(part: &Part) -> Option<PartShown> {
    let title = Query::read(&part.query, None).ok()?.section().title();
    Some(PartShown { title, outcome: part.outcome()?, resources: part.resources, why: part.why.clone() })
}

fn sent(id: Id, one: &Sent, now: OffsetDateTime, referrals: &Referrals) -> ReferralShown {
    let state = one.sending();
    let mut acts = Vec::new();
    if state.is_some_and(|state| state.owes().is_some()) {
        acts.push(ReferralAct::Resend);
    }
    if state.is_some_and(|state| state.is_open()) {
        acts.extend([ReferralAct::Renew, ReferralAct::Cancel]);
    }
    let told =
        |state: flows::bgz::Sending| ReferralProgress::Sent { status: state.status(), told: state.owes().is_none() };
    ReferralShown {
        id: names::shown(id),
        side: Side::Sent,
        party: one.receiver_name.clone(),
        ura: one.receiver.as_str().to_owned(),
        progress: state.map_or(ReferralProgress::Unreadable, told),
        parts: Vec::new(),
        not_in_the_list: 0,
        cut_short: false,
        readable: false,
        until: OffsetDateTime::from_unix_timestamp(one.until).ok().and_then(|until| until.format(&Rfc3339).ok()),
        began: one.made.clone(),
        changed: one.modified.clone(),
        overdue: waiting::of_sent(one, now, &referrals.config),
        attempts: one.effort.attempts,
        failed: one.effort.failed.clone(),
        given_up: one.effort.given_up,
        person: None,
        acts,
    }
}
