use serde_json::Value;
use store::state::{State, StateOptions};
use time::macros::datetime;

use super::answers::{batch, get};
use super::*;
use crate::config::testing;

const BASE: &str = "https://node.example/directory";

fn publication() -> PublicationConfig {
    let place = |id: &str| PublishedPlace {
        id: id.to_owned(),
        name: format!("Place {id}"),
        types: vec!["http://snomed.info/sct|11429006".to_owned()],
        endpoints: Vec::new(),
    };
    PublicationConfig {
        services: vec![place("cardiology"), place("surgery")],
        locations: vec![place("main")],
        ..PublicationConfig::default()
    }
}

fn opened(folder: &tempfile::TempDir, publication: PublicationConfig, now: time::OffsetDateTime) -> Ledger {
    let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
    let config = testing::reference();
    Ledger::open(&state, resources::of(&config, &publication, &[FhirVersion::R4]), now).unwrap()
}

fn told(ledger: &Ledger, url: &str) -> Vec<(String, String)> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let answer = get(ledger, BASE, path, query);
    assert_eq!(answer.status, 200, "{url}: {}", answer.body);
    let entry = |entry: &Value| {
        let method = entry["request"]["method"].as_str().unwrap_or_default().to_owned();
        (method, entry["fullUrl"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned())
    };
    answer.body["entry"].as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn each_change_is_told_once_and_so_over_a_restart_whatever_the_clock_says() {
    let folder = tempfile::tempdir().unwrap();
    let first = opened(&folder, publication(), datetime!(2026-03-01 12:00 UTC));
    assert_eq!(told(&first, "HealthcareService").len(), 2);
    let mark = get(&first, BASE, "Endpoint", "").body["meta"]["lastUpdated"].as_str().unwrap().to_owned();
    drop(first);
    // The same again, with a clock that went back: nothing changed.
    let same = opened(&folder, publication(), datetime!(2026-02-01 12:00 UTC));
    assert_eq!(get(&same, BASE, "Endpoint", "").body["meta"]["lastUpdated"], mark.as_str());
    drop(same);
    let mut changed = publication();
    changed.services.remove(0);
    changed.services[0].name = "Chirurgie".to_owned();
    let ledger = opened(&folder, changed, datetime!(2026-02-01 12:00 UTC));
    let since = told(&ledger, &format!("HealthcareService/_history?_since={}", mark.replace("00Z", "00.001Z")));
    let expected = [("PUT", "/HealthcareService/surgery"), ("DELETE", "/HealthcareService/cardiology")];
    assert_eq!(since, expected.map(|(method, name)| (method.to_owned(), name.to_owned())));
    assert_eq!(told(&ledger, "HealthcareService").len(), 1);
    assert_eq!(get(&ledger, BASE, "HealthcareService/cardiology", "").status, 410);
    assert_eq!(told(&ledger, "HealthcareService/surgery/_history").len(), 2);
    let old = get(&ledger, BASE, "HealthcareService/surgery/_history/1", "");
    assert_eq!((old.body["name"].as_str(), old.etag), (Some("Place surgery"), Some(1)));
    // Everything of everything, page by page.
    let mut url = "_history?_count=3".to_owned();
    let mut seen = 0;
    loop {
        let (path, query) = url.split_once('?').unwrap();
        let page = get(&ledger, BASE, path, query).body;
        seen += page["entry"].as_array().unwrap().len();
        let links = page["link"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
        url = next["url"].as_str().unwrap().strip_prefix(&format!("{BASE}/")).unwrap().to_owned();
    }
    assert_eq!(seen, ledger.history().count());
}

#[test]
fn searches_find_what_is_asked_for_and_refuse_what_they_do_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = opened(&folder, publication(), datetime!(2026-03-01 12:00 UTC));
    let ura = testing::reference().provider.ura;
    for (url, count) in [
        ("Organization".to_owned(), 1),
        (format!("Organization?identifier=http://fhir.nl/fhir/NamingSystem/ura|{ura}"), 1),
        ("Organization?identifier=http://fhir.nl/fhir/NamingSystem/ura|90009999".to_owned(), 0),
        ("Organization?active=true&_include=Organization:endpoint".to_owned(), 4),
        ("Organization?active=false".to_owned(), 0),
        ("Organization?_id=organisation,other".to_owned(), 1),
        ("Endpoint?status=active".to_owned(), 3),
        ("Location?name=place".to_owned(), 1),
        ("Location?name:exact=place".to_owned(), 0),
        ("HealthcareService?name:contains=surg".to_owned(), 1),
        ("HealthcareService?organization=Organization/organisation".to_owned(), 2),
        ("HealthcareService?_lastUpdated=gt2026-03-01T12:00:00Z".to_owned(), 0),
        ("HealthcareService?_lastUpdated=ge2026-03-01T12:00:00Z".to_owned(), 2),
        ("Endpoint?_count=1".to_owned(), 1),
        ("Practitioner".to_owned(), 0),
        ("OrganizationAffiliation/_history".to_owned(), 0),
    ] {
        assert_eq!(told(&ledger, &url).len(), count, "{url}");
    }
    for (url, status) in [
        ("Patient", 404),
        ("Endpoint/none", 404),
        ("Endpoint/none/_history", 404),
        ("Endpoint?address=x", 400),
        ("Organization?active=perhaps", 400),
        ("Endpoint?_count=many", 400),
        ("Endpoint/_history?_since=yesterday", 400),
        ("Endpoint?_lastUpdated=xx2026-03-01T12:00:00Z", 400),
        ("../fhir/r4/Patient", 404),
    ] {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let answer = get(&ledger, BASE, path, query);
        assert_eq!((answer.status, answer.body["resourceType"].as_str()), (status, Some("OperationOutcome")), "{url}");
    }
    assert_eq!(get(&ledger, BASE, "metadata", "").body["resourceType"], "CapabilityStatement");
}

#[test]
fn a_batch_reads_also_with_a_slash_in_front_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = opened(&folder, publication(), datetime!(2026-03-01 12:00 UTC));
    let asked = |kind: &str, requests: &[(&str, &str)]| {
        let entries: Vec<Value> = requests
            .iter()
            .map(|(method, url)| serde_json::json!({"request": {"method": method, "url": url}}))
            .collect();
        let bundle = serde_json::json!({"resourceType": "Bundle", "type": kind, "entry": entries});
        batch(&ledger, BASE, bundle.to_string().as_bytes())
    };
    let answer = asked(
        "batch",
        &[("GET", "/Endpoint/oauth2/_history"), ("GET", "Endpoint/none"), ("DELETE", "Endpoint/oauth2")],
    );
    let status: Vec<_> =
        answer.body["entry"].as_array().unwrap().iter().map(|one| one["response"]["status"].clone()).collect();
    assert_eq!(status, ["200", "404", "405"]);
    assert_eq!(asked("transaction", &[("GET", "Endpoint/none")]).status, 404);
    assert_eq!(asked("transaction", &[("PUT", "Endpoint/oauth2")]).status, 405);
    assert_eq!(asked("collection", &[]).status, 400);
    assert_eq!(asked("batch", &[("GET", "Endpoint"); 101]).status, 400);
    assert_eq!(batch(&ledger, BASE, b"{").status, 400);
}

