use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connectors::http::{Trust, WebAddress};
use connectors::webhooks::{Secrets, WebhookConfig, WebhookReceiver};
use store::access_log::AccessLog;
use store::outbox::Outbox;
use tempfile::TempDir;

use super::telling::Telling;
use super::{MOST, Notifying, Standing};
use crate::log::tests::open;

/// How a message with this id is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Takes,
    Says(u16),
    /// Takes it, and the answer is lost.
    Hangs,
    Closes,
}

type Answering = Arc<Mutex<Box<dyn FnMut(&str) -> Answer + Send>>>;

/// A receiver on loopback that keeps what it took, by id, with how often.
struct Stub {
    address: SocketAddr,
    took: Arc<Mutex<BTreeMap<String, usize>>>,
    answering: Answering,
}

impl Stub {
    fn start(answering: impl FnMut(&str) -> Answer + Send + 'static) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answering: Answering = Arc::new(Mutex::new(Box::new(answering)));
        let stub = Stub { address, took: Arc::default(), answering };
        let (took, answering) = (stub.took.clone(), stub.answering.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (took, answering) = (took.clone(), answering.clone());
                std::thread::spawn(move || serve(socket.unwrap(), &took, &answering));
            }
        });
        stub
    }

    fn answers(&self, answering: impl FnMut(&str) -> Answer + Send + 'static) {
        *self.answering.lock().unwrap() = Box::new(answering);
    }

    fn receiver(&self) -> WebhookReceiver {
        let config = WebhookConfig {
            url: WebAddress::parse(&format!("http://{}/notices", self.address)).unwrap(),
            secret_file: "secret".into(),
            authorities_file: None,
            certificate_file: None,
            key_file: None,
            patience_ms: 500,
        };
        let secrets = Secrets::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        WebhookReceiver::new(config, secrets, Trust::Roots(Vec::new()), None).unwrap()
    }

    fn took(&self) -> BTreeSet<u64> {
        let took = self.took.lock().unwrap();
        took.keys().map(|id| id.strip_prefix("90010001-").unwrap().parse().unwrap()).collect()
    }
}

fn serve(mut socket: TcpStream, took: &Mutex<BTreeMap<String, usize>>, answering: &Answering) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        request.clear();
        while !request.ends_with(b"}}") {
            let Ok(read @ 1..) = socket.read(&mut buffer) else { return };
            request.extend_from_slice(&buffer[..read]);
        }
        let text = String::from_utf8(request.clone()).unwrap();
        let id = text.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap().to_owned();
        let answer = (answering.lock().unwrap())(&id);
        if matches!(answer, Answer::Takes | Answer::Hangs) {
            *took.lock().unwrap().entry(id).or_default() += 1;
        }
        let status = match answer {
            Answer::Takes => 204,
            Answer::Says(status) => status,
            Answer::Hangs => return std::thread::sleep(Duration::from_secs(20)),
            Answer::Closes => return,
        };
        let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
        socket.write_all(format!("HTTP/1.1 {status} x\r\n{length}\r\n").as_bytes()).unwrap();
    }
}

/// Every third record is an emergency.
fn is_emergency(number: u64) -> bool {
    number % 3 == 1
}

fn record(number: u64) -> Vec<u8> {
    let emergency = if is_emergency(number) { r#""emergency":{"reason":"Niemand erbij."},"# } else { "" };
    format!(
        r#"{{"layout":"zorgsluis-access/3","request_id":"r-{number}","correlation_id":"c","started":"2026-11-23T08:00:00Z",
        "recorded":"2026-11-23T08:00:00.25Z","node":"90010001","gate":"inner","patient":"999911120",{emergency}"sources":[],
        "outcome":{{"result":"released"}}}}"#
    )
    .into_bytes()
}

fn append(log: &AccessLog, numbers: std::ops::Range<u64>) {
    let end = numbers.end;
    for number in numbers {
        until(|| match log.try_reserve() {
            Ok(slot) => {
                slot.write_detached(record(number)).unwrap();
                true
            }
            Err(_) => false,
        });
    }
    until(|| log.length() == end);
}

fn emergencies(numbers: std::ops::Range<u64>) -> BTreeSet<u64> {
    numbers.filter(|number| is_emergency(*number)).collect()
}

/// Waits for this, and not for ever.
fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(40), "it did not come to that");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn log(folder: &TempDir) -> Arc<AccessLog> {
    Arc::new(open(&folder.path().join("log")))
}

fn start(log: &Arc<AccessLog>, folder: &Path, stub: &Stub) -> (Notifying, Arc<Standing>) {
    Notifying::start(log, &folder.join("notices"), stub.receiver(), None).unwrap()
}

#[test]
fn each_emergency_is_told_when_it_is_durable_and_nothing_else_is_and_none_of_before() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start(|_| Answer::Takes));
    let log = log(&folder);
    append(&log, 0..10);
    let (notifying, standing) = start(&log, folder.path(), &stub);
    append(&log, 10..20);
    until(|| stub.took() == emergencies(10..20));
    append(&log, 20..30);
    until(|| stub.took() == emergencies(10..30) && standing.view().waiting == 0);
    drop(notifying);
    // What comes while nobody tells is told after the next start, and nothing twice.
    append(&log, 30..40);
    let (notifying, _) = start(&log, folder.path(), &stub);
    until(|| stub.took() == emergencies(10..40));
    drop(notifying);
    assert!(stub.took.lock().unwrap().values().all(|times| *times == 1));
}

