//! What the server is asked, what the node does itself, and how far a server is believed.

use super::*;
use crate::sources::suite::chart::chart;
use crate::sources::testing::server::Server;

async fn serving(server: Server) -> Stub {
    Stub::start(move |asked| server.answer(asked)).await
}

fn sorted(answer: &Answer) -> Vec<String> {
    let mut names = names(answer);
    names.sort();
    names
}

#[tokio::test]
async fn the_statement_is_asked_once_however_many_search() {
    let stub = serving(Server::new(chart())).await;
    let source = source(&stub);
    let asker = Asker::about(one());
    let lines = ["Observation?code=29463-7", "Condition?code=1", "Observation?status=final", "Patient?birthdate=1957"]
        .map(|line| format!("GET {line}"));
    let answers = futures_util::future::join_all(lines.iter().map(|line| asker.asks(&source, line))).await;
    assert!(answers.iter().all(Result::is_ok));
    let statements = |stub: &Stub| stub.lines().iter().filter(|line| *line == "GET /fhir/metadata").count();
    assert_eq!(statements(&stub), 1);
    let plain = serving(Server::new(chart())).await;
    asker.asks(&source_with(&plain, |_| ()), "GET Observation?_id=w1&_sort=date").await.unwrap();
    assert_eq!(statements(&plain), 0, "nothing in it needs to be known");
}

#[tokio::test]
async fn a_server_whose_statement_hangs_is_done_without_and_not_asked_for_it_again() {
    let server = Server::new(chart());
    let stub = Stub::start(move |asked| match asked.path() {
        "/fhir/metadata" => Reply::Hang,
        _ => server.answer(asked),
    })
    .await;
    let source = source(&stub);
    let asker = Asker::about(one()).patient_for(2_000);
    for _ in 0..2 {
        let answer = asker.asks(&source, "GET Observation?code=29463-7").await.unwrap();
        assert_eq!(sorted(&answer), ["Observation/w1", "Observation/w2"]);
    }
    assert_eq!(stub.lines().iter().filter(|line| line.contains("metadata")).count(), 1);
}

#[tokio::test]
async fn what_the_server_does_not_know_is_not_sent() {
    let stub = serving(Server::new(chart())).await;
    let source = source(&stub);
    let line =
        "GET MedicationRequest?status=active&intent=order&medication.code=100&_include=MedicationRequest:medication";
    let answer = Asker::about(one()).asks(&source, line).await.unwrap();
    assert_eq!(sorted(&answer), ["Medication/para", "MedicationRequest/ma1", "MedicationRequest/vv1"]);
    let asked = stub.asked().pop().unwrap();
    assert_eq!(asked.path(), "/fhir/MedicationRequest/_search");
    assert_eq!(asked.parameter("status").as_deref(), Some("active"));
    assert_eq!(asked.parameter("_include").as_deref(), Some("MedicationRequest:medication"));
    for own in ["intent", "medication.code"] {
        assert_eq!(asked.parameter(own), None, "{own}");
    }
}

#[tokio::test]
async fn the_configuration_wins_over_the_statement() {
    let stub = serving(Server { page: 100, ..Server::new(chart()) }).await;
    let last = |stub: &Stub| stub.asked().into_iter().rfind(|asked| asked.path().contains("/Observation")).unwrap();
    let lists = |name: &'static str, supported: bool| {
        source_with(&stub, move |config| {
            let list = if supported { &mut config.supported_parameters } else { &mut config.unsupported_parameters };
            list.insert(name.into());
        })
    };
    let asker = Asker::about(one());
    for (name, supported, query, parameter, sent) in [
        ("Observation:code", false, "code=29463-7", "code", false),
        ("*:code", false, "code=29463-7", "code", false),
        ("Condition:code", false, "code=29463-7", "code", true),
        ("Observation:performer", false, "_include=Observation:performer", "_include", false),
        ("Observation:_include", false, "_include=Observation:performer", "_include", false),
        ("Observation:component-code", true, "component-code=8480-6", "component-code", true),
    ] {
        let answer = asker.asks(&lists(name, supported), &format!("GET Observation?{query}")).await.unwrap();
        assert!(!answer.items.is_empty());
        let tried = stub.asked().iter().rev().take(3).any(|asked| asked.parameter(parameter).is_some());
        assert_eq!(tried, sent, "{name}");
        assert!(last(&stub).parameter("patient").is_some());
    }
    let both = source_with(&stub, |config| {
        config.supported_parameters.insert("Observation:code".into());
        config.unsupported_parameters.insert("Observation:code".into());
    });
    asker.asks(&both, "GET Observation?code=29463-7").await.unwrap();
    assert_eq!(last(&stub).parameter("code"), None, "what is said not to work is not tried");
    let unknown = lists("Observation:colour", true);
    let refused = asker.asks(&unknown, "GET Observation?colour=blue").await.unwrap_err();
    assert_eq!(refused, SourceFault::Unsupported { parameter: "colour".into() }, "sent, and rejected by the server");
    assert!(stub.asked().iter().any(|asked| asked.parameter("colour").is_some()));
}

