//! The same searches of the same chart, put to a folder and to FHIR servers of several minds: whoever answers, the
//! answer is the same.

pub(super) mod chart;
mod table;

use std::path::Path;

use exchange::ports::{Answer, Source, SourceFault};
use fhir::{FhirVersion, SearchMode};

use super::fhir::tests::client;
use super::fhir::{FhirSource, FhirSourceConfig};
use super::files::{FilesSource, FilesSourceConfig};
use super::testing::server::Server;
use super::testing::stub::Stub;
use super::testing::{Asker, holder, one};
use chart::chart;
use table::{ROWS, STU3_ROWS};

/// `matches + what they bring along`, each sorted.
fn found(answer: &Answer) -> String {
    let of = |mode: SearchMode| {
        let items = answer.items.iter().filter(|item| item.mode == mode);
        let mut names: Vec<String> = items
            .map(|item| format!("{}/{}", item.resource.resource_type(), item.resource.id().unwrap_or_default()))
            .collect();
        names.sort();
        names.join(" ")
    };
    let (matches, along) = (of(SearchMode::Match), of(SearchMode::Include));
    if along.is_empty() { matches } else { format!("{matches} + {along}") }
}

/// What a row says in the same words.
fn expected(row: &str) -> String {
    let sorted = |names: &str| {
        let mut names: Vec<&str> = names.split_whitespace().collect();
        names.sort_unstable();
        names.join(" ")
    };
    match row.split_once('+') {
        Some((matches, along)) => format!("{} + {}", sorted(matches), sorted(along)),
        None => sorted(row),
    }
}

async fn differences(name: &str, source: &dyn Source, version: FhirVersion) -> Vec<String> {
    let mut asker = Asker::about(one());
    asker.version = version;
    let mut found_to_differ = Vec::new();
    let rows = if version == FhirVersion::R4 { ROWS } else { STU3_ROWS };
    for (query, row) in rows {
        let answer = asker.asks(source, &format!("GET {query}")).await;
        let (got, wanted) = match (&answer, row.strip_prefix("refused ")) {
            (Err(SourceFault::Unsupported { parameter }), Some(refused)) => (parameter.clone(), refused.to_owned()),
            (Ok(answer), None) => (found(answer), expected(row)),
            (answer, _) => (format!("{:?}", answer.as_ref().map(found)), (*row).to_owned()),
        };
        if got != wanted {
            found_to_differ.push(format!("{name}: {query}\n   wanted {wanted}\n   got    {got}"));
        }
        if let Ok(answer) = &answer {
            assert_eq!(
                (answer.patients.as_slice(), answer.cut_short),
                (["p1".to_owned()].as_slice(), false),
                "{query}"
            );
        }
    }
    found_to_differ
}

fn folder(path: &Path, version: FhirVersion) -> FilesSource {
    for (at, resource) in chart().iter().enumerate() {
        std::fs::write(path.join(format!("{at:02}.json")), resource.to_string()).unwrap();
    }
    FilesSource::open(FilesSourceConfig::new(path, version), holder(), "folder").unwrap()
}

async fn upstream(server: Server, version: FhirVersion) -> (Stub, FhirSource) {
    let stub = Stub::start(move |asked| server.answer(asked)).await;
    let config = FhirSourceConfig::new(stub.base(), version);
    let source = FhirSource::new(config, holder(), "server", client()).unwrap();
    (stub, source)
}

#[test]
fn the_table_has_no_query_twice() {
    for (rows, least) in [(ROWS, 60), (STU3_ROWS, 10)] {
        let mut queries: Vec<&str> = rows.iter().map(|(query, _)| *query).collect();
        let all = queries.len();
        queries.sort_unstable();
        queries.dedup();
        assert_eq!(queries.len(), all);
        assert!(all >= least, "{all}");
    }
}

#[tokio::test]
async fn a_folder_answers_as_the_table_says() {
    let path = tempfile::tempdir().unwrap();
    for version in FhirVersion::ALL {
        let differences = differences("folder", &folder(path.path(), version), version).await;
        assert!(differences.is_empty(), "{version} {}", differences.join("\n"));
    }
}

#[tokio::test]
async fn servers_of_several_minds_answer_as_the_table_says() {
    let common = || Server::new(chart());
    let mut all = Vec::new();
    for (name, server) in [
        ("common", common()),
        ("without includes or order", Server { includes: false, sorts: false, ..common() }),
        ("that says nothing", Server { says: false, ..common() }),
        ("that says nothing and knows little", Server { says: false, includes: false, sorts: false, ..common() }),
        ("that ignores filters", Server { ignores: &["code", "category", "status", "date"], ..common() }),
        ("of large pages", Server { page: 100, ..common() }),
    ] {
        for version in FhirVersion::ALL {
            let (_stub, source) = upstream(server.clone(), version).await;
            all.extend(differences(name, &source, version).await);
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
