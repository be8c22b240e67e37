//! An owned JSON value, for building and for changing.

/// An owned JSON value that keeps the digits of numbers and the order of members.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub fn set(&mut self, _name: &str, _value: Node) {
        todo!()
    }
    /// Removes a member of an object.
    pub fn remove(&mut self, _name: &str) -> Option<Node> {
        todo!()
    }
    /// The JSON text, without white space.
    pub fn write(&self) -> String {
        todo!()
    }
}

impl From<&serde_json::Value> for Node {
    fn from(_value: &serde_json::Value) -> Node {
        todo!()
    }
}
