use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::super::{Receiver, ReceiverConfig, SetupFault, Stream, StreamFault, Transport, framed};
use super::format::unframed;
use super::stub::{Files, Manner, Stub};

/// Looks until something is wrong, for a while.
fn trouble(stream: &mut Stream) -> Option<StreamFault> {
    for _ in 0..100 {
        if let Err(fault) = stream.look() {
            return Some(fault);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

fn frames(count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    (0..count).for_each(|number| framed(&mut all, &format!("message {number} {}", "x".repeat(700))));
    all
}

#[test]
fn what_is_written_arrives_over_tls_over_mutual_tls_and_over_tcp() {
    let files = Files::new();
    let own = |config: ReceiverConfig| ReceiverConfig {
        certificate_file: Some(files.path("own-node.pem")),
        key_file: Some(files.path("own-node.key")),
        ..config
    };
    let plain = |config: ReceiverConfig| ReceiverConfig { transport: Transport::Tcp, ..config };
    let bytes = frames(200);
    for (tls, config) in [
        (Some(files.tls("own-receiver", false)), &(|config| config) as &dyn Fn(ReceiverConfig) -> ReceiverConfig),
        (Some(files.tls("own-receiver", true)), &own),
        (None, &plain),
    ] {
        let stub = Stub::start(tls, Manner::Well);
        let mut stream = Receiver::new(&config(files.config(stub.address))).unwrap().connect().unwrap();
        stream.write(&bytes).unwrap();
        stream.look().unwrap();
        stream.write(&bytes).unwrap();
        let received = stub.wait_for(0, 2 * bytes.len());
        assert_eq!(received, [bytes.as_slice(), &bytes].concat());
        assert_eq!(unframed(&received).unwrap().len(), 400);
        assert_eq!(stream.look(), Ok(()));
    }
}

#[test]
fn a_receiver_that_is_not_the_one_it_should_be_is_told_nothing() {
    let files = Files::new();
    for name in ["other-receiver", "own-elsewhere"] {
        let stub = Stub::start(Some(files.tls(name, false)), Manner::Well);
        let found = Receiver::new(&files.config(stub.address)).unwrap().connect();
        assert_eq!(found.err(), Some(StreamFault::Certificate), "{name}");
        assert!(stub.received(0).is_empty());
    }
}

#[test]
fn a_receiver_that_wants_another_certificate_or_any_is_noticed_by_looking() {
    let files = Files::new();
    let other = |config: ReceiverConfig| ReceiverConfig {
        certificate_file: Some(files.path("other-node.pem")),
        key_file: Some(files.path("other-node.key")),
        ..config
    };
    for config in [&(|config| config) as &dyn Fn(ReceiverConfig) -> ReceiverConfig, &other] {
        let stub = Stub::start(Some(files.tls("own-receiver", true)), Manner::Well);
        // TLS 1.3: we are done before the receiver has seen what we show.
        let mut stream = Receiver::new(&config(files.config(stub.address))).unwrap().connect().unwrap();
        assert_eq!(trouble(&mut stream), Some(StreamFault::NotAccepted));
    }
}

#[test]
fn a_receiver_that_closes_in_the_middle_of_a_frame_is_noticed() {
    let files = Files::new();
    for octets in [1, 5, 1_000] {
        let stub = Stub::start(Some(files.tls("own-receiver", false)), Manner::ClosesAfter(octets));
        let mut stream = Receiver::new(&files.config(stub.address)).unwrap().connect().unwrap();
        let written = stream.write(&frames(3));
        assert!(matches!(written, Ok(()) | Err(StreamFault::Closed)), "{written:?}");
        assert_eq!(trouble(&mut stream), Some(StreamFault::Closed));
        assert_eq!(stub.wait_for(0, octets).len(), octets);
    }
}

#[test]
fn a_receiver_that_takes_nothing_or_says_nothing_is_not_waited_for() {
    let files = Files::new();
    let stub = Stub::start(Some(files.tls("own-receiver", false)), Manner::ReadsNothing);
    let mut stream = Receiver::new(&files.config(stub.address)).unwrap().connect().unwrap();
    let (begun, bytes) = (Instant::now(), frames(1_000));
    // The operating systems take some of it first.
    let mut found = Ok(());
    for _ in 0..100 {
        found = stream.write(&bytes);
        if found.is_err() {
            break;
        }
    }
    assert_eq!(found, Err(StreamFault::TimedOut));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let stub = Stub::start(None, Manner::Silent);
    let begun = Instant::now();
    let found = Receiver::new(&files.config(stub.address)).unwrap().connect();
    assert_eq!(found.err(), Some(StreamFault::TimedOut));
    assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&begun.elapsed()));
}

#[test]
fn a_receiver_that_takes_a_little_at_a_time_is_given_no_more_time_for_that() {
    let files = Files::new();
    let stub = Stub::start(Some(files.tls("own-receiver", false)), Manner::Slow);
    let mut stream = Receiver::new(&files.config(stub.address)).unwrap().connect().unwrap();
    let (begun, bytes) = (Instant::now(), frames(40_000));
    assert_eq!(stream.write(&bytes), Err(StreamFault::TimedOut));
    assert!((Duration::from_millis(450)..Duration::from_secs(5)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let taken = stub.received(0).len();
    assert!(taken > 0 && taken < bytes.len(), "{taken}");
}

#[test]
fn a_receiver_that_is_not_there_or_speaks_no_tls_is_a_fault_of_its_own() {
    let files = Files::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = Receiver::new(&files.config(address)).unwrap().connect();
    assert_eq!(found.err(), Some(StreamFault::Unreachable));
    let stub = Stub::start(None, Manner::NoTls);
    let found = Receiver::new(&files.config(stub.address)).unwrap().connect();
    assert_eq!(found.err(), Some(StreamFault::Tls));
    let nowhere = ReceiverConfig { host: "siem.invalid".into(), ..files.config(stub.address) };
    assert_eq!(Receiver::new(&nowhere).unwrap().connect().err(), Some(StreamFault::Unknown));
}

#[test]
fn a_configuration_that_cannot_be_used_is_said_to_be_so() {
    let files = Files::new();
    let good = || files.config(([127, 0, 0, 1], 1).into());
    assert!(Receiver::new(&good()).is_ok());
    let file = |name: &str| Some(files.path(name));
    let own = ReceiverConfig { certificate_file: file("own-node.pem"), key_file: file("own-node.key"), ..good() };
    for (config, says) in [
        (ReceiverConfig { host: String::new(), ..good() }, "host is neither"),
        (ReceiverConfig { host: "two words".into(), ..good() }, "host is neither"),
        (ReceiverConfig { authorities_file: None, ..good() }, "authorities_file is needed"),
        (ReceiverConfig { key_file: None, ..own.clone() }, "go together"),
        (ReceiverConfig { certificate_file: None, ..own.clone() }, "go together"),
        (ReceiverConfig { authorities_file: file("absent.pem"), ..good() }, "absent.pem: no certificate"),
        (ReceiverConfig { authorities_file: file("own-node.key"), ..good() }, "own-node.key: no certificate"),
        (ReceiverConfig { key_file: file("own-node.pem"), ..own.clone() }, "own-node.pem: no private key"),
        (ReceiverConfig { key_file: file("other-node.key"), ..own.clone() }, "do not go together"),
    ] {
        let fault: SetupFault = Receiver::new(&config).err().unwrap();
        assert!(fault.to_string().contains(says), "{fault} does not say {says}");
    }
    assert!(Receiver::new(&own).is_ok());
}

#[test]
fn loopback_is_an_address_not_a_name() {
    for (host, is) in [
        ("127.0.0.1", true),
        ("127.8.0.1", true),
        ("::1", true),
        ("localhost", false),
        ("10.0.0.1", false),
        ("127.0.0.1.example", false),
    ] {
        assert_eq!(ReceiverConfig::new(host).is_loopback(), is, "{host}");
    }
}
