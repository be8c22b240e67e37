//! Encrypted messages to us: JWE compact serialisation (RFC 7516) with RSA-OAEP and AES-CBC with HMAC (RFC 7518, 4.3, 5.2).
//!
//! Written here because no maintained library does these algorithms on the cryptography that the node has: those on pure
//! Rust use `rsa` (RUSTSEC-2023-0071), the others bring OpenSSL, or only do AES-GCM. Decrypts only.

use std::fmt;

use aws_lc_rs::cipher::{AES_128, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::identity::IdentityFault;

/// A message longer than this is not read, in characters.
const LONGEST: usize = 64 * 1024;
/// An RSA key of fewer bits is not used.
const FEWEST_BITS: usize = 2048;
const BLOCK: usize = 16;

/// How the content is encrypted. Dezi's specification and the ministry's stub differ (handbook: generic functions, 6.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentEncryption {
    #[default]
    #[serde(rename = "A256CBC-HS512")]
    A256CbcHs512,
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
}

/// The message is not one for us, or is not whole. Which of the two is not said: a difference would be an oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotReadable;

/// Our private key for messages to us.
pub(super) struct MessageKey {
    key: OaepPrivateDecryptingKey,
    encryption: ContentEncryption,
}

impl fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageKey({:?})", self.encryption)
    }
}

impl ContentEncryption {
    const fn name(self) -> &'static str {
        match self {
            ContentEncryption::A256CbcHs512 => "A256CBC-HS512",
            ContentEncryption::A128CbcHs256 => "A128CBC-HS256",
        }
    }

    /// Bytes of the content key: the first half authenticates, the second encrypts (RFC 7518, 5.2.2.1).
    const fn key_length(self) -> usize {
        match self {
            ContentEncryption::A256CbcHs512 => 64,
            ContentEncryption::A128CbcHs256 => 32,
        }
    }

    fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NotReadable> {
        let (mac_key, content_key) = key.split_at_checked(self.key_length() / 2).ok_or(NotReadable)?;
        let (digest, cipher) = match self {
            ContentEncryption::A256CbcHs512 => (hmac::HMAC_SHA512, &AES_256),
            ContentEncryption::A128CbcHs256 => (hmac::HMAC_SHA256, &AES_128),
        };
        let mut context = hmac::Context::with_key(&hmac::Key::new(digest, mac_key));
        let bits = u64::try_from(aad.len()).map_err(|_| NotReadable)?.checked_mul(8).ok_or(NotReadable)?;
        for part in [aad, iv, ciphertext, &bits.to_be_bytes()] {
            context.update(part);
        }
        let whole = context.sign();
        let expected = whole.as_ref().get(..self.key_length() / 2).ok_or(NotReadable)?;
        // Before anything is decrypted, and in constant time (RFC 7518, 5.2.2.2).
        verify_slices_are_equal(expected, tag).map_err(|_| NotReadable)?;
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK) {
            return Err(NotReadable);
        }
        let iv: [u8; BLOCK] = iv.try_into().map_err(|_| NotReadable)?;
        let key = UnboundCipherKey::new(cipher, content_key).map_err(|_| NotReadable)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| NotReadable)?;
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        let length = key.decrypt(&mut text, context).map_err(|_| NotReadable)?.len();
        text.truncate(length);
        Ok(text)
    }
}

impl MessageKey {
    /// Reads a PKCS#8 RSA key in PEM.
    ///
    /// # Errors
    /// It is none, or too short a one.
    pub(super) fn new(pem: &[u8], encryption: ContentEncryption) -> Result<Self, IdentityFault> {
        let fault = |text: &str| IdentityFault(text.to_owned());
        match PrivateKeyDer::from_pem_slice(pem) {
            Ok(PrivateKeyDer::Pkcs8(der)) => Self::from_der(der.secret_pkcs8_der(), encryption),
            _ => Err(fault("is no PKCS#8 private key in PEM")),
        }
    }

    fn from_der(der: &[u8], encryption: ContentEncryption) -> Result<Self, IdentityFault> {
        let fault = |text: &str| IdentityFault(text.to_owned());
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| fault("is no RSA key that can be used"))?;
        if key.key_size_bits() < FEWEST_BITS {
            return Err(fault("is an RSA key of fewer than 2048 bits"));
        }
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| fault("is no RSA key that can be used"))?;
        Ok(MessageKey { key, encryption })
    }

    /// The content of a message. Only the configured algorithms are read, whatever the message names.
    pub(super) fn decrypt(&self, message: &str) -> Result<Zeroizing<Vec<u8>>, NotReadable> {
        if message.len() > LONGEST {
            return Err(NotReadable);
        }
        let mut parts = message.split('.');
        let mut part = || parts.next().ok_or(NotReadable);
        let (header, encrypted_key, iv, ciphertext, tag) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() || !self.is_expected(header) {
            return Err(NotReadable);
        }
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NotReadable);
        let key = self.content_key(&bytes(encrypted_key)?)?;
        // The protected header as it was sent is what is authenticated with the content (RFC 7516, 5.1, step 14).
        self.encryption.decrypt(&key, &bytes(iv)?, header.as_bytes(), &bytes(ciphertext)?, &bytes(tag)?)
    }

    fn is_expected(&self, header: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(header) else { return false };
        let Ok(header) = serde_json::from_slice::<Map<String, Value>>(&bytes) else { return false };
        let is = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
        // An extension that must be understood is none of ours, and what is compressed has no bound.
        is("alg", "RSA-OAEP")
            && is("enc", self.encryption.name())
            && !header.contains_key("crit")
            && !header.contains_key("zip")
    }

    /// The content key. When there is none, one that nobody has: the message then fails as it does for any other reason
    /// (RFC 7516, 11.5).
    fn content_key(&self, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotReadable> {
        let length = self.encryption.key_length();
        let mut key = Zeroizing::new(vec![0; length]);
        rand::fill(&mut key).map_err(|_| NotReadable)?;
        let mut room = Zeroizing::new(vec![0; self.key.min_output_size()]);
        if let Ok(found) = self.key.decrypt(&OAEP_SHA1_MGF1SHA1, encrypted, &mut room, None)
            && found.len() == length
        {
            key.copy_from_slice(found);
        }
        Ok(key)
    }
}

#[cfg(test)]
pub(super) mod tests;
