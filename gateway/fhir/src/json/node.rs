//! An owned JSON value, for building and for changing.

use std::fmt;

use bytes::Bytes;

use super::document::Document;
use super::parser::{JsonFault, Limits};
use super::strings;

/// An owned JSON value that keeps the digits of numbers and the order of members.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    Null,
    Bool(bool),
    /// The digits as written; always a valid JSON number.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads JSON that came with this program (tables, fixtures, configuration); for a peer's text use
    /// [`Document::parse`] with limits of the situation.
    pub fn read(text: &str) -> Result<Node, JsonFault> {
        Ok(Document::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default())?.root().to_node())
    }

    pub fn text(text: impl AsRef<str>) -> Node {
        Node::Text(text.as_ref().to_owned())
    }

    pub fn number(number: i64) -> Node {
        Node::Number(number.to_string())
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Node::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => None,
        }
    }

    /// Sets a member of an object, in place or at the end; does nothing to other kinds.
    pub fn set(&mut self, name: &str, value: Node) {
        if let Node::Object(members) = self {
            match members.iter_mut().find(|(key, _)| key == name) {
                Some((_, place)) => *place = value,
                None => members.push((name.to_owned(), value)),
            }
        }
    }

    /// Removes a member of an object.
    pub fn remove(&mut self, name: &str) -> Option<Node> {
        let Node::Object(members) = self else { return None };
        let at = members.iter().position(|(key, _)| key == name)?;
        Some(members.remove(at).1)
    }

    /// The JSON text, without white space.
    pub fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Node::Null => out.push_str("null"),
            Node::Bool(true) => out.push_str("true"),
            Node::Bool(false) => out.push_str("false"),
            Node::Number(digits) => out.push_str(digits),
            Node::Text(text) => strings::write(text, out),
            Node::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_to(out);
                }
                out.push(']');
            }
            Node::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    strings::write(name, out);
                    out.push(':');
                    value.write_to(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Debug for Node {
    /// Only the kind and size: content stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Null => f.write_str("Null"),
            Node::Bool(_) => f.write_str("Bool"),
            Node::Number(_) => f.write_str("Number"),
            Node::Text(_) => f.write_str("Text"),
            Node::List(items) => write!(f, "List({})", items.len()),
            Node::Object(members) => write!(f, "Object({})", members.len()),
        }
    }
}

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Node {
        match value {
            serde_json::Value::Null => Node::Null,
            serde_json::Value::Bool(flag) => Node::Bool(*flag),
            serde_json::Value::Number(number) => Node::Number(number.to_string()),
            serde_json::Value::String(text) => Node::text(text),
            serde_json::Value::Array(items) => Node::List(items.iter().map(Node::from).collect()),
            serde_json::Value::Object(members) => {
                Node::Object(members.iter().map(|(name, value)| (name.clone(), Node::from(value))).collect())
            }
        }
    }
}
