//! Requests of a caller in good standing that are wrong in themselves. Each gets its OperationOutcome, one record and no
//! call to any source.

use bytes::Bytes;
use reqwest::Method;

use super::outer_gate::Gate;
use super::overview::SHOWCASE;
use super::setting::{BSN_SYSTEM, Setting};
use super::{Check, Judgement, ensure};

const NODE: &str = "hospital";
const JSON: (&str, &str) = ("content-type", "application/fhir+json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A good caller's bad request, and what it must get.
#[derive(Clone)]
struct Bad {
    method: Method,
    /// What follows the base.
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Bytes,
    status: u16,
    /// What the outcome must name.
    names: &'static str,
}

fn get(path: &str, status: u16) -> Bad {
    Bad { method: Method::GET, path: path.to_owned(), headers: Vec::new(), body: Bytes::new(), status, names: "" }
}

fn post(path: &str, kind: (&'static str, &'static str), body: impl Into<Bytes>, status: u16) -> Bad {
    Bad { method: Method::POST, headers: vec![kind], body: body.into(), ..get(path, status) }
}

fn search(form: &str, status: u16) -> Bad {
    post("Condition/_search", FORM, form.to_owned(), status)
}

fn by_bsn(bsn: &str) -> String {
    format!("patient.identifier={BSN_SYSTEM}%7C{bsn}")
}

fn method(name: &'static [u8], path: &str, status: u16) -> Bad {
    Bad { method: Method::from_bytes(name).unwrap_or(Method::TRACE), ..get(path, status) }
}

/// Larger than a node of the region takes.
fn too_large() -> Bytes {
    let filling = "x".repeat(9 << 20);
    Bytes::from(format!("{{\"resourceType\":\"Condition\",\"note\":[{{\"text\":\"{filling}\"}}]}}"))
}

fn nested(depth: usize) -> Bytes {
    Bytes::from(format!("{}{}", "{\"a\":[".repeat(depth / 2), "]}".repeat(depth / 2)))
}

pub fn checks() -> Vec<Check> {
    let table: Vec<(&'static str, Vec<Bad>)> = vec![
        (
            "a resource type that does not exist is refused",
            vec![get("Conditie?code=1", 404), get("condition", 404), get("Conditie/1", 404)],
        ),
        (
            "malformed JSON is refused",
            vec![
                post("Condition", JSON, "{\"resourceType\":\"Condition\"", 400),
                post("Condition", JSON, "{\"resourceType\":\"Condition\",\"resourceType\":\"Patient\"}", 400),
                post("Condition", JSON, &b"{\"resourceType\":\"Condition\",\"id\":\"\xff\"}"[..], 400),
                post("Condition", JSON, "[]", 400),
                post("", JSON, "{", 400),
            ],
        ),
        ("JSON nested 10,000 deep is refused", vec![post("Condition", JSON, nested(10_000), 400)]),
        ("a body over the limit is refused", vec![post("Condition", JSON, too_large(), 413)]),
        (
            "an unknown search parameter is refused and named",
            vec![
                Bad { names: "hair-colour", ..get("Condition?hair-colour=red", 400) },
                Bad { names: "hair-colour", ..search("clinical-status=active&hair-colour=red", 400) },
                Bad { names: "_filter", ..get("Condition?_filter=code%20eq%201", 400) },
            ],
        ),
        (
            "a BSN that fails the eleven-test is refused",
            vec![
                search(&by_bsn("999911121"), 400),
                search(&by_bsn("000000000"), 400),
                search(&by_bsn("99991112"), 400),
                search(&by_bsn(""), 400),
            ],
        ),
        (
            "another patient than the token's is refused",
            vec![search(&by_bsn("900203638"), 403), get("Condition?patient=zm-unknown", 403)],
        ),
        (
            "more than one patient is refused",
            vec![
                search("patient=a,b", 400),
                search(&format!("{},{BSN_SYSTEM}%7C900203638", by_bsn(SHOWCASE)), 400),
                search(&format!("{}&{}", by_bsn(SHOWCASE), by_bsn("900203638")), 400),
            ],
        ),
        (
            "a patient named by an absolute reference or a modifier is refused",
            vec![
                search("patient=https://elsewhere.example/fhir/Patient/1", 400),
                search("subject=http://127.0.0.1/fhir/Patient/1", 400),
                search("patient:missing=true", 400),
                search("patient.name=Mien", 400),
                search("patient.identifier=999911120", 400),
            ],
        ),
        (
            "a path that climbs or hides a climb is refused",
            vec![
                get("Condition/..%2fPatient", 400),
                get("Condition/%2e%2e%2f%2e%2e%2fmetrics", 400),
                get("Condition/%252e%252e", 400),
                get("Condition/a%00b", 400),
                get("Condition/a/b/c/d", 400),
                get("Condition//a", 400),
            ],
        ),
        (
            "a method that is not used there is refused",
            vec![
                method(b"PROPFIND", "Condition", 405),
                method(b"BREW", "Condition/a", 405),
                method(b"DELETE", "metadata", 405),
                method(b"OPTIONS", "Condition", 405),
            ],
        ),
        (
            "an interaction outside the use case is refused",
            vec![
                get("Claim/a", 403),
                get("Condition/a/_history", 403),
                get("?_type=Condition", 403),
                get("Patient/$everything", 403),
                method(b"DELETE", "Condition/a", 403),
                get("Patient/$health-overview", 403),
            ],
        ),
        (
            "an answer in another format than JSON or XML, or of another version, is refused",
            vec![
                Bad { headers: vec![("accept", "application/fhir+turtle")], ..get("Condition", 406) },
                Bad { headers: vec![("accept", "application/fhir+json; fhirVersion=3.0")], ..get("Condition", 406) },
                get("Condition?_format=ttl", 406),
            ],
        ),
        (
            "a body of another kind than FHIR JSON or XML, or of another version, is refused",
            vec![
                post("Condition", ("content-type", "text/plain"), "{\"resourceType\":\"Condition\"}", 415),
                post("Condition", ("content-type", "application/fhir+xml; fhirVersion=3.0"), "<Condition/>", 415),
                post("Condition", ("content-type", "application/fhir+xml"), "<Condition", 400),
                post("Condition", ("content-type", "application/fhir+xml"), "<!DOCTYPE a><Condition/>", 400),
                post("Condition", FORM, "a=b", 415),
            ],
        ),
        (
            "a version or base that is not served is refused",
            vec![get("../r5/Condition", 404), get("../dstu2/Condition", 404)],
        ),
    ];
    table
        .into_iter()
        .map(|(name, rows)| Check::new(name, move |setting| Box::pin(all(setting, rows.clone()))))
        .collect()
}

async fn all(setting: &Setting, rows: Vec<Bad>) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    for (number, bad) in rows.into_iter().enumerate() {
        one(setting, &gate, bad).await.map_err(|flaw| match flaw {
            super::Flaw::Broken(why) => super::Flaw::Broken(format!("form {number}: {why}")),
            not_run @ super::Flaw::NotRun(_) => not_run,
        })?;
    }
    Ok(())
}

async fn one(setting: &Setting, gate: &Gate, bad: Bad) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let url = format!("{}/{}", gate.base, bad.path);
    let answer = gate.wire.raw(bad.method, &url, &bad.headers, bad.body).await;
    let refused = setting.refused(&mark, NODE, bad.status, answer).await?;
    ensure(refused.says.contains(bad.names), || format!("the outcome does not name {}", bad.names))?;
    let record = &refused.record["caller"]["person"]["id"];
    ensure(*record == "proef-01", || "the record does not name who asked".to_owned())
}
