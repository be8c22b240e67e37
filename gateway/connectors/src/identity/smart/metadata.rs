//! What an EPD says of itself (SMART App Launch 2, `.well-known/smart-configuration`), held against what may be.
//!
//! Asked of a configured place only, and what it names is used only where the configuration allows: nobody has us ask about.

use std::sync::Arc;

use reqwest::header::ACCEPT;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::config::EpdConfig;
use super::fault::{Refused, SmartFault};
use crate::http::{HttpClient, Limits, WebAddress};
use crate::identity::oidc::KeySet;

/// The most of an answer that is read, in bytes.
const LARGEST: usize = 64 * 1024;
/// What could not be had is not asked for again for so long.
const LEFT_ALONE: Duration = Duration::seconds(1);

/// An EPD as it described itself.
pub(super) struct Known {
    /// Who signs its identity tokens.
    pub(super) issuer: String,
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) keys: Arc<KeySet>,
    keys_at: Url,
    /// Whether every way back names the issuer (RFC 9207, 3).
    pub(super) names_itself: bool,
}

/// The members that are looked at.
#[derive(Deserialize)]
struct Described {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Memory(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    known: Option<(Arc<Known>, OffsetDateTime)>,
    /// When asking brought nothing of use, and what was wrong.
    vain: Option<(SmartFault, OffsetDateTime)>,
}

impl Memory {
    /// What the EPD says of itself; who waits for it shares it.
    pub(super) async fn known(
        &self,
        config: &EpdConfig,
        http: &HttpClient,
        now: OffsetDateTime,
    ) -> Result<Arc<Known>, SmartFault> {
        let mut remembered = self.0.lock().await;
        let life = Duration::seconds(i64::from(config.remember_seconds));
        if let Some((known, since)) = &remembered.known
            && now - *since < life
        {
            return Ok(known.clone());
        }
        if let Some((fault, since)) = &remembered.vain
            && now - *since < LEFT_ALONE
        {
            return Err(*fault);
        }
        match ask(config, http).await.and_then(|described| held(config, described)) {
            Ok(mut known) => {
                // The same place has the same keys: they need not be fetched anew.
                let before = remembered.known.take().map(|(known, _)| known);
                if let Some(before) = before.filter(|before| before.keys_at == known.keys_at) {
                    known.keys = before.keys.clone();
                }
                let known = Arc::new(known);
                *remembered = Remembered { known: Some((known.clone(), now)), vain: None };
                Ok(known)
            }
            Err(fault) => {
                remembered.vain = Some((fault, now));
                Err(fault)
            }
        }
    }
}

async fn ask(config: &EpdConfig, http: &HttpClient) -> Result<Described, SmartFault> {
    let unavailable = SmartFault::Unavailable("smart-configuration");
    let place = config.iss.below([".well-known", "smart-configuration"]);
    let request = http.request(Method::GET, place).header(ACCEPT, "application/json");
    let limits = Limits { bytes: LARGEST, patience: std::time::Duration::from_millis(config.patience_ms) };
    let fetched = http.fetch(request, limits).await.map_err(|_| unavailable)?;
    if fetched.status != StatusCode::OK {
        return Err(unavailable);
    }
    serde_json::from_slice(&fetched.body).map_err(|_| unavailable)
}

fn held(config: &EpdConfig, described: Described) -> Result<Known, SmartFault> {
    let placed = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| config.may_be_at(url));
        url.ok_or(Refused::ForeignEndpoint)
    };
    placed(&described.issuer)?;
    let authorization = placed(&described.authorization_endpoint)?;
    let token = placed(&described.token_endpoint)?;
    let keys_at = placed(&described.jwks_uri)?;
    let pkce = described.code_challenge_methods_supported.iter().any(|method| method == "S256");
    if !pkce || !described.capabilities.iter().any(|one| one == "launch-ehr") {
        return Err(Refused::NotCapable.into());
    }
    let keys = WebAddress::parse(keys_at.as_str()).map_err(|_| Refused::ForeignEndpoint)?;
    Ok(Known {
        issuer: described.issuer,
        authorization,
        token,
        keys: Arc::new(KeySet::at(keys)),
        keys_at,
        names_itself: described.authorization_response_iss_parameter_supported,
    })
}
