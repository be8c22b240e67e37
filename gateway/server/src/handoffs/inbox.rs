//! What we received, as a source behind the stack: the provider's own systems get the document of a transfer that is
//! completed, whole.

use std::sync::Arc;

use exchange::ports::{Answer, BoxFuture, Question, Source, SourceFault};
use fhir::interaction::Level;
use fhir::json::Limits;
use fhir::{Bundle, Interaction, Resource};
use flows::eoverdracht::{Handoff, Notice, Stage, VERSION};
use policy::DataHolder;
use store::transfers::Id;

use super::outbox::{found, unreadable};
use super::received::Received;
use super::{Handoffs, NOTICE, names, negotiating, ports};

/// What is told of a document that is gone or torn.
const DAMAGED: &str = "the document of a transfer cannot be read";

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
        if permit.use_case().as_str() == NOTICE {
            return self.notice(id, received, asked.as_str()).await;
        }
        let whole = |stage| matches!(stage, Stage::Taken | Stage::Completed);
        let received = received.filter(|received| received.composition.as_deref() == Some(asked.as_str()));
        let receiving = received.and_then(|received| received.receiving());
        let receiving = receiving.filter(|receiving| whole(receiving.stage())).ok_or(SourceFault::NotFound)?;
        let (handoff, binaries) = self.handoffs.kept(id, receiving.held().len()).await?;
        let vouched = binaries.iter().map(|binary| format!("Binary/{}", binary.id().unwrap_or_default())).collect();
        let resources = handoff.resources().iter().cloned().chain(binaries).collect();
        Ok(Answer { vouched, ..found(resources) })
    }

    /// The notice that is held, while it is of use.
    async fn notice(&self, id: Id, received: Option<Received>, asked: &str) -> Result<Answer, SourceFault> {
        let received = received.filter(|received| received.notice.as_deref() == Some(asked));
        let is_held = received.and_then(|received| received.receiving()).is_some_and(|receiving| {
            receiving.negotiation().notice() == Notice::Held && !matches!(receiving.stage(), Stage::Closed(_))
        });
        if !is_held {
            return Err(SourceFault::NotFound);
        }
        let bundle = self.handoffs.part(id, negotiating::PART).await?;
        let bundle = Bundle::read(&bundle).map_err(|_| SourceFault::Unusable(DAMAGED))?;
        Ok(found(bundle.entries.into_iter().filter_map(|entry| entry.resource).collect()))
    }
}

impl Handoffs {
    /// What is kept of a transfer of so many parts: the handoff, and the documents that came by themselves.
    pub(super) async fn kept(&self, id: Id, parts: usize) -> Result<(Handoff, Vec<Resource>), SourceFault> {
        let handoff = Handoff::of_bundle(&self.part(id, 0).await?, |_| true);
        let handoff = handoff.map_err(|_| SourceFault::Unusable(DAMAGED))?;
        let mut binaries = Vec::new();
        for part in 1..u32::try_from(parts).unwrap_or(u32::MAX) {
            binaries.push(self.part(id, part).await?);
        }
        Ok((handoff, binaries))
    }

    async fn part(&self, id: Id, part: u32) -> Result<Resource, SourceFault> {
        let bytes = self.books.received.part(id, part).await.map_err(|fault| unreadable(&fault))?;
        let bytes = bytes.ok_or(SourceFault::Unusable(DAMAGED))?;
        let limits = Limits { bytes: bytes.len(), ..Limits::default() };
        Resource::parse(bytes.into(), &limits).map_err(|_| SourceFault::Unusable(DAMAGED))
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
