use super::*;
use crate::search::Parameter;

fn read(method: Method, path: &str, query: &str) -> Result<Interaction, InteractionFault> {
    Interaction::read(FhirVersion::R4, method, path, query, None)
}

fn of(name: &str) -> ResourceType {
    ResourceType::parse(FhirVersion::R4, name).unwrap()
}

fn id(text: &str) -> LogicalId {
    LogicalId::parse(text).unwrap()
}

fn query(text: &str) -> SearchQuery {
    SearchQuery::parse(text).unwrap()
}

#[test]
fn every_form_of_the_restful_api_is_read() {
    use Method::{Delete, Get, Head, Patch, Post, Put};
    let (patient, observation) = (of("Patient"), of("Observation"));
    let search = |target, text: &str| Interaction::Search { target, query: query(text) };
    let history = |level, text: &str| Interaction::History { level, query: query(text) };
    let operation =
        |level, name: &str, text: &str| Interaction::Operation { level, name: name.into(), query: query(text) };
    let compartment = |member| SearchTarget::Compartment { owner: patient, id: id("1"), member };
    let read_one = || Interaction::Read { resource_type: patient, id: id("1") };
    let cases = [
        (Get, "metadata", "mode=full", Interaction::Capabilities, "capabilities"),
        (Get, "Patient/1", "", read_one(), "read"),
        (Head, "/Patient/1/", "_format=json", read_one(), "read"),
        (Get, "%50atient/%31", "", read_one(), "read"),
        (
            Get,
            "Patient/1/_history/2",
            "",
            Interaction::Vread { resource_type: patient, id: id("1"), version: id("2") },
            "vread",
        ),
        (Put, "Patient/1", "", Interaction::Update { resource_type: patient, id: id("1") }, "update"),
        (Patch, "Patient/1", "", Interaction::Patch { resource_type: patient, id: id("1") }, "patch"),
        (Delete, "Patient/1", "", Interaction::Delete { resource_type: patient, id: id("1") }, "delete"),
        (Post, "Patient", "", Interaction::Create { resource_type: patient }, "create"),
        (
            Put,
            "Patient",
            "identifier=a|1",
            Interaction::ConditionalUpdate { resource_type: patient, query: query("identifier=a|1") },
            "update",
        ),
        (
            Delete,
            "Patient",
            "identifier=1",
            Interaction::ConditionalDelete { resource_type: patient, query: query("identifier=1") },
            "delete",
        ),
        (Get, "Observation", "code=x", search(SearchTarget::Type(observation), "code=x"), "search-type"),
        (Head, "Observation", "", search(SearchTarget::Type(observation), ""), "search-type"),
        (Post, "Observation/_search", "a=1", search(SearchTarget::Type(observation), "a=1"), "search-type"),
        (Get, "", "_id=1", search(SearchTarget::System, "_id=1"), "search-system"),
        (Get, "/", "_id=1", search(SearchTarget::System, "_id=1"), "search-system"),
        (Post, "_search", "", search(SearchTarget::System, ""), "search-system"),
        (Get, "Patient/1/Observation", "a=1", search(compartment(Some(observation)), "a=1"), "search-type"),
        (Post, "Patient/1/Observation/_search", "", search(compartment(Some(observation)), ""), "search-type"),
        (Get, "Patient/1/*", "", search(compartment(None), ""), "search-system"),
        (Post, "Patient/1/*/_search", "", search(compartment(None), ""), "search-system"),
        (Post, "Patient/1/_search", "", search(compartment(None), ""), "search-system"),
        (Get, "_history", "_since=2026", history(Level::System, "_since=2026"), "history-system"),
        (Get, "Patient/_history", "", history(Level::Type(patient), ""), "history-type"),
        (Get, "Patient/1/_history", "", history(Level::Instance(patient, id("1")), ""), "history-instance"),
        (Get, "$export", "", operation(Level::System, "export", ""), "operation"),
        (Post, "Patient/$match", "", operation(Level::Type(patient), "match", ""), "operation"),
        (
            Get,
            "Patient/1/$everything",
            "start=2026",
            operation(Level::Instance(patient, id("1")), "everything", "start=2026"),
            "operation",
        ),
        (
            Get,
            "Patient/1/%24everything",
            "",
            operation(Level::Instance(patient, id("1")), "everything", ""),
            "operation",
        ),
        (Post, "", "", Interaction::Bundle, "batch"),
        (Post, "/", "", Interaction::Bundle, "batch"),
    ];
    for (method, path, query, expected, code) in cases {
        let found = read(method, path, query);
        assert_eq!(found.as_ref(), Ok(&expected), "{method:?} {path} {query}");
        assert_eq!(found.unwrap().code(), code, "{method:?} {path}");
    }
}

