use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::proof::Proof;
use super::*;

const NOW: i64 = 1_790_000_000;
const URL: &str = "https://maasdal.example.nl/fhir/r4/Condition";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

fn verify(proof: &str, expected: &Expected<'_>) -> Result<Proof, ProofFault> {
    ProofVerifier::default().verify(&[proof.to_owned()], expected)
}

fn expected<'a>() -> Expected<'a> {
    Expected { method: "GET", url: URL, token: Some(TOKEN), now: NOW }
}

/// RFC 9449, figure 2: a proof for a token request.
const AT_TOKEN_ENDPOINT: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// RFC 9449, figure 12: a proof at a resource.
const AT_RESOURCE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

#[test]
fn the_proofs_of_the_rfc_are_accepted_for_what_they_speak_of_and_for_nothing_else() {
    let endpoint =
        Expected { method: "POST", url: "https://server.example.com/token", token: None, now: 1_562_262_620 };
    let resource = Expected {
        method: "GET",
        url: "https://resource.example.org/protectedresource",
        token: Some(TOKEN),
        now: 1_562_262_620,
    };
    for (proof, expected, jti) in
        [(AT_TOKEN_ENDPOINT, endpoint, "-BwC3ESc6acc2lTc"), (AT_RESOURCE, resource, "e1j3V_bKic8-LAEB")]
    {
        let read = verify(proof, &expected).unwrap();
        assert_eq!(read.jkt.to_string(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(read.jti, jti);
        for (fault, other) in [
            (ProofFault::Method, Expected { method: "PUT", ..expected }),
            (ProofFault::Target, Expected { url: "https://server.example.com/", ..expected }),
            (ProofFault::TokenHash, Expected { token: Some("other"), ..expected }),
            (ProofFault::Time, Expected { now: expected.now + WINDOW, ..expected }),
            (ProofFault::Time, Expected { now: expected.now - 10, ..expected }),
        ] {
            assert_eq!(verify(proof, &other), Err(fault));
        }
    }
}

#[test]
fn what_we_prove_is_accepted_once_in_itself_and_differs_each_time() {
    let key = ProofKey::fresh().unwrap();
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    let (one, other) =
        (key.prove("GET", URL, Some(TOKEN), now).unwrap(), key.prove("GET", URL, Some(TOKEN), now).unwrap());
    let (one, other) = (verify(&one, &expected()).unwrap(), verify(&other, &expected()).unwrap());
    assert_eq!(one.jkt, other.jkt);
    assert_ne!(one.jti, other.jti);
    let without = key.prove("GET", URL, None, now).unwrap();
    assert_eq!(verify(&without, &expected()), Err(ProofFault::TokenHash));
}

/// A key whose proofs can be made in any form.
struct Forger(EcdsaKeyPair);

impl Forger {
    fn new() -> Self {
        Forger(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()})
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims() -> Value {
    // fUHy… is RFC 9449's `ath` of the token above.
    json!({"jti": "one", "htm": "GET", "htu": URL, "iat": NOW, "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"})
}

fn with(mut object: Value, member: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(object.as_object_mut().unwrap().remove(member)),
        other => object[member] = other,
    }
    object
}

#[test]
fn every_claim_is_held_against_the_request() {
    use ProofFault::*;
    let forger = Forger::new();
    let cases: Vec<(&str, &str, Value, Option<ProofFault>)> = vec![
        ("as it should be", "jti", json!("one"), None),
        ("another member", "nonce", json!("x"), None),
        ("a query in htu", "htu", json!(format!("{URL}?code=1#x")), None),
        ("htu with its port", "htu", json!("https://maasdal.example.nl:443/fhir/r4/Condition"), None),
        (
            "htu in other case where it does not matter",
            "htu",
            json!("HTTPS://MAASDAL.example.nl/fhir/r4/Condition"),
            None,
        ),
        ("htu in other case where it does", "htu", json!("https://maasdal.example.nl/fhir/r4/condition"), Some(Target)),
        ("another scheme", "htu", json!("http://maasdal.example.nl/fhir/r4/Condition"), Some(Target)),
        ("another host", "htu", json!("https://maasdal.example.nl.evil.example/fhir/r4/Condition"), Some(Target)),
        ("another path", "htu", json!("https://maasdal.example.nl/fhir/r4/Patient"), Some(Target)),
        ("a slash more", "htu", json!(format!("{URL}/")), Some(Target)),
        ("the path alone", "htu", json!("/fhir/r4/Condition"), Some(Target)),
        ("no htu", "htu", Value::Null, Some(Malformed)),
        ("another method", "htm", json!("POST"), Some(Method)),
        ("the method in other case", "htm", json!("get"), Some(Method)),
        ("no method", "htm", Value::Null, Some(Malformed)),
        ("another token's hash", "ath", json!("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"), Some(TokenHash)),
        ("the hash with padding", "ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo="), Some(TokenHash)),
        ("no hash", "ath", Value::Null, Some(TokenHash)),
        ("at the end of the window", "iat", json!(NOW - WINDOW), None),
        ("too old", "iat", json!(NOW - WINDOW - 1), Some(Time)),
        ("a little ahead", "iat", json!(NOW + 5), None),
        ("too far ahead", "iat", json!(NOW + 6), Some(Time)),
        ("a text for a time", "iat", json!(NOW.to_string()), Some(Malformed)),
        ("a fraction for a time", "iat", json!(NOW as f64 + 0.5), Some(Malformed)),
        ("no time", "iat", Value::Null, Some(Malformed)),
        ("an empty identifier", "jti", json!(""), Some(Identifier)),
        ("a long identifier", "jti", json!("a".repeat(129)), Some(Identifier)),
        ("no identifier", "jti", Value::Null, Some(Malformed)),
        ("an enormous identifier", "jti", json!("a".repeat(5000)), Some(TooLarge)),
    ];
    for (case, member, value, fault) in cases {
        let proof = forger.signed(&forger.header(), &with(claims(), member, value));
        assert_eq!(verify(&proof, &expected()).err(), fault, "{case}");
    }
}

#[test]
fn a_header_that_could_mislead_is_refused() {
    use ProofFault::*;
    let forger = Forger::new();
    let stranger = Forger::new().jwk();
    let private = with(forger.jwk(), "d", json!("AA"));
    let cases: Vec<(&str, &str, Value, Option<ProofFault>)> = vec![
        ("a plain JWT", "typ", json!("JWT"), Some(Type)),
        ("no type", "typ", Value::Null, Some(Type)),
        ("the type in other case", "typ", json!("DPOP+JWT"), Some(Type)),
        ("no algorithm", "alg", Value::Null, Some(Malformed)),
        ("none", "alg", json!("none"), Some(Signature)),
        ("HS256", "alg", json!("HS256"), Some(Signature)),
        ("RS256", "alg", json!("RS256"), Some(Signature)),
        ("ES384 for a P-256 key", "alg", json!("ES384"), Some(Signature)),
        ("another key", "jwk", stranger, Some(Signature)),
        ("no key", "jwk", Value::Null, Some(Key)),
        ("a private key", "jwk", private, Some(Key)),
        ("a symmetric key", "jwk", json!({"kty": "oct", "k": "c2VjcmV0"}), Some(Key)),
        ("a key elsewhere", "jku", json!("https://evil.example/keys"), None),
        ("critical", "crit", json!(["b64"]), Some(Critical)),
    ];
    for (case, member, value, fault) in cases {
        let proof = forger.signed(&with(forger.header(), member, value), &claims());
        assert_eq!(verify(&proof, &expected()).err(), fault, "{case}");
    }
    let symmetric =
        json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": URL_SAFE_NO_PAD.encode("secret")}});
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(symmetric.to_string()), URL_SAFE_NO_PAD.encode(claims().to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), message.as_bytes());
    let proof = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
    assert_eq!(verify(&proof, &expected()), Err(Key), "what everybody may sign proves nothing");
}

#[test]
fn exactly_one_proof_is_needed() {
    let forger = Forger::new();
    let good = forger.signed(&forger.header(), &claims());
    let verifier = ProofVerifier::default();
    assert_eq!(verifier.verify(&[], &expected()), Err(ProofFault::NotOne));
    assert_eq!(verifier.verify(&[good.clone(), good.clone()], &expected()), Err(ProofFault::NotOne));
    assert!(verifier.verify(std::slice::from_ref(&good), &expected()).is_ok());
    assert!(verifier.verify(&[good], &expected()).is_ok(), "the key is known now, and the answer the same");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_single_byte_changed_is_refused(place in any::<prop::sample::Index>(), byte in 0u8..128) {
        let forger = Forger::new();
        let mut bytes = forger.signed(&forger.header(), &claims()).into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        prop_assert!(verify(&String::from_utf8(bytes).unwrap(), &expected()).is_err());
    }

    #[test]
    fn any_text_is_answered_without_panic(text in "[ -~]{0,200}(\\.[A-Za-z0-9_-]{0,40}){0,3}") {
        prop_assert!(verify(&text, &expected()).is_err());
    }
}
