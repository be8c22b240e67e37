//! A FHIR RESTful API as seen from this side: reads, searches over pages, writes. Shared by the upstream
//! source and by peers.
//!
//! It trusts nothing of what comes back: no link outside the base, no text of the other side's, no more than
//! the bounds. It does not know whose data it fetches, only which BSN must not get into a URL.

mod failure;
mod link;
mod pages;
mod url;
mod write;

use std::time::Duration;

use ::url::Url;
use bytes::Bytes;
use exchange::inbound::Conditions;
use exchange::ports::SourceFault;
use fhir::json::{JsonFault, Limits as JsonLimits};
use fhir::resource::ResourceFault;
use fhir::{FhirVersion, Resource};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::Bounds;
use crate::http::{FetchFault, Fetched, HttpClient, Limits, WebAddress};
use crate::peers::Token;

pub(crate) use failure::{Asking, Failure};
pub(crate) use pages::Pages;
pub(crate) use write::Write;

const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// RFC 9449, section 4.1.
const DPOP: HeaderName = HeaderName::from_static("dpop");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// What a FHIR JSON answer may call itself.
const ACCEPTED: [&str; 2] = ["application/fhir+json", "application/json"];
/// Answers longer than this are parsed beside the run time's own threads.
const LONG: usize = 512 << 10;

/// The whole question is bounded by whoever asks it. The bound on each request lies a little behind that one, so
/// that a look-up that others wait for too is given up and taken over, not failed, when its beginner's time is up.
const BEHIND: Duration = Duration::from_secs(1);

/// A FHIR RESTful API and how it is called.
pub(crate) struct Rest {
    pub http: HttpClient,
    pub base: WebAddress,
    pub version: FhirVersion,
    pub bounds: Bounds,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// Searches go as `POST …/_search`, so that no parameter is in a URL.
    pub post_search: bool,
}

/// One question's calls to the API.
pub(crate) struct Call<'c> {
    pub rest: &'c Rest,
    /// This question's own headers.
    headers: HeaderMap,
    /// The token that goes with every request, when there is one.
    token: Option<&'c Token>,
    patience: Duration,
}

/// What goes with a request.
pub(crate) enum Payload {
    Nothing,
    Form(String),
    Fhir(Bytes),
}

impl Rest {
    pub fn call(&self, correlation_id: &str, patience: Duration) -> Call<'_> {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(correlation_id)
            && !value.is_empty()
        {
            headers.insert(CORRELATION_ID, value);
        }
        Call { rest: self, headers, token: None, patience: patience + BEHIND }
    }
}

impl<'c> Call<'c> {
    /// Shows this token with every request of the call, with a fresh proof of its key if it is bound to one.
    pub fn bearing(mut self, token: &'c Token) -> Result<Self, SourceFault> {
        let mut value = HeaderValue::from_str(&format!("{} {}", token.scheme(), token.secret()))
            .map_err(|_| SourceFault::Unusable("the token is no header text"))?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        self.token = Some(token);
        Ok(self)
    }

    /// `GET` of one resource that must be of this type and have this id.
    pub async fn read(&self, segments: &[&str]) -> Result<Resource, Failure> {
        let url = self.rest.base.below(segments.iter().copied());
        let answer = self.send(Asking::Read, Method::GET, url, Payload::Nothing, &[], self.whole()).await?;
        let resource = parse(answer, self.whole()).await?;
        let asked = segments.first().zip(segments.get(1));
        if asked.is_some_and(|(kind, id)| resource.resource_type() != **kind || resource.id().as_deref() != Some(id)) {
            return Err(SourceFault::Unusable("another resource than was asked for").into());
        }
        Ok(resource)
    }

    /// One request; an answer that is no success is a failure. Asks again once if a safe request met a
    /// connection that had just been closed.
    async fn send(
        &self,
        asking: Asking,
        method: Method,
        url: Url,
        payload: Payload,
        headers: &[(HeaderName, HeaderValue)],
        bytes: usize,
    ) -> Result<Fetched, Failure> {
        let limits = Limits { bytes, patience: self.patience };
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let request = || {
            let mut request = self
                .rest
                .http
                .request(method.clone(), url.clone())
                .headers(self.rest.headers.clone())
                .headers(self.headers.clone())
                .header(ACCEPT, FHIR_JSON);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            // A proof counts once, so a second try has one of its own.
            if let Some(proof) = self.token.and_then(|token| token.prove(method.as_str(), target.as_str())) {
                request = request.header(DPOP, proof);
            }
            match &payload {
                Payload::Nothing => request,
                Payload::Form(form) => request.header(CONTENT_TYPE, FORM).body(form.clone()),
                Payload::Fhir(body) => request.header(CONTENT_TYPE, FHIR_JSON).body(body.clone()),
            }
        };
        let mut answer = self.rest.http.fetch(request(), limits).await;
        if matches!(answer, Err(FetchFault::Dropped)) && asking.is_safe() {
            answer = self.rest.http.fetch(request(), limits).await;
        }
        let answer = answer?;
        match failure::of_answer(asking, &answer) {
            None if answer.is_of_another_version(self.rest.version) => {
                Err(SourceFault::Unusable("the answer says that it is of another FHIR version").into())
            }
            None => Ok(answer),
            Some(failure) => Err(failure),
        }
    }

    /// How long the whole question may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    fn whole(&self) -> usize {
        self.rest.bounds.max_answer_bytes
    }
}

/// A header of the caller's conditions, when there is one that can be sent.
fn condition(name: HeaderName, value: Option<&String>) -> Option<(HeaderName, HeaderValue)> {
    value.and_then(|value| HeaderValue::from_str(value).ok()).map(|value| (name, value))
}

/// The caller's own `Prefer`, or what we prefer.
pub(crate) fn prefer(conditions: &Conditions, ours: &'static str) -> (HeaderName, HeaderValue) {
    const PREFER: HeaderName = HeaderName::from_static("prefer");
    condition(PREFER, conditions.prefer.as_ref()).unwrap_or((PREFER, HeaderValue::from_static(ours)))
}

/// Reads the resource of an answer.
async fn parse(answer: Fetched, bytes: usize) -> Result<Resource, Failure> {
    let body = answer.body_as(&ACCEPTED)?;
    let limits = JsonLimits { bytes, ..JsonLimits::default() };
    let parsed = if body.len() > LONG {
        tokio::task::spawn_blocking(move || Resource::parse(body, &limits))
            .await
            .map_err(|_| SourceFault::Unusable("the answer could not be read"))?
    } else {
        Resource::parse(body, &limits)
    };
    Ok(parsed.map_err(|fault| unreadable(&fault))?)
}

fn unreadable(fault: &ResourceFault) -> SourceFault {
    match fault {
        ResourceFault::Json(JsonFault::TooLarge { .. } | JsonFault::TooMany { .. }) => SourceFault::TooLarge,
        ResourceFault::Json(JsonFault::TooDeep { .. }) => SourceFault::Unusable("the answer is nested too deep"),
        ResourceFault::Json(JsonFault::Duplicate { .. }) => {
            SourceFault::Unusable("a member of the answer occurs twice")
        }
        ResourceFault::Json(JsonFault::Syntax { .. } | JsonFault::NotUtf8 { .. }) => {
            SourceFault::Unusable("the answer is not well-formed JSON")
        }
        ResourceFault::NotAnObject | ResourceFault::NoType => SourceFault::Unusable("the answer is no resource"),
    }
}
