use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use exchange::ports::BoxFuture;
use flate2::Compression;
use flate2::write::GzEncoder;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use super::super::did_web::DidWebResolver;
use super::super::x509::X509Authorities;
use super::super::x509::tests::{Authority, Issued, OTHER_NAME, did};
use super::*;
use crate::http::{HttpSettings, Trust};
use crate::identity::vetting::{Part, Standing, Vet};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const OPERATOR: &str = "did:web:stelselhouder.example.nl";

/// Says of every certificate that it was revoked, or that it was not.
struct Says(Standing);

impl Vet for Says {
    fn vet<'a>(&'a self, _: Part, _: &'a [u8], _: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        Box::pin(std::future::ready(self.0))
    }
}

/// An operator that signs lists, and an organisation whose certificate does.
struct World {
    trust: CredentialTrust,
    operator: rcgen::KeyPair,
    authority: Authority,
    certificate: Issued,
    now: OffsetDateTime,
}

impl World {
    fn new(hosts: &[&str], standing: Standing) -> Self {
        let http =
            HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
        let operator = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let (x, y) = operator.public_key_raw()[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        let method = json!({"id": "#0", "type": "JsonWebKey2020", "controller": OPERATOR, "publicKeyJwk": jwk});
        let holders = DidWebResolver::new(http.clone(), true);
        holders.remember(OPERATOR, &json!({"id": OPERATOR, "assertionMethod": [method]}));
        let authority = Authority::new("UZI");
        let certificate = authority.issue(OTHER_NAME, "De Linde", 10);
        let trust = CredentialTrust {
            authorities: X509Authorities::new(std::slice::from_ref(&authority.der)).unwrap(),
            vets: Arc::new(Says(standing)),
            holders,
            lists: StatusLists::new(http, hosts.iter().map(|host| (*host).to_owned()).collect()),
        };
        World { trust, operator, authority, certificate, now: OffsetDateTime::now_utc() }
    }

    /// Header and claims of a good list, whose place 1 is set.
    fn list(&self) -> (Value, Value) {
        let now = self.now.unix_timestamp();
        let mut bits = vec![0_u8; 16 << 10];
        bits[0] = 0x40;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bits).unwrap();
        let encoded = format!("u{}", URL_SAFE_NO_PAD.encode(encoder.finish().unwrap()));
        let header = json!({"typ": "JWT", "alg": "ES256", "kid": format!("{OPERATOR}#0")});
        let claims = json!({"iss": OPERATOR, "nbf": now - 60, "exp": now + 60,
            "vc": {"@context": ["https://www.w3.org/2018/credentials/v1"],
                "type": ["VerifiableCredential", "BitstringStatusListCredential"],
                "credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation",
                    "encodedList": encoded}}});
        (header, claims)
    }

    async fn reads(&self, text: &str, issuer: &str) -> Result<StatusList, CredentialFault> {
        let place = Url::parse("https://status.example.nl/1").unwrap();
        StatusList::verify(text, &place, issuer, &self.trust, self.now).await
    }
}

fn signed((header, claims): &(Value, Value), key: &rcgen::KeyPair) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

fn entry(list: &Url, index: usize) -> StatusEntry {
    StatusEntry { list: list.clone(), index, purpose: Purpose::Revocation }
}

