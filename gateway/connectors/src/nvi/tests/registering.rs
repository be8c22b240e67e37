//! Telling the index what we have, and that we have it no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::national::Failure;
use crate::nvi::IndexCategory;
use crate::nvi::dialect::Dialect;
use crate::nvi::index::Present;
use crate::nvi::testing::*;
use crate::sources::testing::stub::{Asked, Reply, Stub};

fn category() -> IndexCategory {
    IndexCategory::parse("Condition").unwrap()
}

fn ids(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn stub(index: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| well(asked).unwrap_or_else(|| index(asked))).await
}

fn last(stub: &Stub) -> Asked {
    stub.asked().into_iter().rfind(|asked| to(asked) == To::Index).unwrap()
}

#[tokio::test]
async fn a_registration_says_who_what_and_from_which_system_in_either_dialect() {
    let stub = stub(|asked| {
        let made = match asked.path() {
            "/fhir/List" => list("l-1", "90000901", None, None),
            _ => document("d-1", "90000901", None),
        };
        Reply::Json(201, made.to_string())
    })
    .await;
    assert_eq!(index(&stub, |_| {}).register(&patient(), &category()).await, Ok(ids(&["l-1"])));
    let asked = last(&stub);
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((asked.method.as_str(), asked.header("authorization")), ("POST", Some("Bearer t-nvi:create")));
    assert_eq!(asked.header("content-type"), Some("application/fhir+json"));
    assert_eq!(sent["extension"][0]["valueReference"]["identifier"]["value"], "90000901");
    assert_eq!(sent["source"]["identifier"], json!({"system": "urn:ietf:rfc:3986", "value": "EPD-1"}));
    assert_eq!(sent["code"]["coding"][0]["code"], "Condition");
    assert_eq!(sent["emptyReason"]["coding"][0]["code"], "withheld");
    for forbidden in ["meta", "identifier", "title", "entry", "note"] {
        assert!(sent[forbidden].is_null(), "{forbidden}");
    }
    let older = index(&stub, |config| config.dialect = Dialect::DocumentReference);
    assert_eq!(older.register(&patient(), &category()).await, Ok(ids(&["d-1"])));
    let sent: Value = serde_json::from_str(&last(&stub).body).unwrap();
    assert_eq!(sent["custodian"]["identifier"]["value"], "90000901");
    assert_eq!(sent["subject"]["identifier"]["system"], "http://fhir.nl/fhir/NamingSystem/pseudo-bsn");
    assert_eq!(sent["content"][0]["attachment"]["url"], "https://node.example/fhir/r4");
    assert!(stub.asked().iter().all(|asked| !asked.body.contains(PATIENT) && !asked.target.contains(PATIENT)));
}

#[tokio::test]
async fn a_record_that_is_not_ours_is_no_registration() {
    for made in [
        list("l-1", "90000902", None, None),
        list("l-1", "90000901", Some("MedicationRequest"), None),
        list("l-1", "90000901", None, Some("another")),
        list("../x", "90000901", None, None),
        json!({"resourceType": "OperationOutcome"}),
    ] {
        let answer = made.to_string();
        let stub = stub(move |_| Reply::Json(201, answer.clone())).await;
        let failed = index(&stub, |_| {}).register(&patient(), &category()).await;
        assert!(matches!(failed, Err(Failure::Unusable(_))), "{made}");
    }
}

#[tokio::test]
async fn what_was_registered_before_is_found_again_by_a_new_token() {
    let stub = stub(|asked| match asked.path() {
        "/fhir/List" => Reply::status(409),
        _ => Reply::fhir(&found(&[
            list("theirs", "90000902", None, None),
            list("one", "90000901", None, None),
            list("two", "90000901", Some("Condition"), None),
            list("other", "90000901", Some("MedicationRequest"), None),
            list("nobody", "90000901", None, Some("another")),
        ])),
    })
    .await;
    assert_eq!(index(&stub, |_| {}).register(&patient(), &category()).await, Ok(ids(&["one", "two"])));
    let asked: Vec<_> = stub.asked().into_iter().filter(|asked| to(asked) == To::Index).collect();
    let first: Value = serde_json::from_str(&asked[0].body).unwrap();
    let first = first["subject"]["identifier"]["value"].as_str().unwrap().to_owned();
    assert_ne!(first, token_of(&asked[1], "subject:identifier"));
}

#[tokio::test]
async fn a_removal_is_done_whichever_way_it_is_said_and_not_otherwise() {
    for (status, done) in [
        (200, Ok(())),
        (201, Ok(())),
        (204, Ok(())),
        (404, Ok(())),
        (410, Ok(())),
        (403, Err(Failure::Rejected(403))),
        (500, Err(Failure::Unreachable)),
    ] {
        let stub = stub(move |_| Reply::status(status)).await;
        assert_eq!(index(&stub, |_| {}).remove("l-1").await, done, "{status}");
        let asked = last(&stub);
        assert_eq!((asked.method.as_str(), asked.target.as_str()), ("DELETE", "/fhir/List/l-1"));
        assert_eq!(asked.header("authorization"), Some("Bearer t-nvi:delete"));
    }
}

#[tokio::test]
async fn what_the_index_holds_of_our_system_is_held_against_what_we_know() {
    let stub = stub(|_| {
        let others = list("theirs", "90000902", None, None);
        Reply::fhir(&found(&[list("kept", "90000901", None, None), list("stray", "90000901", None, None), others]))
    })
    .await;
    let found = index(&stub, |_| {}).present(&ids(&["kept", "gone"])).await;
    assert_eq!(found, Ok(Present { missing: ids(&["gone"]), strays: ids(&["stray"]) }));
    let asked = last(&stub);
    assert_eq!(asked.parameters(), [("source:identifier".to_owned(), "urn:ietf:rfc:3986|EPD-1".to_owned())]);
    assert_eq!(asked.header("authorization"), Some("Bearer t-nvi:read"));
}

#[tokio::test]
async fn in_the_older_dialect_each_record_is_looked_at() {
    let stub = stub(|asked| match asked.path() {
        "/fhir/DocumentReference/kept" => Reply::fhir(&document("kept", "90000901", None)),
        "/fhir/DocumentReference/gone" => Reply::status(404),
        _ => Reply::status(500),
    })
    .await;
    let older = index(&stub, |config| config.dialect = Dialect::DocumentReference);
    assert_eq!(
        older.present(&ids(&["kept", "gone"])).await,
        Ok(Present { missing: ids(&["gone"]), ..Present::default() })
    );
    assert_eq!(older.present(&ids(&["kept", "ill"])).await, Err(Failure::Unreachable));
}
