//! Access tokens for national services (handbook: generic functions, 3.3.3): client credentials over mutual TLS, as their
//! registration service asks for them, or with a client assertion (RFC 7523), as the older reference software does.
//!
//! A token is kept until shortly before it expires, for its audience and scope only, and goes nowhere but to that audience.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::Ura;
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::form_urlencoded;
use uuid::Uuid;

use super::call::{Caller, Failure};
use crate::http::WebAddress;
use crate::identity::{Certificate, Secret, Thumbprint};

/// A token is not used in the last seconds of its life.
const SPARE: Duration = Duration::from_secs(10);
/// None is kept for longer, whatever its endpoint says.
const LONGEST: Duration = Duration::from_secs(900);
/// How long an assertion holds, in seconds.
const ASSERTION_SECONDS: i64 = 60;
/// The longest token that is taken, in bytes.
const LONGEST_TOKEN: usize = 16 << 10;

/// How a token is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Client credentials: the client certificate says who asks.
    #[default]
    ClientCredentials,
    /// The same with a client assertion that is bound to the certificate.
    ClientAssertion,
}

/// Where tokens come from: `[registers.nvi.tokens]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    pub endpoint: WebAddress,
    #[serde(default)]
    pub grant: Grant,
    /// What the index is called as the audience of a token.
    pub index_audience: String,
    /// What the pseudonym service is called as the audience of a token.
    pub pseudonym_audience: String,
    /// As whom we ask for tokens for the pseudonym service, where that is not our URA: an OIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym_organisation: Option<String>,
    /// The scopes of every token for the index, where it does not know those of each interaction by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_scope: Option<String>,
    /// The scope of a token for the pseudonym service.
    #[serde(default = "pseudonym_scope")]
    pub pseudonym_scope: String,
}

fn pseudonym_scope() -> String {
    "prs:read".to_owned()
}

/// What we sign assertions with: the key of the certificate that the service admitted.
pub struct ClientKey {
    thumbprint: Thumbprint,
    algorithm: Algorithm,
    key: EncodingKey,
}

/// Why certificate and key cannot serve; a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientKeyFault {
    #[error("the certificate cannot be read")]
    Certificate,
    #[error("the private key is no PKCS#8 PEM key of the kind that the certificate holds")]
    Key,
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({:?})", self.algorithm)
    }
}

impl ClientKey {
    /// Joins a certificate (DER) and its private key (PKCS#8, PEM).
    pub fn new(certificate_der: &[u8], key_pem: &[u8]) -> Result<Self, ClientKeyFault> {
        let certificate = Certificate::read(certificate_der).map_err(|_| ClientKeyFault::Certificate)?;
        let (algorithm, key) = match certificate.key.algorithm() {
            // The reference software signs with RS256, and so must we: PS256 is not known to be read.
            Algorithm::PS256 => (Algorithm::RS256, EncodingKey::from_rsa_pem(key_pem)),
            other => (other, EncodingKey::from_ec_pem(key_pem)),
        };
        let key = key.map_err(|_| ClientKeyFault::Key)?;
        Ok(ClientKey { thumbprint: certificate.thumbprint, algorithm, key })
    }

    fn sign(&self, claims: &serde_json::Value) -> Option<String> {
        let alg = match self.algorithm {
            Algorithm::ES256 => "ES256",
            Algorithm::ES384 => "ES384",
            Algorithm::RS256 => "RS256",
            _ => return None,
        };
        let header = json!({"typ": "JWT", "alg": alg, "kid": self.thumbprint.to_string()});
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &self.key, self.algorithm).ok()?;
        Some(format!("{text}.{signature}"))
    }
}

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Purpose {
    audience: String,
    scope: String,
}

struct Held {
    token: Secret,
    until: Instant,
}

/// Gets tokens, and keeps them.
pub(crate) struct Tokens {
    caller: Caller,
    config: TokenConfig,
    key: ClientKey,
    holder: Ura,
    source_id: String,
    /// One entry per purpose, of which there are a handful. Locked while one is fetched: the others wait for it.
    held: Mutex<HashMap<Purpose, Held>>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    /// `source_id`: what the source system behind this node is registered as.
    pub(crate) fn new(caller: Caller, config: TokenConfig, key: ClientKey, holder: Ura, source_id: String) -> Self {
        Tokens { caller, config, key, holder, source_id, held: Mutex::default() }
    }

