//! `did:web`: a holder's keys, at an address that its name says (W3C did:web; Nuts GFI-001).
//!
//! Only https, no redirects, bounded in size and time, kept for a minute, failures too: whoever names DIDs at us makes us
//! ask no more than that. Outside development no address of a private network is asked.

mod document;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use percent_encoding::percent_decode_str;
use reqwest::Method;
use reqwest::header::ACCEPT;
use thiserror::Error;
use tokio::sync::{OnceCell, Semaphore};
use url::{Host, Url};

use crate::http::{HttpClient, Limits};
use crate::identity::jose::PublicJwk;
pub(super) use document::{DidDocument, Relations};

/// The longest DID that is looked at.
const MAX_DID: usize = 512;
/// The longest document that is read, in bytes.
const MAX_DOCUMENT: usize = 64 << 10;
/// How long a document may take: the presentation that it is for lives for five seconds.
const PATIENCE: Duration = Duration::from_secs(3);
const AT_ONCE: usize = 8;
/// How many documents are kept, and for how long: so long a key that was taken out is still believed.
const DOCUMENTS: u64 = 1_000;
const KEPT: Duration = Duration::from_secs(60);
/// How long a document that lacks a key is not asked for again before its time: its owner may have changed keys, and whoever
/// names keys that are not there makes us ask no more than that.
const AGAIN: Duration = Duration::from_secs(10);

/// Why a key of a DID is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum DidFault {
    #[error("it is no did:web")]
    Malformed,
    #[error("its address may not be asked")]
    Address,
    #[error("its document cannot be had")]
    Unreachable,
    #[error("its document cannot be read")]
    Document,
    #[error("its document has no such key")]
    NoKey,
}

/// Resolves DIDs.
pub struct DidWebResolver {
    http: HttpClient,
    /// Development: addresses of private networks, and of this machine, are asked too.
    private_networks: bool,
    turns: Semaphore,
    kept: Cache<String, LookUp>,
    /// The DIDs whose documents were asked for again lately.
    again: Cache<String, ()>,
}

/// One look-up for all who wait for it.
type LookUp = Arc<OnceCell<Result<Arc<DidDocument>, DidFault>>>;

impl DidWebResolver {
    /// `http` shows no certificate to anybody: who is asked is for the other side to choose. Outside development it must
    /// be one that connects to public addresses only (`HttpSettings::public_only`).
    pub fn new(http: HttpClient, private_networks: bool) -> Self {
        let kept = Cache::builder().max_capacity(DOCUMENTS).time_to_live(KEPT).build();
        let again = Cache::builder().max_capacity(DOCUMENTS).time_to_live(AGAIN).build();
        DidWebResolver { http, private_networks, turns: Semaphore::new(AT_ONCE), kept, again }
    }

    /// The key of this DID that `kid` (a DID URL) names, if its owner may authenticate or make statements with it.
    pub(super) async fn key(&self, did: &str, kid: &str) -> Result<PublicJwk, DidFault> {
        let url = location(did, self.private_networks)?;
        let look_up = self.kept.get_with_by_ref(did, LookUp::default);
        let fetch = || async { self.fetch(url.clone(), did).await.map(Arc::new) };
        let asked_now = !look_up.initialized();
        let document = look_up.get_or_init(fetch).await.clone()?;
        match document.key(kid) {
            Some(key) => Ok(key),
            None if asked_now || !self.again.entry_by_ref(did).or_insert(()).is_fresh() => Err(DidFault::NoKey),
            None => {
                // What is kept stays when this brings nothing.
                let fresh = fetch().await?;
                let key = fresh.key(kid).ok_or(DidFault::NoKey);
                self.kept.insert(did.to_owned(), Arc::new(OnceCell::new_with(Some(Ok(fresh)))));
                key
            }
        }
    }

    /// For tests: takes this document for the DID's, and asks for no other.
    #[cfg(test)]
    pub(super) fn remember(&self, did: &str, document: &serde_json::Value) {
        self.again.insert(did.to_owned(), ());
        let read = DidDocument::read(document.to_string().as_bytes(), did, Relations::Any)
            .ok_or(DidFault::Document)
            .map(Arc::new);
        self.kept.insert(did.to_owned(), Arc::new(OnceCell::new_with(Some(read))));
    }

    async fn fetch(&self, url: Url, did: &str) -> Result<DidDocument, DidFault> {
        let _turn = self.turns.acquire().await.map_err(|_| DidFault::Unreachable)?;
        let request = self.http.request(Method::GET, url).header(ACCEPT, "application/did+json, application/json");
        let limits = Limits { bytes: MAX_DOCUMENT, patience: PATIENCE };
        let fetched = self.http.fetch(request, limits).await.map_err(|_| DidFault::Unreachable)?;
        if fetched.status.as_u16() != 200 {
            return Err(DidFault::Unreachable);
        }
        let types = ["application/did+json", "application/json", "application/did+ld+json"];
        let body = fetched.body_as(&types).map_err(|_| DidFault::Document)?;
        DidDocument::read(&body, did, Relations::Any).ok_or(DidFault::Document)
    }
}

/// Where the document of a DID is: `did:web:host%3Aport:a:b` at `https://host:port/a/b/did.json`.
fn location(did: &str, private_networks: bool) -> Result<Url, DidFault> {
    let name = did.strip_prefix("did:web:").filter(|_| did.len() <= MAX_DID).ok_or(DidFault::Malformed)?;
    let mut parts = name.split(':');
    let host = parts.next().unwrap_or_default();
    let host = percent_decode_str(host).decode_utf8().map_err(|_| DidFault::Malformed)?;
    let path: Vec<&str> = parts.collect();
    let plain = |text: &str| {
        !text.is_empty()
            && !matches!(text, "." | "..")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let (name, port) = host.split_once(':').map_or((&*host, None), |(name, port)| (name, Some(port)));
    let port_is_one = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if !plain(name) || !port_is_one || !path.iter().all(|segment| plain(segment)) {
        return Err(DidFault::Malformed);
    }
    let below = if path.is_empty() { ".well-known".to_owned() } else { path.join("/") };
    let url = Url::parse(&format!("https://{host}/{below}/did.json")).map_err(|_| DidFault::Malformed)?;
    match url.host() {
        Some(Host::Domain(name)) if private_networks || name != "localhost" => Ok(url),
        // A number is no name that anybody could own.
        Some(_) if private_networks => Ok(url),
        Some(_) | None => Err(DidFault::Address),
    }
}
