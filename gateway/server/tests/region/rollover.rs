//! The authority of the region begins anew with another root while callers and nodes keep asking one another: first both
//! roots are believed, then everybody gets a new certificate, then the old root goes. No request may fail.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance::callers::{Acting, OuterCaller, TreatmentRelation, User, Wire};
use conformance::suites::{Overview, Setting};
use futures_util::future::join_all;
use serde_json::{Value, json};

const CLINIC: &str = "90010090";
const PATIENT: &str = "999911120";
/// A node looks at its files every two seconds.
const READ_WITHIN: Duration = Duration::from_secs(20);
/// The nodes of the demo use an answer for thirty seconds at most.
const NOTICED_WITHIN: Duration = Duration::from_secs(35);
/// How long the load goes on before, between and after.
const A_WHILE: Duration = Duration::from_secs(3);
const CALLERS: usize = 4;
/// A caller takes a new token every so many requests, and a new connection with it.
const REQUESTS_PER_TOKEN: usize = 10;

#[derive(Default)]
struct Load {
    ended: Cell<bool>,
    asked: Cell<u64>,
    overviews: Cell<u64>,
    failures: RefCell<Vec<String>>,
}

/// Gives back the serial number of the pharmacy's new certificate.
pub async fn under_load(setting: &Setting) -> String {
    let begun = Instant::now();
    let marks = join_all(setting.ready.nodes.iter().map(|node| setting.mark(&node.key))).await;
    let caller = setting.organisation(CLINIC, "hospital").unwrap();
    let current = RefCell::new(Rc::new(caller));
    let load = Load::default();
    let outer = join_all((0..CALLERS).map(|_| outer_load(setting, &load, &current)));
    let inner = inner_load(setting, &load);
    let (_, (), serial) = tokio::join!(outer, inner, roll_over(setting, &load, &current));
    let (asked, overviews, failures) = (load.asked.get(), load.overviews.get(), load.failures.borrow());
    eprintln!(
        "rollover under load: {asked} requests of other organisations, {overviews} overviews over four nodes, \
         {} failures, in {:.1} s",
        failures.len(),
        begun.elapsed().as_secs_f32()
    );
    if !failures.is_empty() {
        // What went amiss is in the logs of both sides.
        for (node, mark) in setting.ready.nodes.iter().zip(marks) {
            let records = setting.since(&mark.unwrap(), &node.key).unwrap();
            for record in records.iter().filter(|record| amiss(record)) {
                eprintln!("{}: {} {} {}", node.key, record["asked"], record["outcome"], record["sources"]);
            }
        }
        panic!("{:#?}", failures.iter().take(5).collect::<Vec<_>>());
    }
    assert!(asked > 100 && overviews > 10);
    serial
}

fn amiss(record: &Value) -> bool {
    let well = |source: &Value| source["status"] == "answered" || source["status"] == "nothing-there";
    record["outcome"]["result"] != "released" || !record["sources"].as_array().is_some_and(|all| all.iter().all(well))
}

