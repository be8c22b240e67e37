//! JSON in ASCII: what is not, is written as its escape (RFC 8259, section 7). Such a text needs no byte order mark and no
//! agreement about encodings.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for letter in fragment.chars() {
            // Delete is ASCII and no text.
            if letter.is_ascii() && letter != '\u{7f}' {
                writer.write_all(&[letter as u8])?;
                continue;
            }
            for unit in letter.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// On one line.
///
/// # Errors
/// When the value has something that JSON cannot say.
pub fn write(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii))?;
    String::from_utf8(bytes).map_err(|_| serde::ser::Error::custom("no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ascii_is_escaped_and_reads_back() {
        for text in ["plain", "é", "\u{7f}", "😀 € \" \\ \n \u{0}", "\u{feff}"] {
            let written = write(&[text]).unwrap();
            assert!(written.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{written}");
            assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
        }
        assert_eq!(write(&["é😀"]).unwrap(), r#"["\u00e9\ud83d\ude00"]"#);
    }
}
