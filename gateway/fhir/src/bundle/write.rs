//! A Bundle as text: every resource spliced back as it was.

use bytes::Bytes;

use super::{Bundle, Entry, SearchMode};
use crate::json::Node;

impl Bundle {
    /// The JSON text; every resource exactly as it was. Empty lists are left out, as FHIR JSON wants them.
    pub fn write(&self) -> Bytes {
        let resources = self.entries.iter().filter_map(|entry| entry.resource.as_ref());
        let size: usize = resources.map(|resource| resource.text().len() + 128).sum();
        let mut out = Object { out: String::with_capacity(size + 256), empty: true };
        out.out.push('{');
        out.text("resourceType", "Bundle");
        out.maybe("id", self.id.as_deref());
        if self.last_updated.is_some() || !self.meta.is_empty() {
            out.object("meta", |meta| {
                meta.maybe("lastUpdated", self.last_updated.as_deref());
                meta.nodes(&self.meta);
            });
        }
        out.nodes(&self.others);
        if let Some(identifier) = &self.identifier {
            out.raw("identifier", &identifier.write());
        }
        out.text("type", self.kind.code());
        out.maybe("timestamp", self.timestamp.as_deref());
        if let Some(total) = self.total {
            out.raw("total", &total.to_string());
        }
        out.links(&self.links);
        out.list("entry", &self.entries, write_entry);
        if let Some(signature) = &self.signature {
            out.raw("signature", &signature.write());
        }
        out.out.push('}');
        out.out.into()
    }
}

fn write_entry(out: &mut Object, entry: &Entry) {
    out.nodes(&entry.others);
    out.links(&entry.links);
    out.maybe("fullUrl", entry.full_url.as_deref());
    if let Some(resource) = &entry.resource {
        out.raw("resource", resource.text());
    }
    if entry.mode.is_some() || entry.score.is_some() {
        out.object("search", |search| {
            search.maybe("mode", entry.mode.map(SearchMode::code));
            if let Some(digits) = &entry.score {
                search.raw("score", digits);
            }
        });
    }
    if let Some(request) = &entry.request {
        out.object("request", |out| {
            out.text("method", &request.method);
            out.text("url", &request.url);
            out.maybe("ifNoneMatch", request.if_none_match.as_deref());
            out.maybe("ifModifiedSince", request.if_modified_since.as_deref());
            out.maybe("ifMatch", request.if_match.as_deref());
            out.maybe("ifNoneExist", request.if_none_exist.as_deref());
        });
    }
    if let Some(response) = &entry.response {
        out.object("response", |out| {
            out.text("status", &response.status);
            out.maybe("location", response.location.as_deref());
            out.maybe("etag", response.etag.as_deref());
            out.maybe("lastModified", response.last_modified.as_deref());
            if let Some(outcome) = &response.outcome {
                out.raw("outcome", outcome.text());
            }
        });
    }
}

/// A JSON object being written; keeps track of commas.
struct Object {
    out: String,
    empty: bool,
}

impl Object {
    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push_str(&Node::text(name).write());
        self.out.push(':');
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.push_str(json);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &Node::text(text).write());
    }

    fn nodes(&mut self, members: &[(String, Node)]) {
        for (name, node) in members {
            self.raw(name, &node.write());
        }
    }

    fn links(&mut self, links: &[(String, String)]) {
        self.list("link", links, |link, (relation, url)| {
            link.text("relation", relation);
            link.text("url", url);
        });
    }

    fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn braces(&mut self, inside: impl FnOnce(&mut Object)) {
        self.out.push('{');
        self.empty = true;
        inside(self);
        self.out.push('}');
        self.empty = false;
    }

    fn object(&mut self, name: &str, inside: impl FnOnce(&mut Object)) {
        self.name(name);
        self.braces(inside);
    }

    fn list<T>(&mut self, name: &str, items: &[T], write: impl Fn(&mut Object, &T)) {
        if items.is_empty() {
            return;
        }
        self.name(name);
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.braces(|object| write(object, item));
        }
        self.out.push(']');
    }
}