    /// A token for the index with the scope of this interaction.
    pub(crate) async fn for_index(&self, scope: &'static str, until: Instant) -> Result<Secret, Failure> {
        let scope = self.config.index_scope.as_deref().unwrap_or(scope);
        self.of(&self.config.index_audience, scope, self.holder.as_str(), until).await
    }

    /// A token for the pseudonym service.
    pub(crate) async fn for_pseudonyms(&self, until: Instant) -> Result<Secret, Failure> {
        let organisation = self.config.pseudonym_organisation.as_deref().unwrap_or(self.holder.as_str());
        self.of(&self.config.pseudonym_audience, &self.config.pseudonym_scope, organisation, until).await
    }

    /// Forgets a token that was not taken, so that the next is a new one.
    pub(crate) async fn forget(&self, token: &Secret) {
        self.held.lock().await.retain(|_, held| held.token.reveal() != token.reveal());
    }

    async fn of(&self, audience: &str, scope: &str, organisation: &str, until: Instant) -> Result<Secret, Failure> {
        let purpose = Purpose { audience: audience.to_owned(), scope: scope.to_owned() };
        let mut held = self.held.lock().await;
        if let Some(known) = held.get(&purpose).filter(|known| Instant::now() < known.until) {
            return Ok(known.token.clone());
        }
        held.remove(&purpose);
        let (token, lasting) = self.fetch(&purpose, organisation, until).await?;
        if !lasting.is_zero() {
            held.insert(purpose, Held { token: token.clone(), until: Instant::now() + lasting });
        }
        Ok(token)
    }

    async fn fetch(
        &self,
        purpose: &Purpose,
        organisation: &str,
        until: Instant,
    ) -> Result<(Secret, Duration), Failure> {
        let form = self.form(purpose, organisation).ok_or(Failure::NotPut)?;
        let endpoint = self.config.endpoint.url();
        let answer = self.caller.call(until, |http| {
            http.request(Method::POST, endpoint.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "application/json")
                .body(form.clone())
        });
        let answer = answer.await?;
        if answer.status.as_u16() != 200 {
            return Err(Failure::Rejected(answer.status.as_u16()));
        }
        let body = answer.body_as(&["application/json"]).map_err(|_| Failure::Unusable("token-media-type"))?;
        let Answer { access_token, token_type, expires_in } =
            serde_json::from_slice(&body).map_err(|_| Failure::Unusable("token-answer"))?;
        let plain = |byte: u8| byte.is_ascii_graphic();
        if !token_type.eq_ignore_ascii_case("bearer")
            || !(1..=LONGEST_TOKEN).contains(&access_token.len())
            || !access_token.bytes().all(plain)
        {
            return Err(Failure::Unusable("token-answer"));
        }
        // One whose life is not told is for this once.
        let lasting = Duration::from_secs(expires_in.unwrap_or_default()).min(LONGEST).saturating_sub(SPARE);
        Ok((Secret::new(access_token), lasting))
    }

    fn form(&self, purpose: &Purpose, organisation: &str) -> Option<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials").append_pair("scope", &purpose.scope);
        match self.config.grant {
            Grant::ClientCredentials => {
                form.append_pair("target_audience", &purpose.audience)
                    .append_pair("organization_id", organisation)
                    .append_pair("source_id", &self.source_id);
            }
            Grant::ClientAssertion => {
                let issued = OffsetDateTime::now_utc().unix_timestamp();
                let claims = json!({
                    "iss": self.holder.as_str(),
                    "sub": self.holder.as_str(),
                    "aud": [self.config.endpoint.url().as_str()],
                    "iat": issued,
                    "exp": issued + ASSERTION_SECONDS,
                    "jti": Uuid::new_v4().to_string(),
                    "cnf": {"x5t#S256": self.key.thumbprint.to_string()},
                    "scope": purpose.scope,
                    "target_audience": purpose.audience,
                });
                form.append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                    .append_pair("client_assertion", &self.key.sign(&claims)?);
            }
        }
        Some(form.finish())
    }
}
