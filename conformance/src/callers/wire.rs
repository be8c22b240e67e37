//! HTTP as every caller uses it: bounded in time and size, no redirects followed.

use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use url::form_urlencoded;

use super::CallError;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// More than any answer of a node may be.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// A client, with or without a bearer token.
#[derive(Clone)]
pub struct Wire {
    client: Client,
    bearer: Option<String>,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Wire {
    /// Plain HTTP, or TLS with the roots of `ca_file`; with `identity` (certificate and key
    /// file) mutual TLS. HTTP/2 where the other side offers it.
    ///
    /// # Errors
    /// A file cannot be read or does not hold what it should.
    pub fn new(ca_file: Option<&Path>, identity: Option<(&Path, &Path)>) -> Result<Self, CallError> {
        let mut roots = RootCertStore::empty();
        if let Some(file) = ca_file {
            for root in certificates(file)? {
                roots.add(root).map_err(wrong)?;
            }
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider().into();
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(wrong)?
            .with_root_certificates(roots);
        let mut tls = match identity {
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_file(key).map_err(wrong)?;
                tls.with_client_auth_cert(certificates(certificate)?, key).map_err(wrong)?
            }
            None => tls.with_no_client_auth(),
        };
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .build()?;
        Ok(Wire { client, bearer: None })
    }

    /// The token of this wire, to be shown where it does not belong.
    pub fn token(&self) -> Option<&str> {
        self.bearer.as_deref()
    }

    /// The same wire with this token on every call.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Wire { client: self.client.clone(), bearer: Some(token.to_owned()) }
    }

    /// # Errors
    /// No answer came, or too much of it.
    pub async fn get(&self, url: &str) -> Result<Answer, CallError> {
        self.raw(Method::GET, url, &[], Bytes::new()).await
    }

    /// # Errors
    /// As [`Self::get`].
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer, CallError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        self.raw(Method::POST, url, &kind, Bytes::from(body)).await
    }

    /// Posts FHIR JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_json(&self, url: &str, body: &Value) -> Result<Answer, CallError> {
        let kind = [(CONTENT_TYPE.as_str(), "application/fhir+json")];
        self.raw(Method::POST, url, &kind, Bytes::from(body.to_string())).await
    }

    /// Any request. A header given here goes before the token of this wire.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn raw(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let own = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
        if let Some(token) = self.bearer.as_ref().filter(|_| !own) {
            request = request.bearer_auth(token);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let mut response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(CallError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CallError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(wrong)?.collect();
    let all = all.map_err(wrong)?;
    if all.is_empty() {
        return Err(wrong("the file holds no certificate"));
    }
    Ok(all)
}

fn wrong(error: impl std::fmt::Display) -> CallError {
    CallError::Certificate(error.to_string())
}
