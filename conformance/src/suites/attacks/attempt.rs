//! One attempt by a caller in good standing, and what must hold after it whatever it was: nothing of another patient in
//! the answer, no patient in a URL, no innards of the node, no source that was asked for what is refused, a record.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::super::outer_gate::{Gate, patient_id};
use super::super::overview::{SHOWCASE, is_about, local, type_of};
use super::super::setting::{Setting, names_a_patient, outcome_of};
use super::super::{Flaw, Judgement, ensure};
use crate::callers::{Answer, Wire};
use crate::region;

/// Where patients A and B are both known.
pub const NODE: &str = "hospital";
/// Known there too, and not who the token is about.
pub const OTHER: &str = "900203638";
/// Fits the eleven-test and is nobody's in the region.
pub const NOBODY: &str = "999991504";

/// What no answer may tell of the node: places in its code, its store, its ways to speak to others.
const INNARDS: [&str; 9] =
    ["panicked", ".rs:", "backtrace", "SELECT ", "/store/", "reqwest", "rustls", "sqlstate", "127.0.0.1"];

/// A request, below the base.
#[derive(Clone)]
pub struct Attempt {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Attempt {
    pub fn get(path: impl Into<String>) -> Self {
        Attempt { method: Method::GET, path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    pub fn send(method: Method, path: impl Into<String>, body: &Value) -> Self {
        let attempt = Attempt { method, body: Bytes::from(body.to_string()), ..Attempt::get(path) };
        attempt.with("content-type", "application/fhir+json")
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The token's patient A, another patient B, and a clinic with a token for A.
pub struct World<'s> {
    pub setting: &'s Setting,
    pub gate: Gate,
    /// Their ids at the node.
    pub a: String,
    pub b: String,
    resources: Vec<Value>,
    /// What tells of another patient: numbers, names, ids.
    markers: Vec<String>,
    began_kib: u64,
}

impl<'s> World<'s> {
    pub async fn open(setting: &'s Setting) -> Result<Self, Flaw> {
        let gate = Gate::open(setting, NODE, SHOWCASE).await?;
        let (a, b) = (patient_id(NODE, SHOWCASE)?, patient_id(NODE, OTHER)?);
        let resources = region::resources(NODE);
        let own: String =
            resources.iter().filter(|one| is_about(one, &format!("Patient/{a}"))).map(Value::to_string).collect();
        let others = region::patients().into_iter().filter(|patient| patient.bsn != SHOWCASE);
        let told = others.flat_map(|patient| {
            let family = patient.name.rsplit(' ').next().unwrap_or_default().to_owned();
            [patient.bsn.to_owned(), patient.name.clone(), family]
        });
        let markers = told.chain([b.clone()]).filter(|marker| marker.len() > 3 && !own.contains(marker)).collect();
        let began_kib = resident(setting)?;
        Ok(World { setting, gate, a, b, resources, markers, began_kib })
    }

    /// A resource of this type of patient A or B, by its id.
    pub fn id_of(&self, kind: &str, patient: &str) -> Result<String, Flaw> {
        let whose = format!("Patient/{patient}");
        let found = self.resources.iter().find(|one| type_of(one) == kind && is_about(one, &whose));
        let id = found.and_then(|one| one["id"].as_str()).map(str::to_owned);
        id.ok_or_else(|| Flaw::NotRun(format!("no {kind} of that patient")))
    }

    /// How many of this type the node has of patient A.
    pub fn number_of(&self, kind: &str) -> usize {
        let whose = format!("Patient/{}", self.a);
        self.resources.iter().filter(|one| type_of(one) == kind && is_about(one, &whose)).count()
    }

    pub async fn send(&self, attempt: &Attempt) -> Result<Answer, Flaw> {
        let url = format!("{}/{}", self.gate.base, attempt.path);
        let headers: Vec<_> = attempt.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ok(self.gate.wire.raw(attempt.method.clone(), &url, &headers, attempt.body.clone()).await?)
    }

    /// Makes an attempt and holds everything that must hold of every answer; `records` are due.
    pub async fn tried(&self, attempt: &Attempt, records: usize) -> Result<Answer, Flaw> {
        let mark = self.setting.mark(NODE).await?;
        let asked_before = self.setting.asked_of_sources().await?.len();
        let answer = self.send(attempt).await?;
        self.discreet(&answer)?;
        ensure(answer.status < 500, || format!("answers {}", answer.status))?;
        for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
            ensure(answer.header(name) == Some(value), || format!("the answer has no {name}: {value}"))?;
        }
        if answer.status >= 400 && records == 1 {
            outcome_of(&answer, answer.status)?;
        }
        for request in self.setting.asked_of_sources().await?.iter().skip(asked_before) {
            let headers = request.headers.values().any(|value| names_a_patient(value));
            ensure(!names_a_patient(&request.path) && !headers, || {
                "a source was told a BSN in a URL or header".into()
            })?;
        }
        let written = self.setting.since(&mark, NODE)?;
        ensure(written.len() == records, || format!("{} records were written, not {records}", written.len()))?;
        let known =
            |record: &Value| record["caller"]["person"]["id"] == "proef-01" && record["outcome"]["result"].is_string();
        ensure(written.iter().all(known), || "a record does not say who asked and how it ended".to_owned())?;
        Ok(answer)
    }

    /// It must be refused, and before any source was asked.
    pub async fn refused(&self, attempt: &Attempt) -> Result<Answer, Flaw> {
        let mark = self.setting.mark(NODE).await?;
        let answer = self.tried(attempt, 1).await?;
        ensure((400..500).contains(&answer.status), || format!("{} answers {}", attempt.path, answer.status))?;
        self.setting.no_source_was_asked(&mark).await?;
        Ok(answer)
    }

    /// What is another's must be answered as what does not exist: status, body and which headers there are.
    pub async fn as_absent(&self, another: &Attempt, nowhere: &Attempt) -> Judgement {
        let (theirs, none) = (self.tried(another, 1).await?, self.tried(nowhere, 1).await?);
        ensure(theirs.status >= 400 || is_empty(&theirs), || format!("{} answers {}", another.path, theirs.status))?;
        ensure(theirs.status == none.status, || {
            format!("{} answers {}, what does not exist {}", another.path, theirs.status, none.status)
        })?;
        ensure(theirs.status < 400 || theirs.body == none.body, || format!("{} has another body", another.path))?;
        ensure(size_class(&theirs) == size_class(&none), || format!("{} has another size", another.path))?;
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
        ensure(names(&theirs) == names(&none), || format!("{} has other headers", another.path))
    }

    /// Nothing of another patient and nothing of the node's inside: in body and headers.
    pub fn discreet(&self, answer: &Answer) -> Judgement {
        let headers: Vec<_> = answer.headers.values().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let text = format!("{}\n{}", String::from_utf8_lossy(&answer.body), headers.join("\n"));
        let told = self.markers.iter().any(|marker| text.contains(marker.as_str()));
        ensure(!told, || "the answer tells of another patient".to_owned())?;
        // Records of the source may hold any word; what the node says itself may not.
        if answer.status >= 400 {
            let inside = INNARDS.iter().find(|word| text.contains(*word));
            ensure(inside.is_none(), || format!("the answer holds {}", inside.unwrap_or(&"")))?;
            ensure(!text.contains(SHOWCASE), || "the refusal holds a BSN".to_owned())?;
        }
        let sources = self.setting.ready.simulators.iter().map(|simulator| simulator.base.as_str());
        ensure(sources.into_iter().all(|base| !text.contains(base)), || {
            "the answer names a source's address".to_owned()
        })
    }

    /// The node is alive within a second, still answers what it should, and has not grown.
    pub async fn well(&self) -> Judgement {
        let begun = Instant::now();
        let health = Wire::new(None, None)?.get(&self.setting.node(NODE)?.health.ready).await?;
        ensure(health.status == 200 && begun.elapsed() < Duration::from_secs(1), || {
            format!("its health answers {} after {:?}", health.status, begun.elapsed())
        })?;
        let answer = self.gate.search("Condition", &[]).await?;
        ensure(answer.status == 200, || format!("a good request answers {} afterwards", answer.status))?;
        let now = resident(self.setting)?;
        ensure(now < self.began_kib + (64 << 10), || format!("it grew from {} to {now} KiB", self.began_kib))
    }
}

/// Resident memory of the node in KiB.
fn resident(setting: &Setting) -> Result<u64, Flaw> {
    super::super::mitz::size(setting.node(NODE)?.pid).map(|(resident, _)| resident)
}

/// A searchset without a match.
fn is_empty(answer: &Answer) -> bool {
    let bundle = answer.json().unwrap_or_default();
    bundle["resourceType"] == "Bundle" && entries(&bundle).is_empty()
}

/// Sizes that differ by less than a request id or a time tell nothing.
fn size_class(answer: &Answer) -> usize {
    answer.body.len() / 256
}

/// The resources of a Bundle's matches and includes.
pub fn entries(bundle: &Value) -> Vec<&Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["search"]["mode"] != "outcome").map(|entry| &entry["resource"]).collect()
}

/// `Type/id` of each.
pub fn names(bundle: &Value) -> BTreeSet<String> {
    entries(bundle).into_iter().map(local).collect()
}
