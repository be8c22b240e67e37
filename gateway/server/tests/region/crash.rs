//! `kill -9` of a node under load: what a client received is on the record, and the monitoring system was told of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conformance::callers::{InnerCaller, OuterCaller, ProofKey, Wire};
use conformance::ready::{Listener, Ready};
use conformance::region;
use conformance::source_server::{FhirVersion, SourceServer};
use conformance::suites::{Setting, log_by_program};

use crate::program::{Program, Served, ZORGSLUIS, random};
use crate::proof;
use crate::siem::Monitoring;

/// More rounds by `ZORGSLUIS_CRASH_ROUNDS`.
const ROUNDS: usize = 3;
/// Connections that read at once, half of them over mutual TLS.
const READERS: usize = 8;

pub async fn rounds() {
    let rounds = std::env::var("ZORGSLUIS_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let source =
        SourceServer::start(FhirVersion::R4, region::resources("hospital"), ([127, 0, 0, 1], 0).into()).unwrap();
    // `try` writes the configuration; from then on the node is served as an operator would.
    let tried = Program::try_out(&[&source.base_url], "r4");
    let ready = tried.ready();
    let _state = tried.into_state();
    let setting = Setting::new(ready, log_by_program(ZORGSLUIS.into()));
    let node = &setting.ready.nodes[0];
    let monitoring = Monitoring::beside(&node.config_file);
    let (mut received, mut recoveries): (Vec<String>, Vec<Duration>) = Default::default();
    for round in 1..=rounds {
        let mut served = Served::start(&node.config_file, &node.inner);
        let before = received.len();
        let spent = Spent::new(&setting.ready).await;
        received.extend(load_until_killed(&setting.ready, &mut served, &monitoring).await);
        let (records, recovery) = log_after_restart(&setting, &mut served);
        recoveries.push(recovery);
        spent.is_refused_again().await;
        for id in &received {
            let found = records.get(id).unwrap_or_else(|| panic!("round {round}: an answer without its record"));
            assert_eq!(found, &["released"], "round {round}: one record per answer, that says released");
        }
        eprintln!("round {round}: {} answers received, {} records in the log", received.len() - before, records.len());
        assert!(received.len() > before, "round {round}: the node was killed before it answered anything");
        proof::holds(&node.log_folder, &[]);
    }
    // The last node still runs: what it gives out about its log is true of the log.
    let running = Served::start(&node.config_file, &node.inner);
    proof::is_given_out(&node.log_folder, &outer(&setting.ready).await).await;
    monitoring.was_told_of(&setting.log(&node.key, 0).unwrap());
    drop(running);
    recoveries.sort();
    eprintln!(
        "crash: {rounds} rounds, {} answers received, each with its record; ready again after {:?} in the median, {:?} at \
         most",
        received.len(),
        recoveries[recoveries.len() / 2],
        recoveries[recoveries.len() - 1]
    );
}

/// An assertion and a proof of possession that a token was given for.
struct Spent {
    caller: OuterCaller,
    key: ProofKey,
    assertion: String,
    proof: String,
}

impl Spent {
    async fn new(ready: &Ready) -> Self {
        let caller = ready.callers.iter().find(|caller| caller.listener == Listener::Outer).unwrap();
        let caller = OuterCaller::of(ready, &caller.name, &ready.nodes[0].key).unwrap();
        let key = ProofKey::fresh().unwrap();
        let proof = key.sign(&key.proof("POST", caller.token_endpoint(), None)).unwrap();
        let assertion = caller.signed_assertion(None).unwrap();
        let spent = Spent { caller, key, assertion, proof };
        assert_eq!(spent.ask(&spent.assertion, &spent.proof).await, (200, None), "it is good once");
        spent
    }

    /// Neither is taken by the node that was started after the kill; both are still within their time.
    async fn is_refused_again(&self) {
        let fresh = self.key.sign(&self.key.proof("POST", self.caller.token_endpoint(), None)).unwrap();
        let refused = |status, error: &str| (status, Some(error.to_owned()));
        assert_eq!(self.ask(&self.assertion, &fresh).await, refused(401, "invalid_client"), "a used assertion");
        let assertion = self.caller.signed_assertion(None).unwrap();
        assert_eq!(self.ask(&assertion, &self.proof).await, refused(400, "invalid_dpop_proof"), "a used proof");
        let (assertion, proof) = (
            self.caller.signed_assertion(None).unwrap(),
            self.key.sign(&self.key.proof("POST", self.caller.token_endpoint(), None)).unwrap(),
        );
        assert_eq!(self.ask(&assertion, &proof).await, (200, None), "new ones are good");
    }

    async fn ask(&self, assertion: &str, proof: &str) -> (u16, Option<String>) {
        let answer = self.caller.present_with(assertion, "development-try", &[proof]).await.unwrap();
        let error = answer.json().unwrap()["error"].as_str().map(str::to_owned);
        (answer.status, error)
    }
}

/// Reads over many connections, kills the node at a random moment, and tells which answers had arrived whole.
async fn load_until_killed(ready: &Ready, served: &mut Served, monitoring: &Monitoring) -> Vec<String> {
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for number in 0..READERS {
        let (wire, base) = if number % 2 == 0 { inner(ready) } else { outer(ready).await };
        let over = over.clone();
        readers.push(tokio::spawn(async move {
            let mut received = Vec::new();
            let urls = [format!("{base}/Condition?_count=5"), format!("{base}/Patient")];
            for url in urls.iter().cycle() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                // An answer that broke off is an error here; only a whole one counts.
                let Ok(answer) = wire.get(url).await else { break };
                assert_eq!(answer.status, 200);
                received.push(answer.header("x-request-id").unwrap().to_owned());
            }
            received
        }));
    }
    let [first, second] = [random(), random()].map(|random| Duration::from_millis(150 + random % 600));
    tokio::time::sleep(first).await;
    monitoring.break_off();
    tokio::time::sleep(second).await;
    served.kill();
    over.store(true, Ordering::Relaxed);
    let mut received = Vec::new();
    for reader in readers {
        received.extend(reader.await.unwrap());
    }
    received
}

