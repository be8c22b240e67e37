use std::io::Write;
use std::sync::Mutex;

use AuthenticationFault::*;
use exchange::Possession;
use fhir::Ura;
use futures_util::FutureExt;
use policy::Organisation;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::http::WebAddress;
use crate::identity::oauth::assertion::{Statement, sign};
use crate::identity::oauth::dpop::ProofKey;
use crate::identity::oauth::{IssuerConfig, TokenRequest};
use crate::identity::sessions::{Opening, Way};
use crate::identity::testing::{InMemory, KeyType, TestCertificate};
use crate::identity::vetting::{Standing, Unknown};
use crate::identity::{InnerCallerConfig, SessionConfig};

const BASE: &str = "https://maasdal.example.nl";
const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";
const PATH: &str = "/fhir/r4/Condition";
const INNER_TOKEN: &str = "0123456789abcdef0123456789abcdef";

struct SetClock(Mutex<OffsetDateTime>);

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

/// Says of every certificate what it is told to say.
struct SetVet(Mutex<Standing>);

impl Vet for SetVet {
    fn vet<'a>(&'a self, part: Part, _: &'a [u8], _: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        assert_eq!(part, Part::Client);
        Box::pin(std::future::ready(*self.0.lock().unwrap()))
    }
}

/// A node with one partner, one inner caller by token and one by certificate.
struct World {
    doorman: NodeAuthenticator,
    clock: Arc<SetClock>,
    partner: TestCertificate,
    inner: TestCertificate,
    sessions: Arc<Sessions>,
    issuer: Arc<TokenIssuer>,
    vet: Arc<SetVet>,
}

impl World {
    fn new() -> Self {
        let (partner, inner) =
            (TestCertificate::new("90000902", KeyType::P256), TestCertificate::with_names(&[], KeyType::P256));
        let clock = Arc::new(SetClock(Mutex::new(OffsetDateTime::now_utc())));
        let config = serde_json::json!({"ura": "90000902", "name": "De Linde", "use_cases": ["bgz"]});
        let partners = Arc::new(Partners::new(vec![serde_json::from_value(config).unwrap()]).unwrap());
        let endpoint = WebAddress::parse(ENDPOINT).unwrap();
        let issuer = Arc::new(
            TokenIssuer::new(IssuerConfig::new(endpoint), partners.clone(), InMemory::with_share(100)).unwrap(),
        );
        let sessions = Arc::new(Sessions::new(SessionConfig::default()));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(INNER_TOKEN.as_bytes()).unwrap();
        let inner_config = serde_json::json!([
            {"client_id": "portal", "use_cases": ["bgz"], "token_file": file.path(),
             "person": {"id": "000012345", "name": "J. de Vries", "role": "01.015"}},
            {"client_id": "epd", "use_cases": ["bgz"], "certificate_thumbprint": inner.read().thumbprint.to_string()},
        ]);
        let configured: Vec<InnerCallerConfig> = serde_json::from_value(inner_config).unwrap();
        let own = Organisation { ura: Ura::parse("90000901").unwrap(), name: None, kind: None };
        let callers = InnerCallers::load(&own, &configured, true).unwrap();
        let vet = Arc::new(SetVet(Mutex::new(Standing::Good)));
        let vets = Vets { outer: vet.clone(), inner: Some(vet.clone()) };
        let doorman = NodeAuthenticator::new(
            BASE.to_owned(),
            partners,
            issuer.clone(),
            Arc::new(callers),
            sessions.clone(),
            clock.clone(),
            vets,
        );
        World { doorman, clock, partner, inner, sessions, issuer, vet }
    }

    /// The token that the partner gets.
    fn token(&self) -> String {
        self.token_with(&[])
    }

