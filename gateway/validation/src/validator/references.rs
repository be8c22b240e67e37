//! What references point at, as far as the resource itself, its contained resources and its Bundle tell.

use std::collections::HashMap;
use std::rc::Rc;

use fhir::json::{Kind, Value};

/// Where the walk is: the resources it is inside of.
#[derive(Clone, Default)]
pub(super) struct Scope<'d> {
    /// The resource that contains, with what it contains by id.
    container: Option<Rc<Container<'d>>>,
    /// The resource that the walk is in, a contained one included.
    pub(super) resource: Option<Value<'d>>,
    /// The innermost Bundle.
    bundle: Option<Rc<Entries<'d>>>,
    /// The fullUrl of the entry that the walk is in.
    full_url: Option<String>,
    /// How many resources deep: 0 is the one that is validated.
    pub(super) depth: usize,
}

struct Container<'d> {
    resource: Value<'d>,
    by_id: HashMap<String, Value<'d>>,
}

struct Entries<'d> {
    /// The fullUrl of each entry, by where its resource begins.
    urls: HashMap<*const u8, String>,
    by_url: HashMap<String, Value<'d>>,
    by_name: HashMap<String, Value<'d>>,
}

/// What a reference says of its target.
#[derive(Default)]
pub(super) struct Target<'d> {
    /// The resource type, from the target itself or from the reference's text.
    pub(super) kind: Option<String>,
    pub(super) resource: Option<Value<'d>>,
    /// `#id` that names no contained resource.
    pub(super) dangling: bool,
    /// The target is of another type than the reference's text says.
    pub(super) mistyped: bool,
}

impl<'d> Scope<'d> {
    /// The scope inside a resource.
    pub(super) fn enter(&self, resource: Value<'d>, contained: bool, full_url: Option<String>) -> Scope<'d> {
        let container = if contained { self.container.clone() } else { Some(Rc::new(Container::of(resource))) };
        let is_bundle = text(resource, "resourceType").as_deref() == Some("Bundle");
        let bundle = if is_bundle { Some(Rc::new(Entries::of(resource))) } else { self.bundle.clone() };
        Scope {
            container,
            resource: Some(resource),
            bundle,
            full_url: full_url.or_else(|| self.full_url.clone()),
            depth: self.depth + 1,
        }
    }

    /// What this Reference points at.
    pub(super) fn target(&self, reference: Value<'d>) -> Target<'d> {
        let named = text(reference, "type").map(|name| name.rsplit('/').next().unwrap_or_default().to_owned());
        let Some(url) = text(reference, "reference") else { return Target { kind: named, ..Target::default() } };
        if let Some(id) = url.strip_prefix('#') {
            let found = self.contained(id);
            return Target { kind: found.and_then(kind), resource: found, dangling: found.is_none(), mistyped: false };
        }
        if let Some(found) = self.entry(&url) {
            let mistyped = type_in(&url).is_some_and(|said| kind(found).is_some_and(|is| is != said));
            return Target { kind: kind(found), resource: Some(found), dangling: false, mistyped };
        }
        Target { kind: type_in(&url).or(named), ..Target::default() }
    }

    fn contained(&self, id: &str) -> Option<Value<'d>> {
        let container = self.container.as_ref()?;
        if id.is_empty() { Some(container.resource) } else { container.by_id.get(id).copied() }
    }

    /// The fullUrl beside a Bundle entry's resource.
    pub(super) fn url_of(&self, resource: Value<'d>) -> Option<String> {
        self.bundle.as_ref()?.urls.get(&resource.raw().as_ptr()).cloned()
    }

    /// The Bundle's entry that a reference means (FHIR bundle.html, "Resolving references in Bundles").
    fn entry(&self, url: &str) -> Option<Value<'d>> {
        let bundle = self.bundle.as_ref()?;
        let bare = url.split("/_history/").next().unwrap_or(url);
        if let Some(found) = bundle.by_url.get(bare) {
            return Some(*found);
        }
        if url.contains(':') {
            return None;
        }
        let base = self.full_url.as_deref().and_then(|full| {
            let (rest, _) = full.rsplit_once('/')?;
            rest.rsplit_once('/').map(|(base, _)| base)
        });
        let absolute = base.and_then(|base| bundle.by_url.get(&format!("{base}/{bare}")));
        absolute.or_else(|| bundle.by_name.get(bare)).copied()
    }
}

