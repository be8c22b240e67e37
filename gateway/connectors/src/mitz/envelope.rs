//! A SOAP 1.2 envelope with WS-Addressing headers, read: whether it answers what was asked, and what stands in its body.

use super::names::{ADDRESSING, SOAP};
use super::xml::Element;

/// What an envelope is held against.
pub(super) struct Expected<'a> {
    /// Our own MessageID.
    pub(super) message_id: &'a str,
    /// The WS-Addressing action of the answer.
    pub(super) action: &'a str,
}

/// Why an envelope is no answer to what was asked. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnvelopeFault {
    /// Not an envelope of SOAP 1.2 with one body.
    NotSoap,
    /// A fault: what we asked is wrong.
    Sender,
    /// A fault: the other side could not.
    Receiver,
    /// It answers another message, or does not say which.
    RelatesTo,
    /// It is another kind of answer.
    Action,
    /// A header that must be understood and is not known here (SOAP 1.2 part 1, section 2.4).
    NotUnderstood,
}

impl EnvelopeFault {
    /// A word for the log.
    pub(super) const fn word(self) -> &'static str {
        match self {
            EnvelopeFault::NotSoap => "not-soap",
            EnvelopeFault::Sender => "fault-sender",
            EnvelopeFault::Receiver => "fault-receiver",
            EnvelopeFault::RelatesTo => "other-message",
            EnvelopeFault::Action => "other-action",
            EnvelopeFault::NotUnderstood => "not-understood",
        }
    }
}

/// The one thing that stands in the body.
pub(super) fn content<'e>(root: &'e Element, expected: &Expected<'_>) -> Result<&'e Element, EnvelopeFault> {
    if !root.is(SOAP, "Envelope") || root.children().iter().any(|child| child.namespace() != SOAP) {
        return Err(EnvelopeFault::NotSoap);
    }
    let body = root.only(SOAP, "Body").ok_or(EnvelopeFault::NotSoap)?;
    let [content] = body.children() else { return Err(EnvelopeFault::NotSoap) };
    if content.is(SOAP, "Fault") {
        return Err(fault(content));
    }
    let header = root.only(SOAP, "Header").ok_or(EnvelopeFault::RelatesTo)?;
    if header.children().iter().any(must_be_understood) {
        return Err(EnvelopeFault::NotUnderstood);
    }
    let says = |name| header.only(ADDRESSING, name).and_then(Element::plain_text).map(str::trim);
    if says("RelatesTo") != Some(expected.message_id) {
        return Err(EnvelopeFault::RelatesTo);
    }
    if says("Action") != Some(expected.action) {
        return Err(EnvelopeFault::Action);
    }
    Ok(content)
}

fn must_be_understood(block: &Element) -> bool {
    block.namespace() != ADDRESSING
        && block.attribute_in(SOAP, "mustUnderstand").is_some_and(|word| word != "0" && word != "false")
}

/// Whose fault it is. Its text is for nobody: it may repeat what was asked.
fn fault(fault: &Element) -> EnvelopeFault {
    let value = fault.only(SOAP, "Code").and_then(|code| code.only(SOAP, "Value")).and_then(Element::plain_text);
    // The value is a qualified name; the prefix is whatever the sender chose.
    match value.map(|value| value.trim().rsplit(':').next().unwrap_or_default()) {
        Some("Sender") => EnvelopeFault::Sender,
        _ => EnvelopeFault::Receiver,
    }
}
