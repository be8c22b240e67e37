//! The loops that bring transfers further, and one that forgets them: whatever is due is done, a bounded number at a time, for
//! as long as the node serves. What they are cut off from is still due.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::Handoffs;
use super::asking::Runs;
use super::callbacks::keep_telling;
use super::effort::Backoff;
use super::forgetting::EVERY;
use super::pool::bring_further;
use crate::http::endpoint;
use crate::node::Node;

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
                let (owing, backoff) = (&of_record_system.books.owing, Backoff::from(&of_record_system.config));
                keep_telling(owing, backoff, async || of_record_system.tell_round().await).await;
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
