use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connectors::siem::{Receiver, ReceiverConfig, StreamFault, Transport};
use serde_json::Value;
use store::access_log::{AccessLog, Content, ReadFault};
use store::cursor::{Cursor, Found};
use tempfile::TempDir;

use super::following::Following;
use super::frames::Batch;
use super::{Names, Siem, Standing, Streaming};
use crate::log::tests::open;

/// A receiver on loopback that keeps whole frames, and can be made to close each connection after so many octets, to read
/// slowly, or to be away.
struct Stub {
    address: SocketAddr,
    frames: Arc<Mutex<Vec<Vec<u8>>>>,
    away: Arc<AtomicBool>,
    closes_after: Arc<Mutex<Vec<usize>>>,
}

impl Stub {
    fn start() -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stub = Stub {
            address: listener.local_addr().unwrap(),
            frames: Arc::default(),
            away: Arc::default(),
            closes_after: Arc::default(),
        };
        let (frames, away, closes) = (stub.frames.clone(), stub.away.clone(), stub.closes_after.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                if away.load(Ordering::SeqCst) {
                    continue;
                }
                let (frames, most) = (frames.clone(), closes.lock().unwrap().pop().unwrap_or(usize::MAX));
                std::thread::spawn(move || read_frames(socket.unwrap(), most, &frames));
            }
        });
        stub
    }

    fn receiver(&self) -> Receiver {
        let config = ReceiverConfig {
            port: self.address.port(),
            transport: Transport::Tcp,
            connect_ms: 1_000,
            write_ms: 1_000,
            ..ReceiverConfig::new("127.0.0.1")
        };
        Receiver::new(&config).unwrap()
    }

    /// The JSON of every message that came whole.
    fn told(&self) -> Vec<Value> {
        let frames = self.frames.lock().unwrap();
        let json = |frame: &Vec<u8>| {
            let text = String::from_utf8(frame.clone()).unwrap();
            serde_json::from_str(text.split_once("] ").unwrap().1).unwrap()
        };
        frames.iter().map(json).collect()
    }

    /// The indexes that came, those of erased records among them.
    fn indexes(&self) -> BTreeSet<u64> {
        let told = self.told();
        let range = |one: &Value| {
            let index = one["index"].as_u64().unwrap();
            index..index + if one["event"] == "erased" { one["records"].as_u64().unwrap() } else { 1 }
        };
        told.iter().flat_map(range).collect()
    }

    fn wait_for(&self, records: u64) {
        until(|| self.indexes().len() >= records as usize);
        assert_eq!(self.indexes(), (0..records).collect());
    }
}

/// Waits for this, and not for ever.
fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not come to that");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read_frames(mut socket: TcpStream, most: usize, frames: &Mutex<Vec<Vec<u8>>>) {
    let (mut buffer, mut unread, mut left) = ([0; 997], Vec::new(), most);
    while left > 0 {
        let piece = left.min(buffer.len());
        let Ok(read @ 1..) = socket.read(&mut buffer[..piece]) else { return };
        left -= read;
        unread.extend_from_slice(&buffer[..read]);
        while let Some(space) = unread.iter().position(|octet| *octet == b' ') {
            let length: usize = std::str::from_utf8(&unread[..space]).unwrap().parse().unwrap();
            if unread.len() < space + 1 + length {
                break;
            }
            let rest = unread.split_off(space + 1 + length);
            frames.lock().unwrap().push(unread.split_off(space + 1));
            unread = rest;
        }
    }
}

fn names() -> Names {
    Names { node: "90010001".into(), hostname: "node.example".into() }
}

fn record(number: u64) -> Vec<u8> {
    let outcome = if number % 7 == 3 {
        r#"{"result":"refused","status":403,"reason":"denied: policy"}"#
    } else {
        r#"{"result":"released"}"#
    };
    format!(
        r#"{{"layout":"zorgsluis-access/3","request_id":"r-{number}","correlation_id":"c","started":"2026-11-23T08:00:00Z",
        "recorded":"2026-11-23T08:00:00.25Z","node":"90010001","gate":"inner","patient":"999911120","sources":[],
        "outcome":{outcome}}}"#
    )
    .into_bytes()
}

