use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::identity::NodeKey;
use crate::identity::oauth::assertion::{Statement, sign};
use crate::identity::testing::{InMemory, KeyType, TestCertificate};

const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";
const NOW: i64 = 1_790_000_000;

/// The client of these tests: its certificate as the TLS layer shows it, and its key.
struct Client {
    made: TestCertificate,
    certificate: Certificate,
    key: NodeKey,
}

impl Client {
    fn new(ura: &str, kind: KeyType) -> Self {
        let made = TestCertificate::new(ura, kind);
        Client { certificate: made.read(), key: made.node_key(), made }
    }

    fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": format!("{:?}", self.key.algorithm()), "kid": self.key.thumbprint().to_string()})
    }

    fn claims(&self) -> Value {
        json!({
            "iss": "90000901", "sub": "90000901", "aud": ENDPOINT, "iat": NOW, "exp": NOW + 60, "jti": "one",
            "cnf": {"x5t#S256": self.key.thumbprint().to_string()},
            "user": {"id": "000012345", "name": "J. de Vries", "role": "01.015"},
            "patient": "999911120",
            "treatment_relation": {"kind": "provider-list", "reference": "afspraak-17"},
            "something": "else"
        })
    }

    fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(message.as_bytes()).unwrap();
        format!("{message}.{signature}")
    }
}

static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::new("90000901", KeyType::P256));

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}

fn verify(assertion: &str) -> Result<Asserted, AssertionFault> {
    AssertionVerifier::new(ENDPOINT.to_owned(), InMemory::with_share(100))
        .verify(assertion, &CLIENT.certificate, now())
        .now_or_never()
        .unwrap()
}

/// The good claims with one member set, or taken out by `null` as a text.
fn with(mut object: Value, member: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value == json!("(absent)") {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    object
}

#[test]
fn what_we_sign_is_believed_with_every_kind_of_key() {
    let (person, patient) = (
        Person { id: "000012345".to_owned(), name: None, role: "01.015".to_owned() },
        Bsn::parse("999911120").unwrap(),
    );
    let relation =
        TreatmentRelation { kind: "provider-list".to_owned(), reference: "afspraak-17".to_owned(), age_days: None };
    for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa] {
        let client = Client::new("90000901", kind);
        let statement = Statement {
            audience: ENDPOINT,
            person: Some(&person),
            patient: Some(&patient),
            treatment_relation: Some(&relation),
            ..Statement::default()
        };
        let assertion = sign(&client.key, &statement, now()).unwrap();
        let verifier = AssertionVerifier::new(ENDPOINT.to_owned(), InMemory::with_share(100));
        let asserted = verifier.verify(assertion.reveal(), &client.certificate, now()).now_or_never().unwrap().unwrap();
        assert_eq!(asserted.client.as_str(), "90000901");
        assert_eq!(asserted.person.as_ref(), Some(&person));
        assert_eq!(asserted.patient.as_ref(), Some(&patient));
        let relation = asserted.treatment_relation.unwrap();
        assert_eq!(
            (relation.kind.as_str(), relation.reference.as_str()),
            ("asserted-by-data-user", "provider-list:afspraak-17")
        );
        let again = verifier.verify(assertion.reveal(), &client.certificate, now()).now_or_never().unwrap();
        assert_eq!(again.unwrap_err(), AssertionFault::Replayed, "ATT-67: {kind:?}");
    }
}

#[test]
fn a_statement_of_only_the_organisation_is_believed() {
    let statement = Statement { audience: ENDPOINT, ..Statement::default() };
    let asserted = verify(sign(&CLIENT.key, &statement, now()).unwrap().reveal()).unwrap();
    assert!(asserted.person.is_none() && asserted.patient.is_none() && asserted.treatment_relation.is_none());
}

