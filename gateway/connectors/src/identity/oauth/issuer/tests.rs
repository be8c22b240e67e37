use std::sync::Mutex;

use exchange::ports::BoxFuture;
use fhir::{Bsn, Ura};
use futures_util::FutureExt;
use policy::TreatmentRelation;
use serde_json::Value;

use super::*;
use crate::identity::oauth::assertion::{Statement, sign};
use crate::identity::oauth::base::{Base, BasesUnavailable};
use crate::identity::testing::{InMemory, KeyType, TestCertificate};

const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";

fn partner(ura: &str) -> PartnerConfig {
    let json =
        serde_json::json!({"ura": ura, "name": "De Linde", "kind": "X3", "use_cases": ["bgz", "health-overview"]});
    serde_json::from_value(json).unwrap()
}

fn issuer() -> TokenIssuer {
    let partners = Partners::new(vec![partner("90000901"), partner("90000902")]).unwrap();
    let config = IssuerConfig::new(WebAddress::parse(ENDPOINT).unwrap());
    TokenIssuer::new(config, Arc::new(partners), InMemory::with_share(100)).unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn assertion(client: &TestCertificate) -> String {
    let statement = Statement { audience: ENDPOINT, ..Statement::default() };
    sign(&client.node_key(), &statement, now()).unwrap().reveal().to_owned()
}

/// A right request of this client, with one parameter set, or left out by an empty value.
fn form(client: &TestCertificate, name: &str, value: &str) -> String {
    let assertion = assertion(client);
    let mut pairs = vec![
        ("grant_type", GRANT_TYPE),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
        ("scope", "bgz"),
    ];
    pairs.retain(|(known, _)| *known != name);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    if !value.is_empty() {
        form.append_pair(name, value);
    }
    form.finish()
}

fn issue(
    issuer: &TokenIssuer,
    certificate: Option<&[u8]>,
    form: &str,
    now: OffsetDateTime,
) -> Result<TokenResponse, TokenError> {
    issuer.issue(TokenRequest { certificate, form, proofs: &[] }, now).now_or_never().unwrap()
}

#[test]
fn a_partner_gets_a_token_that_stands_for_it() {
    let client = TestCertificate::new("90000901", KeyType::P256);
    let issuer = issuer();
    let answer = issue(&issuer, Some(&client.der), &form(&client, "scope", "health-overview bgz bgz"), now()).unwrap();
    let grant = issuer.grant(answer.access_token.reveal(), now()).unwrap();
    assert_eq!(grant.caller.organisation, partner("90000901").organisation());
    assert_eq!(grant.caller.client_id, "90000901");
    assert_eq!(grant.caller.use_cases.iter().map(UseCaseId::as_str).collect::<Vec<_>>(), ["health-overview", "bgz"]);
    assert_eq!(grant.thumbprint, client.read().thumbprint);
    assert_eq!(grant.caller.token_id.as_deref().map(str::len), Some(16));

    let json: Value = serde_json::from_str(&answer.to_json()).unwrap();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 300);
    assert_eq!(json["scope"], "health-overview bgz");
    assert_eq!(json["access_token"].as_str(), Some(answer.access_token.reveal()));
    assert!(!format!("{answer:?}").contains(answer.access_token.reveal()));
}

#[test]
fn a_token_is_good_until_it_expires_and_no_other_text_is() {
    let client = TestCertificate::new("90000901", KeyType::P256);
    let (issuer, issued) = (issuer(), now());
    let answer = issue(&issuer, Some(&client.der), &form(&client, "", ""), issued).unwrap();
    let token = answer.access_token.reveal();
    let after = |seconds| issued + time::Duration::seconds(seconds);
    assert!(issuer.grant(token, after(299)).is_some());
    assert!(issuer.grant(token, after(300)).is_none());
    assert!(issuer.grant(&token[1..], after(1)).is_none());
    assert!(issuer.grant("", after(1)).is_none());
}

