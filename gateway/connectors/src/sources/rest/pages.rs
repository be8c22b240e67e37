//! A search and all its pages, within bounds.

use std::collections::HashSet;

use ::url::Url;
use exchange::ports::{Item, SourceFault};
use fhir::bundle::{Bundle, BundleKind, SearchMode};
use fhir::interaction::{Level, SearchTarget};
use fhir::outcome::more_in;
use fhir::{Bsn, FhirVersion, Parameter, ResourceType, SearchQuery};
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};

use super::link::{self, PageRequest};
use super::url::names_a_bsn;
use super::{Asking, Call, Failure, Payload, parse};

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub items: Vec<Item>,
    /// There was more than the bounds allow to fetch, or than could be fetched safely.
    pub cut_short: bool,
    /// What the other side has in other FHIR versions than it was asked in, as it said. Only [`Call::search_in_version`]
    /// tells this apart from what is cut short.
    pub elsewhere: Vec<FhirVersion>,
}

/// A walk over pages: where it starts, what it accepts and when it stops.
struct Walk<'w> {
    kind: BundleKind,
    expected: Option<ResourceType>,
    /// The caller pages itself, so one page is what it asked for.
    one_page: bool,
    prefer: (HeaderName, HeaderValue),
    secret: Option<&'w Bsn>,
}

impl Call<'_> {
    /// A search. `secret` is the patient who must not be named in any URL.
    pub async fn search(
        &self,
        target: &SearchTarget,
        query: &SearchQuery,
        prefer: (HeaderName, HeaderValue),
        secret: Option<&Bsn>,
    ) -> Result<Pages, Failure> {
        let mut pages = self.search_in_version(target, query, prefer, secret).await?;
        pages.cut_short |= !pages.elsewhere.is_empty();
        Ok(pages)
    }

    /// The same of somebody who may be asked in other versions as well: what there is in those is not what is cut short here.
    pub async fn search_in_version(
        &self,
        target: &SearchTarget,
        query: &SearchQuery,
        prefer: (HeaderName, HeaderValue),
        secret: Option<&Bsn>,
    ) -> Result<Pages, Failure> {
        let expected = match target {
            SearchTarget::Type(kind) => Some(*kind),
            SearchTarget::Compartment { member, .. } => *member,
            SearchTarget::System => None,
        };
        let segments: Vec<&str> = match target {
            SearchTarget::System => vec![],
            SearchTarget::Type(kind) => vec![kind.name()],
            SearchTarget::Compartment { owner, id, member } => {
                vec![owner.name(), id.as_str(), member.map_or("*", ResourceType::name)]
            }
        };
        let one_page = query.named("_count").next().is_some();
        let mut query = query.clone();
        if !one_page {
            query.parameters.push(Parameter::new("_count", self.rest.bounds.page_size.to_string()));
        }
        // What is about a patient never goes into a URL; the rest is asked as most servers know it best. FHIR knows no
        // POST for compartments before R5, so there only what may not be in a URL is sent so.
        let compartment = matches!(target, SearchTarget::Compartment { .. });
        let about_a_patient = secret.is_some() && !compartment;
        let post = self.rest.post_search && (about_a_patient || names_a_bsn(&query));
        let first = if post {
            PageRequest::Form(self.rest.base.below(segments.into_iter().chain(["_search"])), query.write())
        } else {
            PageRequest::Get(self.with_query(&segments, &query))
        };
        let walk = Walk { kind: BundleKind::Searchset, expected, one_page, prefer, secret };
        self.walk(first, &walk).await
    }

    /// The history of a resource, a type or everything.
    pub async fn history(
        &self,
        level: &Level,
        query: &SearchQuery,
        prefer: (HeaderName, HeaderValue),
    ) -> Result<Pages, Failure> {
        let mut segments = level_segments(level);
        segments.push("_history");
        self.refuse_bsn(query)?;
        let one_page = query.named("_count").next().is_some();
        let first = PageRequest::Get(self.with_query(&segments, query));
        let walk = Walk { kind: BundleKind::History, expected: None, one_page, prefer, secret: None };
        let mut pages = self.walk(first, &walk).await?;
        pages.cut_short |= !pages.elsewhere.is_empty();
        Ok(pages)
    }

    /// A query that names a patient cannot be put into a URL.
    pub(super) fn refuse_bsn(&self, query: &SearchQuery) -> Result<(), Failure> {
        if self.rest.post_search && names_a_bsn(query) { Err(SourceFault::NotSupported.into()) } else { Ok(()) }
    }

    pub(super) fn with_query(&self, segments: &[&str], query: &SearchQuery) -> Url {
        let mut url = self.rest.base.below(segments.iter().copied());
        if !query.parameters.is_empty() {
            url.set_query(Some(&query.write()));
        }
        url
    }

    async fn walk(&self, first: PageRequest, walk: &Walk<'_>) -> Result<Pages, Failure> {
        let bounds = &self.rest.bounds;
        let mut found = Pages::default();
        let mut bytes = bounds.max_answer_bytes;
        let mut request = first;
        let mut followed_before = HashSet::new();
        for page in 1.. {
            let answer = match self.page(request, walk, bytes).await {
                Err(Failure::Fault(SourceFault::TooLarge)) if page > 1 => {
                    found.cut_short = true;
                    break;
                }
                other => other?,
            };
            bytes = bytes.saturating_sub(answer.0);
            let bundle = answer.1;
            if bundle.kind != walk.kind {
                return Err(SourceFault::Unusable("another kind of Bundle than was asked for").into());
            }
            match gaps(&bundle) {
                Gaps::Unsaid => found.cut_short = true,
                Gaps::In(versions) => found.elsewhere.extend(versions),
            }
            found.cut_short |= has_deletions(&bundle);
            let next = bundle.links.iter().find(|(relation, _)| relation == "next").map(|(_, url)| url.clone());
            if !take(&mut found.items, bundle, walk.expected, bounds.max_resources) {
                found.cut_short = true;
                break;
            }
            let Some(next) = next else { break };
            let secret = walk.secret.filter(|_| self.rest.post_search);
            let followed = if walk.one_page || page >= bounds.max_pages || !followed_before.insert(next.clone()) {
                None
            } else {
                let followed = link::next(&self.rest.base, self.rest.version, &next, secret);
                if followed.is_none() {
                    tracing::warn!("a source's link to its next page is outside its base and was not followed");
                }
                followed
            };
            let Some(followed) = followed else {
                found.cut_short = true;
                break;
            };
            request = followed;
        }
        Ok(found)
    }

    async fn page(&self, request: PageRequest, walk: &Walk<'_>, bytes: usize) -> Result<(usize, Bundle), Failure> {
        let (method, url, payload) = match request {
            PageRequest::Get(url) => (Method::GET, url, Payload::Nothing),
            PageRequest::Form(url, form) => (Method::POST, url, Payload::Form(form)),
        };
        let headers = std::slice::from_ref(&walk.prefer);
        let answer = self.send(Asking::Search, method, url, payload, headers, bytes).await?;
        let length = answer.body.len();
        let resource = parse(answer, bytes).await?;
        let bundle =
            Bundle::read(&resource).map_err(|_| SourceFault::Unusable("the answer is no well-formed Bundle"))?;
        Ok((length, bundle))
    }
}