fn append(log: &AccessLog, numbers: std::ops::Range<u64>) {
    let until = numbers.end;
    for number in numbers {
        loop {
            if let Ok(slot) = log.try_reserve() {
                slot.write_detached(record(number)).unwrap();
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let begun = Instant::now();
    while log.length() < until && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(log.length(), until);
}

fn log(folder: &TempDir) -> Arc<AccessLog> {
    Arc::new(open(&folder.path().join("log")))
}

fn start(log: &Arc<AccessLog>, folder: &Path, stub: &Stub) -> (Streaming, Arc<Siem>) {
    Streaming::start(log, &folder.join("siem"), stub.receiver(), names()).unwrap()
}

#[test]
fn every_record_is_told_in_order_as_it_becomes_durable() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
    let log = log(&folder);
    append(&log, 0..10);
    let (streaming, siem) = start(&log, folder.path(), &stub);
    stub.wait_for(10);
    append(&log, 10..300);
    stub.wait_for(300);
    until(|| siem.standing() == Some(Standing::Connected));
    drop(streaming);
    let told = stub.told();
    assert_eq!(told.len(), 300);
    assert!((0..).zip(&told).all(|(index, one)| one["index"] == index && one["request_id"] == format!("r-{index}")));
    assert_eq!((siem.standing(), siem.lag(log.length())), (Some(Standing::Connected), 0));
    let frame = String::from_utf8(stub.frames.lock().unwrap()[3].clone()).unwrap();
    let start = format!(
        "<108>1 2026-11-23T08:00:00.250000Z node.example zorgsluis {} exchange [origin software=\"zorgsluis\" swVersion=",
        std::process::id()
    );
    assert!(frame.starts_with(&start), "{frame}");
    assert!(stub.frames.lock().unwrap()[4].starts_with(b"<110>1 "));
    assert!(!frame.contains("999911120"));
}

#[test]
fn what_becomes_durable_until_the_end_is_told_and_no_more_than_the_least_again() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
    let log = log(&folder);
    let (streaming, _) = start(&log, folder.path(), &stub);
    append(&log, 0..1_000);
    stub.wait_for(1_000);
    append(&log, 1_000..1_100);
    drop(streaming);
    stub.wait_for(1_100);
    // A short while is not over, so nothing counts as arrived.
    let (streaming, siem) = start(&log, folder.path(), &stub);
    until(|| siem.lag(1_100) == 0 && stub.told().len() >= 2_200);
    drop(streaming);
    assert_eq!(stub.told().len(), 2_200);
    let settled = Cursor::open(&folder.path().join("siem")).unwrap().0;
    settled.put(1_000).unwrap();
    let (streaming, siem) = start(&log, folder.path(), &stub);
    until(|| siem.lag(1_100) == 0 && stub.told().len() >= 2_300);
    drop(streaming);
    assert_eq!(stub.told().len(), 2_300);
}

#[test]
fn no_record_is_missing_whenever_the_receiver_closes_and_whenever_the_node_is_killed() {
    for seed in 0..6_usize {
        let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
        let log = log(&folder);
        let mut length = 0;
        *stub.closes_after.lock().unwrap() = (0..8).map(|number| (seed * 7_919 + number * 104_729) % 90_000).collect();
        for life in 0..5 {
            let siem = Arc::new(Siem::default());
            let place = folder.path().join("siem");
            let mut following = Following::open(&log, &place, stub.receiver(), names(), siem).unwrap();
            for step in 0..(seed + life) % 5 + 2 {
                let more = (seed as u64 * 31 + step as u64 * 17) % 90;
                append(&log, length..length + more);
                length += more;
                following.round();
                std::thread::sleep(Duration::from_millis(5));
            }
            // Killed: nothing is written down any more.
            drop(following);
        }
        stub.closes_after.lock().unwrap().clear();
        let (streaming, _) = start(&log, folder.path(), &stub);
        stub.wait_for(length);
        drop(streaming);
    }
}

#[test]
fn erased_records_are_passed_over_and_said_to_be_erased() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
    let log = log(&folder);
    append(&log, 0..400);
    let gone = [0..3, 20..21, 30..200];
    let erasure = log.erase(&gone).unwrap();
    assert!(erasure.records >= 100, "{} were erased", erasure.records);
    let (streaming, siem) = start(&log, folder.path(), &stub);
    stub.wait_for(400);
    append(&log, 400..410);
    stub.wait_for(410);
    drop(streaming);
    let told = stub.told();
    let erased: u64 =
        told.iter().filter(|one| one["event"] == "erased").map(|one| one["records"].as_u64().unwrap()).sum();
    assert_eq!(erased, erasure.records);
    let runs: BTreeMap<u64, u64> = told
        .iter()
        .filter(|one| one["event"] == "erased")
        .map(|one| (one["index"].as_u64().unwrap(), one["records"].as_u64().unwrap()))
        .collect();
    assert_eq!((runs[&0], runs[&20], runs[&30]), (3, 1, 170));
    assert_eq!(siem.lag(log.length()), 0);
}

#[test]
fn a_receiver_that_is_away_holds_nothing_up_and_is_told_all_when_it_comes() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
    let log = log(&folder);
    stub.away.store(true, Ordering::SeqCst);
    let (streaming, siem) = start(&log, folder.path(), &stub);
    append(&log, 0..500);
    until(|| siem.standing() == Some(Standing::Lost(StreamFault::Closed)));
    assert!(log.healthy());
    assert!(stub.told().is_empty());
    stub.away.store(false, Ordering::SeqCst);
    stub.wait_for(500);
    drop(streaming);
}

