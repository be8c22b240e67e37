use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::Ura;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::*;
use crate::http::WebAddress;
use crate::identity::nuts::{V5Grants, V5PartnerConfig};
use crate::identity::oauth::{IssuerConfig, JWT_GRANT_TYPE};
use crate::identity::partners::Partners;
use crate::identity::testing::{InMemory, KeyType, TestCertificate};

const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";
const URA: &str = "90000901";

/// A token endpoint where 90000901 asks by the grant of Nuts v5, with the key of its certificate, for this use case; others
/// do not.
fn issuer(client: &TestCertificate, use_case: &str) -> TokenIssuer {
    let partner = |ura: &str| {
        let partner = json!({"ura": ura, "name": "De Linde", "kind": "X3", "use_cases": ["bgz"]});
        serde_json::from_value(partner).unwrap()
    };
    let partners = Arc::new(Partners::new(vec![partner(URA), partner("90000902")]).unwrap());
    let config = IssuerConfig::new(WebAddress::parse(ENDPOINT).unwrap());
    let jwk = crate::identity::jose::JwkMembers::of_certificate(&client.der).unwrap().to_json();
    let method =
        json!({"id": "did:nuts:123#0", "type": "JsonWebKey2020", "controller": "did:nuts:123", "publicKeyJwk": jwk});
    let document = json!({"id": "did:nuts:123", "verificationMethod": [method], "assertionMethod": ["did:nuts:123#0"]});
    let v5 = V5PartnerConfig {
        did: "did:nuts:123".to_owned(),
        document_file: "did.json".into(),
        purposes: BTreeMap::from([("test-service".to_owned(), UseCaseId::parse(use_case).unwrap())]),
    };
    let grants = V5Grants::new("did:nuts:456".to_owned(), ENDPOINT.to_owned());
    let grants = grants.with(Ura::parse(URA).unwrap(), &v5, document.to_string().as_bytes()).unwrap();
    TokenIssuer::new(config, partners, InMemory::with_share(100)).unwrap().with_v5(grants)
}

/// The grant of this client, as RFC003's example has it.
fn grant(client: &TestCertificate) -> String {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"typ": "JWT", "alg": "ES256", "kid": "did:nuts:123#0"}));
    let claims = part(json!({"iss": "did:nuts:123", "sub": "did:nuts:456", "aud": ENDPOINT,
        "purposeOfUse": "test-service", "iat": now, "exp": now + 5}));
    let message = format!("{header}.{claims}");
    let signature = client.node_key().sign(message.as_bytes()).unwrap();
    format!("{message}.{signature}")
}

fn ask(issuer: &TokenIssuer, client: &TestCertificate, form: &[(&str, &str)]) -> Result<TokenResponse, TokenError> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("grant_type", JWT_GRANT_TYPE).extend_pairs(form);
    let form = pairs.finish();
    let request = TokenRequest { certificate: Some(&client.der), form: &form, proofs: &[] };
    issuer.issue(request, OffsetDateTime::now_utc()).now_or_never().unwrap()
}

#[test]
fn a_token_of_nuts_v5_lives_a_minute_and_is_bound_to_the_certificate() {
    let client = TestCertificate::new(URA, KeyType::P256);
    let issuer = issuer(&client, "bgz");
    let answer = ask(&issuer, &client, &[("assertion", &grant(&client)), ("scope", "nuts")]).unwrap();
    assert_eq!((answer.expires_in, answer.scope.as_str()), (60, "bgz"));
    let now = OffsetDateTime::now_utc();
    let given = issuer.grant(answer.access_token.reveal(), now).unwrap();
    assert_eq!(given.thumbprint, client.read().thumbprint);
    assert!(given.caller.person.is_none() && given.caller.patient.is_none());
    assert!(issuer.grant(answer.access_token.reveal(), now + time::Duration::seconds(60)).is_none());
}

#[test]
fn what_is_wrong_with_a_grant_that_is_a_jwt_has_its_code() {
    use TokenErrorCode::*;
    let client = TestCertificate::new(URA, KeyType::P256);
    let other = TestCertificate::new("90000902", KeyType::P256);
    let offered = issuer(&client, "bgz");
    let assertion = grant(&client);
    let two = [("assertion", "a.b.c"), ("client_assertion", "a.b.c"), ("scope", "bgz")];
    let one = [("assertion", assertion.as_str()), ("scope", "nuts")];
    for (case, asked, code) in [
        ("a partner that has no such grant", ask(&offered, &other, &one), UnauthorizedClient),
        ("two presentations of one that has no software", ask(&offered, &client, &two), UnauthorizedClient),
        ("no assertion", ask(&offered, &client, &[("scope", "nuts")]), InvalidRequest),
        ("another scope", ask(&offered, &client, &[("assertion", &assertion), ("scope", "bgz")]), InvalidScope),
        ("no scope", ask(&offered, &client, &[("assertion", &assertion)]), InvalidScope),
        ("rubbish", ask(&offered, &client, &[("assertion", "a.b.c"), ("scope", "nuts")]), InvalidGrant),
    ] {
        let error = asked.unwrap_err();
        assert_eq!((error.code, error.status()), (code, 400), "{case}");
    }
    let not_offered = ask(&issuer(&client, "eoverdracht"), &client, &one).unwrap_err();
    assert_eq!(not_offered.code, InvalidScope, "a purpose whose use case is not offered to the organisation");
    assert!(ask(&offered, &client, &one).is_ok(), "what was refused for something else was not used up");
    assert_eq!(ask(&offered, &client, &one).unwrap_err().code, InvalidGrant, "used before");
    // Where nobody is configured for it, the grant is not there at all.
    let config = IssuerConfig::new(WebAddress::parse(ENDPOINT).unwrap());
    let partner = serde_json::from_value(json!({"ura": URA, "name": "x", "use_cases": ["bgz"]})).unwrap();
    let without = TokenIssuer::new(config, Arc::new(Partners::new(vec![partner]).unwrap()), InMemory::with_share(1));
    assert_eq!(ask(&without.unwrap(), &client, &one).unwrap_err().code, UnsupportedGrantType);
}
