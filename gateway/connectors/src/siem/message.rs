//! One message, as RFC 5424 (section 6) has it, and its frame (RFC 5425, section 4.3).

use std::fmt::Write;

use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// Facility "log audit" (RFC 5424, table 1).
const LOG_AUDIT: u8 = 13;
/// What stands for a member that is not known.
const NIL: &str = "-";
/// The mark before a text that is not ASCII (RFC 5424, section 6.4).
const BOM: &str = "\u{feff}";

/// How severe it is (RFC 5424, table 2): those that are used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    Error = 3,
    Warning = 4,
    Notice = 5,
    Informational = 6,
}

impl Severity {
    pub const ALL: [Severity; 4] = [Severity::Error, Severity::Warning, Severity::Notice, Severity::Informational];
}

/// An element of the structured data: its id, and parameters by name. Names without an at-sign are those that IANA knows
/// (RFC 5424, section 7).
#[derive(Clone, Copy, Debug)]
pub struct Element<'m> {
    pub id: &'m str,
    pub parameters: &'m [(&'m str, &'m str)],
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    pub severity: Severity,
    /// When it happened. Told in UTC, to the microsecond: no receiver need know more digits.
    pub timestamp: Option<OffsetDateTime>,
    pub hostname: &'m str,
    pub app_name: &'m str,
    pub process_id: u32,
    pub message_id: &'m str,
    pub structured_data: &'m [Element<'m>],
    pub text: &'m str,
}

impl Message<'_> {
    /// The octets, without a frame.
    pub fn write(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 256);
        let priority = LOG_AUDIT * 8 + self.severity as u8;
        // Writing into a text does not fail.
        let _ = write!(out, "<{priority}>1 {} ", stamp(self.timestamp));
        header(&mut out, self.hostname, 255);
        header(&mut out, self.app_name, 48);
        let _ = write!(out, "{} ", self.process_id);
        header(&mut out, self.message_id, 32);
        if self.structured_data.is_empty() {
            out.push_str(NIL);
        }
        for element in self.structured_data {
            self::element(&mut out, element);
        }
        if !self.text.is_empty() {
            out.push(' ');
            if !self.text.is_ascii() {
                out.push_str(BOM);
            }
            out.push_str(self.text);
        }
        out
    }
}

/// Puts a message into its frame, behind those that are there: the number of its octets, a space, the octets.
pub fn framed(into: &mut Vec<u8>, message: &str) {
    into.extend_from_slice(message.len().to_string().as_bytes());
    into.push(b' ');
    into.extend_from_slice(message.as_bytes());
}

fn stamp(moment: Option<OffsetDateTime>) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    let written = moment.and_then(|moment| moment.to_offset(UtcOffset::UTC).format(format).ok());
    written.unwrap_or_else(|| NIL.to_owned())
}

/// A field of the header, printable ASCII without spaces and no longer than allowed, and the space behind it.
fn header(out: &mut String, text: &str, longest: usize) {
    let before = out.len();
    out.extend(text.chars().filter(char::is_ascii_graphic).take(longest));
    if out.len() == before {
        out.push_str(NIL);
    }
    out.push(' ');
}

fn element(out: &mut String, element: &Element<'_>) {
    out.push('[');
    name(out, element.id);
    for (key, value) in element.parameters {
        out.push(' ');
        name(out, key);
        out.push_str("=\"");
        for letter in value.chars() {
            if matches!(letter, '"' | '\\' | ']') {
                out.push('\\');
            }
            out.push(letter);
        }
        out.push('"');
    }
    out.push(']');
}

/// A name of structured data (SD-NAME): at most 32 of printable ASCII, none that ends it.
fn name(out: &mut String, text: &str) {
    let good = |letter: &char| letter.is_ascii_graphic() && !matches!(letter, '=' | ']' | '"');
    let before = out.len();
    out.extend(text.chars().filter(good).take(32));
    if out.len() == before {
        out.push_str(NIL);
    }
}
