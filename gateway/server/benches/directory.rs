//! What a copy of a country's directory costs: 100,000 organisations and 300,000 endpoints, served over a real socket, copied to
//! the disk, read on, and asked. In the middle the copying process is killed and started anew; the counts at the end say whether
//! anything was lost or is there twice. Printed, not judged: `cargo bench -p zorgsluis --bench directory`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "prints what it measured, and stops when that breaks"
)]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use connectors::http::{HttpClient, HttpSettings, WebAddress};
use connectors::mcsd::{Directories, DirectoryConfig, Networks, Rounds, Shelf};
use exchange::ports::{Capability, Receiver, SystemClock};
use fhir::{FhirVersion, Ura};
use store::replica::Replica;
use zorgsluis::directory::ReplicaShelf;

/// The first URA; the others follow.
const FIRST: u64 = 10_000_000;
const PAGE: usize = 500;
/// How much changed when what changed is measured.
const CHANGED: u64 = 1_000;
const LOOK_UPS: usize = 20_000;
/// How many are looked up again and again: those with whom a provider exchanges.
const PARTNERS: usize = 2_000;

fn organisations() -> u64 {
    std::env::var("ZORGSLUIS_ORGANISATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--copy") {
        Some(at) => copy(&arguments[at + 1], Path::new(&arguments[at + 2])),
        None => measure(),
    }
}

/// The child: one round, then what it took, on one line.
fn copy(base: &str, folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let shelf: Arc<dyn Shelf> = Arc::new(ReplicaShelf::new(Replica::open(folder, 64 << 20).expect("the copy opens")));
    let rounds = rounds(base, &shelf);
    let began = Instant::now();
    runtime.block_on(rounds.once()).expect("the copy can be written");
    println!("{:.1} s, {} MiB resident at most", began.elapsed().as_secs_f64(), resident("VmHWM"));
}

fn config(base: &str) -> Arc<DirectoryConfig> {
    let base = WebAddress::parse(base).expect("an address");
    Arc::new(DirectoryConfig { page_size: PAGE, ..DirectoryConfig::new(Some(base)) })
}

fn rounds(base: &str, shelf: &Arc<dyn Shelf>) -> Rounds {
    let http = HttpClient::new(HttpSettings::default()).expect("a client");
    Rounds::new(config(base), shelf.clone(), http, Arc::new(SystemClock), Networks::Any)
}

fn measure() {
    let count = organisations();
    let folder = tempfile::tempdir().unwrap();
    let pages = Arc::new(AtomicU64::new(0));
    let changed = Arc::new(AtomicU64::new(0));
    let base = serve(count, pages.clone(), changed.clone());
    let whole = folder.path().join("whole");
    println!("{count} organisations, {} endpoints, pages of {PAGE}", count * 3);
    println!("everything: {}", child(&base, &whole, None));
    println!("on the disk: {} MiB", size(&whole) >> 20);
    println!("nothing changed: {}", child(&base, &whole, None));
    changed.store(CHANGED, Ordering::SeqCst);
    println!("{CHANGED} endpoints changed: {}", child(&base, &whole, None));
    changed.store(0, Ordering::SeqCst);

    let torn = folder.path().join("torn");
    let total = count * 4 / PAGE as u64;
    let mut kills = 0;
    for part in 1..=4 {
        pages.store(0, Ordering::SeqCst);
        let until = total * part / 12;
        let seen = pages.clone();
        child(&base, &torn, Some(Box::new(move || seen.load(Ordering::SeqCst) >= until.max(1))));
        kills += 1;
    }
    println!("killed {kills} times on the way, then to the end: {}", child(&base, &torn, None));
    let shelf: Arc<dyn Shelf> = Arc::new(ReplicaShelf::new(Replica::open(&torn, 64 << 20).expect("the copy opens")));
    let mut keys = HashSet::new();
    let (mut organisations, mut endpoints, mut twice) = (0_u64, 0_u64, 0_u64);
    shelf
        .walk(b"", &mut |key, _| {
            twice += u64::from(!keys.insert(key.to_vec()));
            let text = String::from_utf8_lossy(key);
            organisations += u64::from(text.contains("Organization/"));
            endpoints += u64::from(text.contains("Endpoint/"));
            true
        })
        .expect("the copy can be read");
    drop(keys);
    println!(
        "in the copy: {organisations} organisations, {endpoints} endpoints, {} lost, {twice} twice",
        count * 4 - organisations - endpoints
    );
    look_up(&base, shelf, count);
}

