//! What the demo's nodes know of the clinic that it asks with: a supplier's software within a framework of agreements, and,
//! as an older partner would, a did:nuts.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::ca::CertificateAuthority;
use conformance::callers::{did_nuts, did_nuts_document};
use conformance::framework::{FrameworkHandle, FrameworkServer, Party, SERVICE};
use connectors::identity::nuts::{NutsConfig, SoftwareConfig, V5PartnerConfig};

use super::ready::ReadySimulator;
use super::{io, loopback, port, said, secrets, use_case};

/// The framework's port, above the first.
const PORT: u16 = 123;
const PURPOSE: &str = "eOverdracht-receiver";
const USE_CASE: &str = "health-overview";

/// The framework, running.
pub struct Framework(FrameworkHandle);

impl Framework {
    pub fn start(base_port: u16, authority: &CertificateAuthority) -> Result<Self, String> {
        let handle = FrameworkServer::start(authority, loopback(port(base_port, PORT)?));
        handle.map(Framework).map_err(|fault| format!("the framework of agreements cannot be started: {fault}"))
    }

    /// The software that the clinic asks with.
    pub fn software(&self) -> SoftwareConfig {
        SoftwareConfig {
            client: Party::Supplier.did(self.0.port),
            issuer: Party::Operator.did(self.0.port),
            services: vec![SERVICE.to_owned()],
        }
    }

    /// What a node of the region (by its URA) says of itself.
    pub fn of_node(&self, ura: &str, nuts: NutsConfig) -> NutsConfig {
        NutsConfig { status_hosts: vec![format!("localhost:{}", self.0.port)], v5_did: Some(did_nuts(ura)), ..nuts }
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "framework".into(),
            kind: "agreement-framework".into(),
            base: self.0.base_url.clone(),
            control: self.0.control_url.clone(),
        }
    }
}

/// The DID document of an organisation whose certificate lies in this folder, and what it is for.
pub fn nuts_v5(ura: &str, certificates: &Path) -> Result<V5PartnerConfig, String> {
    let file = certificates.join(format!("{ura}.pem"));
    let certificate = std::fs::read(&file).map_err(io(&file))?;
    let document_file = certificates.join(format!("{ura}-did.json"));
    let document = said(did_nuts_document(ura, &certificate))?;
    secrets::write_private(&document_file, document.to_string().as_bytes())?;
    let purposes = BTreeMap::from([(PURPOSE.to_owned(), use_case(USE_CASE)?)]);
    Ok(V5PartnerConfig { did: did_nuts(ura), document_file, purposes })
}
