//! Questions that are about nobody, or about anyone: they pass as they are.

use ::fhir::compartment::{Whose, whose};
use ::fhir::search::split;
use ::fhir::{Interaction, SearchMode};
use exchange::ports::{Answer, Item, Question, SourceFault};

use super::super::rest::{Call, Pages, Write, prefer};
use super::search_fault;

/// Asks as asked. `nobody` says that nothing about a patient may be written.
pub(super) async fn answer(call: &Call<'_>, question: &Question<'_>, nobody: bool) -> Result<Answer, SourceFault> {
    let conditions = question.conditions();
    let body = question.body();
    let interaction = question.interaction();
    if nobody && interaction.writes() {
        let about_nobody = body.is_none_or(|body| whose(call.rest.version, body) == Whose::Nobody);
        if !about_nobody || matches!(interaction, Interaction::Bundle) {
            return Err(SourceFault::Rejected);
        }
    }
    match interaction {
        Interaction::Capabilities => one(call.read(&["metadata"]).await?),
        Interaction::Read { resource_type, id } => one(call.read(&[resource_type.name(), id.as_str()]).await?),
        Interaction::Vread { resource_type, id, version } => {
            one(call.read(&[resource_type.name(), id.as_str(), "_history", version.as_str()]).await?)
        }
        Interaction::Search { target, query } => {
            // How the answer looks is the node's own work, over the answers of all sources. The order is passed on,
            // so that what is cut short is cut at the right end.
            let (mut asked, presentation) = split(query);
            asked.parameters.extend(presentation.named("_sort").cloned());
            let strict = prefer(conditions, "handling=strict");
            let pages = call.search(target, &asked, strict, None).await;
            pages.map(many).map_err(|failure| search_fault(failure, question))
        }
        Interaction::History { level, query } => {
            let strict = prefer(conditions, "handling=strict");
            let pages = call.history(level, query, strict).await;
            pages.map(many).map_err(|failure| search_fault(failure, question))
        }
        Interaction::Create { resource_type } => write(call, question, Write::Create(*resource_type)).await,
        Interaction::Update { resource_type, id } => write(call, question, Write::Update(*resource_type, id)).await,
        Interaction::Patch { resource_type, id } => write(call, question, Write::Patch(*resource_type, id)).await,
        Interaction::Delete { resource_type, id } => write(call, question, Write::Delete(*resource_type, id)).await,
        Interaction::ConditionalUpdate { resource_type, query } => {
            write(call, question, Write::UpdateWhere(*resource_type, query)).await
        }
        Interaction::ConditionalDelete { resource_type, query } => {
            write(call, question, Write::DeleteWhere(*resource_type, query)).await
        }
        Interaction::Operation { level, name, query } => Ok(call.operation(level, name, query, body).await?),
        // About whom an entry is must be known before it is written.
        Interaction::Transaction { .. } => Err(SourceFault::NotSupported),
        Interaction::Bundle => Ok(call.bundle(body.ok_or(SourceFault::Rejected)?).await?),
    }
}

async fn write(call: &Call<'_>, question: &Question<'_>, write: Write<'_>) -> Result<Answer, SourceFault> {
    Ok(call.write(write, question.body(), question.conditions()).await?)
}

fn one(resource: ::fhir::Resource) -> Result<Answer, SourceFault> {
    Ok(Answer { items: vec![Item { resource, mode: SearchMode::Match }], ..Answer::default() })
}

fn many(pages: Pages) -> Answer {
    Answer { items: pages.items, cut_short: pages.cut_short, ..Answer::default() }
}
