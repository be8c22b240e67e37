//! What searching the access log costs, by the way the node goes (`log::archive`), and how that grows with the log: a log of
//! a month and one of a year, at the same rate of exchanges, are built and asked the same questions in turn.
//!
//! `cargo bench -p zorgsluis --bench search`, or with other lengths: `cargo bench -p zorgsluis --bench search -- 20000 200000`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "prints what it measured, and stops when that breaks")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use exchange::ports::{LogQuestion, LogReader};
use exchange::record::AccessRecord;
use fhir::{Bsn, SearchQuery};
use store::access_log::{AccessLog, AccessLogOptions};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::runtime::Runtime;
use zorgsluis::log::archive::{Archive, ArchiveReader, Indexing};

/// Lengths of the two logs.
const RECORDS: [u64; 2] = [100_000, 1_000_000];
/// How often each question is put to each log.
const TIMES: usize = 300;
/// Events of a page.
const PAGE: usize = 50;
const NODE: &str = "90000901";

/// First moment of both logs, and how far apart exchanges are: some 2,900 a day.
const BEGIN: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z
const APART: i64 = 30;
const PATIENTS: u64 = 20_000;
const PRACTITIONERS: u64 = 400;
const ORGANISATIONS: u64 = 60;
/// The patient who is asked about has so many records, however long the log is, from its beginning to its end.
const OF_THE_PATIENT: u64 = 40;
/// The document that is asked about was disclosed so many times.
const OF_THE_DOCUMENT: u64 = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [open, folder] = arguments.as_slice()
        && open == "open"
    {
        return report_opening(Path::new(folder));
    }
    let lengths: Vec<u64> = arguments.iter().map(|length| length.parse().unwrap()).collect();
    let lengths = if lengths.is_empty() { RECORDS.to_vec() } else { lengths };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = Runtime::new().unwrap();
    let own: Vec<_> = lengths.iter().map(|length| folder.path().join(length.to_string())).collect();
    println!("{:<34}{}", "records", columns(lengths.iter().map(|length| *length as f64), 0));
    let built: Vec<Built> = lengths.iter().zip(&own).map(|(length, folder)| build(folder, *length)).collect();
    row("records indexed per second", built.iter().map(|built| built.rate), 0);
    row("log, bytes per record", built.iter().map(|built| built.log_bytes), 1);
    row("index, bytes per record", built.iter().map(|built| built.index_bytes), 1);
    let opened: Vec<[f64; 3]> = own.iter().map(|folder| in_a_process_of_its_own(folder)).collect();
    for (nth, name) in
        ["opening the index, ms", "resident for it, MiB", "... with its newest records"].iter().enumerate()
    {
        row(name, opened.iter().map(|opened| opened[nth]), 2);
    }
    let readers: Vec<ArchiveReader> = own.iter().map(|folder| open(folder)).map(ArchiveReader).collect();
    ask(&runtime, &readers, &lengths);
}

/// A line of the table; behind the logs' own values, how the last compares with the first.
fn row(name: &str, values: impl Iterator<Item = f64>, digits: usize) {
    let values: Vec<f64> = values.collect();
    let growth = values[values.len() - 1] / values[0];
    println!("{name:<34}{}{growth:>9.2}x", columns(values.into_iter(), digits));
}

fn columns(values: impl Iterator<Item = f64>, digits: usize) -> String {
    values.map(|value| format!("{value:>14.digits$}")).collect()
}

struct Built {
    rate: f64,
    log_bytes: f64,
    index_bytes: f64,
}

fn build(folder: &Path, length: u64) -> Built {
    let log = AccessLog::open(AccessLogOptions::new(folder.join("log"))).unwrap();
    let world = World::new(length);
    // What could not be read back would be found by nothing, and be fast to search.
    (0..length.min(1_000)).for_each(|number| drop(AccessRecord::read(world.record(number).as_bytes()).unwrap()));
    let mut bytes = 0;
    for number in 0..length {
        let record = world.record(number).into_bytes();
        bytes += record.len();
        let slot = loop {
            match log.try_reserve() {
                Ok(slot) => break slot,
                Err(_) => std::thread::sleep(Duration::from_micros(200)),
            }
        };
        slot.write_detached(record).unwrap();
    }
    log.close().unwrap();
    let began = Instant::now();
    let archive = open(folder);
    let took = began.elapsed().as_secs_f64();
    drop(archive);
    let index: u64 =
        fs::read_dir(folder.join("index")).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    Built {
        rate: length as f64 / took,
        log_bytes: bytes as f64 / length as f64,
        index_bytes: index as f64 / length as f64,
    }
}

