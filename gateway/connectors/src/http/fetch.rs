//! One request and its whole answer, within bounds of bytes and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fhir::FhirVersion;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Request, RequestBuilder, Response, StatusCode};
use thiserror::Error;

use super::HttpClient;

/// The largest body of an answer that is not a success. Longer ones are left unread.
const FAILURE_BYTES: usize = 64 << 10;

/// Bounds on one answer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest body of a successful answer.
    pub bytes: usize,
    /// Time from now until the last byte, connecting included.
    pub patience: Duration,
}

/// An answer, read to its end.
pub struct Fetched {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Empty when the answer was no success and its body longer than anyone would read.
    pub body: Bytes,
}

/// Why there is no answer. Says nothing about who was asked what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FetchFault {
    #[error("no answer in time")]
    TimedOut,
    #[error("no connection")]
    Unreachable,
    /// The connection was lost after asking and before any answer; the question may have been acted upon.
    #[error("the connection was lost before an answer")]
    Dropped,
    #[error("the answer broke off")]
    BrokenOff,
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the answer has another media type than asked")]
    MediaType,
    #[error("the request is malformed")]
    Request,
}

impl HttpClient {
    /// Makes the request and reads the answer, whatever its status. A redirect is an answer like any other.
    pub async fn fetch(&self, request: RequestBuilder, limits: Limits) -> Result<Fetched, FetchFault> {
        let request = request.build().map_err(|_| FetchFault::Request)?;
        tokio::time::timeout(limits.patience, async { read(self.execute(request).await?, limits.bytes).await })
            .await
            .unwrap_or(Err(FetchFault::TimedOut))
    }

    /// Nothing was told to a server whose handshake broke off. When it did because the server was not known yet, it is
    /// asked again; likewise when several connections were begun before it was known.
    async fn execute(&self, request: Request) -> Result<Response, FetchFault> {
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let again = self.awaiting.as_ref().and_then(|awaiting| Some((awaiting, request.try_clone()?)));
        match self.client().execute(request).await {
            Ok(response) => Ok(response),
            Err(error) => match again {
                Some((awaiting, again)) if error.is_connect() && awaiting.is_good_after_all(&host).await => {
                    self.client().execute(again).await.map_err(|error| before_answer(&error))
                }
                _ => Err(before_answer(&error)),
            },
        }
    }
}

impl Fetched {
    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let essence = value.split(';').next().unwrap_or_default().trim();
        Some(essence.to_ascii_lowercase())
    }

    /// Whether its media type names a FHIR version (`fhirVersion`; FHIR R4, http.html, 2.21.0.13) that is not this one. Most say
    /// nothing of it.
    pub fn is_of_another_version(&self, version: FhirVersion) -> bool {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let named = value.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
        let mut named = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("fhirVersion"));
        let is_this = |said: &str| {
            let said = said.trim().trim_matches('"');
            said.split('.').take(2).eq(version.full().split('.').take(2))
        };
        named.any(|(_, said)| !is_this(said))
    }

    /// The body, if it is of one of these media types.
    pub fn body_as(&self, accepted: &[&str]) -> Result<Bytes, FetchFault> {
        match self.media_type() {
            Some(essence) if accepted.contains(&essence.as_str()) => Ok(self.body.clone()),
            Some(_) | None => Err(FetchFault::MediaType),
        }
    }
}

fn before_answer(error: &reqwest::Error) -> FetchFault {
    if error.is_timeout() {
        FetchFault::TimedOut
    } else if error.is_connect() {
        FetchFault::Unreachable
    } else if error.is_builder() {
        FetchFault::Request
    } else {
        FetchFault::Dropped
    }
}

async fn read(mut response: Response, limit: usize) -> Result<Fetched, FetchFault> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = match gather(response, if status.is_success() { limit } else { FAILURE_BYTES.min(limit) }).await {
        Ok(body) => body,
        Err(FetchFault::TooLarge { .. }) if !status.is_success() => Bytes::new(),
        Err(fault) => return Err(fault),
    };
    Ok(Fetched { status, headers, body })
}

/// Joins the chunks of the body. One chunk, as most answers are, is not copied.
async fn gather(mut response: Response, limit: usize) -> Result<Bytes, FetchFault> {
    let declared = response.content_length().and_then(|length| usize::try_from(length).ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(FetchFault::TooLarge { limit });
    }
    let Some(first) = chunk(&mut response).await? else {
        return Ok(Bytes::new());
    };
    if first.len() > limit {
        return Err(FetchFault::TooLarge { limit });
    }
    let Some(second) = chunk(&mut response).await? else {
        return Ok(first);
    };
    let mut whole = BytesMut::with_capacity(declared.unwrap_or(first.len() + second.len()));
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(part) = next {
        if whole.len() + part.len() > limit {
            return Err(FetchFault::TooLarge { limit });
        }
        whole.extend_from_slice(&part);
        next = chunk(&mut response).await?;
    }
    Ok(whole.freeze())
}

async fn chunk(response: &mut Response) -> Result<Option<Bytes>, FetchFault> {
    response
        .chunk()
        .await
        .map_err(|error| if error.is_timeout() { FetchFault::TimedOut } else { FetchFault::BrokenOff })
}