#[test]
fn only_a_status_that_is_understood_whole_is_one() {
    let good = json!({"id": "https://status.example.nl/1#7", "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation", "statusListIndex": "7", "statusListCredential": "https://status.example.nl/1"});
    let with = |member: &str, value: Value| {
        let mut changed = good.clone();
        changed[member] = value;
        changed
    };
    let list = Url::parse("https://status.example.nl/1").unwrap();
    assert_eq!(StatusEntry::read(&Value::Null), Ok(Vec::new()));
    assert_eq!(StatusEntry::read(&good), Ok(vec![entry(&list, 7)]));
    assert_eq!(StatusEntry::read(&with("type", json!("StatusList2021Entry"))), Ok(vec![entry(&list, 7)]));
    let suspended = with("statusPurpose", json!("suspension"));
    assert_eq!(StatusEntry::read(&json!([good, suspended])).unwrap().len(), 2);
    assert_eq!(StatusEntry::read(&json!([])), Ok(Vec::new()));
    for (case, status) in [
        ("another type", with("type", json!("RevocationList2020Status"))),
        ("no type", with("type", Value::Null)),
        ("another purpose", with("statusPurpose", json!("message"))),
        ("no purpose", with("statusPurpose", Value::Null)),
        ("more than a bit", with("statusSize", json!(2))),
        ("no index", with("statusListIndex", Value::Null)),
        ("an empty index", with("statusListIndex", json!(""))),
        ("a number", with("statusListIndex", json!(7))),
        ("a negative index", with("statusListIndex", json!("-1"))),
        ("a signed index", with("statusListIndex", json!("+7"))),
        ("an index beyond all", with("statusListIndex", json!("99999999999999999999999"))),
        ("plain http", with("statusListCredential", json!("http://status.example.nl/1"))),
        ("a file", with("statusListCredential", json!("file:///etc/passwd"))),
        ("a name in it", with("statusListCredential", json!("https://a@status.example.nl/1"))),
        ("a part of it", with("statusListCredential", json!("https://status.example.nl/1#a"))),
        ("no list", with("statusListCredential", Value::Null)),
        ("a text", json!("https://status.example.nl/1")),
        ("three", json!([good, good, good])),
        ("one good and one not", json!([good, {}])),
    ] {
        assert_eq!(StatusEntry::read(&status), Err(CredentialFault::Status), "{case}");
    }
}

#[tokio::test]
async fn a_list_is_believed_from_the_issuer_of_the_credential_only() {
    use CredentialFault::*;
    let world = World::new(&[], Standing::Good);
    let now = world.now.unix_timestamp();
    let good = world.list();
    let list = world.reads(&signed(&good, &world.operator), OPERATOR).await.unwrap();
    assert_eq!(list.is_set(1, Purpose::Revocation, now), Ok(true));
    assert_eq!(list.is_set(0, Purpose::Revocation, now), Ok(false));
    type Change = fn(&mut (Value, Value), i64);
    let cases: [(&str, Change, Option<CredentialFault>); 13] = [
        (
            "as StatusList2021",
            |list, _| {
                list.1["vc"]["type"][1] = json!("StatusList2021Credential");
                list.1["vc"]["credentialSubject"]["type"] = json!("StatusList2021");
            },
            None,
        ),
        ("for its own place", |list, _| list.1["vc"]["id"] = json!("https://status.example.nl/1"), None),
        ("for another place", |list, _| list.1["vc"]["id"] = json!("https://status.example.nl/2"), Some(Subject)),
        ("over", |list, now| list.1["exp"] = json!(now), Some(NotValid)),
        ("over, as text", |list, _| list.1["vc"]["validUntil"] = json!("2025-03-10T08:24:12Z"), Some(NotValid)),
        ("not yet", |list, now| list.1["nbf"] = json!(now + 6), Some(NotValid)),
        ("no beginning", |list, _| list.1["nbf"] = Value::Null, Some(NotValid)),
        ("another type", |list, _| list.1["vc"]["type"][1] = json!("X509Credential"), Some(Type)),
        ("another kind of list", |list, _| list.1["vc"]["credentialSubject"]["type"] = json!("x"), Some(Type)),
        ("no list", |list, _| list.1["vc"]["credentialSubject"]["encodedList"] = json!("u"), Some(Malformed)),
        ("no purpose", |list, _| drop(subject(list).remove("statusPurpose")), Some(Malformed)),
        ("none", |list, _| list.0["alg"] = json!("none"), Some(Signature)),
        (
            "another issuer",
            |list, _| {
                list.1["iss"] = json!("did:web:x.example");
                list.0["kid"] = json!("did:web:x.example#0");
            },
            Some(IssuerNotTrusted),
        ),
    ];
    for (case, change, fault) in cases {
        let mut list = world.list();
        change(&mut list, now);
        assert_eq!(world.reads(&signed(&list, &world.operator), OPERATOR).await.err(), fault, "{case}");
    }
    let stranger = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    assert_eq!(world.reads(&signed(&good, &stranger), OPERATOR).await.err(), Some(Signature));
}

