//! One page of what a directory answered: which resources it puts, and which it takes back.
//!
//! Read as running servers write them: entries without `request`, full URLs or leading slashes, no `lastModified` on a
//! deletion, `application/json`. What cannot be told to mean one thing is passed over and counted.

use bytes::Bytes;
use fhir::json::{Document, Limits, Value};
use fhir::{LogicalId, Ura};

use super::authority::Registry;
use super::keys::SourceId;
use super::moments::{self, Millis};
use super::names;
use super::record::{
    AffiliationFacts, Code, EndpointFacts, Facts, Kind, Link, OrganizationFacts, PlaceFacts, RefusedBecause, Standing,
};
use super::shelf::ShelfFault;
use crate::http::WebAddress;

/// Longest text that is kept of a name or a code, in characters; longer ones are cut or refused.
const LONGEST_TEXT: usize = 300;
/// Most endpoints, identifiers and codes of one resource.
const MOST_PARTS: usize = 100;

/// Who speaks, and for whom it may.
pub struct Speaker<'s> {
    pub source: &'s SourceId,
    pub base: &'s WebAddress,
    pub registry: &'s Registry,
}

/// A page, read.
#[derive(Debug, Default)]
pub struct Page {
    /// When the server made the answer (`Bundle.meta.lastUpdated`).
    pub made: Option<Millis>,
    /// The link to the next page, as it stands there.
    pub next: Option<String>,
    /// In the order of the page.
    pub entries: Vec<Entry>,
    /// Entries that say nothing that can be used.
    pub passed_over: u64,
}

/// What the page says of one resource.
#[derive(Debug)]
pub struct Entry {
    /// `Type/id`.
    pub name: String,
    pub at: Option<Millis>,
    pub standing: Standing,
}

/// Why a page is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    NotJson,
    NotABundle,
    Shelf(ShelfFault),
}

impl Page {
    /// Reads the answer about one type.
    pub fn read(body: Bytes, most_bytes: usize, kind: Kind, speaker: &Speaker<'_>) -> Result<Page, PageFault> {
        let limits = Limits { bytes: most_bytes, ..Limits::default() };
        let document = Document::parse(body, &limits).map_err(|_| PageFault::NotJson)?;
        let root = document.root();
        let is = |name: &str, texts: &[&str]| text(root.get(name)).is_some_and(|said| texts.contains(&said.as_str()));
        if !is("resourceType", &["Bundle"]) || !is("type", &["history", "searchset"]) {
            return Err(PageFault::NotABundle);
        }
        let mut page = Page { made: updated(root), next: next(root), ..Page::default() };
        for entry in root.get("entry").iter().flat_map(Value::items) {
            match read_entry(entry, kind, speaker)? {
                Some(entry) => page.entries.push(entry),
                None => page.passed_over += 1,
            }
        }
        Ok(page)
    }
}

impl From<ShelfFault> for PageFault {
    fn from(fault: ShelfFault) -> Self {
        PageFault::Shelf(fault)
    }
}

fn next(root: Value<'_>) -> Option<String> {
    let links = root.get("link")?;
    let link = links.items().find(|link| text(link.get("relation")).as_deref() == Some("next"))?;
    text(link.get("url"))
}

fn read_entry(entry: Value<'_>, kind: Kind, speaker: &Speaker<'_>) -> Result<Option<Entry>, PageFault> {
    let method = text(entry.get("request").and_then(|request| request.get("method"))).unwrap_or_default();
    let request_url = text(entry.get("request").and_then(|request| request.get("url")));
    let when = |part: &str, name: &str| {
        text(entry.get(part).and_then(|part| part.get(name))).and_then(|at| moments::instant(&at))
    };
    let answered = when("response", "lastModified");
    if method.eq_ignore_ascii_case("DELETE") {
        let resource = entry.get("resource").and_then(|resource| own_name(resource, kind));
        let named = [request_url, text(entry.get("fullUrl"))];
        let named = named.iter().flatten().find_map(|url| local(url, speaker.base));
        let Some(name) = resource.or(named).filter(|name| is_of(name, kind)) else { return Ok(None) };
        let at = answered.or_else(|| entry.get("resource").and_then(updated));
        return Ok(Some(Entry { name, at, standing: Standing::Deleted }));
    }
    // What came along with a search (an OperationOutcome, an include) is not what was asked for.
    let mode = text(entry.get("search").and_then(|search| search.get("mode")));
    if mode.is_some_and(|mode| mode != "match") {
        return Ok(None);
    }
    let Some(resource) = entry.get("resource") else { return Ok(None) };
    let Some(name) = own_name(resource, kind) else { return Ok(None) };
    let standing = read_resource(resource, kind, speaker)?;
    Ok(Some(Entry { name, at: updated(resource).or(answered), standing }))
}

