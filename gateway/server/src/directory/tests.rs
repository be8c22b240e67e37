//! The copy on the disk, asked by the command line and by flows.

use connectors::http::{HttpClient, HttpSettings, WebAddress};
use connectors::mcsd::ProviderDirectory;
use exchange::ports::SystemClock;
use fhir::Ura;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::config::{Mode, testing};

const URA: &str = "90000001";

/// A directory of one organisation, which knows searches and histories that bring nothing new.
async fn directory() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let read = stream.read(&mut head).await.unwrap();
            let line = String::from_utf8_lossy(&head[..read]).lines().next().unwrap_or_default().to_owned();
            let entry = if line.contains("_history") {
                String::new()
            } else if line.contains("/Organization") {
                format!(
                    r#"{{"resource": {{"resourceType": "Organization", "id": "o", "name": "De Linde", "identifier": [
                    {{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "{URA}"}}],
                    "endpoint": [{{"reference": "Endpoint/e"}}]}}}}"#
                )
            } else if line.contains("/Endpoint") {
                r#"{"resource": {"resourceType": "Endpoint", "id": "e", "status": "active",
                    "connectionType": {"code": "hl7-fhir-rest"}, "address": "https://linde.example/fhir",
                    "payloadMimeType": ["application/fhir+json; fhirVersion=4.0"]}}"#
                    .to_owned()
            } else {
                String::new()
            };
            let body = format!(r#"{{"resourceType": "Bundle", "type": "searchset", "entry": [{entry}]}}"#);
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    base
}

fn config(folder: &Path, base: &str) -> NodeConfig {
    let mut config = testing::reference();
    config.mode = Mode::Development;
    config.store.folder = folder.to_owned();
    let base = WebAddress::parse(base).unwrap();
    let mut directory = DirectoryConfig::new(None);
    directory.providers = vec![ProviderDirectory { ura: Ura::parse(URA).unwrap(), base }];
    config.directory = Some(directory);
    config
}

fn asked(ura: &str) -> Asked {
    Asked { english: true, ..Asked::about(Ura::parse(ura).unwrap()) }
}

#[tokio::test]
async fn what_a_directory_says_is_found_by_flows_and_explained_also_by_a_node_that_runs_and_after_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &directory().await);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let http = HttpClient::new(HttpSettings::default()).unwrap();
    let (book, running) = start(&config, &http, &clock).unwrap().unwrap();
    let receiver = Receiver { ura: Ura::parse(URA).unwrap(), service: None };
    let wanted = Capability { connections: vec!["hl7-fhir-rest".into()], ..Capability::default() };
    let before = book.address(&receiver, &wanted).await;
    assert!(matches!(before, Finding::NotFoundOut(NotFoundOut::Incomplete) | Finding::Found(_)), "{before:?}");
    let mut found = before;
    for _ in 0..200 {
        found = book.address(&receiver, &wanted).await;
        if found.found().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let found = found.found().unwrap().clone();
    assert_eq!((found.address.as_str(), found.organisation.as_str()), ("https://linde.example/fhir", "De Linde"));
    let unknown = Receiver { ura: Ura::parse("90000009").unwrap(), service: None };
    assert_eq!(book.address(&unknown, &wanted).await, Finding::NotFoundOut(NotFoundOut::Incomplete));

    let place = answering::socket(&config.store.folder);
    let ask = move |asked: Option<Asked>| {
        let place = place.clone();
        tokio::task::spawn_blocking(move || answering::ask(&place, asked.as_ref()))
    };
    let told = ask(Some(asked(URA))).await.unwrap().unwrap().unwrap();
    assert_eq!(told.address.as_deref(), Some("https://linde.example/fhir"));
    assert!(told.steps.iter().all(|(holds, _)| *holds) && told.conclusion.starts_with("Found: De Linde"), "{told:?}");
    let told = ask(Some(asked("90000009"))).await.unwrap().unwrap().unwrap();
    assert!(told.address.is_none() && told.steps.iter().any(|(holds, text)| !holds && text.contains("No directory")));
    let all = ask(None).await.unwrap().unwrap().unwrap();
    assert_eq!(all.conclusion, "1 directories.");
    drop((book, running));

    // The copy is let go of when the last round has ended.
    let directory = config.directory.clone().unwrap();
    let shelf = loop {
        match open(&config, &directory) {
            Ok(shelf) => break shelf,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(ask(Some(asked(URA))).await.unwrap().is_none(), "nobody answers any more");
    let book = AddressBook::new(directories(&config, &directory, &shelf, &clock));
    assert!(book.explain(&asked(URA)).unwrap().address.is_some());
    assert!(book.states().unwrap()[0].complete);
}

#[test]
fn every_step_has_words_in_both_languages_that_tell_it_apart() {
    use connectors::mcsd::{AddressUse, EndpointVerdict, RefusedBecause, Step};
    let endpoint = |verdict| Step::Endpoint { name: "Endpoint/e".into(), address: String::new(), verdict };
    let base = || "https://d.example".to_owned();
    let refused = |because| Step::Refused { base: base(), name: "Organization/o".into(), because };
    let directory = |complete, synchronised, fault: Option<&str>| Step::Directory {
        base: base(),
        complete,
        synchronised,
        fault: fault.map(str::to_owned),
    };
    let steps = vec![
        directory(true, Some(1), None),
        directory(true, Some(1), Some("no connection")),
        directory(false, None, None),
        Step::NoDirectory,
        Step::Organisation { base: base(), name: "a".into(), active: true },
        Step::Organisation { base: base(), name: "a".into(), active: false },
        Step::Unknown,
        Step::NotInNational,
        refused(RefusedBecause::ForeignUra),
        refused(RefusedBecause::SeveralUras),
        refused(RefusedBecause::MalformedUra),
        refused(RefusedBecause::Malformed),
        refused(RefusedBecause::TooLarge),
        Step::Service { name: "a".into(), active: true },
        Step::Service { name: "a".into(), active: false },
        Step::UnknownService,
        Step::NoEndpoints,
        endpoint(EndpointVerdict::Fits),
        endpoint(EndpointVerdict::NotThere),
        endpoint(EndpointVerdict::Status("off".into())),
        endpoint(EndpointVerdict::NotYet(1)),
        endpoint(EndpointVerdict::Over(1)),
        endpoint(EndpointVerdict::OtherConnection(vec![])),
        endpoint(EndpointVerdict::OtherPayload(vec![])),
        endpoint(EndpointVerdict::OtherVersion(vec![])),
        endpoint(EndpointVerdict::NoVersion),
        endpoint(EndpointVerdict::Address(AddressUse::NotHttps)),
        endpoint(EndpointVerdict::Address(AddressUse::NotPublic)),
        endpoint(EndpointVerdict::Address(AddressUse::NoAddress)),
    ];
    for language in [audit::Language::Dutch, audit::Language::English] {
        let mut said: Vec<String> = steps.iter().map(|step| words::step(step, language)).collect();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), steps.len());
    }
}
