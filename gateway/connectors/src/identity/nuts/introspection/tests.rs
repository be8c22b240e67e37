use serde_json::{Value, json};

use super::*;
use crate::http::{HttpSettings, Trust};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const NOW: i64 = 1_790_000_000;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}

fn flat() -> Value {
    json!({"active": true, "iss": "https://nuts.example.nl/oauth2/a", "client_id": "https://other.example.nl/oauth2/b",
        "scope": "bgz", "iat": NOW - 10, "exp": NOW + 50, "organization_ura": "90000901", "organization_name": "De Linde",
        "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, "user_id": "000012345", "user_role": "01.015"})
}

fn grouped() -> Value {
    json!({"active": true, "iss": "did:web:nuts.example.nl", "aud": "did:web:nuts.example.nl", "scope": "bgz",
        "exp": NOW + 50, "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
        "assertions": {"did:web:other.example.nl": {
            "organization_ura": [{"value": "90000901", "iss": "did:x509:0:sha256:x::y", "iat": NOW - 10, "exp": NOW + 50}],
            "user_id": [{"value": "000012345"}], "user_role": [{"value": "01.015"}]}}})
}

fn with(mut answer: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = answer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(members.remove(name)),
        other => drop(members.insert(name.to_owned(), other)),
    }
    answer
}

#[test]
fn both_shapes_say_the_same() {
    let flat = shape::read(flat().to_string().as_bytes(), now()).unwrap().unwrap();
    let grouped = shape::read(grouped().to_string().as_bytes(), now()).unwrap().unwrap();
    assert_eq!(flat, grouped);
    assert_eq!(flat.organisation.as_str(), "90000901");
    assert_eq!(flat.person.unwrap().role, "01.015");
    assert_eq!(flat.scopes, ["bgz"]);
    assert_eq!(flat.expires.unix_timestamp(), NOW + 50);
    assert!(flat.jkt.is_some());
}

#[test]
fn an_answer_that_is_not_clearly_active_lets_nobody_in() {
    // ATT-69
    let value = "/assertions/did:web:other.example.nl/organization_ura";
    let two = json!([{"value": "90000901"}, {"value": "90000902"}]);
    let cases: Vec<(&str, Value, bool)> = vec![
        ("not active", with(flat(), "/active", json!(false)), true),
        ("active as a text", with(flat(), "/active", json!("true")), false),
        ("active as a number", with(flat(), "/active", json!(1)), false),
        ("no active", with(flat(), "/active", Value::Null), false),
        ("no exp", with(flat(), "/exp", Value::Null), false),
        ("exp as a text", with(flat(), "/exp", json!("9999999999")), false),
        ("exp as a fraction", with(flat(), "/exp", json!(1e10)), false),
        ("expired", with(flat(), "/exp", json!(NOW)), true),
        ("not yet", with(flat(), "/nbf", json!(NOW + 1)), true),
        ("no scope", with(flat(), "/scope", Value::Null), false),
        ("an empty scope", with(flat(), "/scope", json!(" ")), false),
        ("scope as an array", with(flat(), "/scope", json!(["bgz"])), false),
        ("no organisation", with(flat(), "/organization_ura", Value::Null), false),
        ("an organisation that is none", with(flat(), "/organization_ura", json!("9000090")), false),
        ("an organisation as a number", with(flat(), "/organization_ura", json!(90_000_901)), false),
        ("half a person", with(flat(), "/user_role", Value::Null), false),
        ("a key that is none", with(flat(), "/cnf", json!({"jkt": "x"})), false),
        ("bound to something else", with(flat(), "/cnf", json!({"x5t#S256": "x"})), false),
        ("bound to nothing", with(flat(), "/cnf", json!({})), false),
        ("two organisations", with(grouped(), value, two), false),
        ("an organisation that has expired", with(grouped(), value, json!([{"value": "90000901", "exp": NOW}])), false),
        ("no array", with(grouped(), value, json!("90000901")), false),
        ("flat and grouped at odds", with(grouped(), "/organization_ura", json!("90000902")), false),
        ("an array", json!([flat()]), false),
    ];
    for (case, answer, clear) in cases {
        let read = shape::read(answer.to_string().as_bytes(), now());
        assert_eq!(read, if clear { Ok(None) } else { Err(shape::Unreadable) }, "{case}");
    }
    for body in ["", "{", "null", "true", "<html>"] {
        assert_eq!(shape::read(body.as_bytes(), now()), Err(shape::Unreadable), "{body}");
    }
}

fn asking(stub: &Stub) -> Introspector {
    let http = HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
    Introspector::new(http, WebAddress::parse(&stub.address).unwrap())
}

#[tokio::test]
async fn a_node_that_does_not_answer_as_it_should_lets_nobody_in() {
    // ATT-69
    let html =
        Reply::Full { status: 200, headers: vec![("content-type", "text/html".into())], body: flat().to_string() };
    for (case, reply) in [
        ("an error", Reply::Json(500, flat().to_string())),
        ("a redirect", Reply::Json(302, flat().to_string())),
        ("an empty body", Reply::Json(200, String::new())),
        ("another type", html),
        ("a closed door", Reply::Drop),
        ("half an answer", Reply::Torn),
        ("silence", Reply::Hang),
        ("an answer without end", Reply::Flood),
        ("an answer that never ends", Reply::Trickle),
    ] {
        let stub = Stub::start(move |_: &Asked| reply.clone()).await;
        assert!(asking(&stub).introspect("t", now()).await.is_err(), "{case}");
    }
}

#[tokio::test]
async fn a_token_is_asked_about_once_in_a_while_and_stands_in_the_body_only() {
    let stub = Stub::start(|asked: &Asked| match asked.parameter("token").as_deref() {
        Some("good") => Reply::Full {
            status: 200,
            headers: vec![("content-type", "application/json".into())],
            body: flat().to_string(),
        },
        _ => Reply::Full {
            status: 200,
            headers: vec![("content-type", "application/json".into())],
            body: json!({"active": false}).to_string(),
        },
    })
    .await;
    let introspector = asking(&stub);
    for _ in 0..3 {
        assert!(introspector.introspect("good", now()).await.unwrap().is_some());
        assert!(introspector.introspect("bad", now()).await.unwrap().is_none());
    }
    let asked = stub.asked();
    assert_eq!(asked.len(), 2, "each token once");
    assert!(asked.iter().all(|asked| asked.method == "POST" && !asked.target.contains("good")));
    let later = now() + time::Duration::seconds(50);
    assert!(introspector.introspect("good", later).await.unwrap().is_none(), "a kept answer outlives no token");
}