/// A node whose certificate is revoked while others hold connections to it is asked no more, without anybody's doing.
pub async fn a_peer_is_revoked(setting: &Setting, serial: &str) {
    let wire = Wire::new(None, None).unwrap();
    let url = format!("{}/revoke", control(setting));
    let answer = wire.raw("POST".parse().unwrap(), &url, &[], Bytes::from(serial.to_owned())).await.unwrap();
    assert_eq!(answer.status, 204);
    let (doctor, begun) = (setting.person("koster").unwrap(), Instant::now());
    loop {
        let overview = Overview::ask(setting, "hospital", &doctor, PATIENT).await.unwrap();
        for well in ["hospital", "nursing-home", "general-practice"] {
            assert_eq!(overview.shows(setting, well, "answered"), Ok(()));
        }
        if overview.shows(setting, "pharmacy", "unreachable").is_ok() {
            break;
        }
        assert!(begun.elapsed() < NOTICED_WITHIN, "a revoked peer is still asked");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    eprintln!("a revoked peer was asked no more after {:.1} s", begun.elapsed().as_secs_f32());
}

fn control(setting: &Setting) -> &str {
    &setting.ready.simulators.iter().find(|one| one.kind == "certificate-authority").unwrap().control
}

/// Another organisation that asks without end, with whatever certificate it has.
async fn outer_load(setting: &Setting, load: &Load, current: &RefCell<Rc<OuterCaller>>) {
    let url = format!("{}/Condition/_search", setting.outer("hospital").unwrap());
    let name = format!("http://fhir.nl/fhir/NamingSystem/bsn|{PATIENT}");
    while !load.ended.get() {
        let caller = current.borrow().clone();
        let wire = match caller.signed_in("health-overview", Some(&acting())).await {
            Ok(wire) => wire,
            Err(fault) => {
                load.failures.borrow_mut().push(format!("no token: {fault}"));
                continue;
            }
        };
        for _ in 0..REQUESTS_PER_TOKEN {
            let answer = wire.post_form(&url, &[("patient.identifier", name.as_str())]).await;
            load.asked.set(load.asked.get() + 1);
            match answer {
                Ok(answer) if answer.status == 200 => {}
                Ok(answer) => load.failures.borrow_mut().push(format!("a search answers {}", answer.status)),
                Err(fault) => load.failures.borrow_mut().push(format!("a search: {fault}")),
            }
            // One that was replaced in between is used no more.
            if load.ended.get() || !Rc::ptr_eq(&caller, &current.borrow()) {
                break;
            }
        }
    }
}

/// A doctor whose overview makes the hospital ask the three other nodes.
async fn inner_load(setting: &Setting, load: &Load) {
    let doctor = setting.person("koster").unwrap();
    while !load.ended.get() {
        load.overviews.set(load.overviews.get() + 1);
        match Overview::ask(setting, "hospital", &doctor, PATIENT).await {
            Ok(overview) => {
                for node in &setting.ready.nodes {
                    if let Err(flaw) = overview.shows(setting, &node.key, "answered") {
                        load.failures.borrow_mut().push(format!("an overview: {flaw:?}"));
                    }
                }
            }
            Err(flaw) => load.failures.borrow_mut().push(format!("an overview: {flaw:?}")),
        }
    }
}

async fn roll_over(setting: &Setting, load: &Load, current: &RefCell<Rc<OuterCaller>>) -> String {
    let ready = &setting.ready;
    let folder = ready.ca_file.parent().unwrap().to_owned();
    let control = control(setting);
    let authority = |what: &str, body: Value| {
        let (wire, url) = (Wire::new(None, None).unwrap(), format!("{control}/{what}"));
        async move {
            let answer = wire.raw("POST".parse().unwrap(), &url, &[], Bytes::from(body.to_string())).await.unwrap();
            answer.json().unwrap()
        }
    };
    tokio::time::sleep(A_WHILE).await;
    let old = fs::read_to_string(&ready.ca_file).unwrap();
    let new = authority("rollover", json!({})).await["certificate"].as_str().unwrap().to_owned();
    // First everybody believes both.
    put(&ready.ca_file, &format!("{old}{new}"));
    read_anew(setting, 1).await;
    let both = folder.join("both.pem");
    put(&both, &format!("{old}{new}"));
    // Then everybody gets a certificate of the new one.
    let mut serial = String::new();
    for node in &ready.nodes {
        let issued = authority("issue", json!({"profile": "uzi-server", "ura": node.ura, "name": node.name})).await;
        write_pair(&folder, &node.key, &issued);
        if node.key == "pharmacy" {
            serial = issued["serial"].as_str().unwrap().to_owned();
        }
    }
    read_anew(setting, 2).await;
    let issued = authority("issue", json!({"profile": "uzi-server", "ura": CLINIC, "name": "Kliniek De Proef"})).await;
    let (certificate, key) = write_pair(&folder, "clinic-anew", &issued);
    let endpoint = &ready.node("hospital").unwrap().token_endpoint;
    let before = current.borrow().clone();
    let renewed = OuterCaller::new(&both, &certificate, &key, CLINIC, endpoint).unwrap();
    *current.borrow_mut() = Rc::new(renewed);
    tokio::time::sleep(A_WHILE).await;
    // Then the old one goes.
    put(&ready.ca_file, &new);
    read_anew(setting, 3).await;
    tokio::time::sleep(A_WHILE).await;
    load.ended.set(true);
    // Whoever still has a certificate of the old root is refused: on the connection that is open, and on a new one.
    let url = format!("{}/Condition", setting.outer("hospital").unwrap());
    let answer = before.with_token("x").get(&url).await;
    assert!(answer.map_or(true, |answer| answer.status == 401), "the old root is still believed");
    serial
}

/// Waits until every node read changed files so often.
async fn read_anew(setting: &Setting, times: u64) {
    let wire = Wire::new(None, None).unwrap();
    for node in &setting.ready.nodes {
        let begun = Instant::now();
        loop {
            let answer = wire.get(&node.metrics).await.unwrap();
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let count = text.lines().find_map(|line| line.strip_prefix("zorgsluis_certificate_reloads_total "));
            if count.and_then(|count| count.trim().parse::<u64>().ok()).is_some_and(|count| count >= times) {
                break;
            }
            assert!(begun.elapsed() < READ_WITHIN, "{} did not read its files anew", node.key);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// As an operator does: the new file takes the place of the old one at once.
fn put(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, file).unwrap();
}

fn write_pair(folder: &Path, name: &str, issued: &Value) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}-key.pem")));
    put(&certificate, issued["certificate"].as_str().unwrap());
    put(&key, issued["key"].as_str().unwrap());
    (certificate, key)
}

fn acting() -> Acting {
    Acting {
        user: User { id: "proef-01".into(), name: "A. Proef".into(), role: "01.032".into() },
        patient: PATIENT.to_owned(),
        treatment_relation: TreatmentRelation { kind: "referral".into(), reference: "verwijzing-2026-118".into() },
    }
}
