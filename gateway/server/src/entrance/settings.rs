//! What the configuration says of people and their ways in.

use connectors::http::{HttpClient, HttpSettings, Trust};
use connectors::identity::{Dezi, People};
use policy::Organisation;

use crate::config::{Mode, NodeConfig};
use crate::tls;

/// What the provider's people may do, and for whom they may act.
///
/// # Errors
/// A sentence for the operator.
pub fn people(config: &NodeConfig) -> Result<People, String> {
    let provider = &config.provider;
    let own =
        Organisation { ura: provider.ura.clone(), name: Some(provider.name.clone()), kind: provider.kind.clone() };
    People::new(own, config.people.clone(), config.mandates.clone()).map_err(|fault| fault.to_string())
}

/// Log-in with Dezi, where it is configured.
///
/// # Errors
/// When its key or authorities cannot be used: a sentence for the operator.
pub fn dezi(config: &NodeConfig) -> Result<Option<Dezi>, String> {
    let Some(settings) = &config.dezi else { return Ok(None) };
    let file = &settings.decryption_key_file;
    let key = std::fs::read(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    if config.mode != Mode::Development {
        tls::key_is_private(file)?;
    }
    let trust = match &settings.authorities_file {
        Some(file) => Trust::Roots(tls::certificates(file)?),
        None => Trust::Platform,
    };
    let http = HttpClient::new(HttpSettings { trust, ..HttpSettings::default() }).map_err(|fault| fault.to_string())?;
    let back = format!("{}/portal/sign-in/dezi/back", config.inner.public_base);
    let dezi = Dezi::new(settings.clone(), config.provider.ura.clone(), back, http, &key);
    dezi.map(Some).map_err(|fault| fault.to_string())
}
