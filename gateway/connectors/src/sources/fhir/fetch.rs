//! What a search or a document needs besides its own answer, fetched in bounded batches: resources by id, and what
//! points at something. Everything stays narrowed to whose data may be reached.

use ::fhir::interaction::SearchTarget;
use ::fhir::{LogicalId, Parameter, Resource, ResourceType, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{BoxFuture, SourceFault};
use futures_util::{StreamExt, TryStreamExt};

use super::super::links::name_of;
use super::super::narrow::patient_parameter;
use super::super::rest::{Call, Failure, prefer};
use super::reach::{Narrowed, Reach};

/// Ids in one request: a URL of them still fits where a server cannot be asked by `POST`.
const BATCH: usize = 50;
/// Requests side by side.
const AT_ONCE: usize = 4;

/// Something to fetch.
#[derive(Clone)]
pub(super) enum Want {
    Ids(ResourceType, Vec<LogicalId>),
    /// All of a type that is within reach.
    Whole(ResourceType),
    /// What points at these (`Type/id`) by this parameter.
    Pointing(ResourceType, String, Vec<String>),
}

/// Fetches for one question, within the bounds on that question.
pub(super) struct Fetcher<'f> {
    call: &'f Call<'f>,
    reach: Reach<'f>,
    requests: usize,
    resources: usize,
    /// Something that was wanted was not fetched.
    pub cut_short: bool,
}

/// What one request gave.
struct Batch {
    resources: Vec<Resource>,
    cut_short: bool,
}

impl<'f> Fetcher<'f> {
    /// `taken` resources were already had.
    pub fn new(call: &'f Call<'f>, reach: Reach<'f>, taken: usize) -> Self {
        let bounds = &call.rest.bounds;
        Fetcher {
            call,
            reach,
            requests: bounds.max_pages,
            resources: bounds.max_resources.saturating_sub(taken),
            cut_short: false,
        }
    }

    /// What of this is within reach, in the order wanted.
    pub async fn fetch(&mut self, wants: Vec<Want>) -> Result<Vec<Resource>, SourceFault> {
        let mut batches: Vec<Want> = wants.into_iter().flat_map(batches).collect();
        if batches.len() > self.requests {
            batches.truncate(self.requests);
            self.cut_short = true;
        }
        self.requests -= batches.len();
        let (call, reach) = (self.call, self.reach);
        let asking: Vec<BoxFuture<'_, Result<Batch, SourceFault>>> =
            batches.iter().map(|want| -> BoxFuture<'_, _> { Box::pin(one(call, reach, want)) }).collect();
        let answers: Vec<Batch> = futures_util::stream::iter(asking).buffered(AT_ONCE).try_collect().await?;
        let mut found = Vec::new();
        for batch in answers {
            let taken = batch.resources.len().min(self.resources);
            self.cut_short |= batch.cut_short || batch.resources.len() > taken;
            self.resources -= taken;
            found.extend(batch.resources.into_iter().take(taken));
        }
        Ok(found)
    }
}

fn batches(want: Want) -> Vec<Want> {
    match want {
        Want::Ids(kind, ids) => ids.chunks(BATCH).map(|ids| Want::Ids(kind, ids.to_vec())).collect(),
        Want::Pointing(kind, by, to) => {
            to.chunks(BATCH).map(|to| Want::Pointing(kind, by.clone(), to.to_vec())).collect()
        }
        Want::Whole(_) => vec![want],
    }
}

async fn one(call: &Call<'_>, reach: Reach<'_>, want: &Want) -> Result<Batch, SourceFault> {
    let version = call.rest.version;
    let (kind, asked) = match want {
        Want::Ids(kind, ids) => {
            let ids: Vec<&str> = ids.iter().map(LogicalId::as_str).collect();
            (*kind, Some(Parameter::new("_id", ids.join(","))))
        }
        Want::Pointing(kind, by, to) => (*kind, Some(Parameter::new(by.as_str(), to.join(",")))),
        Want::Whole(kind) => (*kind, None),
    };
    let query = SearchQuery { parameters: asked.into_iter().collect() };
    // What is nobody's names no patient, and a Provenance need not: it names what it is of.
    let of_no_patient = patient_parameter(version, kind).is_none() && kind.name() != "Patient";
    let narrowed = match (of_no_patient || kind.name() == "Provenance") && !query.parameters.is_empty() {
        true => Narrowed::By(Vec::new()),
        // All of a type that names no patient is no bounded set.
        false => match reach.narrow(version, kind, &query) {
            Ok(narrowed) => narrowed,
            Err(_) => return Ok(Batch { resources: Vec::new(), cut_short: true }),
        },
    };
    let Narrowed::By(mut parameters) = narrowed else {
        return Ok(Batch { resources: Vec::new(), cut_short: false });
    };
    parameters.extend(query.parameters.iter().filter(|one| one.name != "_id" || kind.name() != "Patient").cloned());
    let strict = prefer(&Conditions::default(), "handling=strict");
    let query = SearchQuery { parameters };
    let found = call.search(&SearchTarget::Type(kind), &query, strict, reach.secret()).await;
    let (resources, cut_short) = match (found, want) {
        (Ok(pages), _) => (pages.items.into_iter().map(|item| item.resource).collect(), pages.cut_short),
        (Err(Failure::SearchRejected), Want::Ids(kind, ids)) => (reads(call, *kind, ids).await?, false),
        // A type, or a parameter of it, that the server does not know: what is behind it stays unknown.
        (Err(failure), _) => match SourceFault::from(failure) {
            SourceFault::TimedOut => return Err(SourceFault::TimedOut),
            SourceFault::Unreachable => return Err(SourceFault::Unreachable),
            _ => (Vec::new(), true),
        },
    };
    let asked_for = |resource: &Resource| match want {
        Want::Ids(kind, ids) => {
            name_of(version, resource).is_some_and(|named| named.kind == *kind && ids.contains(&named.id))
        }
        Want::Whole(kind) | Want::Pointing(kind, ..) => resource.resource_type() == kind.name(),
    };
    Ok(Batch { resources: resources.into_iter().filter(asked_for).collect(), cut_short })
}

/// One by one, from a server that cannot be asked for several by id. What is not there is not there.
async fn reads(call: &Call<'_>, kind: ResourceType, ids: &[LogicalId]) -> Result<Vec<Resource>, SourceFault> {
    let asking: Vec<BoxFuture<'_, Result<Resource, Failure>>> = ids
        .iter()
        .map(|id| -> BoxFuture<'_, _> { Box::pin(async move { call.read(&[kind.name(), id.as_str()]).await }) })
        .collect();
    let answers: Vec<Result<Resource, Failure>> = futures_util::stream::iter(asking).buffered(AT_ONCE).collect().await;
    let mut found = Vec::new();
    for answer in answers {
        match answer.map_err(SourceFault::from) {
            Ok(resource) => found.push(resource),
            Err(SourceFault::NotFound | SourceFault::Gone | SourceFault::Refused) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(found)
}
