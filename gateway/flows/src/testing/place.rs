//! A source that answers, or fails, as it was told to.

use exchange::ports::{Answer, BoxFuture, Item, Question, Source, SourceFault};
use fhir::{FhirVersion, Resource, SearchMode, Ura};
use policy::{DataHolder, UseCaseId};

use super::resource;

/// A provider with resources of one patient.
#[derive(Clone)]
pub struct Place {
    holder: DataHolder,
    name: String,
    held: Vec<Resource>,
    brought: Vec<(String, Resource)>,
    failing: Vec<(String, SourceFault)>,
    fault: Option<SourceFault>,
    speaks: Vec<FhirVersion>,
}

impl Place {
    pub fn new(ura: &str, name: &str) -> Self {
        Place {
            holder: DataHolder(Ura::parse(ura).unwrap()),
            name: name.to_owned(),
            held: Vec::new(),
            brought: Vec::new(),
            failing: Vec::new(),
            fault: None,
            speaks: Vec::new(),
        }
    }

    /// It holds this resource, and answers with it when its type is asked for.
    #[must_use]
    pub fn holds(mut self, text: &str) -> Self {
        self.held.push(resource(text));
        self
    }

    /// It sends this resource along (`_include`) when that type is asked for.
    #[must_use]
    pub fn brings(mut self, with: &str, text: &str) -> Self {
        self.brought.push((with.to_owned(), resource(text)));
        self
    }

    /// Questions for this type fail.
    #[must_use]
    pub fn failing(mut self, resource_type: &str, fault: SourceFault) -> Self {
        self.failing.push((resource_type.to_owned(), fault));
        self
    }

    /// Every question fails.
    #[must_use]
    pub fn fails(mut self, fault: SourceFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// It is asked in this version alone.
    #[must_use]
    pub fn speaking(mut self, version: FhirVersion) -> Self {
        self.speaks = vec![version];
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, asked: &str) -> Result<Answer, SourceFault> {
        let failing = self.failing.iter().find(|(kind, _)| kind == asked).map(|(_, fault)| fault);
        if let Some(fault) = self.fault.as_ref().or(failing) {
            return Err(fault.clone());
        }
        let item = |resource: &Resource, mode| Item { resource: resource.clone(), mode };
        let matching = self.held.iter().filter(|held| held.resource_type() == asked);
        let along = self.brought.iter().filter(|(with, _)| with == asked);
        let patients = self.held.iter().filter(|held| held.resource_type() == "Patient");
        Ok(Answer {
            items: matching
                .map(|found| item(found, SearchMode::Match))
                .chain(along.map(|(_, found)| item(found, SearchMode::Include)))
                .collect(),
            patients: patients.filter_map(|found| Some(found.id()?.into_owned())).collect(),
            ..Answer::default()
        })
    }
}

impl Source for Place {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn asked_in(&self, _: &UseCaseId) -> &[FhirVersion] {
        &self.speaks
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        let asked = question.interaction().resource_type().map_or("", |kind| kind.name());
        Box::pin(std::future::ready(self.answer(asked)))
    }
}
