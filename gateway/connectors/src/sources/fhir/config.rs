//! Where an upstream FHIR server is and how it is called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ::fhir::FhirVersion;
use policy::UseCaseId;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::http::WebAddress;
use crate::sources::{Bounds, PatientCacheConfig, SourceSetupFault};

/// An upstream FHIR server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FhirSourceConfig {
    /// The FHIR base, without a resource type.
    pub base: WebAddress,
    pub version: FhirVersion,
    /// The use cases that it is a source for, and for no other. By default for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub use_cases: Vec<UseCaseId>,
    /// Headers sent with every request. No secrets: those come by file.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A file with the bearer token for this server; read at start.
    #[serde(default)]
    pub bearer_token_file: Option<PathBuf>,
    /// Whether the server answers `POST [type]/_search`. If not, BSNs get into the URLs that it logs.
    #[serde(default = "yes")]
    pub post_search: bool,
    /// What to do when several Patient resources carry the patient's BSN, and no other.
    #[serde(default)]
    pub several_patients: SeveralPatients,
    /// Search parameters that the server evaluates although its CapabilityStatement does not list them:
    /// `MedicationRequest:period-of-use`, `MedicationRequest:medication.code`; `*` for every type.
    #[serde(default)]
    pub supported_parameters: BTreeSet<String>,
    /// Search parameters that the server does not, or wrongly, evaluate, whatever it says. Wins over the other list.
    /// The node evaluates them itself over all that the server has of the patient.
    #[serde(default)]
    pub unsupported_parameters: BTreeSet<String>,
    #[serde(default)]
    pub bounds: Bounds,
    #[serde(default)]
    pub patient_cache: PatientCacheConfig,
}

/// What several Patient resources of one BSN mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeveralPatients {
    /// A person who was registered more than once: all of them are asked for.
    #[default]
    OnePerson,
    /// An error in the administration: the answer cannot be trusted.
    Refuse,
}

const fn yes() -> bool {
    true
}

impl FhirSourceConfig {
    /// A source with everything else at its default.
    pub fn new(base: WebAddress, version: FhirVersion) -> Self {
        FhirSourceConfig {
            base,
            version,
            use_cases: Vec::new(),
            headers: BTreeMap::new(),
            bearer_token_file: None,
            post_search: true,
            several_patients: SeveralPatients::default(),
            supported_parameters: BTreeSet::new(),
            unsupported_parameters: BTreeSet::new(),
            bounds: Bounds::default(),
            patient_cache: PatientCacheConfig::default(),
        }
    }

    /// The headers of every request, the token among them.
    pub(super) fn header_map(&self) -> Result<HeaderMap, SourceSetupFault> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let fault = || SourceSetupFault::Header(name.clone());
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fault())?;
            if header == AUTHORIZATION {
                return Err(SourceSetupFault::SecretHeader);
            }
            map.insert(header, HeaderValue::from_str(value).map_err(|_| fault())?);
        }
        if let Some(file) = &self.bearer_token_file {
            let text = Zeroizing::new(std::fs::read_to_string(file).map_err(|_| SourceSetupFault::TokenFile)?);
            let token = text.trim();
            let header = Zeroizing::new(format!("Bearer {token}"));
            let mut value = HeaderValue::from_str(&header).map_err(|_| SourceSetupFault::TokenFile)?;
            if token.is_empty() {
                return Err(SourceSetupFault::TokenFile);
            }
            value.set_sensitive(true);
            map.insert(AUTHORIZATION, value);
        }
        Ok(map)
    }
}
