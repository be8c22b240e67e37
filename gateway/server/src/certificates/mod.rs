//! The node's certificates and whom it believes: read from files, held against the rules, and read anew when the files
//! change. A change that cannot be used changes nothing, and is said.
//!
//! Everything here can be replaced while the node serves: the certificates of the listeners, the authorities of clients and
//! of peers' servers, the certificate and the key with which peers are asked.

mod expiry;
mod material;
mod metrics;
mod outward;
mod reloading;

use std::sync::{Arc, Mutex, PoisonError};

use connectors::http::{HttpClient, HttpSettings};
use connectors::identity::vetting::{Mode, Part, Refreshing, RevocationConfig};
use connectors::identity::{Authorities, NodeKey, Vet, Vets, Vetting};
use exchange::ports::Clock;
use fhir::Ura;
use prometheus_client::registry::Registry;
use rustls::ServerConfig;

use crate::config::NodeConfig;
use crate::tls::{self, ListenerTls};
use material::Material;
use metrics::Measures;
use outward::Outward;

pub use expiry::{Expiring, Kind};
pub use reloading::Reloading;

/// The certificates of a running node.
pub struct Certificates {
    outer: Listener,
    inner: Option<Listener>,
    /// Vets the certificates that credentials are made of, where tokens are given for them.
    credentials: Option<Arc<Vetting>>,
    /// Where people show their cards.
    cards: Option<Listener>,
    key: Arc<NodeKey>,
    outward: Outward,
    sources: HttpClient,
    clock: Arc<dyn Clock>,
    /// What the files hold that are in use.
    used: Mutex<Arc<Material>>,
    measures: Measures,
}

struct Listener {
    tls: ListenerTls,
    vetting: Arc<Vetting>,
}

impl Listener {
    fn replace(&self, side: &material::Side) -> Result<(), String> {
        self.vetting.authorities().replace(side.authorities.clone()).map_err(|fault| fault.to_string())?;
        self.tls.show(side.identity.clone())?;
        self.tls.forget_sessions();
        Ok(())
    }
}

impl Certificates {
    /// Reads all files that the configuration names; says what is wrong with them.
    pub fn open(config: &NodeConfig, clock: &Arc<dyn Clock>) -> Result<Self, String> {
        let material = Material::read(config)?;
        let sources = HttpClient::new(HttpSettings::default()).map_err(|fault| fault.to_string())?;
        let listener = |side: &material::Side, revocation: RevocationConfig, rules| {
            let authorities = Authorities::new(side.authorities.clone()).map_err(|fault| fault.to_string())?;
            let authorities = Arc::new(authorities);
            let vetting = Vetting::new(authorities.clone(), revocation, rules, sources.clone(), clock.clone());
            let tls = ListenerTls::new(side.identity.clone(), authorities)?;
            Ok::<_, String>(Listener { tls, vetting: Arc::new(vetting) })
        };
        let outer = listener(&material.outer, config.revocation.clone(), material.rules.clone())?;
        // The provider's own callers are configured each by the thumbprint of their certificate: one that is not to be
        // believed any more is taken out there. No list is asked about them.
        let off = || RevocationConfig { mode: Mode::Off, ..RevocationConfig::default() };
        let inner = material.inner.as_ref().map(|side| listener(side, off(), Vec::new())).transpose()?;
        let credentials = of_credentials(config)?.map(|authorities| {
            let (config, rules) = (config.revocation.clone(), material.rules.clone());
            Arc::new(Vetting::new(Arc::new(authorities), config, rules, sources.clone(), clock.clone()))
        });
        let rules = || material.rules.clone();
        let cards =
            material.cards.as_ref().map(|side| listener(side, config.revocation.clone(), rules())).transpose()?;
        let public_only = !config.is_for_development();
        let outward = Outward::new(&material, outer.vetting.clone(), public_only).map_err(|fault| fault.to_string())?;
        let key = Arc::new(material.key()?);
        let used = Mutex::new(Arc::new(material));
        let clock = clock.clone();
        let measures = Measures::default();
        Ok(Certificates { outer, inner, cards, credentials, key, outward, sources, clock, used, measures })
    }

    /// The configurations of the listeners: outer and, where it has TLS, inner.
    pub fn listeners(&self) -> Result<(ServerConfig, Option<ServerConfig>), String> {
        Ok((self.outer.tls.config()?, self.inner.as_ref().map(|inner| inner.tls.config()).transpose()?))
    }

    /// The configuration of the listener where people show their cards, where there is one.
    pub fn card_listener(&self) -> Result<Option<ServerConfig>, String> {
        self.cards.as_ref().map(|cards| cards.tls.config()).transpose()
    }

