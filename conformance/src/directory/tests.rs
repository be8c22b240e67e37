use super::book::{Asked, Book, instant, moment};
use super::*;
use crate::callers::Wire;
use serde_json::json;

fn endpoint(id: &str) -> Value {
    json!({"resourceType": "Endpoint", "id": id})
}

fn names(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().unwrap();
    let name = |entry: &Value| match entry["request"]["method"].as_str() {
        Some("DELETE") => format!("-{}", entry["request"]["url"].as_str().unwrap()),
        _ => entry["resource"]["id"].as_str().unwrap().to_owned(),
    };
    entries.iter().map(name).collect()
}

#[test]
fn a_history_tells_newest_first_since_a_moment_and_a_search_what_is_there() {
    let mut book = Book::new(vec![endpoint("a"), endpoint("b")], 1_000);
    book.put(endpoint("a"), 1_000);
    book.delete("Endpoint/b", 5_000);
    let page = |asked: Asked| book.page("http://h/fhir/d", "Endpoint", &asked, 6_000);
    assert_eq!(names(&page(Asked::default())), ["a"]);
    let all = page(Asked { history: true, ..Asked::default() });
    assert_eq!(names(&all), ["-Endpoint/b", "a", "b", "a"]);
    assert_eq!(all["meta"]["lastUpdated"], moment(6_000));
    let since = page(Asked { history: true, since: Some(1_002), ..Asked::default() });
    assert_eq!(names(&since), ["-Endpoint/b", "a"]);
    let second = page(Asked { history: true, count: Some(3), from: 3, ..Asked::default() });
    assert_eq!((names(&second), second["link"].as_array().unwrap().len()), (vec!["a".to_owned()], 1));
    let first = page(Asked { history: true, count: Some(3), ..Asked::default() });
    assert!(first["link"][1]["url"].as_str().unwrap().contains("_getpagesoffset=3"));
    assert_eq!(instant(&moment(1_234)), Some(1_234));
}

#[actix_web::test]
async fn it_answers_over_the_wire_and_is_ill_on_demand() {
    let directories = vec![("national".to_owned(), vec![endpoint("a")]), ("other".to_owned(), Vec::new())];
    let handle = DirectoryServer::start(([127, 0, 0, 1], 0).into(), directories).unwrap();
    let wire = Wire::new(None, None).unwrap();
    let base = handle.base("national");
    let answer = wire.get(&format!("{base}/Endpoint?_count=5")).await.unwrap();
    assert_eq!((answer.status, names(&answer.json().unwrap())), (200, vec!["a".to_owned()]));
    for (path, status) in [
        ("Endpoint/_history?_since=2020-01-01T00:00:00Z", 200),
        ("Endpoint/a", 200),
        ("Endpoint/b", 404),
        ("metadata", 200),
        ("Patient", 404),
        ("Endpoint?name=x", 400),
    ] {
        assert_eq!(wire.get(&format!("{base}/{path}")).await.unwrap().status, status, "{path}");
    }
    let control = |directory: &str| format!("{}/{directory}", handle.control_url);
    let put = async |path: String, body: Value| {
        wire.raw(reqwest::Method::PUT, &path, &[], body.to_string().into()).await.unwrap().status
    };
    assert_eq!(put(format!("{}/resource", control("national")), endpoint("c")).await, 204);
    assert_eq!(names(&wire.get(&format!("{base}/Endpoint")).await.unwrap().json().unwrap()), ["a", "c"]);
    for (fault, status) in [
        (json!({"kind": "status", "code": 503}), Some(503)),
        (json!({"kind": "torn"}), None),
        (json!({"kind": "absent"}), None),
    ] {
        assert_eq!(put(format!("{}/fault", control("national")), fault).await, 204);
        let answer = wire.get(&format!("{base}/Endpoint")).await;
        assert_eq!(answer.ok().map(|answer| answer.status), status);
    }
    assert_eq!(wire.get(&format!("{}/Endpoint", handle.base("other"))).await.unwrap().status, 200);
    assert_eq!(put(format!("{}/fault", control("nobody")), json!({"kind": "none"})).await, 404);
}
