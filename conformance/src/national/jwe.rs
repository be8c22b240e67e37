//! Messages to the index: JWE compact (RFC 7516) with RSA-OAEP and A256GCM, both sides.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const TAG: usize = 16;

/// The key of a recipient of pseudonyms.
pub struct RecipientKey {
    public: OaepPublicEncryptingKey,
    private: OaepPrivateDecryptingKey,
}

impl RecipientKey {
    /// A new one. None: the cryptography fails.
    pub fn fresh() -> Option<Self> {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()?;
        let public = OaepPublicEncryptingKey::new(private.public_key()).ok()?;
        Some(RecipientKey { public, private: OaepPrivateDecryptingKey::new(private).ok()? })
    }

    pub fn seal(&self, content: &Value) -> Option<String> {
        let header = json!({"kid": "nvi-key-1", "alg": "RSA-OAEP", "enc": "A256GCM", "cty": "application/json"});
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let (mut key, mut iv) = ([0; 32], [0; 12]);
        rand::fill(&mut key).ok()?;
        rand::fill(&mut iv).ok()?;
        let mut wrapped = vec![0; self.public.ciphertext_size()];
        let wrapped = self.public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut wrapped, None).ok()?.to_vec();
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
        let mut text = content.to_string().into_bytes();
        let nonce = Nonce::assume_unique_for_key(iv);
        cipher.seal_in_place_append_tag(nonce, Aad::from(header.as_bytes()), &mut text).ok()?;
        let tag = text.split_off(text.len().checked_sub(TAG)?);
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Some(format!("{header}.{}.{}.{}.{}", part(&wrapped), part(&iv), part(&text), part(&tag)))
    }

    pub fn open(&self, message: &str) -> Option<Value> {
        let mut parts = message.split('.');
        let header = parts.next()?;
        let mut part = || URL_SAFE_NO_PAD.decode(parts.next()?).ok();
        let (wrapped, iv, mut text, tag) = (part()?, part()?, part()?, part()?);
        let read: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if read["alg"] != "RSA-OAEP" || read["enc"] != "A256GCM" || parts.next().is_some() {
            return None;
        }
        let mut room = vec![0; self.private.min_output_size()];
        let key = self.private.decrypt(&OAEP_SHA1_MGF1SHA1, &wrapped, &mut room, None).ok()?;
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        text.extend_from_slice(&tag);
        let nonce = Nonce::try_assume_unique_for_key(&iv).ok()?;
        let content = cipher.open_in_place(nonce, Aad::from(header.as_bytes()), &mut text).ok()?;
        serde_json::from_slice(content).ok()
    }
}
