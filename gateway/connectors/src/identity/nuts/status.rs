//! Whether a credential was withdrawn: its place in a status list (W3C Bitstring Status List 1.0; StatusList2021 before it),
//! which its own issuer signs, as JWT (Nuts GFI-003).
//!
//! Lists come from configured hosts only, within bounds of size and time, and are kept for a minute, failures too. What
//! cannot be found out is no yes. A list with a JSON-LD proof is not taken, and so not one without any.

mod list;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use super::credential::CredentialFault;
use super::trust::CredentialTrust;
use crate::http::{HttpClient, Limits, is_listed};
use list::StatusList;

/// The most statuses of one credential: revoked, and suspended.
const MAX_STATUSES: usize = 2;
/// The longest list as it travels, in bytes.
const MAX_BODY: usize = 1 << 20;
/// How long a list may take: the presentation that it is for lives for five seconds.
const PATIENCE: Duration = Duration::from_secs(3);
const AT_ONCE: usize = 4;
/// How many lists are kept, and for how long: so long a credential that was withdrawn is still believed.
const LISTS: u64 = 64;
const KEPT: Duration = Duration::from_secs(60);
const TYPES: [&str; 2] = ["BitstringStatusListEntry", "StatusList2021Entry"];
const MEDIA_TYPES: [&str; 3] = ["application/vc+jwt", "application/vc+ld+jwt", "application/jwt"];

/// What being on a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Revocation,
    Suspension,
}

impl Purpose {
    pub(super) fn name(self) -> &'static str {
        match self {
            Purpose::Revocation => "revocation",
            Purpose::Suspension => "suspension",
        }
    }
}

/// One place in one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusEntry {
    list: Url,
    index: usize,
    purpose: Purpose,
}

impl StatusEntry {
    /// Reads the `credentialStatus` of a credential. What is not understood is a fault: passing over it would let a withdrawn
    /// credential in.
    pub(super) fn read(status: &Value) -> Result<Vec<Self>, CredentialFault> {
        let all: Vec<&Value> = match status {
            Value::Null => return Ok(Vec::new()),
            Value::Array(several) => several.iter().collect(),
            only => vec![only],
        };
        if all.len() > MAX_STATUSES {
            return Err(CredentialFault::Status);
        }
        all.into_iter().map(|one| Self::one(one).ok_or(CredentialFault::Status)).collect()
    }

    fn one(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let purpose = match text("statusPurpose")? {
            "revocation" => Purpose::Revocation,
            "suspension" => Purpose::Suspension,
            _ => return None,
        };
        let index = text("statusListIndex").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        // Of more than one bit, the meaning of each value would have to be known.
        let one_bit = value.get("statusSize").is_none_or(|size| size == 1);
        let list = Url::parse(text("statusListCredential")?).ok()?;
        let bare = list.fragment().is_none() && list.username().is_empty() && list.password().is_none();
        let plain = list.scheme() == "https" && bare;
        (TYPES.contains(&text("type")?) && one_bit && plain).then_some(StatusEntry {
            list,
            index: index.parse().ok()?,
            purpose,
        })
    }
}

/// Fetches lists, and keeps them for a while.
pub struct StatusLists {
    http: HttpClient,
    hosts: Vec<String>,
    turns: Semaphore,
    kept: Cache<(String, String), LookUp>,
}

/// One look-up for all who wait for it.
type LookUp = Arc<OnceCell<Result<Arc<StatusList>, CredentialFault>>>;

impl StatusLists {
    /// `http` shows no certificate to anybody. `hosts` are those that a list may be at, `host` or `host:port`; without any,
    /// every credential that has a status is refused.
    pub fn new(http: HttpClient, hosts: Vec<String>) -> Self {
        let kept = Cache::builder().max_capacity(LISTS).time_to_live(KEPT).build();
        StatusLists { http, hosts, turns: Semaphore::new(AT_ONCE), kept }
    }

    /// Holds when the credential of this issuer is not on the list. Every list must be at a configured host before any is
    /// asked for.
    pub(super) async fn good(
        &self,
        entries: &[StatusEntry],
        issuer: &str,
        trust: &CredentialTrust,
        now: OffsetDateTime,
    ) -> Result<(), CredentialFault> {
        if !entries.iter().all(|entry| is_listed(&entry.list, &self.hosts)) {
            return Err(CredentialFault::Status);
        }
        for entry in entries {
            let look_up = self.kept.get_with((entry.list.to_string(), issuer.to_owned()), LookUp::default);
            let fetch = || async { self.fetch(&entry.list, issuer, trust, now).await.map(Arc::new) };
            let list = look_up.get_or_init(fetch).await.clone()?;
            if list.is_set(entry.index, entry.purpose, now.unix_timestamp())? {
                return Err(CredentialFault::Revoked);
            }
        }
        Ok(())
    }

    /// Whatever is wrong with a list, it cannot be found out by it.
    async fn fetch(
        &self,
        place: &Url,
        issuer: &str,
        trust: &CredentialTrust,
        now: OffsetDateTime,
    ) -> Result<StatusList, CredentialFault> {
        const UNKNOWN: CredentialFault = CredentialFault::StatusNotFoundOut;
        let _turn = self.turns.acquire().await.map_err(|_| UNKNOWN)?;
        let request = self.http.request(Method::GET, place.clone()).header(ACCEPT, MEDIA_TYPES.join(", "));
        let limits = Limits { bytes: MAX_BODY, patience: PATIENCE };
        let fetched = self.http.fetch(request, limits).await.map_err(|_| UNKNOWN)?;
        if fetched.status.as_u16() != 200 {
            return Err(UNKNOWN);
        }
        let body = fetched.body_as(&MEDIA_TYPES).map_err(|_| UNKNOWN)?;
        let text = std::str::from_utf8(&body).map_err(|_| UNKNOWN)?.trim_ascii();
        StatusList::verify(text, place, issuer, trust, now).await.map_err(|fault| {
            tracing::warn!(status.list = place.host_str(), %fault, "a status list is not believed");
            UNKNOWN
        })
    }
}
