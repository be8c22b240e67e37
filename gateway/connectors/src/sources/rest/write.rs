//! Writes, operations and batches.

use bytes::Bytes;
use exchange::inbound::Conditions;
use exchange::ports::{Answer, Item, SourceFault, Written};
use fhir::bundle::{Bundle, BundleKind, SearchMode};
use fhir::interaction::Level;
use fhir::{Interaction, LogicalId, Resource, ResourceType, SearchQuery};
use reqwest::header::{ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION};
use reqwest::{Method, StatusCode};

use super::pages::{level_segments, says_incomplete, take};
use super::url::names_a_bsn;
use super::{Asking, Call, Failure, Payload, condition, parse, prefer};
use crate::http::Fetched;

const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");

/// Where and how something is written.
pub(crate) enum Write<'w> {
    Create(ResourceType),
    Update(ResourceType, &'w LogicalId),
    Patch(ResourceType, &'w LogicalId),
    Delete(ResourceType, &'w LogicalId),
    UpdateWhere(ResourceType, &'w SearchQuery),
    DeleteWhere(ResourceType, &'w SearchQuery),
}

impl Call<'_> {
    /// Writes, and says what became of it.
    pub async fn write(
        &self,
        write: Write<'_>,
        body: Option<&Resource>,
        conditions: &Conditions,
    ) -> Result<Answer, Failure> {
        let below = |segments: &[&str]| self.rest.base.below(segments.iter().copied());
        let (method, kind, url) = match &write {
            Write::Create(kind) => (Method::POST, *kind, below(&[kind.name()])),
            Write::Update(kind, id) => (Method::PUT, *kind, below(&[kind.name(), id.as_str()])),
            Write::Patch(kind, id) => (Method::PATCH, *kind, below(&[kind.name(), id.as_str()])),
            Write::Delete(kind, id) => (Method::DELETE, *kind, below(&[kind.name(), id.as_str()])),
            Write::UpdateWhere(kind, query) | Write::DeleteWhere(kind, query) => {
                self.refuse_bsn(query)?;
                let method = if matches!(write, Write::UpdateWhere(..)) { Method::PUT } else { Method::DELETE };
                (method, *kind, self.with_query(&[kind.name()], query))
            }
        };
        let payload = match (&method, body) {
            (&Method::DELETE, _) => Payload::Nothing,
            (_, Some(body)) => Payload::Fhir(body.bytes()),
            (_, None) => return Err(SourceFault::Rejected.into()),
        };
        let headers: Vec<_> = [
            condition(IF_MATCH, conditions.if_match.as_ref()),
            condition(IF_NONE_MATCH, conditions.if_none_match.as_ref()),
            condition(IF_NONE_EXIST, conditions.if_none_exist.as_ref()),
            Some(prefer(conditions, "return=representation")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let answer = self.send(Asking::Write, method, url, payload, &headers, self.whole()).await?;
        self.written(kind, answer).await
    }

    /// Asks an operation: with a body or a patient's BSN in it by `POST`, else by `GET`.
    pub async fn operation(
        &self,
        level: &Level,
        name: &str,
        query: &SearchQuery,
        body: Option<&Resource>,
    ) -> Result<Answer, Failure> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(good) {
            return Err(SourceFault::NotSupported.into());
        }
        let name = format!("${name}");
        let mut segments = level_segments(level);
        segments.push(&name);
        let (method, url, payload) = match body {
            Some(body) => {
                self.refuse_bsn(query)?;
                (Method::POST, self.with_query(&segments, query), Payload::Fhir(body.bytes()))
            }
            None if self.rest.post_search && names_a_bsn(query) => {
                (Method::POST, self.rest.base.below(segments.iter().copied()), Payload::Form(query.write()))
            }
            None => (Method::GET, self.with_query(&segments, query), Payload::Nothing),
        };
        // An operation may change something, so it is never asked twice.
        let answer = self.send(Asking::Write, method, url, payload, &[], self.whole()).await?;
        self.whatever(answer).await
    }

    /// `[type]/[id]/$document` of a server that makes documents itself: the parts, the Composition first.
    pub async fn document(&self, level: &Level, query: &SearchQuery) -> Result<Answer, Failure> {
        let mut segments = level_segments(level);
        segments.push("$document");
        let url = self.with_query(&segments, query);
        let answer = self.send(Asking::Document, Method::GET, url, Payload::Nothing, &[], self.whole()).await?;
        let resource = parse(answer, self.whole()).await?;
        let bundle = Bundle::read(&resource).ok().filter(|bundle| bundle.kind == BundleKind::Document);
        let bundle = bundle.ok_or(SourceFault::Unusable("the answer is no document"))?;
        let mut answer = Answer { cut_short: is_unfinished(&bundle), ..Answer::default() };
        answer.cut_short |= !take(&mut answer.items, bundle, None, self.rest.bounds.max_resources);
        for (at, item) in answer.items.iter_mut().enumerate() {
            item.mode = if at == 0 { SearchMode::Match } else { SearchMode::Include };
        }
        let first = answer.items.first();
        if first.is_none_or(|item| item.resource.resource_type() != "Composition") {
            return Err(SourceFault::Unusable("a document without its Composition").into());
        }
        Ok(answer)
    }

    /// A batch or transaction. Its answer is one Bundle, whose entries answer those of the request one by one.
    pub async fn bundle(&self, body: &Resource) -> Result<Answer, Failure> {
        let url = self.rest.base.url().clone();
        let answer =
            self.send(Asking::Write, Method::POST, url, Payload::Fhir(body.bytes()), &[], self.whole()).await?;
        self.whatever(answer).await
    }

    /// A transaction of as many entries, and what became of each. Of the answer only ids and versions are taken.
    pub async fn transaction(&self, body: Bytes, entries: &[Interaction]) -> Result<Vec<Written>, Failure> {
        let url = self.rest.base.url().clone();
        let answer = self.send(Asking::Write, Method::POST, url, Payload::Fhir(body), &[], self.whole()).await?;
        let resource = parse(answer, self.whole()).await?;
        let bundle = Bundle::read(&resource).ok().filter(|bundle| bundle.kind == BundleKind::TransactionResponse);
        let bundle = bundle.ok_or(SourceFault::Unusable("the answer to a transaction is none"))?;
        if bundle.entries.len() != entries.len() {
            return Err(
                SourceFault::Unusable("the answer to a transaction is not one entry for each of its own").into()
            );
        }
        let written = entries.iter().zip(&bundle.entries).map(|(asked, answered)| {
            let response = answered.response.as_ref()?;
            let done = response.status.starts_with('2');
            let (asked_type, asked_id) = match asked {
                Interaction::Create { resource_type } => (*resource_type, None),
                Interaction::Update { resource_type, id } | Interaction::Delete { resource_type, id } => {
                    (*resource_type, Some(id.as_str().to_owned()))
                }
                _ => return None,
            };
            let located = response.location.as_deref().and_then(|location| place(asked_type, location));
            // A conditional create that found the resource may answer with that instead of with its place.
            let given = answered.resource.as_ref().filter(|given| given.resource_type() == asked_type.name());
            let given = given.and_then(|given| Some((given.id()?.into_owned(), given.version_id())));
            let (id, version) = match (located, given) {
                (Some(located), _) => located,
                (None, Some((id, version))) => (Some(id), version.map(|version| version.into_owned())),
                (None, None) => (None, None),
            };
            let version_id = version.or_else(|| response.etag.as_deref().and_then(version_of_tag));
            // An answer about another resource than was written would put a wrong id into the record.
            let same = asked_id.is_none() || id.is_none() || asked_id == id;
            let created = response.status.starts_with("201");
            (done && same).then(|| Written { created, id: id.or(asked_id), version_id })
        });
        let written: Option<Vec<Written>> = written.collect();
        Ok(written.ok_or(SourceFault::Unusable("an entry of the answer to a transaction is no answer to it"))?)
    }

    /// The answer to an operation: a set of resources, or one resource as it is.
    async fn whatever(&self, answer: Fetched) -> Result<Answer, Failure> {
        if answer.body.is_empty() {
            return Ok(Answer::default());
        }
        let resource = parse(answer, self.whole()).await?;
        let mut answer = Answer::default();
        match Bundle::read(&resource) {
            Ok(bundle)
                if matches!(bundle.kind, BundleKind::Searchset | BundleKind::Collection | BundleKind::History) =>
            {
                answer.cut_short = is_unfinished(&bundle);
                answer.cut_short |= !take(&mut answer.items, bundle, None, self.rest.bounds.max_resources);
            }
            Ok(_) | Err(_) => answer.items.push(Item { resource, mode: SearchMode::Match }),
        }
        Ok(answer)
    }

    async fn written(&self, kind: ResourceType, answer: Fetched) -> Result<Answer, Failure> {
        let created = answer.status == StatusCode::CREATED;
        let located = header(&answer.headers, &LOCATION).and_then(|location| place(kind, location));
        let tag = header(&answer.headers, &ETAG).and_then(version_of_tag);
        let mut items = Vec::new();
        if !answer.body.is_empty() {
            let resource = parse(answer, self.whole()).await?;
            if resource.resource_type() == kind.name() {
                items.push(Item { resource, mode: SearchMode::Match });
            }
        }
        let returned = items.first().map(|item| &item.resource);
        let (id, version) = located.unwrap_or_default();
        let id = id.or_else(|| returned.and_then(Resource::id).map(|id| id.into_owned()));
        let version_id =
            version.or(tag).or_else(|| returned.and_then(Resource::version_id).map(|version| version.into_owned()));
        let written = Some(Written { created, id, version_id });
        Ok(Answer { items, written, ..Answer::default() })
    }
}

/// Whether there is more than this one Bundle.
fn is_unfinished(bundle: &Bundle) -> bool {
    bundle.links.iter().any(|(relation, _)| relation == "next") || says_incomplete(bundle)
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Id and version of a `Location`: `[base]/[type]/[id]` or `[base]/[type]/[id]/_history/[vid]`. Only those two
/// are taken from it; its host and path stay here.
fn place(kind: ResourceType, location: &str) -> Option<(Option<String>, Option<String>)> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let at = segments.iter().rposition(|segment| *segment == kind.name())?;
    let id = segments.get(at + 1).and_then(|id| LogicalId::parse(id))?;
    let version = match segments.get(at + 2..) {
        Some(["_history", version]) => LogicalId::parse(version),
        Some(_) | None => None,
    };
    Some((Some(id.as_str().to_owned()), version.map(|version| version.as_str().to_owned())))
}

/// The version id in a weak ETag (FHIR R4, http.html#versioning).
fn version_of_tag(tag: &str) -> Option<String> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let version = quoted.strip_prefix('"')?.strip_suffix('"')?;
    LogicalId::parse(version).map(|version| version.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use fhir::FhirVersion;

    use super::*;

    #[test]
    fn a_location_gives_id_and_version_and_nothing_else() {
        let kind = ResourceType::parse(FhirVersion::R4, "Task").unwrap();
        let found = |id: &str, version: Option<&str>| Some((Some(id.to_owned()), version.map(str::to_owned)));
        for (location, place_) in [
            ("http://a.example/fhir/Task/17/_history/3", found("17", Some("3"))),
            ("Task/17", found("17", None)),
            ("/fhir/Task/17?x=1", found("17", None)),
            ("http://a.example/fhir/Patient/17", None),
            ("http://a.example/fhir/Task/..", None),
            ("http://a.example/fhir/Task", None),
        ] {
            assert_eq!(place(kind, location), place_, "{location}");
        }
    }

    #[test]
    fn an_etag_gives_its_version() {
        assert_eq!(version_of_tag("W/\"3\""), Some("3".into()));
        assert_eq!(version_of_tag("\"3\""), Some("3".into()));
        for bad in ["3", "W/3", "W/\"a b\"", "\""] {
            assert_eq!(version_of_tag(bad), None, "{bad}");
        }
    }
}
