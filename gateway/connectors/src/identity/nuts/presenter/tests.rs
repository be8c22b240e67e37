use std::sync::Arc;

use futures_util::FutureExt;
use policy::UseCaseId;

use super::*;
use crate::http::{HttpClient, HttpSettings, Trust};
use crate::identity::Partners;
use crate::identity::nuts::x509::tests::{Authority, OTHER_NAME};
use crate::identity::nuts::{CredentialTrust, DidWebResolver, PresentationVerifier, StatusLists};
use crate::identity::oauth::{IssuerConfig, TokenIssuer, TokenRequest};
use crate::identity::testing::InMemory;
use crate::identity::vetting::{Part, Standing, Vet};
use crate::sources::testing::stub::{Asked, Reply, Stub};
use exchange::ports::{BoxFuture, SourceFault};

const BASE: &str = "https://delinde.example.nl:8443/oauth2/90000901";
const DID: &str = "did:web:delinde.example.nl%3A8443:oauth2:90000901";

struct Good;

impl Vet for Good {
    fn vet<'a>(&'a self, _: Part, _: &'a [u8], _: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        Box::pin(std::future::ready(Standing::Good))
    }
}

fn http() -> HttpClient {
    HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap()
}

fn presenter(authority: &Authority) -> (Presenter, Vec<u8>) {
    let issued = authority.issue(OTHER_NAME, "De Linde & Zn", 10);
    let key = Arc::new(NodeKey::new(&issued.der, issued.key.serialize_pem().as_bytes()).unwrap());
    let base = WebAddress::parse(BASE).unwrap();
    let presenter = Presenter::new(key, vec![authority.der.clone()], &base, OffsetDateTime::now_utc()).unwrap();
    (presenter, issued.der.to_vec())
}

/// The token endpoint of a partner that believes this authority, and this DID document.
fn endpoint(authority: &Authority, issuer: &str, document: &Value) -> TokenIssuer {
    let partner = json!({"ura": "90000901", "name": "De Linde", "use_cases": ["bgz"]});
    let partners = Partners::new(vec![serde_json::from_value(partner).unwrap()]).unwrap();
    let holders = DidWebResolver::new(http(), true);
    holders.remember(DID, document);
    let trust = CredentialTrust {
        authorities: X509Authorities::new(std::slice::from_ref(&authority.der)).unwrap(),
        vets: Arc::new(Good),
        holders,
        lists: StatusLists::new(http(), Vec::new()),
    };
    let address = WebAddress::parse("https://maasdal.example.nl/oauth/token").unwrap();
    let verifier = PresentationVerifier::new(issuer.to_owned(), address.to_string(), trust);
    let issuing = TokenIssuer::new(IssuerConfig::new(address), Arc::new(partners), InMemory::with_share(10)).unwrap();
    issuing.with_presentations(verifier)
}

/// The authorization server as it describes itself, changed.
async fn server(definition: Value, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked: &Asked| {
        let host = format!("http://{}", asked.header("host").unwrap_or_default());
        let mut metadata = json!({"issuer": format!("{host}/oauth2/a"), "token_endpoint": format!("{host}/token"),
            "presentation_definition_endpoint": format!("{host}/oauth2/a/presentation_definition")});
        change(&mut metadata);
        match asked.path() {
            "/.well-known/oauth-authorization-server/oauth2/a" => json_reply(&metadata),
            "/oauth2/a/presentation_definition" => json_reply(&definition),
            _ => Reply::status(404),
        }
    })
    .await
}

fn json_reply(value: &Value) -> Reply {
    let headers = vec![("content-type", "application/json".to_owned())];
    Reply::Full { status: 200, headers, body: value.to_string() }
}

async fn asks(presenter: &Presenter, stub: &Stub) -> Result<asking::Asked, SourceFault> {
    let server = WebAddress::parse(&format!("{}/oauth2/a", stub.address)).unwrap();
    presenter.asks(&http(), &server, "bgz", OffsetDateTime::now_utc).await
}

#[tokio::test]
async fn what_we_present_gets_a_token_where_presentations_of_others_do() {
    let authority = Authority::new("UZI");
    let (presenter, leaf) = presenter(&authority);
    assert_eq!(presenter.did(), DID);
    let document = presenter.document().unwrap();
    let definition = endpoint(&authority, "x", &document).presentations().unwrap().definition();
    let stub = server(definition, |_| {}).await;
    let asked = asks(&presenter, &stub).await.unwrap();
    assert_eq!(asked.token_endpoint.as_str(), format!("{}/token", stub.address));
    let endpoint = endpoint(&authority, &format!("{}/oauth2/a", stub.address), &document);
    let request = TokenRequest { certificate: Some(&leaf), form: asked.form.reveal(), proofs: &[] };
    let answer = endpoint.issue(request, OffsetDateTime::now_utc()).now_or_never().unwrap().unwrap();
    let grant = endpoint.grant(answer.access_token.reveal(), OffsetDateTime::now_utc()).unwrap();
    assert_eq!(grant.caller.organisation.ura.as_str(), "90000901");
    assert_eq!(grant.caller.use_cases, [UseCaseId::parse("bgz").unwrap()]);
    let again = endpoint.issue(request, OffsetDateTime::now_utc()).now_or_never().unwrap();
    assert!(again.is_err(), "it counts once");
}

