//! The credential that says that a supplier's software takes part in a framework of agreements (afsprakenstelsel): the
//! ServiceProviderCredential (NGF 0.3.0, credential catalogue, draft). It speaks for no care provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::status::StatusEntry;
use super::{CredentialFault, Signed};

const TYPES: [&str; 1] = ["ServiceProviderCredential"];

/// Whose software a partner asks with, and who says that it may (NGF GFI-004). Handed over by people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftwareConfig {
    /// The `did:web` of the supplier, or of the system: who signs the client assertion.
    pub client: String,
    /// The `did:web` of the framework's operator (stelselhouder), who issues the credentials.
    pub issuer: String,
    /// The services that they must name, all of them.
    pub services: Vec<String>,
}

impl SoftwareConfig {
    /// Refuses what can never be met; a sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        if ![&self.client, &self.issuer].iter().all(|did| did.starts_with("did:web:")) {
            return Err("software.client and software.issuer must be did:web".to_owned());
        }
        match self.services.is_empty() || self.services.iter().any(String::is_empty) {
            true => Err("software.services must name at least one".to_owned()),
            false => Ok(()),
        }
    }
}

/// A credential of the configured issuer about the configured client. Its signature and status are not checked yet.
pub(crate) struct Software<'t> {
    pub(crate) signed: Signed<'t>,
    pub(crate) status: Vec<StatusEntry>,
    pub(crate) services: Vec<String>,
}

/// Reads a credential, and checks what needs nobody else.
pub(crate) fn read<'t>(text: &'t str, config: &SoftwareConfig, now: i64) -> Result<Software<'t>, CredentialFault> {
    let signed = Signed::read(text, &TYPES)?;
    if signed.claims.iss != config.issuer {
        return Err(CredentialFault::IssuerNotTrusted);
    }
    signed.valid(i64::MIN, now)?;
    let subject = signed.about(&config.client)?;
    let services = subject.get("services").and_then(Value::as_array).ok_or(CredentialFault::NoService)?;
    let services = services.iter().map(|service| service.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    let services = services.ok_or(CredentialFault::NoService)?;
    let status = signed.status()?;
    Ok(Software { signed, status, services })
}
