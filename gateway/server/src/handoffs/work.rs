//! The loops that bring transfers further, and one that forgets them: whatever is due is done, a bounded number at a time, for
//! as long as the node serves. What they are cut off from is still due.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Handoffs;
use super::book::Trouble;
use super::callbacks::Round;
use super::forgetting::EVERY;
use super::pool::bring_further;
use super::receiving::Runs;
use crate::http::endpoint;
use crate::node::Node;

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
                let step = |id| of_sender.send_on(id);
                bring_further(&of_sender.books.sent, || of_sender.now(), step).await;
            }),
            actix_web::rt::spawn(async move {
                let step = |id| of_receiver.receive_on(&runs, id);
                bring_further(&of_receiver.books.received, || of_receiver.now(), step).await;
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

/// Waits until there may be something to do.
async fn rest(round: Result<(), Trouble>, woken: impl Future<Output = ()>) {
    match round {
        Ok(()) => _ = tokio::time::timeout(ROUND, woken).await,
        Err(fault) => {
            tracing::error!(transfers.fault = %fault, "transfers cannot be brought further");
            tokio::time::sleep(ROUND).await;
        }
    }
}
