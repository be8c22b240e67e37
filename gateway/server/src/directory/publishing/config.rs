//! What is published of this provider besides what the rest of the configuration says.

use serde::{Deserialize, Serialize};

/// Our own directory. Codes are written `system|code`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublicationConfig {
    /// What kind of organisation this is, besides its care provider type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisation_types: Vec<String>,
    /// What can be asked at our FHIR interface: data categories, names of capabilities. Any, when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payload_types: Vec<String>,
    /// Who runs the endpoints, as `system|value`. By default this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<PublishedPlace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<PublishedPlace>,
    /// Endpoints of other systems of this provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<PublishedEndpoint>,
}

/// A service or a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedPlace {
    /// A name of ours that stays: part of its id.
    pub id: String,
    pub name: String,
    pub types: Vec<String>,
    /// Ids of endpoints that are for it alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
}

/// An endpoint of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedEndpoint {
    pub id: String,
    pub name: String,
    pub connection_type: String,
    pub payload_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
    pub address: String,
    /// The first and the last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl PublicationConfig {
    /// # Errors
    /// What is wrong: a sentence for the operator.
    pub fn check(&self, production: bool) -> Result<(), String> {
        let ids = self.services.iter().chain(&self.locations).map(|place| &place.id);
        let ids = ids.chain(self.endpoints.iter().map(|endpoint| &endpoint.id));
        for id in ids {
            let good =
                (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !good {
                return Err("publication: an id is 1 to 40 letters, digits and dashes".into());
            }
        }
        let codes = self.organisation_types.iter().chain(&self.payload_types).chain(&self.operator);
        let of_places = self.services.iter().chain(&self.locations).flat_map(|place| &place.types);
        let of_endpoints =
            self.endpoints.iter().flat_map(|one| one.payload_types.iter().chain(std::iter::once(&one.connection_type)));
        for code in codes.chain(of_places).chain(of_endpoints) {
            if !code.rsplit_once('|').is_some_and(|(system, code)| !system.is_empty() && !code.is_empty()) {
                return Err(format!("publication: {code} is not written system|code"));
            }
        }
        if self.services.iter().any(|service| service.types.is_empty()) {
            return Err("publication: a service needs a type".into());
        }
        if self.endpoints.iter().any(|endpoint| endpoint.payload_types.is_empty()) {
            return Err("publication: an endpoint needs a payload type".into());
        }
        let plain = |endpoint: &&PublishedEndpoint| !endpoint.address.starts_with("https://");
        if let Some(endpoint) = self.endpoints.iter().find(plain).filter(|_| production) {
            return Err(format!("publication: endpoint {} is not reached over https", endpoint.id));
        }
        Ok(())
    }
}