#[tokio::test]
async fn what_only_the_server_can_evaluate_is_believed() {
    let stub = knowing(|asked| match asked.parameter("_text") {
        Some(_) => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
        None => Reply::status(500),
    })
    .await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation?_text=weight").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
    assert_eq!(stub.asked().last().unwrap().header("prefer"), Some("handling=strict"));
}

#[tokio::test]
async fn a_server_that_ignores_a_filter_does_not_widen_the_answer() {
    let stub = serving(Server { ignores: &["code", "patient"], ..Server::new(chart()) }).await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation?code=29463-7").await.unwrap();
    let (mine, others): (Vec<String>, Vec<String>) =
        sorted(&answer).into_iter().partition(|name| name != "Observation/w9");
    assert_eq!(mine, ["Observation/w1", "Observation/w2"]);
    assert_eq!(others, ["Observation/w9"], "what is another patient's is left to the answer check, which says so");
}

#[tokio::test]
async fn what_an_include_left_out_is_fetched_in_one_request_per_type() {
    let stub = serving(Server { brings: false, page: 100, ..Server::new(chart()) }).await;
    let line = "GET MedicationRequest?_include=MedicationRequest:medication&_include=MedicationRequest:requester\
        &_include:iterate=PractitionerRole:practitioner";
    let answer = Asker::about(one()).asks(&source(&stub), line).await.unwrap();
    assert_eq!(answer.items.len(), 7);
    let fetched: Vec<String> = stub.lines().into_iter().skip(3).collect();
    let expected = ["Medication", "PractitionerRole", "Practitioner"].map(|kind| format!("POST /fhir/{kind}/_search"));
    assert_eq!(fetched, expected, "two medications in one request, each hop when it is known");
}

#[tokio::test]
async fn an_include_of_another_patient_is_not_even_asked_for() {
    let mut chart = chart();
    let coverage = chart.iter_mut().find(|one| one["id"] == "policy").unwrap();
    coverage["payor"] = json!([{"reference": "Patient/p2"}]);
    let stub = serving(Server { brings: false, ..Server::new(chart) }).await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Coverage?_include=Coverage:payor").await.unwrap();
    assert_eq!((names(&answer), answer.cut_short), (vec!["Coverage/policy".to_owned()], false));
    assert!(stub.asked().iter().all(|asked| asked.parameter("_id").is_none_or(|ids| !ids.contains("p2"))));
}

#[tokio::test]
async fn stu3_says_recurse_where_r4_says_iterate() {
    for (version, spelled) in [(FhirVersion::R4, "_include:iterate"), (FhirVersion::Stu3, "_include:recurse")] {
        let stub = knowing(|_| Reply::fhir(&searchset(&[], None))).await;
        let source = source_with(&stub, |config| config.version = version);
        let mut asker = Asker::about(one());
        asker.version = version;
        for asked in ["_include:iterate", "_include:recurse"] {
            let line = format!("GET MedicationRequest?{asked}=PractitionerRole:organization");
            asker.asks(&source, &line).await.unwrap();
            let sent = stub.asked().pop().unwrap();
            assert_eq!(sent.parameter(spelled).as_deref(), Some("PractitionerRole:organization"), "{version} {asked}");
        }
    }
}

#[tokio::test]
async fn an_order_that_the_server_rejects_is_asked_again_without() {
    let stub = knowing(|asked| match asked.parameter("_sort") {
        Some(_) => Reply::status(400),
        None => Reply::fhir(&searchset(&[observation("o1", "p1")], None)),
    })
    .await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation?_sort=-date").await.unwrap();
    assert_eq!(names(&answer), ["Observation/o1"]);
    assert_eq!(stub.lines().iter().filter(|line| line.contains("Observation")).count(), 2);
}

#[tokio::test]
async fn what_had_to_be_looked_through_and_was_cut_short_is_never_silently_wrong() {
    let stub = serving(Server { page: 1, ..Server::new(chart()) }).await;
    let bounded = source_with(&stub, |config| config.bounds.max_pages = 2);
    let line = "GET Observation?component-code=8480-6";
    let answer = Asker::about(one()).asks(&bounded, line).await.unwrap();
    assert_eq!((names(&answer), answer.cut_short), (vec!["Observation/bp1".to_owned()], true));
    let none = Asker::about(one()).asks(&bounded, "GET Observation?combo-code=718-7").await.unwrap();
    assert_eq!((none.items.len(), none.cut_short), (0, true), "nothing found is not nothing there");
}