#[test]
fn a_method_that_is_not_used_at_a_path_is_a_fault() {
    use Method::{Delete, Get, Head, Patch, Post, Put};
    for (method, path, query) in [
        (Get, "", ""),
        (Head, "", ""),
        (Put, "", ""),
        (Delete, "", "a=1"),
        (Post, "metadata", ""),
        (Get, "_search", "a=1"),
        (Get, "Patient/_search", "a=1"),
        (Get, "Patient/1/Observation/_search", ""),
        (Post, "Patient/1/Observation", ""),
        (Post, "Patient/1/*", ""),
        (Post, "Patient/1", ""),
        (Patch, "Patient", "identifier=1"),
        (Put, "Patient", ""),
        (Delete, "Patient", ""),
        (Delete, "Patient", "_format=json"),
        (Delete, "Patient", "identifier="),
        (Post, "Patient/_history", ""),
        (Delete, "Patient/1/_history", ""),
        (Put, "Patient/1/_history/2", ""),
        (Put, "Patient/$match", ""),
        (Delete, "$export", ""),
    ] {
        assert_eq!(read(method, path, query), Err(InteractionFault::Method), "{method:?} {path} {query}");
    }
}

/// Attack catalogue ATT-03, 97, 98, 99 (path) and 102.
#[test]
fn a_path_that_could_be_read_in_two_ways_is_a_fault() {
    use InteractionFault::{Id, Path, UnknownType};
    for (path, fault) in [
        ("patient/1", UnknownType),
        ("PATIENT/1", UnknownType),
        ("Patient%20/1", UnknownType),
        ("ReferralRequest/1", UnknownType),
        ("Invented", UnknownType),
        ("Patient/1/observation", UnknownType),
        ("admin", UnknownType),
        ("Patient/..%2f..%2fadmin", Path),
        ("Patient/%2e%2e/Observation/9", Path),
        ("Patient/1/..;/2", Path),
        ("Patient/1;x=2", Path),
        ("Patient/1%00", Path),
        ("Patient/1%0a", Path),
        ("//Patient/2", Path),
        ("Patient//2", Path),
        ("Patient/2//", Path),
        ("//", Path),
        ("Patient\\2", Path),
        ("Patient%5c2", Path),
        ("Patient/1%23/../2", Path),
        ("Patient/..", Path),
        ("Patient/.", Path),
        ("Patient/%2e", Path),
        ("Patient/1%2f_history", Path),
        ("Patient/%zz", Path),
        ("Patient/%4", Path),
        ("Patient/%c0%af", Path),
        ("Patient/1/Observation/2", Path),
        ("Patient/1/Observation/_search/x", Path),
        ("Organization/1/Observation", Path),
        ("Organization/1/*", Path),
        ("Patient/$", Path),
        ("$a/b", UnknownType),
        ("Patient/$every%20thing", Path),
        ("$", Path),
        ("Patient/1%23", Id),
        ("Patient/1%3F_include=*", Id),
        ("Patient/1?x", Id),
        ("Patient/%252e%252e", Id),
        ("Patient/1%25", Id),
        ("Patient/_1", Id),
        ("Patient/p%C3%A9", Id),
        ("Patient/1/_history/..x!", Id),
    ] {
        for method in [Method::Get, Method::Head, Method::Post, Method::Delete] {
            assert_eq!(read(method, path, ""), Err(fault.clone()), "{method:?} {path}");
        }
    }
    let long = format!("Patient/{}", "a".repeat(65));
    assert_eq!(read(Method::Get, &long, ""), Err(Id));
    assert!(read(Method::Get, &format!("Patient/{}", "a".repeat(64)), "").is_ok());
    assert!(read(Method::Get, "Patient/a..b", "").is_ok(), "dots inside an id are legal");
    assert_eq!(read(Method::Post, &format!("$a{}", "b".repeat(64)), ""), Err(Path));
}

