//! Bundles of which a document is made, and those of which none can be.

use fhir::json::Limits;
use fhir::{Bundle, BundleKind, Resource};

use super::assembling::*;

const COMPOSITION: &str = r#"{"resourceType":"Composition","id":"c","subject":{"reference":"urn:uuid:p"},
    "section":[{"entry":[{"reference":"https://a.example/Condition/k"},{"reference":"DocumentReference/d"}]}]}"#;
const PATIENT: &str = r#"{"resourceType":"Patient","name":[{"family":"x"}]}"#;
const CONDITION: &str = r#"{"resourceType":"Condition","id":"k","severity":1.50,"subject":{"reference":"urn:uuid:p"}}"#;
const DOCUMENT: &str = r##"{"resourceType":"DocumentReference","id":"d","author":[{"reference":"#a"}],
    "content":[{"attachment":{"url":"urn:uuid:b"}}],"relatesTo":{"reference":"http://b.example/Basic/1"}}"##;
const BINARY: &str = r#"{"resourceType":"Binary","content":"eA=="}"#;

fn read(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

/// A transaction of five, one thing in it changed.
fn transaction(from: &str, to: &str) -> Resource {
    let entry = |url: &str, resource: &str, method: &str, to: &str| {
        format!(r#"{{"fullUrl":"{url}","resource":{resource},"request":{{"method":"{method}","url":"{to}"}}}}"#)
    };
    let entries = [
        entry("urn:uuid:p", PATIENT, "POST", "Patient"),
        entry("https://a.example/Condition/k", CONDITION, "PUT", "Condition/k"),
        entry("urn:uuid:c", COMPOSITION, "POST", "Composition"),
        entry("urn:uuid:d", DOCUMENT, "POST", "DocumentReference"),
        entry("urn:uuid:b", BINARY, "POST", "Binary"),
    ];
    let text = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","));
    assert!(text.contains(from), "{from}");
    read(&text.replacen(from, to, 1))
}

#[test]
fn a_transaction_becomes_a_document_in_which_every_reference_is_resolved_and_nothing_else_changed() {
    let made = document(&transaction("x", "x")).unwrap();
    let bundle = Bundle::read(&made).unwrap();
    assert_eq!(bundle.kind, BundleKind::Document);
    let texts: Vec<&str> = bundle.entries.iter().map(|entry| entry.resource.as_ref().unwrap().text()).collect();
    let resolved = |text: &str| {
        let text = text.replace("urn:uuid:p", "Patient/p").replace("urn:uuid:b", "Binary/b");
        let text = text.replace("https://a.example/Condition/k", "Condition/k");
        read(&text).to_node().write()
    };
    let named = |text: &str, kind: &str, id: &str| {
        text.replace(&format!("\"{kind}\","), &format!("\"{kind}\",\"id\":\"{id}\","))
    };
    assert_eq!(texts[0], resolved(COMPOSITION));
    assert_eq!(texts[1], named(PATIENT, "Patient", "p"));
    assert_eq!(texts[2], resolved(CONDITION), "digits stay as they were written");
    assert_eq!(texts[3], resolved(DOCUMENT));
    assert_eq!(texts[4], named(BINARY, "Binary", "b"));
    assert_eq!(document(&transaction("x", "x")).unwrap().text(), made.text(), "the same makes the same");
    assert_eq!(document(&made).unwrap().text(), made.text(), "a document is one already");
}

