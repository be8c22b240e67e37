//! The key sets of others (RFC 7517), fetched within bounds and at most once per interval, however many ask for a key.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::jws::{Jwk, SigningKey};
use crate::http::{HttpClient, Limits, WebAddress};

/// A key set is asked for again no sooner than this, whatever key is looked for.
const INTERVAL: time::Duration = time::Duration::seconds(60);
/// A key set is not believed for longer than this: a key that its owner withdrew must go.
const LIFE: time::Duration = time::Duration::hours(1);
const LARGEST: usize = 128 * 1024;
const MOST_KEYS: usize = 32;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identity) enum NoKey {
    /// The set does not have it.
    Unknown,
    /// The set could not be had.
    Unavailable,
}

/// One key set of another party.
pub(in crate::identity) struct KeySet {
    address: WebAddress,
    interval: time::Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    keys: HashMap<String, SigningKey>,
    fetched: Option<OffsetDateTime>,
    /// Also when nothing came of it.
    asked: Option<OffsetDateTime>,
}

impl KeySet {
    pub(in crate::identity) fn at(address: WebAddress) -> Self {
        KeySet { address, interval: INTERVAL, kept: Mutex::default() }
    }

    /// The same, asked for again no sooner than this.
    pub(in crate::identity) fn asked_no_sooner_than(self, interval: time::Duration) -> Self {
        KeySet { interval, ..self }
    }

    /// Whether this is the set at that address, to the letter.
    pub(in crate::identity) fn is_at(&self, address: &str) -> bool {
        self.address.url().as_str() == address
    }

    /// The key of this name. Who waits for a set that is being fetched shares it.
    pub(in crate::identity) async fn key(
        &self,
        http: &HttpClient,
        kid: &str,
        patience: Duration,
        now: OffsetDateTime,
    ) -> Result<SigningKey, NoKey> {
        let mut kept = self.kept.lock().await;
        let fresh = kept.fetched.is_some_and(|fetched| now - fetched < LIFE);
        if fresh && let Some(key) = kept.keys.get(kid) {
            return Ok(key.clone());
        }
        if kept.asked.is_none_or(|asked| now - asked >= self.interval) {
            kept.asked = Some(now);
            match self.fetch(http, patience).await {
                Some(keys) => (kept.keys, kept.fetched) = (keys, Some(now)),
                // Those of before are as good as they were; a key that is not among them could not be found out.
                None => return Err(NoKey::Unavailable),
            }
        } else if !fresh {
            return Err(NoKey::Unavailable);
        }
        kept.keys.get(kid).cloned().ok_or(NoKey::Unknown)
    }

    async fn fetch(&self, http: &HttpClient, patience: Duration) -> Option<HashMap<String, SigningKey>> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let request = http.request(Method::GET, self.address.url().clone()).header(ACCEPT, "application/json");
        let fetched = http.fetch(request, Limits { bytes: LARGEST, patience }).await.ok()?;
        if fetched.status != reqwest::StatusCode::OK {
            return None;
        }
        let set: Set = serde_json::from_slice(&fetched.body).ok()?;
        if set.keys.len() > MOST_KEYS {
            return None;
        }
        let mut keys = HashMap::new();
        for key in set.keys {
            // Keys of other kinds stand in the same set; they are no fault.
            let Ok(jwk) = serde_json::from_value::<Jwk>(key) else { continue };
            let (Some(kid), Some(key)) = (jwk.kid.clone(), jwk.signing_key()) else { continue };
            // Two keys of one name: neither can be meant for certain.
            if keys.insert(kid, key).is_some() {
                return None;
            }
        }
        Some(keys)
    }
}