#[test]
fn what_is_wrong_with_a_request_has_its_code_and_status() {
    use TokenErrorCode::*;
    let client = TestCertificate::new("90000901", KeyType::P256);
    let other_endpoint = {
        let audience = "https://delinde.example.nl/oauth/token";
        let statement = Statement { audience, ..Statement::default() };
        sign(&client.node_key(), &statement, now()).unwrap().reveal().to_owned()
    };
    let of_another = assertion(&TestCertificate::new("90000902", KeyType::P256));
    let issuer = issuer();
    for (case, name, value, code) in [
        ("no grant type", "grant_type", "", InvalidRequest),
        ("another grant", "grant_type", "password", UnsupportedGrantType),
        ("no assertion type", "client_assertion_type", "", InvalidClient),
        ("another assertion type", "client_assertion_type", "urn:x", InvalidClient),
        ("no assertion", "client_assertion", "", InvalidClient),
        ("rubbish for an assertion", "client_assertion", "a.b.c", InvalidClient),
        ("an assertion for another endpoint", "client_assertion", &other_endpoint, InvalidClient),
        ("an assertion of another client", "client_assertion", &of_another, InvalidClient),
        ("a secret beside it", "client_secret", "x", InvalidRequest),
        ("another client id", "client_id", "90000902", InvalidClient),
        // ATT-63
        ("no scope", "scope", "", InvalidScope),
        ("a use case that is not offered", "scope", "eoverdracht", InvalidScope),
        ("one offered and one not", "scope", "bgz eoverdracht", InvalidScope),
        ("everything", "scope", "patient/*.*", InvalidScope),
        ("a tab", "scope", "bgz\thealth-overview", InvalidScope),
        ("two blanks", "scope", "bgz  health-overview", InvalidScope),
        ("only a blank", "scope", " ", InvalidScope),
    ] {
        let error = issue(&issuer, Some(&client.der), &form(&client, name, value), now()).unwrap_err();
        assert_eq!(error.code, code, "{case}");
        let json: Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(json["error"], code.as_str());
        assert_eq!(error.status(), if code == InvalidClient { 401 } else { 400 }, "{case}");
    }
    let twice = format!("{}&scope=bgz", form(&client, "", ""));
    assert_eq!(issue(&issuer, Some(&client.der), &twice, now()).unwrap_err().code, InvalidRequest);
    assert!(issue(&issuer, Some(&client.der), &form(&client, "client_id", "90000901"), now()).is_ok());
}

#[test]
fn who_shows_no_certificate_that_is_known_gets_nothing() {
    let client = TestCertificate::new("90000901", KeyType::P256);
    let stranger = TestCertificate::new("90000909", KeyType::P256);
    let nobody = TestCertificate::with_names(&[], KeyType::P256);
    let issuer = issuer();
    let good = form(&client, "", "");
    let later = now() + time::Duration::days(31);
    for (case, certificate, form, at) in [
        ("none", None, good.clone(), now()),
        ("rubbish", Some(&b"no DER"[..]), good.clone(), now()),
        ("an organisation we do not know", Some(&stranger.der[..]), form(&stranger, "", ""), now()),
        ("no organisation", Some(&nobody.der[..]), good.clone(), now()),
        ("a certificate past its end", Some(&client.der[..]), good.clone(), later),
    ] {
        let error = issue(&issuer, certificate, &form, at).unwrap_err();
        assert_eq!((error.code, error.status()), (TokenErrorCode::InvalidClient, 401), "{case}");
    }
    assert!(issue(&issuer, Some(&client.der), &good, now()).is_ok());
    let again = issue(&issuer, Some(&client.der), &good, now()).unwrap_err();
    assert_eq!(again.code, TokenErrorCode::InvalidClient, "ATT-67: an assertion counts once");
}

#[test]
fn a_configuration_without_sense_is_refused() {
    let endpoint = WebAddress::parse(ENDPOINT).unwrap();
    for (expires_in, most_tokens) in [(0, 1), (3601, 1), (300, 0)] {
        let config = IssuerConfig { token_endpoint: endpoint.clone(), expires_in, most_tokens };
        assert!(
            TokenIssuer::new(config, Arc::default(), InMemory::with_share(1)).is_err(),
            "{expires_in} {most_tokens}"
        );
    }
}

/// A notification to 90000901 about one patient, for one use case; what came of it since.
#[derive(Default)]
struct OneBase(Mutex<Since>);

#[derive(Clone, Copy, Default)]
enum Since {
    #[default]
    Open,
    Ended,
    Withdrawn,
    Unavailable,
}

