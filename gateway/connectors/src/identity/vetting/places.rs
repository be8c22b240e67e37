//! Lists and responders: where they are, what they said, and asking them anew. Only places that the configuration allows
//! are asked, whatever a certificate names: no certificate sends this node to a host of its choice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration as Wait;

use moka::sync::Cache;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use time::{Duration, OffsetDateTime};
use tokio::sync::Semaphore;
use tracing::warn;
use url::Url;

use super::config::{AuthorityRule, RevocationConfig};
use super::list::List;
use super::ocsp::{self, Said};
use super::path::Link;
use super::slot::{Age, Found, Slot};
use super::{Counts, Unknown};
use crate::http::{FetchFault, HttpClient, Limits, WebAddress};
use crate::identity::Thumbprint;

/// Most lists kept: each may be large, and there are few authorities.
const LISTS: u64 = 64;
/// Most answers of responders kept.
const ANSWERS: u64 = 4096;
/// The largest answer of a responder, in bytes.
const ANSWER_BYTES: usize = 64 << 10;
/// Most places asked at once.
const AT_ONCE: usize = 8;

/// What is known of lists and responders.
pub(super) struct Places {
    http: HttpClient,
    lists: Cache<(Thumbprint, String), Arc<Slot<Arc<List>>>>,
    answers: Cache<(Thumbprint, Vec<u8>), Arc<Slot<Said>>>,
    at_once: Semaphore,
}

/// How something is asked.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) config: &'a RevocationConfig,
    pub(super) now: OffsetDateTime,
    pub(super) age: Age,
    pub(super) counts: &'a Counts,
}

impl Asking<'_> {
    fn fresh(&self) -> Duration {
        Duration::seconds(i64::try_from(self.config.fresh_seconds).unwrap_or(1))
    }
    fn retry_at(&self) -> OffsetDateTime {
        self.now + Duration::seconds(i64::try_from(self.config.retry_seconds).unwrap_or(1))
    }
    fn limits(&self, bytes: usize) -> Limits {
        Limits { bytes, patience: Wait::from_millis(self.config.patience_ms) }
    }
}

impl Places {
    pub(super) fn new(http: HttpClient) -> Self {
        Places { http, lists: Cache::new(LISTS), answers: Cache::new(ANSWERS), at_once: Semaphore::new(AT_ONCE) }
    }

    /// Whether the certificate was revoked, and until when that is good: by a responder, and when none can be had, by a list.
    pub(super) async fn revoked(
        &self,
        link: &Link,
        rule: Option<&AuthorityRule>,
        asking: Asking<'_>,
    ) -> Result<(bool, OffsetDateTime), Unknown> {
        let mut why = Unknown::NoPlace;
        let responders = places(rule.and_then(|rule| rule.responder.as_ref()), &link.responders, asking.config);
        for place in responders {
            let said = match place {
                Ok(place) => self.answer(link, place, asking).await,
                Err(fault) => Err(fault),
            };
            match said {
                Ok((said, until)) => return Ok((said.revoked, until)),
                // A statement of the issuer: no list is looked at in the hope of another.
                Err(Unknown::NotKnownToIssuer) => return Err(Unknown::NotKnownToIssuer),
                Err(fault) => why = fault,
            }
        }
        for place in places(rule.and_then(|rule| rule.list.as_ref()), &link.lists, asking.config) {
            let found = match place {
                Ok(place) => self.list(link, place, asking).await,
                Err(fault) => Err(fault),
            };
            match found.map(|(list, until)| (list.lists(&link.serial, link.of_authority), until)) {
                Ok((Some(revoked), until)) => return Ok((revoked, until)),
                Ok((None, _)) => why = Unknown::OutOfScope,
                Err(fault) => why = fault,
            }
        }
        Err(why)
    }

    async fn answer(&self, link: &Link, place: Url, asking: Asking<'_>) -> Found<(Said, OffsetDateTime)> {
        let slot = self.answers.get_with((link.issuer.thumbprint, link.serial.clone()), || Arc::new(Slot::new()));
        let fetch = async {
            let found = self.ask_responder(link, &place, asking).await;
            let until = match &found {
                Ok(said) => said.until.min(asking.now + asking.fresh()),
                Err(_) => asking.retry_at(),
            };
            (told(found, &place, asking.counts), until)
        };
        let (found, until) = slot.get_or(asking.now, asking.age, fetch).await;
        found.map(|found| (found, until))
    }

    async fn ask_responder(&self, link: &Link, place: &Url, asking: Asking<'_>) -> Found<Said> {
        let request = self
            .http
            .request(Method::POST, place.clone())
            .header(CONTENT_TYPE, "application/ocsp-request")
            .header(ACCEPT, "application/ocsp-response")
            .body(ocsp::request(link).ok_or(Unknown::Unreadable)?);
        let body = self.fetch(request, asking.limits(ANSWER_BYTES)).await?;
        ocsp::read(&body, link, asking.now, asking.fresh())
    }

    async fn list(&self, link: &Link, place: Url, asking: Asking<'_>) -> Found<(Arc<List>, OffsetDateTime)> {
        let slot = self.lists.get_with((link.issuer.thumbprint, place.to_string()), || Arc::new(Slot::new()));
        let fetch = async {
            let request = self.http.request(Method::GET, place.clone());
            let found = self.fetch(request, asking.limits(asking.config.list_bytes)).await;
            let found = found.and_then(|body| List::read(&body, &link.issuer, place.as_str(), asking.now));
            let until = match &found {
                Ok(list) => list.next_update.min(asking.now + asking.fresh()),
                Err(_) => asking.retry_at(),
            };
            (told(found.map(Arc::new), &place, asking.counts), until)
        };
        let (found, until) = slot.get_or(asking.now, asking.age, fetch).await;
        found.map(|found| (found, until))
    }

    async fn fetch(&self, request: reqwest::RequestBuilder, limits: Limits) -> Found<bytes::Bytes> {
        let _place = self.at_once.acquire().await.map_err(|_| Unknown::Unreachable)?;
        let fetched = self.http.fetch(request, limits).await.map_err(|fault| match fault {
            FetchFault::TimedOut => Unknown::TimedOut,
            FetchFault::TooLarge { .. } => Unknown::TooLarge,
            FetchFault::BrokenOff => Unknown::Unreadable,
            FetchFault::Unreachable | FetchFault::Dropped | FetchFault::MediaType | FetchFault::Request => {
                Unknown::Unreachable
            }
        })?;
        if fetched.status.as_u16() == 200 { Ok(fetched.body) } else { Err(Unknown::NoAnswer) }
    }
}

/// The places to ask: the configured one, or those that the certificate names, each with whether it may be asked.
fn places(configured: Option<&WebAddress>, named: &[String], config: &RevocationConfig) -> Vec<Result<Url, Unknown>> {
    match configured {
        Some(place) => vec![Ok(place.url().clone())],
        None => named
            .iter()
            .map(|text| Url::parse(text).ok().filter(|place| config.allows(place)).ok_or(Unknown::HostNotAllowed))
            .collect(),
    }
}

/// Counts it, and says once where it is handled that a place brings nothing.
fn told<T>(found: Found<T>, place: &Url, counts: &Counts) -> Found<T> {
    counts.asked.fetch_add(1, Ordering::Relaxed);
    if let Err(why) = &found {
        counts.asked_in_vain.fetch_add(1, Ordering::Relaxed);
        warn!(revocation.host = place.host_str().unwrap_or_default(), revocation.why = %why, "revocation not found out");
    }
    found
}
