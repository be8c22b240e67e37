//! What an entrance is made of, from the configuration.

use std::path::Path;
use std::sync::Arc;

use connectors::http::{HttpClient, HttpSettings, Trust};
use connectors::identity::{Cards, Dezi, Epds, InnerCallers, People, RateLimits, Sessions, Vet};
use exchange::ports::Authenticator;
use policy::{Data, UseCaseId, UseCases};
use zeroize::Zeroizing;

use super::{Entrance, Parts};
use crate::config::NodeConfig;
use crate::tls;
use crate::wiring::said;

/// What else of the node an entrance looks at.
pub struct Around<'a> {
    pub use_cases: &'a UseCases,
    /// Who says which cards can be believed, where cards are shown.
    pub cards: Option<Arc<dyn Vet>>,
}

/// Puts the entrance together.
pub fn set_up(
    config: &NodeConfig,
    callers: Arc<InnerCallers>,
    sessions: Arc<Sessions>,
    limits: Arc<RateLimits>,
    authenticator: Arc<dyn Authenticator>,
    around: &Around<'_>,
) -> Result<Entrance, String> {
    Ok(Entrance::new(Parts {
        callers,
        sessions,
        people: people(config)?.with_use_cases_without_role(without_role(around.use_cases)),
        dezi: dezi(config)?.map(Arc::new),
        cards: cards(config, around.cards.clone())?.map(Arc::new),
        epds: epds(config)?,
        limits,
        authenticator,
        tls: config.inner.tls.is_some(),
    }))
}

/// Whether it could be put together; changes nothing.
pub fn try_out(config: &NodeConfig) -> Result<(), String> {
    people(config)?;
    dezi(config)?;
    epds(config)?;
    Ok(())
}

/// What the provider's people may do, and for whom they may act.
fn people(config: &NodeConfig) -> Result<People, String> {
    said(People::new(config.organisation(), config.people.clone(), config.mandates.clone()))
}

/// The use cases that take no profession: supervision of the access log is the office of whoever it was given to by number.
fn without_role(use_cases: &UseCases) -> Vec<UseCaseId> {
    use_cases.all().filter(|one| one.capability().data == Data::AccessLog).map(|one| one.id().clone()).collect()
}

/// Log-in with cards, where it is configured.
fn cards(config: &NodeConfig, vet: Option<Arc<dyn Vet>>) -> Result<Option<Cards>, String> {
    let (Some(settings), Some(vet)) = (&config.cards, vet) else { return Ok(None) };
    let own = config.provider.ura.clone();
    said(Cards::new(settings, own, vet, config.is_for_development())).map(Some)
}

/// The EPDs that open the pages by the browser, where there are any.
fn epds(config: &NodeConfig) -> Result<Option<Epds>, String> {
    if config.epds.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for epd in &config.epds {
        let trust = match &epd.authorities_file {
            Some(file) => Trust::Roots(tls::certificates(file)?),
            None => Trust::Platform,
        };
        let http = said(HttpClient::new(HttpSettings { trust, ..HttpSettings::default() }))?;
        let secret = epd.client_secret_file.as_ref().map(|file| secret(config, file)).transpose()?;
        all.push((epd.clone(), http, secret));
    }
    said(Epds::new(&format!("{}/portal/sign-in/epd", config.inner.public_base), all)).map(Some)
}

/// A secret in a file of its own, that others cannot read.
fn secret(config: &NodeConfig, file: &Path) -> Result<Zeroizing<String>, String> {
    if !config.is_for_development() {
        tls::key_is_private(file)?;
    }
    let text = std::fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    let text = Zeroizing::new(text);
    match text.trim_end() {
        "" => Err(format!("{}: holds no secret", file.display())),
        secret => Ok(Zeroizing::new(secret.to_owned())),
    }
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