#[test]
fn what_needs_nothing_done_stays_as_it_was_written() {
    let odd = r#"{"resourceType":"Condition","id":"k" , "x":1.0,"subject":{"reference":"Patient/p"}}"#;
    let text = format!(r#"{{"resourceType":"Bundle","type":"document","entry":[ {{"resource":{odd}}}]}}"#);
    assert_eq!(document(&read(&text)).unwrap().text(), text);
    let made = document(&read(&text.replace("document", "collection"))).unwrap();
    assert!(made.text().contains(odd) && made.text().contains(r#""type":"document""#));
    let missing = text.replace("Patient/p", "Patient/gone");
    assert!(document(&read(&missing)).is_ok(), "what a document lacks is said otherwise");
}

#[test]
fn what_cannot_be_made_whole_is_refused_with_the_place() {
    let unresolved = |entry: usize, place: &str| AssemblyFault::Unresolved { entry, place: place.to_owned() };
    let missing = |name: &str| AssemblyFault::Missing(name.to_owned());
    let in_composition = r#""subject":{"reference":"urn:uuid:p"},"#;
    for (from, to, fault) in [
        (r#""transaction""#, r#""history""#, AssemblyFault::Form("history")),
        (r#""transaction""#, r#""message""#, AssemblyFault::Form("message")),
        (r#""entry":[{"full"#, r#""link":[{"relation":"next","url":"x"}],"entry":[{"full"#, AssemblyFault::Page),
        (r#""resource":{"resourceType":"Patient","name":[{"family":"x"}]},"#, "", AssemblyFault::Entry(0)),
        (
            r#""resource":{"resourceType":"P"#,
            r#""search":{"mode":"outcome"},"resource":{"resourceType":"P"#,
            AssemblyFault::Entry(0),
        ),
        (r#""method":"POST","url":"Patient""#, r#""method":"DELETE","url":"Patient""#, AssemblyFault::Request(0)),
        (r#""url":"Patient""#, r#""url":"Patient","ifNoneExist":"identifier=1""#, AssemblyFault::Request(0)),
        (r#""url":"Condition/k""#, r#""url":"Condition?identifier=1""#, AssemblyFault::Request(1)),
        (r#""fullUrl":"urn:uuid:b","#, "", AssemblyFault::NoId(4)),
        (
            r#""fullUrl":"https://a.example/Condition/k""#,
            r#""fullUrl":"https://a.example/Condition/z""#,
            AssemblyFault::FullUrl(1),
        ),
        (r#""fullUrl":"urn:uuid:d""#, r#""fullUrl":"urn:uuid:c""#, AssemblyFault::Twice(3)),
        (
            r#""subject":{"reference":"urn:uuid:p"}}"#,
            r#""subject":{"reference":"urn:uuid:q"}}"#,
            unresolved(1, "subject"),
        ),
        (
            r#""subject":{"reference":"urn:uuid:p"}}"#,
            r#""subject":{"reference":"Patient?identifier=1"}}"#,
            AssemblyFault::Conditional { entry: 1, place: "subject".to_owned() },
        ),
        (r#"{"reference":"DocumentReference/d"}"#, r#"{"reference":"Flag/f"}"#, missing("Flag/f")),
        (in_composition, r#""subject":{"reference":"Patient/q"},"#, missing("Patient/q")),
    ] {
        assert_eq!(document(&transaction(from, to)).unwrap_err(), fault, "{to}");
    }
    assert_eq!(document(&read(PATIENT)).unwrap_err(), AssemblyFault::NoBundle);
}

#[test]
fn the_same_name_on_another_server_is_not_taken_for_the_one_that_is_meant() {
    let entry = |url: &str, resource: &str| format!(r#"{{"fullUrl":"{url}","resource":{resource}}}"#);
    let of = |patient_at: &str| {
        let entries = [
            entry(
                "https://a.example/Condition/k",
                r#"{"resourceType":"Condition","id":"k","subject":{"reference":"Patient/p"}}"#,
            ),
            entry(&format!("{patient_at}/Patient/p"), r#"{"resourceType":"Patient","id":"p"}"#),
        ];
        document(&read(&format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#, entries.join(","))))
    };
    assert!(of("https://a.example").is_ok());
    let fault = AssemblyFault::Unresolved { entry: 0, place: "subject".to_owned() };
    assert_eq!(of("https://b.example").unwrap_err(), fault);
}