/// The outcomes on record per request, read once the node has opened its log again, and how long it took to be ready.
fn log_after_restart(setting: &Setting, served: &mut Served) -> (HashMap<String, Vec<String>>, Duration) {
    let node = &setting.ready.nodes[0];
    let began = Instant::now();
    *served = Served::start(&node.config_file, &node.inner);
    let recovery = began.elapsed();
    let said = std::fs::read_to_string(&served.errors).unwrap();
    assert!(!said.contains("\"ERROR\"") && !said.contains("panicked"), "{said}");
    let mut records: HashMap<String, Vec<String>> = HashMap::new();
    for record in setting.log(&node.key, 0).unwrap() {
        let id = record["request_id"].as_str().unwrap().to_owned();
        records.entry(id).or_default().push(record["outcome"]["result"].as_str().unwrap().to_owned());
    }
    (records, recovery)
}

fn inner(ready: &Ready) -> (Wire, String) {
    let caller = ready.callers.iter().find(|caller| caller.listener == Listener::Inner).unwrap();
    let wire = Wire::clone(&InnerCaller::of(ready, &caller.name).unwrap());
    (wire, ready.nodes[0].fhir.inner.r4.clone().unwrap())
}

pub async fn outer(ready: &Ready) -> (Wire, String) {
    let caller = ready.callers.iter().find(|caller| caller.listener == Listener::Outer).unwrap();
    let caller = OuterCaller::of(ready, &caller.name, &ready.nodes[0].key).unwrap();
    let wire = caller.signed_in("development-try", None).await.unwrap();
    (wire, ready.nodes[0].fhir.outer.r4.clone().unwrap())
}
