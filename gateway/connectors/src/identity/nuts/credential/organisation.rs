//! The credential that says which organisation somebody is: the X509Credential (Nuts RFC023).

use fhir::Ura;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::super::status::StatusEntry;
use super::super::x509::{Chain, X509Authorities, X509Issuer};
use super::{CredentialFault, Signed};
use crate::identity::jose::PublicJwk;

/// Both names are in use: the second is RFC023's draft.
const TYPES: [&str; 2] = ["X509Credential", "NutsX509Credential"];

/// What a credential says that is right in itself. Whether its certificates still stand, and its status, has to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Organisation {
    pub(crate) ura: Ura,
    pub(crate) issuer: String,
    pub(crate) chain: Chain,
    pub(crate) status: Vec<StatusEntry>,
}

/// Reads and checks one credential that this holder presents.
pub(crate) fn verify(
    text: &str,
    holder: &str,
    authorities: &X509Authorities,
    now: OffsetDateTime,
) -> Result<Organisation, CredentialFault> {
    let signed = Signed::read(text, &TYPES)?;
    let issuer = authorities.resolve(&signed.claims.iss, &signed.header.x509, now)?;
    signed.is_by(&PublicJwk::of_certificate(&issuer.chain.leaf).ok_or(CredentialFault::Signature)?)?;
    let status = signed.status()?;
    signed.valid(issuer.certificate.not_before.unix_timestamp(), now.unix_timestamp())?;
    if signed.latest_end().is_some_and(|end| end > issuer.certificate.not_after.unix_timestamp()) {
        return Err(CredentialFault::Outlives);
    }
    mirrors(signed.about(holder)?, &issuer)?;
    let ura = organisation(&issuer)?;
    Ok(Organisation { ura, issuer: signed.claims.iss, chain: issuer.chain, status })
}

/// What the credential says of its subject must be what the DID says of its certificate (RFC023, "Validate the
/// Credential Subject").
fn mirrors(subject: &Map<String, Value>, issuer: &X509Issuer) -> Result<(), CredentialFault> {
    for (group, properties) in subject.iter().filter(|(name, _)| *name != "id") {
        let properties = properties.as_object().ok_or(CredentialFault::Claims)?;
        for (key, value) in properties {
            if !value.as_str().is_some_and(|value| issuer.policies.says(group, key, value)) {
                return Err(CredentialFault::Claims);
            }
        }
    }
    Ok(())
}

/// The organisation that the certificate is of, if the DID speaks of the name that says so.
fn organisation(issuer: &X509Issuer) -> Result<Ura, CredentialFault> {
    let ura = issuer.certificate.ura.clone().ok_or(CredentialFault::NoOrganisation)?;
    let name = issuer.policies.get("san", "otherName").ok_or(CredentialFault::NoOrganisation)?;
    // `<OID of the CA>-<version>-<UZI number>-S-<URA>-…`: that it is of this form, the certificate's reader has checked.
    if name.split('-').nth(4) != Some(ura.as_str()) {
        return Err(CredentialFault::NoOrganisation);
    }
    Ok(ura)
}
