//! A Bundle out of its resource: entry by entry, without copying what is in them.

use super::{Bundle, BundleFault, BundleKind, Entry, EntryRequest, EntryResponse, SearchMode};
use crate::json::{Kind, Node, Value};
use crate::resource::Resource;

impl Bundle {
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
