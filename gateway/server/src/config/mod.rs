//! The configuration of one node: one TOML file per provider. Unknown keys are refused, defaults are safe, secrets
//! stand in files of their own. Relative paths are meant from the folder of the file.

mod bounds;
mod listeners;
mod log;
#[cfg(test)]
mod reference_tests;
mod rules;
mod shown;
mod sources;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connectors::bundles::BundleConfig;
use connectors::http::WebAddress;
use connectors::identity::nuts::{NutsConfig, SoftwareConfig, V5PartnerConfig};
use connectors::identity::{
    CardsConfig, DeziConfig, EpdConfig, InnerCallerConfig, LimitsConfig, MandateConfig, RevocationConfig, RightsConfig,
    SessionConfig,
};
use connectors::mcsd::DirectoryConfig;
use connectors::mitz::MitzConfig;
use connectors::nvi::NviConfig;
use connectors::peers::{FoundPeerConfig, PeerConfig};
use connectors::relations::EvidenceConfig;
use connectors::sources::{Bounds, PatientCacheConfig};
use fhir::{FhirVersion, Ura};
use flows::medication::Windows;
use policy::{Organisation, UseCaseId};
use serde::{Deserialize, Serialize};

pub use bounds::BoundsConfig;
pub use listeners::{InnerConfig, OuterConfig};
pub use log::{LogConfig, PartnerLog};
pub use shown::shown;
pub use sources::SourceConfig;

use crate::directory::publishing::PublicationConfig;
use crate::handoffs::config::{HandoffsConfig, PartnerHandoffs};
use crate::quality::QualityConfig;
use crate::referrals::config::{PartnerReferrals, ReferralsConfig};
use crate::regional::config::RegionalConfig;

/// Whether real patients may be behind this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every safety rule holds; the node refuses to start otherwise.
    #[default]
    Production,
    /// Static tokens, plain HTTP on loopback and development use cases are allowed.
    Development,
}

/// The care provider whose node this is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    pub ura: Ura,
    pub name: String,
    /// Care provider type code (OID 2.16.840.1.113883.2.4.15.1060).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Where the node keeps its access log and its other state.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    pub folder: PathBuf,
}

/// Which use cases the node offers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfilesConfig {
    /// The folder with a folder per use case.
    pub folder: PathBuf,
    pub use_cases: Vec<UseCaseId>,
    /// How often the folder is looked at for changed policies, in seconds; never when 0.
    #[serde(default = "ProfilesConfig::every")]
    pub reload_seconds: u64,
    /// A signed bundle that the use cases are in, in the place of folders of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleConfig>,
}

impl ProfilesConfig {
    const fn every() -> u64 {
        5
    }
}

/// The provider's own registers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistersConfig {
    /// Local consents. Without it no consent is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consents_file: Option<PathBuf>,
    /// Local consents as FHIR R4: a Consent, or a Bundle of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_resources_file: Option<PathBuf>,
    /// Whether the own R4 sources are asked for Consents of the patient as well, each time.
    #[serde(default)]
    pub consents_in_sources: bool,
    /// Treatment relations of the provider's own people. Without it nobody has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relations_file: Option<PathBuf>,
    /// Which other providers know which patient. Without it only the own sources are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts_file: Option<PathBuf>,
    /// What else tells of a treatment relation. Without it the list counts, and what other providers assert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceConfig>,
    /// The national consent register (Mitz). Without it only the provider's own consents count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitz: Option<MitzConfig>,
    /// The index of who has data of whom (NVI). Without it only the register of the region says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvi: Option<NviConfig>,
}

