//! The portal opened from an EPD by the browser (HL7 SMART App Launch 2, EHR launch): the EPD sends its user here with `iss` and
//! `launch`, this node sends the browser to the EPD's authorization server (authorization code, PKCE S256), and what comes back is
//! held against what was asked. The session is about the one patient that the EPD's token gives.
//!
//! Only configured EPDs are asked, each comes back to a place of its own (so that no answer of one is taken for another's), and
//! the EPD vouches for its user as for its patient. Says nothing of what somebody may do.

mod config;
mod fault;
mod metadata;
mod reading;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{Bsn, LogicalId};
use policy::{Person, UseCaseId};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use time::OffsetDateTime;
use url::form_urlencoded;
use zeroize::{Zeroize, Zeroizing};

use super::IdentityFault;
use super::oauth::is_token;
use super::oidc::{Audience, Jws, NoKey, Pending, Waiting, is_fresh, until};
use super::secret::Secret;
use crate::http::{HttpClient, Limits};
pub use config::EpdConfig;
pub use fault::{Refused, SmartFault};
use metadata::{Known, Memory};

/// The most of a token answer that is read, in bytes.
const LARGEST: usize = 64 * 1024;
/// How long a browser may be away, and how many may be away at once.
const AWAY: Duration = Duration::from_secs(600);
const MOST_AWAY: u64 = 10_000;
/// Longest `launch` that is passed on, in characters.
const LONGEST_LAUNCH: usize = 1024;

/// A browser on its way to the EPD's authorization server. No `Debug`: it holds secrets.
pub struct Departing {
    pub url: Url,
    /// For a cookie of this browser.
    pub binding: Secret,
}

/// With what a browser comes back.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    pub state: &'a str,
    pub code: Option<&'a str>,
    /// `iss` of RFC 9207; empty when there is none.
    pub iss: &'a str,
    pub binding: &'a str,
}

/// Whom an EPD sent, and about whom.
pub struct Launched {
    /// The EPD, by its key.
    pub epd: String,
    pub person: Person,
    pub patient: Bsn,
    /// What the session can do at most.
    pub use_cases: Vec<UseCaseId>,
}

impl fmt::Debug for Launched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Launched(..)")
    }
}

/// One EPD.
struct Epd {
    config: EpdConfig,
    secret: Option<Zeroizing<String>>,
    redirect_uri: String,
    http: HttpClient,
    memory: Memory,
}

/// A launch that was begun: with whom, as that EPD was then.
struct Begun {
    pending: Pending,
    epd: Arc<Epd>,
    known: Arc<Known>,
}

/// All EPDs that may open the portal.
pub struct Epds {
    all: Vec<Arc<Epd>>,
    waiting: Waiting<Begun>,
}

/// An answer of the token endpoint (SMART App Launch 2, section 2.0.12).
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    id_token: String,
    patient: Option<String>,
}

/// The identity token (OpenID Connect Core, 2; SMART App Launch 2, `fhirUser`).
#[derive(Deserialize)]
struct IdToken {
    iss: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    #[serde(rename = "fhirUser")]
    fhir_user: String,
}

impl Drop for TokenAnswer {
    fn drop(&mut self) {
        self.access_token.zeroize();
    }
}

impl Epds {
    /// Each EPD with what it is asked by, and its secret. `back` is the address below which browsers come back, each EPD's users
    /// to `<back>/<key>/back`.
    ///
    /// # Errors
    /// A sentence that names what is wrong in the configuration.
    pub fn new(
        back: &str,
        configured: Vec<(EpdConfig, HttpClient, Option<Zeroizing<String>>)>,
    ) -> Result<Self, IdentityFault> {
        let mut all: Vec<Arc<Epd>> = Vec::new();
        for (config, http, secret) in configured {
            config.check()?;
            let twice = |other: &Arc<Epd>| other.config.key == config.key || other.config.iss == config.iss;
            if all.iter().any(twice) {
                return Err(IdentityFault(format!("epds, {}: the key or the iss stands there twice", config.key)));
            }
            let redirect_uri = format!("{back}/{}/back", config.key);
            all.push(Arc::new(Epd { config, secret, redirect_uri, http, memory: Memory::default() }));
        }
        Ok(Epds { all, waiting: Waiting::new(MOST_AWAY, AWAY) })
    }