    /// Who says which cards can be believed.
    pub fn cards(&self) -> Option<Arc<dyn Vet>> {
        self.cards.as_ref().map(|cards| cards.vetting.clone() as _)
    }

    /// With what the node signs.
    pub fn key(&self) -> &Arc<NodeKey> {
        &self.key
    }

    /// For other providers' nodes: mutual TLS, the authorities that are trusted with them, and vetting.
    pub fn to_partners(&self) -> &HttpClient {
        self.outward.peers()
    }

    /// For an organisation at an address that a directory gave: the same, and nobody is believed but this organisation.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn to_found(&self, ura: &Ura) -> Result<HttpClient, String> {
        self.outward.found(ura, &self.used()).map_err(|fault| fault.to_string())
    }

    /// For directories.
    pub fn to_directories(&self) -> &HttpClient {
        self.outward.directories()
    }

    /// For the provider's own source systems.
    pub fn to_sources(&self) -> &HttpClient {
        &self.sources
    }

    /// Who vets what is shown at the outer listener.
    pub fn outer(&self) -> &Arc<Vetting> {
        &self.outer.vetting
    }

    /// Who vets the certificates that credentials are made of.
    pub fn of_credentials(&self) -> Option<&Arc<Vetting>> {
        self.credentials.as_ref()
    }

    pub fn vets(&self) -> Vets {
        let inner = self.inner.as_ref().map(|inner| inner.vetting.clone() as _);
        Vets { outer: self.outer.vetting.clone(), inner }
    }

    /// Keeps what is known of certificates young for as long as the result lives; to be called within a run time.
    pub fn keep_young(&self) -> Vec<Refreshing> {
        let outward = self.outward.clone();
        let outer = self.outer.vetting.keep_young(move |part| {
            // Identification asks anew with each request; a connection to a server that was good does not.
            if part == Part::Server {
                outward.renew();
            }
        });
        // What rests on a credential is asked anew with each presentation.
        std::iter::once(outer).chain(self.credentials.as_ref().map(|vetting| vetting.keep_young(|_| ()))).collect()
    }

    /// Reads the files anew. Whether anything changed; on a fault everything stays as it was.
    pub fn reload(&self, config: &NodeConfig) -> Result<bool, String> {
        let fresh = Material::read(config)?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh.digest == used.digest {
            return Ok(false);
        }
        let key = fresh.key()?;
        let same_listeners =
            fresh.inner.is_some() == self.inner.is_some() && fresh.cards.is_some() == self.cards.is_some();
        if key.ura() != self.key.ura() || !same_listeners {
            return Err("the files are of another organisation".to_owned());
        }
        // Everything that can be wrong is tried before anything is changed.
        self.outer.tls.fits(&fresh.outer.identity)?;
        for (listener, side) in [(&self.inner, &fresh.inner), (&self.cards, &fresh.cards)] {
            if let (Some(listener), Some(side)) = (listener, side) {
                listener.tls.fits(&side.identity)?;
                Authorities::new(side.authorities.clone()).map_err(|fault| fault.to_string())?;
            }
        }
        Authorities::new(fresh.outer.authorities.clone()).map_err(|fault| fault.to_string())?;
        let mut joined = Ok(());
        self.outward.replace(&fresh, || joined = self.key.replace(&key)).map_err(|fault| fault.to_string())?;
        joined.map_err(|fault| fault.to_string())?;
        self.outer.vetting.replace_rules(fresh.rules.clone());
        if let Some(credentials) = &self.credentials {
            credentials.replace_rules(fresh.rules.clone());
        }
        self.outer.replace(&fresh.outer)?;
        if let Some(cards) = &self.cards {
            cards.vetting.replace_rules(fresh.rules.clone());
        }
        for (listener, side) in [(&self.inner, &fresh.inner), (&self.cards, &fresh.cards)] {
            if let (Some(listener), Some(side)) = (listener, side) {
                listener.replace(side)?;
            }
        }
        *used = Arc::new(fresh);
        Ok(true)
    }

    fn used(&self) -> Arc<Material> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn register(&self, registry: &mut Registry) {
        self.measures.register(registry);
    }
}

/// The authorities that credentials may rest on. They are read at start only: a did:x509 names its authority itself.
fn of_credentials(config: &NodeConfig) -> Result<Option<Authorities>, String> {
    let file = config.nuts.as_ref().and_then(|nuts| nuts.authorities_file.as_ref());
    let read = |file: &std::path::PathBuf| {
        Authorities::new(tls::certificates(file)?).map_err(|fault| format!("{}: {fault}", file.display()))
    };
    file.map(read).transpose()
}

#[cfg(test)]
mod tests;
