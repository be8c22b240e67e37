//! `did:x509`: an issuer that is whoever holds a certificate of a certain authority with certain properties (Nuts RFC023;
//! did:x509 method, version 0, with the policy `san:otherName` that the Netherlands adds).
//!
//! Narrower than a Nuts node: the authority that the DID names must itself be configured, so that the chain is checked
//! to that one and to no other.

mod policy;
#[cfg(test)]
pub(super) mod tests;
#[cfg(test)]
mod vectors;

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use thiserror::Error;
use time::OffsetDateTime;

pub(super) use policy::Policies;

use crate::identity::IdentityFault;
use crate::identity::certificates::Certificate;
use crate::identity::vetting::{Part, Standing, Vet};

/// The longest chain, and the largest certificate in it, in bytes.
const MAX_CHAIN: usize = 5;
const MAX_CERTIFICATE: usize = 8 << 10;

/// Why a did:x509 is not believed. The texts may be told to the one who showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum X509Fault {
    #[error("the issuer is no did:x509 of version 0 with sha256")]
    Malformed,
    #[error("the issuer has a policy that is not supported")]
    Policy,
    #[error("the x5c header is no chain of certificates")]
    Chain,
    #[error("the issuer names an authority that is not trusted here")]
    Authority,
    #[error("the certificate chain does not hold")]
    NotTrusted,
    #[error("the certificate does not have what the issuer's policies say")]
    PolicyNotMet,
    #[error("the thumbprint in the header is of another certificate")]
    Thumbprint,
    #[error("the certificate was revoked")]
    Revoked,
    /// Not the fault of whoever showed it.
    #[error("whether the certificate was revoked could not be found out")]
    NotFoundOut,
}

/// The JOSE header members that go with a did:x509.
#[derive(Default, serde::Deserialize)]
pub(super) struct X509Header {
    #[serde(default)]
    pub(super) x5c: Vec<String>,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

/// A DID that its chain bears out.
pub(super) struct X509Issuer {
    pub(super) policies: Policies,
    /// The leaf, whose key signs.
    pub(super) certificate: Certificate,
    pub(super) chain: Chain,
}

/// The certificates that were shown, as vetting takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) leaf: CertificateDer<'static>,
    behind: Vec<Arc<[u8]>>,
}

impl Chain {
    /// Holds when every certificate up to the authority can be believed now: `vets` believes the authorities of
    /// did:x509, and asks whether the others were revoked (RFC023, "Validate the Issuer Certificate").
    pub(super) async fn stands(&self, vets: &dyn Vet) -> Result<(), X509Fault> {
        match vets.vet(Part::Client, &self.leaf, &self.behind).await {
            Standing::Good => Ok(()),
            Standing::NotTrusted => Err(X509Fault::NotTrusted),
            Standing::Revoked => Err(X509Fault::Revoked),
            Standing::NotFoundOut(_) => Err(X509Fault::NotFoundOut),
        }
    }
}

/// The authorities that a did:x509 may be anchored in.
pub struct X509Authorities {
    by_fingerprint: HashMap<[u8; 32], Arc<dyn ClientCertVerifier>>,
}

impl X509Authorities {
    /// These CA certificates (DER), each on its own.
    pub fn new(authorities: &[CertificateDer<'static>]) -> Result<Self, IdentityFault> {
        let unusable = || IdentityFault("an authority of credentials is no CA certificate that can be used".to_owned());
        let mut by_fingerprint = HashMap::new();
        for authority in authorities {
            let mut roots = RootCertStore::empty();
            roots.add(authority.clone()).map_err(|_| unusable())?;
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            by_fingerprint.insert(fingerprint(authority), verifier.map_err(|_| unusable())?);
        }
        Ok(X509Authorities { by_fingerprint })
    }

    /// The fingerprints as they stand in DIDs, in order.
    pub(super) fn fingerprints(&self) -> Vec<String> {
        let mut all: Vec<_> = self.by_fingerprint.keys().map(|print| URL_SAFE_NO_PAD.encode(print)).collect();
        all.sort();
        all
    }

    /// Holds a DID against the chain in the header.
    pub(super) fn resolve(&self, did: &str, header: &X509Header, now: OffsetDateTime) -> Result<X509Issuer, X509Fault> {
        let (authority, policies) = policy::parse(did)?;
        let chain = header.chain()?;
        let (leaf, others) = chain.split_first().ok_or(X509Fault::Chain)?;
        let verifier = self.by_fingerprint.get(&authority).ok_or(X509Fault::Authority)?;
        if !others.iter().any(|certificate| fingerprint(certificate) == authority) {
            return Err(X509Fault::Chain);
        }
        header.names(leaf)?;
        let seconds = u64::try_from(now.unix_timestamp()).map_err(|_| X509Fault::NotTrusted)?;
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        verifier.verify_client_cert(leaf, others, at).map_err(|_| X509Fault::NotTrusted)?;
        policies.hold(leaf)?;
        let certificate = Certificate::read(leaf).map_err(|_| X509Fault::Chain)?;
        let behind = others.iter().map(|der| Arc::from(der.as_ref())).collect();
        Ok(X509Issuer { policies, certificate, chain: Chain { leaf: leaf.clone(), behind } })
    }
}

impl X509Header {
    /// A header with this chain, each certificate in base64.
    pub(super) fn of(x5c: Vec<String>) -> Self {
        X509Header { x5c, ..X509Header::default() }
    }

    /// RFC 7515, section 4.1.6: base64 with padding, the certificate of the signer first.
    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, X509Fault> {
        if !(2..=MAX_CHAIN).contains(&self.x5c.len()) || self.x5c.iter().any(|text| text.len() > 2 * MAX_CERTIFICATE) {
            return Err(X509Fault::Chain);
        }
        let read = |text: &String| STANDARD.decode(text).map(CertificateDer::from).map_err(|_| X509Fault::Chain);
        self.x5c.iter().map(read).collect()
    }

    /// Whether the thumbprints, as far as they are there, are of this certificate.
    fn names(&self, leaf: &[u8]) -> Result<(), X509Fault> {
        let is = |named: &Option<String>, algorithm| {
            named.as_deref().is_none_or(|text| text == URL_SAFE_NO_PAD.encode(digest::digest(algorithm, leaf)))
        };
        let right = is(&self.x5t, &digest::SHA1_FOR_LEGACY_USE_ONLY) && is(&self.x5t_s256, &digest::SHA256);
        if right { Ok(()) } else { Err(X509Fault::Thumbprint) }
    }
}

/// The did:x509 of whoever holds this certificate (DER) of an organisation, anchored in this authority: by the name that says
/// which organisation it is, and the organisation's name where it has one.
pub(super) fn did_of(leaf: &[u8], anchor: &[u8]) -> Option<(String, Policies)> {
    let policies = Policies::of_organisation(leaf)?;
    Some((format!("did:x509:0:sha256:{}{policies}", URL_SAFE_NO_PAD.encode(fingerprint(anchor))), policies))
}

fn fingerprint(der: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
    bytes
}
