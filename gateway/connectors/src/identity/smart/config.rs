//! The EPDs that may open the portal, from configuration.

use std::path::PathBuf;

use policy::UseCaseId;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::http::WebAddress;
use crate::identity::IdentityFault;

/// One EPD (elektronisch patiëntendossier) that opens the portal for its users (HL7 SMART App Launch 2, EHR launch).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpdConfig {
    /// A name of ours: small letters, digits and dashes. It stands in the access log, and in the place to come back to.
    pub key: String,
    /// Its FHIR base, exactly as it names itself in `iss` of a launch.
    pub iss: WebAddress,
    /// The name under which this node is registered there.
    pub client_id: String,
    /// A file with the secret of that registration. Without it the node is a public client there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// What a session that it opens can do at most.
    pub use_cases: Vec<UseCaseId>,
    /// Where its endpoints may be besides the host of `iss`: `host`, or `host:port`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoint_hosts: Vec<String>,
    #[serde(default = "scope")]
    pub scope: String,
    /// The authorities of its servers, PEM. By default those of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// How long one question to it may take.
    #[serde(default = "patience")]
    pub patience_ms: u64,
    /// How long what it says of itself (its SMART configuration) is remembered, in seconds.
    #[serde(default = "remember")]
    pub remember_seconds: u32,
}

fn scope() -> String {
    "launch openid fhirUser patient/Patient.r user/Practitioner.r user/PractitionerRole.rs".to_owned()
}

const fn patience() -> u64 {
    3_000
}

const fn remember() -> u32 {
    600
}

/// The longest that what an EPD says of itself may be remembered, in seconds.
const LONGEST: u32 = 86_400;

impl EpdConfig {
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.client_secret_file.iter_mut().chain(&mut self.authorities_file)
    }

    pub(super) fn check(&self) -> Result<(), IdentityFault> {
        let fault = |text: &str| Err(IdentityFault(format!("epds, {}: {text}", self.key)));
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&self.key.len()) || !self.key.bytes().all(letters) {
            return fault("key must be at most 40 small letters, digits and dashes");
        }
        if self.client_id.is_empty() || self.use_cases.is_empty() {
            return fault("client_id and use_cases must not be empty");
        }
        if !["launch", "openid", "fhirUser"].iter().all(|need| self.scope.split(' ').any(|one| one == *need)) {
            return fault("scope must have launch, openid and fhirUser");
        }
        if self.patience_ms == 0 || !(1..=LONGEST).contains(&self.remember_seconds) {
            return fault("patience_ms must be more than 0, remember_seconds between 1 and 86400");
        }
        Ok(())
    }

    /// Whether an endpoint of it may be there: on the host of `iss` or one that is named, over the same scheme.
    pub(super) fn may_be_at(&self, url: &Url) -> bool {
        let own = self.iss.url();
        let place = |url: &Url| {
            let host = url.host_str().unwrap_or_default().to_owned();
            url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
        };
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let there = place(url);
        plain && url.scheme() == own.scheme() && (there == place(own) || self.endpoint_hosts.contains(&there))
    }
}
