//! What the pages of nursing handoffs ask of the node: the work lists, what is done with a transfer, and the document, through the
//! stack. Who may is decided by the use cases that the person holds, as below `/handoffs`.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use exchange::notice::{Handed, record_handed};
use exchange::ports::{BoxFuture, Throttle};
use exchange::{BodyKind, Conditions, Credentials, Gate, Inbound, Refusal};
use fhir::{Bsn, Method};
use flows::eoverdracht::notice::Answer;
use flows::eoverdracht::{Negotiation, Notice, Stage, TaskStatus, VERSION};
use policy::{Caller, Direction};
use portal::{Answered, AnsweredShown, HandoffAct, HandoffDesk, Progress, Side, TransferNo, TransferShown};
use store::transfers::Id;
use time::OffsetDateTime;

use super::NodeDesk;
use crate::handoffs::book::Trouble;
use crate::handoffs::filing::Filing;
use crate::handoffs::getting::{Getting, GettingFault};
use crate::handoffs::negotiating::{self, AnswerNo};
use crate::handoffs::printing;
use crate::handoffs::received::Received;
use crate::handoffs::sent::Sent;
use crate::handoffs::{CancelFault, Handoffs, INBOX, NOTICE, SENDER, TakeFault, names, waiting};
use crate::http::endpoint;
use crate::node::Node;

/// Somebody at the pages, with the handoffs.
struct Entered {
    handoffs: Arc<Handoffs>,
    caller: Caller,
}

impl HandoffDesk for NodeDesk {
    fn list(&self, session: &str, side: Side) -> BoxFuture<'static, Result<Vec<TransferShown>, TransferNo>> {
        let (node, session) = (self.node.clone(), session.to_owned());
        Box::pin(async move {
            let Entered { handoffs, .. } = enter(&node, &session, side).await?;
            // As many as are kept are read, which is nothing for a thread that serves others.
            let listed = tokio::task::spawn_blocking(move || all(&handoffs, side)).await;
            listed.unwrap_or(Err(TransferNo::Unavailable))
        })
    }

    fn one(&self, session: &str, side: Side, id: &str) -> BoxFuture<'static, Result<TransferShown, TransferNo>> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let Entered { handoffs, .. } = enter(&node, &session, side).await?;
            let (id, now) = (id.ok_or(TransferNo::Unknown)?, handoffs.clock.now());
            let found = match side {
                Side::Received => handoffs
                    .books
                    .received
                    .get(id)
                    .map_err(|fault| trouble(&fault))?
                    .map(|one| received(id, &one, now, &handoffs)),
                Side::Sent => handoffs
                    .books
                    .sent
                    .get(id)
                    .map_err(|fault| trouble(&fault))?
                    .map(|one| sent(id, &one, now, &handoffs)),
            };
            found.ok_or(TransferNo::Unknown)
        })
    }

    fn act(
        &self,
        session: &str,
        id: &str,
        act: HandoffAct,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let entered = enter(&node, &session, act.side()).await?;
            let id = id.ok_or(TransferNo::Unknown)?;
            entered.record(&node, id, act.side(), inbound(&session, remote)).await?;
            entered.act(id, act).await
        })
    }

    fn answer(
        &self,
        session: &str,
        id: &str,
        answer: Answer,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let entered = enter(&node, &session, Side::Received).await?;
            let id = id.ok_or(TransferNo::Unknown)?;
            let person = entered.caller.person.clone().ok_or(TransferNo::NotYours)?;
            entered.record(&node, id, Side::Received, inbound(&session, remote)).await?;
            match entered.handoffs.answer(id, answer, person).await {
                Ok(()) => Ok(()),
                Err(AnswerNo::Unknown) => Err(TransferNo::Unknown),
                Err(AnswerNo::NotAsked) => Err(TransferNo::NotNow),
                Err(AnswerNo::Trouble(fault)) => Err(trouble(&fault)),
            }
        })
    }

    fn notice(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        self.got(session, id, remote, NOTICE, Handoffs::getting_notice)
    }

    fn document(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        self.got(session, id, remote, INBOX, Handoffs::getting)
    }

    fn pdf(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<Vec<u8>>> {
        let (document, one) = (self.document(session, id, remote), self.one(session, Side::Received, id));
        let (node, id) = (self.node.clone(), names::read(id));
        Box::pin(async move {
            let Answered { request_id, result } = document.await;
            let print = async {
                let recorded = result?;
                let id = uuid::Uuid::from_bytes(id.ok_or(Refusal::NotFound)?);
                let to = node.provider().to_owned();
                let from = one.await.map(|one| one.party).map_err(|_| Refusal::NotFound)?;
                let resources = recorded.released().items().map(|(_, item)| item.resource().clone()).collect();
                let printed = printing::pdf(resources, id, from, to, OffsetDateTime::now_utc()).await;
                printed.map_err(|fault| {
                    tracing::error!(handoff.fault = %fault, "a handoff cannot be printed");
                    Refusal::Defect
                })
            };
            Answered { result: print.await, request_id }
        })
    }
}

