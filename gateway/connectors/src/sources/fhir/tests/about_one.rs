//! Questions about one patient, before a server that behaves.

use super::*;

#[tokio::test]
async fn a_search_is_narrowed_to_the_servers_own_id_of_the_patient() {
    let mut weight = observation("o1", "p1");
    weight["code"] = json!({"coding": [{"system": "s", "code": "a"}]});
    let stub = knowing(move |_| Reply::fhir(&searchset(std::slice::from_ref(&weight), None))).await;
    let line = "GET Observation?code=a%2Cb&_count=1&_summary=true&_elements=code&_total=none";
    let answer = Asker::about(one()).asks(&source(&stub), line).await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
    assert_eq!(answer.patients, ["p1"]);
    assert!(!answer.cut_short);
    let asked = stub.asked();
    let lines = ["POST /fhir/Patient/_search", "GET /fhir/metadata", "POST /fhir/Observation/_search"];
    assert_eq!(stub.lines(), lines);
    assert_eq!(asked[0].parameter("identifier").unwrap(), format!("http://fhir.nl/fhir/NamingSystem/bsn|{BSN}"));
    assert_eq!(asked[2].parameter("patient").unwrap(), "Patient/p1");
    assert_eq!(asked[2].parameter("_count").unwrap(), "200", "how it looks is the node's own work");
    for own in ["_summary", "_elements", "_total"] {
        assert_eq!(asked[2].parameter(own), None, "{own}");
    }
    assert_eq!(asked[2].parameter("code").unwrap(), "a,b");
    assert_eq!(asked[2].header("prefer"), Some("handling=strict"));
    assert_eq!(asked[2].header("x-correlation-id"), Some("correlation-1"));
    assert_eq!(asked[2].header("content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn types_are_narrowed_by_the_parameter_that_names_their_patient() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[], None))).await;
    let source = source(&stub);
    for (asked, name, value) in [
        ("Observation", "patient", "Patient/p1"),
        ("Condition", "patient", "Patient/p1"),
        ("MedicationRequest", "patient", "Patient/p1"),
        ("Media", "patient", "Patient/p1"),
        ("Group?_id=g1", "_id", "g1"),
        ("Organization?_id=a", "_id", "a"),
        ("Patient", "_id", "p1"),
        ("Patient?_id=p1,p2", "_id", "p1"),
    ] {
        Asker::about(one()).asks(&source, &format!("GET {asked}")).await.unwrap();
        assert_eq!(stub.asked().last().unwrap().parameter(name).as_deref(), Some(value), "{asked}");
    }
    let before = stub.asked().len();
    for refused in ["Organization", "Organization?name=x"] {
        let asked = Asker::about(one()).asks(&source, &format!("GET {refused}")).await;
        assert_eq!(asked.unwrap_err(), SourceFault::NotSupported, "{refused}");
    }
    let of_another = Asker::about(one()).asks(&source, "GET Patient?_id=p2").await.unwrap();
    assert!(of_another.items.is_empty());
    assert_eq!(stub.asked().len(), before, "none of these needs the server");
}

#[tokio::test]
async fn several_registrations_of_one_person_are_one_patient_or_an_error_as_configured() {
    let stub = Stub::start(|asked| {
        if looks_for_the_patient(asked) {
            return Reply::fhir(&searchset(&[patient("p1", &[BSN]), patient("p2", &[BSN, BSN])], None));
        }
        Reply::fhir(&searchset(&[], None))
    })
    .await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation").await.unwrap();
    assert_eq!(answer.patients, ["p1", "p2"]);
    assert_eq!(stub.asked().last().unwrap().parameter("patient").unwrap(), "Patient/p1,Patient/p2");
    let strict = source_with(&stub, |config| config.several_patients = SeveralPatients::Refuse);
    let refused = Asker::about(one()).asks(&strict, "GET Observation").await;
    assert!(matches!(refused, Err(SourceFault::Unusable(_))));
}

#[tokio::test]
async fn a_patient_unknown_to_the_server_has_nothing_there() {
    let stub = Stub::start(|_| Reply::fhir(&searchset(&[], None))).await;
    let source = source(&stub);
    let answer = Asker::about(one()).asks(&source, "GET Observation").await.unwrap();
    assert!(answer.items.is_empty() && answer.patients.is_empty() && !answer.cut_short);
    let read = Asker::about(one()).asks(&source, "GET Observation/o1").await;
    assert_eq!(read.unwrap_err(), SourceFault::NotFound);
    assert!(stub.asked().iter().all(looks_for_the_patient), "and is looked up again: admitted any moment");
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn the_patient_is_looked_up_once_however_many_ask_at_once() {
    let lookups = Arc::new(AtomicUsize::new(0));
    let counted = lookups.clone();
    let stub = Stub::start(move |asked| {
        if looks_for_the_patient(asked) {
            counted.fetch_add(1, Ordering::SeqCst);
            return Reply::fhir(&searchset(&[patient("p1", &[BSN])], None));
        }
        Reply::fhir(&searchset(&[], None))
    })
    .await;
    let source = source(&stub);
    let asker = Asker::about(one());
    let asked =
        ["Observation", "Condition", "AllergyIntolerance", "MedicationRequest"].map(|kind| format!("GET {kind}"));
    let answers = futures_util::future::join_all(asked.iter().map(|line| asker.asks(&source, line))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(lookups.load(Ordering::SeqCst), 1);
    let id = LogicalId::parse("p1").unwrap();
    assert_eq!(source.patient(&id).await, Finding::Found(bsn()));
    let unknown = LogicalId::parse("p9").unwrap();
    assert_eq!(source.patient(&unknown).await, Finding::NotFoundOut(NotFoundOut::NobodyToAsk));
}

#[tokio::test]
async fn no_bsn_is_ever_in_a_url() {
    let address = Arc::new(std::sync::OnceLock::<String>::new());
    let known = address.clone();
    let stub = Stub::start(move |asked| {
        let base = known.get().unwrap();
        let named = asked.parameters().iter().any(|(_, value)| value.contains(BSN));
        let second = asked.parameter("page").is_some();
        let next = format!("{base}/fhir{}?identifier={BSN}&page=2", asked.path().trim_start_matches("/fhir"));
        let next = (!second).then_some(next);
        match asked.path() {
            "/fhir/Patient/_search" => Reply::fhir(&searchset(&[patient("p1", &[BSN])], next.as_deref())),
            "/fhir/Observation/_search" => Reply::fhir(&searchset(&[observation("o1", "p1")], next.as_deref())),
            _ if named => Reply::status(500),
            _ => Reply::fhir(&observation("o1", "p1")),
        }
    })
    .await;
    address.set(stub.address.clone()).unwrap();
    let source = source(&stub);
    let of_one = Asker::about(one());
    of_one.asks(&source, "GET Observation").await.unwrap();
    of_one.asks(&source, "GET Observation/o1").await.unwrap();
    of_one.asks(&source, "GET Patient").await.unwrap();
    let identifier = format!("identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C{BSN}");
    let of_any = Asker::about(PatientScope::Any);
    for asked in [
        format!("GET Patient?{identifier}"),
        format!("GET Observation?patient.{identifier}"),
        format!("GET Patient/p1/Observation?patient.{identifier}"),
        format!("GET Patient/$match?{identifier}"),
        format!("GET Patient/_history?{identifier}"),
        format!("PUT Patient?{identifier}"),
        format!("DELETE Patient?{identifier}"),
    ] {
        // Whether it can be asked at all is another matter.
        let _ = of_any.asks(&source, &asked).await;
    }
    assert!(stub.asked().len() >= 9);
    for asked in stub.asked() {
        assert!(!asked.target.contains(BSN), "{} {}", asked.method, asked.target.replace(BSN, "BSN"));
    }
    assert!(stub.asked().iter().any(|asked| asked.parameter("page").is_some() && asked.body.contains(BSN)));
}

#[tokio::test]
async fn a_server_without_post_search_is_asked_by_get_only_when_configured_so() {
    let stub = Stub::start(|asked| match asked.path() {
        "/fhir/Patient" => Reply::fhir(&searchset(&[patient("p1", &[BSN])], None)),
        _ => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
    })
    .await;
    let source = source_with(&stub, |config| config.post_search = false);
    assert_eq!(names(&Asker::about(one()).asks(&source, "GET Observation").await.unwrap()), ["Observation/o1"]);
    assert!(stub.asked().iter().all(|asked| asked.method == "GET"));
}

#[tokio::test]
async fn a_resource_of_the_patient_is_read_by_its_id() {
    let stub = knowing(|_| Reply::fhir(&observation("o1", "p1"))).await;
    let source = source(&stub);
    let answer = Asker::about(one()).asks(&source, "GET Observation/o1").await.unwrap();
    assert_eq!((names(&answer), answer.patients), (vec!["Observation/o1".to_owned()], vec!["p1".to_owned()]));
    assert_eq!(stub.lines()[1], "GET /fhir/Observation/o1");
    let another = Asker::about(one()).asks(&source, "GET Patient/p2").await;
    assert_eq!(another.unwrap_err(), SourceFault::NotFound);
    let swapped = Asker::about(one()).asks(&source, "GET Observation/o2").await;
    assert!(matches!(swapped, Err(SourceFault::Unusable(_))), "another resource than was asked for");
    assert_eq!(stub.asked().len(), 3);
}
