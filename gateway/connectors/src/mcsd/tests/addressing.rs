use serde_json::json;

use super::*;
use crate::mcsd::lookup::EndpointVerdict;
use crate::mcsd::{AddressUse, Examination, Owner, Step};

async fn with(resources: Vec<Value>) -> World {
    let world = World::new(vec![("national", Book::new(resources))]).await;
    world.round().await;
    world
}

fn examine(world: &World, ura: &str, service: Option<&str>, wanted: &Capability) -> Examination {
    let receiver = Receiver { ura: Ura::parse(ura).unwrap(), service: service.map(str::to_owned) };
    world.directories().examine(&receiver, wanted).unwrap()
}

/// What is said of the one endpoint of an organisation.
async fn verdict(change: impl FnOnce(&mut Value), wanted: &Capability) -> EndpointVerdict {
    let mut one = endpoint("e", "https://h.example/fhir");
    change(&mut one);
    let world = with(vec![organization("o", "90000001", &["e"]), one]).await;
    let told = examine(&world, "90000001", None, wanted);
    let Some(Step::Endpoint { verdict, .. }) = told.steps.last() else { panic!("{told:?}") };
    assert_eq!(told.found.is_some(), *verdict == EndpointVerdict::Fits);
    verdict.clone()
}

/// What is other than in an endpoint that fits, what is wanted, what is said.
type Case = (fn(&mut Value), Capability, EndpointVerdict);

#[tokio::test]
async fn an_endpoint_is_used_when_it_is_on_in_its_period_and_can_what_is_wanted() {
    let payload = |code: &str| Capability { payloads: vec![code.to_owned()], ..fhir_r4() };
    let at = |text| moments::instant(text).unwrap();
    // It is 2026-03-01T12:01:00Z.
    let cases: Vec<Case> = vec![
        (|_| {}, fhir_r4(), EndpointVerdict::Fits),
        (|_| {}, payload("Condition"), EndpointVerdict::Fits),
        (|_| {}, Capability::default(), EndpointVerdict::Fits),
        (|e| e["status"] = json!("off"), fhir_r4(), EndpointVerdict::Status("off".into())),
        (|e| e["status"] = json!("entered-in-error"), fhir_r4(), EndpointVerdict::Status("entered-in-error".into())),
        (|e| e["period"] = json!({"end": "2026-03-01"}), fhir_r4(), EndpointVerdict::Fits),
        (
            |e| e["period"] = json!({"end": "2026-03-01T12:00:30Z"}),
            fhir_r4(),
            EndpointVerdict::Over(at("2026-03-01T12:00:30.001Z")),
        ),
        (
            |e| e["period"] = json!({"start": "2026-03-02"}),
            fhir_r4(),
            EndpointVerdict::NotYet(at("2026-03-02T00:00:00Z")),
        ),
        (
            |e| e["connectionType"]["code"] = json!("oauth2"),
            fhir_r4(),
            EndpointVerdict::OtherConnection(vec!["oauth2".into()]),
        ),
        (|_| {}, payload("Consent"), EndpointVerdict::OtherPayload(vec!["Condition".into()])),
        (
            |e| e["payloadType"] = json!([{"coding": [{"code": names::DIRECTORY_PAYLOAD}]}]),
            fhir_r4(),
            EndpointVerdict::OtherPayload(vec![names::DIRECTORY_PAYLOAD.into()]),
        ),
        (
            |e| e["payloadType"] = json!([{"coding": [{"code": names::DIRECTORY_PAYLOAD}]}]),
            payload(names::DIRECTORY_PAYLOAD),
            EndpointVerdict::Fits,
        ),
        (
            |e| e["payloadType"] = json!([{"coding": [{"system": names::PAYLOAD_TYPES, "code": "any"}]}]),
            payload("Consent"),
            EndpointVerdict::Fits,
        ),
        (
            |e| e["payloadMimeType"] = json!(["application/fhir+json; fhirVersion=3.0"]),
            fhir_r4(),
            EndpointVerdict::OtherVersion(vec!["application/fhir+json;fhirversion=3.0".into()]),
        ),
        (
            |e| {
                e["payloadMimeType"] =
                    json!(["application/fhir+json;fhirVersion=3.0", "application/fhir+json;fhirVersion=4.0"])
            },
            fhir_r4(),
            EndpointVerdict::Fits,
        ),
        (|e| e["payloadMimeType"] = json!(["application/fhir+json"]), fhir_r4(), EndpointVerdict::NoVersion),
        (|e| e["address"] = json!("http://h.example/fhir"), fhir_r4(), EndpointVerdict::Address(AddressUse::NotHttps)),
        (|e| e["address"] = json!("javascript:1"), fhir_r4(), EndpointVerdict::Address(AddressUse::NoAddress)),
        // What cannot be read is not kept, and so is not there.
        (|e| e["period"] = json!({"end": "soon"}), fhir_r4(), EndpointVerdict::NotThere),
        (|e| e["address"] = json!(7), fhir_r4(), EndpointVerdict::NotThere),
    ];
    for (number, (change, wanted, expected)) in cases.into_iter().enumerate() {
        assert_eq!(verdict(change, &wanted).await, expected, "case {number}");
    }
}