impl<'d> Container<'d> {
    fn of(resource: Value<'d>) -> Self {
        let mut by_id = HashMap::new();
        for contained in resource.get("contained").into_iter().flat_map(|list| list.items()) {
            if let Some(id) = text(contained, "id") {
                by_id.entry(id).or_insert(contained);
            }
        }
        Container { resource, by_id }
    }
}

impl<'d> Entries<'d> {
    fn of(bundle: Value<'d>) -> Self {
        let mut entries = Entries { urls: HashMap::new(), by_url: HashMap::new(), by_name: HashMap::new() };
        for entry in bundle.get("entry").into_iter().flat_map(|list| list.items()) {
            let Some(resource) = entry.get("resource").filter(|resource| resource.kind() == Kind::Object) else {
                continue;
            };
            if let Some(url) = text(entry, "fullUrl") {
                entries.urls.insert(resource.raw().as_ptr(), url.clone());
                entries.by_url.entry(url).or_insert(resource);
            }
            if let (Some(kind), Some(id)) = (kind(resource), text(resource, "id")) {
                entries.by_name.entry(format!("{kind}/{id}")).or_insert(resource);
            }
        }
        entries
    }
}

pub(super) fn text(value: Value<'_>, name: &str) -> Option<String> {
    Some(value.get(name)?.as_text()?.into_owned())
}

fn kind(resource: Value<'_>) -> Option<String> {
    text(resource, "resourceType")
}

/// The type in `[base/]Type/id[/_history/version]`.
fn type_in(url: &str) -> Option<String> {
    let bare = url.split("/_history/").next()?;
    let bare = bare.split(['?', '#']).next()?;
    let (rest, id) = bare.rsplit_once('/')?;
    let name = rest.rsplit('/').next()?;
    let good = !id.is_empty()
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    good.then(|| name.to_owned())
}

/// Whether a text is written as a reference may be: a URI without white space, relative as `Type/id`.
pub(super) fn is_reference(url: &str) -> bool {
    !url.is_empty() && !url.contains(char::is_whitespace) && !url.starts_with('/')
}

#[cfg(test)]
mod tests {
    use fhir::json::{Document, Limits};

    use super::*;

    #[test]
    fn the_type_of_a_target_is_read_from_the_reference() {
        let cases = [
            ("Patient/1", Some("Patient")),
            ("https://x.example/fhir/Patient/1/_history/2", Some("Patient")),
            ("urn:uuid:87e11d66-c137-458a-9754-fe6c4e445a6d", None),
            ("Patient", None),
            ("https://x.example/documents/1", None),
        ];
        for (url, expected) in cases {
            assert_eq!(type_in(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn references_are_found_in_the_bundle_and_among_the_contained() {
        let text = concat!(
            r#"{"resourceType":"Bundle","entry":[{"fullUrl":"https://x.example/fhir/Observation/o","#,
            r##""resource":{"resourceType":"Observation","id":"o","contained":[{"resourceType":"Device","id":"d"}],"##,
            r##""a":{"reference":"Patient/p"},"b":{"reference":"#d"},"c":{"reference":"#e"},"d":{"reference":"#"},"##,
            r#""e":{"reference":"urn:uuid:1"},"f":{"type":"Group"},"g":{"reference":"Patient/q"}}},"#,
            r#"{"fullUrl":"https://x.example/fhir/Patient/p","resource":{"resourceType":"Patient","id":"p"}},"#,
            r#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Location"}}]}"#
        );
        let document = Document::parse(bytes::Bytes::from_static(text.as_bytes()), &Limits::default()).unwrap();
        let entry = document.root().get("entry").unwrap().items().next().unwrap();
        let observation = entry.get("resource").unwrap();
        let scope = Scope::default().enter(document.root(), false, None);
        let scope = scope.enter(observation, false, super::text(entry, "fullUrl"));
        let cases = [
            ("a", Some("Patient"), true, false),
            ("b", Some("Device"), true, false),
            ("c", None, false, true),
            ("d", Some("Observation"), true, false),
            ("e", Some("Location"), true, false),
            ("f", Some("Group"), false, false),
            ("g", Some("Patient"), false, false),
        ];
        for (name, kind, found, dangling) in cases {
            let target = scope.target(observation.get(name).unwrap());
            assert_eq!(target.kind.as_deref(), kind, "{name}");
            assert_eq!(target.resource.is_some(), found, "{name}");
            assert_eq!(target.dangling, dangling, "{name}");
        }
    }
}
