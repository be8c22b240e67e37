//! A record as one line of text, from which its exact bytes can be taken again: `{"index":7,"record":{…}}` with the
//! record as it stands in the log, or `{"index":7,"record_base64":"…"}` for one that is no JSON object on one line. The
//! leaf of the tree is the hash of these bytes (RFC 6962, section 2.1), so whoever passes lines on must not format them
//! anew. Of an erased record its leaf is left: `{"index":7,"erased":"…"}`, in base64.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use store::access_log::{Content, ReadFault};
use store::proof::LogRecord;

const INDEX: &[u8] = b"{\"index\":";
const RECORD: &[u8] = b",\"record\":";
const ENCODED: &[u8] = b",\"record_base64\":\"";
const ERASED: &[u8] = b",\"erased\":\"";

/// Longest line that is read: a record of a mebibyte in base64, and some.
const LONGEST: u64 = 4 << 20;

/// Writes one record, or that it was erased.
pub fn write(out: &mut (impl Write + ?Sized), index: u64, content: &Content) -> Result<(), String> {
    put(out, INDEX)?;
    put(out, index.to_string().as_bytes())?;
    let (name, bytes) = match content {
        Content::Record(record) if is_plain(record) => {
            put(out, RECORD)?;
            put(out, record)?;
            return put(out, b"}\n");
        }
        Content::Record(record) => (ENCODED, record.as_slice()),
        Content::Erased(leaf) => (ERASED, leaf.as_slice()),
    };
    put(out, name)?;
    put(out, STANDARD.encode(bytes).as_bytes())?;
    put(out, b"\"}\n")
}

pub fn put(out: &mut (impl Write + ?Sized), bytes: &[u8]) -> Result<(), String> {
    out.write_all(bytes).map_err(|fault| format!("cannot print: {fault}"))
}

/// The records of a file of such lines.
pub fn read(file: &Path) -> io::Result<impl Iterator<Item = LogRecord> + use<>> {
    Ok(records(BufReader::new(File::open(file)?)))
}

fn records(mut from: impl BufRead) -> impl Iterator<Item = LogRecord> {
    let mut number = 0_u64;
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        number += 1;
        match from.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => {
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let malformed = || io::Error::other(format!("line {number} of the export is no record"));
                Some(parse(line).ok_or_else(malformed).map_err(ReadFault::Io))
            }
            Err(fault) => Some(Err(ReadFault::Io(fault))),
        }
    })
}

fn parse(line: &[u8]) -> Option<(u64, Content)> {
    let rest = line.strip_prefix(INDEX)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (index, rest) = rest.split_at_checked(digits)?;
    let index = std::str::from_utf8(index).ok()?.parse().ok()?;
    let encoded = |name: &[u8]| Some(STANDARD.decode(rest.strip_prefix(name)?.strip_suffix(b"\"}")?));
    if let Some(record) = encoded(ENCODED) {
        return Some((index, Content::Record(record.ok()?)));
    }
    if let Some(leaf) = encoded(ERASED) {
        return Some((index, Content::Erased(leaf.ok()?.try_into().ok()?)));
    }
    Some((index, Content::Record(rest.strip_prefix(RECORD)?.strip_suffix(b"}")?.to_vec())))
}

/// Whether a record is a JSON object on one line.
fn is_plain(record: &[u8]) -> bool {
    record.starts_with(b"{")
        && record.ends_with(b"}")
        && !record.contains(&b'\n')
        && serde_json::from_slice::<IgnoredAny>(record).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(all: &[Content]) -> Vec<(u64, Content)> {
        let mut text = Vec::new();
        for (index, record) in (0..).zip(all) {
            write(&mut text, index, record).unwrap();
        }
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), all.len());
        records(text.as_slice()).map(Result::unwrap).collect()
    }

    proptest! {
        #[test]
        fn whatever_a_record_is_its_bytes_come_back(
            bytes in proptest::collection::vec(any::<u8>(), 0..40), text in "\\PC{0,20}", space in "[ \n]{0,2}",
            leaf in proptest::array::uniform32(any::<u8>())
        ) {
            let json = format!("{{\"a\":{space}{},\"b\":[1.50]}}", serde_json::Value::from(text)).into_bytes();
            let all = vec![Content::Record(bytes), Content::Erased(leaf), Content::Record(json)];
            let expected: Vec<_> = (0..).zip(all.iter().cloned()).collect();
            prop_assert_eq!(there_and_back(&all), expected);
        }
    }

    #[test]
    fn a_record_of_the_log_stands_in_its_line_as_it_is() {
        let mut text = Vec::new();
        write(&mut text, 3, &Content::Record(br#"{"layout":"x","n":1.0}"#.to_vec())).unwrap();
        write(&mut text, 4, &Content::Record(Vec::new())).unwrap();
        let expected = "{\"index\":3,\"record\":{\"layout\":\"x\",\"n\":1.0}}\n{\"index\":4,\"record_base64\":\"\"}\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        for bad in ["{\"index\":1}", "{\"index\":1,\"erased\":\"AAAA\"}", "{\"index\":1,\"erased\":\"?\"}"] {
            let text = format!("{{\"index\":0,\"record\":{{}}}}\n{bad}\n");
            let mut read = records(text.as_bytes());
            assert!(read.next().unwrap().is_ok());
            assert!(read.next().unwrap().is_err_and(|fault| fault.to_string().contains("line 2")), "{bad}");
        }
    }
}
