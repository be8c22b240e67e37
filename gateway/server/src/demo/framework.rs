//! Nuts in the demo. What its nodes know of the clinic: that it asks with a supplier's software within a framework of
//! agreements, and, as an older partner would, with a did:nuts. And a partner that takes presentations only, to which they
//! present themselves.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::ca::CertificateAuthority;
use conformance::callers::{did_nuts, did_nuts_document};
use conformance::framework::{FrameworkHandle, FrameworkServer, Party, SERVICE};
use conformance::nuts_partner::{NutsPartner, PARTNER, PartnerHandle};
use connectors::http::WebAddress;
use connectors::identity::nuts::{NutsConfig, SoftwareConfig, V5PartnerConfig};
use fhir::FhirVersion;

use super::ready::ReadySimulator;
use super::{io, loopback, port, said, secrets, ura, use_case};
use crate::config::{PartnerEntry, PartnerNode};

/// The framework's port, above the first.
const PORT: u16 = 123;
/// The partner's.
const PARTNER_PORT: u16 = 124;
const PURPOSE: &str = "eOverdracht-receiver";
const USE_CASE: &str = "health-overview";

/// The framework and the partner, running.
pub struct Framework(FrameworkHandle, PartnerHandle);

impl Framework {
    /// `ca_file` is the authority's own certificate.
    pub fn start(base_port: u16, authority: &CertificateAuthority, ca_file: &Path) -> Result<Self, String> {
        let framework = FrameworkServer::start(authority, loopback(port(base_port, PORT)?))
            .map_err(|fault| format!("the framework of agreements cannot be started: {fault}"))?;
        let partner = NutsPartner::start(authority, ca_file, loopback(port(base_port, PARTNER_PORT)?))
            .map_err(|fault| format!("the partner that takes presentations cannot be started: {fault}"))?;
        Ok(Framework(framework, partner))
    }

    /// The partner that takes presentations only, as every node knows it.
    pub fn partner(&self) -> Result<PartnerEntry, String> {
        let (number, name, kind) = PARTNER;
        let at = |below: &str| said(WebAddress::parse(&format!("{}{below}", self.1.base_url)));
        let issuer = said(WebAddress::parse(&self.1.issuer))?;
        Ok(PartnerEntry {
            ura: ura(number)?,
            name: name.into(),
            kind: Some(kind.into()),
            use_cases: Vec::new(),
            node: Some(PartnerNode {
                bases: BTreeMap::from([(FhirVersion::R4, at("/fhir/r4")?)]),
                token_endpoint: Some(said(WebAddress::parse(&format!("{issuer}/token")))?),
                dpop: false,
                nuts_authorization_server: Some(issuer),
                ask_in: BTreeMap::new(),
            }),
            software: None,
            nuts_v5: None,
            handoffs: None,
            referrals: None,
            log: None,
        })
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
        let own_chain_file = nuts.authorities_file.clone();
        NutsConfig {
            own_chain_file,
            status_hosts: vec![format!("localhost:{}", self.0.port)],
            v5_did: Some(did_nuts(ura)),
            ..nuts
        }
    }

    pub fn ready(&self) -> [ReadySimulator; 2] {
        let simulator = |key: &str, kind: &str, base: &str, control: &str| ReadySimulator {
            key: key.into(),
            kind: kind.into(),
            base: base.into(),
            control: control.into(),
        };
        [
            simulator("framework", "agreement-framework", &self.0.base_url, &self.0.control_url),
            simulator("nuts-partner", "nuts-partner", &self.1.base_url, &self.1.control_url),
        ]
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