#[tokio::test]
async fn an_endpoint_without_a_version_counts_only_as_the_configuration_says() {
    let mut one = endpoint("e", "https://h.example/fhir");
    one["payloadMimeType"] = json!(["application/fhir+json"]);
    let mut world = with(vec![organization("o", "90000001", &["e"]), one]).await;
    assert_eq!(world.reached("90000001"), None);
    world.config.unversioned = Some(FhirVersion::Stu3);
    assert_eq!(world.reached("90000001"), None);
    world.config.unversioned = Some(FhirVersion::R4);
    assert!(world.reached("90000001").is_some());
}

#[tokio::test]
async fn why_an_organisation_is_not_found_is_told_step_by_step() {
    let mut inactive = organization("off", "90000002", &["e"]);
    inactive["active"] = json!(false);
    let world = with(vec![
        organization("o", "90000001", &["e", "gone"]),
        inactive,
        organization("bare", "90000003", &[]),
        endpoint("e", "https://h.example/fhir"),
    ])
    .await;
    let unknown = examine(&world, "90000009", None, &fhir_r4());
    assert!(unknown.steps[0].holds() && unknown.steps[1..] == [Step::Unknown], "{unknown:?}");
    let off = examine(&world, "90000002", None, &fhir_r4());
    assert!(matches!(off.steps.last(), Some(Step::Organisation { active: false, .. })), "{off:?}");
    let bare = examine(&world, "90000003", None, &fhir_r4());
    assert_eq!(bare.steps.last(), Some(&Step::NoEndpoints));
    let found = examine(&world, "90000001", None, &fhir_r4());
    assert_eq!(found.steps.iter().filter(|step| step.holds()).count(), 3, "{found:?}");
    assert!(found.found.is_some() && !found.unread);
    let mut nobody = world;
    nobody.shelf = Arc::new(MemoryShelf::default());
    let unread = examine(&nobody, "90000001", None, &fhir_r4());
    assert_eq!(unread.steps, [Step::NoDirectory, Step::Unknown]);
    assert!(unread.unread);
}

#[tokio::test]
async fn a_service_is_found_below_its_organisation_and_its_endpoints_go_before_the_organisations() {
    let service = |id: &str, of: Value, endpoints: Value| {
        json!({"resourceType": "HealthcareService", "id": id, "active": true, "name": id, "providedBy": of,
            "identifier": [{"system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{id}")}], "endpoint": endpoints})
    };
    let mut ward = organization("ward", "90000001", &[]);
    ward.as_object_mut().unwrap().remove("identifier");
    ward["partOf"] = json!({"reference": "Organization/o"});
    let world = with(vec![
        organization("o", "90000001", &["e"]),
        ward,
        organization("other", "90000002", &["e"]),
        endpoint("e", "https://h.example/fhir"),
        endpoint("s", "https://service.example/fhir"),
        service("cardio", json!({"reference": "Organization/o"}), json!([{"reference": "Endpoint/s"}])),
        service("deep", json!({"reference": "Organization/ward"}), json!([{"reference": "Endpoint/s"}])),
        service(
            "plain",
            json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90000001"}}),
            json!([]),
        ),
        json!({"resourceType": "Location", "id": "l", "status": "active", "name": "Main",
            "managingOrganization": {"reference": "Organization/o"}}),
    ])
    .await;
    let reached = |service: &str| {
        let found = examine(&world, "90000001", Some(service), &fhir_r4()).found;
        found.map(|found| found.address.to_string())
    };
    for (service, address) in [
        ("cardio", Some("https://service.example/fhir")),
        ("HealthcareService/cardio", Some("https://service.example/fhir")),
        ("urn:ietf:rfc:3986|urn:uuid:cardio", Some("https://service.example/fhir")),
        ("deep", Some("https://service.example/fhir")),
        ("plain", Some("https://h.example/fhir")),
        ("surgery", None),
    ] {
        assert_eq!(reached(service).as_deref(), address, "{service}");
    }
    let [one, other] = ["90000001", "90000002"].map(|ura| Ura::parse(ura).unwrap());
    let directories = world.directories();
    assert_eq!(directories.services(&one).unwrap().len(), 3);
    assert!(directories.services(&other).unwrap().is_empty());
    assert_eq!(directories.locations(&one).unwrap()[0].name, "Main");
}