    /// The token that the partner gets when it shows these proofs.
    fn token_with(&self, proofs: &[String]) -> String {
        let statement = Statement { audience: ENDPOINT, ..Statement::default() };
        let assertion = sign(&self.partner.node_key(), &statement, self.clock.now()).unwrap();
        let form = format!(
            "grant_type=client_credentials&scope=bgz&client_assertion_type={}&client_assertion={}",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            assertion.reveal()
        );
        let request = TokenRequest { certificate: Some(&self.partner.der), form: &form, proofs };
        let answer = self.issuer.issue(request, self.clock.now()).now_or_never().unwrap().unwrap();
        answer.access_token.reveal().to_owned()
    }

    fn identify(&self, gate: Gate, credentials: &Credentials) -> Result<Caller, AuthenticationFault> {
        self.doorman.identify(gate, credentials).now_or_never().unwrap()
    }

    fn pass(&self, by: Duration) {
        *self.clock.0.lock().unwrap() += by;
    }
}

fn showing(certificate: Option<&TestCertificate>, authorization: &[&str], session: Option<&str>) -> Credentials {
    Credentials {
        certificate: certificate.map(|made| made.der.as_slice().into()),
        issuers: Vec::new(),
        authorization: authorization.iter().map(|text| (*text).to_owned()).collect(),
        possession: None,
        session: session.map(str::to_owned),
    }
}

#[test]
fn a_partner_with_its_certificate_and_token_is_let_in_and_nobody_else_is() {
    let world = World::new();
    let token = world.token();
    let bearer = format!("Bearer {token}");
    let caller = world.identify(Gate::Outer, &showing(Some(&world.partner), &[&bearer], None)).unwrap();
    assert_eq!(caller.organisation.ura.as_str(), "90000902");
    assert_eq!(caller.token_id, Some(Digest::of(&token).token_id()));

    let twin = TestCertificate::new("90000902", KeyType::P256);
    let stranger = TestCertificate::new("90000909", KeyType::P256);
    let ed = TestCertificate::new("90000902", KeyType::Ed25519);
    let other_case = bearer.replace(&token, &token.to_lowercase());
    let longer = format!("{bearer}A");
    let jwt = {
        let statement = Statement { audience: ENDPOINT, ..Statement::default() };
        let assertion = sign(&world.partner.node_key(), &statement, world.clock.now()).unwrap();
        format!("Bearer {}", assertion.reveal())
    };
    let inner = format!("Bearer {INNER_TOKEN}");
    let basic = format!("Basic {token}");
    let partner = Some(&world.partner);
    let cases: Vec<(&str, Credentials, AuthenticationFault)> = vec![
        ("no certificate", showing(None, &[&bearer], None), NoCertificate),
        ("nothing at all", showing(None, &[], None), NoCertificate),
        ("an organisation that is not configured", showing(Some(&stranger), &[&bearer], None), UnknownOrganisation),
        ("a certificate without URA", showing(Some(&world.inner), &[&bearer], None), UnknownOrganisation),
        ("a certificate with another kind of key", showing(Some(&ed), &[&bearer], None), UnknownOrganisation),
        // ATT-51
        ("no Authorization", showing(partner, &[], None), NoToken),
        ("an empty one", showing(partner, &[""], None), NoToken),
        ("Basic", showing(partner, &[&basic], None), NoToken),
        ("Bearer without token", showing(partner, &["Bearer"], None), NoToken),
        ("Bearer and a blank", showing(partner, &["Bearer "], None), NoToken),
        ("the token alone", showing(partner, &[&token], None), NoToken),
        ("two headers", showing(partner, &[&bearer, &bearer], None), Ambiguous),
        ("the right one and another", showing(partner, &[&basic, &bearer], None), Ambiguous),
        ("two in one header", showing(partner, &[&format!("{bearer}, {bearer}")], None), NoToken),
        ("the token as a session", showing(partner, &[], Some(&token)), NoToken),
        ("a session beside it", showing(partner, &[&bearer], Some("x")), Ambiguous),
        ("another token", showing(partner, &["Bearer abc"], None), TokenNotAccepted),
        ("in other case", showing(partner, &[&other_case], None), TokenNotAccepted),
        ("with a character more", showing(partner, &[&longer], None), TokenNotAccepted),
        ("a token of the inner gate", showing(partner, &[&inner], None), TokenNotAccepted),
        // ATT-61
        ("a client assertion", showing(partner, &[&jwt], None), TokenNotAccepted),
        // ATT-66
        ("another certificate of the same organisation", showing(Some(&twin), &[&bearer], None), TokenOfAnotherClient),
    ];
    for (case, credentials, fault) in cases {
        assert_eq!(world.identify(Gate::Outer, &credentials).err(), Some(fault), "{case}");
    }
    world.pass(Duration::seconds(300));
    let expired = world.identify(Gate::Outer, &showing(partner, &[&bearer], None));
    assert_eq!(expired.err(), Some(TokenNotAccepted), "ATT-58");
    world.pass(Duration::days(31));
    let outlived = world.identify(Gate::Outer, &showing(partner, &[&bearer], None));
    assert_eq!(outlived.err(), Some(NoCertificate), "a TLS session that outlives its certificate");
}

