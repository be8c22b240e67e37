use std::io::Write;
use std::sync::Mutex;

use AuthenticationFault::*;
use fhir::Ura;
use policy::Organisation;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::http::WebAddress;
use crate::identity::oauth::IssuerConfig;
use crate::identity::oauth::assertion::{Statement, sign};
use crate::identity::sessions::{Opening, Way};
use crate::identity::testing::{KeyType, TestCertificate};
use crate::identity::vetting::{Standing, Unknown};
use crate::identity::{InnerCallerConfig, SessionConfig};

const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";
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
        let issuer = Arc::new(TokenIssuer::new(IssuerConfig::new(endpoint), partners.clone()).unwrap());
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
        let doorman =
            NodeAuthenticator::new(partners, issuer.clone(), Arc::new(callers), sessions.clone(), clock.clone(), vets);
        World { doorman, clock, partner, inner, sessions, issuer, vet }
    }

    /// The token that the partner gets.
    fn token(&self) -> String {
        let statement = Statement { audience: ENDPOINT, person: None, patient: None, treatment_relation: None };
        let assertion = sign(&self.partner.node_key(), &statement, self.clock.now()).unwrap();
        let form = format!(
            "grant_type=client_credentials&scope=bgz&client_assertion_type={}&client_assertion={}",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            assertion.reveal()
        );
        let answer = self.issuer.issue(Some(&self.partner.der), &form, self.clock.now()).unwrap();
        answer.access_token.reveal().to_owned()
    }

    fn identify(&self, gate: Gate, credentials: &Credentials) -> Result<Caller, AuthenticationFault> {
        futures_util::FutureExt::now_or_never(self.doorman.identify(gate, credentials)).unwrap()
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
        let statement = Statement { audience: ENDPOINT, person: None, patient: None, treatment_relation: None };
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