/// Attack catalogue ATT-05 to ATT-11 and ATT-99: whoever decides sees what the source would see.
#[test]
fn a_parameter_is_read_as_a_source_would_read_it() {
    let found = |text: &str| match read(Method::Get, "Observation", text).unwrap() {
        Interaction::Search { query, .. } => query.parameters,
        other => panic!("{other:?}"),
    };
    let plain = |name: &str, value: &str| Parameter::new(name, value);
    let with = |name: &str, modifier: &str, value: &str| Parameter {
        modifier: Some(modifier.into()),
        ..Parameter::new(name, value)
    };
    assert_eq!(found("p%61tient=b"), [plain("patient", "b")]);
    assert_eq!(found("patient%3AMissing=true"), [with("patient", "Missing", "true")]);
    assert_eq!(found("PATIENT=b"), [plain("PATIENT", "b")]);
    assert_eq!(found("patient=a&patient=b"), [plain("patient", "a"), plain("patient", "b")]);
    assert_eq!(found("patient=a,b")[0].alternatives(), ["a", "b"]);
    assert_eq!(found("code=x%26patient=b"), [plain("code", "x&patient=b")]);
    assert_eq!(found("code=x;patient=b"), [plain("code", "x;patient=b")]);
    assert_eq!(found("code=x#&patient="), [plain("code", "x#"), plain("patient", "")]);
    assert_eq!(found("code=x%2525"), [plain("code", "x%25")]);
    assert_eq!(found("patient:not=a"), [with("patient", "not", "a")]);
    assert_eq!(found("_has:Observation:patient:code=x"), [with("_has", "Observation:patient:code", "x")]);
}

#[test]
fn query_and_form_are_joined_where_a_form_holds_parameters() {
    let read =
        |path: &str, query: &str, form: &str| Interaction::read(FhirVersion::R4, Method::Post, path, query, Some(form));
    assert_eq!(read("Patient/_search", "a=1", "b=2").unwrap().query(), Some(&query("a=1&b=2")));
    assert_eq!(read("Patient/1/$everything", "a=1", "b=2").unwrap().query(), Some(&query("a=1&b=2")));
    assert_eq!(read("Patient", "", "b=2"), Ok(Interaction::Create { resource_type: of("Patient") }));
    let half = "a=1&".repeat(60);
    let fault = read("Patient/_search", &half, &half).unwrap_err();
    assert_eq!(fault, InteractionFault::Search(SearchFault::TooMany { limit: 100 }));
}

#[test]
fn a_query_is_checked_even_where_it_is_not_used() {
    for path in ["Patient/1", "metadata", "Patient/1/_history/2"] {
        let fault = InteractionFault::Search(SearchFault::Encoding);
        assert_eq!(read(Method::Get, path, "a=%zz"), Err(fault));
    }
    let fault = read(Method::Get, "Patient", &"a=1&".repeat(101)).unwrap_err();
    assert_eq!(fault, InteractionFault::Search(SearchFault::TooMany { limit: 100 }));
}

#[test]
fn what_may_change_something_counts_as_writing() {
    use Method::{Delete, Get, Post, Put};
    for (method, path, writes) in [
        (Get, "Patient/1", false),
        (Get, "Patient", false),
        (Get, "_history", false),
        (Get, "metadata", false),
        (Post, "Patient/_search", false),
        (Post, "Patient", true),
        (Put, "Patient/1", true),
        (Delete, "Patient/1", true),
        (Post, "", true),
        (Get, "Patient/1/$everything", true),
    ] {
        assert_eq!(read(method, path, "").unwrap().writes(), writes, "{method:?} {path}");
    }
}

#[test]
fn types_are_those_of_the_version() {
    let stu3 = |path: &str| Interaction::read(FhirVersion::Stu3, Method::Get, path, "", None);
    assert!(stu3("ReferralRequest/1").is_ok());
    assert_eq!(stu3("ServiceRequest/1"), Err(InteractionFault::UnknownType));
    assert_eq!(stu3("Patient/1/ReferralRequest").unwrap().resource_type().unwrap().name(), "ReferralRequest");
}