#[test]
fn claims_are_believed_as_they_stand_and_refused_with_one_of_them_wrong() {
    use AssertionFault::*;
    let absent = || json!("(absent)");
    let cases: Vec<(&str, &str, Value, Option<AssertionFault>)> = vec![
        ("unknown extra claims", "extra", json!({"deep": [1]}), None),
        ("audience in an array of one", "aud", json!([ENDPOINT]), None),
        ("no confirmation", "cnf", absent(), None),
        ("no user", "user", absent(), None),
        ("a relation with no patient in particular", "patient", absent(), Some(TreatmentRelation)),
        ("no treatment relation", "treatment_relation", absent(), None),
        ("a clock 5 s ahead", "iat", json!(NOW + 5), None),
        ("exactly 5 minutes of life", "exp", json!(NOW + 300), None),
        ("the last second of life", "exp", json!(NOW + 1), None),
        ("nbf now", "nbf", json!(NOW), None),
        ("128 characters of jti", "jti", json!("a".repeat(128)), None),
        // ATT-58
        ("expired an hour ago", "exp", json!(NOW - 3600), Some(Expired)),
        ("expired this second", "exp", json!(NOW), Some(Expired)),
        ("no exp", "exp", absent(), Some(Malformed)),
        ("exp as text", "exp", json!((NOW + 60).to_string()), Some(Malformed)),
        ("negative exp", "exp", json!(-1), Some(Expired)),
        ("huge exp", "exp", json!(9_000_000_000_000_000_000_i64), Some(LivesTooLong)),
        ("exp over every bound", "exp", json!(u64::MAX), Some(Malformed)),
        ("exp as a fraction", "exp", json!(1_790_000_060.5), Some(Malformed)),
        ("a life of 301 s", "exp", json!(NOW + 301), Some(LivesTooLong)),
        ("iat 6 s ahead", "iat", json!(NOW + 6), Some(NotYet)),
        ("iat long ago", "iat", json!(NOW - 241), Some(LivesTooLong)),
        ("iat before all time", "iat", json!(i64::MIN), Some(LivesTooLong)),
        ("no iat", "iat", absent(), Some(Malformed)),
        ("nbf in the future", "nbf", json!(NOW + 6), Some(NotYet)),
        // ATT-59, ATT-67
        ("no audience", "aud", absent(), Some(Malformed)),
        ("another service", "aud", json!("https://delinde.example.nl/oauth/token"), Some(Audience)),
        ("ours and another", "aud", json!([ENDPOINT, "https://evil.example"]), Some(Audience)),
        ("ours twice", "aud", json!([ENDPOINT, ENDPOINT]), Some(Audience)),
        ("an empty array", "aud", json!([]), Some(Audience)),
        ("ours as a prefix", "aud", json!(format!("{ENDPOINT}.evil")), Some(Audience)),
        ("a trailing slash", "aud", json!(format!("{ENDPOINT}/")), Some(Audience)),
        ("other case", "aud", json!(ENDPOINT.to_uppercase()), Some(Audience)),
        ("another issuer", "iss", json!("90000902"), Some(Client)),
        ("another subject", "sub", json!("90000902"), Some(Client)),
        ("no subject", "sub", absent(), Some(Malformed)),
        ("no jti", "jti", absent(), Some(Malformed)),
        ("empty jti", "jti", json!(""), Some(Identifier)),
        ("129 characters of jti", "jti", json!("a".repeat(129)), Some(Identifier)),
        ("another certificate confirmed", "cnf", json!({"x5t#S256": "AAAA"}), Some(Confirmation)),
        ("a confirmation of another kind", "cnf", json!({"jkt": "AAAA"}), Some(Malformed)),
        ("a BSN that fails the eleven-test", "patient", json!("999911121"), Some(Patient)),
        ("a BSN as a number", "patient", json!(999_911_120), Some(Malformed)),
        ("a user without role", "user", json!({"id": "1"}), Some(Malformed)),
        ("a user with an empty id", "user", json!({"id": "", "role": "01.015"}), Some(User)),
        ("a line break in an id", "user", json!({"id": "1\n2", "role": "01.015"}), Some(User)),
        ("a role with a blank", "user", json!({"id": "1", "role": "01 015"}), Some(User)),
        ("an endless name", "user", json!({"id": "1", "role": "01.015", "name": "a".repeat(201)}), Some(User)),
        ("a relation without kind", "treatment_relation", json!({"reference": "1"}), Some(Malformed)),
        ("a relation of no kind", "treatment_relation", json!({"kind": "", "reference": "1"}), Some(TreatmentRelation)),
        (
            "a relation that tells the BSN",
            "treatment_relation",
            json!({"kind": "provider-list", "reference": "bsn 999911120"}),
            Some(TreatmentRelation),
        ),
    ];
    for (case, member, value, expected) in cases {
        let claims = with(CLIENT.claims(), member, value);
        let assertion = CLIENT.signed(&CLIENT.header().to_string(), &claims.to_string());
        assert_eq!(verify(&assertion).err(), expected, "{case}");
    }
}

