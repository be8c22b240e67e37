//! Asking a Nuts node of our own what a token that it gave stands for (RFC 7662), in both shapes that are in use: flat, as
//! Nuts nodes answer, and grouped by subject under `assertions`, as the generic functions describe (GFI-006).
//!
//! An answer is believed to the letter: whatever is not clearly active, alive and of one organisation is not active.

mod shape;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use thiserror::Error;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use url::form_urlencoded;

pub use shape::Introspected;

use crate::http::{HttpClient, Limits, WebAddress};
use crate::identity::secret::Digest;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;
/// How long the Nuts node may take, waiting for a turn included.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many questions are put at once.
const AT_ONCE: usize = 16;
/// How many answers are kept, and for how long: so long a token that was withdrawn there is still good here.
const ANSWERS: u64 = 10_000;
const KEPT: Duration = Duration::from_secs(10);

/// Why it could not be found out. Nothing of the token or the answer is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntrospectionFault {
    #[error("the Nuts node gave no answer")]
    NoAnswer,
    #[error("the Nuts node's answer cannot be read")]
    Unusable,
}

/// Asks one Nuts node.
pub struct Introspector {
    http: HttpClient,
    endpoint: WebAddress,
    turns: Semaphore,
    kept: Cache<Digest, Option<Arc<Introspected>>>,
}

impl Introspector {
    /// `endpoint` is `/internal/auth/v2/accesstoken/introspect` of the node, or what stands for it.
    pub fn new(http: HttpClient, endpoint: WebAddress) -> Self {
        let kept = Cache::builder().max_capacity(ANSWERS).time_to_live(KEPT).build();
        Introspector { http, endpoint, turns: Semaphore::new(AT_ONCE), kept }
    }

    /// What a token stands for; nothing when it is not active.
    pub async fn introspect(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<Introspected>>, IntrospectionFault> {
        let digest = Digest::of(token);
        let answer = match self.kept.get(&digest) {
            Some(known) => known,
            None => {
                let asked = tokio::time::timeout(PATIENCE, self.ask(token, now));
                let answer = asked.await.unwrap_or(Err(IntrospectionFault::NoAnswer))?.map(Arc::new);
                self.kept.insert(digest, answer.clone());
                answer
            }
        };
        Ok(answer.filter(|introspected| now < introspected.expires))
    }

    async fn ask(&self, token: &str, now: OffsetDateTime) -> Result<Option<Introspected>, IntrospectionFault> {
        let _turn = self.turns.acquire().await.map_err(|_| IntrospectionFault::NoAnswer)?;
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        let request = self
            .http
            .request(Method::POST, self.endpoint.url().clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form);
        let limits = Limits { bytes: MAX_ANSWER, patience: PATIENCE };
        let fetched = self.http.fetch(request, limits).await.map_err(|_| IntrospectionFault::NoAnswer)?;
        if fetched.status.as_u16() != 200 {
            return Err(IntrospectionFault::NoAnswer);
        }
        let body = fetched.body_as(&["application/json"]).map_err(|_| IntrospectionFault::Unusable)?;
        shape::read(&body, now).map_err(|_| IntrospectionFault::Unusable)
    }
}
