//! Extensions: those that STU3 is known to have, with what they are known to hold.

use fhir::elements::{self, Child};
use fhir::json::Node;

use super::Why;
use super::around::text;
use super::systems::{self, Holds};
use super::turn::{Came, Item, Turn};

/// The value of an extension with a text.
const TEXT: &str = "valueString";

impl Turn<'_> {
    /// One extension.
    pub(super) fn extension(&mut self, extension: &Node) -> Option<Node> {
        let known = text(extension, "url").and_then(|url| systems::extension(self.way, url));
        let Some((url, holds)) = known else {
            self.fault(Why::Extension);
            return None;
        };
        match holds {
            Holds::Value(types, codes) => {
                let code = text(extension, "valueCode").filter(|_| !codes.is_empty());
                if code.is_some_and(|code| !codes.contains(&code)) {
                    self.fault_at("valueCode", Why::Code);
                    return None;
                }
                self.with_value(extension, url, types)
            }
            Holds::Parts(parts) => {
                let Node::Object(members) = extension else { return None };
                let Some(Node::List(inner)) = extension.get("extension") else {
                    self.fault(Why::Extension);
                    return None;
                };
                if members.iter().any(|(name, _)| !["url", "extension", "id"].contains(&name.as_str())) {
                    self.fault(Why::Extension);
                    return None;
                }
                let mut made = Vec::new();
                for (at, part) in inner.iter().enumerate() {
                    let (length, _) = (self.place.enter("extension"), self.place.enter_item(at));
                    let known = parts.iter().find(|(names, _)| text(part, "url") == Some(self.way.of(*names).0));
                    match known {
                        Some((names, types)) => made.extend(self.with_value(part, self.way.of(*names).1, types)),
                        None => self.fault(Why::Extension),
                    }
                    self.place.leave(length);
                }
                Some(built(extension, url, [("extension".to_owned(), Node::List(made))]))
            }
        }
    }

    /// An extension that holds one value, of one of these types.
    fn with_value(&mut self, extension: &Node, url: &str, types: &[&str]) -> Option<Node> {
        let Node::Object(members) = extension else { return None };
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in members {
            let name = name.strip_prefix('_').unwrap_or(name);
            if !["url", "id"].contains(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        let value = match names.as_slice() {
            [one] if types.iter().any(|of| is_value_of(one, of)) => self.value_child(one),
            _ => None,
        };
        let Some((name, from, to)) = value else {
            self.fault(Why::Extension);
            return None;
        };
        let item = Came::member(extension, name);
        let length = self.place.enter(name);
        let made = self.content(item, from, to);
        self.place.leave(length);
        Some(built(extension, url, in_members(name, made?)))
    }

    /// The extension in which an element of the other version stands.
    pub(super) fn within_extension(
        &mut self,
        item: Came<'_>,
        url: &str,
        value: &'static str,
        from: &'static Child,
    ) -> Option<Item> {
        let (_, _, to) = self.value_child(value)?;
        let item = self.content(item, from, to)?;
        Some(Item::of(built(&Node::Null, url, in_members(value, item))))
    }

    /// The element that stands in an extension.
    pub(super) fn of_extension(&mut self, item: Came<'_>, value: &'static str, to: &'static Child) -> Option<Item> {
        let (_, from, _) = self.value_child(value)?;
        let item = self.value_of(item, value)?;
        self.content(item, from, to)
    }

    /// The extension in which the text of an object stands that holds nothing else.
    pub(super) fn text_in_extension(&mut self, item: Came<'_>, url: &str, from: &'static Child) -> Option<Item> {
        let (name, _, to) = self.value_child(TEXT)?;
        let item = self.unwrapped(item, "text", from, to)?;
        Some(Item::of(built(&Node::Null, url, in_members(name, item))))
    }

    /// The object with the text that stands in an extension.
    pub(super) fn text_of_extension(&mut self, item: Came<'_>, to: &'static Child) -> Option<Item> {
        let (_, from, _) = self.value_child(TEXT)?;
        let item = self.value_of(item, TEXT)?;
        self.wrapped(item, "text", from, to)
    }

    /// The value of an extension that holds nothing else.
    fn value_of<'n>(&mut self, item: Came<'n>, value: &str) -> Option<Came<'n>> {
        let extension = item.value?;
        let beside = format!("_{value}");
        let Node::Object(members) = extension else { return None };
        let item = Came::member(extension, value);
        if item == Came::default() || members.iter().any(|(name, _)| name != "url" && name != value && *name != beside)
        {
            self.fault(Why::Content);
            return None;
        }
        Some(item)
    }

    /// The element of an extension's value, in both versions.
    fn value_child(&self, name: &str) -> Option<(&'static str, &'static Child, &'static Child)> {
        let from = elements::type_of(self.way.from(), "Extension")?.child(name)?;
        let to = elements::type_of(self.way.to(), "Extension")?.child(name)?;
        Some((from.name, from, to))
    }
}

/// `valueString` holds a `string`.
fn is_value_of(name: &str, of: &str) -> bool {
    name.strip_prefix("value").is_some_and(|suffix| suffix.eq_ignore_ascii_case(of))
}

fn in_members(name: &str, item: Item) -> Vec<(String, Node)> {
    let members = [(name.to_owned(), item.value), (format!("_{name}"), item.beside)];
    members.into_iter().filter_map(|(name, node)| Some((name, node?))).collect()
}

/// An extension with the id of the one that it stands for.
fn built(was: &Node, url: &str, members: impl IntoIterator<Item = (String, Node)>) -> Node {
    let id = was.get("id").map(|id| ("id".to_owned(), id.clone()));
    let url = ("url".to_owned(), Node::text(url));
    Node::Object(id.into_iter().chain([url]).chain(members).collect())
}