#[test]
fn what_is_published_has_what_the_guide_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = opened(&folder, publication(), datetime!(2026-03-01 12:00 UTC));
    for version in ledger.here("Endpoint") {
        let endpoint = version.resource().unwrap();
        for needed in
            ["status", "connectionType", "payloadType", "address", "managingOrganization", "identifier", "meta"]
        {
            assert!(!endpoint[needed].is_null(), "{}: {needed}", version.name);
        }
        assert!(endpoint["address"].as_str().unwrap().starts_with("https://"));
    }
    let fhir = ledger.current("Endpoint/fhir-r4").unwrap().resource().unwrap();
    assert_eq!(fhir["payloadMimeType"][0], "application/fhir+json; fhirVersion=4.0");
    let organisation = ledger.current("Organization/organisation").unwrap().resource().unwrap();
    assert_eq!(organisation["endpoint"].as_array().unwrap().len(), 3);
}

#[test]
fn a_publication_that_others_could_not_use_is_refused() {
    assert_eq!(publication().check(true), Ok(()));
    let endpoint = || PublishedEndpoint {
        id: "e".to_owned(),
        name: "E".to_owned(),
        connection_type: "s|c".to_owned(),
        payload_types: vec!["s|c".to_owned()],
        media_types: Vec::new(),
        address: "https://e.example".to_owned(),
        from: None,
        until: None,
    };
    let wrong: [fn(&mut PublicationConfig, PublishedEndpoint); 6] = [
        |publication, _| publication.services[0].id = "no spaces".to_owned(),
        |publication, _| publication.services[0].types.clear(),
        |publication, _| publication.payload_types = vec!["bare".to_owned()],
        |publication, _| publication.operator = Some("|".to_owned()),
        |publication, mut endpoint| {
            endpoint.payload_types.clear();
            publication.endpoints = vec![endpoint];
        },
        |publication, mut endpoint| {
            endpoint.address = "http://e.example".to_owned();
            publication.endpoints = vec![endpoint];
        },
    ];
    for (number, change) in wrong.into_iter().enumerate() {
        let mut publication = publication();
        change(&mut publication, endpoint());
        assert!(publication.check(true).is_err(), "case {number}");
    }
}
