//! The document out of what a record system has: a Bundle that is one already, or one of another form with a Composition and
//! its resources (a collection, a transaction that was meant for a FHIR server, the answer to a search).
//!
//! Nothing is carried out and nothing is looked up: an entry that has no id gets that of its `fullUrl`, and what refers to a
//! `fullUrl` refers to `Type/id` from then on (FHIR STU3, Bundle: resolving references). A resource in which nothing of that
//! is to be done stays as it was written. The same bytes make the same document. What cannot be made whole is refused, with
//! the place; a Bundle that is a document already is held to what [`Handoff`](super::Handoff) says alone.

use std::collections::{HashMap, HashSet};

use fhir::json::{Limits, Node};
use fhir::{Bundle, BundleKind, Entry, LogicalId, Resource, SearchMode, links};
use thiserror::Error;

/// The forms that a document is made of.
const FORMS: [BundleKind; 5] =
    [BundleKind::Document, BundleKind::Collection, BundleKind::Transaction, BundleKind::Batch, BundleKind::Searchset];

/// Why no document can be made of a Bundle. Names places and ids, never other values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssemblyFault {
    #[error("it is no Bundle")]
    NoBundle,
    #[error("a Bundle of type {0} holds no handoff")]
    Form(&'static str),
    #[error("it is one page of an answer, and others follow")]
    Page,
    #[error("entry {0} has no resource, or says that an answer is not whole")]
    Entry(usize),
    #[error("entry {0} does not put its own resource: its request is another, or depends on what a server has")]
    Request(usize),
    #[error("entry {0} has no id, and none can be read from its fullUrl")]
    NoId(usize),
    #[error("the fullUrl of entry {0} is of another resource than the one in it")]
    FullUrl(usize),
    #[error("two entries have the fullUrl of entry {0}")]
    Twice(usize),
    #[error("entry {entry} refers at {place} to an entry that is not there")]
    Unresolved { entry: usize, place: String },
    #[error("entry {entry} refers at {place} by a search, which is not carried out")]
    Conditional { entry: usize, place: String },
    #[error("its Composition refers to {0}, which is not in it")]
    Missing(String),
    #[error("it is larger than can be read")]
    TooLarge,
}

/// The document of a Bundle. One that needs nothing done is given back as it came.
///
/// # Errors
/// Why there is none.
pub fn document(pushed: &Resource) -> Result<Resource, AssemblyFault> {
    let bundle = Bundle::read(pushed).map_err(|_| AssemblyFault::NoBundle)?;
    if !FORMS.contains(&bundle.kind) {
        return Err(AssemblyFault::Form(bundle.kind.code()));
    }
    if bundle.links.iter().any(|(relation, _)| relation == "next") {
        return Err(AssemblyFault::Page);
    }
    let mut parts = Vec::new();
    for (at, entry) in bundle.entries.iter().enumerate() {
        parts.push(part_of(bundle.kind, at, entry)?);
    }
    let mut known: HashMap<&str, &str> = HashMap::new();
    for (at, (entry, part)) in bundle.entries.iter().zip(&parts).enumerate() {
        if let Some(url) = &entry.full_url
            && known.insert(url, &part.name).is_some()
        {
            return Err(AssemblyFault::Twice(at));
        }
    }
    let bases: HashMap<&str, &str> =
        parts.iter().filter_map(|part| part.base.map(|base| (part.name.as_str(), base))).collect();
    let mut resources = Vec::new();
    let mut as_it_came = bundle.kind == BundleKind::Document;
    for (at, part) in parts.iter().enumerate() {
        let of = Entries { known: &known, bases: &bases, base: part.base };
        let mut resolving = Resolving { entry: at, of, place: String::new(), changed: false };
        let mut node = part.resource.to_node();
        resolving.resolve(&mut node)?;
        if part.named {
            let (_, id) = part.name.split_once('/').unwrap_or_default();
            put_id(&mut node, id);
        }
        if resolving.changed || part.named {
            as_it_came = false;
            resources.push(Resource::from_node(&node));
        } else {
            resources.push(part.resource.clone());
        }
    }
    if as_it_came {
        return Ok(pushed.clone());
    }
    if bundle.kind != BundleKind::Document {
        is_whole(&resources, &parts)?;
    }
    resources.sort_by_key(|resource| resource.resource_type() != "Composition");
    let mut document = Bundle::new(BundleKind::Document);
    document.entries =
        resources.into_iter().map(|resource| Entry { resource: Some(resource), ..Entry::default() }).collect();
    let text = document.write();
    let limits = Limits { bytes: text.len(), ..Limits::default() };
    Resource::parse(text, &limits).map_err(|_| AssemblyFault::TooLarge)
}

/// An entry as it goes into the document.
struct Part<'u> {
    resource: Resource,
    /// `Type/id`.
    name: String,
    /// The id is that of the `fullUrl`, and is yet to be put into the resource.
    named: bool,
    base: Option<&'u str>,
}

