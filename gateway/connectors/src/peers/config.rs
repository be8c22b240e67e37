//! Who a peer is and where it is found.

use std::collections::BTreeMap;

use fhir::{FhirVersion, Ura};
use policy::{Permit, UseCaseId};
use serde::{Deserialize, Serialize};

use crate::http::WebAddress;
use crate::sources::{Bounds, PatientCacheConfig};

/// Another provider's node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    pub ura: Ura,
    /// The provider's name, for people.
    pub name: String,
    /// Care provider type code (OID 2.16.840.1.113883.2.4.15.1060).
    #[serde(default)]
    pub kind: Option<String>,
    /// The FHIR base per version that the peer serves.
    pub bases: BTreeMap<FhirVersion, WebAddress>,
    /// The OAuth 2.0 token endpoint. Also the audience of our assertions.
    pub token_endpoint: WebAddress,
    /// The scope to ask for, where the peer names its use cases otherwise. By default that of the permit.
    #[serde(default)]
    pub use_case: Option<UseCaseId>,
    /// Whether its tokens are to be bound to a key of ours besides the certificate (DPoP, RFC 9449). A token that is not is
    /// then refused.
    #[serde(default)]
    pub dpop: bool,
    /// Its authorization server by its issuer, where a Nuts node of our own is to get the token (RFC021). By default we
    /// ask for it ourselves, at `token_endpoint`.
    #[serde(default)]
    pub nuts_authorization_server: Option<WebAddress>,
    /// The FHIR versions in which it is asked, by use case. Where nothing is said it is asked in that of the request. It is
    /// asked once in each of them, and in no other.
    #[serde(default)]
    pub ask_in: BTreeMap<UseCaseId, Vec<FhirVersion>>,
    #[serde(default)]
    pub bounds: Bounds,
    /// How long the peer's ids of a patient are remembered.
    #[serde(default)]
    pub patient_cache: PatientCacheConfig,
}

impl PeerConfig {
    /// The use case that a token is asked for: the scope.
    pub fn scope<'a>(&'a self, permit: &'a Permit) -> &'a UseCaseId {
        self.use_case.as_ref().unwrap_or_else(|| permit.use_case())
    }
}
