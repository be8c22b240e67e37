//! What a check may use: the ready file, and ways to look at what an exchange left behind.
//!
//! How an access log is read is given from outside: a suite knows only the wire.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Flaw, Judgement, ensure};
use crate::callers::{Answer, CallError, InnerCaller, OuterCaller, Wire};
use crate::ready::{Node, Ready};
use crate::region;
use crate::source_server::Recorded;

/// Reads a node's access log from this record on; each record as it was written.
pub type LogReader = Box<dyn Fn(&Node, u64) -> Result<Vec<Value>, String>>;

/// The kind of simulator that is an authority of certificates.
pub const AUTHORITY: &str = "certificate-authority";

/// The name space of the BSN in FHIR.
pub const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// What a node counts refused token requests by.
const REFUSED_TOKEN_REQUESTS: &str = "zorgsluis_token_requests_total{result=\"refused\"}";

/// A running region or node, as a check sees it.
pub struct Setting {
    pub ready: Ready,
    log: LogReader,
    program: Option<PathBuf>,
}

/// How far logs and sources had come, to see afterwards what was added.
pub struct Mark {
    at: OffsetDateTime,
    records: u64,
    asked: usize,
}

/// A refusal as it was answered and recorded.
pub struct Refused {
    /// The text of the OperationOutcome's only issue.
    pub says: String,
    /// The access record.
    pub record: Value,
}

impl Setting {
    pub fn new(ready: Ready, log: LogReader) -> Self {
        Setting { ready, log, program: None }
    }

    /// A setting whose nodes are this program, which also prints their logs.
    pub fn of_program(ready: Ready, program: PathBuf) -> Self {
        Setting { ready, log: log_by_program(program.clone()), program: Some(program) }
    }

    /// The nodes' program.
    ///
    /// # Errors
    /// It is not known.
    pub fn program(&self) -> Result<&Path, Flaw> {
        self.program.as_deref().ok_or_else(|| Flaw::NotRun("the program of the nodes is not known".to_owned()))
    }

    pub fn node(&self, key: &str) -> Result<&Node, Flaw> {
        self.ready.node(key).ok_or_else(|| Flaw::NotRun(format!("no node {key}")))
    }

    /// The R4 base at the outer gate.
    pub fn outer(&self, key: &str) -> Result<&str, Flaw> {
        let base = self.node(key)?.fhir.outer.r4.as_deref();
        base.ok_or_else(|| Flaw::NotRun(format!("{key} has no R4 base at its outer gate")))
    }

    /// The R4 base at the inner gate.
    pub fn inner(&self, key: &str) -> Result<&str, Flaw> {
        let base = self.node(key)?.fhir.inner.r4.as_deref();
        base.ok_or_else(|| Flaw::NotRun(format!("{key} has no R4 base at its inner gate")))
    }

    /// A person at the inner gate.
    pub fn person(&self, id: &str) -> Result<InnerCaller, Flaw> {
        let caller = self.ready.person(id).ok_or_else(|| Flaw::NotRun(format!("no person {id}")))?;
        Ok(InnerCaller::of(&self.ready, &caller.name)?)
    }

    /// An organisation on its way to a node's outer gate.
    pub fn organisation(&self, ura: &str, to: &str) -> Result<OuterCaller, Flaw> {
        let caller = self.ready.organisation(ura).ok_or_else(|| Flaw::NotRun(format!("no organisation {ura}")))?;
        Ok(OuterCaller::of(&self.ready, &caller.name, to)?)
    }

    /// The records of a node's access log from this one on.
    pub fn log(&self, key: &str, from: u64) -> Result<Vec<Value>, Flaw> {
        (self.log)(self.node(key)?, from).map_err(Flaw::Broken)
    }

    /// Everything that the source systems were asked so far.
    pub async fn asked_of_sources(&self) -> Result<Vec<Recorded>, Flaw> {
        let wire = Wire::new(None, None)?;
        let mut all = Vec::new();
        let sources = self.ready.simulators.iter().filter(|simulator| simulator.kind.starts_with("fhir-"));
        for simulator in sources.filter(|simulator| !simulator.control.is_empty()) {
            let answer = wire.get(&format!("{}/requests", simulator.control)).await?;
            let requests: Vec<Recorded> = serde_json::from_slice(&answer.body)
                .map_err(|_| Flaw::NotRun(format!("{} does not tell what it was asked", simulator.key)))?;
            all.extend(requests);
        }
        Ok(all)
    }

    /// How far a node's log and the sources are.
    pub async fn mark(&self, node: &str) -> Result<Mark, Flaw> {
        let records = u64::try_from(self.log(node, 0)?.len()).unwrap_or(u64::MAX);
        Ok(Mark { at: OffsetDateTime::now_utc(), records, asked: self.asked_of_sources().await?.len() })
    }

