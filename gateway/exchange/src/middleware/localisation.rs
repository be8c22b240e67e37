//! Localisation (lokalisatie): finds the sources and asks each of them once, side by side, within bounds.

mod versions;

use std::sync::Arc;
use std::time::Duration;

use fhir::interaction::Level;
use fhir::{FhirVersion, Interaction, Resource};
use futures_util::StreamExt;
use policy::{Finding, Permit, StandardOperation};

use self::versions::Place;
use super::authorisation::Permitted;
use crate::handle::Handle;
use crate::inbound::Conditions;
use crate::middleware::minimisation::{Part, SourceStatus};
use crate::ports::{self, BoxFuture, Source, SourceFault};
use crate::record::SourceFacts;
use crate::refusal::Refusal;

/// One source to ask under a permit.
pub struct Located {
    permit: Arc<Permit>,
    source: Arc<dyn Source>,
    /// The permit's version, where it is another than the request's.
    other_version: Option<FhirVersion>,
    /// What is asked instead of the permit's plan: whether a resource is here.
    instead: Option<Interaction>,
    body: Option<Resource>,
    conditions: Conditions,
    correlation_id: String,
    patience: Duration,
}

impl Located {
    pub fn permit(&self) -> &Arc<Permit> {
        &self.permit
    }
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }
    pub(super) fn other_version(&self) -> Option<FhirVersion> {
        self.other_version
    }
    /// What to ask: the permit's plan, or the one question in its stead.
    pub(super) fn questions(&self) -> &[Interaction] {
        match &self.instead {
            Some(question) => std::slice::from_ref(question),
            None => self.permit.plan(),
        }
    }
    pub fn body(&self) -> Option<&Resource> {
        self.body.as_ref()
    }
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }
    pub fn correlation_id(&self) -> &str {
        &self.correlation_id
    }
    pub fn patience(&self) -> Duration {
        self.patience
    }
}

/// What the sources gave, checked part by part, in the order of localisation. Only this stage puts it together.
pub struct Gathered {
    permit: Arc<Permit>,
    parts: Vec<Part>,
    index: Finding<usize>,
}

impl Gathered {
    pub(super) fn into_parts(self) -> (Arc<Permit>, Vec<Part>, Finding<usize>) {
        (self.permit, self.parts, self.index)
    }
}

/// Bounds on asking around.
#[derive(Clone, Copy, Debug)]
pub struct Fanout {
    /// How long one source has.
    pub patience: Duration,
    /// How many sources of one exchange are asked side by side.
    pub at_once: usize,
    /// How many sources one exchange asks at all; the rest is shown as not asked.
    pub most: usize,
}

pub struct Localise<N> {
    localisation: Arc<dyn ports::Localisation>,
    fanout: Fanout,
    next: N,
}

impl<N> Localise<N> {
    pub fn new(localisation: Arc<dyn ports::Localisation>, fanout: Fanout, next: N) -> Self {
        Localise { localisation, fanout, next }
    }
}

impl<N: Handle<Located, Out = Part>> Handle<Permitted> for Localise<N> {
    type Out = Gathered;

    async fn handle(&self, permitted: Permitted) -> Result<Gathered, Refusal> {
        let permit = permitted.permit();
        let asked = permitted.asked();
        let whereabouts = self.localisation.locate(permit).await;
        asked.notes().note(|record| record.localisation = Some(whereabouts.index.clone()));
        let (mut asked_in, mut unasked) = versions::of_places(permit, whereabouts.places);
        if changes(permit) {
            asked_in = self.home(&permitted, asked_in).await?;
        }
        if changes(permit) || reads_one(permit) {
            // One resource of this version is not to be found in another one.
            unasked.clear();
        }
        let beyond = asked_in.split_off(self.fanout.most.min(asked_in.len()));
        let alone = asked_in.len() == 1 && beyond.is_empty() && !collects(permit);
        let missing = versions::unasked(unasked.into_iter().chain(beyond));
        if asked_in.is_empty() && !missing.is_empty() && !collects(permit) {
            asked.notes().note(|record| record.sources = missing.iter().map(SourceFacts::from).collect());
            return Err(Refusal::Source(SourceFault::NotSupported));
        }
        let asking: Vec<BoxFuture<'_, _>> = asked_in
            .into_iter()
            .map(|place| {
                let located = self.located(&permitted, place, None);
                let one: BoxFuture<'_, _> = Box::pin(self.one(located));
                one
            })
            .collect();
        let answers: Vec<_> = futures_util::stream::iter(asking).buffered(self.fanout.at_once.max(1)).collect().await;
        let mut parts = Vec::with_capacity(answers.len() + missing.len());
        let mut failure = None;
        let mut unsupported = None;
        for answer in answers {
            match answer {
                Ok(part) => parts.push(part),
                Err((part, refusal)) => {
                    if alone {
                        asked.notes().note(|record| record.sources = vec![SourceFacts::from(&part)]);
                        return Err(refusal);
                    }
                    if matches!(refusal, Refusal::Source(SourceFault::Unsupported { .. })) {
                        unsupported.get_or_insert(refusal.clone());
                    }
                    if part.status() != SourceStatus::NothingThere {
                        failure.get_or_insert(refusal);
                    }
                    parts.push(part);
                }
            }
        }
        parts.extend(missing);
        versions::hold_together(permit, &mut parts);
        asked.notes().note(|record| record.sources = parts.iter().map(SourceFacts::from).collect());
        let told = parts.iter().find_map(|part| part.told().filter(|_| !part.items().is_empty()));
        if let Some(told) = told {
            // Only now is it known whose record this is (NEN 7513, 7.4.3).
            asked.notes().note(|record| record.patient = Some(told.clone()));
        }
        // What nobody could search is refused by its name: an empty answer would read as nothing there.
        if let Some(refusal) = unsupported
            && !collects(permit)
            && parts.iter().all(|part| !part.status().is_complete() && part.items().is_empty())
        {
            return Err(refusal);
        }
        if reads_one(permit) && parts.iter().all(|part| part.items().is_empty()) {
            // That it is nowhere is known only when every source said so.
            return Err(failure.unwrap_or(Refusal::NotFound));
        }
        Ok(Gathered { permit: permit.clone(), parts, index: whereabouts.index })
    }
}

