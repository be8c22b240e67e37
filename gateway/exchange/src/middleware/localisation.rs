//! Localisation (lokalisatie): finds the sources and asks each of them once, side by side, within bounds.

use std::sync::Arc;
use std::time::Duration;

use fhir::{Interaction, Resource};
use futures_util::StreamExt;
use policy::Permit;

use super::authorisation::Permitted;
use crate::handle::Handle;
use crate::inbound::Conditions;
use crate::middleware::minimisation::{Part, Released, SourceStatus};
use crate::ports::{self, BoxFuture, Source, SourceFault};
use crate::record::SourceFacts;
use crate::refusal::Refusal;

/// One source to ask under a permit.
pub struct Located {
    permit: Arc<Permit>,
    source: Arc<dyn Source>,
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
    type Out = Released;

    async fn handle(&self, permitted: Permitted) -> Result<Released, Refusal> {
        let permit = permitted.permit();
        let asked = permitted.asked();
        let mut whereabouts = self.localisation.locate(permit).await;
        asked.notes().note(|record| record.localisation = Some(whereabouts.index.clone()));
        let interaction = &permit.request().interaction;
        if permit.plan().iter().any(Interaction::writes) {
            whereabouts.places = self.home(&permitted, whereabouts.places).await?;
        }
        let beyond = whereabouts.places.split_off(self.fanout.most.min(whereabouts.places.len()));
        let alone = whereabouts.places.len() == 1 && beyond.is_empty() && !collects(interaction);
        let asking: Vec<BoxFuture<'_, _>> = whereabouts
            .places
            .into_iter()
            .map(|source| {
                let located = self.located(&permitted, source, None);
                let one: BoxFuture<'_, _> = Box::pin(self.one(located));
                one
            })
            .collect();
        let answers: Vec<_> = futures_util::stream::iter(asking).buffered(self.fanout.at_once.max(1)).collect().await;
        let mut parts = Vec::with_capacity(answers.len() + beyond.len());
        let mut failure = None;
        for answer in answers {
            match answer {
                Ok(part) => parts.push(part),
                Err((part, refusal)) => {
                    if alone {
                        asked.notes().note(|record| record.sources = vec![SourceFacts::from(&part)]);
                        return Err(refusal);
                    }
                    if part.status() != SourceStatus::NothingThere {
                        failure.get_or_insert(refusal);
                    }
                    parts.push(part);
                }
            }
        }
        parts.extend(beyond.iter().map(|source| bare(source, SourceStatus::NotAsked)));
        asked.notes().note(|record| record.sources = parts.iter().map(SourceFacts::from).collect());
        if reads_one(interaction) && parts.iter().all(|part| part.items().is_empty()) {
            // That it is nowhere is known only when every source said so.
            return Err(failure.unwrap_or(Refusal::NotFound));
        }
        Ok(Released::new(permit.clone(), parts, whereabouts.index))
    }
}

impl<N: Handle<Located, Out = Part>> Localise<N> {
    fn located(&self, permitted: &Permitted, source: Arc<dyn Source>, instead: Option<Interaction>) -> Located {
        let asked = permitted.asked();
        Located {
            permit: permitted.permit().clone(),
            source,
            instead,
            body: asked.body().cloned(),
            conditions: asked.conditions().clone(),
            correlation_id: asked.correlation_id().to_owned(),
            patience: self.fanout.patience,
        }
    }

    /// The one source that a write goes to: where the resource is, or our first. A source that cannot say whether the
    /// resource is there stops the write: it could end up in two places.
    async fn home(
        &self,
        permitted: &Permitted,
        mut places: Vec<Arc<dyn Source>>,
    ) -> Result<Vec<Arc<dyn Source>>, Refusal> {
        places.truncate(self.fanout.most);
        if places.len() > 1
            && let Some(read) = read_of(&permitted.permit().request().interaction)
        {
            for source in &places {
                match self.one(self.located(permitted, source.clone(), Some(read.clone()))).await {
                    Ok(part) if part.items().is_empty() => {}
                    Ok(_) => return Ok(vec![source.clone()]),
                    Err((part, _)) if part.status() == SourceStatus::NothingThere => {}
                    Err((_, refusal)) => return Err(refusal),
                }
            }
        }
        places.truncate(1);
        Ok(places)
    }

    /// What one source contributes; when it contributes nothing, its empty part and why.
    async fn one(&self, located: Located) -> Result<Part, (Part, Refusal)> {
        let source = located.source.clone();
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
            (bare(&source, status), refusal)
        })
    }
}

/// Whether the interaction is answered source by source even when there is only one.
fn collects(interaction: &Interaction) -> bool {
    matches!(interaction, Interaction::Operation { .. })
}

/// The read of what the interaction changes, when that has an id.
fn read_of(interaction: &Interaction) -> Option<Interaction> {
    match interaction {
        Interaction::Update { resource_type, id }
        | Interaction::Patch { resource_type, id }
        | Interaction::Delete { resource_type, id } => {
            Some(Interaction::Read { resource_type: *resource_type, id: id.clone() })
        }
        _ => None,
    }
}

/// Whether the answer is one resource or none.
fn reads_one(interaction: &Interaction) -> bool {
    matches!(interaction, Interaction::Read { .. } | Interaction::Vread { .. })
}

fn bare(source: &Arc<dyn Source>, status: SourceStatus) -> Part {
    Part::new(source.holder().clone(), source.name().to_owned(), status)
}