#[tokio::test]
async fn an_authorization_server_that_is_another_or_sends_us_elsewhere_gets_nothing() {
    let authority = Authority::new("UZI");
    let (presenter, _) = presenter(&authority);
    let definition = json!({"id": "d", "input_descriptors": [{"id": "x"}]});
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 5] = [
        ("another issuer", |told| told["issuer"] = json!("https://other.example/oauth2/a")),
        ("a token endpoint elsewhere", |told| told["token_endpoint"] = json!("https://other.example/token")),
        ("a definition elsewhere", |told| told["presentation_definition_endpoint"] = json!("https://other.example/d")),
        ("no token endpoint", |told| drop(told.as_object_mut().unwrap().remove("token_endpoint"))),
        ("an endpoint that is none", |told| told["token_endpoint"] = json!("token")),
    ];
    for (case, change) in cases {
        let stub = server(definition.clone(), change).await;
        let fault = asks(&presenter, &stub).await.err();
        assert!(matches!(fault, Some(SourceFault::Unusable(_))), "{case}: {fault:?}");
    }
    for descriptors in [json!([]), json!([{"id": "x"}, {"id": "dezi"}]), json!("x")] {
        let stub = server(json!({"id": "d", "input_descriptors": descriptors}), |_| {}).await;
        assert!(matches!(asks(&presenter, &stub).await.err(), Some(SourceFault::Unusable(_))), "{descriptors}");
    }
    let silent = Stub::start(|_: &Asked| Reply::Hang).await;
    assert_eq!(asks(&presenter, &silent).await.err(), Some(SourceFault::TimedOut));
    let broken = Stub::start(|_: &Asked| Reply::status(500)).await;
    assert_eq!(asks(&presenter, &broken).await.err(), Some(SourceFault::Unreachable));
}

#[test]
fn a_chain_that_does_not_bear_our_certificate_out_is_no_configuration() {
    let (authority, other) = (Authority::new("UZI"), Authority::new("Other"));
    let issued = authority.issue(OTHER_NAME, "De Linde", 10);
    let base = WebAddress::parse(BASE).unwrap();
    let open = |behind: Vec<CertificateDer<'static>>, base: &WebAddress| {
        let key = Arc::new(NodeKey::new(&issued.der, issued.key.serialize_pem().as_bytes()).unwrap());
        Presenter::new(key, behind, base, OffsetDateTime::now_utc()).is_ok()
    };
    assert!(open(vec![authority.der.clone()], &base));
    assert!(!open(vec![other.der.clone()], &base), "another authority");
    assert!(!open(Vec::new(), &base), "none");
    assert!(!open(vec![issued.der.clone()], &base), "our own certificate is no authority");
    let bare = WebAddress::parse("https://delinde.example.nl").unwrap();
    assert!(!open(vec![authority.der.clone()], &bare), "an address without a path");
}

#[test]
fn a_replaced_certificate_is_in_the_document_and_in_what_is_presented_at_once() {
    let authority = Authority::new("UZI");
    let (presenter, _) = presenter(&authority);
    let before = presenter.document().unwrap();
    let renewed = authority.issue(OTHER_NAME, "De Linde & Zn", 20);
    presenter.key.replace(&NodeKey::new(&renewed.der, renewed.key.serialize_pem().as_bytes()).unwrap()).unwrap();
    let after = presenter.document().unwrap();
    assert_ne!(before["verificationMethod"], after["verificationMethod"]);
    assert!(presenter.present("https://maasdal.example.nl", OffsetDateTime::now_utc()).is_some());
    let other = Authority::new("Other").issue(OTHER_NAME, "De Linde", 20);
    presenter.key.replace(&NodeKey::new(&other.der, other.key.serialize_pem().as_bytes()).unwrap()).unwrap();
    let nothing = presenter.present("https://maasdal.example.nl", OffsetDateTime::now_utc());
    assert!(nothing.is_none(), "one that the chain does not bear out is not presented");
}

#[test]
fn the_name_of_an_address_leads_back_to_it() {
    for (base, did) in [
        ("https://a.example/oauth2/x", Some("did:web:a.example:oauth2:x")),
        ("https://a.example:8443/zorgsluis/oauth2/x", Some("did:web:a.example%3A8443:zorgsluis:oauth2:x")),
        ("https://a.example", None),
        ("http://a.example/x", None),
        ("https://a.example/x%20y", None),
    ] {
        assert_eq!(did_web(&Url::parse(base).unwrap()).as_deref(), did, "{base}");
    }
}
