//! What an entrance is made of, from the configuration.

use std::sync::Arc;

use connectors::http::{HttpClient, HttpSettings, Trust};
use connectors::identity::{Dezi, InnerCallers, People, RateLimits, Sessions};
use exchange::ports::Authenticator;

use super::{Entrance, Parts};
use crate::config::NodeConfig;
use crate::tls;
use crate::wiring::said;

/// Puts the entrance together.
pub fn set_up(
    config: &NodeConfig,
    callers: Arc<InnerCallers>,
    sessions: Arc<Sessions>,
    limits: Arc<RateLimits>,
    authenticator: Arc<dyn Authenticator>,
) -> Result<Entrance, String> {
    Ok(Entrance::new(Parts {
        callers,
        sessions,
        people: people(config)?,
        dezi: dezi(config)?.map(Arc::new),
        limits,
        authenticator,
        tls: config.inner.tls.is_some(),
    }))
}

/// Whether it could be put together; changes nothing.
pub fn try_out(config: &NodeConfig) -> Result<(), String> {
    people(config)?;
    dezi(config)?;
    Ok(())
}

/// What the provider's people may do, and for whom they may act.
fn people(config: &NodeConfig) -> Result<People, String> {
    said(People::new(config.organisation(), config.people.clone(), config.mandates.clone()))
}

/// Log-in with Dezi, where it is configured.
fn dezi(config: &NodeConfig) -> Result<Option<Dezi>, String> {
    let Some(settings) = &config.dezi else { return Ok(None) };
    let file = &settings.decryption_key_file;
    let key = std::fs::read(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    if !config.is_for_development() {
        tls::key_is_private(file)?;
    }
    let trust = match &settings.authorities_file {
        Some(file) => Trust::Roots(tls::certificates(file)?),
        None => Trust::Platform,
    };
    let http = said(HttpClient::new(HttpSettings { trust, ..HttpSettings::default() }))?;
    let back = format!("{}/portal/sign-in/dezi/back", config.inner.public_base);
    said(Dezi::new(settings.clone(), config.provider.ura.clone(), back, http, &key)).map(Some)
}
