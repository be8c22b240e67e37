//! A monitoring system beside a node that is killed, over mutual TLS, and broken off itself: it is told of every record.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use conformance::ca::{CertificateAuthority, Subject};
use conformance::region;
use conformance::syslog::SyslogReceiver;
use serde_json::Value;

pub struct Monitoring {
    receiver: SyslogReceiver,
}

impl Monitoring {
    /// Starts a receiver, and names it in the configuration of a node that does not run yet.
    pub fn beside(config: &Path) -> Monitoring {
        let authority = CertificateAuthority::new("Monitoring").unwrap();
        let issue = |name| authority.issue_without_ura(&Subject { name, dns_names: &[] }).unwrap();
        let (own, node) = (issue("SIEM"), issue("Node"));
        let receiver = SyslogReceiver::start(&own, authority.certificate_pem()).unwrap();
        let place = |name: &str| config.with_file_name(name);
        fs::write(place("siem-authority.pem"), authority.certificate_pem()).unwrap();
        fs::write(place("siem-node.pem"), node.certificate_pem).unwrap();
        fs::write(place("siem-node.key"), node.key_pem).unwrap();
        let table = format!(
            "\n[log.siem]\nhost = \"127.0.0.1\"\nport = {}\nauthorities_file = \"siem-authority.pem\"\n\
             certificate_file = \"siem-node.pem\"\nkey_file = \"siem-node.key\"\n",
            receiver.address.port()
        );
        OpenOptions::new().append(true).open(config).unwrap().write_all(table.as_bytes()).unwrap();
        Monitoring { receiver }
    }

    /// As when it restarts.
    pub fn break_off(&self) {
        self.receiver.break_connections();
    }

    /// Waits until it was told of so many records, and holds what it was told against them: each is the record with its
    /// index, and none says anything of a patient.
    pub fn was_told_of(&self, records: &[Value]) {
        let until = Instant::now() + Duration::from_secs(90);
        let mut told = self.told();
        while told.len() < records.len() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(100));
            told = self.told();
        }
        assert_eq!(self.receiver.faults(), Vec::<String>::new());
        assert!(told.keys().copied().eq(0..records.len() as u64), "{} of {} records", told.len(), records.len());
        for ((index, one), record) in told.iter().zip(records) {
            assert_eq!(one["request_id"], record["request_id"], "record {index}");
            assert_eq!(one["result"], record["outcome"]["result"], "record {index}");
        }
        let messages = self.receiver.messages();
        for message in &messages {
            assert_eq!((message.facility, message.app_name.as_str()), (13, "zorgsluis"));
            let named = region::patients().iter().any(|patient| message.text.contains(patient.bsn));
            assert!(!named && !message.text.contains("Condition/"), "{}", message.text);
        }
        eprintln!("siem: {} records told in {} messages", told.len(), messages.len());
    }

    /// What it was told, by index. What is told again is the same.
    fn told(&self) -> BTreeMap<u64, Value> {
        let mut told = BTreeMap::new();
        for message in self.receiver.messages() {
            let json: Value = serde_json::from_str(&message.text).unwrap();
            let before = told.insert(json["index"].as_u64().unwrap(), json.clone());
            assert!(before.is_none_or(|before| before == json));
        }
        told
    }
}
