use serde_json::{Value, json};

use super::*;
use crate::http::{HttpSettings, Trust};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const DID: &str = "did:web:delinde.example.nl:iam:a";

#[test]
fn a_did_says_where_its_document_is_and_nothing_that_could_mislead_is_asked() {
    for (did, url) in [
        ("did:web:delinde.example.nl", "https://delinde.example.nl/.well-known/did.json"),
        ("did:web:delinde.example.nl:iam:a-1", "https://delinde.example.nl/iam/a-1/did.json"),
        ("did:web:delinde.example.nl%3A8443", "https://delinde.example.nl:8443/.well-known/did.json"),
    ] {
        assert_eq!(location(did, false).unwrap().as_str(), url);
    }
    let long = format!("did:web:{}", "a".repeat(MAX_DID));
    for did in [
        "",
        "did:web:",
        "did:web::a",
        "did:nuts:abc",
        "did:web:a.example:",
        "did:web:a.example:..:b",
        "did:web:a.example:%2e%2e:b",
        "did:web:a.example/b",
        "did:web:a.example%2Fb",
        "did:web:user%40a.example",
        "did:web:a.example%3A0",
        "did:web:a.example%3A99999",
        "did:web:a.example%3A1%3A2",
        "did:web:a.example?x",
        "did:web:a.example#x",
        "did:web:a example",
        "did:web:%5B%3A%3A1%5D",
        "did:web:a.example:\u{e9}",
        &long,
    ] {
        assert_eq!(location(did, true), Err(DidFault::Malformed), "{did}");
    }
    for did in
        ["did:web:localhost", "did:web:127.0.0.1", "did:web:10.0.0.1%3A8080", "did:web:2130706433", "did:web:0x7f.1"]
    {
        assert_eq!(location(did, false), Err(DidFault::Address), "{did}");
        assert!(location(did, true).is_ok(), "in development: {did}");
    }
}

fn jwk() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"})
}

fn document() -> Value {
    json!({"@context": ["https://www.w3.org/ns/did/v1"], "id": DID,
        "verificationMethod": [
            {"id": format!("{DID}#0"), "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk()},
            {"id": "#unused", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk()},
            {"id": "#other", "type": "JsonWebKey2020", "controller": "did:web:other.example", "publicKeyJwk": jwk()},
            {"id": "#secret", "type": "JsonWebKey2020", "controller": DID,
             "publicKeyJwk": {"kty": "oct", "k": "c2VjcmV0"}},
            {"id": "#strange", "type": "Multikey", "controller": DID, "publicKeyMultibase": "z6Mk"}],
        "authentication": ["#0", "#strange"],
        "assertionMethod": [format!("{DID}#0"), "#other", "#secret", "#nowhere",
            {"id": "#embedded", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk()}]})
}

#[test]
fn only_keys_that_the_owner_may_use_and_controls_are_keys() {
    let read = DidDocument::read(document().to_string().as_bytes(), DID, Relations::Any).unwrap();
    for (fragment, known) in
        [("0", true), ("embedded", true), ("unused", false), ("other", false), ("secret", false), ("strange", false)]
    {
        assert_eq!(read.key(&format!("{DID}#{fragment}")).is_some(), known, "{fragment}");
    }
    assert!(read.key("#0").is_none() && read.key(DID).is_none());
    assert!(DidDocument::read(document().to_string().as_bytes(), "did:web:other.example", Relations::Any).is_none());
    for body in ["", "{}", "[]", "<html>"] {
        assert!(DidDocument::read(body.as_bytes(), DID, Relations::Any).is_none());
    }
}

fn resolver() -> DidWebResolver {
    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    DidWebResolver::new(http, true)
}

#[tokio::test]
async fn a_document_that_does_not_come_as_it_should_is_none() {
    // ATT-70
    let json = |status, body: String| Reply::Full {
        status,
        headers: vec![("content-type", "application/json".to_owned())],
        body,
    };
    let good = document().to_string();
    let html = Reply::Full { status: 200, headers: vec![("content-type", "text/html".into())], body: good.clone() };
    let many: Vec<Value> = (0..10_000).map(|number| json!({"id": format!("#{number}")})).collect();
    for (case, reply, fault) in [
        ("as it should be", json(200, good.clone()), None),
        ("a page", html, Some(DidFault::Document)),
        ("not found", json(404, good.clone()), Some(DidFault::Unreachable)),
        ("a redirect", json(302, good.clone()), Some(DidFault::Unreachable)),
        ("another DID's", json(200, good.replace(DID, "did:web:x.example")), Some(DidFault::Document)),
        (
            "10 000 keys",
            json(200, json!({"id": DID, "verificationMethod": many}).to_string()),
            Some(DidFault::Unreachable),
        ),
        ("silence", Reply::Hang, Some(DidFault::Unreachable)),
        ("no end", Reply::Flood, Some(DidFault::Unreachable)),
        ("half", Reply::Torn, Some(DidFault::Unreachable)),
    ] {
        let stub = Stub::start(move |_: &Asked| reply.clone()).await;
        let url = Url::parse(&stub.address).unwrap();
        assert_eq!(resolver().fetch(url, DID).await.err(), fault, "{case}");
    }
}

#[tokio::test]
async fn a_document_is_asked_for_once_also_one_that_is_not_there() {
    // ATT-71: the name resolves to nothing, and is not looked up again for each of many.
    let resolver = resolver();
    let begun = std::time::Instant::now();
    for number in 0..1_000 {
        let kid = format!("did:web:nothing.invalid#{number}");
        assert_eq!(resolver.key("did:web:nothing.invalid", &kid).await.err(), Some(DidFault::Unreachable));
    }
    assert!(begun.elapsed() < 2 * PATIENCE);
    assert_eq!(resolver.kept.iter().count(), 1);
}

#[tokio::test]
async fn a_document_that_lacks_a_key_is_asked_for_again_and_not_at_once_once_more() {
    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    // Nobody is there: that it was asked for is seen by that.
    let (resolver, did) = (DidWebResolver::new(http, true), "did:web:127.0.0.1%3A9");
    let method = json!({"id": "#0", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk()});
    resolver.remember(did, &json!({"id": did, "assertionMethod": [method]}));
    resolver.again.invalidate(did);
    let (known, changed) = (format!("{did}#0"), format!("{did}#1"));
    assert!(resolver.key(did, &known).await.is_ok());
    assert_eq!(resolver.key(did, &changed).await.err(), Some(DidFault::Unreachable), "asked for again");
    assert_eq!(resolver.key(did, &changed).await.err(), Some(DidFault::NoKey), "and not once more");
    assert!(resolver.key(did, &known).await.is_ok(), "what was kept stays");
}
