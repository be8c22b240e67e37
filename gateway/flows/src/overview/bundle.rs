//! The overview as a FHIR R4 searchset: per source how it fared, what it released exactly as it was, and whose it is.

use std::collections::{HashMap, HashSet};

use exchange::{Part, Released, ReleasedItem};
use fhir::{Bundle, BundleKind, Entry, Resource, SearchMode};
use policy::DataHolder;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{held, outcome, provenance};

/// What the Bundle needs to know besides what was released.
pub struct Context<'c> {
    /// The URL of the request, without any parameter: it never holds a BSN.
    pub self_url: &'c str,
    /// When it was put together.
    pub assembled: OffsetDateTime,
    /// The FHIR base of a holder, where it is known, without a slash at its end.
    pub base: &'c dyn Fn(&DataHolder) -> Option<String>,
}

/// Puts the Bundle together. Per source, in the order in which the stack asked: an OperationOutcome that tells how it
/// fared, its resources, and a Provenance that names it as their custodian.
///
/// A resource of another FHIR version than the request's is a Binary in it, with its text as it was.
///
/// `total` counts the matches. An item whose holder's base is not known has no `fullUrl`: none is invented.
pub fn bundle(released: &Released, context: &Context<'_>) -> Bundle {
    let assembled = context.assembled.format(&Rfc3339).unwrap_or_default();
    let mut entries: Vec<Entry> = outcome::of_localisation(released).map(told).into_iter().collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    for part in released.parts() {
        // Two source systems of one holder are two parts.
        let times = seen.entry(part.holder().0.as_str()).and_modify(|times| *times += 1).or_insert(1);
        let id = if *times == 1 { part.holder().0.to_string() } else { format!("{}-{times}", part.holder().0) };
        entries.push(told(outcome::of_source(released.permit(), part, format!("source-{id}"))));
        let base = (context.base)(part.holder());
        // Two of one holder's source systems may use the same id; one URL cannot stand for both (FHIR R4, bdl-7).
        let mut own_url = |item| full_url(base.as_deref(), item).filter(|url| taken.insert(url.clone()));
        // What came in another version stands at no address of this one.
        let of_other = |_: &ReleasedItem| None;
        let urls: Vec<Option<String>> = match part.other_version() {
            None => part.items().iter().map(&mut own_url).collect(),
            Some(_) => part.items().iter().map(of_other).collect(),
        };
        let items = || part.items().iter().zip(&urls);
        entries.extend(items().enumerate().map(|(number, (item, full_url))| Entry {
            full_url: full_url.clone(),
            resource: Some(match part.other_version() {
                None => item.resource().clone(),
                Some(version) => held(version, format!("{}-{id}-{}", version.segment(), number + 1), item.resource()),
            }),
            mode: Some(item.mode()),
            ..Entry::default()
        }));
        let provenance = provenance::of_source(part, format!("provenance-{id}"), items(), &assembled);
        entries.extend(provenance.map(|resource| Entry {
            resource: Some(resource),
            mode: Some(SearchMode::Include),
            ..Entry::default()
        }));
    }
    let mut bundle = Bundle::new(BundleKind::Searchset);
    bundle.last_updated = Some(assembled);
    bundle.total = Some(matches(released.parts()));
    bundle.links = vec![("self".to_owned(), context.self_url.to_owned())];
    bundle.entries = entries;
    bundle
}

fn told(outcome: Resource) -> Entry {
    Entry { resource: Some(outcome), mode: Some(SearchMode::Outcome), ..Entry::default() }
}

fn full_url(base: Option<&str>, item: &ReleasedItem) -> Option<String> {
    let resource = item.resource();
    Some(format!("{}/{}/{}", base?.trim_end_matches('/'), resource.resource_type(), resource.id()?))
}

fn matches(parts: &[Part]) -> u64 {
    let matches = parts.iter().flat_map(|part| part.items()).filter(|item| item.mode() == SearchMode::Match).count();
    u64::try_from(matches).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
