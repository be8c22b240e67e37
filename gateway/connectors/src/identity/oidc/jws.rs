//! Signed statements of others: JWS compact serialisation (RFC 7515), RS256 and nothing else.
//!
//! The key comes from a key set that we asked for; a key in the message itself counts for nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};

/// A message longer than this is not read, in characters.
const LONGEST: usize = 48 * 1024;
/// Longest names that are looked up.
const LONGEST_NAME: usize = 512;
/// The shortest RSA modulus that counts, in bytes.
const SHORTEST_MODULUS: usize = 256;
/// The longest; a longer one would only cost time.
const LONGEST_MODULUS: usize = 1024;

/// A message that is written as one should be. Nothing in it is believed yet.
#[derive(Debug)]
pub(in crate::identity) struct Jws<'m> {
    pub(in crate::identity) kid: String,
    /// Where the signer says that its keys are (`jku`).
    pub(in crate::identity) key_set: Option<String>,
    signed: &'m str,
    payload: &'m str,
    signature: &'m str,
}

/// It is no RS256 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identity) struct NotAJws;

/// One RSA key of a key set (RFC 7517).
#[derive(Clone)]
pub(in crate::identity) struct SigningKey(DecodingKey);

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    jku: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// A key as it stands in a key set.
#[derive(Deserialize)]
pub(in crate::identity) struct Jwk {
    kty: String,
    pub(in crate::identity) kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    /// The key, if it is an RSA key for RS256 of a good size.
    pub(in crate::identity) fn signing_key(&self) -> Option<SigningKey> {
        let suits = self.kty == "RSA"
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == "RS256");
        let (n, e) = (self.n.as_deref()?, self.e.as_deref()?);
        let modulus = URL_SAFE_NO_PAD.decode(n).ok()?;
        if !suits || !(SHORTEST_MODULUS..=LONGEST_MODULUS).contains(&modulus.len()) || modulus.first() == Some(&0) {
            return None;
        }
        DecodingKey::from_rsa_components(n, e).ok().map(SigningKey)
    }
}

impl<'m> Jws<'m> {
    pub(in crate::identity) fn read(message: &'m str) -> Result<Self, NotAJws> {
        Self::read_within(message, LONGEST)
    }

    /// The same of a message that may be longer.
    pub(in crate::identity) fn read_within(message: &'m str, longest: usize) -> Result<Self, NotAJws> {
        if message.len() > longest {
            return Err(NotAJws);
        }
        let (signed, signature) = message.rsplit_once('.').ok_or(NotAJws)?;
        let (header, payload) = signed.split_once('.').ok_or(NotAJws)?;
        if payload.contains('.') {
            return Err(NotAJws);
        }
        let header: Header = object(header).ok_or(NotAJws)?;
        let kid = header.kid.filter(|kid| (1..=LONGEST_NAME).contains(&kid.len())).ok_or(NotAJws)?;
        let jku_is_short = header.jku.as_ref().is_none_or(|jku| jku.len() <= LONGEST_NAME);
        if header.alg != "RS256" || header.crit || !jku_is_short {
            return Err(NotAJws);
        }
        Ok(Jws { kid, key_set: header.jku, signed, payload, signature })
    }

    /// The claims, if this key signed them.
    pub(in crate::identity) fn claims<T: DeserializeOwned>(&self, key: &SigningKey) -> Option<T> {
        let good = jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), &key.0, Algorithm::RS256);
        if good.unwrap_or(false) { object(self.payload) } else { None }
    }
}

/// One part as a JSON object. A member that is known here comes once.
fn object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    // A struct would be read from an array too.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn message(header: &Value) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode("{}"), "AAAA")
    }

    #[test]
    fn only_rs256_with_a_named_key_and_no_extension_is_read() {
        let good = json!({"alg": "RS256", "kid": "k", "jku": "https://a.example/keys", "jwk": {"kty": "oct"}, "x5u": "https://evil.example"});
        let text = message(&good);
        let read = Jws::read(&text).unwrap();
        assert_eq!((read.kid.as_str(), read.key_set.as_deref()), ("k", Some("https://a.example/keys")));
        let long = "x".repeat(LONGEST_NAME + 1);
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("rs256")),
            ("alg", json!("PS256")),
            ("alg", Value::Null),
            ("kid", json!("")),
            ("kid", json!(long)),
            ("kid", Value::Null),
            ("kid", json!(["k"])),
            ("jku", json!(long)),
            ("crit", json!(["exp"])),
            ("crit", Value::Null),
        ] {
            let mut header = good.clone();
            header[name] = value.clone();
            assert_eq!(Jws::read(&message(&header)).err(), Some(NotAJws), "{name} {value}");
        }
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","alg":"none","kid":"k"}"#);
        let array = URL_SAFE_NO_PAD.encode(r#"["RS256","k",null,false]"#);
        let padded = format!("{}=", URL_SAFE_NO_PAD.encode(good.to_string()));
        for header in [twice, array, padded] {
            assert_eq!(Jws::read(&format!("{header}.e30.AAAA")).err(), Some(NotAJws));
        }
        for whole in ["", ".", "..", "a.b", &format!("{text}.x"), &"a".repeat(LONGEST + 1)] {
            assert_eq!(Jws::read(whole).err(), Some(NotAJws), "{whole:.20}");
        }
    }

    #[test]
    fn only_rsa_keys_of_a_good_size_that_may_sign_are_used() {
        let key = |changes: &[(&str, Value)]| {
            let modulus = URL_SAFE_NO_PAD.encode([0xd5; 256]);
            let mut jwk = json!({"kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB"});
            for (name, value) in changes {
                jwk[*name] = value.clone();
            }
            serde_json::from_value::<Jwk>(jwk).ok().and_then(|jwk| jwk.signing_key()).is_some()
        };
        assert!(key(&[]) && key(&[("use", Value::Null), ("alg", Value::Null)]));
        for (name, value) in [
            ("kty", json!("oct")),
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("n", json!(URL_SAFE_NO_PAD.encode([0xd5; 128]))),
            ("n", json!(URL_SAFE_NO_PAD.encode([0xd5; 1025]))),
            ("n", json!("not base64url!")),
            ("n", Value::Null),
            ("e", Value::Null),
        ] {
            assert!(!key(&[(name, value.clone())]), "{name} {value}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(message in "[A-Za-z0-9_.=-]{0,200}") {
            let _ = Jws::read(&message);
        }
    }
}
