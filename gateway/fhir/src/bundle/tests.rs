use super::*;
use crate::json::Limits;
use crate::outcome::{IssueCode, Outcome, Severity};

fn resource(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

fn read(text: &str) -> Result<Bundle, BundleFault> {
    Bundle::read(&resource(text))
}

const SEARCHSET: &str = r#"{
  "resourceType": "Bundle", "id": "b1", "meta": {"lastUpdated": "2026-01-01T00:00:00Z"}, "type": "searchset", "total": 2,
  "link": [{"relation": "self", "url": "https://a.example/Patient"}, {"relation": "next", "url": "https://a.example/2"}],
  "entry": [
    {"fullUrl": "https://a.example/Patient/1", "resource": { "resourceType" : "Patient", "n": 1.50 }, "search": {"mode": "match"}},
    {"resource": {"resourceType":"Organization","name":"\u00e9"}, "search": {"mode": "include"}}
  ]}"#;

#[test]
fn a_searchset_is_split_without_copying_and_spliced_back() {
    let whole = resource(SEARCHSET);
    let bundle = Bundle::read(&whole).unwrap();
    assert_eq!((bundle.kind, bundle.total, bundle.links.len()), (BundleKind::Searchset, Some(2), 2));
    assert_eq!((bundle.id.as_deref(), bundle.last_updated.as_deref()), (Some("b1"), Some("2026-01-01T00:00:00Z")));
    let first = bundle.entries[0].resource.as_ref().unwrap();
    assert_eq!(first.text(), r#"{ "resourceType" : "Patient", "n": 1.50 }"#);
    let inside = whole.bytes().as_ptr_range();
    assert!(inside.contains(&first.bytes().as_ptr()), "the entry shares the Bundle's memory");
    assert_eq!(bundle.entries[1].mode, Some(SearchMode::Include));

    let text = String::from_utf8(bundle.write().to_vec()).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"resourceType":"Bundle","id":"b1","meta":{"lastUpdated":"2026-01-01T00:00:00Z"},"type":"searchset","total":2,"#,
            r#""link":[{"relation":"self","url":"https://a.example/Patient"},{"relation":"next","url":"https://a.example/2"}],"#,
            r#""entry":[{"fullUrl":"https://a.example/Patient/1","resource":{ "resourceType" : "Patient", "n": 1.50 },"#,
            r#""search":{"mode":"match"}},{"resource":{"resourceType":"Organization","name":"\u00e9"},"search":{"mode":"include"}}]}"#
        )
    );
    assert_eq!(read(&text).unwrap().write(), text);
}

#[test]
fn requests_and_responses_are_kept() {
    let text = concat!(
        r#"{"resourceType":"Bundle","type":"batch-response","entry":[{"request":{"method":"PUT","url":"Patient/1","#,
        r#""ifNoneMatch":"a","ifModifiedSince":"b","ifMatch":"c","ifNoneExist":"d"},"response":{"status":"201 Created","#,
        r#""location":"Patient/1","etag":"W/\"1\"","lastModified":"e","outcome":{"resourceType":"OperationOutcome"}}}]}"#
    );
    assert_eq!(read(text).unwrap().write(), text);
}

#[test]
fn what_a_document_or_a_proposal_is_named_and_signed_with_is_kept() {
    let text = concat!(
        r#"{"resourceType":"Bundle","id":"b","meta":{"lastUpdated":"2026-01-01T00:00:00Z","profile":["p"],"#,
        r#""tag":[{"code":"x"}]},"language":"nl","odd\"name":1.50,"identifier":{"system":"s","value":"1"},"#,
        r#""type":"document","timestamp":"2026-01-01T00:00:00+01:00","entry":[{"id":"e","extension":[{"url":"u","#,
        r#""valueDecimal":1.0}],"link":[{"relation":"alternate","url":"x"}],"fullUrl":"f","resource":"#,
        r#"{"resourceType":"Composition"},"search":{"mode":"match","score":0.50}},{"search":{"score":1}}],"#,
        r#""signature":{"type":[{"code":"c"}],"data":"QQ=="}}"#
    );
    assert_eq!(read(text).unwrap().write(), text);
}