fn read_resource(resource: Value<'_>, kind: Kind, speaker: &Speaker<'_>) -> Result<Standing, ShelfFault> {
    let read = match kind {
        Kind::Organization => return organization(resource, speaker),
        Kind::Endpoint => endpoint(resource).map(Facts::Endpoint),
        Kind::HealthcareService => Some(Facts::Place(place(resource, "providedBy", speaker))),
        Kind::Location => Some(Facts::Place(place(resource, "managingOrganization", speaker))),
        Kind::OrganizationAffiliation => Some(Facts::Affiliation(AffiliationFacts {
            active: active(resource),
            organization: link(resource.get("organization"), speaker),
            codes: codes(resource.all("code.coding")),
        })),
    };
    Ok(read.map_or_else(|| refused(None, RefusedBecause::Malformed), Standing::Here))
}

/// An organisation whose URA is another's is not kept at all, not merely without its URA.
fn organization(resource: Value<'_>, speaker: &Speaker<'_>) -> Result<Standing, ShelfFault> {
    let mut uras: Vec<Option<Ura>> = Vec::new();
    for identifier in resource.all("identifier") {
        if is_ura_system(&text(identifier.get("system")).unwrap_or_default()) {
            let read = text(identifier.get("value")).and_then(|value| Ura::parse(&value).ok());
            if !uras.contains(&read) {
                uras.push(read);
            }
        }
    }
    let ura = match uras.as_slice() {
        [] => None,
        [Some(ura)] => Some(ura.clone()),
        [None] => return Ok(refused(None, RefusedBecause::MalformedUra)),
        [several, ..] => return Ok(refused(several.clone(), RefusedBecause::SeveralUras)),
    };
    if let Some(ura) = &ura
        && !speaker.registry.speaks(speaker.source, ura)?
    {
        return Ok(refused(Some(ura.clone()), RefusedBecause::ForeignUra));
    }
    let facts = OrganizationFacts {
        ura,
        name: name(resource),
        active: active(resource),
        part_of: link(resource.get("partOf"), speaker),
        endpoints: endpoints(resource, speaker),
    };
    Ok(Standing::Here(Facts::Organization(facts)))
}

fn endpoint(resource: Value<'_>) -> Option<EndpointFacts> {
    let period = resource.get("period");
    let bound = |name: &str| text(period.and_then(|period| period.get(name)));
    // A period that cannot be read must not hold for ever.
    let from = bound("start").map(|text| moments::span(&text).map(|(from, _)| from));
    let until = bound("end").map(|text| moments::span(&text).map(|(_, until)| until));
    let (from, until) =
        (from.map_or(Some(None), |from| from.map(Some))?, until.map_or(Some(None), |until| until.map(Some))?);
    let media = resource.all("payloadMimeType").into_iter().filter_map(|media| text(Some(media)));
    let without_space = |media: String| media.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    Some(EndpointFacts {
        status: text(resource.get("status"))?,
        connections: codes(resource.get("connectionType").into_iter().collect()),
        payloads: codes(resource.all("payloadType.coding")),
        media: media.take(MOST_PARTS).map(|media| without_space(media).to_ascii_lowercase()).collect(),
        address: text(resource.get("address"))?.trim().to_owned(),
        from,
        until,
    })
}

