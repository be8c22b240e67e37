//! The loops that bring referrals further, and one that forgets them: whatever is due is done, a bounded number at a time, for
//! as long as the node serves. What they are cut off from is still due.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::task::JoinHandle;

use super::Referrals;
use crate::handoffs::Runs;
use crate::handoffs::book::Trouble;
use crate::handoffs::forgetting::EVERY;
use crate::handoffs::work::{AT_A_TIME, AT_ONCE, first_trouble, rest};
use crate::http::endpoint;
use crate::node::Node;

/// The loops, for as long as it lives.
pub struct Working(Vec<JoinHandle<()>>);

impl Working {
    /// Starts them. To be called on the runtime that the node serves on.
    pub fn start(node: &Arc<Node>, referrals: &Arc<Referrals>) -> Self {
        let (of_sender, of_receiver, of_both) = (referrals.clone(), referrals.clone(), referrals.clone());
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

impl Referrals {
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
