//! TLS for the two listeners. Only TLS 1.2 and 1.3 with the strong suites of rustls; client certificates are
//! verified against the configured authorities and nothing else.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use connectors::identity::Authorities;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache, StoresServerSessions};
use rustls::sign::CertifiedKey;

/// Most sessions of a listener that can be resumed.
const SESSIONS: usize = 4096;

/// A sentence for the operator.
pub type Trouble = String;

/// Certificate chain and key of a listener.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Identity { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// Reads a PEM chain and its PEM key.
pub fn identity(certificate_file: &Path, key_file: &Path) -> Result<Identity, Trouble> {
    let chain = certificates(certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|fault| format!("{}: no private key can be read ({fault})", key_file.display()))?;
    Ok(Identity { chain, key })
}

/// Whether only its owner can read the key; a sentence when others can.
pub fn key_is_private(key_file: &Path) -> Result<(), Trouble> {
    let metadata = std::fs::metadata(key_file)
        .map_err(|fault| format!("{}: cannot be looked at ({fault})", key_file.display()))?;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("{}: others than its owner can read the private key: chmod 600", key_file.display()))
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

/// The authorities in a PEM file.
pub fn authorities_of(file: &Path) -> Result<Arc<Authorities>, Trouble> {
    let found = Authorities::new(certificates(file)?).map_err(|fault| format!("{}: {fault}", file.display()))?;
    Ok(Arc::new(found))
}

/// The TLS of a listener. Its certificate and the authorities of its clients can be replaced while it listens.
pub struct ListenerTls {
    shown: Arc<Shown>,
    sessions: Arc<Sessions>,
    authorities: Arc<Authorities>,
    provider: Arc<CryptoProvider>,
}

impl ListenerTls {
    /// Refuses a key that does not belong to the certificate.
    pub fn new(identity: Identity, authorities: Arc<Authorities>) -> Result<Self, Trouble> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let shown = Arc::new(Shown(RwLock::new(Arc::new(certified(identity, &provider)?))));
        Ok(ListenerTls { shown, sessions: Arc::new(Sessions::default()), authorities, provider })
    }

    /// The configuration for the listener. What is replaced later counts for every handshake after that.
    pub fn config(&self) -> Result<ServerConfig, Trouble> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|fault| format!("TLS versions: {fault}"))?
            .with_client_cert_verifier(self.authorities.clone())
            .with_cert_resolver(self.shown.clone());
        config.session_storage = self.sessions.clone();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Whether this identity could be shown; changes nothing.
    pub fn fits(&self, identity: &Identity) -> Result<(), Trouble> {
        certified(identity.clone(), &self.provider).map(|_| ())
    }

    /// From now on this certificate is shown.
    pub fn show(&self, identity: Identity) -> Result<(), Trouble> {
        let certified = certified(identity, &self.provider)?;
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
        Ok(())
    }

    /// No session of before can be resumed: a resumed one would pass by the authorities of now.
    pub fn forget_sessions(&self) {
        self.sessions.forget();
    }
}

fn certified(identity: Identity, provider: &CryptoProvider) -> Result<CertifiedKey, Trouble> {
    CertifiedKey::from_der(identity.chain, identity.key, provider)
        .map_err(|fault| format!("the certificate and the key do not fit together ({fault})"))
}

/// The certificate that is shown now.
struct Shown(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Sessions that can be resumed, until they are forgotten all together.
#[derive(Debug)]
struct Sessions(RwLock<Arc<ServerSessionMemoryCache>>);

impl Default for Sessions {
    fn default() -> Self {
        Sessions(RwLock::new(ServerSessionMemoryCache::new(SESSIONS)))
    }
}

impl Sessions {
    fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ServerSessionMemoryCache::new(SESSIONS);
    }

    fn current(&self) -> Arc<ServerSessionMemoryCache> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.current().put(key, value)
    }
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.current().get(key)
    }
    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.current().take(key)
    }
    fn can_cache(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use tempfile::TempDir;

    use super::*;

    /// An authority, a node's certificate of it, and keys: one that fits and one that does not.
    struct Files(TempDir);

    impl Files {
        fn new() -> Files {
            let files = Files(tempfile::tempdir().unwrap());
            let mut authority = CertificateParams::new(Vec::new()).unwrap();
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
            let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
            let node =
                CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
            files.write("ca.pem", &authority.pem());
            files.write("node.pem", &node.pem());
            files.write("node.key", &key.serialize_pem());
            files.write("other.key", &other.serialize_pem());
            files
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            fs::write(self.path(name), text).unwrap();
            self.path(name)
        }

        /// A listener of these files: certificate, key, authorities of clients.
        fn listener(&self, certificate: &str, key: &str, authorities: &str) -> Result<ServerConfig, Trouble> {
            let authorities = authorities_of(&self.path(authorities))?;
            ListenerTls::new(identity(&self.path(certificate), &self.path(key))?, authorities)?.config()
        }
    }

    #[test]
    fn good_files_make_a_listener() {
        let config = Files::new().listener("node.pem", "node.key", "ca.pem").unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn bad_files_become_sentences_that_name_the_file() {
        let files = Files::new();
        files.write("empty.pem", "");
        files.write("rubbish.pem", "this is no PEM");
        files.write("torn.pem", &fs::read_to_string(files.path("node.pem")).unwrap()[..200]);
        files.write("not-x509.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let cases = [
            (["absent.pem", "node.key", "ca.pem"], "absent.pem: no certificate can be read"),
            (["empty.pem", "node.key", "ca.pem"], "empty.pem: holds no certificate"),
            (["rubbish.pem", "node.key", "ca.pem"], "rubbish.pem: holds no certificate"),
            (["torn.pem", "node.key", "ca.pem"], "torn.pem: no certificate can be read"),
            (["node.key", "node.key", "ca.pem"], "node.key: holds no certificate"),
            (["node.pem", "absent.key", "ca.pem"], "absent.key: no private key can be read"),
            (["node.pem", "node.pem", "ca.pem"], "node.pem: no private key can be read"),
            (["node.pem", "other.key", "ca.pem"], "the certificate and the key do not fit together"),
            (["node.pem", "node.key", "absent.pem"], "absent.pem: no certificate can be read"),
            (["node.pem", "node.key", "empty.pem"], "empty.pem: holds no certificate"),
            (["node.pem", "node.key", "not-x509.pem"], "not-x509.pem: not a certificate authority"),
        ];
        for ([certificate, key, authorities], says) in cases {
            let fault = files.listener(certificate, key, authorities).err().unwrap();
            assert!(fault.contains(says), "{says} is not in: {fault}");
        }
    }

    #[test]
    fn a_sentence_holds_nothing_of_a_key() {
        let files = Files::new();
        let key = fs::read_to_string(files.path("node.key")).unwrap();
        let broken = files.write("broken.key", &key.replace("-----END", "-----UND"));
        let fault = identity(&files.path("node.pem"), &broken).err().unwrap();
        for line in key.lines().filter(|line| !line.starts_with('-')) {
            assert!(!fault.contains(line));
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_no_private_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        fs::write(&key, "x").unwrap();
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(key_is_private(&key).is_ok(), good, "{mode:o}");
        }
        assert!(key_is_private(&folder.path().join("absent")).is_err());
    }
}
