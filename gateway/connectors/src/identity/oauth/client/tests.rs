use std::sync::Mutex;

use fhir::Bsn;
use futures_util::FutureExt;
use policy::Direction;
use serde_json::{Value, json};

use super::*;
use crate::http::{HttpSettings, Trust, WebAddress};
use crate::identity::oauth::dpop::{Expected, ProofVerifier};
use crate::identity::oauth::{IssuerConfig, TokenIssuer, TokenRequest};
use crate::identity::testing::{InMemory, KeyType, TestCertificate, permit_for};
use crate::identity::{PartnerConfig, Partners};
use crate::sources::testing::stub::{Asked, Reply, Stub};

struct SetClock(Mutex<OffsetDateTime>);

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

struct World {
    client: TokenClient,
    clock: Arc<SetClock>,
    made: Arc<TestCertificate>,
}

impl World {
    fn new() -> Self {
        let made = Arc::new(TestCertificate::new("90000901", KeyType::P256));
        let clock = Arc::new(SetClock(Mutex::new(OffsetDateTime::now_utc())));
        let settings = HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() };
        let http = HttpClient::new(settings).unwrap();
        World { client: TokenClient::new(Arc::new(made.node_key()), http, clock.clone()), clock, made }
    }

    fn pass(&self, seconds: i64) {
        *self.clock.0.lock().unwrap() += time::Duration::seconds(seconds);
    }
}

fn peer(token_endpoint: &str) -> PeerConfig {
    let json = json!({"ura": "90000902", "name": "De Linde", "bases": {}, "token_endpoint": token_endpoint});
    serde_json::from_value(json).unwrap()
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: Some("J. de Vries".to_owned()), role: "01.015".to_owned() }
}

fn relation(reference: &str) -> TreatmentRelation {
    TreatmentRelation { kind: "provider-list".to_owned(), reference: reference.to_owned(), age_days: None }
}

fn permit(patient: &str, id: &str, reference: &str) -> Permit {
    let scope = PatientScope::One(Bsn::parse(patient).unwrap());
    permit_for(Direction::User, scope, Some(person(id)), Some(relation(reference)))
}

fn good(asked: usize) -> Value {
    json!({"access_token": format!("token-{asked}"), "token_type": "Bearer", "expires_in": 300, "scope": "bgz"})
}

fn reply(status: u16, body: &str) -> Reply {
    Reply::Full { status, headers: vec![("content-type", "application/json".to_owned())], body: body.to_owned() }
}

/// A token endpoint that gives `token-1`, `token-2`, …
async fn endpoint() -> Stub {
    let count = Mutex::new(0);
    Stub::start(move |_: &Asked| {
        let mut count = count.lock().unwrap();
        *count += 1;
        reply(200, &good(*count).to_string())
    })
    .await
}

fn at(stub: &Stub) -> PeerConfig {
    peer(&format!("{}/oauth/token", stub.address))
}

#[tokio::test]
async fn a_token_endpoint_of_our_own_kind_gives_what_the_permit_says() {
    let world = World::new();
    let issuer: Arc<Mutex<Option<TokenIssuer>>> = Arc::default();
    let (answering, certificate) = (issuer.clone(), world.made.clone());
    let stub = Stub::start(move |asked: &Asked| {
        let issuer = answering.lock().unwrap();
        let request = TokenRequest { certificate: Some(&certificate.der), form: &asked.body, proofs: &[] };
        let answer = issuer.as_ref().unwrap().issue(request, OffsetDateTime::now_utc()).now_or_never().unwrap();
        match answer {
            Ok(answer) => reply(200, &answer.to_json()),
            Err(error) => reply(error.status(), &error.to_json()),
        }
    })
    .await;
    let peer = at(&stub);
    let partner = json!({"ura": "90000901", "name": "Maasdal", "use_cases": ["bgz"]});
    let partner: PartnerConfig = serde_json::from_value(partner).unwrap();
    let config = IssuerConfig::new(WebAddress::parse(&peer.token_endpoint.to_string()).unwrap());
    let made =
        TokenIssuer::new(config, Arc::new(Partners::new(vec![partner]).unwrap()), InMemory::with_share(9)).unwrap();
    *issuer.lock().unwrap() = Some(made);

    let token = world.client.token(&peer, &permit("999911120", "1", "a-1")).await.unwrap();
    let grant = issuer.lock().unwrap().as_ref().unwrap().grant(token.secret(), OffsetDateTime::now_utc()).unwrap();
    assert_eq!(grant.caller.person, Some(person("1")));
    assert_eq!(grant.caller.patient, Some(Bsn::parse("999911120").unwrap()));
    let asserted = grant.caller.treatment_relation.as_ref().unwrap();
    assert_eq!(asserted.reference, "provider-list:a-1");

    let asked = stub.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].parameter("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(asked[0].parameter("scope").as_deref(), Some("bgz"));
    let beside_the_body = format!("{} {:?}", asked[0].target, asked[0].headers);
    assert!(!beside_the_body.contains("999911120"));
}