fn place(resource: Value<'_>, of: &str, speaker: &Speaker<'_>) -> PlaceFacts {
    let identifier = |identifier: &Value<'_>| {
        let system = text(identifier.get("system")).unwrap_or_default();
        text(identifier.get("value")).map(|value| format!("{system}|{value}"))
    };
    PlaceFacts {
        name: name(resource),
        active: active(resource),
        of: link(resource.get(of), speaker),
        identifiers: resource.all("identifier").iter().take(MOST_PARTS).filter_map(identifier).collect(),
        types: codes(resource.all("type.coding")),
        endpoints: endpoints(resource, speaker),
    }
}

/// `active` of organisations and services is true when it is not said (FHIR R4 leaves it open); a location has a status.
fn active(resource: Value<'_>) -> bool {
    let status = text(resource.get("status"));
    resource.get("active").and_then(|active| active.as_bool()).unwrap_or(true)
        && status.is_none_or(|status| status == "active")
}

fn name(resource: Value<'_>) -> String {
    text(resource.get("name")).unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

fn endpoints(resource: Value<'_>, speaker: &Speaker<'_>) -> Vec<String> {
    let references = resource.all("endpoint.reference").into_iter().filter_map(|reference| text(Some(reference)));
    let local = references.filter_map(|reference| local(&reference, speaker.base));
    local.filter(|name| is_of(name, Kind::Endpoint)).take(MOST_PARTS).collect()
}

fn codes(codings: Vec<Value<'_>>) -> Vec<Code> {
    let code = |coding: Value<'_>| {
        Some(Code { system: text(coding.get("system")).unwrap_or_default(), code: text(coding.get("code"))? })
    };
    codings.into_iter().filter_map(code).take(MOST_PARTS).collect()
}

/// A reference to a resource of the same directory, or to an organisation by its URA.
fn link(reference: Option<Value<'_>>, speaker: &Speaker<'_>) -> Option<Link> {
    let reference = reference?;
    if let Some(name) = text(reference.get("reference")).and_then(|url| local(&url, speaker.base)) {
        return Some(Link::Here(name));
    }
    let identifier = reference.get("identifier")?;
    let system = text(identifier.get("system"))?;
    let ura = text(identifier.get("value")).and_then(|value| Ura::parse(&value).ok());
    ura.filter(|_| is_ura_system(&system)).map(Link::Ura)
}

/// Servers differ in upper and lower case here, and so does a reader.
fn is_ura_system(system: &str) -> bool {
    let system = system.trim();
    system.eq_ignore_ascii_case(fhir::identifiers::systems::URA) || system.eq_ignore_ascii_case(names::URA_OID)
}

/// `Type/id` of the resource itself, when it is of this type.
fn own_name(resource: Value<'_>, kind: Kind) -> Option<String> {
    let is_kind = text(resource.get("resourceType")).as_deref() == Some(kind.name());
    let id = text(resource.get("id")).filter(|id| is_kind && LogicalId::parse(id).is_some())?;
    Some(format!("{}/{id}", kind.name()))
}

/// `Type/id` of a reference to a resource of this directory: relative, with a slash in front, or absolute below its base.
fn local(reference: &str, base: &WebAddress) -> Option<String> {
    let base = base.to_string();
    let base = base.trim_end_matches('/');
    let below = match reference.strip_prefix(base) {
        Some(below) => below.strip_prefix('/')?,
        None if reference.contains(':') => return None,
        None => reference.strip_prefix('/').unwrap_or(reference),
    };
    let mut parts = below.split('/');
    let (kind, id) = (parts.next()?, parts.next()?);
    let ends = matches!((parts.next(), parts.next(), parts.next()), (None, ..) | (Some("_history"), Some(_), None));
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind)?;
    (ends && LogicalId::parse(id).is_some()).then(|| format!("{}/{id}", kind.name()))
}

fn is_of(name: &str, kind: Kind) -> bool {
    name.strip_prefix(kind.name()).is_some_and(|rest| rest.starts_with('/'))
}

fn updated(resource: Value<'_>) -> Option<Millis> {
    text(resource.get("meta").and_then(|meta| meta.get("lastUpdated"))).and_then(|at| moments::instant(&at))
}

fn refused(ura: Option<Ura>, because: RefusedBecause) -> Standing {
    Standing::Refused { ura, because }
}

fn text(value: Option<Value<'_>>) -> Option<String> {
    value.and_then(|value| value.as_text()).map(std::borrow::Cow::into_owned)
}