impl<N: Handle<Located, Out = Part>> Localise<N> {
    fn located(&self, permitted: &Permitted, place: Place, instead: Option<Interaction>) -> Located {
        let asked = permitted.asked();
        Located {
            permit: place.permit,
            source: place.source,
            other_version: place.other_version,
            instead,
            body: asked.body().cloned(),
            conditions: asked.conditions().clone(),
            correlation_id: asked.correlation_id().to_owned(),
            patience: self.fanout.patience,
        }
    }

    /// The one source that a write goes to: where the resource is, or our first. A source that cannot say whether the
    /// resource is there stops the write: it could end up in two places. A transaction that would change what is at
    /// two sources is no transaction.
    async fn home(&self, permitted: &Permitted, mut places: Vec<Place>) -> Result<Vec<Place>, Refusal> {
        places.truncate(self.fanout.most);
        let mut home: Option<usize> = None;
        if places.len() > 1 {
            for read in reads_of(&permitted.permit().request().interaction) {
                match (self.whereabouts(permitted, &places, &read).await?, home) {
                    (Some(there), Some(known)) if there != known => {
                        return Err(Refusal::Source(SourceFault::Conflict));
                    }
                    (Some(there), _) => home = Some(there),
                    (None, _) => {}
                }
            }
        }
        Ok(places.into_iter().skip(home.unwrap_or(0)).take(1).collect())
    }

    /// Which source has what the read asks for.
    async fn whereabouts(
        &self,
        permitted: &Permitted,
        places: &[Place],
        read: &Interaction,
    ) -> Result<Option<usize>, Refusal> {
        for (at, place) in places.iter().enumerate() {
            match self.one(self.located(permitted, place.clone(), Some(read.clone()))).await {
                Ok(part) if part.items().is_empty() => {}
                Ok(_) => return Ok(Some(at)),
                Err((part, _)) if part.status() == SourceStatus::NothingThere => {}
                Err((_, refusal)) => return Err(refusal),
            }
        }
        Ok(None)
    }

    /// What one source contributes; when it contributes nothing, its empty part and why.
    async fn one(&self, located: Located) -> Result<Part, (Part, Refusal)> {
        let (source, other_version) = (located.source.clone(), located.other_version);
        let answer = match tokio::time::timeout(located.patience, self.next.handle(located)).await {
            Ok(answer) => answer,
            Err(_) => Err(Refusal::Source(SourceFault::TimedOut)),
        };
        answer.map_err(|refusal| {
            let status = match &refusal {
                Refusal::Source(fault) => SourceStatus::from(fault),
                Refusal::NotFound => SourceStatus::NothingThere,
                _ => SourceStatus::Failed,
            };
            (versions::bare(&source, status, other_version), refusal)
        })
    }
}

/// Whether the answer is given source by source even when there is only one. The operations of the standard are
/// answered as what they become.
fn collects(permit: &Permit) -> bool {
    matches!(permit.request().interaction, Interaction::Operation { .. }) && permit.operation().is_none()
}

/// Whether something is changed at the source. An operation of the standard that we offer changes nothing.
fn changes(permit: &Permit) -> bool {
    permit.operation().is_none() && permit.plan().iter().any(Interaction::writes)
}

/// The reads of what the interaction changes, where that has an id.
fn reads_of(interaction: &Interaction) -> Vec<Interaction> {
    match interaction {
        Interaction::Update { resource_type, id }
        | Interaction::Patch { resource_type, id }
        | Interaction::Delete { resource_type, id } => {
            vec![Interaction::Read { resource_type: *resource_type, id: id.clone() }]
        }
        Interaction::Transaction { entries } => entries.iter().flat_map(reads_of).collect(),
        _ => Vec::new(),
    }
}

/// Whether the answer is about one resource, which is there or not.
fn reads_one(permit: &Permit) -> bool {
    permit.operation() == Some(StandardOperation::Document)
        || matches!(
            permit.request().interaction,
            Interaction::Read { .. }
                | Interaction::Vread { .. }
                | Interaction::History { level: Level::Instance(..), .. }
        )
}