impl NodeDesk {
    /// What was received, in an exchange of this use case.
    fn got(
        &self,
        session: &str,
        id: &str,
        remote: Option<IpAddr>,
        use_case: &'static str,
        getting: fn(&Handoffs, Id, Caller, Inbound) -> Result<Getting, GettingFault>,
    ) -> BoxFuture<'static, Answered> {
        let (node, session, id) = (self.node.clone(), session.to_owned(), names::read(id));
        Box::pin(async move {
            let inbound = inbound(&session, remote);
            let request_id = inbound.request_id.clone();
            let result = async {
                // Whoever is nobody, or may not, is refused and recorded by the stack like everybody else.
                let Ok(Entered { handoffs, caller }) = enter(&node, &session, Side::Received).await else {
                    return endpoint::run(&node, Inbound { use_case: Some(use_case.to_owned()), ..inbound }).await;
                };
                let getting = match id.map(|id| getting(&handoffs, id, caller, inbound)) {
                    Some(Ok(getting)) => getting,
                    None | Some(Err(GettingFault::Unknown)) => return Err(Refusal::NotFound),
                    Some(Err(GettingFault::NoTicket)) => return Err(Refusal::Overloaded),
                    Some(Err(GettingFault::Trouble(fault))) => {
                        let _ = trouble(&fault);
                        return Err(Refusal::Defect);
                    }
                };
                let (inbound, _ticket) = getting.apart();
                endpoint::run(&node, inbound).await
            };
            Answered { result: result.await, request_id }
        })
    }
}