#[tokio::test]
async fn whose_a_service_is_says_its_identifier_when_one_active_organisation_has_it_and_every_directory_was_read() {
    let service = |id: &str, named: &str, of: &str| {
        json!({"resourceType": "HealthcareService", "id": id, "active": true, "name": id,
            "providedBy": {"reference": format!("Organization/{of}")}, "identifier": [{"system": "urn:s", "value": named}]})
    };
    let mut ward = organization("ward", "90000001", &[]);
    ward.as_object_mut().unwrap().remove("identifier");
    ward["partOf"] = json!({"reference": "Organization/o"});
    let mut closed = organization("closed", "90000003", &[]);
    closed["active"] = json!(false);
    let mut off = service("off", "off", "o");
    off["active"] = json!(false);
    let world = with(vec![
        organization("o", "90000001", &["e"]),
        ward,
        organization("other", "90000002", &["e"]),
        closed,
        endpoint("e", "https://h.example/fhir"),
        service("cardio", "cardio", "o"),
        service("deep", "deep", "ward"),
        service("again", "cardio-2", "o"),
        service("again-too", "cardio-2", "o"),
        service("shared", "shared", "o"),
        service("shared-too", "shared", "other"),
        service("of-closed", "of-closed", "closed"),
        service("half", "half", "o"),
        service("half-closed", "half", "closed"),
        service("lost", "lost", "nobody"),
        off,
    ])
    .await;
    let directories = world.directories();
    for (named, owner) in [
        ("urn:s|cardio", "one"),
        ("urn:s|deep", "one"),
        ("urn:s|cardio-2", "one"),
        ("urn:s|half", "one"),
        ("urn:s|shared", "several"),
        ("urn:s|of-closed", "none"),
        ("urn:s|off", "none"),
        ("urn:s|lost", "none"),
        ("urn:s|unknown", "none"),
        ("cardio", "none"),
        ("HealthcareService/cardio", "none"),
        ("urn:other|cardio", "none"),
    ] {
        let found = match directories.owner_of_service(named).unwrap() {
            Owner::One(ura, _) => {
                assert_eq!(ura.as_str(), "90000001", "{named}");
                "one"
            }
            Owner::Several => "several",
            Owner::None => "none",
            Owner::Unread => "unread",
        };
        assert_eq!(found, owner, "{named}");
    }
    let mut nobody = world;
    nobody.shelf = Arc::new(MemoryShelf::default());
    assert_eq!(nobody.directories().owner_of_service("urn:s|cardio").unwrap(), Owner::Unread);
}

#[tokio::test]
async fn deliberate_redundancy_gives_the_first_and_says_how_many_more_there_are() {
    let world = with(vec![
        organization("o", "90000001", &["a", "b", "c"]),
        endpoint("a", "https://a.example/fhir"),
        endpoint("b", "https://b.example/fhir"),
        endpoint("c", "https://a.example/fhir"),
    ])
    .await;
    let found = examine(&world, "90000001", None, &fhir_r4()).found.unwrap();
    assert_eq!((found.address.to_string().as_str(), found.others), ("https://a.example/fhir", 2));
}
