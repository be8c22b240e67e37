use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue};
use exchange::ports::{Answer, SourceFault, Written};
use fhir::structure;
use serde_json::{Value, json};

use super::*;
use crate::http::media::Format;
use crate::http::testing::{World, answer as holding, inbound, of_versions};

const BASE: &str = "https://node.example/fhir/r4";

const OFFERED: &str = r#"{
  "interactions": [
    { "type": "Patient", "codes": ["read", "search-type", "$everything"] },
    { "type": "Composition", "codes": ["read", "$document"] },
    { "type": "Condition", "codes": ["read", "history-instance", "search-type", "create", "update", "delete"],
      "search": ["_count", "_sort", "_total"] }
  ],
  "system": ["transaction"]
}"#;

const CONDITION: &str = r#"{"resourceType":"Condition","id":"c1","meta":{"versionId":"2",
  "lastUpdated":"2026-11-22T21:03:04+01:00"},"code":{"text":"Astma"},"subject":{"reference":"Patient/anna"}}"#;
const OLDER: &str = r#"{"resourceType":"Condition","id":"c1","meta":{"versionId":"1"},"code":{"text":"Astma?"},
  "subject":{"reference":"Patient/anna"}}"#;

/// What a node with a source that answers this makes of a request.
struct Asking {
    version: FhirVersion,
    query: &'static str,
    accept: &'static str,
    prefer: Option<&'static str>,
    if_none_match: Option<&'static str>,
    body: String,
}

impl Asking {
    fn r4() -> Self {
        Asking {
            version: FhirVersion::R4,
            query: "",
            accept: "*/*",
            prefer: None,
            if_none_match: None,
            body: String::new(),
        }
    }

