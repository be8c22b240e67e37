//! Envelopes of SOAP 1.2 with WS-Addressing: what comes is read strictly, what goes is written plainly.

use super::names::{ADDRESSING, SOAP};
use crate::xml::{Content, Element};

/// An envelope that came in.
pub struct Envelope {
    pub message_id: String,
    pub header: Element,
    /// The one thing in its body.
    pub content: Element,
}

/// Reads an envelope with this action, sent to an address that ends so.
///
/// # Errors
/// What is wrong with it, for the text of a fault.
pub fn read(body: &[u8], action: &str, to: &str) -> Result<Envelope, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "not UTF-8")?;
    let root = Element::read(text)?;
    if !root.is(SOAP, "Envelope") {
        return Err("no envelope of SOAP 1.2");
    }
    let header = only(&root, SOAP, "Header").ok_or("no header")?;
    let says = |name| only(header, ADDRESSING, name).map(text_of).ok_or("a header is missing");
    if says("Action")? != action {
        return Err("another action");
    }
    let understood = only(header, ADDRESSING, "Action").and_then(|element| element.attribute("mustUnderstand"));
    if understood != Some("1") {
        return Err("the action need not be understood");
    }
    if !says("To")?.ends_with(to) {
        return Err("sent to another address");
    }
    let reply_to = only(header, ADDRESSING, "ReplyTo").and_then(|element| only(element, ADDRESSING, "Address"));
    if reply_to.map(text_of).as_deref() != Some("http://www.w3.org/2005/08/addressing/anonymous") {
        return Err("the answer is wanted elsewhere");
    }
    let message_id = says("MessageID")?;
    if uuid::Uuid::parse_str(message_id.strip_prefix("urn:uuid:").unwrap_or_default()).is_err() {
        return Err("the message id is no URN of a UUID");
    }
    let body = only(&root, SOAP, "Body").ok_or("no body")?;
    let mut contents = body.elements();
    let (Some(content), None) = (contents.next(), contents.next()) else { return Err("not one thing in the body") };
    Ok(Envelope { message_id, header: header.clone(), content: content.clone() })
}

/// The child of this name, when there is exactly one.
pub fn only<'e>(element: &'e Element, namespace: &str, name: &str) -> Option<&'e Element> {
    let mut found = element.elements().filter(|child| child.is(namespace, name));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The text of an element.
pub fn text_of(element: &Element) -> String {
    let texts = element.content.iter().filter_map(|content| match content {
        Content::Text(text) => Some(text.as_str()),
        Content::Element(_) => None,
    });
    texts.collect::<String>().trim().to_owned()
}

/// Writes an answer.
pub fn answer(action: &str, relates_to: &str, body: &str) -> String {
    let (action, relates_to) = (escaped(action), escaped(relates_to));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope xmlns:soap=\"{SOAP}\" xmlns:wsa=\"{ADDRESSING}\">\
         <soap:Header><wsa:Action soap:mustUnderstand=\"1\">{action}</wsa:Action><wsa:MessageID>urn:uuid:{}\
         </wsa:MessageID><wsa:RelatesTo>{relates_to}</wsa:RelatesTo></soap:Header><soap:Body>{body}</soap:Body>\
         </soap:Envelope>",
        uuid::Uuid::new_v4()
    )
}

/// Writes a fault.
pub fn fault(sender: bool, why: &str) -> String {
    let code = if sender { "Sender" } else { "Receiver" };
    format!(
        "<soap:Envelope xmlns:soap=\"{SOAP}\"><soap:Body><soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value>\
         </soap:Code><soap:Reason><soap:Text xml:lang=\"en\">{}</soap:Text></soap:Reason></soap:Fault></soap:Body>\
         </soap:Envelope>",
        escaped(why)
    )
}

/// Text as XML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
