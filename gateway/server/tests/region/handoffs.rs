//! Nursing handoffs while both nodes are killed at random: each ends complete at both sides, once, and nothing of it is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conformance::callers::Wire;
use conformance::handoff::{Ecd, Parties, differences, handoff};
use conformance::ready::{Node, Ready};
use conformance::suites::{Setting, log_by_program};
use conformance::webhook::Taken;
use fhir::json::Limits;
use fhir::{FhirVersion, Resource, xml};
use serde_json::{Value, json};

use crate::program::{self, Program, Served, ZORGSLUIS, random};

/// Kills per run; more by `ZORGSLUIS_CRASH_ROUNDS`.
const ROUNDS: usize = 6;
/// Handoffs that are pushed between two kills.
const PUSHES: usize = 3;
/// How long it may take until everything is complete after the last kill.
const SETTLES_WITHIN: Duration = Duration::from_secs(90);

/// The two nodes, each killed and started again on its own state.
pub struct Nodes {
    served: BTreeMap<&'static str, Served>,
}

impl Nodes {
    /// Takes both over from the demo that began them.
    pub fn of(ready: &Ready) -> Self {
        let mut nodes = Nodes { served: BTreeMap::new() };
        for key in ["hospital", "nursing-home"] {
            let node = ready.node(key).unwrap();
            program::kill(node.pid);
            until_free(node);
            nodes.served.insert(key, Served::start(&node.config_file, &node.inner));
        }
        nodes
    }

    pub fn kill_and_start(&mut self, ready: &Ready, key: &'static str) {
        let node = ready.node(key).unwrap();
        let mut served = self.served.remove(key).unwrap();
        served.kill();
        drop(served);
        until_free(node);
        self.served.insert(key, Served::start(&node.config_file, &node.inner));
    }
}

