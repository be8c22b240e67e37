//! Treatment relations (behandelrelaties) from evidence: the provider's list first, then what its own sources have. Whatever
//! establishes one ends the search; what could not be found out is never taken for absent.

mod config;
mod judging;
mod own_sources;
mod surroundings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use exchange::ports::{BoxFuture, Relation, RelationQuestion, TreatmentRelations};
use policy::{Direction, Finding, NotFoundOut};

pub use config::{EvidenceConfig, EvidenceKind, KindConfig, Persons};
pub use own_sources::OwnSources;

/// The ways in which this provider knows of treatment relations, in the order in which they are asked.
pub struct Relations {
    assertions: bool,
    ways: Vec<Arc<dyn TreatmentRelations>>,
}

impl Relations {
    /// `assertions`: whether what the data user asserted counts at the data holder's gate.
    pub fn new(assertions: bool, ways: Vec<Arc<dyn TreatmentRelations>>) -> Self {
        Relations { assertions, ways }
    }
}

impl TreatmentRelations for Relations {
    fn relation<'a>(&'a self, question: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        Box::pin(async move {
            let mut evidence = Vec::new();
            let mut unknown: Option<NotFoundOut> = None;
            for way in &self.ways {
                let told = way.relation(question).await;
                evidence.extend(told.evidence);
                match told.finding {
                    Finding::Found(relation) => return Relation { finding: Finding::Found(relation), evidence },
                    Finding::Absent => {}
                    Finding::NotFoundOut(why) => unknown = unknown.or(Some(why)),
                }
            }
            let nobody = self.ways.is_empty() && question.direction == Direction::User;
            let unknown = unknown.or(nobody.then_some(NotFoundOut::NobodyToAsk));
            Relation { finding: unknown.map_or(Finding::Absent, Finding::NotFoundOut), evidence }
        })
    }

    fn takes_assertions(&self) -> bool {
        self.assertions
    }
}
