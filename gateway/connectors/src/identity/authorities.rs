//! The authorities whose certificates are believed. They can be replaced while the node runs: whoever holds an
//! [`Authorities`] asks the ones of that moment, so that no session outlives the trust it began with.
//!
//! Knows nothing of revocation and of what a certificate is allowed to ask.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};

use super::IdentityFault;
use super::certificates::Thumbprint;

/// The authorities of one moment.
pub struct Anchors {
    certificates: Vec<CertificateDer<'static>>,
    verifier: Arc<dyn ClientCertVerifier>,
    generation: u64,
}

/// The authorities, replaceable.
pub struct Authorities {
    current: RwLock<Arc<Anchors>>,
    refused: AtomicU64,
}

impl Anchors {
    fn new(certificates: Vec<CertificateDer<'static>>, generation: u64) -> Result<Self, IdentityFault> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots
                .add(certificate.clone())
                .map_err(|fault| IdentityFault(format!("not a certificate authority ({fault})")))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|fault| IdentityFault(format!("unusable as authorities ({fault})")))?;
        Ok(Anchors { certificates, verifier, generation })
    }

    /// The authorities' own certificates.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// Grows by one with each replacement.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether a client with this certificate, and these shown behind it, would pass the handshake now.
    pub fn admit(&self, leaf: &[u8], shown: &[Arc<[u8]>], now: UnixTime) -> bool {
        let shown: Vec<_> = shown.iter().map(|der| CertificateDer::from(der.as_ref())).collect();
        self.verifier.verify_client_cert(&CertificateDer::from(leaf), &shown, now).is_ok()
    }
}

impl Authorities {
    /// Refuses certificates that are no authority's, and none at all.
    pub fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, IdentityFault> {
        let anchors = Anchors::new(certificates, 0)?;
        Ok(Authorities { current: RwLock::new(Arc::new(anchors)), refused: AtomicU64::new(0) })
    }

    /// From now on these are believed, and no others. On a fault those of before stay.
    pub fn replace(&self, certificates: Vec<CertificateDer<'static>>) -> Result<(), IdentityFault> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(Anchors::new(certificates, current.generation + 1)?);
        Ok(())
    }

    /// How many handshakes were refused for the certificate that was shown.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Those of this moment.
    pub fn current(&self) -> Arc<Anchors> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.current().certificates.len())
    }
}

/// In a handshake: a certificate is verified when one is shown. That one is needed is said by identification, in words the
/// caller can read, instead of by a broken handshake.
impl ClientCertVerifier for Authorities {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// No hints: which authorities count may change while a connection is set up, and a node has one certificate.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.current().verifier.verify_client_cert(end_entity, intermediates, now);
        if let Err(fault) = &verified {
            // No exchange begins, so there is no record: this line and the count are the security event.
            self.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(certificate.thumbprint = %Thumbprint::of(end_entity), %fault, "a client certificate is refused");
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().verifier.supported_verify_schemes()
    }
}