/// The path of an operation's or history's level.
pub(super) fn level_segments(level: &Level) -> Vec<&str> {
    match level {
        Level::System => vec![],
        Level::Type(kind) => vec![kind.name()],
        Level::Instance(kind, id) => vec![kind.name(), id.as_str()],
    }
}

/// Whether the other side says that its answer is not all there is (issue type `incomplete`). A node says so of the
/// sources behind it; that must not get lost on the way.
pub(super) fn says_incomplete(page: &Bundle) -> bool {
    !matches!(gaps(page), Gaps::In(versions) if versions.is_empty())
}

/// What of an answer is missing, as the other side says.
enum Gaps {
    /// Something, and it does not say where that is to be had.
    Unsaid,
    /// What is to be had in these other versions; with none of them, nothing.
    In(Vec<FhirVersion>),
}

fn gaps(page: &Bundle) -> Gaps {
    let outcomes = page.entries.iter().filter_map(|entry| entry.resource.as_ref());
    let outcomes = outcomes.filter(|resource| resource.resource_type() == "OperationOutcome");
    let issues = outcomes.flat_map(|outcome| outcome.root().all("issue"));
    let incomplete = issues
        .filter(|issue| issue.get("code").and_then(|code| code.as_text()).is_some_and(|code| code == "incomplete"));
    let mut versions = Vec::new();
    for issue in incomplete {
        let word = issue.get("details").and_then(|details| details.get("text")?.as_text());
        let named = FhirVersion::ALL.into_iter().find(|version| word.as_deref() == Some(more_in(*version).as_str()));
        let Some(version) = named else { return Gaps::Unsaid };
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    Gaps::In(versions)
}

/// Whether a history tells of a deletion, which no resource can be given for.
fn has_deletions(page: &Bundle) -> bool {
    page.kind == BundleKind::History && page.entries.iter().any(|entry| entry.resource.is_none())
}

/// Takes the entries of a page; false when there are more than the bound. The source's own OperationOutcomes
/// stay here: their texts are not ours.
pub(super) fn take(items: &mut Vec<Item>, page: Bundle, expected: Option<ResourceType>, most: usize) -> bool {
    let mut outcomes = 0_usize;
    for entry in page.entries {
        let Some(resource) = entry.resource else { continue };
        let kind = resource.resource_type();
        if kind == "OperationOutcome" || entry.mode == Some(SearchMode::Outcome) {
            outcomes += 1;
            continue;
        }
        let expected = expected.is_none_or(|expected| expected.name() == kind);
        let mode = entry.mode.unwrap_or(if expected { SearchMode::Match } else { SearchMode::Include });
        if items.len() >= most {
            return false;
        }
        drop(kind);
        items.push(Item { resource, mode });
    }
    if outcomes > 0 {
        tracing::debug!(source.outcomes = outcomes, "the source sent remarks, which stay here");
    }
    true
}
