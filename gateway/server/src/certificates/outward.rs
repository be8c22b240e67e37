//! The clients with which others are asked, all with the node's own certificate: partners at configured addresses, partners
//! at addresses that a directory gave, and the directories.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use connectors::http::{ClientIdentity, HttpClient, HttpSettings, SetupFault, Trust};
use connectors::identity::Vetting;
use fhir::Ura;

use super::material::Material;

/// The clients, as long as the node lives.
#[derive(Clone)]
pub(super) struct Outward {
    peers: HttpClient,
    directories: HttpClient,
    /// By whom each believes.
    found: Arc<Mutex<HashMap<Ura, HttpClient>>>,
    vetting: Arc<Vetting>,
    /// Whether addresses that others chose may lead to public networks only.
    public_only: bool,
}

impl Outward {
    pub(super) fn new(material: &Material, vetting: Arc<Vetting>, public_only: bool) -> Result<Self, SetupFault> {
        Ok(Outward {
            peers: HttpClient::new(HttpSettings { vetting: Some(vetting.clone()), ..to_peers(material) })?,
            directories: HttpClient::new(HttpSettings { public_only, ..to_directories(material) })?,
            found: Arc::default(),
            vetting,
            public_only,
        })
    }

    pub(super) fn peers(&self) -> &HttpClient {
        &self.peers
    }

    pub(super) fn directories(&self) -> &HttpClient {
        &self.directories
    }

    /// One that believes no server but this organisation's.
    pub(super) fn found(&self, ura: &Ura, material: &Material) -> Result<HttpClient, SetupFault> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = found.get(ura) {
            return Ok(known.clone());
        }
        let client =
            HttpClient::new(HttpSettings { vetting: Some(self.vetting.clone()), ..self.to_found(ura, material) })?;
        found.insert(ura.clone(), client.clone());
        Ok(client)
    }

    /// From now on everybody is asked with this material; `also` is done in the same moment as it is for partners. The
    /// settings of the others are made of the same parts, so that they can be made when the first can.
    pub(super) fn replace(&self, material: &Material, also: impl FnOnce()) -> Result<(), SetupFault> {
        self.peers.replace(to_peers(material), also)?;
        let directories = HttpSettings { public_only: self.public_only, ..to_directories(material) };
        self.directories.replace(directories, || ())?;
        for (ura, client) in self.found.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            client.replace(self.to_found(ura, material), || ())?;
        }
        Ok(())
    }

    /// A server lost its standing: no connection is kept.
    pub(super) fn renew(&self) {
        self.peers.renew();
        self.found.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(HttpClient::renew);
    }

    fn to_found(&self, ura: &Ura, material: &Material) -> HttpSettings {
        HttpSettings { public_only: self.public_only, bound_to: Some(ura.clone()), ..to_peers(material) }
    }
}

fn to_peers(material: &Material) -> HttpSettings {
    let identity = material.outer.identity.clone();
    HttpSettings {
        trust: Trust::Roots(material.outer.authorities.clone()),
        identity: Some(ClientIdentity::new(identity.chain, identity.key)),
        ..HttpSettings::default()
    }
}

/// Directories are public and no trust service: their certificates are believed by their authority alone.
fn to_directories(material: &Material) -> HttpSettings {
    let trust = material.directories.clone().unwrap_or_else(|| material.outer.authorities.clone());
    HttpSettings { trust: Trust::Roots(trust), ..to_peers(material) }
}
