//! The loops that bring referrals further, and one that forgets them: whatever is due is done, a bounded number at a time, for
//! as long as the node serves. What they are cut off from is still due.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::Referrals;
use crate::handoffs::Runs;
use crate::handoffs::callbacks::keep_telling;
use crate::handoffs::effort::Backoff;
use crate::handoffs::forgetting::EVERY;
use crate::handoffs::pool::bring_further;
use crate::http::endpoint;
use crate::node::Node;

/// The loops, for as long as it lives.
pub struct Working(Vec<JoinHandle<()>>);

impl Working {
    /// Starts them. To be called on the runtime that the node serves on.
    pub fn start(node: &Arc<Node>, referrals: &Arc<Referrals>) -> Self {
        let (of_sender, of_receiver, of_both) = (referrals.clone(), referrals.clone(), referrals.clone());
        let of_record_system = referrals.clone();
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
                        tracing::error!(referral.fault = %fault, "old referrals cannot be forgotten");
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
