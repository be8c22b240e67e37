//! What stands between the quotes of a JSON string: finding its end, checking it, undoing and applying escapes.

use std::borrow::Cow;

use super::parser::JsonFault;

/// Finds the end of a string whose opening quote is at `start`. Returns the offset just past the closing
/// quote and whether an escape occurred.
///
/// Refused are bare control characters (RFC 8259, 7), lone surrogates (they are no Unicode text, 8.2) and
/// `\u0000`, which FHIR strings forbid.
pub(super) fn scan(text: &[u8], start: usize) -> Result<(usize, bool), JsonFault> {
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        at = skip_plain(text, at);
        match text.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(text, at)?.0;
            }
            Some(_) => return Err(JsonFault::Syntax { offset: at, what: "control character in a string" }),
            None => return Err(JsonFault::Syntax { offset: at, what: "a string does not end" }),
        }
    }
}

/// The first byte from `at` that is a quote, a backslash or a control character, eight bytes at a stride.
fn skip_plain(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = text.get(at..at + 8).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) {
        let word = u64::from_le_bytes(chunk);
        // The classic "a byte is zero" and "a byte is less than n" tests, exact for the lowest byte found.
        let zero_in = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let quote = zero_in(word ^ (ONES * b'"' as u64));
        let backslash = zero_in(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = quote | backslash | control;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = text.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            break;
        }
        at += 1;
    }
    at
}

/// Reads the escape whose backslash is at `at`: the offset after it and the character it stands for.
fn escape(text: &[u8], at: usize) -> Result<(usize, char), JsonFault> {
    let fault = |what| Err(JsonFault::Syntax { offset: at, what });
    let simple = match text.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let Some(first) = hex4(text, at + 2) else { return fault("malformed \\u escape") };
            return match first {
                0 => fault("NUL in a string"),
                0xd800..=0xdbff => {
                    let low = match (text.get(at + 6), text.get(at + 7)) {
                        (Some(b'\\'), Some(b'u')) => hex4(text, at + 8),
                        _ => None,
                    };
                    let pair = low.filter(|low| (0xdc00..=0xdfff).contains(low)).and_then(|low| {
                        char::from_u32(0x10000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(low) - 0xdc00))
                    });
                    pair.map_or_else(|| fault("lone surrogate"), |character| Ok((at + 12, character)))
                }
                other => char::from_u32(u32::from(other))
                    .map_or_else(|| fault("lone surrogate"), |found| Ok((at + 6, found))),
            };
        }
        _ => return fault("unknown escape"),
    };
    Ok((at + 2, simple))
}

fn hex4(text: &[u8], at: usize) -> Option<u16> {
    text.get(at..at + 4)?
        .iter()
        .try_fold(0u16, |value, byte| Some(value << 4 | u16::try_from(char::from(*byte).to_digit(16)?).ok()?))
}

/// The meaning of a checked string: the text between its quotes with the escapes undone.
pub(super) fn unescape(inner: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return Cow::Borrowed(inner);
    }
    let mut meaning = String::with_capacity(inner.len());
    let mut rest = 0;
    while let Some(found) = inner.get(rest..).and_then(|tail| tail.find('\\')) {
        let backslash = rest + found;
        meaning.push_str(inner.get(rest..backslash).unwrap_or_default());
        // The text was checked when it was scanned, so an escape is always read.
        let Ok((after, character)) = escape(inner.as_bytes(), backslash) else { break };
        meaning.push(character);
        rest = after;
    }
    meaning.push_str(inner.get(rest..).unwrap_or_default());
    Cow::Owned(meaning)
}

/// Writes a string with quotes, escaping only what must be (RFC 8259, 7).
pub(crate) fn write(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x8 => "\\b",
            0xc => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        // These bytes are ASCII, so both sides are character boundaries.
        out.push_str(text.get(from..at).unwrap_or_default());
        from = at + 1;
        if short.is_empty() {
            out.push_str("\\u00");
            out.push(if byte < 0x10 { '0' } else { '1' });
            out.push(char::from_digit(u32::from(byte & 0xf), 16).unwrap_or('0'));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}