/// A request with a proof, under this id.
fn proving(made: &TestCertificate, scheme: &str, token: &str, proofs: &[String], request_id: &str) -> Credentials {
    let possession = Possession {
        proofs: proofs.to_vec(),
        method: "GET".to_owned(),
        path: PATH.to_owned(),
        request_id: request_id.to_owned(),
    };
    Credentials { possession: Some(Arc::new(possession)), ..showing(Some(made), &[&format!("{scheme} {token}")], None) }
}

#[test]
fn a_token_that_is_bound_to_a_key_needs_a_fresh_proof_of_that_key() {
    let world = World::new();
    let (key, other) = (ProofKey::fresh().unwrap(), ProofKey::fresh().unwrap());
    let now = world.clock.now();
    let url = format!("{BASE}{PATH}");
    let token = world.token_with(&[key.prove("POST", ENDPOINT, None, now).unwrap()]);
    let unbound = world.token();
    let prove =
        |key: &ProofKey, method: &str, url: &str, token: &str| key.prove(method, url, Some(token), now).unwrap();
    let good = prove(&key, "GET", &url, &token);
    let twin = TestCertificate::new("90000902", KeyType::P256);
    let shown = |proofs: &[String]| proving(&world.partner, "DPoP", &token, proofs, "r");
    let bearer = format!("Bearer {token}");
    let cases = [
        // ATT-66
        ("as a bearer token", showing(Some(&world.partner), &[&bearer], None), ProofMissing),
        (
            "as a bearer token, with a proof",
            proving(&world.partner, "Bearer", &token, std::slice::from_ref(&good), "r"),
            ProofMissing,
        ),
        (
            "without a proof",
            showing(Some(&world.partner), &[&format!("DPoP {token}")], None),
            ProofNotAccepted("not-one"),
        ),
        ("with two proofs", shown(&[good.clone(), good.clone()]), ProofNotAccepted("not-one")),
        ("with another key's proof", shown(&[prove(&other, "GET", &url, &token)]), ProofNotAccepted("other-key")),
        ("with a proof for another method", shown(&[prove(&key, "POST", &url, &token)]), ProofNotAccepted("method")),
        ("with a proof for another URL", shown(&[prove(&key, "GET", ENDPOINT, &token)]), ProofNotAccepted("target")),
        (
            "with a proof for another token",
            shown(&[prove(&key, "GET", &url, &unbound)]),
            ProofNotAccepted("token-hash"),
        ),
        (
            "with a proof for no token",
            shown(&[key.prove("GET", &url, None, now).unwrap()]),
            ProofNotAccepted("token-hash"),
        ),
        ("with rubbish", shown(&["x".to_owned()]), ProofNotAccepted("malformed")),
        (
            "with another certificate",
            proving(&twin, "DPoP", &token, std::slice::from_ref(&good), "r"),
            DpopTokenOfAnotherClient,
        ),
        (
            "a token that is bound to no key",
            proving(&world.partner, "DPoP", &unbound, &[prove(&key, "GET", &url, &unbound)], "r"),
            DpopTokenNotAccepted,
        ),
        (
            "another token",
            proving(&world.partner, "DPoP", "abc", std::slice::from_ref(&good), "r"),
            DpopTokenNotAccepted,
        ),
    ];
    for (case, credentials, fault) in cases {
        assert_eq!(world.identify(Gate::Outer, &credentials).err(), Some(fault), "{case}");
    }
    let once = proving(&world.partner, "DPoP", &token, std::slice::from_ref(&good), "first");
    assert!(world.identify(Gate::Outer, &once).is_ok());
    assert!(world.identify(Gate::Outer, &once).is_ok(), "each entry of a batch is identified");
    let again = proving(&world.partner, "dpop", &token, std::slice::from_ref(&good), "second");
    assert_eq!(world.identify(Gate::Outer, &again).err(), Some(ProofNotAccepted("replayed")));
    assert_eq!(world.identify(Gate::Inner, &again).err(), Some(NoToken), "the inner gate gives no such tokens");
    world.pass(Duration::seconds(61));
    let late = prove(&key, "GET", &url, &token);
    let late = proving(&world.partner, "DPoP", &token, &[late], "third");
    assert_eq!(world.identify(Gate::Outer, &late).err(), Some(ProofNotAccepted("time")));
}

