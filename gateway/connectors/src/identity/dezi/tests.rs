//! The whole log-in against a provider that is told what to do wrong.

use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::rsa::PublicEncryptingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use super::jwe::tests::{encrypt, header, key};
use super::*;
use crate::http::{HttpSettings, Trust};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const BACK: &str = "http://127.0.0.1/portal/sign-in/dezi/back";
const OWN: &str = "90000901";

/// RSA keys take long to make; three are enough.
fn signer(which: usize) -> &'static (EncodingKey, Value) {
    static KEYS: OnceLock<Vec<(EncodingKey, Value)>> = OnceLock::new();
    &KEYS.get_or_init(|| (0..3).map(made).collect())[which]
}

fn made(number: usize) -> (EncodingKey, Value) {
    let pem = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let AlgorithmParameters::RSA(rsa) = jwk.algorithm else { panic!("no RSA key") };
    (key, json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("k{number}"), "n": rsa.n, "e": rsa.e}))
}

/// What the provider does otherwise than it should.
#[derive(Clone, Default)]
struct Wrong {
    id_token: Vec<(&'static str, Value)>,
    info: Vec<(&'static str, Value)>,
    statement: Vec<(&'static str, Value)>,
    /// The key that signs: of the identity token and UserInfo, and of the statement.
    signers: Option<(usize, usize)>,
    jku: Option<Value>,
    kid: Option<&'static str>,
    status: Option<Value>,
    replies: Vec<(&'static str, Reply)>,
    no_nonce: bool,
    plain: bool,
    /// What the list of withdrawn statements says, where it is asked for, and who signs it.
    list: Option<(Value, usize)>,
}

struct Provider {
    wrong: Wrong,
    issuer: String,
    public: PublicEncryptingKey,
    nonce: String,
}

fn signed(which: usize, kid: &str, jku: Option<&Value>, claims: &Value) -> String {
    let mut head = Header::new(Algorithm::RS256);
    head.kid = Some(kid.to_owned());
    head.jku = jku.and_then(Value::as_str).map(str::to_owned);
    jsonwebtoken::encode(&head, claims, &signer(which).0).unwrap()
}

fn changed(mut claims: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}

impl Provider {
    fn answer(&self, asked: &Asked) -> Reply {
        let path = asked.path();
        if let Some((_, reply)) = self.wrong.replies.iter().find(|(at, _)| *at == path) {
            return reply.clone();
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let (ours, theirs) = self.wrong.signers.unwrap_or((0, 1));
        let base = json!({"iss": self.issuer, "aud": "node", "sub": "subject", "exp": now + 60, "iat": now});
        let reply = |text: String| Reply::Full { status: 200, headers: Vec::new(), body: text };
        match path {
            "/token" => {
                let nonce = if self.wrong.no_nonce { Value::Null } else { json!(self.nonce) };
                let claims = changed(changed(base, &[("nonce", nonce)]), &self.wrong.id_token);
                let id_token = signed(ours, "k0", None, &claims);
                reply(json!({"access_token": "at", "token_type": "Bearer", "id_token": id_token}).to_string())
            }
            "/userinfo" => {
                let statement = json!({
                    "iss": "https://abonnee.dezi.nl", "exp": now + 3600, "nbf": now - 60, "verklaring_id": "v-1",
                    "json_schema": "https://www.dezi.nl/json_schemas/v1/verklaring.json", "dezi_nummer": "900000123",
                    "loa_dezi": "http://eidas.europa.eu/LoA/high", "voorletters": "J.", "achternaam": "Jansen",
                    "abonnee_nummer": OWN, "rol_code": "01.015",
                    "status_uri": format!("{}/status/v1/verklaring/v-1", self.issuer),
                });
                let jku = self.wrong.jku.clone().unwrap_or_else(|| json!(format!("{}/dezi/jwks.json", self.issuer)));
                let claims = changed(statement, &self.wrong.statement);
                let statement = signed(theirs, self.wrong.kid.unwrap_or("k1"), Some(&jku), &claims);
                let info = changed(base, &[("verklaring_id", json!("v-1")), ("verklaring", json!(statement))]);
                let inner = signed(ours, "k0", None, &changed(info, &self.wrong.info));
                if self.wrong.plain {
                    return reply(inner);
                }
                let encryption = ContentEncryption::default();
                reply(encrypt(&self.public, encryption, &header(encryption), inner.as_bytes()))
            }
            "/openid/connect/jwks.json" => {
                reply(json!({"keys": [signer(0).1, {"kty": "EC", "kid": "ec"}]}).to_string())
            }
            "/dezi/jwks.json" => reply(json!({"keys": [signer(1).1]}).to_string()),
            "/revocatiecontrole/v1" => match &self.wrong.list {
                Some((list, signer)) => reply(signed(*signer, &format!("k{signer}"), None, list)),
                None => Reply::status(404),
            },
            "/status/v1/verklaring/v-1" => {
                let good = json!({"verklaringId": "v-1", "status": "actief"});
                reply(self.wrong.status.clone().unwrap_or(good).to_string())
            }
            _ => Reply::status(404),
        }
    }
}

struct World {
    dezi: Dezi,
    provider: Arc<Mutex<Provider>>,
    stub: Stub,
}

async fn world(wrong: Wrong) -> World {
    // Made before anybody waits for it.
    let _ = signer(0);
    let (message_key, public) = key(ContentEncryption::default());
    let provider = Provider { wrong, issuer: String::new(), public, nonce: String::new() };
    let provider = Arc::new(Mutex::new(provider));
    let answering = provider.clone();
    let stub = Stub::start(move |asked| answering.lock().unwrap().answer(asked)).await;
    provider.lock().unwrap().issuer.clone_from(&stub.address);
    let list = provider.lock().unwrap().wrong.list.is_some();
    let config = json!({"issuer": stub.address, "client_id": "node", "decryption_key_file": "x", "patience_ms": 500,
        "revocation_list": list});
    let config: DeziConfig = serde_json::from_value(config).unwrap();
    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    let issuer = config.issuer.clone();
    let at = |path: &[&str]| KeySet::at(WebAddress::parse(issuer.below(path.iter().copied()).as_str()).unwrap());
    let dezi = Dezi {
        issuer: stub.address.clone(),
        own: Ura::parse(OWN).unwrap(),
        redirect_uri: BACK.to_owned(),
        key: message_key,
        http,
        issuer_keys: at(&["openid", "connect", "jwks.json"]),
        statement_keys: vec![at(&["dezi", "jwks.json"])],
        waiting: Waiting::new(10, AWAY),
        revocations: config.revocation_list.then(Revocations::default),
        config,
    };
    World { dezi, provider, stub }
}

impl World {
    /// A browser goes and comes back with a code.
    async fn log_in(&self) -> Result<DeziPerson, DeziFault> {
        let (state, binding) = self.depart();
        let returned = Returned { state: &state, code: Some("code"), iss: "", binding: &binding };
        self.dezi.arrive(returned, OffsetDateTime::now_utc()).await
    }

    fn depart(&self) -> (String, String) {
        let departing = self.dezi.depart().unwrap();
        let of = |name: &str| departing.url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
        self.provider.lock().unwrap().nonce = of("nonce");
        (of("state"), departing.binding.reveal().to_owned())
    }
}

#[tokio::test]
async fn a_log_in_ends_with_the_person_that_the_statement_names() {
    let world = world(Wrong::default()).await;
    let url = world.dezi.depart().unwrap().url;
    assert_eq!(url.path(), "/authorize");
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let expected = [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    ];
    assert_eq!(names, expected);
    let found = world.log_in().await.unwrap();
    assert_eq!((found.person.id.as_str(), found.person.role.as_str()), ("900000123", "01.015"));
    assert_eq!(world.dezi.in_force(&found.statement).await, Ok(()));
    assert_eq!(world.dezi.in_force("v-2").await, Err(DeziFault::Refused(Refused::Revoked)), "unknown there");
    let asked = world.stub.asked();
    let token = asked.iter().find(|asked| asked.path() == "/token").unwrap();
    assert_eq!(token.parameter("grant_type").as_deref(), Some("authorization_code"));
    assert_eq!(token.parameter("redirect_uri").as_deref(), Some(BACK));
    assert_eq!(token.parameter("code_verifier").unwrap().len(), 43);
    assert!(token.header("authorization").is_none());
    let info = asked.iter().find(|asked| asked.path() == "/userinfo").unwrap();
    assert_eq!(info.header("authorization"), Some("Bearer at"));
    world.log_in().await.unwrap();
    let sets = world.stub.lines().iter().filter(|line| line.contains("jwks")).count();
    assert_eq!(sets, 2, "each key set is fetched once");
}

#[tokio::test]
async fn a_state_is_good_once_in_its_own_browser_and_with_a_code() {
    let world = world(Wrong::default()).await;
    let now = OffsetDateTime::now_utc();
    let arrive = async |state: &str, code: Option<&str>, iss: &str, binding: &str| {
        world.dezi.arrive(Returned { state, code, iss, binding }, now).await.map(|_| ()).err()
    };
    let refused = |why| Some(DeziFault::Refused(why));
    assert_eq!(arrive("made-up", Some("c"), "", "b").await, refused(Refused::UnknownState));
    let (state, binding) = world.depart();
    assert_eq!(arrive(&state, Some("c"), "", "other").await, refused(Refused::OtherBrowser));
    assert_eq!(arrive(&state, Some("c"), "", &binding).await, refused(Refused::UnknownState), "used up all the same");
    let (state, binding) = world.depart();
    assert_eq!(arrive(&state, None, "", &binding).await, refused(Refused::NoCode));
    let (state, binding) = world.depart();
    assert_eq!(arrive(&state, Some("c"), "https://other.example", &binding).await, refused(Refused::OtherParty));
    assert!(world.stub.asked().is_empty(), "nobody was asked");
    let (state, binding) = world.depart();
    assert_eq!(arrive(&state, Some("c"), &world.stub.address.clone(), &binding).await, None);
    assert_eq!(arrive(&state, Some("c"), "", &binding).await, refused(Refused::UnknownState), "replayed");
}

#[tokio::test]
async fn whatever_does_not_hold_is_refused_by_its_own_reason() {
    let json_reply = |status: u16, text: &str| Reply::Json(status, text.to_owned());
    let one = |name: &'static str, value: Value| vec![(name, value)];
    let cases: Vec<(&str, Wrong, Refused)> = vec![
        ("identity token by a stranger", Wrong { signers: Some((2, 1)), ..Wrong::default() }, Refused::Signature),
        ("statement by a stranger", Wrong { signers: Some((0, 2)), ..Wrong::default() }, Refused::Signature),
        ("statement by the issuer", Wrong { signers: Some((0, 0)), ..Wrong::default() }, Refused::Signature),
        ("an unknown kid", Wrong { kid: Some("k9"), ..Wrong::default() }, Refused::Signature),
        (
            "a foreign jku",
            Wrong { jku: Some(json!("https://evil.example/dezi/jwks.json")), ..Wrong::default() },
            Refused::ForeignKeySet,
        ),
        ("no jku", Wrong { jku: Some(Value::Null), ..Wrong::default() }, Refused::ForeignKeySet),
        ("another nonce", Wrong { id_token: one("nonce", json!("other")), ..Wrong::default() }, Refused::OtherNonce),
        ("no nonce", Wrong { no_nonce: true, ..Wrong::default() }, Refused::OtherNonce),
        ("for another client", Wrong { info: one("aud", json!("other")), ..Wrong::default() }, Refused::OtherParty),
        (
            "of another issuer",
            Wrong { info: one("iss", json!("https://other.example")), ..Wrong::default() },
            Refused::OtherParty,
        ),
        ("about somebody else", Wrong { info: one("sub", json!("other")), ..Wrong::default() }, Refused::OtherSubject),
        ("expired UserInfo", Wrong { info: one("exp", json!(1)), ..Wrong::default() }, Refused::NotInTime),
        (
            "a low level",
            Wrong { info: one("loa_authn", json!("http://eidas.europa.eu/LoA/low")), ..Wrong::default() },
            Refused::Level,
        ),
        (
            "another statement",
            Wrong { info: one("verklaring_id", json!("v-2")), ..Wrong::default() },
            Refused::OtherStatement,
        ),
        (
            "an id that is a path",
            Wrong { info: one("verklaring_id", json!("../x")), ..Wrong::default() },
            Refused::Malformed,
        ),
        (
            "an unsigned statement",
            Wrong { info: one("verklaring", json!("e30.e30.")), ..Wrong::default() },
            Refused::Signature,
        ),
        ("an expired statement", Wrong { statement: one("exp", json!(1)), ..Wrong::default() }, Refused::NotInTime),
        (
            "another provider",
            Wrong { statement: one("abonnee_nummer", json!("90000902")), ..Wrong::default() },
            Refused::OtherProvider,
        ),
        ("not encrypted", Wrong { plain: true, ..Wrong::default() }, Refused::Undecryptable),
        (
            "a revoked statement",
            Wrong { status: Some(json!({"verklaringId": "v-1", "status": "ingetrokken"})), ..Wrong::default() },
            Refused::Revoked,
        ),
        (
            "an unknown statement",
            Wrong { replies: vec![("/status/v1/verklaring/v-1", json_reply(404, "{}"))], ..Wrong::default() },
            Refused::Revoked,
        ),
        (
            "a code that was used",
            Wrong { replies: vec![("/token", json_reply(400, "{}"))], ..Wrong::default() },
            Refused::CodeNotAccepted,
        ),
        (
            "no identity token",
            Wrong {
                replies: vec![("/token", json_reply(200, r#"{"access_token":"a","token_type":"Bearer"}"#))],
                ..Wrong::default()
            },
            Refused::Malformed,
        ),
    ];
    for (case, wrong, refused) in cases {
        let world = world(wrong).await;
        assert_eq!(world.log_in().await.err(), Some(DeziFault::Refused(refused)), "{case}");
    }
}

#[tokio::test]
async fn what_could_not_be_found_out_is_refused_too() {
    let paths = ["/token", "/userinfo", "/openid/connect/jwks.json", "/dezi/jwks.json", "/status/v1/verklaring/v-1"];
    for path in paths {
        for reply in [Reply::Hang, Reply::Drop, Reply::Torn, Reply::Flood, Reply::status(500), Reply::status(302)] {
            let world = world(Wrong { replies: vec![(path, reply.clone())], ..Wrong::default() }).await;
            let fault = world.log_in().await.err();
            assert!(matches!(fault, Some(DeziFault::Unavailable(_))), "{path} {reply:?}: {fault:?}");
        }
    }
    for status in [json!({"verklaringId": "v-2", "status": "actief"}), json!({"status": "actief"}), json!([])] {
        let world = world(Wrong { status: Some(status.clone()), ..Wrong::default() }).await;
        assert_eq!(world.log_in().await.err(), Some(DeziFault::Unavailable("status")), "{status}");
    }
}

#[tokio::test]
async fn a_statement_on_the_list_of_the_withdrawn_is_refused_and_a_list_that_tells_nothing_too() {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let list = |entries: Value, until: i64| json!({"ververs_tijdstip": until, "revocaties": entries});
    let refused = |why| Some(DeziFault::Refused(why));
    let unknown = Some(DeziFault::Unavailable("revocations"));
    let mut of_another = list(json!([]), now + 60);
    of_another["iss"] = json!("https://other.example");
    for (case, said, signer, expected) in [
        ("an empty list", list(json!([]), now + 60), 1, None),
        ("of the issuer's key", list(json!(["v-2"]), now + 60), 0, None),
        ("listed", list(json!(["v-0", "v-1"]), now + 60), 1, refused(Refused::Revoked)),
        ("listed as an object", list(json!([{"verklaring_id": "v-1"}]), now + 60), 1, refused(Refused::Revoked)),
        ("by a stranger", list(json!([]), now + 60), 2, unknown),
        ("over", list(json!([]), now - 1), 1, unknown),
        ("an entry that says nothing", list(json!(["v-0", {}]), now + 60), 1, unknown),
        ("no entries", json!({"ververs_tijdstip": now + 60}), 1, unknown),
        ("no moment", json!({"revocaties": []}), 1, unknown),
        ("of another issuer", of_another, 1, unknown),
    ] {
        let world = world(Wrong { list: Some((said, signer)), ..Wrong::default() }).await;
        assert_eq!(world.log_in().await.err(), expected, "{case}");
    }
    for reply in [Reply::Hang, Reply::Drop, Reply::Torn, Reply::Flood, Reply::status(500), Reply::status(302)] {
        let wrong = Wrong {
            list: Some((list(json!([]), now + 60), 1)),
            replies: vec![("/revocatiecontrole/v1", reply.clone())],
            ..Wrong::default()
        };
        assert_eq!(world(wrong).await.log_in().await.err(), unknown, "{reply:?}");
    }
    let world = world(Wrong { list: Some((list(json!([]), now + 60), 1)), ..Wrong::default() }).await;
    for _ in 0..3 {
        assert_eq!(world.dezi.in_force("v-1").await, Ok(()));
    }
    let asked = world.stub.lines().iter().filter(|line| line.contains("revocatiecontrole")).count();
    assert_eq!(asked, 1, "it is kept for as long as it says");
}

#[tokio::test]
async fn a_key_set_that_failed_is_not_asked_for_at_every_log_in() {
    let world = world(Wrong { replies: vec![("/dezi/jwks.json", Reply::status(500))], ..Wrong::default() }).await;
    for _ in 0..3 {
        assert_eq!(world.log_in().await.err(), Some(DeziFault::Unavailable("keys")));
    }
    let asked = world.stub.lines().iter().filter(|line| line.ends_with("/dezi/jwks.json")).count();
    assert_eq!(asked, 1);
}
