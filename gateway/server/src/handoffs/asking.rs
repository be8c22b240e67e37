//! A question that the node asks by itself, of others or of its own sources: an exchange through the stack like any other, let in
//! by a ticket, with its own record.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exchange::{BodyKind, Conditions, Gate, Inbound, Recorded, Refusal};
use fhir::{FhirVersion, Method};
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::tickets::Ticket;

/// What carries an exchange out: the node's own stack.
pub type Runs = Arc<dyn Fn(Inbound) -> LocalBoxFuture<'static, Result<Recorded, Refusal>>>;

/// How often one question waits its turn.
const WAITS: usize = 5;

/// What is asked.
pub(crate) struct OwnQuestion<'a> {
    pub use_case: &'static str,
    pub version: FhirVersion,
    /// Joins the records of what belongs together.
    pub correlation: &'a str,
    pub method: Method,
    pub path: &'a str,
    pub query: String,
    /// JSON, when it is not empty.
    pub body: Bytes,
}

impl OwnQuestion<'_> {
    /// As it comes in at the inner gate, by this ticket.
    pub(crate) fn inbound(self, ticket: &Ticket) -> Inbound {
        Inbound {
            request_id: Uuid::new_v4().to_string(),
            correlation_id: self.correlation.to_owned(),
            gate: Gate::Inner,
            remote: None,
            version: self.version,
            method: Some(self.method),
            path: self.path.to_owned(),
            query: self.query,
            body_kind: if self.body.is_empty() { BodyKind::None } else { BodyKind::Json },
            body: self.body,
            conditions: Conditions::default(),
            credentials: ticket.credentials(),
            use_case: Some(self.use_case.to_owned()),
            emergency: None,
            unreadable: None,
        }
    }
}

/// Carries it out. What consists of many questions may be more than anybody may ask at once: one waits its turn, and what went
/// before it is not begun again.
pub(crate) async fn in_turn(runs: &Runs, inbound: &Inbound) -> Result<Recorded, Refusal> {
    let mut answer = runs(inbound.clone()).await;
    for _ in 0..WAITS {
        let Err(Refusal::Throttled(seconds)) = answer else { break };
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
        answer = runs(Inbound { request_id: Uuid::new_v4().to_string(), ..inbound.clone() }).await;
    }
    answer
}
