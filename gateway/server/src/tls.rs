//! TLS for the two listeners. Only TLS 1.2 and 1.3 with the strong suites of rustls; client certificates are
//! verified against the configured authorities and nothing else.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// A sentence for the operator.
pub type Trouble = String;

/// Certificate chain and key of a listener.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

/// Reads a PEM chain and its PEM key.
pub fn identity(certificate_file: &Path, key_file: &Path) -> Result<Identity, Trouble> {
    let chain = certificates(certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|fault| format!("{}: no private key can be read ({fault})", key_file.display()))?;
    Ok(Identity { chain, key })
}

/// Reads the certificates of a PEM file; none is a fault.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let trouble =
        |fault: rustls::pki_types::pem::Error| format!("{}: no certificate can be read ({fault})", file.display());
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(trouble)?.collect();
    match found.map_err(trouble)? {
        found if found.is_empty() => Err(format!("{}: holds no certificate", file.display())),
        found => Ok(found),
    }
}

/// The configuration of a listener. A client certificate is verified when it is shown; that one is needed is said
/// by identification, in words the caller can read, instead of by a broken handshake.
pub fn server_config(identity: Identity, client_authorities: &Path) -> Result<ServerConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(client_authorities)? {
        roots
            .add(authority)
            .map_err(|fault| format!("{}: not a certificate authority ({fault})", client_authorities.display()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|fault| format!("{}: unusable as client authorities ({fault})", client_authorities.display()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| format!("TLS versions: {fault}"))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .map_err(|fault| format!("the certificate and the key do not fit together ({fault})"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