#[test]
fn a_header_that_is_not_ours_to_trust_is_refused() {
    use AssertionFault::*;
    let absent = || json!("(absent)");
    let cases: Vec<(&str, &str, Value, Option<AssertionFault>)> = vec![
        ("the explicit type", "typ", json!("client-authentication+jwt"), None),
        ("a key that it brings along", "jwk", json!({"kty": "EC"}), None),
        // ATT-53, and no signature at all
        ("a symmetric algorithm", "alg", json!("HS256"), Some(Algorithm)),
        ("no algorithm", "alg", json!("none"), Some(Algorithm)),
        ("another spelling", "alg", json!("es256"), Some(Algorithm)),
        ("the algorithm of another key", "alg", json!("ES384"), Some(Algorithm)),
        ("the algorithm of another kind of key", "alg", json!("PS256"), Some(Algorithm)),
        ("PKCS#1 v1.5", "alg", json!("RS256"), Some(Algorithm)),
        ("alg absent", "alg", absent(), Some(Malformed)),
        // ATT-55
        ("kid absent", "kid", absent(), Some(KeyId)),
        ("kid a path", "kid", json!("../../../../dev/null"), Some(KeyId)),
        ("kid a query", "kid", json!("' UNION SELECT 'x"), Some(KeyId)),
        ("kid a command", "kid", json!("| sleep 5"), Some(KeyId)),
        ("kid with a NUL", "kid", json!("\u{0}"), Some(KeyId)),
        ("kid of 64 KiB", "kid", json!("a".repeat(65_536)), Some(TooLarge)),
        // ATT-57
        ("critical exp", "crit", json!(["exp"]), Some(Critical)),
        ("critical unknown", "crit", json!(["http://example.com/x"]), Some(Critical)),
        ("critical nothing", "crit", Value::Null, Some(Critical)),
        // ATT-61
        ("an access token", "typ", json!("at+jwt"), Some(Type)),
        ("a logout token", "typ", json!("logout+jwt"), Some(Type)),
        ("a proof of possession", "typ", json!("dpop+jwt"), Some(Type)),
        ("no type", "typ", absent(), Some(Type)),
    ];
    for (case, member, value, expected) in cases {
        let header = with(CLIENT.header(), member, value);
        let assertion = CLIENT.signed(&header.to_string(), &CLIENT.claims().to_string());
        assert_eq!(verify(&assertion).err(), expected, "{case}");
    }
}

#[test]
fn another_client_cannot_use_it() {
    // ATT-54: right organisation, other certificate; its kid claimed; and another organisation altogether.
    let twin = Client::new("90000901", KeyType::P256);
    let by_twin = twin.signed(&twin.header().to_string(), &twin.claims().to_string());
    assert_eq!(verify(&by_twin).unwrap_err(), AssertionFault::KeyId);
    let claimed = twin.signed(&CLIENT.header().to_string(), &CLIENT.claims().to_string());
    assert_eq!(verify(&claimed).unwrap_err(), AssertionFault::Signature);
    let stranger = Client::new("90000902", KeyType::P256);
    let posing = stranger.signed(&stranger.header().to_string(), &stranger.claims().to_string());
    let verifier = AssertionVerifier::new(ENDPOINT.to_owned(), InMemory::with_share(100));
    assert_eq!(
        verifier.verify(&posing, &stranger.certificate, now()).now_or_never().unwrap().unwrap_err(),
        AssertionFault::Client
    );
    let nobody = TestCertificate::with_names(&[], KeyType::P256);
    assert!(matches!(NodeKey::new(&nobody.der, nobody.key_pem.as_bytes()), Err(crate::identity::NodeKeyFault::NoUra)));
}

#[test]
fn the_public_key_is_no_shared_secret() {
    // ATT-53: HMAC with what everybody knows of the key.
    let header = with(CLIENT.header(), "alg", json!("HS256")).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(CLIENT.claims().to_string()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &CLIENT.made.der);
    let signature = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, message.as_bytes()));
    assert_eq!(verify(&format!("{message}.{signature}")).unwrap_err(), AssertionFault::Algorithm);
}

