//! Questions about one patient: narrowed to the ids under which the server knows that patient.

use std::collections::BTreeMap;

use ::fhir::interaction::{Level, SearchTarget};
use ::fhir::{Bsn, Interaction, LogicalId, Resource, ResourceType, SearchMode, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{Answer, Item, Question, SourceFault};

use super::super::document;
use super::super::links::{Leads, name_of};
use super::super::narrow::shown;
use super::super::patients::{Belonging, belonging};
use super::super::rest::{Call, Write, prefer};
use super::FhirSource;
use super::fetch::{Fetcher, Want};
use super::reach::Reach;

/// The one patient, and the ids the server has for them.
#[derive(Clone, Copy)]
pub(super) struct Patient<'p> {
    pub bsn: &'p Bsn,
    pub ids: &'p [LogicalId],
}

impl<'p> Patient<'p> {
    pub(super) fn reach(self) -> Reach<'p> {
        Reach::One { bsn: self.bsn, ids: self.ids }
    }
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
        let (body, conditions) = (question.body(), question.conditions());
        let mut answer = match question.interaction() {
            Interaction::Read { resource_type, id } => {
                one(self.read(call, patient, *resource_type, id, &[resource_type.name(), id.as_str()]).await?)
            }
            Interaction::Vread { resource_type, id, version } => {
                let segments = [resource_type.name(), id.as_str(), "_history", version.as_str()];
                one(self.read(call, patient, *resource_type, id, &segments).await?)
            }
            Interaction::Search { target, query } => {
                let kind = searched(target, patient)?;
                let found = self.search(call, patient.reach(), kind, query).await?;
                Answer { items: found.items, vouched: found.vouched, cut_short: found.cut_short, ..Answer::default() }
            }
            Interaction::History { level: Level::Instance(kind, id), query } => {
                self.history(call, patient, *kind, id, query).await?
            }
            Interaction::Operation { level, name, query } => {
                let (kind, id) = document::composition(level, name, query)?;
                self.document(call, patient, kind, id).await?
            }
            Interaction::Create { resource_type } => {
                self.create(call, patient, *resource_type, body, conditions).await?
            }
            Interaction::Update { resource_type, id } => {
                self.write(call, patient, Write::Update(*resource_type, id), body, conditions).await?
            }
            Interaction::Patch { resource_type, id } => {
                self.write(call, patient, Write::Patch(*resource_type, id), body, conditions).await?
            }
            Interaction::Delete { resource_type, id } => {
                self.write(call, patient, Write::Delete(*resource_type, id), body, conditions).await?
            }
            Interaction::ConditionalUpdate { resource_type, query } => {
                self.update_where(call, patient, *resource_type, query, body, conditions).await?
            }
            Interaction::ConditionalDelete { resource_type, query } => {
                self.delete_where(call, patient, *resource_type, query, conditions).await?
            }
            Interaction::Transaction { entries } => {
                let once = question.permit().takes_once().then_some(patient);
                self.transaction(call, patient.reach(), once, entries, body).await?
            }
            // None of these can be bound to a patient by what is asked alone.
            Interaction::Capabilities | Interaction::History { .. } | Interaction::Bundle => {
                return Err(SourceFault::NotSupported);
            }
        };
        answer.patients = ids.iter().map(|id| id.as_str().to_owned()).collect();
        Ok(answer)
    }

    async fn read(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        id: &LogicalId,
        segments: &[&str],
    ) -> Result<Resource, SourceFault> {
        // Another patient's id is not there, whether the server has it or not.
        if patient.ids.is_empty() || (kind.name() == "Patient" && !patient.ids.contains(id)) {
            return Err(SourceFault::NotFound);
        }
        Ok(call.read(segments).await?)
    }

    /// The versions of one resource. What it is now must be this patient's before its past is asked for; each
    /// version is checked again by whoever asked.
    async fn history(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        id: &LogicalId,
        query: &SearchQuery,
    ) -> Result<Answer, SourceFault> {
        let current = self.read(call, patient, kind, id, &[kind.name(), id.as_str()]).await?;
        if !self.is_ours(patient, &current) {
            return Err(SourceFault::NotFound);
        }
        // The node pages and formats; the rest is the server's to apply.
        let mut asked = query.clone();
        asked.parameters.retain(|parameter| !matches!(parameter.name.as_str(), "_count" | "_format" | "_pretty"));
        if let Some(unknown) = asked.parameters.iter().find(|one| !matches!(one.name.as_str(), "_since" | "_at")) {
            return Err(SourceFault::Unsupported { parameter: shown(unknown) });
        }
        let level = Level::Instance(kind, id.clone());
        let strict = prefer(&Conditions::default(), "handling=strict");
        let pages = call.history(&level, &asked, strict).await?;
        let before = pages.items.len();
        let of_it = |item: &Item| {
            name_of(self.rest.version, &item.resource).is_some_and(|named| named.kind == kind && named.id == *id)
        };
        let items: Vec<Item> = pages.items.into_iter().filter(of_it).collect();
        if items.len() < before {
            return Err(SourceFault::Unusable("the history of another resource than was asked for"));
        }
        Ok(Answer { items, cut_short: pages.cut_short, ..Answer::default() })
    }

    /// A Composition of this patient's and everything that it names itself, in the order of the document. Nothing
    /// is kept, here or at the server.
    async fn document(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        kind: ResourceType,
        id: &LogicalId,
    ) -> Result<Answer, SourceFault> {
        let version = self.rest.version;
        let composition = self.read(call, patient, kind, id, &[kind.name(), id.as_str()]).await?;
        if belonging(version, &composition, patient.bsn, patient.ids) != Belonging::ThisPatient {
            return Err(SourceFault::NotFound);
        }
        let parts = document::parts(version, Some(self.rest.base.url().as_str()), &composition);
        let here = parts.iter().filter_map(|leads| match leads {
            Leads::Here(named) => Some(named),
            Leads::Away(_) | Leads::Nowhere => None,
        });
        let here: Vec<_> = here.collect();
        let mut by_type: BTreeMap<ResourceType, Vec<LogicalId>> = BTreeMap::new();
        for named in &here {
            by_type.entry(named.kind).or_default().push(named.id.clone());
        }
        let mut fetcher = Fetcher::new(call, patient.reach(), 1);
        let wants = by_type.into_iter().map(|(kind, ids)| Want::Ids(kind, ids)).collect();
        let found = fetcher.fetch(wants).await?;
        let mut items = vec![Item { resource: composition, mode: SearchMode::Match }];
        for named in &here {
            let part = found.iter().find(|one| name_of(version, one).as_ref() == Some(*named));
            items.extend(part.map(|one| Item { resource: one.clone(), mode: SearchMode::Include }));
        }
        let cut_short = fetcher.cut_short || items.len() < here.len() + 1;
        Ok(Answer { items, cut_short, ..Answer::default() })
    }

    /// Writes what is this patient's. What stands there now must be this patient's too, and must still be what
    /// was looked at when it is replaced.
    pub(super) async fn write(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        write: Write<'_>,
        body: Option<&Resource>,
        conditions: &Conditions,
    ) -> Result<Answer, SourceFault> {
        let mut conditions = conditions.clone();
        let (kind, replaced) = match &write {
            Write::Create(kind) => (*kind, None),
            Write::Update(kind, id) | Write::Patch(kind, id) | Write::Delete(kind, id) => (*kind, Some(*id)),
            Write::UpdateWhere(..) | Write::DeleteWhere(..) => return Err(SourceFault::NotSupported),
        };
        let ours = body.is_some_and(|body| self.is_ours(patient, body));
        if matches!(write, Write::Create(_) | Write::Update(..)) && !ours {
            return Err(SourceFault::Rejected);
        }
        if let Some(id) = replaced {
            match call.read(&[kind.name(), id.as_str()]).await.map_err(SourceFault::from) {
                Ok(current) if self.is_ours(patient, &current) => {
                    let version = current.version_id().map(|version| format!("W/\"{version}\""));
                    conditions.if_match = conditions.if_match.or(version);
                }
                Ok(_) => return Err(SourceFault::NotFound),
                Err(SourceFault::NotFound | SourceFault::Gone) if matches!(write, Write::Update(..)) => {}
                Err(fault) => return Err(fault),
            }
        }
        let answer = call.write(write, body, &conditions).await?;
        if kind.name() == "Patient" {
            self.patients.forget(patient.bsn);
        }
        Ok(answer)
    }

    pub(super) fn is_ours(&self, patient: Patient<'_>, resource: &Resource) -> bool {
        belonging(self.rest.version, resource, patient.bsn, patient.ids) != Belonging::SomeoneElse
    }
}

/// The type that a search is about. A compartment of this patient is narrowed like a search of its type.
fn searched(target: &SearchTarget, patient: Patient<'_>) -> Result<ResourceType, SourceFault> {
    match target {
        SearchTarget::Type(kind) => Ok(*kind),
        SearchTarget::Compartment { owner, id, member: Some(kind) } if owner.name() == "Patient" => {
            if patient.ids.contains(id) { Ok(*kind) } else { Err(SourceFault::NotFound) }
        }
        SearchTarget::Compartment { .. } | SearchTarget::System => Err(SourceFault::NotSupported),
    }
}

fn one(resource: Resource) -> Answer {
    Answer { items: vec![Item { resource, mode: SearchMode::Match }], ..Answer::default() }
}
