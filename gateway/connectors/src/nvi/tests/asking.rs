//! Where is a patient known?

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use policy::NotFoundOut;
use serde_json::{Value, json};

use super::*;
use crate::national::Grant;
use crate::nvi::config::SearchBy;
use crate::nvi::dialect::Dialect;
use crate::nvi::index::Holders;
use crate::nvi::testing::*;
use crate::prs::PrsCall;
use crate::sources::testing::stub::{Asked, Reply, Stub};

fn holders(uras: &[&str]) -> Holders {
    let holders: BTreeSet<_> = uras.iter().map(|ura| fhir::Ura::parse(ura).unwrap()).collect();
    Holders { holders, doubt: None }
}

async fn stub(index: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| well(asked).unwrap_or_else(|| index(asked))).await
}

fn of(stub: &Stub, whom: To) -> Vec<Asked> {
    stub.asked().into_iter().filter(|asked| to(asked) == whom).collect()
}

#[tokio::test]
async fn the_index_is_asked_by_form_with_a_token_of_its_scope_and_a_pseudonym_and_no_number_anywhere() {
    let stub =
        stub(|_| Reply::fhir(&found(&[list("a", "90000902", None, None), list("b", "90000903", None, None)]))).await;
    let nvi = index(&stub, |_| {});
    assert_eq!(nvi.holders(&patient(), &types(&["Condition"])).await, Ok(holders(&["90000902", "90000903"])));
    let [tokens, pseudonyms, asked] = [To::Tokens, To::Pseudonyms, To::Index].map(|whom| of(&stub, whom));
    let parameters: Vec<_> = tokens
        .iter()
        .map(|asked| {
            ["grant_type", "scope", "target_audience", "organization_id", "source_id"]
                .map(|name| asked.parameter(name).unwrap())
                .join(" ")
        })
        .collect();
    assert_eq!(
        parameters,
        [
            "client_credentials prs:read prs 00000099000000002000 EPD-1",
            "client_credentials nvi:localize nvi 90000901 EPD-1",
        ]
    );
    let question: Value = serde_json::from_str(&pseudonyms[0].body).unwrap();
    assert_eq!(pseudonyms[0].target, "/prs/oprf/eval");
    assert_eq!(pseudonyms[0].header("authorization"), Some("Bearer t-prs:read"));
    assert_eq!(question["recipientOrganization"], "oin:00000099000000001000");
    assert_eq!(question["recipientScope"], "nationale-verwijsindex");
    assert_eq!(URL_SAFE.decode(question["encryptedPersonalId"].as_str().unwrap()).unwrap().len(), 32);
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("POST", "/fhir/List/_search"));
    assert_eq!(asked[0].header("authorization"), Some("Bearer t-nvi:localize"));
    assert_eq!(asked[0].parameters().len(), 1, "no code: the running index refuses it");
    let token = URL_SAFE_NO_PAD.decode(token_of(&asked[0], "subject:identifier")).unwrap();
    let token: Value = serde_json::from_slice(&token).unwrap();
    assert_eq!(token["evaluated_output"], JWE);
    assert_eq!(URL_SAFE.decode(token["blind_factor"].as_str().unwrap()).unwrap().len(), 32);
    for asked in stub.asked() {
        let head = format!("{} {:?}", asked.target, asked.headers);
        assert!(!head.contains(PATIENT) && !asked.body.contains(PATIENT));
    }
}

#[tokio::test]
async fn each_question_has_a_blind_of_its_own_and_access_tokens_are_kept() {
    let stub = stub(|_| Reply::fhir(&found(&[]))).await;
    let nvi = index(&stub, |_| {});
    for _ in 0..3 {
        assert_eq!(nvi.holders(&patient(), &[]).await, Ok(holders(&[])));
    }
    let points: BTreeSet<String> = of(&stub, To::Pseudonyms).into_iter().map(|asked| asked.body).collect();
    let named: BTreeSet<String> =
        of(&stub, To::Index).iter().map(|asked| token_of(asked, "subject:identifier")).collect();
    assert_eq!((points.len(), named.len(), of(&stub, To::Tokens).len()), (3, 3, 2));
}

#[tokio::test]
async fn those_who_ask_the_same_at_once_share_one_question() {
    let stub = stub(|_| Reply::fhir(&found(&[list("a", "90000902", None, None)]))).await;
    let nvi = index(&stub, |_| {});
    let (patient, types) = (patient(), types(&["Condition"]));
    let asking = (0..20).map(|_| nvi.holders(&patient, &types));
    for answer in futures_util::future::join_all(asking).await {
        assert_eq!(answer, Ok(holders(&["90000902"])));
    }
    assert_eq!(of(&stub, To::Index).len(), 1);
}

#[tokio::test]
async fn the_older_dialect_is_asked_by_its_own_parameters_and_an_address_in_it_is_not_looked_at() {
    let stub = stub(|_| Reply::fhir(&found(&[document("a", "90000902", None)]))).await;
    let nvi = index(&stub, |config| config.dialect = Dialect::DocumentReference);
    assert_eq!(nvi.holders(&patient(), &types(&["Condition"])).await, Ok(holders(&["90000902"])));
    let asked = &of(&stub, To::Index)[0];
    assert_eq!(asked.target, "/fhir/DocumentReference/_search");
    assert_eq!(asked.parameter("type").as_deref(), Some("http://loinc.org|55188-7"));
    assert!(asked.parameter("patient.identifier").unwrap().starts_with("http://fhir.nl/fhir/NamingSystem/pseudo-bsn|"));
}

