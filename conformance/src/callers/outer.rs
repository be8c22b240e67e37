//! A caller from another organisation: mutual TLS, and a token for every purpose.

use std::ops::Deref;
use std::path::Path;

use bytes::Bytes;
use jsonwebtoken::EncodingKey;
use reqwest::Method;
use thiserror::Error;
use url::form_urlencoded;

use super::CallError;
use super::assertion::{Acting, ClientAssertion, thumbprint};
use super::wire::{Answer, Wire, certificates};
use crate::ready::{Listener, Ready};

/// The type of a signed JWT as client assertion (RFC 7523).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error(transparent)]
    Call(#[from] CallError),
    /// The endpoint refused: HTTP status and the `error` of OAuth 2.0.
    #[error("the token endpoint answered {status} {error}")]
    Refused { status: u16, error: String },
}

/// The caller. As a [`Wire`] it speaks with its certificate but without a token.
pub struct OuterCaller {
    wire: Wire,
    client_id: String,
    token_endpoint: String,
    thumbprint: String,
    key: EncodingKey,
}

impl OuterCaller {
    /// # Errors
    /// A file cannot be read or does not hold what it should.
    pub fn new(
        ca_file: &Path,
        certificate_file: &Path,
        key_file: &Path,
        client_id: &str,
        token_endpoint: &str,
    ) -> Result<Self, CallError> {
        let leaf = certificates(certificate_file)?.swap_remove(0);
        Ok(OuterCaller {
            wire: Wire::new(Some(ca_file), Some((certificate_file, key_file)))?,
            client_id: client_id.to_owned(),
            token_endpoint: token_endpoint.to_owned(),
            thumbprint: thumbprint(&leaf),
            key: EncodingKey::from_ec_pem(&std::fs::read(key_file)?)?,
        })
    }

    /// The caller of this name, on its way to the node with this key.
    ///
    /// # Errors
    /// There is no such caller or node, it is not an outer one, or its files cannot be used.
    pub fn of(ready: &Ready, name: &str, to: &str) -> Result<Self, CallError> {
        let incomplete = || CallError::Incomplete(name.to_owned());
        let caller = ready.caller(name).filter(|c| c.listener == Listener::Outer).ok_or_else(incomplete)?;
        let node = ready.node(to).ok_or_else(incomplete)?;
        let (Some(certificate), Some(key)) = (&caller.certificate_file, &caller.key_file) else {
            return Err(incomplete());
        };
        let client_id = caller.client_id.as_deref().unwrap_or(&caller.ura);
        Self::new(&ready.ca_file, certificate, key, client_id, &node.token_endpoint)
    }

    /// The claims of a correct assertion, to be changed or signed as they are.
    pub fn assertion(&self, acting: Option<&Acting>) -> ClientAssertion {
        ClientAssertion::new(&self.client_id, &self.token_endpoint, &self.thumbprint, acting)
    }

    /// Asks for a token with this assertion; the answer as it came.
    ///
    /// # Errors
    /// The assertion cannot be signed, or no answer came.
    pub async fn request_token(&self, assertion: &ClientAssertion, scope: &str) -> Result<Answer, CallError> {
        self.present(&assertion.sign(&self.key)?, scope).await
    }

    /// Asks for a token with an assertion that is signed already, or made to look so.
    ///
    /// # Errors
    /// No answer came.
    pub async fn present(&self, assertion: &str, scope: &str) -> Result<Answer, CallError> {
        self.present_with(assertion, scope, &[]).await
    }

    /// The same with these proofs of possession, each a header of its own.
    ///
    /// # Errors
    /// No answer came.
    pub async fn present_with(&self, assertion: &str, scope: &str, proofs: &[&str]) -> Result<Answer, CallError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
            ("scope", scope),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.wire.raw(Method::POST, &self.token_endpoint, &headers, Bytes::from(body)).await
    }

    /// Comes back with what a notification gave (`authorization_base`, TA Notified Pull).
    ///
    /// # Errors
    /// No answer came.
    pub async fn come_back(&self, assertion: &ClientAssertion, scope: &str, base: &str) -> Result<Answer, CallError> {
        let assertion = assertion.sign(&self.key)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
            ("scope", scope),
            ("authorization_base", base),
        ];
        self.wire.post_form(&self.token_endpoint, &form).await
    }

    /// A correct assertion of now, signed.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn signed_assertion(&self, acting: Option<&Acting>) -> Result<String, CallError> {
        self.assertion(acting).sign(&self.key)
    }

    /// Where it asks for tokens.
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// A wire with a fresh token for this use case.
    ///
    /// # Errors
    /// No token was given.
    pub async fn signed_in(&self, scope: &str, acting: Option<&Acting>) -> Result<Wire, TokenError> {
        let answer = self.request_token(&self.assertion(acting), scope).await?;
        let body = answer.json().unwrap_or_default();
        match body["access_token"].as_str() {
            Some(token) if answer.status == 200 => Ok(self.wire.with_token(token)),
            _ => {
                let error = body["error"].as_str().unwrap_or("without saying why").to_owned();
                Err(TokenError::Refused { status: answer.status, error })
            }
        }
    }
}

impl Deref for OuterCaller {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.wire
    }
}
