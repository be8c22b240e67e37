//! The key with which this node proves itself to others: that of its own certificate.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use fhir::Ura;
use jsonwebtoken::{Algorithm, EncodingKey};
use thiserror::Error;

use super::certificates::{Certificate, CertificateFault, Thumbprint};

/// The node's own certificate and private key. They can be replaced while the node runs; the organisation stays.
pub struct NodeKey {
    ura: Ura,
    held: RwLock<Arc<Held>>,
}

struct Held {
    leaf: Vec<u8>,
    thumbprint: Thumbprint,
    algorithm: Algorithm,
    for_tests: bool,
    key: EncodingKey,
}

/// The certificate and the key of one moment, for what says the one and is signed with the other.
pub(crate) struct Signer(Arc<Held>);

/// Why certificate and key cannot serve; a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NodeKeyFault {
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    #[error("the node's certificate names no organisation (URA)")]
    NoUra,
    #[error("the private key is no PKCS#8 PEM key of the kind that the certificate holds")]
    KeyUnreadable,
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    #[error("the certificate names another organisation (URA) than before")]
    OtherOrganisation,
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({} {:?})", self.ura, self.algorithm())
    }
}

impl NodeKey {
    /// Joins a certificate (DER) and its private key (PKCS#8, PEM), and tries that they belong together.
    pub fn new(certificate_der: &[u8], key_pem: &[u8]) -> Result<Self, NodeKeyFault> {
        let certificate = Certificate::read(certificate_der)?;
        let ura = certificate.ura.clone().ok_or(NodeKeyFault::NoUra)?;
        let algorithm = certificate.key.algorithm();
        let key = match algorithm {
            Algorithm::PS256 => EncodingKey::from_rsa_pem(key_pem),
            _ => EncodingKey::from_ec_pem(key_pem),
        }
        .map_err(|_| NodeKeyFault::KeyUnreadable)?;
        let for_tests = certificate.for_tests;
        let leaf = certificate_der.to_vec();
        let held = Held { leaf, thumbprint: certificate.thumbprint, algorithm, for_tests, key };
        let node = NodeKey { ura, held: RwLock::new(Arc::new(held)) };
        let probe = b"does this key belong to this certificate";
        let signature = node.sign(probe).ok_or(NodeKeyFault::KeyUnreadable)?;
        if certificate.key.verifies(probe, &signature) { Ok(node) } else { Err(NodeKeyFault::OtherKey) }
    }

    /// From now on the node signs with the key of `other`, which must be of the same organisation.
    pub fn replace(&self, other: &NodeKey) -> Result<(), NodeKeyFault> {
        if other.ura != self.ura {
            return Err(NodeKeyFault::OtherOrganisation);
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = other.held();
        Ok(())
    }

    fn held(&self) -> Arc<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The organisation that the certificate names.
    pub fn ura(&self) -> &Ura {
        &self.ura
    }

    /// Whether the certificate comes from the UZI register's test branch.
    pub fn is_for_tests(&self) -> bool {
        self.held().for_tests
    }

    pub fn thumbprint(&self) -> Thumbprint {
        self.held().thumbprint
    }

    /// ES256, ES384 or PS256, by the kind of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.held().algorithm
    }

    /// The signature over `message`, base64url; nothing when the key cannot sign.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<String> {
        self.signer().sign(message)
    }

    pub(crate) fn signer(&self) -> Signer {
        Signer(self.held())
    }
}

impl Signer {
    /// The certificate, DER.
    pub(crate) fn leaf(&self) -> &[u8] {
        &self.0.leaf
    }

    pub(crate) fn thumbprint(&self) -> Thumbprint {
        self.0.thumbprint
    }

    /// The algorithm as JOSE names it.
    pub(crate) fn algorithm_name(&self) -> Option<&'static str> {
        match self.0.algorithm {
            Algorithm::ES256 => Some("ES256"),
            Algorithm::ES384 => Some("ES384"),
            Algorithm::PS256 => Some("PS256"),
            _ => None,
        }
    }

    /// The signature over `message`, base64url; nothing when the key cannot sign.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<String> {
        jsonwebtoken::crypto::sign(message, &self.0.key, self.0.algorithm).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::{KeyType, TestCertificate};

    #[test]
    fn a_key_of_every_supported_kind_fits_its_certificate() {
        for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa] {
            let made = TestCertificate::new("90000901", kind);
            assert_eq!(made.node_key().ura().as_str(), "90000901", "{kind:?}");
        }
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (one, other) =
            (TestCertificate::new("90000901", KeyType::P256), TestCertificate::new("90000901", KeyType::P256));
        let joined = NodeKey::new(&one.der, other.key_pem.as_bytes());
        assert_eq!(joined.err(), Some(NodeKeyFault::OtherKey));
    }

    #[test]
    fn a_certificate_without_ura_or_a_key_of_another_kind_is_refused() {
        let nobody = TestCertificate::with_names(&[], KeyType::P256);
        assert_eq!(NodeKey::new(&nobody.der, nobody.key_pem.as_bytes()).err(), Some(NodeKeyFault::NoUra));
        let (ec, rsa) =
            (TestCertificate::new("90000901", KeyType::P256), TestCertificate::new("90000901", KeyType::Rsa));
        assert_eq!(NodeKey::new(&ec.der, rsa.key_pem.as_bytes()).err(), Some(NodeKeyFault::KeyUnreadable));
        assert_eq!(NodeKey::new(&ec.der, b"no PEM").err(), Some(NodeKeyFault::KeyUnreadable));
    }

    #[test]
    fn a_key_is_replaced_by_one_of_the_same_organisation_only() {
        let (old, new) =
            (TestCertificate::new("90000901", KeyType::P256), TestCertificate::new("90000901", KeyType::Rsa));
        let key = old.node_key();
        key.replace(&new.node_key()).unwrap();
        assert_eq!((key.thumbprint(), key.algorithm()), (Thumbprint::of(&new.der), Algorithm::PS256));
        assert!(new.read().key.verifies(b"text", &key.sign(b"text").unwrap()));
        let other = TestCertificate::new("90000902", KeyType::P256).node_key();
        assert_eq!(key.replace(&other), Err(NodeKeyFault::OtherOrganisation));
        assert_eq!(key.thumbprint(), Thumbprint::of(&new.der));
    }
}