    /// The records that a node wrote since the mark, of requests that came after it: a request whose caller went away
    /// earlier is recorded when the node is done with it, and belongs to an earlier check.
    pub fn since(&self, mark: &Mark, node: &str) -> Result<Vec<Value>, Flaw> {
        let mut added = self.log(node, mark.records)?;
        added.retain(|record| started(record).is_none_or(|started| started >= mark.at));
        Ok(added)
    }

    /// How many token requests a node has refused: each is one event.
    pub async fn refused_token_requests(&self, key: &str) -> Result<u64, Flaw> {
        let metrics = Wire::new(Some(&self.ready.ca_file), None)?.get(&self.node(key)?.metrics).await?;
        let text = String::from_utf8_lossy(&metrics.body);
        let counted = text.lines().find_map(|line| line.strip_prefix(REFUSED_TOKEN_REQUESTS)?.trim().parse().ok());
        // Nothing is counted before the first.
        Ok(counted.unwrap_or(0))
    }

    /// Holds unless a source was asked since the mark.
    pub async fn no_source_was_asked(&self, mark: &Mark) -> Judgement {
        let asked = self.asked_of_sources().await?.len().saturating_sub(mark.asked);
        ensure(asked == 0, || format!("{asked} requests reached a source"))
    }

    /// Holds the answer to a request that must be refused against everything that must then be so: its status, an
    /// OperationOutcome and nothing else, one record that says the same, and no source that was asked.
    pub async fn refused(
        &self,
        mark: &Mark,
        node: &str,
        status: u16,
        answer: Result<Answer, CallError>,
    ) -> Result<Refused, Flaw> {
        let answer = answer?;
        let says = outcome_of(&answer, status)?;
        let mut added = self.since(mark, node)?;
        ensure(added.len() == 1, || format!("{} records were written, not one", added.len()))?;
        let record = added.swap_remove(0);
        let recorded = &record["outcome"];
        ensure(recorded["result"] == "refused" && recorded["status"] == status, || {
            format!("the record says {recorded}, the answer {status}")
        })?;
        ensure(record["request_id"].as_str() == answer.header("x-request-id"), || {
            "the record has another request id than the answer".to_owned()
        })?;
        self.no_source_was_asked(mark).await?;
        self.keeps_quiet(&answer)?;
        Ok(Refused { says, record })
    }

    /// Holds when an answer names no patient of the region.
    pub fn keeps_quiet(&self, answer: &Answer) -> Judgement {
        let text = String::from_utf8_lossy(&answer.body);
        ensure(!names_a_patient(&text), || "the answer names a patient".to_owned())?;
        let quiet = answer.headers.values().all(|value| value.to_str().is_ok_and(|value| !names_a_patient(value)));
        ensure(quiet, || "a header names a patient".to_owned())
    }
}

/// Reads logs with the product's own command: `<program> log --folder F --from N`.
pub fn log_by_program(program: PathBuf) -> LogReader {
    Box::new(move |node, from| {
        let read = Command::new(&program)
            .arg("log")
            .arg("--folder")
            .arg(&node.log_folder)
            .args(["--from", &from.to_string()])
            .output()
            .map_err(|fault| format!("{} cannot be run: {fault}", program.display()))?;
        if !read.status.success() {
            return Err(format!("the access log of {} cannot be read ({})", node.key, read.status));
        }
        let mut records = Vec::new();
        for line in read.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut line: Value = serde_json::from_slice(line)
                .map_err(|_| format!("the access log of {} is not a JSON document a line", node.key))?;
            records.push(line["record"].take());
        }
        Ok(records)
    })
}

/// Whether a text has the BSN of a patient of the region in it.
pub fn names_a_patient(text: &str) -> bool {
    region::patients().iter().any(|patient| text.contains(patient.bsn))
}

/// Holds a refusal against the form that every refusal has, and takes its text out.
pub fn outcome_of(answer: &Answer, status: u16) -> Result<String, Flaw> {
    ensure(answer.status == status, || format!("answered {}, not {status}", answer.status))?;
    let kind = answer.header("content-type").unwrap_or_default();
    ensure(kind.starts_with("application/fhir+json"), || format!("the refusal comes as {kind:?}"))?;
    for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
        ensure(answer.header(name) == Some(value), || format!("the refusal has no {name}: {value}"))?;
    }
    ensure(answer.header("x-request-id").is_some(), || "the refusal has no request id".to_owned())?;
    let body = answer.json().unwrap_or_default();
    ensure(body["resourceType"] == "OperationOutcome", || "the refusal is no OperationOutcome".to_owned())?;
    let issues = body["issue"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [issue] = issues else {
        return Err(Flaw::Broken(format!("the OperationOutcome has {} issues", issues.len())));
    };
    ensure(issue["severity"] == "error", || "the issue is no error".to_owned())?;
    let text = issue["diagnostics"].as_str().or_else(|| issue["details"]["text"].as_str());
    text.map(str::to_owned).ok_or_else(|| Flaw::Broken("the issue says nothing".to_owned()))
}

/// When the request came that a record is about.
fn started(record: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(record["started"].as_str()?, &Rfc3339).ok()
}
