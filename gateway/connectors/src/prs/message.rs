//! A message to the recipient of a pseudonym: JWE in compact form (RFC 7516) with RSA-OAEP and A256GCM (RFC 7518, 4.3 and
//! 5.3), as the national service writes it. Both sides, on the cryptography that the node has: what libraries there are bring
//! another one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::KeyFault;

/// A message longer than this is not read, in characters.
const LONGEST: usize = 8 << 10;
/// An RSA key of fewer bits is not used.
const FEWEST_BITS: usize = 2048;
const KEY: usize = 32;
const IV: usize = 12;
const TAG: usize = 16;

/// To whom messages are written: a recipient's public key.
pub(super) struct Writer(OaepPublicEncryptingKey);

/// A recipient's own key.
pub(super) struct Reader(OaepPrivateDecryptingKey);

impl Writer {
    /// Reads a public RSA key in PEM (SubjectPublicKeyInfo).
    pub(super) fn new(pem: &[u8]) -> Result<Self, KeyFault> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyFault::NoPublicKey)?;
        let key = PublicEncryptingKey::from_der(der.as_ref()).map_err(|_| KeyFault::NoPublicKey)?;
        if key.key_size_bits() < FEWEST_BITS {
            return Err(KeyFault::TooShort);
        }
        OaepPublicEncryptingKey::new(key).map(Writer).map_err(|_| KeyFault::NoPublicKey)
    }

    /// A message with this content. None: the cryptography fails.
    pub(super) fn write(&self, content: &Value) -> Option<String> {
        let header = json!({"alg": "RSA-OAEP", "enc": "A256GCM", "cty": "application/json"});
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let (mut key, mut iv) = (Zeroizing::new([0; KEY]), [0; IV]);
        rand::fill(key.as_mut_slice()).ok()?;
        rand::fill(&mut iv).ok()?;
        let mut room = vec![0; self.0.ciphertext_size()];
        let wrapped = self.0.encrypt(&OAEP_SHA1_MGF1SHA1, key.as_slice(), &mut room, None).ok()?;
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).ok()?);
        let mut text = content.to_string().into_bytes();
        // The key is for this message only, so is the nonce.
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(header.as_bytes()), &mut text).ok()?;
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Some(format!("{header}.{}.{}.{}.{}", part(wrapped), part(&iv), part(&text), part(tag.as_ref())))
    }
}

impl Reader {
    /// Reads a private RSA key in PEM (PKCS#8).
    pub(super) fn new(pem: &[u8]) -> Result<Self, KeyFault> {
        let Ok(PrivateKeyDer::Pkcs8(der)) = PrivateKeyDer::from_pem_slice(pem) else {
            return Err(KeyFault::NoPrivateKey);
        };
        let key = PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| KeyFault::NoPrivateKey)?;
        if key.key_size_bits() < FEWEST_BITS {
            return Err(KeyFault::TooShort);
        }
        OaepPrivateDecryptingKey::new(key).map(Reader).map_err(|_| KeyFault::NoPrivateKey)
    }

    /// The content of a message. None: it is none for us, or is not whole; which of the two is not said.
    pub(super) fn read(&self, message: &str) -> Option<Value> {
        if message.len() > LONGEST {
            return None;
        }
        let mut parts = message.split('.');
        let header = parts.next().filter(|header| is_expected(header))?;
        let mut part = || URL_SAFE_NO_PAD.decode(parts.next()?).ok();
        let (wrapped, iv, text, tag) = (part()?, part()?, part()?, part()?);
        if parts.next().is_some() || tag.len() != TAG {
            return None;
        }
        let mut text = Zeroizing::new([text, tag].concat());
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.content_key(&wrapped)?.as_slice()).ok()?);
        let nonce = Nonce::try_assume_unique_for_key(&iv).ok()?;
        let content = cipher.open_in_place(nonce, Aad::from(header.as_bytes()), text.as_mut_slice()).ok()?;
        serde_json::from_slice(content).ok()
    }

    /// The content key. When there is none, one that nobody has: the message then fails as it does for any other reason
    /// (RFC 7516, 11.5).
    fn content_key(&self, wrapped: &[u8]) -> Option<Zeroizing<[u8; KEY]>> {
        let mut key = Zeroizing::new([0; KEY]);
        rand::fill(key.as_mut_slice()).ok()?;
        let mut room = Zeroizing::new(vec![0; self.0.min_output_size()]);
        if let Ok(found) = self.0.decrypt(&OAEP_SHA1_MGF1SHA1, wrapped, &mut room, None)
            && found.len() == KEY
        {
            key.copy_from_slice(found);
        }
        Some(key)
    }
}

/// Only these algorithms are read, whatever a message names. An extension that must be understood is none of ours, and what
/// is compressed has no bound.
fn is_expected(header: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(header) else { return false };
    let Ok(header) = serde_json::from_slice::<Map<String, Value>>(&bytes) else { return false };
    let is = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
    is("alg", "RSA-OAEP") && is("enc", "A256GCM") && !header.contains_key("crit") && !header.contains_key("zip")
}
