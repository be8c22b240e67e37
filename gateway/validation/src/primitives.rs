//! How the values of FHIR's primitive types are written (FHIR R4, datatypes.html, "Primitive Types"; json.html).

use fhir::json::{Kind, Value};

/// Why a value is no value of its type. Says what is asked, never what was found.
pub type Wrong = &'static str;

/// Checks a JSON value as one of this primitive type.
pub fn check(primitive: &str, value: Value<'_>) -> Result<(), Wrong> {
    match primitive {
        "boolean" => told(value.kind() == Kind::Bool, "is not a boolean"),
        "decimal" => told(value.kind() == Kind::Number, "is not a decimal number"),
        "integer" => whole(value, i32::MIN, "is not an integer of 32 bits"),
        "unsignedInt" => whole(value, 0, "is not an unsigned integer"),
        "positiveInt" => whole(value, 1, "is not a positive integer"),
        _ => {
            let text = value.as_text().ok_or("is not a string")?;
            text_of(primitive, &text)
        }
    }
}

fn whole(value: Value<'_>, least: i32, wrong: Wrong) -> Result<(), Wrong> {
    let number = value.as_number().and_then(|digits| digits.parse::<i32>().ok());
    told(number.is_some_and(|number| number >= least), wrong)
}

fn text_of(primitive: &str, text: &str) -> Result<(), Wrong> {
    if primitive == "xhtml" {
        return Ok(());
    }
    told(!text.is_empty(), "is empty")?;
    match primitive {
        "date" => told(date(text).is_some_and(str::is_empty), "is not a date (YYYY, YYYY-MM or YYYY-MM-DD)"),
        "dateTime" => told(date_time(text), "is not a dateTime (a date, or a date with time to the second and zone)"),
        "instant" => told(text.len() > 10 && date_time(text), "is not an instant (date, time to the second and zone)"),
        "time" => told(time(text).is_some_and(str::is_empty), "is not a time (hh:mm:ss)"),
        "id" => told(id(text), "is not an id (1 to 64 letters, digits, dashes and points)"),
        "code" => told(
            !text.starts_with(char::is_whitespace)
                && !text.ends_with(char::is_whitespace)
                && !text.split(' ').any(|word| word.is_empty() || word.contains(char::is_whitespace)),
            "is not a code (no white space at the ends, single spaces inside)",
        ),
        "uri" | "url" | "canonical" => told(!text.contains(char::is_whitespace), "is not a URI (it has white space)"),
        "oid" => told(text.strip_prefix("urn:oid:").is_some_and(oid), "is not an OID (urn:oid:…)"),
        "uuid" => told(text.strip_prefix("urn:uuid:").is_some_and(uuid), "is not a UUID (urn:uuid:…)"),
        "base64Binary" => told(base64(text), "is not base64"),
        _ => {
            let control = |c: char| (c as u32) < 32 && !matches!(c, '\t' | '\r' | '\n');
            told(!text.contains(control), "has control characters")?;
            told(!text.trim().is_empty(), "has nothing but white space")
        }
    }?;
    // What a URI names is checked where its scheme says how it is written.
    match (primitive, text.get(..8), text.get(..9)) {
        ("uri" | "url" | "canonical", Some("urn:oid:"), _) => {
            told(oid(&text[8..]), "is not a URI (an OID is malformed)")
        }
        ("uri" | "url" | "canonical", _, Some("urn:uuid:")) => {
            let bare = text[9..].split(['#', '|']).next().unwrap_or_default();
            told(uuid(bare), "is not a URI (a UUID is malformed)")
        }
        _ => Ok(()),
    }
}

fn told(good: bool, wrong: Wrong) -> Result<(), Wrong> {
    if good { Ok(()) } else { Err(wrong) }
}

/// A number of exactly so many digits at the start, and what comes after it.
fn digits(text: &str, many: usize) -> Option<(u32, &str)> {
    let head = text.get(..many)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, &text[many..]))
}

/// Reads a date of any precision; what comes after it.
fn date(text: &str) -> Option<&str> {
    let (year, rest) = digits(text, 4)?;
    if year == 0 {
        return None;
    }
    let Some(rest) = rest.strip_prefix('-') else { return Some(rest) };
    let (month, rest) = digits(rest, 2)?;
    if !(1..=12).contains(&month) {
        return None;
    }
    let Some(rest) = rest.strip_prefix('-') else { return Some(rest) };
    let (day, rest) = digits(rest, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=last).contains(&day).then_some(rest)
}