#[test]
fn a_change_is_news_once() {
    let siem = Siem::default();
    let lost = Standing::Lost(StreamFault::Unreachable);
    for (stands, news) in [
        (lost, true),
        (lost, false),
        (Standing::Lost(StreamFault::Certificate), true),
        (Standing::Connected, true),
        (Standing::Connected, false),
        (lost, true),
    ] {
        assert_eq!(siem.stands(stands), news, "{stands:?}");
    }
}

#[test]
fn a_cursor_that_is_not_of_this_log_or_of_no_cursor_begins_at_the_first_record() {
    for spoil in
        [&(|place: &Path| Cursor::open(place).unwrap().0.put(41).unwrap()) as &dyn Fn(&Path), &|place: &Path| {
            std::fs::create_dir_all(place).unwrap();
            std::fs::write(place.join("cursor"), "rubbish").unwrap();
        }]
    {
        let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
        let log = log(&folder);
        append(&log, 0..40);
        spoil(&folder.path().join("siem"));
        let (streaming, _) = start(&log, folder.path(), &stub);
        stub.wait_for(40);
        drop(streaming);
        assert_eq!(Cursor::open(&folder.path().join("siem")).unwrap().1, Found::At(0));
    }
}

#[test]
fn the_metrics_say_whether_it_is_there_and_how_far_behind() {
    let mut registry = prometheus_client::registry::Registry::with_prefix("zorgsluis");
    let siem = Siem::default();
    siem.register(&mut registry);
    siem.at(30);
    siem.wrote(32, 2);
    siem.stands(Standing::Connected);
    siem.stands(Standing::Lost(StreamFault::Closed));
    siem.measure(50);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "zorgsluis_siem_connected 0",
        "zorgsluis_siem_lag_records 20",
        "zorgsluis_siem_messages_total 32",
        "zorgsluis_siem_erased_records_total 2",
        "zorgsluis_siem_lost_connections_total 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is not in {text}");
    }
}

#[test]
fn a_batch_is_bounded_and_what_stands_before_a_fault_is_told() {
    let erased = |index: u64| Ok((index, Content::Erased([0; 32])));
    let there = |index: u64| Ok((index, Content::Record(record(index))));
    let torn = || Err(ReadFault::Io(std::io::Error::other("torn")));
    let gather = |from: u64, found: Vec<Result<(u64, Content), ReadFault>>| {
        let mut found = found.into_iter();
        let batch = Batch::gather(&names(), from, &mut found);
        (batch, found.count())
    };
    let (batch, left) = gather(5, (5..1_000).map(there).collect());
    assert_eq!((batch.messages, batch.next, left), (256, 261, 739));
    assert!(batch.octets.len() < 300 << 10);
    let (batch, left) = gather(5, (5..1_000).map(erased).collect());
    assert_eq!((batch.messages, batch.erased, batch.next, left), (1, 256, 261, 739));
    let (batch, left) = gather(0, vec![there(0), erased(1), erased(2), torn(), there(3)]);
    assert_eq!((batch.messages, batch.erased, batch.next, left), (2, 2, 3, 1));
    assert!(batch.fault.is_some());
    let (batch, _) = gather(7, vec![torn()]);
    assert_eq!((batch.messages, batch.next, batch.octets.len()), (0, 7, 0));
    let (batch, _) = gather(7, Vec::new());
    assert!((batch.messages, batch.next) == (0, 7) && batch.fault.is_none());
}

#[test]
fn a_log_that_cannot_be_read_is_told_as_far_as_it_can_and_the_rest_when_it_is_mended() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start());
    let log = log(&folder);
    append(&log, 0..200);
    let mut segments: Vec<_> =
        std::fs::read_dir(folder.path().join("log")).unwrap().map(|file| file.unwrap().path()).collect();
    segments.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
    segments.sort();
    let (segment, aside) = (segments[2].clone(), folder.path().join("aside"));
    std::fs::rename(&segment, &aside).unwrap();
    let siem = Arc::new(Siem::default());
    let place = folder.path().join("siem");
    let mut following = Following::open(&log, &place, stub.receiver(), names(), siem.clone()).unwrap();
    assert_eq!(following.round(), Duration::ZERO);
    assert!(following.round() >= Duration::from_secs(10));
    let told = 200 - siem.lag(200);
    assert!((1..200).contains(&told), "{told}");
    assert!(following.round() >= Duration::from_secs(10));
    assert_eq!(siem.standing(), None);
    std::fs::rename(&aside, &segment).unwrap();
    following.round();
    assert_eq!(siem.lag(200), 0);
    stub.wait_for(200);
}