#[tokio::test]
async fn more_to_fetch_than_the_bounds_allow_is_said() {
    let server = Server { brings: false, page: 100, ..Server::new(chart()) };
    let stub = serving(server).await;
    let bounded = source_with(&stub, |config| config.bounds.max_pages = 1);
    let line = "GET MedicationRequest?_include=MedicationRequest:medication&_include=MedicationRequest:requester";
    let answer = Asker::about(one()).asks(&bounded, line).await.unwrap();
    assert!(answer.cut_short);
    assert!(names(&answer).contains(&"Medication/para".to_owned()));
    assert!(!names(&answer).contains(&"PractitionerRole/role".to_owned()));
}

#[tokio::test]
async fn a_type_that_cannot_be_fetched_leaves_the_answer_incomplete_and_a_dead_server_is_a_fault() {
    for (reply, incomplete) in
        [(Reply::status(403), true), (Reply::status(404), true), (Reply::status(503), false), (Reply::Drop, false)]
    {
        let server = Server { brings: false, ..Server::new(chart()) };
        let told = reply.clone();
        let stub = Stub::start(move |asked| match asked.path() {
            "/fhir/Medication/_search" => told.clone(),
            _ => server.answer(asked),
        })
        .await;
        let line = "GET MedicationRequest?_id=ma1&_include=MedicationRequest:medication";
        let answer = Asker::about(one()).asks(&source(&stub), line).await;
        match (incomplete, answer) {
            (true, Ok(answer)) => assert!(answer.cut_short && names(&answer) == ["MedicationRequest/ma1"]),
            (false, Err(fault)) => assert_eq!(fault, SourceFault::Unreachable),
            (_, other) => panic!("{reply:?} {:?}", other.map(|answer| names(&answer))),
        }
    }
}

#[tokio::test]
async fn a_server_that_finds_nothing_by_id_is_read_from() {
    let server = Server { brings: false, ..Server::new(chart()) };
    let stub = Stub::start(move |asked| match asked.path() {
        "/fhir/Medication/_search" => Reply::status(400),
        _ => server.answer(asked),
    })
    .await;
    let line = "GET MedicationRequest?_include=MedicationRequest:medication&status=active";
    let answer = Asker::about(one()).asks(&source(&stub), line).await.unwrap();
    assert_eq!(sorted(&answer), ["Medication/para", "MedicationRequest/ma1", "MedicationRequest/vv1"]);
    assert_eq!(stub.lines().last().unwrap(), "GET /fhir/Medication/para");
    assert!(!answer.cut_short);
}

#[tokio::test]
async fn pages_that_go_round_end_and_are_counted_once() {
    let stub = knowing(|asked| {
        let page = asked.parameter("page").unwrap_or_default();
        let next = if page == "b" { "Observation?page=a" } else { "Observation?page=b" };
        Reply::fhir(&searchset(&[observation(&format!("o{page}"), "p1")], Some(next)))
    })
    .await;
    let answer = Asker::about(one()).asks(&source(&stub), "GET Observation").await.unwrap();
    assert_eq!((sorted(&answer).len(), answer.cut_short), (3, true));
    assert!(stub.asked().len() < 8, "a link that was followed is not followed again");
}

#[tokio::test]
async fn a_server_that_asks_for_patience_is_unreachable_and_asked_once() {
    for status in [429, 503] {
        let stub = knowing(move |_| Reply::Full {
            status,
            headers: vec![("retry-after", "3600".into())],
            body: String::new(),
        })
        .await;
        let asked = Asker::about(one()).asks(&source(&stub), "GET Observation").await;
        assert_eq!(asked.unwrap_err(), SourceFault::Unreachable, "{status}");
        assert_eq!(stub.lines().iter().filter(|line| line.contains("Observation")).count(), 1);
    }
}

#[tokio::test]
async fn what_is_about_nobody_is_searched_alike() {
    let stub = serving(Server { ignores: &["name"], ..Server::new(chart()) }).await;
    let nobody = Asker::about(PatientScope::Nobody);
    for (line, found) in [
        ("GET Organization?name=zilv", vec!["Organization/insurer"]),
        (
            "GET PractitionerRole?_include=PractitionerRole:practitioner",
            vec!["Practitioner/dr", "PractitionerRole/role"],
        ),
    ] {
        let answer = nobody.asks(&source(&stub), line).await.unwrap();
        assert_eq!((sorted(&answer), answer.patients.len()), (found.into_iter().map(str::to_owned).collect(), 0));
    }
    assert!(stub.asked().iter().all(|asked| !asked.path().contains("Patient")));
}