fn part_of(form: BundleKind, at: usize, entry: &Entry) -> Result<Part<'_>, AssemblyFault> {
    let is_outcome = entry.mode == Some(SearchMode::Outcome);
    let resource = entry.resource.clone().filter(|_| !is_outcome).ok_or(AssemblyFault::Entry(at))?;
    let kind = resource.resource_type().into_owned();
    let own = resource.id().map(|id| id.into_owned());
    let told = entry.full_url.as_deref().and_then(|url| told_by(url, &kind));
    let base = told.as_ref().and_then(|told| told.base);
    if let (Some(own), Some(told), Some(_)) = (&own, &told, base)
        && own != told.id.as_str()
    {
        return Err(AssemblyFault::FullUrl(at));
    }
    let named = own.is_none();
    let id = own.or_else(|| told.map(|told| told.id.as_str().to_owned())).ok_or(AssemblyFault::NoId(at))?;
    let name = format!("{kind}/{id}");
    if matches!(form, BundleKind::Transaction | BundleKind::Batch) {
        let puts = entry.request.as_ref().is_some_and(|request| {
            let unconditional = request.if_none_exist.is_none() && request.if_none_match.is_none();
            let where_it_goes = match request.method.as_str() {
                "POST" => request.url == kind,
                "PUT" => request.url == name,
                _ => false,
            };
            unconditional && where_it_goes
        });
        if !puts {
            return Err(AssemblyFault::Request(at));
        }
    }
    Ok(Part { resource, name, named, base })
}

/// What a `fullUrl` says of its resource.
struct Told<'u> {
    id: LogicalId,
    /// The server that it is on; nothing for a `urn:`, whose id a resource need not have.
    base: Option<&'u str>,
}

fn told_by<'u>(url: &'u str, kind: &str) -> Option<Told<'u>> {
    if let Some(id) = url.strip_prefix("urn:uuid:").or_else(|| url.strip_prefix("urn:oid:")) {
        return Some(Told { id: LogicalId::parse(id)?, base: None });
    }
    let (rest, id) = url.rsplit_once('/')?;
    let base = rest.strip_suffix(kind)?.strip_suffix('/').filter(|_| is_http(url))?;
    Some(Told { id: LogicalId::parse(id)?, base: Some(base) })
}

fn is_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// The id stands behind the type.
fn put_id(node: &mut Node, id: &str) {
    if let Node::Object(members) = node {
        let at = members.iter().position(|(name, _)| name == "resourceType").map_or(0, |at| at + 1);
        members.insert(at, ("id".to_owned(), Node::text(id)));
    }
}

/// Whether everything that the Composition refers to is there.
fn is_whole(resources: &[Resource], parts: &[Part<'_>]) -> Result<(), AssemblyFault> {
    let there: HashSet<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let mut missing = None;
    for composition in resources.iter().filter(|one| one.resource_type() == "Composition") {
        links(composition, &mut |kind, id, elsewhere| {
            let name = format!("{kind}/{id}");
            if !elsewhere && missing.is_none() && !there.contains(name.as_str()) {
                missing = Some(name);
            }
        });
    }
    missing.map_or(Ok(()), |name| Err(AssemblyFault::Missing(name)))
}

/// What can be referred to from one entry.
struct Entries<'a> {
    /// What each `fullUrl` is, as `Type/id`.
    known: &'a HashMap<&'a str, &'a str>,
    /// On which server each `Type/id` is, where its `fullUrl` says so.
    bases: &'a HashMap<&'a str, &'a str>,
    /// On which the entry itself is.
    base: Option<&'a str>,
}

/// One resource whose references are resolved.
struct Resolving<'a> {
    entry: usize,
    of: Entries<'a>,
    /// Where we are, as `section[0].entry[1]`.
    place: String,
    changed: bool,
}

impl Resolving<'_> {
    fn resolve(&mut self, node: &mut Node) -> Result<(), AssemblyFault> {
        match node {
            Node::Object(members) => {
                for (name, member) in members {
                    let length = self.place.len();
                    match member {
                        Node::Text(text) if name == "reference" => self.reference(text)?,
                        // The Binary of a document (Nuts eOverdracht).
                        Node::Text(text) if name == "url" => {
                            let binary = self.of.known.get(text.as_str()).filter(|name| name.starts_with("Binary/"));
                            if let Some(binary) = binary {
                                self.put(text, (*binary).to_owned());
                            }
                        }
                        Node::Object(_) | Node::List(_) => {
                            if length > 0 {
                                self.place.push('.');
                            }
                            self.place.push_str(name);
                            self.resolve(member)?;
                        }
                        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
                    }
                    self.place.truncate(length);
                }
            }
            Node::List(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    let length = self.place.len();
                    self.place.push_str(&format!("[{at}]"));
                    self.resolve(item)?;
                    self.place.truncate(length);
                }
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        }
        Ok(())
    }

    fn reference(&mut self, text: &mut String) -> Result<(), AssemblyFault> {
        if let Some(name) = self.of.known.get(text.as_str()) {
            self.put(text, (*name).to_owned());
            return Ok(());
        }
        let (entry, place) = (self.entry, self.place.clone());
        // The same `Type/id` on another server is another resource.
        let on_another = self.of.bases.get(text.as_str()).zip(self.of.base).is_some_and(|(there, here)| *there != here);
        if text.starts_with("urn:") || on_another {
            return Err(AssemblyFault::Unresolved { entry, place });
        }
        if !is_http(text) && text.contains('?') {
            return Err(AssemblyFault::Conditional { entry, place });
        }
        Ok(())
    }

    fn put(&mut self, place: &mut String, name: String) {
        self.changed |= *place != name;
        *place = name;
    }
}