#[tokio::test]
async fn an_index_that_knows_no_form_is_asked_by_query_and_a_guide_s_service_by_its_names() {
    let stub = Stub::start(|asked| match to(asked) {
        To::Pseudonyms => plain(&json!({"evaluated_output": JWE})),
        _ => well(asked).unwrap_or_else(|| Reply::fhir(&found(&[]))),
    })
    .await;
    let nvi = index(&stub, |config| {
        config.search_by = SearchBy::Query;
        config.prs.call = PrsCall::Evaluate;
    });
    assert_eq!(nvi.holders(&patient(), &[]).await, Ok(holders(&[])));
    let asked = &of(&stub, To::Index)[0];
    assert!(asked.method == "GET" && asked.path() == "/fhir/List" && !asked.target.contains(PATIENT));
    let question: Value = serde_json::from_str(&of(&stub, To::Pseudonyms)[0].body).unwrap();
    assert_eq!(of(&stub, To::Pseudonyms)[0].target, "/prs/evaluate");
    assert_eq!(question["recipient_organization"], "oin:00000099000000001000");
    assert!(question["blinded_input"].is_string() && question["recipient_scope"].is_string());
}

#[tokio::test]
async fn a_client_assertion_is_signed_bound_to_the_certificate_and_for_this_endpoint() {
    let stub = stub(|_| Reply::fhir(&found(&[]))).await;
    let nvi = index(&stub, |config| {
        config.tokens.grant = Grant::ClientAssertion;
        config.tokens.index_scope = Some("epd:read epd:write".to_owned());
    });
    nvi.holders(&patient(), &[]).await.unwrap();
    let asked = of(&stub, To::Tokens);
    let mut seen = BTreeSet::new();
    for (asked, scope, audience) in [(&asked[0], "prs:read", "prs"), (&asked[1], "epd:read epd:write", "nvi")] {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(asked.parameter("client_assertion_type").as_deref(), Some(kind));
        let assertion = asked.parameter("client_assertion").unwrap();
        let mut parts = assertion.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let [header, claims] = [parts.next().unwrap(), parts.next().unwrap()];
        let header: Value = serde_json::from_slice(&header).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((header["alg"].as_str(), header["kid"].clone()), (Some("ES256"), claims["cnf"]["x5t#S256"].clone()));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("90000901"), &json!("90000901")));
        assert_eq!(claims["aud"], json!([format!("{}/oauth/token", stub.address)]));
        assert_eq!((&claims["scope"], &claims["target_audience"]), (&json!(scope), &json!(audience)));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
        assert!(seen.insert(claims["jti"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test]
async fn what_is_told_in_a_category_counts_for_its_types_only_and_what_is_told_without_counts_for_all() {
    let stub = stub(|_| {
        Reply::fhir(&found(&[
            list("a", "90000902", Some("Condition"), None),
            list("b", "90000903", Some("MedicationRequest"), None),
            list("c", "90000904", None, None),
        ]))
    })
    .await;
    let nvi = index(&stub, |_| {});
    for (asked, named) in [
        (&["Condition"][..], &["90000902", "90000904"][..]),
        (&["MedicationRequest"], &["90000903", "90000904"]),
        (&["Condition", "MedicationRequest"], &["90000902", "90000903", "90000904"]),
        (&["Condition", "ImagingStudy"], &["90000902", "90000903", "90000904"]),
        (&[], &["90000902", "90000903", "90000904"]),
    ] {
        assert_eq!(nvi.holders(&patient(), &types(asked)).await, Ok(holders(named)), "{asked:?}");
    }
}

#[tokio::test]
async fn a_record_that_is_retired_is_passed_over_and_outcomes_of_the_running_code_are_read_past() {
    let mut retired = list("a", "90000902", None, None);
    retired["status"] = json!("retired");
    let outcome = json!({"resource_type": "OperationOutcome", "issue": [{"severity": "information"}]});
    let answer = found(&[retired, outcome, list("b", "90000903", None, None)]);
    let stub = stub(move |_| Reply::fhir(&answer)).await;
    assert_eq!(index(&stub, |_| {}).holders(&patient(), &[]).await, Ok(holders(&["90000903"])));
}

#[tokio::test]
async fn what_is_about_another_patient_or_of_nobody_is_dropped_and_leaves_a_doubt() {
    let other = list("b", "90000903", None, Some("bmllbWFuZA"));
    let mut nobody = list("c", "90000904", None, None);
    nobody["extension"] = json!([]);
    let mut two = list("c", "90000904", None, None);
    let second = two["extension"][0].clone();
    two["extension"].as_array_mut().unwrap().push(second);
    let mut unnumbered = list("c", "x", None, None);
    unnumbered["id"] = json!("d");
    let by_number = json!({"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120"});
    let mut numbered = list("c", "90000904", None, None);
    numbered["subject"] = json!({"identifier": by_number});
    for strange in [other, nobody, two, unnumbered, numbered, json!({"resourceType": "Patient"}), json!(null)] {
        let answer = found(&[list("a", "90000902", None, None), strange.clone()]);
        let stub = stub(move |_| Reply::fhir(&answer)).await;
        let nvi = index(&stub, |_| {});
        let expected = Holders { doubt: Some(NotFoundOut::Unusable), ..holders(&["90000902"]) };
        assert_eq!(nvi.holders(&patient(), &[]).await, Ok(expected), "{strange}");
        assert!(nvi.view().outcomes.contains(&("strange", 1, true)));
    }
}

#[tokio::test]
async fn the_patient_of_the_question_may_stand_in_the_answer() {
    let stub = stub(|asked| {
        let token = token_of(asked, "subject:identifier");
        Reply::fhir(&found(&[list("a", "90000902", None, Some(&token))]))
    })
    .await;
    assert_eq!(index(&stub, |_| {}).holders(&patient(), &[]).await, Ok(holders(&["90000902"])));
}
