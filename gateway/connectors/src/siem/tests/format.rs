use proptest::prelude::*;
use time::OffsetDateTime;

use super::super::{Element, Message, Severity, framed};

fn plain<'m>() -> Message<'m> {
    Message {
        severity: Severity::Informational,
        timestamp: OffsetDateTime::from_unix_timestamp_nanos(1_795_420_800_250_000_999).ok(),
        hostname: "node.example",
        app_name: "zorgsluis",
        process_id: 7,
        message_id: "exchange",
        structured_data: &[],
        text: "{}",
    }
}

#[test]
fn a_message_is_written_as_the_standard_has_it() {
    let start = "<110>1 2026-11-23T08:00:00.250000Z node.example zorgsluis 7 exchange";
    let origin: &[Element<'_>] =
        &[Element { id: "origin", parameters: &[("software", "zorgsluis"), ("swVersion", "1")] }];
    let two: &[Element<'_>] =
        &[Element { id: "a", parameters: &[] }, Element { id: "b", parameters: &[("k", "\"quoted\" \\ [x] é")] }];
    for (message, expected) in [
        (plain(), format!("{start} - {{}}")),
        (Message { severity: Severity::Notice, ..plain() }, format!("{start} - {{}}").replace("<110>", "<109>")),
        (Message { severity: Severity::Warning, ..plain() }, format!("{start} - {{}}").replace("<110>", "<108>")),
        (Message { severity: Severity::Error, ..plain() }, format!("{start} - {{}}").replace("<110>", "<107>")),
        (Message { text: "", ..plain() }, format!("{start} -")),
        (Message { text: "één", ..plain() }, format!("{start} - \u{feff}één")),
        (Message { timestamp: None, ..plain() }, "<110>1 - node.example zorgsluis 7 exchange - {}".to_owned()),
        (
            Message { structured_data: origin, ..plain() },
            format!("{start} [origin software=\"zorgsluis\" swVersion=\"1\"] {{}}"),
        ),
        (Message { structured_data: two, ..plain() }, format!(r#"{start} [a][b k="\"quoted\" \\ [x\] é"] {{}}"#)),
        (
            Message { hostname: "", app_name: "\n ", message_id: "é", ..plain() },
            "<110>1 2026-11-23T08:00:00.250000Z - - 7 - - {}".to_owned(),
        ),
        (
            Message { hostname: "a b\nc", message_id: &"m".repeat(40), ..plain() },
            format!("<110>1 2026-11-23T08:00:00.250000Z abc zorgsluis 7 {} - {{}}", "m".repeat(32)),
        ),
        (
            Message { structured_data: &[Element { id: "x] y=\"", parameters: &[("", "")] }], ..plain() },
            format!("{start} [xy -=\"\"] {{}}"),
        ),
    ] {
        assert_eq!(message.write(), expected);
    }
}

#[test]
fn a_moment_is_told_in_utc() {
    let moment = plain().timestamp.map(|moment| moment.to_offset(time::UtcOffset::from_hms(2, 0, 0).unwrap()));
    assert_eq!(Message { timestamp: moment, ..plain() }.write(), plain().write());
}

#[test]
fn a_frame_counts_octets_not_letters() {
    let mut frames = Vec::new();
    framed(&mut frames, "één");
    framed(&mut frames, "");
    framed(&mut frames, "1 2");
    assert_eq!(frames, "5 één0 3 1 2".as_bytes());
}

/// A message read back, by the grammar of RFC 5424, section 6.
#[derive(Debug, PartialEq)]
struct Read {
    priority: u32,
    header: [String; 5],
    data: Vec<(String, Vec<(String, String)>)>,
    text: String,
}

fn read(octets: &[u8]) -> Option<Read> {
    let all = std::str::from_utf8(octets).ok()?;
    let (priority, rest) = all.strip_prefix('<')?.split_once(">1 ")?;
    let mut parts = rest.splitn(6, ' ');
    let header = [(); 5].map(|()| parts.next().unwrap_or_default().to_owned());
    let mut rest = parts.next()?;
    let mut data = Vec::new();
    match rest.strip_prefix('-') {
        Some(after) => rest = after,
        None => {
            while let Some(inside) = rest.strip_prefix('[') {
                let end = inside.find([' ', ']'])?;
                let (id, mut after) = inside.split_at(end);
                let mut parameters = Vec::new();
                while let Some(parameter) = after.strip_prefix(' ') {
                    let (key, value) = parameter.split_once("=\"")?;
                    let (value, behind) = unquoted(value)?;
                    parameters.push((key.to_owned(), value));
                    after = behind;
                }
                rest = after.strip_prefix(']')?;
                data.push((id.to_owned(), parameters));
            }
        }
    }
    let text = match rest {
        "" => String::new(),
        rest => {
            let text = rest.strip_prefix(' ')?;
            let marked = text.strip_prefix('\u{feff}');
            // The mark stands before what is not ASCII, and before nothing else.
            (marked.is_some() != text.is_ascii()).then(|| marked.unwrap_or(text).to_owned())?
        }
    };
    Some(Read { priority: priority.parse().ok()?, header, data, text })
}

/// The value up to its closing quote, and what is behind it. A bare `]` in it is an error.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            ']' => return None,
            '\\' => value.push(letters.next().filter(|(_, next)| matches!(next, '"' | '\\' | ']'))?.1),
            letter => value.push(letter),
        }
    }
    None
}

/// The messages of a stream of frames.
pub fn unframed(mut stream: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut messages = Vec::new();
    while !stream.is_empty() {
        let space = stream.iter().position(|octet| *octet == b' ')?;
        let length: usize = std::str::from_utf8(&stream[..space]).ok()?.parse().ok()?;
        messages.push(stream.get(space + 1..space + 1 + length)?.to_vec());
        stream = &stream[space + 1 + length..];
    }
    Some(messages)
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back_as_it_was(
        severity in 0..Severity::ALL.len(),
        microseconds in proptest::option::of(0_i64..4_000_000_000_000_000),
        hostname in "[!-~]{1,255}",
        app_name in "[!-~]{1,48}",
        process_id in any::<u32>(),
        message_id in "[!-~]{1,32}",
        data in proptest::collection::vec(
            ("[!#-<>-\\\\^-~]{1,32}", proptest::collection::vec(("[!#-<>-\\\\^-~]{1,32}", any::<String>()), 0..4)), 0..4),
        text in prop_oneof![any::<String>(), "[ -~]{0,80}"],
        before in any::<Vec<bool>>(),
    ) {
        // A text that begins with the mark says so twice: no sender writes one.
        prop_assume!(!text.starts_with('\u{feff}'));
        let timestamp = microseconds
            .and_then(|at| OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000).ok());
        let parameters: Vec<(&str, Vec<(&str, &str)>)> = data
            .iter()
            .map(|(id, all)| (id.as_str(), all.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()))
            .collect();
        let elements: Vec<Element<'_>> =
            parameters.iter().map(|(id, all)| Element { id, parameters: all }).collect();
        let severity = Severity::ALL[severity];
        let message = Message {
            severity, timestamp, hostname: &hostname, app_name: &app_name, process_id, message_id: &message_id,
            structured_data: &elements, text: &text,
        };
        let mut frames = Vec::new();
        before.iter().for_each(|_| framed(&mut frames, "x y"));
        framed(&mut frames, &message.write());
        framed(&mut frames, "z");
        let messages = unframed(&frames).unwrap();
        prop_assert_eq!(messages.len(), before.len() + 2);
        let read = read(&messages[before.len()]).unwrap();
        let expected = [hostname.clone(), app_name.clone(), process_id.to_string(), message_id.clone()];
        prop_assert_eq!(read.priority, 13 * 8 + severity as u32);
        prop_assert_eq!(&read.header[1..], &expected[..]);
        match timestamp {
            None => prop_assert_eq!(&read.header[0], "-"),
            Some(moment) => {
                let at = OffsetDateTime::parse(&read.header[0], &time::format_description::well_known::Rfc3339);
                prop_assert_eq!(at.unwrap(), moment);
                prop_assert_eq!(read.header[0].len(), "2026-11-23T08:00:00.250000Z".len());
            }
        }
        prop_assert_eq!(read.data, data);
        prop_assert_eq!(read.text, text);
    }
}
