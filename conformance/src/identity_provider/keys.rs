//! The keys of the provider, and messages encrypted to its clients (RFC 7516; RFC 7518, 4.3 and 5.2.5).

use std::io;

use aws_lc_rs::cipher::{AES_256, DecryptionContext, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

/// The public key of somebody who receives messages (SubjectPublicKeyInfo, DER).
#[derive(Clone)]
pub struct MessageKey(Vec<u8>);

/// A new RSA key to receive messages with: the private half as PKCS#8 in PEM, and the public one.
///
/// # Errors
/// The cryptography fails.
pub fn decryption_key() -> io::Result<(String, MessageKey)> {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(failed)?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&private).map_err(failed)?;
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let (begin, end) = (["-----BEGIN ", "PRIVATE KEY-----"].concat(), ["-----END ", "PRIVATE KEY-----"].concat());
    let pem = format!("{begin}\n{}\n{end}\n", lines.join("\n"));
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(&private.public_key()).map_err(failed)?;
    Ok((pem, MessageKey(public.as_ref().to_vec())))
}

/// A key that signs, under a name.
pub(crate) struct Signer {
    kid: &'static str,
    key: EncodingKey,
    jwk: Value,
}

impl Signer {
    pub(crate) fn new(kid: &'static str) -> io::Result<Self> {
        let pem = KeyPair::generate_for(&PKCS_RSA_SHA256).map_err(io::Error::other)?.serialize_pem();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(io::Error::other)?;
        let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).map_err(io::Error::other)?;
        let AlgorithmParameters::RSA(rsa) = jwk.algorithm else { return Err(io::Error::other("no RSA key")) };
        let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": rsa.n, "e": rsa.e});
        Ok(Signer { kid, key, jwk })
    }

    /// As it stands in a key set.
    pub(crate) fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// Claims under this key's name, signed with a secret (HS256).
    pub(crate) fn sign_with_secret(&self, secret: &[u8], claims: &Value, key_set: &str) -> Option<String> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.kid.to_owned());
        header.jku = Some(key_set.to_owned());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).ok()
    }

    /// Signs claims, under this key's name or under another's.
    pub(crate) fn sign(&self, claims: &Value, named: &Signer, key_set: Option<&str>) -> Option<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(named.kid.to_owned());
        header.jku = key_set.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.key).ok()
    }
}

impl MessageKey {
    /// In PEM.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.0);
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// Encrypts with RSA-OAEP and A256CBC-HS512.
    pub(super) fn encrypt(&self, content: &[u8]) -> Option<String> {
        let mut key = [0_u8; 64];
        rand::fill(&mut key).ok()?;
        let public = PublicEncryptingKey::from_der(&self.0).ok()?;
        let public = OaepPublicEncryptingKey::new(public).ok()?;
        let mut wrapped = vec![0; public.ciphertext_size()];
        let wrapped = public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut wrapped, None).ok()?;
        let (mac, cipher) = key.split_at(32);
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, cipher).ok()?).ok()?;
        let mut text = content.to_vec();
        let mut iv = [0_u8; 16];
        rand::fill(&mut iv).ok()?;
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        let DecryptionContext::Iv128(_) = cipher.less_safe_encrypt(&mut text, context).ok()? else { return None };
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256CBC-HS512","cty":"JWT"}"#);
        let bits = (u64::try_from(header.len()).ok()? * 8).to_be_bytes();
        let mut tag = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, mac));
        for part in [header.as_bytes(), &iv, &text, &bits] {
            tag.update(part);
        }
        let tag = tag.sign();
        let parts: [&[u8]; 4] = [wrapped, &iv, &text, tag.as_ref().get(..32)?];
        let parts = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
        Some(format!("{header}.{}", parts.join(".")))
    }
}

fn failed(_: aws_lc_rs::error::Unspecified) -> io::Error {
    io::Error::other("the cryptography failed")
}