#[test]
fn none_is_lost_whenever_the_node_is_killed_and_whatever_the_receiver_does() {
    for seed in 0..4_u64 {
        let mut number = seed;
        let stub = Stub::start(move |_| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (number >> 33) % 5 {
                0 => Answer::Closes,
                1 => Answer::Says(400),
                _ => Answer::Takes,
            }
        });
        let folder = TempDir::new().unwrap();
        let log = log(&folder);
        let place = folder.path().join("notices");
        drop(Outbox::open(&place, 0, MOST).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut length = 0;
        for life in 0..6 {
            let (outbox, _) = Outbox::open(&place, log.length(), MOST).unwrap();
            let mut telling = Telling::new(&log, outbox, stub.receiver(), None, Arc::default());
            for step in 0..(seed + life) % 4 + 1 {
                let more = (seed * 31 + step * 17) % 20;
                append(&log, length..length + more);
                length += more;
                runtime.block_on(telling.round());
            }
            // Killed: nothing is written down any more.
            drop(telling);
        }
        stub.answers(|_| Answer::Takes);
        let (notifying, _) = start(&log, folder.path(), &stub);
        until(|| stub.took() == emergencies(0..length));
        drop(notifying);
    }
}

#[test]
fn a_receiver_that_is_away_or_hangs_holds_nothing_up_and_is_told_all_when_it_is_back() {
    for answer in [Answer::Closes, Answer::Hangs, Answer::Says(503), Answer::Says(429)] {
        let (folder, stub) = (TempDir::new().unwrap(), Stub::start(move |_| answer));
        let log = log(&folder);
        let (notifying, standing) = start(&log, folder.path(), &stub);
        append(&log, 0..30);
        until(|| standing.view().waiting == 10 && standing.view().trouble.is_some());
        let view = standing.view();
        assert!(log.healthy() && view.overdue, "{answer:?}: {view:?}");
        stub.answers(|_| Answer::Takes);
        until(|| stub.took() == emergencies(0..30) && standing.view().waiting == 0);
        assert_eq!((standing.view().trouble, standing.view().overdue), (None, false), "{answer:?}");
        drop(notifying);
    }
}

#[test]
fn one_that_is_refused_holds_no_other_up_and_is_told_until_it_is_taken() {
    let refused = |id: &str| if id == "90010001-4" { Answer::Says(422) } else { Answer::Takes };
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start(refused));
    let log = log(&folder);
    let (notifying, standing) = start(&log, folder.path(), &stub);
    append(&log, 0..30);
    let others: BTreeSet<u64> = emergencies(0..30).into_iter().filter(|number| *number != 4).collect();
    until(|| stub.took() == others && standing.view().waiting == 1);
    drop(notifying);
    // What waits outlives the process; what was taken meanwhile may come again, under the same id.
    stub.answers(|_| Answer::Takes);
    let (notifying, standing) = start(&log, folder.path(), &stub);
    until(|| stub.took() == emergencies(0..30) && standing.view().waiting == 0);
    drop(notifying);
}

#[test]
fn more_than_are_held_at_once_wait_in_the_log() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start(|_| Answer::Says(503)));
    let log = log(&folder);
    let (notifying, standing) = start(&log, folder.path(), &stub);
    let many = 3 * MOST as u64 + 60;
    append(&log, 0..many);
    until(|| standing.view().waiting == MOST);
    stub.answers(|_| Answer::Takes);
    until(|| stub.took() == emergencies(0..many) && standing.view().waiting == 0);
    drop(notifying);
}

#[test]
fn the_metrics_say_how_many_wait_and_for_how_long() {
    let mut registry = prometheus_client::registry::Registry::with_prefix("zorgsluis");
    let standing = Standing::default();
    standing.register(&mut registry);
    standing.waits(3, Some(time::OffsetDateTime::now_utc() - time::Duration::hours(2)));
    assert!(standing.answered(Ok(())) && !standing.answered(Ok(())));
    standing.measure();
    assert!(standing.view().overdue);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in ["zorgsluis_emergency_notices_waiting 3", "zorgsluis_emergency_notices_delivered_total 2"] {
        assert!(text.lines().any(|own| own == line), "{line} is not in {text}");
    }
    let oldest = text.lines().find_map(|line| line.strip_prefix("zorgsluis_emergency_notices_oldest_seconds "));
    assert!(oldest.unwrap().parse::<i64>().unwrap() >= 7_200);
}

#[test]
fn a_log_that_cannot_be_read_is_said_and_told_of_when_it_is_mended() {
    let (folder, stub) = (TempDir::new().unwrap(), Stub::start(|_| Answer::Takes));
    let log = log(&folder);
    let place = folder.path().join("notices");
    let (outbox, _) = Outbox::open(&place, 0, MOST).unwrap();
    append(&log, 0..200);
    let mut segments: Vec<_> =
        std::fs::read_dir(folder.path().join("log")).unwrap().map(|file| file.unwrap().path()).collect();
    segments.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
    segments.sort();
    let (segment, aside) = (segments[1].clone(), folder.path().join("aside"));
    std::fs::rename(&segment, &aside).unwrap();
    let standing: Arc<Standing> = Arc::default();
    let mut telling = Telling::new(&log, outbox, stub.receiver(), None, standing.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(telling.round());
    assert!(standing.view().unreadable && standing.view().overdue);
    drop(telling);
    std::fs::rename(&aside, &segment).unwrap();
    let (notifying, standing) = start(&log, folder.path(), &stub);
    until(|| stub.took() == emergencies(0..200) && !standing.view().unreadable);
    drop(notifying);
}
