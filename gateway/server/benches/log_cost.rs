//! What the access log costs an exchange: the same exchange through the whole stack, its neighbours stubs that answer at
//! once, with a log that keeps nothing and with the log as a node has it (durable, its proof and its index kept up), in turn
//! in the same run. The rest of an exchange (TLS, HTTP, a source that takes time) is left out, so that the shares here are
//! larger than any that a caller sees; the differences are what a caller pays.
//!
//! `cargo bench -p zorgsluis --bench log_cost`, or with a folder on another disk behind `--`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "prints what it measured, and stops when that breaks")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange::ports::*;
use exchange::{
    BodyKind, Bounds, Conditions, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Stack, Wiring,
};
use fhir::json::Limits;
use fhir::{Bsn, FhirVersion, LogicalId, Method, Resource, SearchMode, Ura};
use policy::{
    Caller, Consent, ConsentDecision, DataHolder, Finding, Organisation, Permit, Person, TreatmentRelation, UseCase,
    UseCaseId, UseCases,
};
use store::access_log::{AccessLog, AccessLogOptions};
use tokio::runtime::Runtime;
use zorgsluis::access_log::LogPort;
use zorgsluis::log::archive::{Archive, Indexing};
use zorgsluis::log::keeping::{Keeping, Origin};
use zorgsluis::log::places::Places;

const CALLERS: [usize; 2] = [1, 16];
/// Rounds; in each everything is measured once, so that all share what the machine is busy with.
const ROUNDS: usize = 7;
const ASKING: Duration = Duration::from_secs(2);
/// Resources of an answer.
const CONDITIONS: usize = 3;
const NODE: &str = "90000901";
const PATIENT: &str = "999911120";

const CAPABILITY: &str = r#"{"title": "Reading", "purpose": "TREAT", "patient": "one",
  "findings": {"holder": ["treatment-relation", "consent"], "user": ["treatment-relation"]},
  "versions": {"r4": {"interactions": [{"type": "Condition", "codes": ["search-type"], "search": ["category"]}]}}}"#;
const POLICY: &str = r#"package reading
import rego.v1
default allow := false
allow if {
    input.findings.treatment_relation.finding == "found"
    input.findings.consent.detail.decision == "permit"
}
"#;

fn main() {
    let chosen = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let parent = chosen.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let runtime = Runtime::new().unwrap();
    println!("medians of {ROUNDS} rounds; folder {}", parent.display());
    for callers in CALLERS {
        let (mut without, mut proven, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            // Each goes first as often as the others: what one leaves to the disk is the next one's to wait for.
            for turn in 0..3 {
                settle();
                match (round + turn) % 3 {
                    0 => without.push(ask(&runtime, Arc::new(NoLog), callers, || {})),
                    1 => proven.push(with_the_log(&runtime, &parent, callers, false)),
                    _ => whole.push(with_the_log(&runtime, &parent, callers, true)),
                }
            }
        }
        let [without, proven, whole] = [&without, &proven, &whole].map(|measured| {
            let of = |value: fn(&Measured) -> f64| median(measured.iter().map(value).collect());
            [of(|m| m.rate), of(|m| m.cpu), of(|m| m.middle), of(|m| m.late)]
        });
        println!("\n{callers} callers");
        println!("{:<26}{:>12}{:>14}{:>12}{:>12}{:>10}", "", "no log", "log and proof", "and index", "more", "ratio");
        for (nth, name) in
            ["exchanges per second", "CPU us per exchange", "latency us, median", "latency us, p99"].iter().enumerate()
        {
            let (one, middle, other) = (without[nth], proven[nth], whole[nth]);
            let (more, ratio) = (other - one, other / one);
            println!("{name:<26}{one:>12.1}{middle:>14.1}{other:>12.1}{more:>12.1}{ratio:>10.2}");
        }
    }
}

struct Measured {
    rate: f64,
    cpu: f64,
    middle: f64,
    late: f64,
}

