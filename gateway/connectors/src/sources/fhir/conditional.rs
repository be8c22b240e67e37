//! Conditional writes about one patient (FHIR RESTful API, conditional create, update and delete): the condition is
//! searched for first, narrowed to the patient, and the write is made to what was found.

use ::fhir::json::Node;
use ::fhir::search::split;
use ::fhir::{LogicalId, Parameter, Resource, ResourceType, SearchMode, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{Answer, Item, SourceFault, Written};

use super::super::narrow::shown;
use super::super::rest::{Call, Write};
use super::FhirSource;
use super::about_one::Patient;
use super::reach::Narrowed;

/// What a condition holds for.
pub(super) enum Held {
    /// Nothing. The query that finds nothing, as the server can be asked it, when it can.
    None(Option<SearchQuery>),
    One(Box<Resource>),
}

impl FhirSource {
    /// What there is of the patient's that the condition holds for. Several are a failed precondition.
    pub(super) async fn held(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        condition: &SearchQuery,
    ) -> Result<Held, SourceFault> {
        let (filters, presentation) = split(condition);
        let brought = |parameter: &&Parameter| matches!(parameter.name.as_str(), "_include" | "_revinclude");
        let no_condition = presentation.parameters.iter().chain(filters.parameters.iter().filter(brought)).next();
        if let Some(parameter) = no_condition {
            return Err(SourceFault::Unsupported { parameter: shown(parameter) });
        }
        let reach = patient.reach();
        if matches!(reach.narrow(self.rest.version, kind, &filters)?, Narrowed::ToNothing) {
            return Ok(Held::None(None));
        }
        let found = self.search(call, reach, kind, &filters).await?;
        let ours = |item: &Item| item.mode == SearchMode::Match && self.is_ours(patient, &item.resource);
        let mut matches = found.items.into_iter().filter(ours);
        match (matches.next(), matches.next()) {
            (Some(_), Some(_)) => Err(SourceFault::PreconditionFailed),
            _ if found.cut_short => Err(SourceFault::Unusable("what a condition holds for cannot be told")),
            (Some(one), None) => Ok(Held::One(Box::new(one.resource))),
            (None, _) => Ok(Held::None(found.whole_query)),
        }
    }

    /// `POST [type]` with `If-None-Exist`: what is there already is answered and nothing is written.
    pub(super) async fn create(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        body: Option<&Resource>,
        conditions: &Conditions,
    ) -> Result<Answer, SourceFault> {
        let Some(condition) = &conditions.if_none_exist else {
            return self.write(call, patient, Write::Create(kind), body, conditions).await;
        };
        let condition = SearchQuery::parse(condition).map_err(|_| SourceFault::Rejected)?;
        match self.held(call, patient, kind, &condition).await? {
            Held::One(there) => Ok(already(*there)),
            Held::None(query) => self.create_new(call, patient, kind, body, conditions, query).await,
        }
    }

    /// `PUT [type]?condition`.
    pub(super) async fn update_where(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        condition: &SearchQuery,
        body: Option<&Resource>,
        conditions: &Conditions,
    ) -> Result<Answer, SourceFault> {
        let body = body.ok_or(SourceFault::Rejected)?;
        let own = body.id().map(|id| LogicalId::parse(&id).ok_or(SourceFault::Rejected)).transpose()?;
        match (self.held(call, patient, kind, condition).await?, own) {
            (Held::One(there), own) => {
                let id = there.id().and_then(|id| LogicalId::parse(&id));
                let id = id.ok_or(SourceFault::Unusable("a resource without a usable id"))?;
                if own.as_ref().is_some_and(|own| *own != id) {
                    return Err(SourceFault::PreconditionFailed);
                }
                let named = own.is_none().then(|| with_id(body, &id));
                let body = named.as_ref().unwrap_or(body);
                self.write(call, patient, Write::Update(kind, &id), Some(body), conditions).await
            }
            (Held::None(_), Some(id)) => {
                self.write(call, patient, Write::Update(kind, &id), Some(body), conditions).await
            }
            (Held::None(query), None) => self.create_new(call, patient, kind, Some(body), conditions, query).await,
        }
    }

    /// `DELETE [type]?condition`.
    pub(super) async fn delete_where(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        condition: &SearchQuery,
        conditions: &Conditions,
    ) -> Result<Answer, SourceFault> {
        match self.held(call, patient, kind, condition).await? {
            Held::One(there) => {
                let id = there.id().and_then(|id| LogicalId::parse(&id));
                let id = id.ok_or(SourceFault::Unusable("a resource without a usable id"))?;
                self.write(call, patient, Write::Delete(kind, &id), None, conditions).await
            }
            Held::None(_) => Err(SourceFault::NotFound),
        }
    }

    /// Creates, and lets the server look once more, so that two who do this at once do not both create.
    async fn create_new(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        body: Option<&Resource>,
        conditions: &Conditions,
        nothing_found: Option<SearchQuery>,
    ) -> Result<Answer, SourceFault> {
        // A version that must be there cannot be there.
        if conditions.if_match.is_some() {
            return Err(SourceFault::PreconditionFailed);
        }
        let if_none_exist = nothing_found.map(|query| query.write());
        let conditions = Conditions { if_none_exist, ..conditions.clone() };
        self.write(call, patient, Write::Create(kind), body, &conditions).await
    }
}

/// The answer to a create of what was there.
fn already(there: Resource) -> Answer {
    let text = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
    let written = Written { created: false, id: text(there.id()), version_id: text(there.version_id()) };
    Answer {
        items: vec![Item { resource: there, mode: SearchMode::Match }],
        written: Some(written),
        ..Answer::default()
    }
}

/// The body with the id that it is written to (`PUT` wants it there).
fn with_id(body: &Resource, id: &LogicalId) -> Resource {
    let mut node = body.to_node();
    node.set("id", Node::text(id.as_str()));
    Resource::from_node(&node)
}
