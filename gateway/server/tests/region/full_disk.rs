//! A node under load whose disk becomes really full: it refuses and says so, its health turns red, and when there is room
//! again the same process goes on. Needs the right to mount a small file system; without it this says that it was skipped.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conformance::callers::{InnerCaller, Wire};
use conformance::ready::Listener;
use conformance::region;
use conformance::source_server::{FhirVersion, SourceServer};
use conformance::suites::{Setting, log_by_program};

use crate::program::{Program, Served, ZORGSLUIS};
use crate::proof;

/// Callers that ask at once.
const CALLERS: usize = 8;
/// Room for three segments of the log, and for everything else that a node keeps.
const SIZE: &str = "256m";
/// How long a search is, as it stands in its record: half a segment is full after some hundreds of them.
const QUESTION_BYTES: usize = 40_000;
const PATIENCE: Duration = Duration::from_secs(120);

/// A file system in memory, for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing when this process may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={SIZE},mode=700"), "tmpfs"]).arg(folder);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| SmallDisk(folder.to_owned()))
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::options().create(true).append(true).open(self.0.join("filler")).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What the callers got.
#[derive(Default)]
struct Received {
    /// Ids of the answers with data.
    answers: Vec<String>,
    /// How often which other answer came, by status and text of its issue.
    refusals: BTreeMap<(u16, String), usize>,
}

impl Received {
    fn refused(&self) -> usize {
        self.refusals.values().sum()
    }
}

pub async fn survived() {
    let source =
        SourceServer::start(FhirVersion::R4, region::resources("hospital"), ([127, 0, 0, 1], 0).into()).unwrap();
    let tried = Program::try_out(&[&source.base_url], "r4");
    let ready = tried.ready();
    let _state = tried.into_state();
    let setting = Setting::new(ready, log_by_program(ZORGSLUIS.into()));
    let node = &setting.ready.nodes[0];
    let Some(disk) = SmallDisk::mount(node.log_folder.parent().unwrap()) else {
        eprintln!("SKIPPED: this process may not mount a small file system, so a really full disk was not tried");
        return;
    };
    sign_every_second(&node.config_file);
    let mut served = Served::start(&node.config_file, &node.inner);
    let (received, over) = (Arc::new(Mutex::new(Received::default())), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(ask(&setting, &received, &over))).collect();
    let count = |of: fn(&Received) -> usize| of(&received.lock().unwrap());
    let answered = |received: &Received| received.answers.len();

    until("the callers are answered", || count(answered) > 50).await;
    assert_eq!(count(Received::refused), 0);
    disk.fill();
    let health = |of: &'static str| health(&node.inner, of);
    let red = until_health(&health, 503).await;
    until("every caller is refused", || count(Received::refused) > 5 * CALLERS).await;
    assert_eq!(health("ready").await, (503, "the access log cannot be written\n".to_owned()));
    let (live, _) = health("live").await;
    let before = count(answered);
    let refusals = std::mem::take(&mut received.lock().unwrap().refusals);
    for ((status, said), times) in &refusals {
        eprintln!("full disk: {times} times {status}: {said}");
        assert_eq!(*status, 503, "{said}");
    }
    assert_eq!(live, 200, "a full disk is no reason to kill the node");

    disk.make_room();
    let began = Instant::now();
    until_health(&health, 200).await;
    let green = began.elapsed();
    until("the callers are answered again", || count(answered) > before + 50).await;
    over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(served.runs(), "the node ended");
    let (wire, base) = crate::crash::outer(&setting.ready).await;
    let checkpoint = format!("{}/log/checkpoint", base.split_once("/fhir/").unwrap().0);
    let began = Instant::now();
    while signed_for(&wire, &checkpoint).await < count(answered) {
        assert!(began.elapsed() < PATIENCE, "the proof is not kept up any more");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    proof::is_given_out(&node.log_folder, &(wire, base)).await;
    drop(served);

    let mut records: HashMap<String, Vec<String>> = HashMap::new();
    for record in setting.log(&node.key, 0).unwrap() {
        let id = record["request_id"].as_str().unwrap().to_owned();
        records.entry(id).or_default().push(record["outcome"]["result"].as_str().unwrap().to_owned());
    }
    let answers = &received.lock().unwrap().answers;
    for id in answers {
        assert_eq!(records.get(id).map(Vec::as_slice), Some(&["released".to_owned()][..]), "one record per answer");
    }
    let records = proof::holds(&node.log_folder, &[]);
    eprintln!(
        "full disk: {} answers, each with its record, of {records}; when the disk was full, health said first {red:?}; ready {green:?} after \
         there was room, in the same process",
        answers.len()
    );
}

/// Searches, again and again, until it is over.
fn ask(
    setting: &Setting,
    received: &Arc<Mutex<Received>>,
    over: &Arc<AtomicBool>,
) -> impl Future<Output = ()> + Send + 'static {
    let ready = &setting.ready;
    let caller = ready.callers.iter().find(|caller| caller.listener == Listener::Inner).unwrap();
    let wire = Wire::clone(&InnerCaller::of(ready, &caller.name).unwrap());
    let url = format!("{}/Condition/_search", ready.nodes[0].fhir.inner.r4.clone().unwrap());
    let (received, over) = (received.clone(), over.clone());
    let code = "x".repeat(QUESTION_BYTES);
    async move {
        while !over.load(Ordering::Relaxed) {
            // A refusal may come, and the connection go, before the question is told whole: that is no answer.
            let Ok(answer) = wire.post_form(&url, &[("code", &code)]).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            if answer.status == 200 {
                let id = answer.header("x-request-id").unwrap().to_owned();
                received.lock().unwrap().answers.push(id);
                continue;
            }
            let outcome = answer.json().unwrap_or_default();
            let said = outcome["issue"][0]["details"]["text"].as_str().or(outcome["issue"][0]["diagnostics"].as_str());
            let said = said.unwrap_or("no OperationOutcome").to_owned();
            *received.lock().unwrap().refusals.entry((answer.status, said)).or_default() += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn sign_every_second(config: &Path) {
    let text = fs::read_to_string(config).unwrap();
    let sooner = text.replace("checkpoint_seconds = 10", "checkpoint_seconds = 1");
    assert_ne!(text, sooner);
    fs::write(config, sooner).unwrap();
}

/// How many records the node has signed for.
async fn signed_for(wire: &Wire, checkpoint: &str) -> usize {
    let answer = wire.get(checkpoint).await.unwrap();
    String::from_utf8(answer.body.to_vec()).unwrap().lines().nth(1).unwrap().parse().unwrap()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the node's readiness has this status; gives what it says.
async fn until_health<F: Future<Output = (u16, String)>>(health: &impl Fn(&'static str) -> F, wanted: u16) -> String {
    let began = Instant::now();
    loop {
        let (status, said) = health("ready").await;
        if status == wanted {
            return said.trim().to_owned();
        }
        assert!(began.elapsed() < PATIENCE, "health stays {status}: {said}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn health(inner: &str, of: &str) -> (u16, String) {
    let answer = Wire::new(None, None).unwrap().get(&format!("{inner}/health/{of}")).await.unwrap();
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}