#[tokio::test]
async fn a_token_is_used_again_for_the_same_need_only() {
    let (world, stub) = (World::new(), endpoint().await);
    let peer = at(&stub);
    let first = world.client.token(&peer, &permit("999911120", "1", "a")).await.unwrap();
    let again = world.client.token(&peer, &permit("999911120", "1", "a")).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    for (case, other) in [
        ("another patient", permit("900203638", "1", "a")),
        ("another person", permit("999911120", "2", "a")),
        ("another relation", permit("999911120", "1", "b")),
        ("no patient", permit_for(Direction::User, PatientScope::Nobody, Some(person("1")), None)),
    ] {
        let token = world.client.token(&peer, &other).await.unwrap();
        assert_ne!(token.secret(), first.secret(), "{case}");
    }
    let elsewhere = PeerConfig { ura: Ura::parse("90000903").unwrap(), ..peer.clone() };
    world.client.token(&elsewhere, &permit("999911120", "1", "a")).await.unwrap();
    let renamed = PeerConfig { use_case: UseCaseId::parse("health-overview"), ..peer.clone() };
    let refused = world.client.token(&renamed, &permit("999911120", "1", "a")).await.unwrap_err();
    assert_eq!(refused, SourceFault::Refused, "the endpoint gave another scope than was asked for");
    assert_eq!(stub.asked().len(), 7);
    let any = permit_for(Direction::User, PatientScope::Any, None, None);
    assert_eq!(world.client.token(&peer, &any).await.unwrap_err(), SourceFault::NotSupported);
    assert_eq!(stub.asked().len(), 7);
}