/// Look-ups of organisations all over the directory.
fn look_up(base: &str, shelf: Arc<dyn Shelf>, count: u64) {
    let directories = Directories::new(config(base), shelf, Arc::new(SystemClock), Networks::Any);
    let wanted = Capability {
        connections: vec!["hl7-fhir-rest".into()],
        payloads: vec!["Condition".into()],
        version: Some(FhirVersion::R4),
    };
    for (what, of) in [("of anybody", LOOK_UPS), ("of partners", PARTNERS), ("of partners again", PARTNERS)] {
        let (mut times, mut interrupted) = (Vec::with_capacity(LOOK_UPS), 0);
        for number in 0..LOOK_UPS {
            let ura = Ura::parse(&(FIRST + (number % of) as u64 * 7_919 % count).to_string()).unwrap();
            let receiver = Receiver { ura, service: None };
            let (before, began) = (interruptions(), Instant::now());
            let told = directories.examine(&receiver, &wanted).expect("the copy can be read");
            let took = began.elapsed();
            assert!(told.found.is_some(), "{told:?}");
            // What the machine did in between for others is no cost of a look-up.
            if interruptions() == before {
                times.push(took);
            } else {
                interrupted += 1;
            }
        }
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 1000];
        println!(
            "{LOOK_UPS} look-ups {what}: median {:?}, 99th percentile {:?}, longest {:?}; {interrupted} more were interrupted; \
             {} MiB resident",
            at(500),
            at(990),
            times[times.len() - 1],
            resident("VmRSS")
        );
    }
}

/// How often this thread had to give the processor to another.
fn interruptions() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    line.and_then(|line| line.trim().parse().ok()).unwrap_or(0)
}

type Until = Box<dyn Fn() -> bool>;

/// Copies in a process of its own; kills it (SIGKILL) as soon as `until` says so.
fn child(base: &str, folder: &Path, until: Option<Until>) -> String {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["--copy", base])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process of its own");
    if let Some(until) = until {
        while !until() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        return String::new();
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success());
    said.trim().to_owned()
}

/// MiB of this process, as Linux counts them.
fn resident(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) >> 10
}

fn size(folder: &Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// A directory that makes its pages as it is asked.
fn serve(count: u64, pages: Arc<AtomicU64>, changed: Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let (pages, changed) = (pages.clone(), changed.clone());
            std::thread::spawn(move || answer(stream, count, &pages, &changed));
        }
    });
    base
}

fn answer(mut stream: TcpStream, count: u64, pages: &AtomicU64, changed: &AtomicU64) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut header = String::new();
        while reader.read_line(&mut header).unwrap_or(0) > 2 {
            header.clear();
        }
        let target = line.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let number = |name: &str| {
            let found = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            found.and_then(|value| value.parse::<u64>().ok()).unwrap_or(0)
        };
        let from = number("from");
        let history = path.ends_with("/_history");
        let changed = changed.load(Ordering::SeqCst);
        let (kind, all) = match path.split('/').nth(2) {
            Some("Organization") if !history => ("Organization", count),
            Some("Endpoint") if !history => ("Endpoint", count * 3),
            Some("Endpoint") => ("Endpoint", changed),
            _ => ("", 0),
        };
        let until = (from + PAGE as u64).min(all);
        let entries: Vec<String> = (from..until)
            .map(|number| {
                format!(
                    r#"{{"resource":{}}}"#,
                    if kind == "Organization" { organisation(number) } else { endpoint(number, changed > 0) }
                )
            })
            .collect();
        let next = format!(r#"{{"relation":"next","url":"{path}?from={until}"}}"#);
        let link = if until < all { next } else { String::new() };
        let now = "2026-03-01T12:00:00Z";
        let body = format!(
            r#"{{"resourceType":"Bundle","type":"{}","meta":{{"lastUpdated":"{now}"}},"link":[{link}],"entry":[{}]}}"#,
            if history { "history" } else { "searchset" },
            entries.join(",")
        );
        pages.fetch_add(1, Ordering::SeqCst);
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn organisation(number: u64) -> String {
    let endpoints: Vec<String> =
        (0..3).map(|part| format!(r#"{{"reference":"Endpoint/e{}"}}"#, number * 3 + part)).collect();
    format!(
        r#"{{"resourceType":"Organization","id":"o{number}","meta":{{"lastUpdated":"2026-02-01T00:00:00Z"}},"active":true,
        "identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/ura","value":"{}"}}],"name":"Zorgaanbieder {number}",
        "address":[{{"city":"Utrecht","line":["Straat {number}"]}}],"endpoint":[{}]}}"#,
        FIRST + number,
        endpoints.join(",")
    )
}

/// Three of each organisation: its FHIR interface, its token endpoint, and what it had before.
fn endpoint(number: u64, changed: bool) -> String {
    let connection = if number % 3 == 1 { "oauth2" } else { "hl7-fhir-rest" };
    let status = if number % 3 == 2 { "off" } else { "active" };
    let at = if changed { "2026-02-02T00:00:00Z" } else { "2026-02-01T00:00:00Z" };
    let host = if changed { "new" } else { "node" };
    format!(
        r#"{{"resourceType":"Endpoint","id":"e{number}","meta":{{"lastUpdated":"{at}"}},"status":"{status}",
        "connectionType":{{"system":"http://terminology.hl7.org/CodeSystem/endpoint-connection-type","code":"{connection}"}},
        "payloadType":[{{"coding":[{{"system":"http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-data-categories-cs","code":"Condition"}}]}}],
        "payloadMimeType":["application/fhir+json; fhirVersion=4.0"],"managingOrganization":{{"display":"Leverancier"}},
        "address":"https://{host}{number}.example/fhir"}}"#
    )
}