#[test]
fn every_kind_is_read_by_its_exact_code() {
    for code in [
        "document",
        "message",
        "transaction",
        "transaction-response",
        "batch",
        "batch-response",
        "history",
        "searchset",
        "collection",
    ] {
        let bundle = read(&format!(r#"{{"resourceType":"Bundle","type":"{code}"}}"#)).unwrap();
        assert_eq!(bundle.kind.code(), code);
    }
    for bad in [r#""Batch""#, r#""""#, "null", "1", r#"["batch"]"#, r#""subscription-notification""#] {
        let fault = read(&format!(r#"{{"resourceType":"Bundle","type":{bad}}}"#)).unwrap_err();
        assert_eq!(fault, BundleFault::Kind, "{bad}");
    }
    assert_eq!(read(r#"{"resourceType":"Bundle"}"#).unwrap_err(), BundleFault::Kind);
    assert_eq!(read(r#"{"resourceType":"Patient","type":"batch"}"#).unwrap_err(), BundleFault::NotABundle);
}

#[test]
fn a_malformed_bundle_is_refused_where_it_is_malformed() {
    for (members, fault) in [
        (r#""entry":{}"#, BundleFault::Member("entry")),
        (r#""entry":[1]"#, BundleFault::Member("entry")),
        (r#""entry":[{},{"resource":{}}]"#, BundleFault::Entry(1)),
        (r#""entry":[{"resource":"x"}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"fullUrl":1}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"search":{"mode":"Match"}}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"request":{"method":"GET"}}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"request":"GET"}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"response":{}}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"response":{"status":"200","outcome":{"x":1}}}]"#, BundleFault::Entry(0)),
        (r#""link":[{"relation":"next"}]"#, BundleFault::Member("link")),
        (r#""link":"next""#, BundleFault::Member("link")),
        (r#""timestamp":1"#, BundleFault::Member("timestamp")),
        (r#""entry":[{"link":[{"relation":"x"}]}]"#, BundleFault::Entry(0)),
        (r#""entry":[{"search":{"score":"1"}}]"#, BundleFault::Entry(0)),
        (r#""total":-1"#, BundleFault::Member("total")),
        (r#""total":1.0"#, BundleFault::Member("total")),
        (r#""total":"1""#, BundleFault::Member("total")),
    ] {
        let text = format!(r#"{{"resourceType":"Bundle","type":"searchset",{members}}}"#);
        assert_eq!(read(&text).unwrap_err(), fault, "{members}");
    }
}

#[test]
fn what_we_build_ourselves_is_valid_json() {
    let mut bundle = Bundle::new(BundleKind::Searchset);
    assert_eq!(bundle.write(), r#"{"resourceType":"Bundle","type":"searchset"}"#);
    let outcome = Outcome::one(Severity::Warning, IssueCode::Timeout, "a \"source\"\ndid not answer").to_resource();
    bundle.total = Some(0);
    bundle.entries.push(Entry { resource: Some(outcome), mode: Some(SearchMode::Outcome), ..Entry::default() });
    bundle.entries.push(Entry::default());
    let again = Resource::parse(bundle.write(), &Limits::default()).unwrap();
    let again = Bundle::read(&again).unwrap();
    assert_eq!((again.entries.len(), again.total), (2, Some(0)));
    assert_eq!(again.entries[0].resource.as_ref().unwrap().resource_type(), "OperationOutcome");
}

#[test]
fn debug_shows_no_urls() {
    let bundle = read(SEARCHSET).unwrap();
    assert_eq!(format!("{bundle:?}"), "Bundle(searchset, 2 entries)");
    assert!(!format!("{:?}", bundle.entries[0]).contains("a.example"));
}