#[test]
fn a_proof_at_the_token_endpoint_counts_once_and_only_there() {
    let world = World::new();
    let key = ProofKey::fresh().unwrap();
    let ask = |proofs: &[String]| {
        let statement = Statement { audience: ENDPOINT, ..Statement::default() };
        let assertion = sign(&world.partner.node_key(), &statement, world.clock.now()).unwrap();
        let form = format!(
            "grant_type=client_credentials&scope=bgz&client_assertion_type={}&client_assertion={}",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            assertion.reveal()
        );
        let request = TokenRequest { certificate: Some(&world.partner.der), form: &form, proofs };
        let answer = world.issuer.issue(request, world.clock.now()).now_or_never().unwrap();
        answer.map(|answer| answer.bound_to_key).map_err(|error| (error.code.as_str(), error.status()))
    };
    let proof = |method: &str, url: &str| key.prove(method, url, None, world.clock.now()).unwrap();
    let good = proof("POST", ENDPOINT);
    assert_eq!(ask(&[]), Ok(false));
    assert_eq!(ask(std::slice::from_ref(&good)), Ok(true));
    for (case, proofs) in [
        ("again", vec![good.clone()]),
        ("for another method", vec![proof("GET", ENDPOINT)]),
        ("for another URL", vec![proof("POST", BASE)]),
        ("two", vec![proof("POST", ENDPOINT), proof("POST", ENDPOINT)]),
        ("rubbish", vec!["x".to_owned()]),
        ("empty", vec![String::new()]),
    ] {
        assert_eq!(ask(&proofs), Err(("invalid_dpop_proof", 400)), "{case}");
    }
}

