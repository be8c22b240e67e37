//! Bundle: read into its entries without copying the resources, written by splicing them back as they were.

#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::json::{Kind, Node, Value};
use crate::resource::Resource;

/// `Bundle.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleKind {
    Document,
    Message,
    Transaction,
    TransactionResponse,
    Batch,
    BatchResponse,
    History,
    Searchset,
    Collection,
}

impl BundleKind {
    /// The code of <http://hl7.org/fhir/bundle-type>, the same in STU3 and R4.
    pub const fn code(self) -> &'static str {
        match self {
            BundleKind::Document => "document",
            BundleKind::Message => "message",
            BundleKind::Transaction => "transaction",
            BundleKind::TransactionResponse => "transaction-response",
            BundleKind::Batch => "batch",
            BundleKind::BatchResponse => "batch-response",
            BundleKind::History => "history",
            BundleKind::Searchset => "searchset",
            BundleKind::Collection => "collection",
        }
    }

    fn of(code: &str) -> Option<Self> {
        const ALL: [BundleKind; 9] = [
            BundleKind::Document,
            BundleKind::Message,
            BundleKind::Transaction,
            BundleKind::TransactionResponse,
            BundleKind::Batch,
            BundleKind::BatchResponse,
            BundleKind::History,
            BundleKind::Searchset,
            BundleKind::Collection,
        ];
        ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// `Bundle.entry.search.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchMode {
    Match,
    Include,
    Outcome,
}

impl SearchMode {
    /// The code of <http://hl7.org/fhir/search-entry-mode>.
    pub const fn code(self) -> &'static str {
        match self {
            SearchMode::Match => "match",
            SearchMode::Include => "include",
            SearchMode::Outcome => "outcome",
        }
    }

    fn of(code: &str) -> Option<Self> {
        [SearchMode::Match, SearchMode::Include, SearchMode::Outcome].into_iter().find(|mode| mode.code() == code)
    }
}

/// `Bundle.entry.request`. Debug shows nothing: a URL can hold a BSN.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryRequest {
    pub method: String,
    pub url: String,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
    pub if_match: Option<String>,
    pub if_none_exist: Option<String>,
}

/// `Bundle.entry.response`. Debug shows nothing.
#[derive(Clone, Default)]
pub struct EntryResponse {
    pub status: String,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub outcome: Option<Resource>,
}

/// `Bundle.entry`. Debug leaves the full URL out: it holds an id.
#[derive(Clone, Default)]
pub struct Entry {
    /// relation, URL
    pub links: Vec<(String, String)>,
    pub full_url: Option<String>,
    pub resource: Option<Resource>,
    pub mode: Option<SearchMode>,
    /// `search.score`: the digits as written.
    pub score: Option<String>,
    pub request: Option<EntryRequest>,
    pub response: Option<EntryResponse>,
    /// Its other members as written: `id`, `extension` and the like.
    pub others: Vec<(String, Node)>,
}

/// A Bundle. Debug shows its kind and size only.
#[derive(Clone)]
pub struct Bundle {
    pub kind: BundleKind,
    pub id: Option<String>,
    /// `Bundle.meta.lastUpdated` or, for R4, the moment of assembly.
    pub last_updated: Option<String>,
    /// The other members of `Bundle.meta`, as written.
    pub meta: Vec<(String, Node)>,
    /// `Bundle.identifier`, as written (R4, and STU3 too).
    pub identifier: Option<Node>,
    /// `Bundle.timestamp` (R4).
    pub timestamp: Option<String>,
    pub total: Option<u64>,
    /// relation, URL
    pub links: Vec<(String, String)>,
    pub entries: Vec<Entry>,
    /// `Bundle.signature`, as written. It signs the text that it came with, not one that we write.
    pub signature: Option<Node>,
    /// The other members, as written: `language`, `extension` and the like.
    pub others: Vec<(String, Node)>,
}

/// Why a resource is no usable Bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BundleFault {
    #[error("not a Bundle")]
    NotABundle,
    #[error("Bundle.type is missing or unknown")]
    Kind,
    #[error("Bundle.entry[{0}] is malformed")]
    Entry(usize),
    /// `link`, `total` or `entry` itself: a page whose links cannot be read must not pass for the last one.
    #[error("Bundle.{0} is malformed")]
    Member(&'static str),
}

impl Bundle {
    pub fn new(kind: BundleKind) -> Self {
        Bundle {
            kind,
            id: None,
            last_updated: None,
            meta: Vec::new(),
            identifier: None,
            timestamp: None,
            total: None,
            links: Vec::new(),
            entries: Vec::new(),
            signature: None,
            others: Vec::new(),
        }
    }