/// With what a node does with its log: it is durable and its proof is kept up; and it is indexed, if that is wanted, too.
fn with_the_log(runtime: &Runtime, parent: &Path, callers: usize, indexed: bool) -> Measured {
    let folder = tempfile::tempdir_in(parent).unwrap();
    let places = Places::of_store(folder.path());
    let log = Arc::new(AccessLog::open(AccessLogOptions::new(&places.records)).unwrap());
    let origin = Origin::of(None, "https://bench.example", NODE);
    let (keeping, _published) = Keeping::start(log.clone(), &places, &origin, Duration::from_secs(10)).unwrap();
    let archive = Arc::new(Archive::open(log.clone(), &places.index, NODE.into()).unwrap());
    let indexing = indexed.then(|| Indexing::start(archive.clone()).unwrap());
    ask(runtime, Arc::new(LogPort(log)), callers, move || {
        // What lags behind is paid for, too. Letting go of the proof takes it up to the log and signs.
        drop(keeping);
        while indexed && archive.behind() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(indexing);
    })
}

/// So many callers, each asking again when it has its answer.
fn ask(
    runtime: &Runtime,
    log: Arc<dyn exchange::ports::AccessLog>,
    callers: usize,
    afterwards: impl FnOnce(),
) -> Measured {
    let stack = Arc::new(stack(log));
    let (began, cpu) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let stack = stack.clone();
            runtime.spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < ASKING {
                    let asked = Instant::now();
                    let recorded = stack.handle(question()).await.unwrap();
                    assert_eq!(recorded.released().items().count(), CONDITIONS);
                    times.push(asked.elapsed().as_secs_f64() * 1e6);
                }
                times
            })
        })
        .collect();
    let mut times: Vec<f64> = tasks.into_iter().flat_map(|task| runtime.block_on(task).unwrap()).collect();
    let took = began.elapsed().as_secs_f64();
    afterwards();
    let cpu = (cpu_time() - cpu).as_secs_f64() * 1e6 / times.len() as f64;
    let rate = times.len() as f64 / took;
    times.sort_by(f64::total_cmp);
    Measured { rate, cpu, middle: times[times.len() / 2], late: times[times.len() * 99 / 100] }
}

/// Lets the disk end what was begun before.
fn settle() {
    rustix::fs::sync();
    std::thread::sleep(Duration::from_millis(200));
}

/// Processor time of this process so far, to a hundredth of a second (proc(5): fields 14 and 15 of `stat`).
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A log that takes everything and keeps nothing.
struct NoLog;

impl exchange::ports::AccessLog for NoLog {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        Ok(Box::new(NoLog))
    }
}

impl Slot for NoLog {
    fn write(self: Box<Self>, _: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        Box::pin(async { Ok(()) })
    }
    fn hand_over(self: Box<Self>, _: Vec<u8>) {}
}

/// Everything outside, in order and at once.
struct Neighbours {
    caller: Caller,
    source: Arc<Shelf>,
}

struct Shelf {
    holder: DataHolder,
    conditions: Vec<Resource>,
}

impl Source for Shelf {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        "epd"
    }
    fn ask<'a>(&'a self, _: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        let item = |resource: &Resource| Item { resource: resource.clone(), mode: SearchMode::Match };
        let items = self.conditions.iter().map(item).collect();
        Box::pin(async { Ok(Answer { items, patients: vec!["anna".into()], ..Answer::default() }) })
    }
}

impl Authenticator for Neighbours {
    fn identify<'a>(&'a self, _: Gate, _: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        Box::pin(async { Ok(self.caller.clone()) })
    }
}

impl TreatmentRelations for Neighbours {
    fn relation<'a>(&'a self, _: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        let relation = TreatmentRelation { kind: "asserted".into(), reference: "transfer-1".into(), age_days: None };
        Box::pin(async { Finding::Found(relation).into() })
    }
}