/// Log and index, up to date.
fn open(folder: &Path) -> Arc<Archive> {
    let log = Arc::new(AccessLog::open(AccessLogOptions::new(folder.join("log"))).unwrap());
    up_to_date(Arc::new(Archive::open(log, &folder.join("index"), NODE.into()).unwrap()))
}

fn up_to_date(archive: Arc<Archive>) -> Arc<Archive> {
    let indexing = Indexing::start(archive.clone()).unwrap();
    while archive.behind() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(indexing);
    archive
}

/// Opens in a process that holds nothing else, so that what is resident is the index's.
fn in_a_process_of_its_own(folder: &Path) -> [f64; 3] {
    let said = Command::new(std::env::current_exe().unwrap()).arg("open").arg(folder).output().unwrap();
    assert!(said.status.success());
    let said = String::from_utf8(said.stdout).unwrap();
    let said: Vec<f64> = said.split_whitespace().map(|word| word.parse().unwrap()).collect();
    said.try_into().unwrap()
}

fn report_opening(folder: &Path) {
    let log = Arc::new(AccessLog::open(AccessLogOptions::new(folder.join("log"))).unwrap());
    let before = resident();
    let began = Instant::now();
    let archive = Arc::new(Archive::open(log, &folder.join("index"), NODE.into()).unwrap());
    let took = began.elapsed().as_secs_f64() * 1e3;
    let opened = resident() - before;
    let _archive = up_to_date(archive);
    println!("{took} {opened} {}", resident() - before);
}

/// Resident memory of this process in MiB (proc(5), `statm`).
fn resident() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0 / f64::from(1 << 20)
}

fn ask(runtime: &Runtime, readers: &[ArchiveReader], lengths: &[u64]) {
    let world = World::new(0);
    let patient = |bsn: &str| Some(Bsn::parse(bsn).unwrap());
    let organisation = format!("agent.identifier={}&outcome=8", organisation(7));
    let week = "agent.identifier=uzi-37&date=ge2026-01-12&date=le2026-01-18";
    let questions: [(&str, &str, Option<Bsn>, u64); 8] = [
        ("one patient", "", patient(&world.patient), 0),
        ("a practitioner in one week", week, None, 0),
        ("an organisation, refused", &organisation, None, 0),
        ("emergency", "purpose=BTG", None, 0),
        ("everything, page 1", "", None, 0),
        ("everything, page 100", "", None, 99 * PAGE as u64),
        ("an absent patient", "", patient(&world.absent), 0),
        ("a document", "entity=DocumentReference/asked", None, 0),
    ];
    println!("\n{:<34}{:>14}", format!("of {TIMES}, in us: median and p99"), "");
    for (name, query, patient, behind) in questions {
        let mut times = vec![Vec::with_capacity(TIMES); readers.len()];
        let mut found = vec![0; readers.len()];
        for _ in 0..TIMES {
            for (nth, reader) in readers.iter().enumerate() {
                let question = LogQuestion {
                    query: SearchQuery::parse(query).unwrap(),
                    patient: patient.clone(),
                    before: (behind > 0).then(|| lengths[nth] - behind),
                    count: PAGE,
                };
                let began = Instant::now();
                let answer = runtime.block_on(reader.search(question)).unwrap();
                times[nth].push(began.elapsed().as_secs_f64() * 1e6);
                assert!(answer.complete);
                found[nth] = answer.events.len();
            }
        }
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        row(&format!("{name} ({})", join(&found)), times.iter().map(|times| times[TIMES / 2]), 0);
        row("  p99", times.iter().map(|times| times[TIMES * 99 / 100]), 0);
    }
}

