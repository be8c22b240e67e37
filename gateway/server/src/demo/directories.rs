//! The directories of the demo: a national one, played on loopback, that lists the directories which the providers' own nodes
//! publish; and one of a clinic that speaks for another organisation as well. One provider of the region finds another by them.

use conformance::directory::{DirectoryHandle, DirectoryServer};
use conformance::region::Provider;
use connectors::http::WebAddress;
use connectors::mcsd::{DirectoryConfig, Topology, names};
use fhir::identifiers::systems;
use serde_json::{Value, json};

use super::outsiders::CLINIC;
use super::ready::ReadySimulator;
use super::{loopback, port, said};
use crate::config::PartnerEntry;
use crate::directory::publishing::{PublicationConfig, PublishedPlace};

/// The provider that looks another one up, and which.
const ASKS: &str = "general-practice";
const IS_FOUND: &str = "nursing-home";

/// The directories that are played, running.
pub struct Directories {
    server: DirectoryHandle,
}

impl Directories {
    /// Starts them; `listed` is where the providers' own are.
    pub fn start(base_port: u16, listed: &[(&'static Provider, String)]) -> Result<Self, String> {
        let address = loopback(port(base_port, 131)?);
        let trouble = |fault| format!("the directories cannot be started: {fault}");
        // The clinic's own lies beside the national one.
        let clinic = format!("http://{address}/fhir/clinic");
        let mut national = Vec::new();
        let providers = listed.iter().map(|(provider, base)| (provider.key, provider.ura, provider.name, base.clone()));
        for (key, ura, name, base) in providers.chain([("clinic", CLINIC.0, CLINIC.1, clinic)]) {
            let directory = format!("{key}-directory");
            national.push(organisation(key, ura, name, &directory));
            national.push(endpoint(&directory, names::CAPABILITIES, names::DIRECTORY_PAYLOAD, &base));
        }
        let found = listed.iter().find(|(provider, _)| provider.key == IS_FOUND).map(|(provider, _)| *provider);
        let mut own = vec![organisation("clinic", CLINIC.0, CLINIC.1, "own")];
        own.push(endpoint("own", names::PAYLOAD_TYPES, names::ANY_PAYLOAD, "https://clinic.example/fhir"));
        if let Some(found) = found {
            // It says where somebody else is, too.
            own.push(organisation("another", found.ura, found.name, "elsewhere"));
            own.push(endpoint("elsewhere", names::PAYLOAD_TYPES, names::ANY_PAYLOAD, "https://elsewhere.example/fhir"));
        }
        let directories = vec![("national".to_owned(), national), ("clinic".to_owned(), own)];
        Ok(Directories { server: DirectoryServer::start(address, directories).map_err(trouble)? })
    }

    /// What a provider's node copies, if it does.
    pub fn config_for(&self, provider: &Provider) -> Result<Option<DirectoryConfig>, String> {
        if provider.key != ASKS {
            return Ok(None);
        }
        let national = said(WebAddress::parse(&self.server.base("national")))?;
        // A demonstration is not watched for long.
        Ok(Some(DirectoryConfig {
            topology: Topology::Decentral,
            every_seconds: 5,
            page_ms: 2_000,
            ..DirectoryConfig::new(Some(national))
        }))
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "directory".into(),
            kind: "directory".into(),
            base: self.server.base("national"),
            control: self.server.control_url.clone(),
        }
    }
}

/// The partners of a provider, without the addresses of the one that it looks up.
pub fn look_up(provider: &Provider, mut partners: Vec<PartnerEntry>) -> Vec<PartnerEntry> {
    let found = conformance::region::providers().into_iter().find(|other| other.key == IS_FOUND);
    for partner in &mut partners {
        let is_found = found.is_some_and(|found| partner.ura.as_str() == found.ura);
        if let Some(node) = partner.node.as_mut().filter(|_| is_found && provider.key == ASKS) {
            node.bases.clear();
            node.token_endpoint = None;
        }
    }
    partners
}

/// What a provider publishes besides its organisation and its node.
pub fn publication(provider: &Provider) -> PublicationConfig {
    let place = |id: &str, name: String| PublishedPlace {
        id: id.to_owned(),
        name,
        // Consultation, as the guides have it in their examples.
        types: vec!["http://snomed.info/sct|11429006".to_owned()],
        endpoints: Vec::new(),
    };
    PublicationConfig {
        services: vec![place("spreekuur", format!("Spreekuur van {}", provider.name))],
        locations: vec![PublishedPlace {
            types: Vec::new(),
            ..place("hoofdgebouw", format!("{}, hoofdgebouw", provider.name))
        }],
        ..PublicationConfig::default()
    }
}

fn organisation(id: &str, ura: &str, name: &str, endpoint: &str) -> Value {
    json!({"resourceType": "Organization", "id": id, "active": true, "name": name,
        "identifier": [{"system": systems::URA, "value": ura}],
        "endpoint": [{"reference": format!("Endpoint/{endpoint}")}]})
}

fn endpoint(id: &str, system: &str, payload: &str, address: &str) -> Value {
    json!({"resourceType": "Endpoint", "id": id, "status": "active",
        "connectionType": {"system": names::CONNECTION_TYPES, "code": names::FHIR_REST},
        "payloadType": [{"coding": [{"system": system, "code": payload}]}],
        "payloadMimeType": ["application/fhir+json; fhirVersion=4.0"], "address": address})
}