#[test]
fn a_signature_in_another_form_is_refused() {
    // ATT-65
    let good = CLIENT.signed(&CLIENT.header().to_string(), &CLIENT.claims().to_string());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let der: Vec<u8> = {
        let integer = |half: &[u8]| {
            let mut body = half.to_vec();
            if body.first().is_some_and(|first| first & 0x80 != 0) {
                body.insert(0, 0);
            }
            [vec![2, body.len() as u8], body].concat()
        };
        let both = [integer(&bytes[..32]), integer(&bytes[32..])].concat();
        [vec![0x30, both.len() as u8], both].concat()
    };
    // Bytes that need the characters in which the two alphabets differ.
    let plain_alphabet = STANDARD.encode([&bytes[..], &[0xfb, 0xff]].concat());
    for (case, assertion) in [
        ("padding", format!("{good}=")),
        ("two signs of padding", format!("{good}==")),
        ("one part more", format!("{good}.")),
        ("a part in front", format!(".{good}")),
        ("a blank inside", format!("{message}. {signature}")),
        ("a line break behind", format!("{good}\n")),
        ("the other alphabet", format!("{message}.{plain_alphabet}")),
        ("zero for both halves", format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ("DER", format!("{message}.{}", URL_SAFE_NO_PAD.encode(der))),
        ("half a signature", format!("{message}.{}", URL_SAFE_NO_PAD.encode(&bytes[..32]))),
        ("none", format!("{message}.")),
        ("none, not even the dot", message.to_owned()),
        ("no claims", message.split_once('.').unwrap().0.to_owned()),
        ("nothing", String::new()),
        ("dots", "...".to_owned()),
    ] {
        let fault = verify(&assertion).err();
        assert!(matches!(fault, Some(AssertionFault::Signature | AssertionFault::Malformed)), "{case}: {fault:?}");
    }
    assert!(verify(&good).is_ok());
}

#[test]
fn members_that_come_twice_and_arrays_for_objects_are_refused() {
    let (header, claims) = (CLIENT.header().to_string(), CLIENT.claims().to_string());
    let twice = claims.replacen('{', r#"{"sub":"90000901","#, 1);
    let header_twice = header.replacen('{', r#"{"alg":"ES256","#, 1);
    for (case, header, claims) in [
        ("a claim twice", header.as_str(), twice.as_str()),
        ("a header parameter twice", header_twice.as_str(), claims.as_str()),
        ("an array as header", r#"["JWT","ES256","x"]"#, claims.as_str()),
        ("an array as claims", header.as_str(), "[1]"),
        ("no JSON", header.as_str(), "claims"),
        ("text behind", header.as_str(), &format!("{claims}x")),
    ] {
        assert_eq!(verify(&CLIENT.signed(header, claims)).err(), Some(AssertionFault::Malformed), "{case}");
    }
}

#[test]
fn a_refused_assertion_takes_no_room_and_leaves_its_identifier_free() {
    let verifier = AssertionVerifier::new(ENDPOINT.to_owned(), InMemory::with_share(100));
    let header = CLIENT.header().to_string();
    let wrong = CLIENT.signed(&header, &with(CLIENT.claims(), "patient", json!("1")).to_string());
    let right = CLIENT.signed(&header, &CLIENT.claims().to_string());
    assert!(verifier.verify(&wrong, &CLIENT.certificate, now()).now_or_never().unwrap().is_err());
    assert!(verifier.verify(&right, &CLIENT.certificate, now()).now_or_never().unwrap().is_ok());
}

#[test]
fn an_assertion_is_refused_when_it_cannot_be_remembered() {
    let right = CLIENT.signed(&CLIENT.header().to_string(), &CLIENT.claims().to_string());
    for (used, fault) in
        [(InMemory::with_share(0), AssertionFault::TooMany), (InMemory::broken(), AssertionFault::NotRemembered)]
    {
        let verifier = AssertionVerifier::new(ENDPOINT.to_owned(), used);
        let said = verifier.verify(&right, &CLIENT.certificate, now()).now_or_never().unwrap();
        assert_eq!(said.unwrap_err(), fault);
    }
}

proptest! {
    #[test]
    fn any_single_byte_changed_is_refused(place in any::<prop::sample::Index>(), byte in 0u8..128) {
        static GOOD: LazyLock<String> =
            LazyLock::new(|| CLIENT.signed(&CLIENT.header().to_string(), &CLIENT.claims().to_string()));
        let mut bytes = GOOD.clone().into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        prop_assert!(verify(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn any_text_is_answered_without_panic(text in "[ -~]{0,200}(\\.[A-Za-z0-9_-]{0,40}){0,3}") {
        prop_assert!(verify(&text).is_err());
    }
}