impl Entered {
    /// Who does what, on record before it is done.
    async fn record(&self, node: &Node, id: Id, side: Side, inbound: Inbound) -> Result<(), TransferNo> {
        let unavailable = |fault: Trouble| trouble(&fault);
        let (task, patient): (String, Option<Bsn>) = match side {
            Side::Received => {
                (self.handoffs.books.received.get(id).map_err(unavailable)?.ok_or(TransferNo::Unknown)?.task, None)
            }
            Side::Sent => {
                let sent = self.handoffs.books.sent.get(id).map_err(unavailable)?.ok_or(TransferNo::Unknown)?;
                (sent.task.clone(), sent.patient())
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
        let written = record_handed(node.log().as_ref(), self.handoffs.clock.clone(), node.ura(), &inbound, handed);
        written.await.map_err(|_| TransferNo::NoLog)
    }

    async fn act(&self, id: Id, act: HandoffAct) -> Result<(), TransferNo> {
        let person = || self.caller.person.clone().ok_or(TransferNo::NotYours);
        let done = |done: Result<bool, Trouble>, no| match done {
            Ok(true) => Ok(()),
            Ok(false) => Err(no),
            Err(fault) => Err(trouble(&fault)),
        };
        match act {
            HandoffAct::Take | HandoffAct::Open => match self.handoffs.take(id, person()?).await {
                Ok(_) => Ok(()),
                Err(TakeFault::Unknown) => Err(TransferNo::Unknown),
                Err(TakeFault::NotOffered(_)) => Err(TransferNo::NotNow),
                Err(TakeFault::Trouble(fault)) => Err(trouble(&fault)),
            },
            HandoffAct::Cancel => match self.handoffs.cancel(id).await {
                Ok(()) => Ok(()),
                Err(CancelFault::Unknown) => Err(TransferNo::Unknown),
                Err(CancelFault::Over(_)) => Err(TransferNo::NotNow),
                Err(CancelFault::Trouble(fault)) => Err(trouble(&fault)),
            },
            HandoffAct::Retry => done(self.handoffs.retry(id).await, TransferNo::Unknown),
            HandoffAct::Resend => done(self.handoffs.resend(id).await, TransferNo::Unknown),
            HandoffAct::Read => done(self.handoffs.seen(id, &person()?).await, TransferNo::NotNow),
        }
    }
}

/// Lets in who holds the use case of this side, within their measure.
async fn enter(node: &Node, session: &str, side: Side) -> Result<Entered, TransferNo> {
    let handoffs = node.handoffs().cloned().ok_or(TransferNo::NotYours)?;
    let name = match side {
        Side::Received => INBOX,
        Side::Sent => SENDER,
    };
    Ok(Entered { handoffs, caller: identified(node, session, name).await? })
}

/// Somebody at the pages who holds this use case, within their measure.
pub(super) async fn identified(node: &Node, session: &str, use_case: &str) -> Result<Caller, TransferNo> {
    let credentials = Credentials { session: Some(session.to_owned()), ..Credentials::default() };
    let caller = node.authenticator().identify(Gate::Inner, &credentials).await.map_err(|_| TransferNo::NotYours)?;
    Throttle::admit(node.entrance().limits(), Gate::Inner, &caller).map_err(|_| TransferNo::Busy)?;
    let holds = caller.use_cases.iter().any(|held| held.as_str() == use_case);
    // A session about one patient is not for whoever else is handed over.
    if holds && caller.patient.is_none() { Ok(caller) } else { Err(TransferNo::NotYours) }
}

/// How somebody at the pages comes in.
pub(super) fn inbound(session: &str, remote: Option<IpAddr>) -> Inbound {
    let request_id = uuid::Uuid::new_v4().to_string();
    Inbound {
        correlation_id: request_id.clone(),
        request_id,
        gate: Gate::Inner,
        remote,
        version: VERSION,
        method: Some(Method::Get),
        path: "Composition".to_owned(),
        query: String::new(),
        body_kind: BodyKind::None,
        body: Bytes::new(),
        conditions: Conditions::default(),
        credentials: Credentials { session: Some(session.to_owned()), ..Credentials::default() },
        use_case: None,
        emergency: None,
        unreadable: None,
    }
}

/// The whole list: what asks for attention first, then the newest.
fn all(handoffs: &Handoffs, side: Side) -> Result<Vec<TransferShown>, TransferNo> {
    let now = handoffs.clock.now();
    let most = handoffs.config.most;
    let mut shown: Vec<TransferShown> = match side {
        Side::Received => {
            let listed = handoffs.books.received.list(None, most).map_err(|fault| trouble(&fault))?;
            listed.iter().map(|(id, one)| received(*id, one, now, handoffs)).collect()
        }
        Side::Sent => {
            let listed = handoffs.books.sent.list(None, most).map_err(|fault| trouble(&fault))?;
            listed.iter().map(|(id, one)| sent(*id, one, now, handoffs)).collect()
        }
    };
    shown.sort_by_cached_key(|one| (!one.given_up, one.overdue.is_none(), Reverse(one.began.clone())));
    Ok(shown)
}

fn received(id: Id, one: &Received, now: OffsetDateTime, handoffs: &Handoffs) -> TransferShown {
    let receiving = one.receiving();
    let negotiation = receiving.as_ref().map(|receiving| receiving.negotiation()).unwrap_or_default();
    let stage = receiving.map(|receiving| receiving.stage());
    let mut acts = Vec::new();
    if one.effort.given_up {
        acts.push(HandoffAct::Retry);
    }
    match stage {
        // What is here can be read, whether it could be stored or not.
        Some(Stage::Completed) if one.seen.is_none() => acts.push(HandoffAct::Read),
        Some(Stage::Offered) if !one.effort.given_up => acts.push(HandoffAct::Take),
        Some(Stage::Waiting(_)) if negotiation.notice() == Notice::Offered => acts.push(HandoffAct::Open),
        _ => {}
    }
    TransferShown {
        id: names::shown(id),
        side: Side::Received,
        party: one.sender_name.clone(),
        ura: one.sender.as_str().to_owned(),
        progress: stage.map_or(Progress::Unreadable, Progress::Received),
        routed: one.routed.clone(),
        resources: Some(one.resources).filter(|count| *count > 0),
        began: one.first.clone(),
        changed: one.modified.clone(),
        overdue: waiting::of_received(one, now, &handoffs.config),
        attempts: one.effort.attempts,
        failed: one.effort.failed.clone(),
        given_up: one.effort.given_up,
        taker: one.taker.as_ref().map(|person| person.name.clone().unwrap_or_else(|| person.id.clone())),
        stored: one.filing.as_ref().map(|filing| matches!(filing, Filing::Stored { .. })),
        read: one.seen.as_ref().map(|seen| (seen.by.clone(), seen.at.clone())),
        negotiation,
        answered: one.answered.as_ref().and_then(answered),
        acts,
    }
}

fn answered(one: &negotiating::Answered) -> Option<AnsweredShown> {
    Some(AnsweredShown {
        status: TaskStatus::parse(&one.status)?,
        date: one.date.clone(),
        reason: one.reason.clone(),
        by: one.person.name.clone().unwrap_or_else(|| one.person.id.clone()),
        at: one.at.clone(),
    })
}

fn sent(id: Id, one: &Sent, now: OffsetDateTime, handoffs: &Handoffs) -> TransferShown {
    let sending = one.sending();
    let open = sending.filter(|sending| sending.status() == TaskStatus::InProgress);
    let mut acts = Vec::new();
    if open.is_some() || one.effort.given_up {
        acts.push(HandoffAct::Resend);
    }
    if open.is_some() {
        acts.push(HandoffAct::Cancel);
    }
    let told = |sending: flows::eoverdracht::Sending| Progress::Sent {
        status: sending.status(),
        told: sending.owes().is_none(),
    };
    TransferShown {
        id: names::shown(id),
        side: Side::Sent,
        party: one.receiver_name.clone(),
        ura: one.receiver.as_str().to_owned(),
        progress: sending.map_or(Progress::Unreadable, told),
        routed: one.routed.iter().map(|routed| routed.name.clone()).collect(),
        resources: Some(one.resources),
        began: one.made.clone(),
        changed: one.modified.clone(),
        overdue: waiting::of_sent(one, now, &handoffs.config),
        attempts: one.effort.attempts,
        failed: one.effort.failed.clone(),
        given_up: one.effort.given_up,
        taker: None,
        stored: None,
        read: None,
        negotiation: Negotiation::default(),
        answered: None,
        acts,
    }
}

/// Told to whoever runs the node.
pub(super) fn trouble(fault: &Trouble) -> TransferNo {
    tracing::error!(handoff.fault = %fault, "the transfers cannot be read or written");
    TransferNo::Unavailable
}
