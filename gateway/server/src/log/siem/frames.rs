//! Records as frames of syslog, a batch at a time and within bounds. What is told of a record is `audit`'s; how a message
//! looks is `connectors`'.

use std::ops::Range;

use audit::siem::{Told, Weight, tell, tell_erased};
use connectors::siem::{Element, Message, Severity, framed};
use store::access_log::{Content, ReadFault};
use time::OffsetDateTime;

/// Most records, and octets before the last frame, of one batch.
const RECORDS: u64 = 256;
const OCTETS: usize = 256 << 10;

/// What is the same in all messages of a node.
#[derive(Clone, Debug)]
pub struct Names {
    /// URA of the provider.
    pub node: String,
    pub hostname: String,
}

/// Frames of records without a gap between them.
#[derive(Debug)]
pub struct Batch {
    pub octets: Vec<u8>,
    pub messages: u64,
    /// Records that were not there any more.
    pub erased: u64,
    /// The first index behind them.
    pub next: u64,
    /// What kept it from being longer.
    pub fault: Option<ReadFault>,
}

impl Batch {
    /// Takes records in order, the first of them with this index.
    pub fn gather(
        names: &Names,
        from: u64,
        records: &mut impl Iterator<Item = Result<(u64, Content), ReadFault>>,
    ) -> Batch {
        let mut batch = Batch { octets: Vec::new(), messages: 0, erased: 0, next: from, fault: None };
        let mut gone: Range<u64> = from..from;
        while batch.next - from < RECORDS && batch.octets.len() < OCTETS {
            match records.next() {
                Some(Ok((index, Content::Erased(_)))) => {
                    if gone.is_empty() {
                        gone = index..index;
                    }
                    gone.end = index + 1;
                    batch.erased += 1;
                    batch.next = index + 1;
                }
                Some(Ok((index, Content::Record(record)))) => {
                    batch.mark(names, &mut gone);
                    batch.put(names, &tell(&names.node, index, &record));
                    batch.next = index + 1;
                }
                Some(Err(fault)) => {
                    batch.fault = Some(fault);
                    break;
                }
                None => break,
            }
        }
        batch.mark(names, &mut gone);
        batch
    }

    /// Says that records were there and are not any more, in one message for all of them.
    fn mark(&mut self, names: &Names, gone: &mut Range<u64>) {
        if !gone.is_empty() {
            self.put(names, &tell_erased(&names.node, gone));
            gone.start = gone.end;
        }
    }

    fn put(&mut self, names: &Names, told: &Told) {
        let message = Message {
            severity: severity(told.weight),
            timestamp: told.recorded.or_else(|| Some(OffsetDateTime::now_utc())),
            hostname: &names.hostname,
            app_name: "zorgsluis",
            process_id: std::process::id(),
            message_id: told.kind.code(),
            structured_data: &[Element {
                id: "origin",
                parameters: &[("software", "zorgsluis"), ("swVersion", env!("CARGO_PKG_VERSION"))],
            }],
            text: &told.json,
        };
        framed(&mut self.octets, &message.write());
        self.messages += 1;
    }
}

fn severity(weight: Weight) -> Severity {
    match weight {
        Weight::Routine => Severity::Informational,
        Weight::Notable => Severity::Notice,
        Weight::Suspect => Severity::Warning,
        Weight::Failed => Severity::Error,
    }
}