/// Waits until both listeners of a node that was killed are gone: its threads end one after the other.
fn until_free(node: &Node) {
    for base in [&node.inner, &node.outer] {
        let port: u16 = base.rsplit(':').next().unwrap().parse().unwrap();
        while TcpListener::bind(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_handoff_is_complete_at_both_sides_once_whoever_is_killed_when() {
    let _alone = crate::ALONE.lock().await;
    let rounds = std::env::var("ZORGSLUIS_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("ZORGSLUIS_CRASH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(random);
    eprintln!("handoffs: {rounds} kills, ZORGSLUIS_CRASH_SEED={seed}");
    let demo = Program::demo();
    let setting = Setting::new(demo.ready(), log_by_program(ZORGSLUIS.into()));
    let mut nodes = Nodes::of(&setting.ready);
    let patient = setting.ready.patients.iter().find(|patient| patient.known_at.iter().any(|key| key == "hospital"));
    let bsn = patient.unwrap().bsn.clone();
    let over = Arc::new(AtomicBool::new(false));
    let parties = Arc::new(Parties::of(&setting).unwrap());
    let taking = tokio::spawn(take_what_is_offered(parties.clone(), over.clone()));
    let mut dice = Dice(seed);
    let mut pushed: Vec<Value> = Vec::new();
    for round in 0..rounds {
        for number in 0..PUSHES {
            let bundle = handoff(&bsn, &format!("{seed:x}-{round}-{number}"));
            pushed.push(bundle);
        }
        let fresh = pushed[pushed.len() - PUSHES..].to_vec();
        let (pushing, key) =
            (push_until_taken(&parties, fresh), if dice.below(2) == 0 { "hospital" } else { "nursing-home" });
        // The kill comes at some moment of the push, of the telling or of the pull.
        let wait = Duration::from_millis(dice.below(400));
        let killing = async {
            tokio::time::sleep(wait).await;
            tokio::task::block_in_place(|| nodes.kill_and_start(&setting.ready, key));
        };
        tokio::join!(pushing, killing);
    }
    let ends = settled(&parties, pushed.len()).await;
    over.store(true, Ordering::SeqCst);
    taking.await.unwrap();
    assert_eq!(ends.len(), pushed.len(), "as many at the receiver as were pushed: none lost, none twice");
    // Each handoff of a run has a Composition of its own.
    let composition = |bundle: &Value| bundle["entry"][0]["resource"]["id"].as_str().unwrap().to_owned();
    let mut came: BTreeMap<String, Value> = BTreeMap::new();
    let ecd = Ecd::of(&setting).unwrap();
    let patient = ecd.registers(&bsn).await.unwrap();
    for end in &ends {
        assert_eq!(end["state"], "completed", "{end}");
        let id = end["id"].as_str().unwrap();
        let document = parties.document(id).await.unwrap();
        let differ = ecd.differences(id, &document, &patient).await.unwrap();
        assert_eq!(differ, Vec::<String>::new(), "each is in the record system once, and whole");
        assert!(came.insert(composition(&document), document).is_none(), "each came once");
    }
    for bundle in &pushed {
        assert_eq!(differences(bundle, &came[&composition(bundle)]), Vec::<String>::new(), "each came whole");
    }
    // Whoever was killed when: the record systems of both sides were told where each of them ended.
    let sent = all_sent(&parties).await.unwrap();
    let ids = ends.iter().chain(&sent).map(|one| one["id"].as_str().unwrap().to_owned());
    told_to_their_end(&setting, ids.collect()).await;
    // Every completion is one change of one Task, on record at its sender.
    let updates = setting
        .log("hospital", 0)
        .unwrap()
        .into_iter()
        .filter(|record| record["asked"]["interaction"] == "update" && record["outcome"]["result"] == "released");
    eprintln!("handoffs: {} complete, {} answers to a Task put back", pushed.len(), updates.count());
}

#[tokio::test]
async fn the_published_handoffs_come_through_both_nodes_resource_for_resource() {
    let published = published();
    if published.is_empty() {
        eprintln!("SKIPPED: no handoff was put through, ZORGSLUIS_SHARED names no eOverdracht fixtures");
        return;
    }
    let _alone = crate::ALONE.lock().await;
    let demo = Program::demo();
    let setting = Setting::new(demo.ready(), log_by_program(ZORGSLUIS.into()));
    let parties = Parties::of(&setting).unwrap();
    let ecd = Ecd::of(&setting).unwrap();
    for (name, bundle) in &published {
        let patient = ecd.registers(&bsn_of(bundle)).await.unwrap();
        let answer = parties.push_bundle(bundle).await.unwrap();
        assert_eq!(answer.status, 201, "{name}: {}", String::from_utf8_lossy(&answer.body));
        let task = answer.json().unwrap()["task"].as_str().unwrap().to_owned();
        let id = parties.until(&task, "offered").await.unwrap();
        parties.take(&id).await.unwrap();
        parties.until(&task, "completed").await.unwrap();
        let document = parties.document(&id).await.unwrap();
        assert_eq!(differences(bundle, &document), Vec::<String>::new(), "{name}");
        let composition = bundle["entry"][0]["resource"]["id"].as_str().unwrap();
        ecd.until_stored(&id, composition).await.unwrap();
        assert_eq!(
            ecd.differences(&id, bundle, &patient).await.unwrap(),
            Vec::<String>::new(),
            "{name}, in the record system"
        );
    }
    let resources: usize = published.iter().map(|(_, bundle)| bundle["entry"].as_array().unwrap().len()).sum();
    eprintln!("{} published handoffs of {resources} resources came through", published.len());
}

/// The BSN of the Patient that a handoff is about.
fn bsn_of(bundle: &Value) -> String {
    let resources = bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
    let mut patients = resources.filter(|one| one["resourceType"] == "Patient");
    let identifiers = patients.next().and_then(|patient| patient["identifier"].as_array()).into_iter().flatten();
    let bsn =
        identifiers.filter(|one| one["system"] == "http://fhir.nl/fhir/NamingSystem/bsn").map(|one| &one["value"]);
    bsn.filter_map(Value::as_str).next().unwrap_or_default().to_owned()
}

/// The published handoffs of 4.0, 4.1 and 4.2, each with every resource that it leads to, as documents in JSON.
fn published() -> Vec<(String, Value)> {
    let Some(root) = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from) else { return Vec::new() };
    let mut all = Vec::new();
    for release in ["eoverdracht-4-0", "eoverdracht-4-1", "eoverdracht-4-2"] {
        let mut resources: BTreeMap<String, Resource> = BTreeMap::new();
        let mut files = Vec::new();
        walk(&root.join("eoverdracht/rendered").join(release), &mut files);
        for file in files {
            let read = xml::read(FhirVersion::Stu3, &std::fs::read(file).unwrap(), &Limits::default());
            let Ok(resource) = read else { continue };
            if let Some(id) = resource.id().map(|id| id.into_owned()) {
                resources.entry(format!("{}/{id}", resource.resource_type())).or_insert(resource);
            }
        }
        for composition in resources.keys().filter(|name| name.starts_with("Composition/")) {
            let mut reached = vec![composition.clone()];
            let mut at = 0;
            while let Some(name) = reached.get(at).cloned() {
                fhir::links(&resources[&name], &mut |kind, id, _| {
                    let name = format!("{kind}/{id}");
                    if resources.contains_key(&name) && !reached.contains(&name) {
                        reached.push(name);
                    }
                });
                at += 1;
            }
            let entry = |name: &String| {
                let resource: Value = serde_json::from_str(resources[name].text()).unwrap();
                json!({"resource": resource})
            };
            let entries: Vec<Value> = reached.iter().map(entry).collect();
            let bundle = json!({"resourceType": "Bundle", "type": "document", "entry": entries});
            all.push((format!("{release} {composition}"), bundle));
        }
    }
    all
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "xml") {
            files.push(path);
        }
    }
}

/// Pushes each until the sender says that it has it: who gets no answer sends the same again.
async fn push_until_taken(parties: &Parties, bundles: Vec<Value>) {
    for bundle in bundles {
        let began = Instant::now();
        loop {
            if parties.push_bundle(&bundle).await.is_ok_and(|answer| matches!(answer.status, 200 | 201)) {
                break;
            }
            assert!(began.elapsed() < SETTLES_WITHIN, "a push is not taken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The nursing home's nurse, who takes whatever is offered.
async fn take_what_is_offered(parties: Arc<Parties>, over: Arc<AtomicBool>) {
    while !over.load(Ordering::SeqCst) {
        for one in all_received(&parties).await.unwrap_or_default() {
            if one["state"] == "offered" {
                let _ = parties.take(one["id"].as_str().unwrap_or_default()).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn all_received(parties: &Parties) -> Option<Vec<Value>> {
    let (mut all, mut url) = (Vec::new(), format!("{}/handoffs/received", parties.receiver_inner));
    loop {
        let listed = parties.ecd.get(&url).await.ok().filter(|answer| answer.status == 200)?.json()?;
        all.extend(listed["transfers"].as_array()?.iter().cloned());
        let Some(next) = listed["next"].as_str() else { return Some(all) };
        url = format!("{}/handoffs/received?behind={next}", parties.receiver_inner);
    }
}

async fn all_sent(parties: &Parties) -> Option<Vec<Value>> {
    let (mut all, mut url) = (Vec::new(), format!("{}/handoffs/sent", parties.sender_inner));
    loop {
        let listed = parties.epd.get(&url).await.ok().filter(|answer| answer.status == 200)?.json()?;
        all.extend(listed["transfers"].as_array()?.iter().cloned());
        let Some(next) = listed["next"].as_str() else { return Some(all) };
        url = format!("{}/handoffs/sent?behind={next}", parties.sender_inner);
    }
}

/// Waits until both sides have completed all of them and owe nothing, also not to the receiver's record system; what the
/// receiver has.
async fn settled(parties: &Parties, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let (sent, received) =
            (all_sent(parties).await.unwrap_or_default(), all_received(parties).await.unwrap_or_default());
        let done = sent.len() == count
            && sent.iter().all(|one| one["state"] == "completed" && one["told"] == true)
            && received.iter().all(|one| one["state"] == "completed" && one["filing"] == "stored");
        if done {
            return received;
        }
        let is_open = |one: &&Value| one["state"] != "completed" || one["filing"] == "owed";
        let open: Vec<_> = sent.iter().chain(&received).filter(is_open).collect();
        assert!(began.elapsed() < SETTLES_WITHIN, "{} of {count} sent; open: {open:?}", sent.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until the record systems were told of each of these transfers that it is completed. What they were told more than once came
/// under the id that it had.
async fn told_to_their_end(setting: &Setting, transfers: Vec<String>) {
    let found = setting.ready.services.iter().find(|service| service.kind == "record-system").unwrap();
    let wire = Wire::new(Some(&setting.ready.ca_file), None).unwrap();
    let began = Instant::now();
    loop {
        let told = wire.get(&format!("{}/notices", found.control)).await.unwrap().json().unwrap();
        assert_eq!(told["rejected"], json!([]), "each message is signed, and as it should be");
        let taken: Vec<Taken> = serde_json::from_value(told["taken"].clone()).unwrap();
        let data = |one: &Taken, name: &str| one.body["data"][name].as_str().unwrap_or_default().to_owned();
        let over: BTreeSet<String> =
            taken.iter().filter(|one| data(one, "state") == "completed").map(|one| data(one, "id")).collect();
        if transfers.iter().all(|id| over.contains(id)) {
            assert!(taken.iter().all(|one| one.id.starts_with(&data(one, "id"))), "an id names its transfer");
            let again: usize = taken.iter().map(|one| one.times - 1).sum();
            eprintln!("handoffs: {} messages to the record systems, {again} of them told again", taken.len());
            return;
        }
        assert!(began.elapsed() < SETTLES_WITHIN, "{} of {} were told to their end", over.len(), transfers.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Numbers that a seed decides (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
