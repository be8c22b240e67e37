//! The innermost stage: puts the permit's plan to one source, a bounded number of questions at a time.

use std::sync::Arc;

use fhir::search::split;
use fhir::{FhirVersion, Interaction, SearchQuery};
use futures_util::StreamExt;
use policy::Permit;

use super::localisation::Located;
use super::value_sets::written_out;
use crate::handle::Handle;
use crate::ports::{Answer, BoxFuture, Question, Source, SourceFault, ValueSets};
use crate::refusal::Refusal;

/// One question of a plan and what the source answered to it.
pub(super) type AnsweredQuestion = (Interaction, Result<Answer, SourceFault>);

/// What one source answered to the whole plan, not yet checked.
pub struct Answered {
    permit: Arc<Permit>,
    source: Arc<dyn Source>,
    answers: Vec<AnsweredQuestion>,
}

impl Answered {
    pub(super) fn into_parts(self) -> (Arc<Permit>, Arc<dyn Source>, Vec<AnsweredQuestion>) {
        (self.permit, self.source, self.answers)
    }
}

/// Asks.
pub struct AskSource {
    at_once: usize,
    value_sets: Arc<dyn ValueSets>,
}

impl AskSource {
    /// `at_once`: how many questions one source gets side by side within one exchange.
    pub fn new(at_once: usize, value_sets: Arc<dyn ValueSets>) -> Self {
        AskSource { at_once: at_once.max(1), value_sets }
    }
}

impl Handle<Located> for AskSource {
    type Out = Answered;

    async fn handle(&self, located: Located) -> Result<Answered, Refusal> {
        let permit = located.permit().clone();
        let source = located.source().clone();
        // Another provider's node does its own shaping, and sorts nothing for us.
        let own = source.holder() == permit.holder();
        let questions: Vec<Interaction> =
            located.questions().iter().map(|asked| self.bare(asked, own, permit.version())).collect();
        let asking: Vec<BoxFuture<'_, _>> = questions
            .iter()
            .map(|interaction| {
                let question = Question::new(
                    &permit,
                    interaction,
                    located.body(),
                    located.conditions(),
                    located.correlation_id(),
                    located.patience(),
                );
                let source = &source;
                let one: BoxFuture<'_, _> = Box::pin(async move {
                    // A little before the source as a whole is given up, so that the rest of the plan still counts.
                    let patience = question.patience().mul_f32(0.9);
                    let answer = tokio::time::timeout(patience, source.ask(question)).await;
                    (interaction.clone(), answer.unwrap_or(Err(SourceFault::TimedOut)))
                });
                one
            })
            .collect();
        let answers = futures_util::stream::iter(asking).buffered(self.at_once).collect().await;
        Ok(Answered { permit, source, answers })
    }
}

impl AskSource {
    /// The question without what shapes an answer: that is done once, by this node, over what all sources gave. Value
    /// sets that this node knows are written out.
    fn bare(&self, asked: &Interaction, sorted: bool, version: FhirVersion) -> Interaction {
        let strip = |query: &SearchQuery| {
            let (mut rest, shaping) = split(query);
            if sorted {
                rest.parameters.extend(shaping.named("_sort").cloned());
            }
            written_out(self.value_sets.as_ref(), version, rest)
        };
        match asked {
            Interaction::Search { target, query } => {
                Interaction::Search { target: target.clone(), query: strip(query) }
            }
            Interaction::History { level, query } => Interaction::History { level: level.clone(), query: strip(query) },
            other => other.clone(),
        }
    }
}