/// How many events were found in each log.
fn join(found: &[usize]) -> String {
    found.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// Who and what the records are about.
struct World {
    length: u64,
    bsns: Vec<String>,
    patient: String,
    absent: String,
}

impl World {
    fn new(length: u64) -> Self {
        let mut bsns: Vec<String> = (90_000_000..).filter_map(bsn).take(PATIENTS as usize + 2).collect();
        let (patient, absent) = (bsns.pop().unwrap(), bsns.pop().unwrap());
        World { length, bsns, patient, absent }
    }

    /// The record of this number, as an exchange leaves it.
    fn record(&self, number: u64) -> String {
        let every = |times: u64| number.is_multiple_of((self.length / times).max(1));
        let dice = mixed(number);
        let who = dice % PATIENTS;
        let patient = if every(OF_THE_PATIENT) { &self.patient } else { &self.bsns[who as usize] };
        let practitioner = (dice >> 20) % PRACTITIONERS;
        let caller = organisation(practitioner % ORGANISATIONS);
        let moment = |extra: i64| {
            let moment = OffsetDateTime::from_unix_timestamp(BEGIN + number as i64 * APART + extra).unwrap();
            moment.format(&Rfc3339).unwrap()
        };
        let asked = match (dice >> 32) % 10 {
            0 => r#"{"fhir_version":"r4","interaction":"operation","operation":"health-overview"}"#.to_owned(),
            1 | 2 => {
                let nth = (dice >> 40) % 6;
                format!(
                    r#"{{"fhir_version":"r4","interaction":"read","resource_type":"Condition","resource":"Condition/{who}-{nth}"}}"#
                )
            }
            _ => r#"{"fhir_version":"r4","interaction":"search-type","resource_type":"Condition","query":"category=problem&_count=10"}"#
                .to_owned(),
        };
        let refused = (dice >> 44).is_multiple_of(40);
        let (decision, sources, outcome) = if refused {
            (
                r#""permitted":false,"use_case":"bgz","purpose":"TREAT","denial":"policy-denied""#,
                String::new(),
                r#"{"result":"refused","status":403,"reason":"denied: policy"}"#,
            )
        } else {
            let mut disclosed: Vec<String> = (0..1 + (dice >> 50) % 6)
                .map(|nth| format!(r#""{}/{who}-{nth}/_history/1""#, ["Condition", "Observation"][nth as usize % 2]))
                .collect();
            if every(OF_THE_DOCUMENT) {
                disclosed.push(r#""DocumentReference/asked/_history/1""#.to_owned());
            }
            (
                r#""permitted":true,"use_case":"bgz","purpose":"TREAT""#,
                format!(
                    r#"{{"holder":"{NODE}","name":"epd","status":"answered","disclosed":[{}],"withheld":1}}"#,
                    disclosed.join(",")
                ),
                r#"{"result":"released"}"#,
            )
        };
        let emergency = if dice.is_multiple_of(2_003) { r#""emergency":{"reason":"Unconscious."},"# } else { "" };
        format!(
            r#"{{"layout":"zorgsluis-access/3","request_id":"{id:016x}{number:016x}","correlation_id":"{other:016x}{number:016x}","started":"{started}","recorded":"{recorded}","node":"{NODE}","gate":"outer","remote":"192.0.2.7","shown":["certificate","token"],"direction":"holder","caller":{{"client_id":"node-of-{caller}","organisation":"{caller}","organisation_name":"De Linde","organisation_kind":"Z3","person":{{"id":"uzi-{practitioner}","name":"A. de Vries","role":"01.015"}},"token_id":"{other:016x}{id:016x}"}},"asked":{asked},"patient":"{patient}","decision":{{{decision},"policy":{{"version":"1.2.0","digest":"{digest}"}},"reasons":[{{"code":"care-team","description":"Part of the care team."}}]}},"treatment_relation":{{"finding":"found","detail":{{"kind":"asserted-by-data-user","reference":"referral-{who}"}}}},"consent":{{"finding":"found","detail":{{"decision":"permit","source":"local","reference":"consent-{who}"}}}},"localisation":{{"finding":"not-found-out","detail":"not-asked"}},{emergency}"sources":[{sources}],"outcome":{outcome}}}"#,
            id = mixed(dice),
            other = mixed(dice ^ 1),
            started = moment(0),
            recorded = moment(1),
            digest = "ab".repeat(32),
        )
    }
}

fn organisation(nth: u64) -> String {
    format!("{:08}", 90_001_000 + nth)
}

/// The BSN that begins with these eight digits, if one does (the eleven test).
fn bsn(eight: u64) -> Option<String> {
    let digits = (0..8_u32).map(|at| eight / 10_u64.pow(7 - at) % 10 * u64::from(9 - at));
    let last = digits.sum::<u64>() % 11;
    (last < 10).then(|| format!("{eight}{last}"))
}

/// A reproducible number that looks like none in particular (SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
