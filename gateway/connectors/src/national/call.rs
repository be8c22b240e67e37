//! One request to a national service and its whole answer, within what is left of a deadline. Sent again only when it never
//! left: when no connection could be made.

use std::time::Instant;

use policy::NotFoundOut;
use reqwest::RequestBuilder;

use crate::http::{FetchFault, Fetched, HttpClient, Limits};

/// Why a national service gave nothing that can be used. The words are ours and hold nothing of a question or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    /// No connection, a lost one, or a service that says it cannot at the moment.
    Unreachable,
    /// It answered something that cannot be trusted or understood: what, in a word.
    Unusable(&'static str),
    /// It works, and does not take our question: with this status.
    Rejected(u16),
    /// Not asked: it was ill a moment ago.
    Resting,
    /// We could not make the question: no randomness, or a key that does not sign.
    NotPut,
}

impl Failure {
    /// A word for the log.
    pub const fn word(self) -> &'static str {
        match self {
            Failure::TimedOut => "timed-out",
            Failure::Unreachable => "unreachable",
            Failure::Unusable(word) => word,
            Failure::Rejected(_) => "rejected",
            Failure::Resting => "resting",
            Failure::NotPut => "not-put",
        }
    }

    /// Whether the same may succeed later without anybody changing anything.
    pub const fn may_pass(self) -> bool {
        matches!(self, Failure::TimedOut | Failure::Unreachable | Failure::Resting | Failure::NotPut)
    }

    /// Whether the service showed that it works.
    pub(super) const fn shows_it_works(self) -> bool {
        matches!(self, Failure::Rejected(_) | Failure::NotPut)
    }
}

impl From<Failure> for NotFoundOut {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => NotFoundOut::TimedOut,
            Failure::Unreachable | Failure::Resting => NotFoundOut::Unreachable,
            Failure::Unusable(_) | Failure::Rejected(_) => NotFoundOut::Unusable,
            Failure::NotPut => NotFoundOut::Incomplete,
        }
    }
}

/// Makes requests to national services.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    http: HttpClient,
    /// The longest answer that is read.
    bytes: usize,
}

impl Caller {
    pub(crate) fn new(http: HttpClient, bytes: usize) -> Self {
        Caller { http, bytes }
    }

    /// Makes a request. An answer of 429 or 5xx is a service that cannot at the moment, and a redirect is never followed.
    pub(crate) async fn call(
        &self,
        until: Instant,
        request: impl Fn(&HttpClient) -> RequestBuilder,
    ) -> Result<Fetched, Failure> {
        let mut tried = false;
        let fetched = loop {
            let patience = until.saturating_duration_since(Instant::now());
            match self.http.fetch(request(&self.http), Limits { bytes: self.bytes, patience }).await {
                Err(FetchFault::Unreachable) if !tried => tried = true,
                other => break other.map_err(failure)?,
            }
        };
        match fetched.status.as_u16() {
            300..=399 => Err(Failure::Unusable("redirect")),
            429 | 500.. => Err(Failure::Unreachable),
            _ => Ok(fetched),
        }
    }
}

const fn failure(fault: FetchFault) -> Failure {
    match fault {
        FetchFault::TimedOut => Failure::TimedOut,
        FetchFault::Unreachable | FetchFault::Dropped => Failure::Unreachable,
        FetchFault::BrokenOff => Failure::Unusable("broken-off"),
        FetchFault::TooLarge { .. } => Failure::Unusable("too-large"),
        FetchFault::MediaType => Failure::Unusable("media-type"),
        FetchFault::Request => Failure::Unusable("request"),
    }
}
