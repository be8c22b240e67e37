//! Servers that must prove to be one organisation, because their address came from somebody else: a directory may say where
//! an organisation is reached, and only the organisation's own certificate says that it is (ATT-143).

use std::sync::Arc;

use fhir::Ura;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::identity::Certificate;

/// Verifies as `inner` does, and then looks whose certificate it is. A handshake with another organisation is broken off
/// before anything is told.
#[derive(Debug)]
pub(super) struct BoundServers {
    inner: Arc<dyn ServerCertVerifier>,
    ura: Ura,
}

impl BoundServers {
    pub(super) fn new(inner: Arc<dyn ServerCertVerifier>, ura: Ura) -> Self {
        BoundServers { inner, ura }
    }
}

impl ServerCertVerifier for BoundServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let shown = Certificate::read(end_entity).ok().and_then(|certificate| certificate.ura);
        if shown.as_ref() == Some(&self.ura) {
            return Ok(verified);
        }
        tracing::warn!(
            peer.ura = %self.ura,
            peer.shown = shown.as_ref().map(Ura::as_str),
            "the server at an organisation's address is not that organisation"
        );
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
