//! Signatures over certificates, lists and answers: all three are a body, an algorithm and a signature (RFC 5280, 4.1;
//! RFC 6960, 4.2.1), verified by rustls's provider with the algorithms that it takes for certificates.

use std::sync::OnceLock;

use rustls::crypto::WebPkiSupportedAlgorithms;
use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};

/// A signed thing, taken apart as it came: what is verified is what was received, byte for byte.
pub(super) struct Signed<'d> {
    body: &'d [u8],
    algorithm: &'d [u8],
    signature: &'d [u8],
}

/// A public key: the content of its AlgorithmIdentifier, and its bits.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    algorithm: Vec<u8>,
    bits: Vec<u8>,
}

impl<'d> Signed<'d> {
    pub(super) fn split(der: &'d [u8]) -> Option<Self> {
        let content = sequence(der)?;
        let (rest, _) = Any::from_der(content).ok()?;
        let body = content.get(..content.len() - rest.len())?;
        let (algorithm, signature) = algorithm_and_bits(rest)?;
        Some(Signed { body, algorithm, signature })
    }

    /// Whether the signature is this key's.
    pub(super) fn is_by(&self, key: &PublicKey) -> bool {
        algorithms().all.iter().any(|algorithm| {
            algorithm.public_key_alg_id().as_ref() == key.algorithm
                && algorithm.signature_alg_id().as_ref() == self.algorithm
                && algorithm.verify_signature(&key.bits, self.body, self.signature).is_ok()
        })
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn read(info: &[u8]) -> Option<Self> {
        let (algorithm, bits) = algorithm_and_bits(sequence(info)?)?;
        Some(PublicKey { algorithm: algorithm.to_vec(), bits: bits.to_vec() })
    }

    /// What OCSP hashes of a key (RFC 6960, 4.1.1).
    pub(super) fn bits(&self) -> &[u8] {
        &self.bits
    }
}

fn algorithms() -> &'static WebPkiSupportedAlgorithms {
    static ALGORITHMS: OnceLock<WebPkiSupportedAlgorithms> = OnceLock::new();
    ALGORITHMS.get_or_init(|| rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms)
}

fn sequence(der: &[u8]) -> Option<&[u8]> {
    let (_, outer) = Any::from_der(der).ok()?;
    is(&outer, Tag::Sequence).then_some(outer.data)
}

fn algorithm_and_bits(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, algorithm) = Any::from_der(der).ok()?;
    let (_, bits) = Any::from_der(rest).ok()?;
    match bits.data.split_first() {
        Some((0, data)) if is(&algorithm, Tag::Sequence) && is(&bits, Tag::BitString) => Some((algorithm.data, data)),
        _ => None,
    }
}

fn is(any: &Any<'_>, tag: Tag) -> bool {
    any.class() == Class::Universal && any.tag() == tag && any.header.is_constructed() == (tag == Tag::Sequence)
}
