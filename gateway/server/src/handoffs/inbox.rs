//! What we received, as a source behind the stack: the provider's own systems get the document of a transfer that is
//! completed, whole.

use std::sync::Arc;

use exchange::ports::{Answer, BoxFuture, Question, Source, SourceFault};
use fhir::interaction::Level;
use fhir::json::Limits;
use fhir::{Interaction, Resource};
use flows::eoverdracht::{Handoff, Stage, VERSION};
use policy::DataHolder;

use super::outbox::{found, unreadable};
use super::{Handoffs, names, ports};

/// The inbox.
pub struct InboxSource {
    handoffs: Arc<Handoffs>,
    holder: DataHolder,
}

impl InboxSource {
    pub fn new(handoffs: Arc<Handoffs>) -> Self {
        let holder = DataHolder(handoffs.own.0.clone());
        InboxSource { handoffs, holder }
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let permit = question.permit();
        let ground = permit.request().caller.treatment_relation.as_ref().filter(|ground| ground.kind == ports::IN_HAND);
        let id = ground.and_then(|ground| names::read(&ground.reference)).ok_or(SourceFault::NotFound)?;
        let asked = match question.interaction() {
            Interaction::Operation { level: Level::Instance(kind, asked), name, .. }
                if permit.version() == VERSION && kind.name() == "Composition" && name == "document" =>
            {
                asked
            }
            _ => return Err(SourceFault::NotSupported),
        };
        let received = self.handoffs.books.received.get(id).map_err(|fault| unreadable(&fault))?;
        let whole = |stage| matches!(stage, Stage::Taken | Stage::Completed);
        let received = received.filter(|received| received.composition.as_deref() == Some(asked.as_str()));
        let receiving = received.and_then(|received| received.receiving());
        let receiving = receiving.filter(|receiving| whole(receiving.stage())).ok_or(SourceFault::NotFound)?;
        let parts = u32::try_from(receiving.held().len()).unwrap_or(u32::MAX);
        let bytes = self.handoffs.books.received.part(id, 0).await.map_err(|fault| unreadable(&fault))?;
        let damaged = SourceFault::Unusable("the document of a transfer cannot be read");
        let bytes = bytes.ok_or(damaged.clone())?;
        let limits = Limits { bytes: bytes.len(), ..Limits::default() };
        let bundle = Resource::parse(bytes.into(), &limits).map_err(|_| damaged.clone())?;
        let handoff = Handoff::of_bundle(&bundle, |_| true).map_err(|_| damaged.clone())?;
        let (mut resources, mut vouched) = (handoff.resources().to_vec(), Vec::new());
        for part in 1..parts {
            let bytes = self.handoffs.books.received.part(id, part).await.map_err(|fault| unreadable(&fault))?;
            let bytes = bytes.ok_or(damaged.clone())?;
            let limits = Limits { bytes: bytes.len(), ..Limits::default() };
            let binary = Resource::parse(bytes.into(), &limits).map_err(|_| damaged.clone())?;
            vouched.push(format!("Binary/{}", binary.id().unwrap_or_default()));
            resources.push(binary);
        }
        Ok(Answer { vouched, ..found(resources) })
    }
}

impl Source for InboxSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.handoffs.own.1
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move { self.answer(&question).await })
    }
}