#[test]
fn our_own_come_in_by_token_certificate_or_session_and_by_one_identity_only() {
    let world = World::new();
    let bearer = format!("Bearer {INNER_TOKEN}");
    let begun = |credentials: &Credentials| {
        let caller = Arc::new(world.identify(Gate::Inner, credentials).unwrap());
        world.sessions.create(Opening::of(caller, Way::AccessCode), world.clock.now()).unwrap()
    };
    let portal = begun(&showing(None, &[&bearer], None));
    let epd = begun(&showing(Some(&world.inner), &[], None));
    let (portal, epd) = (Some(portal.reveal()), Some(epd.reveal()));
    let stranger = TestCertificate::new("90000909", KeyType::P256);
    let outer = format!("Bearer {}", world.token());
    let inner = Some(&world.inner);
    let cases: Vec<(&str, Credentials, Result<&str, AuthenticationFault>)> = vec![
        ("a token", showing(None, &[&bearer], None), Ok("portal")),
        ("a certificate", showing(inner, &[], None), Ok("epd")),
        ("a session", showing(None, &[], portal), Ok("portal")),
        ("a session from the same caller's machine", showing(inner, &[], epd), Ok("epd")),
        ("a token from a machine that names nobody", showing(Some(&stranger), &[&bearer], None), Ok("portal")),
        ("nothing", showing(None, &[], None), Err(NoToken)),
        ("a certificate that names nobody", showing(Some(&stranger), &[], None), Err(NoToken)),
        ("Basic", showing(None, &["Basic abc"], None), Err(NoToken)),
        ("Basic beside a good certificate", showing(inner, &["Basic abc"], None), Err(NoToken)),
        ("another token", showing(None, &["Bearer abc"], None), Err(TokenNotAccepted)),
        ("another token beside a good certificate", showing(inner, &["Bearer abc"], None), Err(TokenNotAccepted)),
        ("a token of the outer gate", showing(None, &[&outer], None), Err(TokenNotAccepted)),
        ("another session", showing(None, &[], Some("abc")), Err(TokenNotAccepted)),
        ("a token as session", showing(None, &[], Some(INNER_TOKEN)), Err(TokenNotAccepted)),
        ("two tokens", showing(None, &[&bearer, &bearer], None), Err(Ambiguous)),
        ("token and session", showing(None, &[&bearer], portal), Err(Ambiguous)),
        ("rubbish and session", showing(None, &["x"], portal), Err(Ambiguous)),
        ("a token and another caller's certificate", showing(inner, &[&bearer], None), Err(Ambiguous)),
        ("a session and another caller's certificate", showing(inner, &[], portal), Err(Ambiguous)),
    ];
    for (case, credentials, expected) in cases {
        let found = world.identify(Gate::Inner, &credentials).map(|caller| caller.client_id);
        assert_eq!(found, expected.map(str::to_owned), "{case}");
    }
    world.pass(Duration::days(31));
    let outlived = world.identify(Gate::Inner, &showing(inner, &[], None));
    assert_eq!(outlived.err(), Some(NoCertificate), "a TLS session that outlives its certificate");
    let idle = world.identify(Gate::Inner, &showing(None, &[], portal));
    assert_eq!(idle.err(), Some(TokenNotAccepted));
}

#[test]
fn an_inner_caller_acts_for_the_node_and_its_log_id_is_no_secret() {
    let world = World::new();
    let caller = world.identify(Gate::Inner, &showing(None, &[&format!("Bearer {INNER_TOKEN}")], None)).unwrap();
    assert_eq!(caller.organisation.ura.as_str(), "90000901");
    assert_eq!(caller.person.unwrap().role, "01.015");
    let id = caller.token_id.unwrap();
    assert!(id.len() == 16 && !INNER_TOKEN.contains(&id));
}

#[test]
fn a_certificate_that_lost_its_standing_is_refused_at_both_gates_each_in_its_own_words() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token());
    let outer = showing(Some(&world.partner), &[&bearer], None);
    let inner = showing(Some(&world.inner), &[], None);
    for (standing, fault) in [
        (Standing::Revoked, CertificateRevoked),
        (Standing::NotTrusted, CertificateNotTrusted),
        (Standing::NotFoundOut(Unknown::Unreachable), CertificateStatusUnknown),
    ] {
        *world.vet.0.lock().unwrap() = standing;
        assert_eq!(world.identify(Gate::Outer, &outer).unwrap_err(), fault);
        assert_eq!(world.identify(Gate::Inner, &inner).unwrap_err(), fault);
    }
    *world.vet.0.lock().unwrap() = Standing::Good;
    assert!(world.identify(Gate::Outer, &outer).is_ok());
    assert!(world.identify(Gate::Inner, &inner).is_ok());
}

#[test]
fn a_stranger_is_refused_before_anybody_is_asked_about_its_certificate() {
    let world = World::new();
    *world.vet.0.lock().unwrap() = Standing::NotFoundOut(Unknown::Unreachable);
    let stranger = TestCertificate::new("90000999", KeyType::P256);
    assert_eq!(world.identify(Gate::Outer, &showing(Some(&stranger), &[], None)).unwrap_err(), UnknownOrganisation);
}
