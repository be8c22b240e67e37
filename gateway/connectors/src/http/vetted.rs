//! Servers whose certificates are vetted before anything is told to them.
//!
//! A handshake cannot wait for a revocation list. So one with a server of which nothing is known yet is broken off, the
//! server's standing is found out, and the handshake is made again; from then on it is known in good time.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::identity::vetting::Part;
use crate::identity::{Standing, Vet, Vetting};

/// Most servers that are waited for, and how long one is remembered for it.
const SERVERS: u64 = 256;
const REMEMBERED: Duration = Duration::from_secs(10);

/// What servers showed that were not known, by host.
#[derive(Clone, Debug)]
pub(super) struct Awaiting {
    vetting: Arc<Vetting>,
    shown: Cache<String, Shown>,
}

#[derive(Clone, Debug)]
struct Shown {
    leaf: Arc<[u8]>,
    behind: Vec<Arc<[u8]>>,
}

/// Verifies as rustls does, and then asks for the standing.
#[derive(Debug)]
pub(super) struct VettedServers {
    inner: Arc<WebPkiServerVerifier>,
    awaiting: Awaiting,
}

impl Awaiting {
    pub(super) fn new(vetting: Arc<Vetting>) -> Self {
        Awaiting { vetting, shown: Cache::builder().max_capacity(SERVERS).time_to_live(REMEMBERED).build() }
    }

    /// After a connection failed: whether the server was only not known yet, and is a good one.
    pub(super) async fn is_good_after_all(&self, host: &str) -> bool {
        let Some(shown) = self.shown.get(host) else { return false };
        let standing = self.vetting.vet(Part::Server, &shown.leaf, &shown.behind).await;
        if standing != Standing::Good {
            tracing::warn!(peer.host = host, certificate.standing = ?standing, "a server's certificate is refused");
        }
        standing == Standing::Good
    }
}

impl VettedServers {
    pub(super) fn new(inner: Arc<WebPkiServerVerifier>, awaiting: Awaiting) -> Self {
        VettedServers { inner, awaiting }
    }
}

impl ServerCertVerifier for VettedServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        match self.awaiting.vetting.known(Part::Server, end_entity) {
            Some(Standing::Good) => Ok(verified),
            Some(Standing::Revoked) => Err(CertificateError::Revoked.into()),
            Some(Standing::NotTrusted) => Err(CertificateError::UnknownIssuer.into()),
            known @ (Some(Standing::NotFoundOut(_)) | None) => {
                if known.is_none() {
                    let behind = intermediates.iter().map(|der| Arc::from(der.as_ref())).collect();
                    let shown = Shown { leaf: Arc::from(end_entity.as_ref()), behind };
                    self.awaiting.shown.insert(server_name.to_str().into_owned(), shown);
                }
                Err(CertificateError::UnknownRevocationStatus.into())
            }
        }
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
