//! The index in this node: opened from its configuration, told of what own sources hold, and measured. What it is asked and
//! told on the wire is `connectors::nvi`'s.

mod measures;
mod objecting;
mod registering;
mod round;
#[cfg(test)]
mod tests;
mod wiring;

use std::path::Path;

use connectors::http::{ClientIdentity, HttpClient, HttpSettings, Trust};
use connectors::identity::Certificate;
use connectors::national::ClientKey;
use connectors::nvi::{IndexCategories, IndexCategoriesConfig, Nvi, NviConfig, NviSetup};
use fhir::Ura;

use crate::tls;

pub use measures::NviMeasures;
pub use registering::{Registering, TREE};
pub use wiring::{of, registering};

/// Opens the index: its certificate, its authorities, its table of data categories.
///
/// # Errors
/// A sentence for the operator. `production` demands that nobody else can read the key.
fn open(config: &NviConfig, holder: Ura, address: String, production: bool) -> Result<Nvi, String> {
    if production {
        tls::key_is_private(&config.key_file)?;
    }
    let identity = tls::identity(&config.certificate_file, &config.key_file)?;
    let said = |fault: String| format!("{}: {fault}", config.certificate_file.display());
    let leaf = identity.chain.first().ok_or_else(|| said("holds no certificate".to_owned()))?;
    let read = Certificate::read(leaf).map_err(|_| said("the certificate cannot be read".to_owned()))?;
    if production && read.for_tests {
        return Err(said("a test certificate, outside development mode".to_owned()));
    }
    let key_pem = std::fs::read(&config.key_file).map(zeroize::Zeroizing::new);
    let key_pem = key_pem.map_err(|fault| format!("{}: {fault}", config.key_file.display()))?;
    let key = ClientKey::new(leaf, &key_pem).map_err(|fault| said(fault.to_string()))?;
    let http = HttpClient::new(HttpSettings {
        trust: Trust::Roots(tls::certificates(&config.authorities_file)?),
        identity: Some(ClientIdentity::new(identity.chain, identity.key)),
        idle_connections: config.questions_at_once.min(32),
        ..HttpSettings::default()
    });
    let http = http.map_err(|fault| format!("registers.nvi: {fault}"))?;
    let categories = categories(&config.categories_file)?;
    Ok(Nvi::new(config.clone(), NviSetup { categories, http, key, holder, address }))
}

fn categories(file: &Path) -> Result<IndexCategories, String> {
    let said = |fault: String| format!("{}: {fault}", file.display());
    let text = std::fs::read_to_string(file).map_err(|fault| said(fault.to_string()))?;
    let written: IndexCategoriesConfig = toml::from_str(&text).map_err(|fault| said(fault.to_string()))?;
    IndexCategories::check(written).map_err(said)
}
