use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use exchange::ports::SourceFault;
use fhir::{FhirVersion, Ura};
use policy::DataHolder;
use serde_json::{Value, json};
use time::macros::datetime;

use super::fhir::{FhirInventory, FhirSource, FhirSourceConfig};
use super::files::{FilesSource, FilesSourceConfig};
use super::inventory::{Holdings, Inventory};
use super::testing::stub::{Asked, Reply, Stub};
use crate::http::{HttpClient, HttpSettings};
use crate::nvi::{IndexCategories, IndexCategoriesConfig, IndexCategoryConfig};

const ONE: &str = "999911120";
const OTHER: &str = "900203638";

fn table() -> IndexCategories {
    let category = |code: &str, kind: &str, observation: Option<&str>| IndexCategoryConfig {
        code: code.to_owned(),
        resource_types: vec![kind.to_owned()],
        observation_category: observation.map(str::to_owned),
    };
    let category = vec![
        category("Condition", "Condition", None),
        category("ObservationLaboratory", "Observation", Some("laboratory")),
        category("ObservationVitalSigns", "Observation", Some("vital-signs")),
    ];
    IndexCategories::check(IndexCategoriesConfig { category }).unwrap()
}

fn holder() -> DataHolder {
    DataHolder(Ura::parse("90000901").unwrap())
}

fn chart() -> Vec<Value> {
    let person = |id: &str, bsn: &str| json!({"resourceType": "Patient", "id": id, "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": bsn}]});
    let measured = |id: &str, patient: &str, code: &str| {
        let system = "http://terminology.hl7.org/CodeSystem/observation-category";
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
               "subject": {"reference": format!("Patient/{patient}")}, "category": [{"coding": [{"system": system, "code": code}]}]})
    };
    vec![
        person("p1", ONE),
        person("p2", OTHER),
        json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}),
        json!({"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/unknown"}}),
        measured("o1", "p1", "laboratory"),
        measured("o2", "p2", "vital-signs"),
        measured("o3", "p2", "exam"),
        json!({"resourceType": "Consent", "id": "n1", "status": "active", "patient": {"reference": "Patient/p2"}}),
        json!({"resourceType": "Procedure", "id": "x1", "status": "completed", "subject": {"reference": "Patient/p2"}}),
    ]
}

fn said(holdings: &Holdings) -> BTreeMap<String, String> {
    use fhir::identifiers::Reader;
    let words = |(bsn, categories): (&fhir::Bsn, &std::collections::BTreeSet<crate::nvi::IndexCategory>)| {
        let categories: Vec<_> = categories.iter().map(|category| category.as_str()).collect();
        (bsn.reveal_to(Reader::OwnRegister).to_owned(), categories.join(" "))
    };
    holdings.patients.iter().map(words).collect()
}

fn expected() -> BTreeMap<String, String> {
    BTreeMap::from([
        (ONE.to_owned(), "Condition ObservationLaboratory".to_owned()),
        (OTHER.to_owned(), "ObservationVitalSigns".to_owned()),
    ])
}

#[tokio::test]
async fn a_folder_tells_of_whom_it_has_what_and_one_with_a_broken_file_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (number, resource) in chart().iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.json")), resource.to_string()).unwrap();
    }
    let open = || {
        FilesSource::open(FilesSourceConfig::new(folder.path().to_owned(), FhirVersion::R4), holder(), "epd").unwrap()
    };
    let found = open().holdings(&table(), None).await.unwrap();
    assert_eq!((said(&found), found.whole), (expected(), true));
    assert_eq!(found.consents, [fhir::Bsn::parse(OTHER).unwrap()].into());
    std::fs::File::create(folder.path().join("broken.json")).unwrap().write_all(b"{").unwrap();
    let found = open().holdings(&table(), None).await.unwrap();
    assert_eq!((said(&found), found.whole), (expected(), false));
}

fn bundle(resources: Vec<Value>) -> Value {
    let entries: Vec<Value> =
        resources.into_iter().map(|resource| json!({"resource": resource, "search": {"mode": "match"}})).collect();
    json!({"resourceType": "Bundle", "type": "searchset", "entry": entries})
}

async fn server(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Stub, FhirInventory) {
    let stub = Stub::start(script).await;
    let config = FhirSourceConfig::new(stub.base(), FhirVersion::R4);
    let source = FhirSource::new(config, holder(), "epd", HttpClient::new(HttpSettings::default()).unwrap()).unwrap();
    (stub, FhirInventory::new(Arc::new(source), true))
}

fn of_type(asked: &Asked) -> Vec<Value> {
    let kind = asked.path().rsplit('/').next().unwrap().to_owned();
    chart().into_iter().filter(|resource| resource["resourceType"] == kind.as_str()).collect()
}

#[tokio::test]
async fn a_server_is_walked_over_and_afterwards_asked_for_what_changed_only() {
    let (stub, inventory) = server(|asked| {
        let changed = asked.parameter("_lastUpdated").is_some();
        let all = of_type(asked);
        Reply::fhir(&bundle(if changed { all.into_iter().filter(|one| one["id"] == "o2").collect() } else { all }))
    })
    .await;
    let found = inventory.holdings(&table(), None).await.unwrap();
    assert_eq!((said(&found), found.whole), (expected(), true));
    assert_eq!(found.consents, [fhir::Bsn::parse(OTHER).unwrap()].into());
    let first = stub.asked().len();
    let changed = inventory.holdings(&table(), Some(datetime!(2026-11-01 12:00 UTC))).await.unwrap();
    let only = BTreeMap::from([(OTHER.to_owned(), "ObservationVitalSigns".to_owned())]);
    assert_eq!((said(&changed), changed.whole), (only, false), "whose an id is, is known from before");
    assert!(changed.consents.is_empty());
    for asked in &stub.asked()[first..] {
        assert_eq!(asked.parameter("_lastUpdated").as_deref(), Some("ge2026-11-01T12:00:00Z"));
    }
    assert!(stub.asked().iter().all(|asked| !asked.target.contains(ONE) && asked.parameter("_elements").is_some()));
}

#[tokio::test]
async fn a_server_that_does_not_say_all_is_not_whole_and_one_that_fails_tells_nothing() {
    let (_stub, inventory) = server(|asked| {
        let mut answer = bundle(of_type(asked));
        if asked.path().ends_with("Observation") {
            answer["link"] = json!([{"relation": "next", "url": "https://elsewhere.example/fhir?page=2"}]);
        }
        Reply::fhir(&answer)
    })
    .await;
    let found = inventory.holdings(&table(), None).await.unwrap();
    assert_eq!((said(&found), found.whole), (expected(), false));
    let (_stub, inventory) = server(|asked| {
        if asked.path().ends_with("Observation") { Reply::status(503) } else { Reply::fhir(&bundle(of_type(asked))) }
    })
    .await;
    assert!(matches!(inventory.holdings(&table(), None).await, Err(SourceFault::Unreachable)));
}
