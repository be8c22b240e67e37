//! Asks a directory for one page: the URL, the answer, and what a refusal means.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, DATE, RETRY_AFTER};
use url::Url;

use super::config::DirectoryConfig;
use super::moments::{self, Millis};
use super::record::Kind;
use crate::http::{FetchFault, HttpClient, Limits, WebAddress};

/// Longest time that a directory may have us wait, in milliseconds.
const LONGEST_WAIT: Millis = 3_600_000;
/// As running servers label FHIR.
const MEDIA_TYPES: [&str; 3] = ["application/fhir+json", "application/json", "application/json+fhir"];

/// Who asks.
#[derive(Clone)]
pub struct Feed {
    http: HttpClient,
    limits: Limits,
    page_size: usize,
}

/// A page, not yet read.
pub struct Answer {
    pub body: Bytes,
    /// The server's own clock.
    pub date: Option<Millis>,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedFault {
    Fetch(FetchFault),
    /// To be asked again no sooner than after so many milliseconds.
    Wait(Millis),
    Status(u16),
}

impl Feed {
    pub fn new(http: HttpClient, config: &DirectoryConfig) -> Self {
        let limits = Limits { bytes: config.page_bytes, patience: Duration::from_millis(config.page_ms) };
        Feed { http, limits, page_size: config.page_size }
    }

    pub fn most_bytes(&self) -> usize {
        self.limits.bytes
    }

    pub async fn get(&self, url: Url, now: Millis) -> Result<Answer, FeedFault> {
        let request = self.http.request(Method::GET, url).header(ACCEPT, MEDIA_TYPES[0]);
        let fetched = self.http.fetch(request, self.limits).await.map_err(FeedFault::Fetch)?;
        let header = |name| fetched.headers.get(name).and_then(|value| value.to_str().ok());
        match fetched.status.as_u16() {
            200 => {
                let date = header(DATE).and_then(moments::http_date);
                let body = fetched.body_as(&MEDIA_TYPES).map_err(FeedFault::Fetch)?;
                Ok(Answer { body, date })
            }
            status @ (429 | 503) => {
                let wait = header(RETRY_AFTER).and_then(|said| {
                    let seconds = said.trim().parse::<Millis>().ok().map(|seconds| seconds.saturating_mul(1000));
                    seconds.or_else(|| moments::http_date(said).map(|at| at - now))
                });
                Err(wait.map_or(FeedFault::Status(status), |wait| FeedFault::Wait(wait.clamp(1_000, LONGEST_WAIT))))
            }
            status => Err(FeedFault::Status(status)),
        }
    }

    /// The first page of everything there is of a type (ITI-90), or of its history (ITI-91), since a moment.
    pub fn first(&self, base: &WebAddress, kind: Kind, of: First) -> Url {
        let mut url = match of {
            First::Everything { .. } => base.below([kind.name()]),
            First::History { .. } => base.below([kind.name(), "_history"]),
        };
        let (sized, since) = match of {
            First::Everything { sized } => (sized, None),
            First::History { since } => (true, since),
        };
        if sized && self.page_size > 0 {
            url.query_pairs_mut().append_pair("_count", &self.page_size.to_string());
        }
        if let Some(since) = since {
            url.query_pairs_mut().append_pair("_since", &moments::text(since));
        }
        url
    }
}

/// What a run begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// A search without parameters, but for the size of a page: some servers refuse that, too.
    Everything {
        sized: bool,
    },
    History {
        since: Option<Millis>,
    },
}

/// The page behind a link, asked for at the base that we know: servers behind a proxy write links with the scheme and the
/// host that they have inside. Nothing when the link leads out of the base.
pub fn follow(base: &WebAddress, link: &str) -> Option<Url> {
    let mut folder = base.url().clone();
    folder.set_path(&format!("{}/", base.url().path().trim_end_matches('/')));
    let there = folder.join(link).ok()?;
    let below = there.path().strip_prefix(base.url().path().trim_end_matches('/'))?;
    let encoded = below.to_ascii_lowercase();
    let hidden = ["%2e", "%2f", "%5c", "%25"].iter().any(|escape| encoded.contains(escape));
    if hidden || !(below.is_empty() || below.starts_with('/')) {
        return None;
    }
    let mut url = base.url().clone();
    url.set_path(there.path());
    url.set_query(there.query());
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_at_the_base_that_we_know_and_below_it() {
        let base = WebAddress::parse("https://dir.example/fhir").unwrap();
        for (link, followed) in [
            ("https://dir.example/fhir?_getpages=1&n=20", Some("https://dir.example/fhir?_getpages=1&n=20")),
            ("http://internal:8080/fhir?_getpages=1", Some("https://dir.example/fhir?_getpages=1")),
            (
                "https://dir.example/fhir/Endpoint/_history?page=2",
                Some("https://dir.example/fhir/Endpoint/_history?page=2"),
            ),
            ("Endpoint/_history?page=2", Some("https://dir.example/fhir/Endpoint/_history?page=2")),
            ("?page=2", Some("https://dir.example/fhir/?page=2")),
            ("https://dir.example/other?x", None),
            ("https://dir.example/fhirs?x", None),
            ("https://dir.example/fhir/../admin", None),
            ("https://dir.example/fhir/%2e%2e/admin", None),
            ("http://[", None),
        ] {
            assert_eq!(follow(&base, link).as_ref().map(Url::as_str), followed, "{link}");
        }
    }
}