    /// Begins a launch. Nobody is asked anything unless `iss` is that of a configured EPD, to the letter.
    ///
    /// # Errors
    /// What did not hold, or could not be found out.
    pub async fn depart(&self, iss: &str, launch: &str, now: OffsetDateTime) -> Result<Departing, SmartFault> {
        let epd = self.all.iter().find(|epd| epd.config.iss.url().as_str() == iss).ok_or(Refused::UnknownIssuer)?;
        if !(1..=LONGEST_LAUNCH).contains(&launch.len()) || launch.contains(char::is_control) {
            return Err(Refused::NoLaunch.into());
        }
        let known = epd.memory.known(&epd.config, &epd.http, now).await?;
        let no_randomness = SmartFault::Unavailable("randomness");
        let (state, binding) = (Secret::fresh().ok_or(no_randomness)?, Secret::fresh().ok_or(no_randomness)?);
        let pending = Pending::begin(&binding).ok_or(no_randomness)?;
        let mut url = known.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &epd.config.client_id)
            .append_pair("redirect_uri", &epd.redirect_uri)
            .append_pair("launch", launch)
            .append_pair("scope", &epd.config.scope)
            .append_pair("state", state.reveal())
            .append_pair("nonce", pending.nonce())
            .append_pair("aud", iss)
            .append_pair("code_challenge", &pending.challenge())
            .append_pair("code_challenge_method", "S256");
        self.waiting.add(&state, Begun { pending, epd: epd.clone(), known });
        Ok(Departing { url, binding })
    }

    /// Ends a launch, at the place of the EPD of this key. A state is of use once, whatever comes of it.
    ///
    /// # Errors
    /// What did not hold, or could not be found out.
    pub async fn arrive(&self, key: &str, returned: Returned<'_>, now: OffsetDateTime) -> Result<Launched, SmartFault> {
        let begun = self.waiting.take(returned.state).ok_or(Refused::UnknownState)?;
        let Begun { pending, epd, known } = begun.as_ref();
        if !pending.is_bound_to(returned.binding) {
            return Err(Refused::OtherBrowser.into());
        }
        // A code of one authorization server is not shown to another (RFC 9207, 2.4; RFC 9700, 4.4).
        let names_another = if returned.iss.is_empty() { known.names_itself } else { returned.iss != known.issuer };
        if epd.config.key != key || names_another {
            return Err(Refused::OtherIssuer.into());
        }
        let code = returned.code.filter(|code| !code.is_empty()).ok_or(Refused::NoCode)?;
        let answer = epd.redeem(&known.token, code, pending.verifier()).await?;
        let id_token = epd.id_token(known, &answer.id_token, now).await?;
        id_token.check(&known.issuer, &epd.config.client_id, |nonce| pending.is_nonce(nonce), now)?;
        let patient = answer.patient.as_deref().and_then(LogicalId::parse).ok_or(Refused::NoPatient)?;
        let patient = epd.patient(&answer.access_token, &patient).await?;
        let person = epd.person(&answer.access_token, &id_token.fhir_user).await?;
        Ok(Launched { epd: epd.config.key.clone(), person, patient, use_cases: epd.config.use_cases.clone() })
    }
}

impl Epd {
    /// The code for a token (RFC 6749, 4.1.3; with a secret as 2.3.1 has it).
    async fn redeem(&self, endpoint: &Url, code: &str, verifier: &str) -> Result<TokenAnswer, SmartFault> {
        let request = self
            .http
            .request(Method::POST, endpoint.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(self.token_form(code, verifier));
        let request = match &self.secret {
            Some(secret) => request.header(AUTHORIZATION, basic(&self.config.client_id, secret).as_str()),
            None => request,
        };
        let limits = Limits { bytes: LARGEST, patience: self.patience() };
        let unavailable = SmartFault::Unavailable("token");
        let fetched = self.http.fetch(request, limits).await.map_err(|_| unavailable)?;
        match fetched.status {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => return Err(Refused::CodeNotAccepted.into()),
            _ => return Err(unavailable),
        }
        let answer: TokenAnswer = serde_json::from_slice(&fetched.body).map_err(|_| Refused::Malformed)?;
        let bearer = answer.token_type.eq_ignore_ascii_case("bearer") && is_token(&answer.access_token);
        if bearer { Ok(answer) } else { Err(Refused::Malformed.into()) }
    }

    /// The form of a token request. A client with a secret is named beside it, and not here.
    fn token_form(&self, code: &str, verifier: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", verifier);
        if self.secret.is_none() {
            form.append_pair("client_id", &self.config.client_id);
        }
        form.finish()
    }

    async fn id_token(&self, known: &Known, message: &str, now: OffsetDateTime) -> Result<IdToken, SmartFault> {
        let jws = Jws::read(message).map_err(|_| Refused::Signature)?;
        let key = known.keys.key(&self.http, &jws.kid, self.patience(), now).await.map_err(|fault| match fault {
            NoKey::Unknown => Refused::Signature.into(),
            NoKey::Unavailable => SmartFault::Unavailable("keys"),
        })?;
        Ok(jws.claims(&key).ok_or(Refused::Signature)?)
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.config.patience_ms)
    }
}

impl IdToken {
    fn check(
        &self,
        issuer: &str,
        client: &str,
        nonce_is_ours: impl Fn(&str) -> bool,
        now: OffsetDateTime,
    ) -> Result<(), Refused> {
        if self.iss != issuer || !self.aud.is_only(client) {
            return Err(Refused::OtherParty);
        }
        if until(self.exp, None, now).is_none() || !is_fresh(self.iat, now) {
            return Err(Refused::NotInTime);
        }
        if !self.nonce.as_deref().is_some_and(nonce_is_ours) {
            return Err(Refused::OtherNonce);
        }
        Ok(())
    }
}

/// Name and secret, each encoded as in a form before they are joined (RFC 6749, 2.3.1).
fn basic(client: &str, secret: &str) -> Zeroizing<String> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encoded(client), encoded(secret)));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}