/// Another care provider: what it is offered here, and how its node is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerEntry {
    pub ura: Ura,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Use cases it may ask us for.
    #[serde(default)]
    pub use_cases: Vec<UseCaseId>,
    /// Its node, when we ask it in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<PartnerNode>,
    /// With whose software it asks, by the grant of NGF GFI-004. By default it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<SoftwareConfig>,
    /// How it asks by the grant of Nuts v5. By default it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nuts_v5: Option<V5PartnerConfig>,
    /// Its log, when one of us witnesses the other's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PartnerLog>,
    /// How it is told of handoffs, when we send it any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoffs: Option<PartnerHandoffs>,
    /// Where it is told of referrals, when we refer patients to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrals: Option<PartnerReferrals>,
}

/// How another provider's node is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerNode {
    /// The FHIR base per version that the node serves. Looked up in the directory when there is none here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bases: BTreeMap<FhirVersion, WebAddress>,
    /// Its OAuth 2.0 token endpoint. Looked up in the directory when it is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<WebAddress>,
    /// Whether its tokens are to be bound to a key of ours besides the certificate (DPoP, RFC 9449).
    #[serde(default)]
    pub dpop: bool,
    /// Its authorization server, where our Nuts node is to get the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nuts_authorization_server: Option<WebAddress>,
    /// The FHIR versions in which it is asked, by use case: where nothing is said, in that of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ask_in: BTreeMap<UseCaseId, Vec<FhirVersion>>,
}

impl PartnerEntry {
    /// The partner as a source, when all addresses of its node are configured.
    pub fn peer(&self) -> Option<PeerConfig> {
        let node = self.node.as_ref().filter(|node| !node.bases.is_empty())?;
        let token_endpoint = node.token_endpoint.clone()?;
        Some(PeerConfig {
            ura: self.ura.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
            bases: node.bases.clone(),
            token_endpoint,
            use_case: None,
            dpop: node.dpop,
            nuts_authorization_server: node.nuts_authorization_server.clone(),
            ask_in: node.ask_in.clone(),
            bounds: Bounds::default(),
            patient_cache: PatientCacheConfig::default(),
        })
    }

    /// The partner as a source whose addresses are looked up, when not all of them are configured.
    pub fn found(&self, payloads: &[String]) -> Option<FoundPeerConfig> {
        let node = self.node.as_ref().filter(|node| node.bases.is_empty() || node.token_endpoint.is_none())?;
        Some(FoundPeerConfig {
            ura: self.ura.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
            bases: node.bases.clone(),
            token_endpoint: node.token_endpoint.clone(),
            dpop: node.dpop,
            nuts_authorization_server: node.nuts_authorization_server.clone(),
            payloads: payloads.to_vec(),
            ask_in: node.ask_in.clone(),
        })
    }
}

/// One node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    #[serde(default)]
    pub mode: Mode,
    pub provider: ProviderConfig,
    pub outer: OuterConfig,
    pub inner: InnerConfig,
    #[serde(default)]
    pub revocation: RevocationConfig,
    pub store: StoreConfig,
    #[serde(default)]
    pub log: LogConfig,
    pub profiles: ProfilesConfig,
    #[serde(default)]
    pub registers: RegistersConfig,
    /// Addressing, when addresses are looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryConfig>,
    /// Our own directory, when we publish one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<PublicationConfig>,
    /// What this node keeps for its region, when that has no national services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional: Option<RegionalConfig>,
    #[serde(default)]
    pub bounds: BoundsConfig,
    #[serde(default)]
    pub quality: QualityConfig,
    /// How far the medication overview looks back and ahead.
    #[serde(default)]
    pub medication: Windows,
    /// Nursing handoffs (eOverdracht), when this node takes part in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoffs: Option<HandoffsConfig>,
    /// Referrals with the basic data set (BgZ), when this node takes part in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrals: Option<ReferralsConfig>,
    /// Nuts, when this node takes part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nuts: Option<NutsConfig>,
    #[serde(default)]
    pub sessions: SessionConfig,
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Log-in of people with Dezi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dezi: Option<DeziConfig>,
    /// Log-in of people with a card of the UZI register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cards: Option<CardsConfig>,
    /// EPDs that open the pages for their users by the browser.
    #[serde(default)]
    pub epds: Vec<EpdConfig>,
    #[serde(default)]
    pub sources: Vec<SourceConfig>,
    #[serde(default)]
    pub partners: Vec<PartnerEntry>,
    #[serde(default)]
    pub callers: Vec<InnerCallerConfig>,
    /// What people who log in may do.
    #[serde(default)]
    pub people: Vec<RightsConfig>,
    /// For whom they may act.
    #[serde(default)]
    pub mandates: Vec<MandateConfig>,
}