    /// Splits a Bundle into its entries. Resources share the Bundle's memory. What this type does not hold (members of
    /// `entry.search`, `request` and `response` that the standard does not name, extensions of them) stays behind in
    /// the resource.
    pub fn read(resource: &Resource) -> Result<Bundle, BundleFault> {
        if resource.resource_type() != "Bundle" {
            return Err(BundleFault::NotABundle);
        }
        let root = resource.root();
        let kind = text(root, "type").ok().flatten().and_then(|code| BundleKind::of(&code)).ok_or(BundleFault::Kind)?;
        let total = match root.get("total") {
            None => None,
            Some(total) => {
                Some(total.as_number().and_then(|digits| digits.parse().ok()).ok_or(BundleFault::Member("total"))?)
            }
        };
        let mut entries = Vec::new();
        for (at, entry) in list(root, "entry").ok_or(BundleFault::Member("entry"))?.enumerate() {
            entries.push(read_entry(resource, entry).ok_or(BundleFault::Entry(at))?);
        }
        Ok(Bundle {
            kind,
            id: resource.id().map(Into::into),
            last_updated: resource.last_updated().map(Into::into),
            meta: root.get("meta").map_or_else(Vec::new, |meta| others(meta, &["lastUpdated"])),
            identifier: root.get("identifier").map(|identifier| identifier.to_node()),
            timestamp: text(root, "timestamp").map_err(|()| BundleFault::Member("timestamp"))?,
            total,
            links: read_links(root).ok_or(BundleFault::Member("link"))?,
            entries,
            signature: root.get("signature").map(|signature| signature.to_node()),
            others: others(root, &MEMBERS),
        })
    }

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

/// An optional text member; a member of another kind is a fault.
fn text(value: Value<'_>, name: &str) -> Result<Option<String>, ()> {
    match value.get(name) {
        None => Ok(None),
        Some(member) => member.as_text().map(|text| Some(text.into_owned())).ok_or(()),
    }
}

/// The items of an optional list of objects.
fn list<'d>(value: Value<'d>, name: &str) -> Option<impl Iterator<Item = Value<'d>> + use<'d>> {
    let found = value.get(name);
    let good =
        found.is_none_or(|list| list.kind() == Kind::List && list.items().all(|item| item.kind() == Kind::Object));
    good.then(|| found.into_iter().flat_map(|list| list.items()))
}

/// What a Bundle and an entry hold under names of their own.
const MEMBERS: [&str; 10] =
    ["resourceType", "id", "meta", "identifier", "type", "timestamp", "total", "link", "entry", "signature"];
const ENTRY_MEMBERS: [&str; 6] = ["link", "fullUrl", "resource", "search", "request", "response"];

/// The members that have none of these names.
fn others(value: Value<'_>, known: &[&str]) -> Vec<(String, Node)> {
    let others = value.members().filter(|(name, _)| !known.contains(&name.as_ref()));
    others.map(|(name, member)| (name.into_owned(), member.to_node())).collect()
}

fn read_links(value: Value<'_>) -> Option<Vec<(String, String)>> {
    list(value, "link").and_then(|links| links.map(read_link).collect())
}

fn read_link(link: Value<'_>) -> Option<(String, String)> {
    Some((text(link, "relation").ok()??, text(link, "url").ok()??))
}

fn read_entry(bundle: &Resource, entry: Value<'_>) -> Option<Entry> {
    let resource = |value: Option<Value<'_>>| match value {
        None => Some(None),
        Some(value) => bundle.part(value).map(Some),
    };
    let search = |name| entry.get("search").and_then(|search| search.get(name));
    let mode = match search("mode") {
        None => None,
        Some(mode) => Some(SearchMode::of(&mode.as_text()?)?),
    };
    let score = match search("score") {
        None => None,
        Some(score) => Some(score.as_number()?.to_owned()),
    };
    let request = match entry.get("request") {
        None => None,
        Some(request) => Some(EntryRequest {
            method: text(request, "method").ok()??,
            url: text(request, "url").ok()??,
            if_none_match: text(request, "ifNoneMatch").ok()?,
            if_modified_since: text(request, "ifModifiedSince").ok()?,
            if_match: text(request, "ifMatch").ok()?,
            if_none_exist: text(request, "ifNoneExist").ok()?,
        }),
    };
    let response = match entry.get("response") {
        None => None,
        Some(response) => Some(EntryResponse {
            status: text(response, "status").ok()??,
            location: text(response, "location").ok()?,
            etag: text(response, "etag").ok()?,
            last_modified: text(response, "lastModified").ok()?,
            outcome: resource(response.get("outcome"))?,
        }),
    };
    let full_url = text(entry, "fullUrl").ok()?;
    Some(Entry {
        links: read_links(entry)?,
        full_url,
        resource: resource(entry.get("resource"))?,
        mode,
        score,
        request,
        response,
        others: others(entry, &ENTRY_MEMBERS),
    })
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

impl fmt::Debug for EntryRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryRequest(..)")
    }
}

impl fmt::Debug for EntryResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryResponse(..)")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("resource", &self.resource)
            .field("mode", &self.mode)
            .field("request", &self.request)
            .field("response", &self.response)
            .finish()
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({}, {} entries)", self.kind.code(), self.entries.len())
    }
}
