use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use jsonwebtoken::EncodingKey;
use serde_json::json;

use super::*;
use crate::identity::testing::InMemory;

const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";
const OWN: &str = "did:nuts:Maasda1";
const DID: &str = "did:nuts:De1inde";
const URA: &str = "90000901";

/// A partner with a key in its document, and whoever verifies its grants.
struct World {
    grants: V5Grants,
    used: Arc<dyn UsedOnce>,
    key: rcgen::KeyPair,
    now: OffsetDateTime,
}

fn config() -> V5PartnerConfig {
    V5PartnerConfig {
        did: DID.to_owned(),
        document_file: "delinde.json".into(),
        purposes: BTreeMap::from([("eOverdracht-receiver".to_owned(), UseCaseId::parse("bgz").unwrap())]),
    }
}

/// As RFC003, section 4.1.1 has it.
fn document(key: &rcgen::KeyPair, relation: &str) -> Vec<u8> {
    let (x, y) = key.public_key_raw()[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
    let method = json!({"id": format!("{DID}#k"), "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk});
    json!({"@context": ["https://www.w3.org/ns/did/v1"], "id": DID, "verificationMethod": [method],
        relation: [format!("{DID}#k")]})
    .to_string()
    .into_bytes()
}

impl World {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let grants = V5Grants::new(OWN.to_owned(), ENDPOINT.to_owned());
        let grants = grants.with(Ura::parse(URA).unwrap(), &config(), &document(&key, "assertionMethod")).unwrap();
        World { grants, used: InMemory::with_share(100), key, now: OffsetDateTime::now_utc() }
    }

    fn header() -> Value {
        json!({"typ": "JWT", "alg": "ES256", "kid": format!("{DID}#k")})
    }

    fn claims(&self) -> Value {
        let now = self.now.unix_timestamp();
        json!({"iss": DID, "sub": OWN, "aud": ENDPOINT, "purposeOfUse": "eOverdracht-receiver", "iat": now,
            "exp": now + 5})
    }

    fn sign(header: &Value, claims: &Value, key: &rcgen::KeyPair) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let key = EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).unwrap();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    fn ask(&self, assertion: &str, ura: &str) -> Result<UseCaseId, V5Fault> {
        let organisation = Ura::parse(ura).unwrap();
        self.grants.verify(assertion, &organisation, &self.used, self.now).now_or_never().unwrap()
    }
}

#[test]
fn a_grant_is_for_the_use_case_of_its_purpose_and_counts_once() {
    let world = World::new();
    let assertion = World::sign(&World::header(), &world.claims(), &world.key);
    assert_eq!(world.ask(&assertion, URA).unwrap().as_str(), "bgz");
    assert_eq!(world.ask(&assertion, URA), Err(V5Fault::Replayed));
    // The same statement, signed again: the signature is another, the grant is not.
    let again = World::sign(&World::header(), &world.claims(), &world.key);
    assert_ne!(again, assertion);
    assert_eq!(world.ask(&again, URA), Err(V5Fault::Replayed));
    assert_eq!(world.ask(&assertion, "90000902"), Err(V5Fault::Requester), "a partner that has no such grant");
}

#[test]
fn every_claim_is_looked_at_and_what_cannot_be_verified_is_refused() {
    use V5Fault::*;
    type Change = fn(&mut Value, &mut Value, i64);
    let cases: Vec<(&str, Change, Option<V5Fault>)> = vec![
        ("as it should be", |_, _, _| {}, None),
        ("no credentials, said so", |_, claims, _| claims["vcs"] = json!([]), None),
        ("no user, said so", |_, claims, _| claims["usi"] = json!(""), None),
        ("a clock that is ahead by 5 s", |_, claims, now| shift(claims, now + 5, 5), None),
        ("a clock that is ahead by 6 s", |_, claims, now| shift(claims, now + 6, 5), Some(Times)),
        ("expired 5 s ago", |_, claims, now| shift(claims, now - 10, 5), None),
        ("expired 6 s ago", |_, claims, now| shift(claims, now - 11, 5), Some(Times)),
        ("a life of 6 s", |_, claims, now| shift(claims, now, 6), Some(Times)),
        ("a life of nothing", |_, claims, now| shift(claims, now, 0), Some(Times)),
        ("no iat", |_, claims, _| claims["iat"] = Value::Null, Some(Malformed)),
        ("an authorization credential", |_, claims, _| claims["vcs"] = json!([{"type": "x"}]), Some(Credentials)),
        ("a credential that is no list", |_, claims, _| claims["vcs"] = json!("x"), Some(Credentials)),
        ("a user's contract", |_, claims, _| claims["usi"] = json!("eyJ"), Some(User)),
        ("another signature", |_, claims, _| claims["osi"] = json!({"a": 1}), Some(User)),
        ("another purpose", |_, claims, _| claims["purposeOfUse"] = json!("eOverdracht-sender"), Some(Purpose)),
        ("no purpose", |_, claims, _| claims["purposeOfUse"] = Value::Null, Some(Malformed)),
        ("another requester", |_, claims, _| claims["iss"] = json!("did:nuts:x"), Some(Requester)),
        ("another authorizer", |_, claims, _| claims["sub"] = json!(DID), Some(Authorizer)),
        ("another audience", |_, claims, _| claims["aud"] = json!("https://x.example"), Some(Audience)),
        ("two audiences", |_, claims, _| claims["aud"] = json!([ENDPOINT, "x"]), Some(Audience)),
        ("another's kid", |header, _, _| header["kid"] = json!("did:nuts:x#k"), Some(Requester)),
        ("no kid", |header, _, _| header["kid"] = Value::Null, Some(Requester)),
        ("a kid that is not there", |header, _, _| header["kid"] = json!(format!("{DID}#x")), Some(Signature)),
        ("no type", |header, _, _| header["typ"] = Value::Null, Some(Malformed)),
        ("critical", |header, _, _| header["crit"] = json!(["b64"]), Some(Malformed)),
        ("none", |header, _, _| header["alg"] = json!("none"), Some(Signature)),
        ("a secret's algorithm", |header, _, _| header["alg"] = json!("HS256"), Some(Signature)),
    ];
    for (case, change, fault) in cases {
        let world = World::new();
        let (mut header, mut claims) = (World::header(), world.claims());
        change(&mut header, &mut claims, world.now.unix_timestamp());
        let asked = world.ask(&World::sign(&header, &claims, &world.key), URA);
        assert_eq!(asked.err(), fault, "{case}");
    }
    let world = World::new();
    let stranger = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let forged = World::sign(&World::header(), &world.claims(), &stranger);
    assert_eq!(world.ask(&forged, URA), Err(Signature));
    assert_eq!(world.ask(&"a".repeat(MAX_GRANT + 1), URA), Err(TooLarge));
    assert_eq!(world.ask("a.b", URA), Err(Malformed));
}

#[test]
fn what_cannot_be_remembered_is_not_taken() {
    for (used, fault) in [(InMemory::with_share(0), V5Fault::TooMany), (InMemory::broken(), V5Fault::NotRemembered)] {
        let world = World { used, ..World::new() };
        let assertion = World::sign(&World::header(), &world.claims(), &world.key);
        assert_eq!(world.ask(&assertion, URA), Err(fault));
    }
}

#[test]
fn a_document_without_a_key_for_assertions_or_of_another_is_no_configuration() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let good = document(&key, "assertionMethod");
    let open = |config: &V5PartnerConfig, document: &[u8]| {
        V5Grants::new(OWN.to_owned(), ENDPOINT.to_owned()).with(Ura::parse(URA).unwrap(), config, document).is_ok()
    };
    assert!(open(&config(), &good));
    assert!(!open(&config(), &document(&key, "authentication")), "a key for something else");
    assert!(!open(&config(), b"{}"));
    assert!(!open(&V5PartnerConfig { did: "did:nuts:x".to_owned(), ..config() }, &good));
    assert!(!open(&V5PartnerConfig { did: "did:web:x".to_owned(), ..config() }, &good));
    assert!(!open(&V5PartnerConfig { purposes: BTreeMap::new(), ..config() }, &good));
}

fn shift(claims: &mut Value, from: i64, life: i64) {
    claims["iat"] = json!(from);
    claims["exp"] = json!(from + life);
}
