//! The loops that bring transfers further, and one that forgets them: whatever is due is done, a bounded number at a time, for
//! as long as the node serves. What they are cut off from is still due.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::task::JoinHandle;

use super::Handoffs;
use super::book::Trouble;
use super::callbacks::Round;
use super::forgetting::EVERY;
use super::receiving::Runs;
use crate::http::endpoint;
use crate::node::Node;

/// How many transfers of one side are brought further at once.
pub(crate) const AT_ONCE: usize = 8;
/// How many are looked up at once.
pub(crate) const AT_A_TIME: usize = 256;
/// How long nothing is looked at when nobody wakes the loop, and after trouble.
const ROUND: Duration = Duration::from_secs(1);

/// The loops, for as long as it lives.
pub struct Working(Vec<JoinHandle<()>>);

impl Working {
    /// Starts both. To be called on the runtime that the node serves on.
    pub fn start(node: &Arc<Node>, handoffs: &Arc<Handoffs>) -> Self {
        let (of_sender, of_receiver, of_both) = (handoffs.clone(), handoffs.clone(), handoffs.clone());
        let of_record_system = handoffs.clone();
        let node = node.clone();
        let runs: Runs = Arc::new(move |inbound| {
            let node = node.clone();
            Box::pin(async move { endpoint::run(&node, inbound).await })
        });
        Working(vec![
            actix_web::rt::spawn(async move {
                loop {
                    let round = of_sender.send_round().await;
                    rest(round, of_sender.books.sent.woken()).await;
                }
            }),
            actix_web::rt::spawn(async move {
                loop {
                    let round = of_receiver.receive_round(&runs).await;
                    rest(round, of_receiver.books.received.woken()).await;
                }
            }),
            actix_web::rt::spawn(async move {
                let mut away = 0_u16;
                loop {
                    match of_record_system.tell_round().await {
                        Ok(Round::Done) => {
                            away = 0;
                            rest(Ok(()), of_record_system.books.owing.notified()).await;
                        }
                        Ok(Round::Away) => {
                            if away == 0 {
                                tracing::warn!("the record system takes no messages of handoffs now");
                            }
                            away = away.saturating_add(1);
                            tokio::time::sleep(of_record_system.left_alone(away)).await;
                        }
                        Err(fault) => rest(Err(fault), std::future::pending()).await,
                    }
                }
            }),
            actix_web::rt::spawn(async move {
                loop {
                    if let Err(fault) = of_both.forget_old().await {
                        tracing::error!(handoff.fault = %fault, "old transfers cannot be forgotten");
                    }
                    tokio::time::sleep(EVERY).await;
                }
            }),
        ])
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Handoffs {
    async fn send_round(&self) -> Result<(), Trouble> {
        let due = self.books.sent.due(self.now(), AT_A_TIME)?;
        let steps = stream::iter(due).map(|id| self.send_on(id)).buffer_unordered(AT_ONCE);
        first_trouble(steps.collect().await)
    }

    async fn receive_round(&self, runs: &Runs) -> Result<(), Trouble> {
        let due = self.books.received.due(self.now(), AT_A_TIME)?;
        let steps = stream::iter(due).map(|id| self.receive_on(runs, id)).buffer_unordered(AT_ONCE);
        first_trouble(steps.collect().await)
    }
}

pub(crate) fn first_trouble(steps: Vec<Result<(), Trouble>>) -> Result<(), Trouble> {
    steps.into_iter().collect()
}

/// Waits until there may be something to do.
pub(crate) async fn rest(round: Result<(), Trouble>, woken: impl Future<Output = ()>) {
    match round {
        Ok(()) => _ = tokio::time::timeout(ROUND, woken).await,
        Err(fault) => {
            tracing::error!(transfers.fault = %fault, "transfers cannot be brought further");
            tokio::time::sleep(ROUND).await;
        }
    }
}
