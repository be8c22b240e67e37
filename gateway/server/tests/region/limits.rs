//! A node whose limits are narrow: who asks too much is told to wait, on the record when it is known who it was.

use conformance::callers::{InnerCaller, Wire};
use conformance::region;
use conformance::source_server::{FhirVersion, SourceServer};
use conformance::suites::{Setting, log_by_program};
use serde_json::Value;

use crate::program::{Program, Served, ZORGSLUIS};

pub async fn hold() {
    let source =
        SourceServer::start(FhirVersion::R4, region::resources("hospital"), ([127, 0, 0, 1], 0).into()).unwrap();
    let tried = Program::try_out(&[&source.base_url], "r4");
    let ready = tried.ready();
    let _state = tried.into_state();
    let setting = Setting::new(ready, log_by_program(ZORGSLUIS.into()));
    let node = &setting.ready.nodes[0];
    narrow(&node.config_file);
    let served = Served::start(&node.config_file, &node.inner);

    let caller = setting.ready.callers.iter().find(|caller| caller.bearer_token.is_some()).unwrap();
    let known = InnerCaller::of(&setting.ready, &caller.name).unwrap();
    let url = format!("{}/Condition?_count=1", node.fhir.inner.r4.as_deref().unwrap());
    let stranger = Wire::new(None, None).unwrap();

    let before = setting.log(&node.key, 0).unwrap().len();
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let answer = stranger.get(&url).await.unwrap();
        if answer.status == 429 {
            is_told_to_wait(&answer);
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..4], [401; 4], "the first ones are refused like any other");
    assert_eq!(statuses[4..], [429; 8]);
    let records = setting.log(&node.key, 0).unwrap();
    assert_eq!(records.len() - before, 4, "a flood takes no more places in the log");

    let before = records.len();
    let mut statuses = Vec::new();
    let person = InnerCaller::new(None, PERSON).unwrap();
    for _ in 0..5 {
        let answer = person.get(&url).await.unwrap();
        if answer.status == 429 {
            is_told_to_wait(&answer);
        }
        statuses.push(answer.status);
    }
    // The one use case of this node is for its one system: a person is known, measured, and denied.
    assert_eq!(statuses, [403, 403, 403, 429, 429], "a person has a measure of their own");
    let records = setting.log(&node.key, 0).unwrap();
    assert_eq!(records.len() - before, 5, "each has its record");
    let last: &Value = records.last().unwrap();
    assert_eq!(
        (&last["outcome"]["reason"], last["caller"]["person"]["id"].as_str()),
        (&"throttled".into(), Some("p-1"))
    );

    let before = records.len();
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = known.get(&url).await.unwrap();
        if answer.status == 429 {
            is_told_to_wait(&answer);
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429, 429], "who is known gets in from the same address");
    let records = setting.log(&node.key, 0).unwrap();
    assert_eq!(records.len() - before, 8, "each has its record");
    let last: &Value = records.last().unwrap();
    assert_eq!((&last["outcome"]["reason"], last["outcome"]["status"].as_u64()), (&"throttled".into(), Some(429)));
    assert_eq!(last["caller"]["client_id"].as_str(), caller.client_id.as_deref());

    let outer = Wire::new(Some(&setting.ready.ca_file), None).unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = outer.post_form(&node.token_endpoint, &[("grant_type", "client_credentials")]).await.unwrap();
        if answer.status == 429 {
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
            assert_eq!(answer.json().unwrap()["error"], "temporarily_unavailable");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
    let metrics = stranger.get(&node.metrics).await.unwrap();
    assert!(String::from_utf8_lossy(&metrics.body).contains("zorgsluis_turned_away_total 10"));
    drop(served);
}

fn is_told_to_wait(answer: &conformance::callers::Answer) {
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    let outcome = answer.json().unwrap();
    assert_eq!(
        (outcome["resourceType"].as_str(), outcome["issue"][0]["code"].as_str()),
        (Some("OperationOutcome"), Some("throttled"))
    );
}

/// The token of a person whom [`narrow`] adds.
const PERSON: &str = "0123456789abcdef0123456789abcdef";

/// Writes limits into a node's configuration that are soon reached and last long, and a person beside the system that it has.
fn narrow(config: &std::path::Path) {
    let mut table: toml::Table = std::fs::read_to_string(config).unwrap().parse().unwrap();
    let limits = table["limits"].as_table_mut().unwrap();
    for (key, value) in [
        ("client_per_minute", 1),
        ("client_burst", 5),
        ("person_per_minute", 1),
        ("person_burst", 3),
        ("token_per_minute", 2),
        ("unidentified_per_minute", 3),
    ] {
        limits.insert(key.to_owned(), value.into());
    }
    let file = config.with_file_name("person-token");
    std::fs::write(&file, PERSON).unwrap();
    let callers = table["callers"].as_array_mut().unwrap();
    let mut person = callers[0].as_table().unwrap().clone();
    person.insert("client_id".to_owned(), "person".into());
    person.insert("token_file".to_owned(), file.to_str().unwrap().into());
    let id = toml::Table::from_iter([("id".to_owned(), "p-1".into()), ("role".to_owned(), "01.015".into())]);
    person.insert("person".to_owned(), id.into());
    callers.push(person.into());
    std::fs::write(config, toml::to_string(&table).unwrap()).unwrap();
}