fn subject(list: &mut (Value, Value)) -> &mut serde_json::Map<String, Value> {
    list.1["vc"]["credentialSubject"].as_object_mut().unwrap()
}

#[tokio::test]
async fn a_list_of_whoever_holds_a_certificate_is_signed_with_one_that_stands() {
    for (standing, believed) in [(Standing::Good, true), (Standing::Revoked, false)] {
        let world = World::new(&[], standing);
        let issuer = did(&world.authority, &format!("san:otherName:{OTHER_NAME}"));
        let chain = [&world.certificate.der, &world.authority.der].map(|der| STANDARD.encode(der));
        let mut list = world.list();
        list.0 = json!({"alg": "ES256", "kid": format!("{issuer}#0"), "x5c": chain});
        list.1["iss"] = json!(issuer);
        let read = world.reads(&signed(&list, &world.certificate.key), &issuer).await;
        assert_eq!(read.is_ok(), believed, "{standing:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_configured_is_not_asked() {
    let stub = Stub::start(|_: &Asked| Reply::status(500)).await;
    let place = Url::parse(&stub.address).unwrap();
    let world = World::new(&["status.example.nl"], Standing::Good);
    let good = world.trust.lists.good(&[entry(&place, 0)], OPERATOR, &world.trust, world.now).await;
    assert_eq!(good, Err(CredentialFault::Status));
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn a_list_is_fetched_once_and_whatever_goes_wrong_with_it_is_no_yes() {
    let maker = World::new(&[], Standing::Good);
    let text = signed(&maker.list(), &maker.operator);
    let stub = Stub::start(move |asked: &Asked| {
        let of = |kind: &str, body: String| Reply::Full {
            status: 200,
            headers: vec![("content-type", kind.to_owned())],
            body,
        };
        match asked.path() {
            "/good" => of("application/vc+jwt", text.clone()),
            "/json" => of("application/json", text.clone()),
            "/wrong" => of("application/jwt", "{}".to_owned()),
            "/large" => of("application/jwt", "a".repeat(MAX_BODY + 1)),
            "/torn" => Reply::Torn,
            "/gone" => Reply::Drop,
            "/slow" => Reply::Hang,
            "/trickle" => Reply::Trickle,
            _ => Reply::status(404),
        }
    })
    .await;
    let base = Url::parse(&stub.address).unwrap();
    let lists = StatusLists::new(
        HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap(),
        vec![format!("127.0.0.1:{}", base.port().unwrap())],
    );
    let world = World { trust: CredentialTrust { lists, ..maker.trust }, ..maker };
    let ask = async |path: &str, index| {
        let place = base.join(path).unwrap();
        world.trust.lists.good(&[entry(&place, index)], OPERATOR, &world.trust, world.now).await
    };
    let (none, one) = tokio::join!(ask("good", 0), ask("good", 1));
    assert_eq!((none, one), (Ok(()), Err(CredentialFault::Revoked)));
    assert_eq!(stub.asked().len(), 1, "once for both");
    for path in ["json", "absent", "wrong", "large", "torn", "gone", "slow", "trickle"] {
        assert_eq!(ask(path, 0).await, Err(CredentialFault::StatusNotFoundOut), "{path}");
        let before = stub.asked().len();
        assert_eq!(ask(path, 0).await, Err(CredentialFault::StatusNotFoundOut), "{path}");
        assert_eq!(stub.asked().len(), before, "failures are kept too");
    }
    assert_eq!(ask("good", 0).await, Ok(()));
}
