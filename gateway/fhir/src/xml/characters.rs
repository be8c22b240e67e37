//! Which characters XML 1.0 allows where, and what references stand for.

use std::borrow::Cow;

/// The characters of XML 1.0 (2.2). Surrogates are no `char`.
pub(super) fn is_legal(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// The offset of the first character that XML 1.0 cannot hold.
pub(super) fn first_illegal(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let suspect = |(at, byte): (usize, &u8)| match byte {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 => true,
        // U+FFFE and U+FFFF.
        0xef => bytes.get(at + 1) == Some(&0xbf) && matches!(bytes.get(at + 2), Some(0xbe | 0xbf)),
        _ => false,
    };
    bytes.iter().enumerate().position(suspect)
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether this is a name without a colon (XML namespaces, NCName).
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

/// NameStartChar without the colon (XML 1.0, 2.3).
fn starts_name(character: char) -> bool {
    match character {
        'A'..='Z' | 'a'..='z' | '_' => true,
        '\0'..='\u{bf}' | '\u{d7}' | '\u{f7}' => false,
        '\u{300}'..='\u{36f}' | '\u{37e}' | '\u{2000}'..='\u{200b}' | '\u{200e}'..='\u{206f}' => false,
        '\u{2190}'..='\u{2bff}' | '\u{2ff0}'..='\u{3000}' | '\u{e000}'..='\u{f8ff}' => false,
        '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' => false,
        other => other <= '\u{effff}',
    }
}

/// NameChar without the colon.
pub(super) fn continues_name(character: char) -> bool {
    matches!(character, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
        || starts_name(character)
}

/// What stands between `&` and `;`: one of the five predefined entities or a numeric reference to a legal
/// character. There are no others without a DTD.
pub(super) fn reference(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    // `from_str_radix` would take a sign.
    let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| good)?;
    char::from_u32(code).filter(|character| is_legal(*character))
}

/// The first `&` of an attribute's text that begins no reference.
pub(super) fn first_bad_reference(raw: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = raw.get(from..).and_then(|rest| rest.find('&')) {
        let at = from + found;
        let name = raw.get(at + 1..).and_then(|rest| rest.split_once(';')).map(|(name, _)| name);
        match name.filter(|name| reference(name).is_some()) {
            Some(name) => from = at + name.len() + 2,
            None => return Some(at),
        }
    }
    None
}

/// The value of an attribute whose references were checked: references resolved, and white space that was not
/// written as a reference read as a space (XML 1.0, 3.3.3).
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\r' | b'\n')) {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\r', '\n']) {
        let (before, special) = rest.split_at(at);
        value.push_str(before);
        rest = match special.strip_prefix('&') {
            Some(reference_on) => {
                let (name, after) = reference_on.split_once(';').unwrap_or((reference_on, ""));
                value.extend(reference(name));
                after
            }
            None => {
                value.push(' ');
                special.strip_prefix("\r\n").or(special.get(1..)).unwrap_or_default()
            }
        };
    }
    value.push_str(rest);
    Cow::Owned(value)
}

/// Writes the value of an attribute between double quotes. White space other than the space goes as references,
/// or a reader would take it for spaces.
pub(super) fn write_value(value: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        let reference = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\t' => "&#9;",
            b'\n' => "&#10;",
            b'\r' => "&#13;",
            _ => continue,
        };
        // These bytes are ASCII, so both sides are character boundaries.
        out.push_str(value.get(from..at).unwrap_or_default());
        out.push_str(reference);
        from = at + 1;
    }
    out.push_str(value.get(from..).unwrap_or_default());
}