impl NodeConfig {
    /// Reads a file, makes its paths absolute and holds it against the rules of a safe start.
    pub fn load(file: &Path) -> Result<NodeConfig, String> {
        let text =
            std::fs::read_to_string(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))?;
        let mut config = NodeConfig::parse(&text).map_err(|fault| format!("{}: {fault}", file.display()))?;
        let folder = file.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        config.anchor(&folder);
        rules::hold(&config).map_err(|fault| format!("{}: {fault}", file.display()))?;
        Ok(config)
    }

    /// Reads a text; says at which key it goes wrong.
    pub fn parse(text: &str) -> Result<NodeConfig, String> {
        let deserializer = toml::Deserializer::parse(text).map_err(|fault| fault.to_string())?;
        serde_path_to_error::deserialize(deserializer)
            .map_err(|fault| format!("at {}: {}", fault.path(), fault.inner()))
    }

    /// Whether this is no node for real patients.
    pub fn is_for_development(&self) -> bool {
        self.mode == Mode::Development
    }

    /// The node's own organisation.
    pub fn organisation(&self) -> Organisation {
        let provider = &self.provider;
        Organisation { ura: provider.ura.clone(), name: Some(provider.name.clone()), kind: provider.kind.clone() }
    }

    fn anchor(&mut self, folder: &Path) {
        let mut all: Vec<&mut PathBuf> = vec![&mut self.store.folder, &mut self.profiles.folder];
        all.extend(self.outer.files());
        all.extend(self.inner.files());
        all.extend(self.log.files());
        all.extend(self.revocation.authorities.iter_mut().map(|authority| &mut authority.certificate_file));
        all.extend(self.registers.consents_file.as_mut());
        all.extend(self.registers.consent_resources_file.as_mut());
        all.extend(self.registers.relations_file.as_mut());
        all.extend(self.registers.whereabouts_file.as_mut());
        all.extend(self.registers.mitz.iter_mut().flat_map(MitzConfig::files));
        all.extend(self.profiles.bundle.iter_mut().flat_map(BundleConfig::files));
        all.extend(self.directory.iter_mut().flat_map(DirectoryConfig::files));
        all.extend(self.registers.nvi.iter_mut().flat_map(NviConfig::files));
        all.extend(self.regional.iter_mut().flat_map(RegionalConfig::files));
        all.extend(self.quality.statements.as_mut());
        all.extend(self.handoffs.iter_mut().flat_map(HandoffsConfig::files));
        all.extend(self.referrals.iter_mut().flat_map(ReferralsConfig::files));
        all.extend(self.nuts.iter_mut().flat_map(NutsConfig::files));
        all.extend(self.cards.iter_mut().flat_map(CardsConfig::files));
        all.extend(self.partners.iter_mut().filter_map(|partner| Some(&mut partner.nuts_v5.as_mut()?.document_file)));
        all.extend(self.epds.iter_mut().flat_map(EpdConfig::files));
        for source in &mut self.sources {
            all.extend(source.files());
        }
        for caller in &mut self.callers {
            all.extend(caller.token_file.as_mut());
            all.extend(caller.token_sha256_file.as_mut());
            all.extend(caller.patient_file.as_mut());
        }
        if let Some(dezi) = &mut self.dezi {
            all.push(&mut dezi.decryption_key_file);
            all.extend(dezi.authorities_file.as_mut());
        }
        for path in all {
            *path = folder.join(&*path);
        }
    }
}
