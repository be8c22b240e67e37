//! One message to Mitz and its answer over mutual TLS, within one deadline.
//!
//! It is sent again only when it never left: when no connection could be made. Redirects are not followed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Url};

use super::config::MitzConfig;
use crate::http::{FetchFault, Fetched, HttpClient, Limits};

/// What an envelope of SOAP 1.2 comes as.
const SOAP_MEDIA: &str = "application/soap+xml";

/// Reaches Mitz.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: HttpClient,
    config: MitzConfig,
}

/// Why there is no envelope to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendFault {
    Fetch(FetchFault),
    /// Another status than one that an envelope comes with.
    Status(u16),
}

impl Client {
    pub(super) fn new(http: HttpClient, config: MitzConfig) -> Self {
        Client { http, config }
    }

    pub(super) fn deadline(&self) -> Duration {
        Duration::from_millis(self.config.deadline_ms)
    }

    /// Where an interface is.
    pub(super) fn address(&self, path: &[&str]) -> Url {
        self.config.base.below(path.iter().copied())
    }

    /// Sends an envelope and gives back the one that answers it, with its status: 200, or that of a fault.
    pub(super) async fn send(
        &self,
        to: &Url,
        media_type: &str,
        request_id: &str,
        envelope: Bytes,
        until: Instant,
    ) -> Result<(u16, Bytes), SendFault> {
        let mut tried = false;
        let fetched = loop {
            let patience = until.saturating_duration_since(Instant::now());
            let request = self
                .http
                .request(Method::POST, to.clone())
                .header(CONTENT_TYPE, media_type)
                .header(ACCEPT, SOAP_MEDIA)
                .header("X-Request-Id", request_id)
                .body(envelope.clone());
            let limits = Limits { bytes: self.config.answer_bytes, patience };
            match self.http.fetch(request, limits).await {
                Err(FetchFault::Unreachable) if !tried => tried = true,
                other => break other.map_err(SendFault::Fetch)?,
            }
        };
        // SOAP 1.2 part 2, table 17: a fault of the sender comes with 400, of the receiver with 500.
        match fetched.status.as_u16() {
            status @ (200 | 400 | 500) => Ok((status, self.envelope(&fetched)?)),
            other => Err(SendFault::Status(other)),
        }
    }

    /// Posts a document that is no envelope. Only 202 is success.
    pub(super) async fn post(&self, to: &Url, kind: &str, body: Bytes, until: Instant) -> Result<Fetched, SendFault> {
        let patience = until.saturating_duration_since(Instant::now());
        let request = self.http.request(Method::POST, to.clone()).header(CONTENT_TYPE, kind).body(body);
        let fetched = self.http.fetch(request, Limits { bytes: self.config.answer_bytes, patience }).await;
        let fetched = fetched.map_err(SendFault::Fetch)?;
        match fetched.status.as_u16() {
            202 => Ok(fetched),
            other => Err(SendFault::Status(other)),
        }
    }

    pub(super) fn closed_media_type(&self) -> &str {
        &self.config.media_type
    }

    fn envelope(&self, fetched: &Fetched) -> Result<Bytes, SendFault> {
        let own = self.config.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match fetched.body_as(&[SOAP_MEDIA, &own]) {
            Ok(body) => Ok(body),
            Err(_) if fetched.status.as_u16() != 200 => Err(SendFault::Status(fetched.status.as_u16())),
            Err(fault) => Err(SendFault::Fetch(fault)),
        }
    }
}

impl SendFault {
    /// Whether the other side was too late, could not, or said something that cannot be used.
    pub(super) const fn kind(self) -> super::register::Failure {
        use super::register::Failure;
        match self {
            SendFault::Fetch(FetchFault::TimedOut) => Failure::TimedOut,
            SendFault::Fetch(FetchFault::Unreachable | FetchFault::Dropped) | SendFault::Status(429 | 500..) => {
                Failure::Unreachable
            }
            SendFault::Fetch(
                FetchFault::BrokenOff | FetchFault::TooLarge { .. } | FetchFault::MediaType | FetchFault::Request,
            )
            | SendFault::Status(_) => Failure::Unusable,
        }
    }

    /// A word for the log.
    pub(super) const fn word(self) -> &'static str {
        match self {
            SendFault::Fetch(FetchFault::TimedOut) => "timed-out",
            SendFault::Fetch(FetchFault::Unreachable) => "no-connection",
            SendFault::Fetch(FetchFault::Dropped) => "connection-lost",
            SendFault::Fetch(FetchFault::BrokenOff) => "broken-off",
            SendFault::Fetch(FetchFault::TooLarge { .. }) => "too-large",
            SendFault::Fetch(FetchFault::MediaType) => "media-type",
            SendFault::Fetch(FetchFault::Request) => "request",
            SendFault::Status(300..=399) => "redirect",
            SendFault::Status(400..=499) => "status-4xx",
            SendFault::Status(500..=599) => "status-5xx",
            SendFault::Status(_) => "status",
        }
    }
}