/// Reads a time to the second, with any fraction; what comes after it. A second may be a leap second.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let end = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (end > 0).then(|| &fraction[end..])
}

fn date_time(text: &str) -> bool {
    let Some(rest) = date(text) else { return false };
    let Some(rest) = rest.strip_prefix('T') else { return rest.is_empty() };
    // With a time the date is complete.
    text.find('T') == Some(10) && time(rest).is_some_and(zone)
}

fn zone(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let read = || {
        let (hour, rest) = digits(text.strip_prefix(['+', '-'])?, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
        Some(rest.is_empty() && (hour < 14 && minute < 60 || hour == 14 && minute == 0))
    };
    read() == Some(true)
}

fn id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    let first = arcs.next().is_some_and(|arc| matches!(arc, "0" | "1" | "2"));
    let mut rest = 0;
    let good = arcs.all(|arc| {
        rest += 1;
        !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
    });
    first && good && rest > 0
}

fn uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lengths.iter().all(|length| {
        parts.next().is_some_and(|part| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }) && parts.next().is_none()
}

/// RFC 4648, white space between the groups of four allowed (FHIR base64Binary).
fn base64(text: &str) -> bool {
    let mut count = 0_usize;
    let mut padding = 0_usize;
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        count += 1;
    }
    count > 0 && count.is_multiple_of(4) && padding <= 2
}

#[cfg(test)]
mod tests {
    use fhir::json::{Document, Limits};
    use proptest::prelude::*;

    use super::*;

    fn good(primitive: &str, text: &str) -> bool {
        let document = Document::parse(bytes::Bytes::copy_from_slice(text.as_bytes()), &Limits::default()).unwrap();
        check(primitive, document.root()).is_ok()
    }

    #[test]
    fn each_primitive_has_values_that_pass_and_values_that_do_not() {
        let cases: [(&str, &[&str], &[&str]); 16] = [
            ("boolean", &["true"], &["\"true\"", "1"]),
            ("integer", &["0", "-5", "2147483647"], &["1.0", "2147483648", "\"1\"", "1e2"]),
            ("unsignedInt", &["0"], &["-1"]),
            ("positiveInt", &["1"], &["0"]),
            ("decimal", &["1.50", "-1e3"], &["\"1\""]),
            ("date", &["\"2024-02-29\"", "\"2024\""], &["\"2023-02-29\"", "\"2024-13\"", "\"20240101\"", "\"2024-1\""]),
            (
                "dateTime",
                &["\"2024-01\"", "\"2024-01-01T00:00:00Z\"", "\"2024-01-01T23:59:60.5+14:00\""],
                &[
                    "\"2024-01-01T00:00Z\"",
                    "\"2024-01-01T00:00:00\"",
                    "\"2024-01T00:00:00Z\"",
                    "\"2024-01-01T24:00:00Z\"",
                ],
            ),
            ("instant", &["\"2024-01-01T00:00:00.1Z\""], &["\"2024-01-01\""]),
            ("time", &["\"12:00:00\""], &["\"12:00\"", "\"24:00:00\"", "\"12:00:00Z\""]),
            ("id", &["\"a-1.B\""], &["\"a_1\"", "\"\""]),
            ("code", &["\"a b\""], &["\" a\"", "\"a  b\"", "\"a\\tb\""]),
            ("uri", &["\"urn:oid:2.16\"", "\"x\""], &["\"a b\"", "\"urn:oid:3.1\"", "\"urn:uuid:12\""]),
            ("oid", &["\"urn:oid:1.2.0\""], &["\"1.2\"", "\"urn:oid:1.02\"", "\"urn:oid:1\""]),
            ("uuid", &["\"urn:uuid:87e11d66-c137-458a-9754-fe6c4e445a6d\""], &["\"87e11d66\"", "\"urn:uuid:x\""]),
            ("base64Binary", &["\"QUJD\"", "\"QUI=\""], &["\"QUJ\"", "\"%%%%\"", "\"=UJD\""]),
            ("string", &["\"x\\n\""], &["\"\"", "\" \"", "\"\\u0001\"", "1"]),
        ];
        for (primitive, right, wrong) in cases {
            for text in right {
                assert!(good(primitive, text), "{primitive} {text}");
            }
            for text in wrong {
                assert!(!good(primitive, text), "{primitive} {text}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_fall_over(text in "\\PC{0,40}", kind in 0_usize..12) {
            let kinds = ["date", "dateTime", "instant", "time", "id", "code", "uri", "oid", "uuid", "base64Binary", "string", "xhtml"];
            let _ = text_of(kinds[kind], &text);
        }
    }
}