impl Consents for Neighbours {
    fn consent<'a>(&'a self, _: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        let consent = Consent {
            decision: ConsentDecision::Permit,
            source: "local".into(),
            reference: "consent-1".into(),
            withhold: Vec::new(),
        };
        Box::pin(async { Finding::Found(consent) })
    }
}

impl PatientIndex for Neighbours {
    fn patient<'a>(&'a self, _: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        Box::pin(async { Finding::Absent })
    }
}

impl Localisation for Neighbours {
    fn locate<'a>(&'a self, _: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let places: Vec<Arc<dyn Source>> = vec![self.source.clone()];
        Box::pin(async { Whereabouts { places, index: Finding::Found(0) } })
    }
}

fn stack(log: Arc<dyn exchange::ports::AccessLog>) -> Stack {
    let holder = DataHolder(Ura::parse(NODE).unwrap());
    let conditions = (0..CONDITIONS).map(condition).collect();
    let source = Arc::new(Shelf { holder: holder.clone(), conditions });
    let neighbours = Arc::new(Neighbours { caller: caller(), source });
    let use_case = UseCase::load("reading", CAPABILITY, POLICY, "version = \"1.0.0\"\ntitle = \"Reading\"\n", false);
    let patience = Duration::from_secs(10);
    exchange::stack(Wiring {
        node: NodeFacts { holder, kind: Some("V6".into()), limits: Limits::default() },
        use_cases: Arc::new(UseCases::new(vec![use_case.unwrap()]).into()),
        log,
        clock: Arc::new(SystemClock),
        authenticator: neighbours.clone(),
        throttle: Arc::new(NoThrottle),
        patients: neighbours.clone(),
        relations: neighbours.clone(),
        consents: neighbours.clone(),
        localisation: neighbours,
        value_sets: Arc::new(NoValueSets),
        bounds: Bounds {
            exchange: patience,
            at_once: 64,
            finding: patience,
            fanout: Fanout { patience, at_once: 4, most: 5 },
            questions_at_once: 4,
            pages: PageBounds::default(),
        },
    })
}

fn caller() -> Caller {
    Caller {
        client_id: "node-of-de-linde".into(),
        organisation: Organisation {
            ura: Ura::parse("90000902").unwrap(),
            name: Some("De Linde".into()),
            kind: Some("X3".into()),
        },
        person: Some(Person { id: "n-1".into(), name: Some("Noor Voorbeeld".into()), role: "30.000".into() }),
        use_cases: vec![UseCaseId::parse("reading").unwrap()],
        patient: None,
        treatment_relation: Some(TreatmentRelation {
            kind: "asserted".into(),
            reference: "transfer-1".into(),
            age_days: None,
        }),
        emergency: None,
        responsible: None,
        token_id: Some("digest".into()),
    }
}

fn question() -> Inbound {
    let form = format!("patient.identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C{PATIENT}");
    Inbound {
        request_id: "00000000-0000-4000-8000-000000000001".into(),
        correlation_id: "00000000-0000-4000-8000-000000000002".into(),
        gate: Gate::Outer,
        remote: None,
        version: FhirVersion::R4,
        method: Some(Method::Post),
        path: "Condition/_search".into(),
        query: String::new(),
        body: Bytes::from(form),
        body_kind: BodyKind::Form,
        conditions: Conditions::default(),
        credentials: Credentials::default(),
        use_case: None,
        emergency: None,
        unreadable: None,
    }
}

fn condition(number: usize) -> Resource {
    let text = format!(
        r#"{{"resourceType":"Condition","id":"c{number}","meta":{{"versionId":"2"}},"clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}}]}}],"code":{{"coding":[{{"system":"http://snomed.info/sct","code":"38341003","display":"Hypertensie"}}]}},"subject":{{"reference":"Patient/anna"}},"onsetDateTime":"2019-05-0{}"}}"#,
        number + 1
    );
    Resource::parse(Bytes::from(text), &Limits::default()).unwrap()
}