impl AuthorizationBases for OneBase {
    fn base<'a>(&'a self, value: &'a str, receiver: &'a Ura) -> BoxFuture<'a, Result<Option<Base>, BasesUnavailable>> {
        let given = Base {
            patient: Bsn::parse("999911120").unwrap(),
            use_case: UseCaseId::parse("bgz").unwrap(),
            treatment_relation: TreatmentRelation {
                kind: "referral".to_owned(),
                reference: "task-1".to_owned(),
                age_days: None,
            },
        };
        let since = *self.0.lock().unwrap();
        let ended = TreatmentRelation { kind: "referral-ended".to_owned(), ..given.treatment_relation.clone() };
        let answer = match (value, since) {
            ("broken", _) | (_, Since::Unavailable) => Err(BasesUnavailable),
            (_, Since::Withdrawn) => Ok(None),
            ("given", Since::Ended) => Ok(Some(Base { treatment_relation: ended, ..given })),
            ("given", Since::Open) => Ok((receiver.as_str() == "90000901").then_some(given)),
            _ => Ok(None),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn an_authorization_base_gives_the_patient_and_the_ground_to_whom_it_was_given_only() {
    use TokenErrorCode::*;
    let (client, other) =
        (TestCertificate::new("90000901", KeyType::P256), TestCertificate::new("90000902", KeyType::P256));
    let knowing = issuer().with_bases(Arc::<OneBase>::default());
    let with = |client: &TestCertificate, base: &str| format!("{}&authorization_base={base}", form(client, "", ""));
    let answer = issue(&knowing, Some(&client.der), &with(&client, "given"), now()).unwrap();
    let grant = knowing.grant(answer.access_token.reveal(), now()).unwrap();
    assert_eq!(grant.caller.patient, Bsn::parse("999911120").ok());
    assert_eq!(grant.caller.treatment_relation.as_ref().unwrap().reference, "task-1");

    let about = |bsn: &str| {
        let patient = Bsn::parse(bsn).unwrap();
        let statement = Statement { audience: ENDPOINT, patient: Some(&patient), ..Statement::default() };
        let assertion = sign(&client.node_key(), &statement, now()).unwrap();
        format!("{}&authorization_base=given", form(&client, "client_assertion", assertion.reveal()))
    };
    assert!(issue(&knowing, Some(&client.der), &about("999911120"), now()).is_ok());
    let scope = format!("{}&authorization_base=given", form(&client, "scope", "bgz health-overview"));
    for (case, certificate, form, code) in [
        ("another patient", &client, about("900203638"), InvalidGrant),
        ("another receiver", &other, with(&other, "given"), InvalidGrant),
        ("a value that was never given", &client, with(&client, "other"), InvalidGrant),
        ("more than it is for", &client, scope, InvalidGrant),
        ("what cannot be looked up", &client, with(&client, "broken"), TemporarilyUnavailable),
        ("twice", &client, format!("{}&authorization_base=given", with(&client, "given")), InvalidRequest),
    ] {
        assert_eq!(issue(&knowing, Some(&certificate.der), &form, now()).unwrap_err().code, code, "{case}");
    }
    let unknowing = issue(&issuer(), Some(&client.der), &with(&client, "given"), now()).unwrap_err();
    assert_eq!((unknowing.code, unknowing.status()), (InvalidGrant, 400), "nobody here gave any");
}

#[test]
fn a_token_of_an_authorization_base_allows_what_the_base_allows_when_it_is_used() {
    let client = TestCertificate::new("90000901", KeyType::P256);
    let base = Arc::<OneBase>::default();
    let issuer = issuer().with_bases(base.clone());
    let form = format!("{}&authorization_base=given", form(&client, "", ""));
    let answer = issue(&issuer, Some(&client.der), &form, now()).unwrap();
    let grant = issuer.grant(answer.access_token.reveal(), now()).unwrap();
    let kind = |since| {
        *base.0.lock().unwrap() = since;
        let caller = issuer.caller_of(&grant).now_or_never().unwrap()?;
        Ok::<_, BasesUnavailable>(caller.and_then(|caller| caller.treatment_relation).map(|relation| relation.kind))
    };
    assert_eq!(kind(Since::Open), Ok(Some("referral".to_owned())));
    assert_eq!(kind(Since::Ended), Ok(Some("referral-ended".to_owned())));
    assert_eq!(kind(Since::Withdrawn), Ok(None));
    assert_eq!(kind(Since::Unavailable), Err(BasesUnavailable));

    let told = |since| {
        *base.0.lock().unwrap() = since;
        let form = format!("token={}", answer.access_token.reveal());
        issuer.introspect(&form, "https://us", now()).now_or_never().unwrap()
    };
    assert!(told(Since::Open).unwrap().reveal().contains(r#""kind":"referral""#));
    assert_eq!(told(Since::Withdrawn).unwrap().reveal(), r#"{"active":false}"#);
    assert_eq!(told(Since::Unavailable).unwrap_err().code, TokenErrorCode::TemporarilyUnavailable);
}