#[tokio::test]
async fn however_many_wait_a_token_is_asked_for_once() {
    let (world, stub) = (World::new(), endpoint().await);
    let (peer, permit) = (at(&stub), permit("999911120", "1", "a"));
    let all = futures_util::future::join_all((0..50).map(|_| world.client.token(&peer, &permit))).await;
    assert!(all.into_iter().all(|token| token.unwrap().secret() == "token-1"));
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_after_it_was_dropped() {
    let (world, stub) = (World::new(), endpoint().await);
    let (peer, permit) = (at(&stub), permit("999911120", "1", "a"));
    let first = world.client.token(&peer, &permit).await.unwrap();
    world.pass(269);
    assert_eq!(world.client.token(&peer, &permit).await.unwrap().secret(), "token-1");
    world.pass(1);
    let second = world.client.token(&peer, &permit).await.unwrap();
    assert_eq!(second.secret(), "token-2", "30 s before its end");
    world.client.drop_token(&peer, &permit, &first);
    assert_eq!(world.client.token(&peer, &permit).await.unwrap().secret(), "token-2", "a newer one is kept");
    world.client.drop_token(&peer, &permit, &second);
    assert_eq!(world.client.token(&peer, &permit).await.unwrap().secret(), "token-3");
}

#[tokio::test]
async fn what_is_no_token_is_not_taken_and_not_remembered() {
    let with = |member: &str, value: Value| {
        let mut body = good(1);
        body[member] = value;
        reply(200, &body.to_string())
    };
    let without = |member: &str| {
        let mut body = good(1);
        body.as_object_mut().unwrap().remove(member);
        reply(200, &body.to_string())
    };
    let typed = |kind: &str| Reply::Full {
        status: 200,
        headers: vec![("content-type", kind.to_owned())],
        body: good(1).to_string(),
    };
    let unusable = |text| SourceFault::Unusable(text);
    let no_read = unusable("the token answer cannot be read");
    let no_life = unusable("the token's life is not between a second and a day");
    let no_token = unusable("the token is no token");
    let redirect = Reply::Full {
        status: 307,
        headers: vec![("location", "http://127.0.0.1:1/evil".to_owned())],
        body: String::new(),
    };
    for (case, answer, fault) in [
        ("a refusal", reply(401, r#"{"error":"invalid_client"}"#), SourceFault::Refused),
        ("another refusal", reply(400, r#"{"error":"invalid_scope"}"#), SourceFault::Refused),
        ("a failure", reply(500, ""), SourceFault::Unreachable),
        ("no such place", reply(404, ""), unusable("the peer has no such token endpoint")),
        ("a redirect", redirect, unusable("the token endpoint answers with an unexpected status")),
        ("created", reply(201, &good(1).to_string()), unusable("the token endpoint answers with an unexpected status")),
        ("an empty answer", reply(200, ""), no_read.clone()),
        ("HTML", typed("text/html"), unusable("the token answer is not JSON")),
        ("a member twice", reply(200, r#"{"access_token":"a","access_token":"b"}"#), no_read.clone()),
        ("no token", without("access_token"), no_read.clone()),
        ("no type", without("token_type"), no_read.clone()),
        ("no life told", without("expires_in"), no_read.clone()),
        ("life as text", with("expires_in", json!("300")), no_read),
        ("no life", with("expires_in", json!(0)), no_life.clone()),
        ("a life before", with("expires_in", json!(-1)), no_life.clone()),
        ("an endless life", with("expires_in", json!(i64::MAX)), no_life),
        (
            "another type",
            with("token_type", json!("DPoP")),
            unusable("the token is of another type than was asked for"),
        ),
        ("an empty token", with("access_token", json!("")), no_token.clone()),
        ("a line break in it", with("access_token", json!("a\r\nx: y")), no_token.clone()),
        ("a token of 5,000 bytes", with("access_token", json!("a".repeat(5_000))), no_token),
        ("another scope", with("scope", json!("bgz-extra")), SourceFault::Refused),
        ("70 KiB", with("padding", json!("a".repeat(70_000))), SourceFault::TooLarge),
    ] {
        let (world, asked) = (World::new(), Mutex::new(0));
        let stub = Stub::start(move |_: &Asked| {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            if *asked == 1 { answer.clone() } else { reply(200, &good(2).to_string()) }
        })
        .await;
        let (peer, permit) = (at(&stub), permit("999911120", "1", "a"));
        assert_eq!(world.client.token(&peer, &permit).await.unwrap_err(), fault, "{case}");
        assert_eq!(world.client.token(&peer, &permit).await.unwrap().secret(), "token-2", "{case}");
    }
}

#[tokio::test]
async fn no_assertion_leaves_over_plain_http_and_nobody_there_is_unreachable() {
    let (world, permit) = (World::new(), permit("999911120", "1", "a"));
    let plain = world.client.token(&peer("http://192.0.2.1/oauth/token"), &permit).await.unwrap_err();
    assert_eq!(plain, SourceFault::Unusable("the peer's token endpoint is plain HTTP"));
    let nobody = world.client.token(&peer("http://127.0.0.1:1/oauth/token"), &permit).await.unwrap_err();
    assert_eq!(nobody, SourceFault::Unreachable);
}

#[tokio::test]
async fn a_connection_that_is_lost_costs_no_token_and_a_second_one_is_a_fault() {
    for lost in 1..=2 {
        let count = Mutex::new(0);
        let stub = Stub::start(move |_: &Asked| {
            let mut count = count.lock().unwrap();
            *count += 1;
            if *count <= lost { Reply::Drop } else { reply(200, &good(*count).to_string()) }
        })
        .await;
        let world = World::new();
        let told = world.client.token(&at(&stub), &permit("999911120", "1", "a")).await;
        let assertions: Vec<_> = stub.asked().iter().map(|asked| asked.parameter("client_assertion")).collect();
        assert_eq!(assertions.len(), 2);
        assert_ne!(assertions.first(), assertions.last(), "one that may have been seen is not used again");
        match lost {
            1 => assert_eq!(told.unwrap().secret(), "token-2"),
            _ => assert_eq!(told.unwrap_err(), SourceFault::Unreachable),
        }
    }
}

#[tokio::test]
async fn whoever_gives_up_leaves_the_next_in_line_to_go_on() {
    let asked = Mutex::new(0);
    let stub = Stub::start(move |_: &Asked| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        if *asked == 1 { Reply::Hang } else { reply(200, &good(2).to_string()) }
    })
    .await;
    let (world, peer, permit) = (World::new(), at(&stub), permit("999911120", "1", "a"));
    let impatient = tokio::time::timeout(Duration::from_millis(50), world.client.token(&peer, &permit));
    let (given_up, patient) = tokio::join!(impatient, world.client.token(&peer, &permit));
    assert!(given_up.is_err());
    assert_eq!(patient.unwrap().secret(), "token-2");
}

#[tokio::test]
async fn a_peer_that_is_configured_so_gets_a_proof_and_must_bind_its_token_to_it() {
    let world = World::new();
    for (dpop, token_type, good) in
        [(true, "DPoP", true), (true, "Bearer", false), (false, "DPoP", false), (false, "bearer", true)]
    {
        let stub = Stub::start(move |_: &Asked| {
            let mut answer = self::good(1);
            answer["token_type"] = json!(token_type);
            reply(200, &answer.to_string())
        })
        .await;
        let peer = PeerConfig { dpop, ..at(&stub) };
        let token = world.client.token(&peer, &permit("999911120", "1", "a")).await;
        assert_eq!(token.is_ok(), good, "{dpop} {token_type}");
        let asked = stub.asked();
        assert_eq!(asked[0].header("dpop").is_some(), dpop);
        let Ok(token) = token else { continue };
        assert_eq!(token.scheme(), if dpop { "DPoP" } else { "Bearer" });
        assert_eq!(token.prove("GET", "https://peer.example/fhir").is_some(), dpop);
        world.client.drop_token(&peer, &permit("999911120", "1", "a"), &token);
        if dpop {
            let expected = Expected {
                method: "POST",
                url: &peer.token_endpoint.to_string(),
                token: None,
                now: OffsetDateTime::now_utc().unix_timestamp(),
            };
            let shown = [asked[0].header("dpop").unwrap().to_owned()];
            assert!(ProofVerifier::default().verify(&shown, &expected).is_ok());
        }
    }
}

#[tokio::test]
async fn a_nuts_node_of_ours_gets_the_token_and_is_told_of_nobody() {
    let stub = endpoint().await;
    let World { client, .. } = World::new();
    let unreachable = peer("https://nowhere.invalid/oauth/token");
    let server = WebAddress::parse("https://peer.example/oauth2/delinde").unwrap();
    let peer = PeerConfig { nuts_authorization_server: Some(server), ..unreachable };
    let without = client.token(&peer, &permit("999911120", "1", "a")).await;
    assert!(matches!(without, Err(SourceFault::Unusable(_))), "no node is configured");

    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    let wallet = NutsWallet::new(http, WebAddress::parse(&stub.address).unwrap(), "maasdal".to_owned());
    let client = client.with_wallet(wallet);
    let first = client.token(&peer, &permit("999911120", "1", "a")).await.unwrap();
    let other = client.token(&peer, &permit("900203638", "2", "b")).await.unwrap();
    assert!(Arc::ptr_eq(&first, &other), "one token for the organisation");
    let asked = stub.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path(), "/internal/auth/v2/maasdal/request-service-access-token");
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    let expected =
        json!({"authorization_server": "https://peer.example/oauth2/delinde", "scope": "bgz", "token_type": "Bearer"});
    assert_eq!(body, expected);
}
