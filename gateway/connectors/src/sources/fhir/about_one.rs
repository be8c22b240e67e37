//! Questions about one patient: narrowed to the ids under which the server knows that patient.

use ::fhir::interaction::SearchTarget;
use ::fhir::{Bsn, Interaction, LogicalId, Resource, ResourceType, SearchMode, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{Answer, Item, Question, SourceFault};

use super::super::narrow::{asked_among, list, names_ids, patient_parameter, with};
use super::super::patients::{Belonging, belonging};
use super::super::rest::{Call, Write, prefer};
use super::{FhirSource, search_fault};

/// The one patient, and the ids the server has for them.
struct Patient<'p> {
    bsn: &'p Bsn,
    ids: &'p [LogicalId],
}

impl FhirSource {
    pub(super) async fn about_one(
        &self,
        call: &Call<'_>,
        question: &Question<'_>,
        bsn: &Bsn,
    ) -> Result<Answer, SourceFault> {
        let ids = self.ids(call, bsn).await?;
        let patient = Patient { bsn, ids: &ids };
        let mut answer = match question.interaction() {
            Interaction::Read { resource_type, id } => {
                self.read(call, &patient, *resource_type, id, &[resource_type.name(), id.as_str()]).await?
            }
            Interaction::Vread { resource_type, id, version } => {
                let segments = [resource_type.name(), id.as_str(), "_history", version.as_str()];
                self.read(call, &patient, *resource_type, id, &segments).await?
            }
            Interaction::Search { target, query } => {
                let kind = searched(target, &patient)?;
                self.search(call, question, &patient, kind, query).await?
            }
            Interaction::Create { resource_type } => {
                self.write(call, question, &patient, Write::Create(*resource_type)).await?
            }
            Interaction::Update { resource_type, id } => {
                self.write(call, question, &patient, Write::Update(*resource_type, id)).await?
            }
            Interaction::Patch { resource_type, id } => {
                self.write(call, question, &patient, Write::Patch(*resource_type, id)).await?
            }
            Interaction::Delete { resource_type, id } => {
                self.write(call, question, &patient, Write::Delete(*resource_type, id)).await?
            }
            // None of these can be bound to a patient by what is asked alone.
            Interaction::Capabilities
            | Interaction::History { .. }
            | Interaction::ConditionalUpdate { .. }
            | Interaction::ConditionalDelete { .. }
            | Interaction::Operation { .. }
            | Interaction::Bundle
            | Interaction::Transaction { .. } => return Err(SourceFault::NotSupported),
        };
        answer.patients = ids.iter().map(|id| id.as_str().to_owned()).collect();
        Ok(answer)
    }

    async fn read(
        &self,
        call: &Call<'_>,
        patient: &Patient<'_>,
        kind: ResourceType,
        id: &LogicalId,
        segments: &[&str],
    ) -> Result<Answer, SourceFault> {
        // Another patient's id is not there, whether the server has it or not.
        if patient.ids.is_empty() || (kind.name() == "Patient" && !patient.ids.contains(id)) {
            return Err(SourceFault::NotFound);
        }
        let resource = call.read(segments).await?;
        Ok(Answer { items: vec![Item { resource, mode: SearchMode::Match }], ..Answer::default() })
    }

    async fn search(
        &self,
        call: &Call<'_>,
        question: &Question<'_>,
        patient: &Patient<'_>,
        kind: ResourceType,
        query: &SearchQuery,
    ) -> Result<Answer, SourceFault> {
        if patient.ids.is_empty() {
            return Ok(Answer::default());
        }
        let narrowed = if kind.name() == "Patient" {
            let asked = asked_among(query, patient.ids);
            if asked.is_empty() {
                return Ok(Answer::default());
            }
            let mut rest = query.clone();
            rest.parameters.retain(|parameter| parameter.name != "_id");
            with(&rest, "_id", list("", asked))
        } else if let Some(parameter) = patient_parameter(self.rest.version, kind) {
            with(query, parameter, list("Patient/", patient.ids))
        } else if names_ids(query) {
            query.clone()
        } else {
            return Err(SourceFault::NotSupported);
        };
        let strict = prefer(&Conditions::default(), "handling=strict");
        let pages = call
            .search(&SearchTarget::Type(kind), &narrowed, strict, Some(patient.bsn))
            .await
            .map_err(|failure| search_fault(failure, question))?;
        Ok(Answer { items: pages.items, cut_short: pages.cut_short, ..Answer::default() })
    }

    /// Writes what is this patient's. What stands there now must be this patient's too, and must still be what
    /// was looked at when it is replaced.
    async fn write(
        &self,
        call: &Call<'_>,
        question: &Question<'_>,
        patient: &Patient<'_>,
        write: Write<'_>,
    ) -> Result<Answer, SourceFault> {
        let ours = |resource: &Resource| {
            belonging(self.rest.version, resource, patient.bsn, patient.ids) != Belonging::SomeoneElse
        };
        let mut conditions = question.conditions().clone();
        let (kind, replaced) = match &write {
            Write::Create(kind) => (*kind, None),
            Write::Update(kind, id) | Write::Patch(kind, id) | Write::Delete(kind, id) => (*kind, Some(*id)),
            Write::UpdateWhere(..) | Write::DeleteWhere(..) => return Err(SourceFault::NotSupported),
        };
        if matches!(write, Write::Create(_) | Write::Update(..)) && !question.body().is_some_and(ours) {
            return Err(SourceFault::Rejected);
        }
        if let Some(id) = replaced {
            match call.read(&[kind.name(), id.as_str()]).await.map_err(SourceFault::from) {
                Ok(current) if ours(&current) => {
                    let version = current.version_id().map(|version| format!("W/\"{version}\""));
                    conditions.if_match = conditions.if_match.or(version);
                }
                Ok(_) => return Err(SourceFault::NotFound),
                Err(SourceFault::NotFound | SourceFault::Gone) if matches!(write, Write::Update(..)) => {}
                Err(fault) => return Err(fault),
            }
        }
        let answer = call.write(write, question.body(), &conditions).await?;
        if kind.name() == "Patient" {
            self.patients.forget(patient.bsn);
        }
        Ok(answer)
    }
}

/// The type that a search is about. A compartment of this patient is narrowed like a search of its type.
fn searched(target: &SearchTarget, patient: &Patient<'_>) -> Result<ResourceType, SourceFault> {
    match target {
        SearchTarget::Type(kind) => Ok(*kind),
        SearchTarget::Compartment { owner, id, member: Some(kind) } if owner.name() == "Patient" => {
            if patient.ids.contains(id) { Ok(*kind) } else { Err(SourceFault::NotFound) }
        }
        SearchTarget::Compartment { .. } | SearchTarget::System => Err(SourceFault::NotSupported),
    }
}
