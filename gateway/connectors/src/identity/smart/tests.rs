//! A whole launch against an EPD that is told what to do wrong.

use std::sync::{Arc, Mutex, OnceLock};

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use super::*;
use crate::http::{HttpSettings, Trust};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const BACK: &str = "https://node.example/portal/sign-in/epd";
const BSN: &str = "999911120";

/// RSA keys take long to make; two are enough.
fn signer(which: usize) -> &'static (EncodingKey, Value) {
    static KEYS: OnceLock<Vec<(EncodingKey, Value)>> = OnceLock::new();
    &KEYS.get_or_init(|| (0..2).map(made).collect())[which]
}

fn made(number: usize) -> (EncodingKey, Value) {
    let pem = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let AlgorithmParameters::RSA(rsa) = jwk.algorithm else { panic!("no RSA key") };
    (key, json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("k{number}"), "n": rsa.n, "e": rsa.e}))
}

/// What the EPD does otherwise than it should.
#[derive(Clone, Default)]
struct Wrong {
    metadata: Vec<(&'static str, Value)>,
    id_token: Vec<(&'static str, Value)>,
    token: Vec<(&'static str, Value)>,
    by_a_stranger: bool,
    replies: Vec<(&'static str, Reply)>,
}

#[derive(Default)]
struct EpdPlayed {
    wrong: Wrong,
    base: String,
    nonce: String,
}

fn changed(mut value: Value, changes: &[(&str, Value)]) -> Value {
    for (name, to) in changes {
        value[*name] = to.clone();
    }
    value
}

fn role(id: &str, practitioner: &str, code: &str) -> Value {
    json!({"resourceType": "PractitionerRole", "id": id, "practitioner": {"reference": practitioner},
        "specialty": [{"coding": [{"system": "http://fhir.nl/fhir/NamingSystem/uzi-rolcode", "code": code},
            {"system": "http://other.example", "code": "x"}]}]})
}

impl EpdPlayed {
    fn answer(&self, asked: &Asked) -> Reply {
        let path = asked.path();
        if let Some((_, reply)) = self.wrong.replies.iter().find(|(at, _)| *at == path) {
            return reply.clone();
        }
        let base = &self.base;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let reply = |value: Value| Reply::Json(200, value.to_string());
        match path {
            "/fhir/.well-known/smart-configuration" => reply(changed(
                json!({"issuer": base, "jwks_uri": format!("{base}/jwks"),
                    "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
                    "capabilities": ["launch-ehr", "sso-openid-connect"], "code_challenge_methods_supported": ["S256"]}),
                &self.wrong.metadata,
            )),
            "/jwks" => reply(json!({"keys": [signer(0).1]})),
            "/token" => {
                let claims = changed(
                    json!({"iss": base, "aud": "node", "sub": "s", "exp": now + 60, "iat": now, "nonce": self.nonce,
                        "fhirUser": format!("{base}/fhir/Practitioner/doctor")}),
                    &self.wrong.id_token,
                );
                let mut head = Header::new(Algorithm::RS256);
                head.kid = Some("k0".to_owned());
                let key = &signer(usize::from(self.wrong.by_a_stranger)).0;
                let id_token = jsonwebtoken::encode(&head, &claims, key).unwrap();
                reply(changed(
                    json!({"access_token": "at", "token_type": "Bearer", "patient": "p1", "id_token": id_token}),
                    &self.wrong.token,
                ))
            }
            "/fhir/Patient/p1" => reply(json!({"resourceType": "Patient", "id": "p1", "identifier": [
                {"system": "http://other.example", "value": "1"},
                {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}]})),
            "/fhir/Practitioner/doctor" => reply(json!({"resourceType": "Practitioner", "id": "doctor",
                "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "value": "900000123"}],
                "name": [{"given": ["Jan"], "family": "de Vries"}]})),
            "/fhir/Practitioner/nurse" => {
                reply(json!({"resourceType": "Practitioner", "id": "nurse", "name": [{"text": "N. Urse"}]}))
            }
            "/fhir/PractitionerRole/r1" => reply(role("r1", "Practitioner/nurse", "30.000")),
            "/fhir/PractitionerRole" => reply(json!({"resourceType": "Bundle", "entry": [
                {"resource": role("r2", &format!("{base}/fhir/Practitioner/doctor"), "01.015")},
                {"resource": role("r3", "Practitioner/somebody", "01.010")}]})),
            _ => Reply::status(404),
        }
    }
}

struct World {
    epds: Epds,
    played: Arc<Mutex<EpdPlayed>>,
    stub: Stub,
    iss: String,
}

async fn world(wrong: Wrong) -> World {
    let _ = signer(0);
    let played = Arc::new(Mutex::new(EpdPlayed { wrong, ..EpdPlayed::default() }));
    let answering = played.clone();
    let stub = Stub::start(move |asked| answering.lock().unwrap().answer(asked)).await;
    played.lock().unwrap().base.clone_from(&stub.address);
    let iss = format!("{}/fhir", stub.address);
    let epds = epds(&[("epd", iss.as_str()), ("other", "http://127.0.0.1:1/fhir")], None).unwrap();
    World { epds, played, stub, iss }
}

fn config(key: &str, iss: &str) -> EpdConfig {
    let json = json!({"key": key, "iss": iss, "client_id": "node", "use_cases": ["overview"], "patience_ms": 500});
    serde_json::from_value(json).unwrap()
}

fn epds(all: &[(&str, &str)], secret: Option<&str>) -> Result<Epds, IdentityFault> {
    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    let secret = || secret.map(|text| Zeroizing::new(text.to_owned()));
    Epds::new(BACK, all.iter().map(|(key, iss)| (config(key, iss), http.clone(), secret())).collect())
}

impl World {
    async fn depart(&self) -> Result<(String, String), SmartFault> {
        let departing = self.epds.depart(&self.iss, "launch-1", OffsetDateTime::now_utc()).await?;
        let of = |name: &str| departing.url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
        self.played.lock().unwrap().nonce = of("nonce");
        Ok((of("state"), departing.binding.reveal().to_owned()))
    }

    async fn launch(&self) -> Result<Launched, SmartFault> {
        let (state, binding) = self.depart().await?;
        let returned = Returned { state: &state, code: Some("code"), iss: "", binding: &binding };
        self.epds.arrive("epd", returned, OffsetDateTime::now_utc()).await
    }
}

#[tokio::test]
async fn a_launch_ends_with_the_user_and_the_patient_of_the_epds_token() {
    let world = world(Wrong::default()).await;
    let url = world.epds.depart(&world.iss, "launch-1", OffsetDateTime::now_utc()).await.unwrap().url;
    let of = |name: &str| url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
    assert_eq!((url.path(), of("aud"), of("launch")), ("/authorize", world.iss.clone(), "launch-1".to_owned()));
    assert_eq!((of("code_challenge_method"), of("redirect_uri")), ("S256".to_owned(), format!("{BACK}/epd/back")));
    let launched = world.launch().await.unwrap();
    assert_eq!((launched.person.id.as_str(), launched.person.role.as_str()), ("900000123", "01.015"));
    assert_eq!(launched.person.name.as_deref(), Some("Jan de Vries"));
    assert_eq!((Bsn::parse(BSN).ok(), launched.epd.as_str()), (Some(launched.patient.clone()), "epd"));
    assert_eq!(format!("{launched:?}"), "Launched(..)");
    let asked = world.stub.asked();
    let token = asked.iter().find(|asked| asked.path() == "/token").unwrap();
    assert_eq!(token.parameter("code_verifier").unwrap().len(), 43);
    assert_eq!((token.parameter("client_id").as_deref(), token.header("authorization")), (Some("node"), None));
    let read = asked.iter().find(|asked| asked.path() == "/fhir/Patient/p1").unwrap();
    assert_eq!(read.header("authorization"), Some("Bearer at"));
    assert!(asked.iter().all(|asked| !asked.target.contains(BSN)), "no BSN in an address");
    let described = world.stub.lines().iter().filter(|line| line.contains("smart-configuration")).count();
    assert_eq!(described, 1, "what an EPD says of itself is remembered");
}

#[tokio::test]
async fn a_user_is_a_practitioner_in_one_role_or_in_the_one_that_the_epd_names() {
    for (user, expected) in [
        (json!("PractitionerRole/r1"), Some(("nurse", "30.000", Some("N. Urse")))),
        (json!("Practitioner/doctor"), Some(("900000123", "01.015", Some("Jan de Vries")))),
        (json!("https://elsewhere.example/fhir/Practitioner/doctor"), None),
        (json!("Practitioner/nurse"), None),
        (json!("Practitioner/../Patient/p1"), None),
        (json!("Patient/p1"), None),
        (json!(""), None),
    ] {
        let world = world(Wrong { id_token: vec![("fhirUser", user.clone())], ..Wrong::default() }).await;
        let launched = world.launch().await;
        match expected {
            Some((id, role, name)) => {
                let person = launched.unwrap().person;
                assert_eq!((person.id.as_str(), person.role.as_str(), person.name.as_deref()), (id, role, name));
            }
            None => assert_eq!(launched.err(), Some(SmartFault::Refused(Refused::Person)), "{user}"),
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_about_an_issuer_that_is_not_configured() {
    let world = world(Wrong::default()).await;
    let now = OffsetDateTime::now_utc();
    for iss in [
        "",
        "https://evil.example/fhir",
        "http://169.254.169.254/latest/meta-data",
        &format!("{}/", world.iss),
        &format!("{}.evil.example", world.iss),
        &world.iss.to_uppercase(),
        &world.stub.address.clone(),
        "file:///etc/passwd",
    ] {
        let fault = world.epds.depart(iss, "launch-1", now).await.err();
        assert_eq!(fault, Some(SmartFault::Refused(Refused::UnknownIssuer)), "{iss}");
    }
    for launch in ["", "a\nb", &"x".repeat(LONGEST_LAUNCH + 1)] {
        assert_eq!(world.epds.depart(&world.iss, launch, now).await.err(), Some(Refused::NoLaunch.into()));
    }
    assert!(world.stub.asked().is_empty());
}

#[tokio::test]
async fn a_way_back_is_good_once_at_its_own_place_in_its_own_browser() {
    let world = world(Wrong::default()).await;
    let now = OffsetDateTime::now_utc();
    let arrive = async |key: &str, state: &str, code: Option<&str>, iss: &str, binding: &str| {
        world.epds.arrive(key, Returned { state, code, iss, binding }, now).await.map(|_| ()).err()
    };
    let refused = |why| Some(SmartFault::Refused(why));
    let own = world.stub.address.clone();
    assert_eq!(arrive("epd", "made-up", Some("c"), "", "b").await, refused(Refused::UnknownState));
    let (state, binding) = world.depart().await.unwrap();
    assert_eq!(arrive("epd", &state, Some("c"), "", "other").await, refused(Refused::OtherBrowser));
    assert_eq!(arrive("epd", &state, Some("c"), "", &binding).await, refused(Refused::UnknownState), "used up");
    for (key, iss) in [("other", ""), ("epd", "https://evil.example"), ("epd", &world.iss)] {
        let (state, binding) = world.depart().await.unwrap();
        assert_eq!(arrive(key, &state, Some("c"), iss, &binding).await, refused(Refused::OtherIssuer), "{key} {iss}");
    }
    let (state, binding) = world.depart().await.unwrap();
    assert_eq!(arrive("epd", &state, None, "", &binding).await, refused(Refused::NoCode));
    assert!(world.stub.lines().iter().all(|line| !line.contains("/token")), "no code was shown to anybody");
    let (state, binding) = world.depart().await.unwrap();
    assert_eq!(arrive("epd", &state, Some("c"), &own, &binding).await, None);
    assert_eq!(arrive("epd", &state, Some("c"), &own, &binding).await, refused(Refused::UnknownState), "replayed");
}

#[tokio::test]
async fn whatever_does_not_hold_is_refused_by_its_own_reason() {
    let one = |name: &'static str, value: Value| vec![(name, value)];
    let id = |name: &'static str, value: Value| Wrong { id_token: one(name, value), ..Wrong::default() };
    let token = |name: &'static str, value: Value| Wrong { token: one(name, value), ..Wrong::default() };
    let metadata = |name: &'static str, value: Value| Wrong { metadata: one(name, value), ..Wrong::default() };
    let reply = |path: &'static str, value: Value| Wrong {
        replies: vec![(path, Reply::Json(200, value.to_string()))],
        ..Wrong::default()
    };
    let patient = |identifier: Value| {
        reply("/fhir/Patient/p1", json!({"resourceType": "Patient", "id": "p1", "identifier": identifier}))
    };
    let bsn = |value: &str| json!({"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": value});
    let evil = "http://127.0.0.2/x";
    let cases: Vec<(&str, Wrong, Refused)> = vec![
        ("by a stranger", Wrong { by_a_stranger: true, ..Wrong::default() }, Refused::Signature),
        ("an id token that is none", token("id_token", json!("a.b.c")), Refused::Signature),
        ("of another issuer", id("iss", json!("https://other.example")), Refused::OtherParty),
        ("for another client", id("aud", json!("other")), Refused::OtherParty),
        ("for several", id("aud", json!(["node", "other"])), Refused::OtherParty),
        ("over", id("exp", json!(1)), Refused::NotInTime),
        ("of yesterday", id("iat", json!(1)), Refused::NotInTime),
        ("another nonce", id("nonce", json!("other")), Refused::OtherNonce),
        ("no nonce", id("nonce", Value::Null), Refused::OtherNonce),
        ("no user", id("fhirUser", Value::Null), Refused::Signature),
        ("no patient", token("patient", Value::Null), Refused::NoPatient),
        ("a patient that is a path", token("patient", json!("../Practitioner/doctor")), Refused::NoPatient),
        ("a patient whom the token does not open", token("patient", json!("p2")), Refused::Patient),
        ("a token of another kind", token("token_type", json!("DPoP")), Refused::Malformed),
        (
            "another patient",
            reply("/fhir/Patient/p1", json!({"resourceType": "Patient", "id": "p2"})),
            Refused::Patient,
        ),
        ("no BSN", patient(json!([])), Refused::Patient),
        ("a wrong BSN", patient(json!([bsn("999911121")])), Refused::Patient),
        ("two BSNs", patient(json!([bsn(BSN), bsn("900203638")])), Refused::Patient),
        ("a token endpoint elsewhere", metadata("token_endpoint", json!(evil)), Refused::ForeignEndpoint),
        ("a log-in page elsewhere", metadata("authorization_endpoint", json!(evil)), Refused::ForeignEndpoint),
        ("keys elsewhere", metadata("jwks_uri", json!(evil)), Refused::ForeignEndpoint),
        ("an issuer elsewhere", metadata("issuer", json!(evil)), Refused::ForeignEndpoint),
        ("no PKCE", metadata("code_challenge_methods_supported", json!(["plain"])), Refused::NotCapable),
        ("no launch", metadata("capabilities", json!([])), Refused::NotCapable),
        (
            "an issuer that should have been named",
            metadata("authorization_response_iss_parameter_supported", json!(true)),
            Refused::OtherIssuer,
        ),
        (
            "a code that was used",
            Wrong { replies: vec![("/token", Reply::status(400))], ..Wrong::default() },
            Refused::CodeNotAccepted,
        ),
    ];
    for (case, wrong, refused) in cases {
        let world = world(wrong).await;
        assert_eq!(world.launch().await.err(), Some(SmartFault::Refused(refused)), "{case}");
    }
}

#[tokio::test]
async fn what_could_not_be_found_out_is_refused_too() {
    for path in
        ["/fhir/.well-known/smart-configuration", "/token", "/jwks", "/fhir/Patient/p1", "/fhir/Practitioner/doctor"]
    {
        for reply in [Reply::Hang, Reply::Drop, Reply::Torn, Reply::Flood, Reply::status(500), Reply::status(302)] {
            let world = world(Wrong { replies: vec![(path, reply.clone())], ..Wrong::default() }).await;
            let fault = world.launch().await.err();
            assert!(matches!(fault, Some(SmartFault::Unavailable(_))), "{path} {reply:?}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_secret_is_shown_to_the_token_endpoint_only_and_in_no_form() {
    let mut world = world(Wrong::default()).await;
    world.epds = epds(&[("epd", world.iss.as_str())], Some("s+cr t")).unwrap();
    world.launch().await.unwrap();
    let asked = world.stub.asked();
    let token = asked.iter().find(|asked| asked.path() == "/token").unwrap();
    assert_eq!(token.header("authorization"), Some(basic("node", "s+cr t").as_str()));
    assert_eq!(basic("node", "s+cr t").as_str(), format!("Basic {}", STANDARD.encode("node:s%2Bcr+t")));
    assert_eq!(token.parameter("client_id"), None);
}

#[test]
fn a_configuration_that_could_not_hold_is_refused() {
    assert!(epds(&[("a", "https://a.example/fhir"), ("b", "https://b.example/fhir")], None).is_ok());
    for all in [
        &[("", "https://a.example")][..],
        &[("A b", "https://a.example")],
        &[("a", "https://a.example"), ("a", "https://b.example")],
        &[("a", "https://a.example"), ("b", "https://a.example")],
    ] {
        assert!(epds(all, None).is_err(), "{all:?}");
    }
    let good = config("a", "https://a.example/fhir");
    for bad in [
        EpdConfig { client_id: String::new(), ..good.clone() },
        EpdConfig { use_cases: Vec::new(), ..good.clone() },
        EpdConfig { scope: "openid fhirUser".to_owned(), ..good.clone() },
        EpdConfig { remember_seconds: 0, ..good.clone() },
        EpdConfig { patience_ms: 0, ..good.clone() },
    ] {
        assert!(bad.check().is_err());
    }
    let named = EpdConfig { endpoint_hosts: vec!["login.example:8443".to_owned()], ..good };
    for (url, good) in [
        ("https://a.example/token", true),
        ("https://login.example:8443/token", true),
        ("https://login.example/token", false),
        ("http://a.example/token", false),
        ("https://a.example:8443/token", false),
        ("https://user@a.example/token", false),
        ("https://a.example.evil.example/token", false),
    ] {
        assert_eq!(named.may_be_at(&Url::parse(url).unwrap()), good, "{url}");
    }
}