    fn frame(&self) -> Frame {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.accept));
        Frame {
            version: self.version,
            base: BASE.to_owned(),
            holders: Arc::default(),
            request_id: "request-1".to_owned(),
            correlation_id: "correlation-1".to_owned(),
            head: false,
            negotiated: Negotiated::read(&headers, self.query, "", self.version),
            wanted_back: Return::of(self.prefer),
            medication: Windows::default(),
        }
    }

    async fn result(
        &self,
        method: Method,
        path: &str,
        answer: Result<Answer, SourceFault>,
    ) -> Result<Recorded, Refusal> {
        let use_cases = of_versions("made-up", &format!(r#"{{ "stu3": {OFFERED}, "r4": {OFFERED} }}"#));
        let mut inbound = inbound(self.version, method, path, self.query, &self.body);
        inbound.conditions.if_none_match = self.if_none_match.map(str::to_owned);
        World { use_cases, answer }.ask(inbound).await
    }

    async fn make(&self, method: Method, path: &str, answer: Answer) -> Made {
        make(&self.frame(), &self.result(method, path, Ok(answer)).await)
    }

    /// The answer in JSON, held against the structure of its version.
    async fn json(&self, method: Method, path: &str, answer: Answer) -> Value {
        let made = self.make(method, path, answer).await;
        let resource = made.body.into_resource().unwrap();
        structure::check(self.version, &resource).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        serde_json::from_str(resource.text()).unwrap()
    }
}

fn both() -> [Asking; 2] {
    [Asking::r4(), Asking { version: FhirVersion::Stu3, ..Asking::r4() }]
}

#[tokio::test]
async fn a_searchset_has_total_links_and_full_urls_of_our_own() {
    for asking in both() {
        let bundle = asking.json(Method::Get, "Patient/anna/Condition", holding(&[CONDITION])).await;
        assert_eq!((&bundle["type"], &bundle["total"]), (&json!("searchset"), &json!(1)));
        assert_eq!(bundle["link"], json!([{ "relation": "self", "url": format!("{BASE}/Condition") }]));
        assert_eq!(bundle["entry"][0]["fullUrl"], format!("{BASE}/Condition/c1"));
        assert_eq!(bundle["entry"][0]["search"]["mode"], "match");
    }
}

#[tokio::test]
async fn pages_link_to_each_other_in_the_format_that_was_asked_for() {
    let asking = Asking { query: "_count=1&_format=json", ..Asking::r4() };
    let other = CONDITION.replace("c1", "c2");
    let bundle = asking.json(Method::Get, "Condition", holding(&[CONDITION, &other])).await;
    assert_eq!((&bundle["total"], bundle["entry"].as_array().unwrap().len()), (&json!(2), 1));
    let links = bundle["link"].as_array().unwrap();
    let relations: Vec<_> = links.iter().map(|link| link["relation"].as_str().unwrap()).collect();
    assert_eq!(relations, ["self", "next"]);
    let next = links[1]["url"].as_str().unwrap();
    assert!(next.starts_with(&format!("{BASE}/Condition?_page=")) && next.ends_with("&_format=json"), "{next}");
    assert!(!next.contains("999911120") && !next.contains("anna"));
}

#[tokio::test]
async fn what_is_to_be_had_in_another_version_is_said_with_its_version() {
    let (mut asking, condition) = (Asking::r4(), || Ok(holding(&[CONDITION])));
    for (version, other, word) in
        [(FhirVersion::R4, FhirVersion::Stu3, "more-in-stu3"), (FhirVersion::Stu3, FhirVersion::R4, "more-in-r4")]
    {
        asking.version = version;
        let use_cases = of_versions("made-up", &format!(r#"{{ "stu3": {OFFERED}, "r4": {OFFERED} }}"#));
        let inbound = inbound(version, Method::Get, "Condition", "", "");
        let result = World { use_cases, answer: condition() }.ask_beside(inbound, Some(other)).await;
        let resource = make(&asking.frame(), &result).body.into_resource().unwrap();
        structure::check(version, &resource).unwrap();
        let bundle: Value = serde_json::from_str(resource.text()).unwrap();
        assert_eq!(bundle.get("total"), None);
        let issues = bundle["entry"][1]["resource"]["issue"].as_array().unwrap().clone();
        assert_eq!(issues.len(), 1);
        assert_eq!((&issues[0]["code"], &issues[0]["details"]["text"]), (&json!("incomplete"), &json!(word)));
    }
    // A version in which nothing is offered is no place to send anybody: what is there is missing.
    let use_cases = of_versions("made-up", &format!(r#"{{ "r4": {OFFERED} }}"#));
    let inbound = inbound(FhirVersion::R4, Method::Get, "Condition", "", "");
    let result = World { use_cases, answer: condition() }.ask_beside(inbound, Some(FhirVersion::Stu3)).await;
    let resource = make(&Asking::r4().frame(), &result).body.into_resource().unwrap();
    let bundle: Value = serde_json::from_str(resource.text()).unwrap();
    let issue = &bundle["entry"][1]["resource"]["issue"][0];
    assert_eq!((&issue["code"], issue.get("details")), (&json!("incomplete"), None));
}

#[tokio::test]
async fn what_is_missing_is_said_and_then_nobody_counts() {
    for asking in both() {
        let cut = Answer { cut_short: true, ..holding(&[CONDITION]) };
        let bundle = asking.json(Method::Get, "Condition", cut).await;
        assert!(bundle.get("total").is_none());
        let last = bundle["entry"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["search"]["mode"], &last["resource"]["resourceType"]),
            (&json!("outcome"), &json!("OperationOutcome"))
        );
        assert!(last["fullUrl"].as_str().unwrap().starts_with("urn:uuid:"));
    }
}

#[tokio::test]
async fn a_history_has_what_its_version_demands_of_every_entry() {
    for asking in both() {
        let bundle = asking.json(Method::Get, "Condition/c1/_history", holding(&[CONDITION, OLDER])).await;
        assert_eq!((&bundle["type"], &bundle["total"]), (&json!("history"), &json!(2)));
        assert_eq!(bundle["link"][0]["url"], format!("{BASE}/Condition/_history"));
        for (entry, etag) in bundle["entry"].as_array().unwrap().iter().zip(["W/\"2\"", "W/\"1\""]) {
            assert!(entry.get("search").is_none(), "bdl-2");
            assert_eq!(entry["request"], json!({ "method": "PUT", "url": "Condition/c1" }), "bdl-3");
            // bdl-4 wants a response in R4 and forbids it in STU3.
            match asking.version {
                FhirVersion::R4 => assert_eq!(entry["response"]["etag"], etag),
                FhirVersion::Stu3 => assert!(entry.get("response").is_none()),
            }
        }
    }
}

#[tokio::test]
async fn a_document_begins_with_its_composition_and_has_a_name_and_a_moment() {
    let composition = r#"{"resourceType":"Composition","id":"d1","status":"final","type":{"text":"x"},
        "subject":{"reference":"Patient/anna"},"date":"2026-11-22","title":"x","author":[{"display":"x"}]}"#;
    for asking in both() {
        let bundle = asking.json(Method::Get, "Composition/d1/$document", holding(&[composition, CONDITION])).await;
        assert_eq!(bundle["type"], "document");
        assert!(bundle.get("total").is_none() && bundle.get("link").is_none(), "bdl-1");
        let entries = bundle["entry"].as_array().unwrap();
        let types: Vec<_> = entries.iter().map(|entry| entry["resource"]["resourceType"].as_str().unwrap()).collect();
        assert_eq!(types, ["Composition", "Condition"], "bdl-11");
        assert!(entries.iter().all(|entry| entry["fullUrl"].as_str().unwrap().starts_with(BASE)));
        assert!(entries.iter().all(|entry| entry.get("search").is_none()));
        assert_eq!(bundle["identifier"]["system"], "urn:ietf:rfc:3986", "bdl-9");
        assert!(bundle["identifier"]["value"].as_str().unwrap().starts_with("urn:uuid:"));
        assert_eq!(bundle.get("timestamp").is_some(), asking.version == FhirVersion::R4, "bdl-10");
    }
}

#[tokio::test]
async fn a_transaction_is_answered_entry_by_entry() {
    let condition: Value = serde_json::from_str(CONDITION).unwrap();
    let entry = |method: &str, url: &str, resource: Option<&Value>| {
        let mut entry = json!({ "request": { "method": method, "url": url } });
        if let Some(resource) = resource {
            entry["resource"] = resource.clone();
        }
        entry
    };
    let mut fresh = condition.clone();
    fresh.as_object_mut().unwrap().remove("id");
    let body = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        entry("POST", "Condition", Some(&fresh)),
        entry("PUT", "Condition/c1", Some(&condition)),
    ]});
    let written = |created, id: &str| Written { created, id: Some(id.to_owned()), version_id: Some("2".to_owned()) };
    for (prefer, given_back) in [(Some("return=representation"), true), (Some("return=minimal"), false)] {
        let asking = Asking { body: body.to_string(), prefer, ..Asking::r4() };
        let answer = Answer { transaction: vec![written(true, "c9"), written(false, "c1")], ..holding(&[CONDITION]) };
        let bundle = asking.json(Method::Post, "", answer).await;
        assert_eq!(bundle["type"], "transaction-response");
        let [first, second] = bundle["entry"].as_array().unwrap().as_slice() else { panic!("{bundle}") };
        assert_eq!(first["response"]["status"], "201");
        assert_eq!(first["response"]["location"], format!("{BASE}/Condition/c9/_history/2"));
        assert_eq!(first["response"]["etag"], "W/\"2\"");
        assert_eq!(second["response"]["status"], "200");
        assert_eq!(second.get("resource").is_some(), given_back, "{prefer:?}");
    }
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again() {
    let asking = Asking { if_none_match: Some("W/\"2\""), ..Asking::r4() };
    let made = asking.make(Method::Get, "Condition/c1", holding(&[CONDITION])).await;
    assert_eq!((made.status, made.etag.as_deref()), (304, Some("W/\"2\"")));
    assert!(made.body.into_resource().is_none());
    let sent = send(&asking.frame(), asking.make(Method::Get, "Condition/c1", holding(&[CONDITION])).await);
    assert!(sent.headers().get(CONTENT_TYPE).is_none());
    assert_eq!(sent.headers().get(LAST_MODIFIED).unwrap(), "Sun, 22 Nov 2026 20:03:04 GMT");
}

#[tokio::test]
async fn everything_is_answered_in_the_format_that_was_asked_for() {
    for asking in both() {
        let asking = Asking { accept: "application/fhir+xml", ..asking };
        for (path, answer, root) in [
            ("Condition/c1", Ok(holding(&[CONDITION])), "<Condition "),
            ("Condition", Ok(holding(&[CONDITION])), "<Bundle "),
            ("Condition?nonsense=1", Ok(holding(&[])), "<OperationOutcome "),
            ("Condition/c1", Err(SourceFault::TimedOut), "<OperationOutcome "),
        ] {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let asking = Asking { query, ..Asking { body: String::new(), ..asking } };
            let response =
                send(&asking.frame(), make(&asking.frame(), &asking.result(Method::Get, path, answer).await));
            let typed = response.headers().get(CONTENT_TYPE).unwrap().to_str().unwrap().to_owned();
            assert_eq!(typed, Format::Xml.content_type(asking.version));
            let body = actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(text.contains(root) && text.contains("http://hl7.org/fhir"), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn what_xml_cannot_say_is_no_half_answer() {
    // The narrative is no XHTML: JSON holds it as a text, XML cannot.
    let torn = CONDITION.replace(
        r#""code""#,
        r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>999911120</div>"},"code""#,
    );
    let asking = Asking { accept: "application/fhir+xml", ..Asking::r4() };
    let result = asking.result(Method::Get, "Condition/c1", Ok(holding(&[&torn]))).await;
    let response = send(&asking.frame(), make(&asking.frame(), &result));
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), Format::Xml.content_type(FhirVersion::R4));
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("<OperationOutcome") && text.contains("application/fhir+json"), "{text}");
    assert!(!text.contains("999911120") && !text.contains("Astma"), "{text}");
    // The same in JSON is as the source wrote it.
    let asking = Asking::r4();
    let made = asking.make(Method::Get, "Condition/c1", holding(&[&torn])).await;
    assert_eq!(made.body.into_resource().unwrap().text(), torn);
}
