//! A search for a part of the basic data set. Another party says what to ask for, in the inputs of its Task: only what stands
//! in the list is ever asked, and nothing of the text but what the list knows goes into the question.

use fhir::interaction::{Level, SearchTarget};
use fhir::{Interaction, Method, Parameter, ResourceType, SearchQuery};
use thiserror::Error;

use super::VERSION;
use super::list::{SECTIONS, Section};

/// The longest text that is looked at, in bytes.
pub const LONGEST_QUERY: usize = 4096;

/// A search that is in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    section: &'static Section,
    path: String,
    query: SearchQuery,
}

/// It is not in the list of what is asked. Says nothing of the text, which is another party's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no search of the basic data set")]
pub struct NotInTheList;

impl Query {
    /// Reads a search as an input of a Task writes it: relative, or absolute below `base`, the FHIR base of the sender.
    ///
    /// # Errors
    /// It is not in the list.
    pub fn read(text: &str, base: Option<&str>) -> Result<Self, NotInTheList> {
        if text.len() > LONGEST_QUERY {
            return Err(NotInTheList);
        }
        let text = text.trim();
        let below = base.and_then(|base| text.strip_prefix(base.trim_end_matches('/'))?.strip_prefix('/'));
        let (path, query) = below.unwrap_or(text).split_once('?').unwrap_or((below.unwrap_or(text), ""));
        let asked = Interaction::read(VERSION, Method::Get, path, query, None).map_err(|_| NotInTheList)?;
        SECTIONS.iter().find_map(|section| Query::of(section, &asked)).ok_or(NotInTheList)
    }

    /// The search that asks for this part in a Task that we make; nothing for a part that none names.
    pub fn of_section(section: &'static Section) -> Option<Self> {
        Query::read(section.input?, None).ok()
    }

    fn of(section: &'static Section, asked: &Interaction) -> Option<Self> {
        let of_type = |kind: &ResourceType| kind.name() == section.kind;
        let (path, query) = match asked {
            Interaction::Search { target: SearchTarget::Type(kind), query } if of_type(kind) => {
                (section.kind.to_owned(), query)
            }
            Interaction::Operation { level: Level::Type(kind), name, query }
                if of_type(kind) && name == "lastn" && section.last =>
            {
                (format!("{}/$lastn", section.kind), query)
            }
            _ => return None,
        };
        let mut kept: Vec<Parameter> = Vec::new();
        let mut filtered = false;
        let mut newest = (false, false);
        for parameter in &query.parameters {
            if parameter.modifier.is_some() {
                return None;
            }
            let value = parameter.value.as_str();
            let taken = match (parameter.name.as_str(), section.filter) {
                (name, Some((filter, allowed))) if name == filter && !filtered => {
                    filtered = true;
                    let values: Vec<String> =
                        parameter.alternatives().iter().map(|value| value.trim().to_owned()).collect();
                    let known = values.iter().all(|value| allowed.contains(&value.as_str()));
                    known.then(|| Parameter::new(filter, values.join(",")))?
                }
                ("_include", _) if section.includes.contains(&value) => Parameter::new("_include", value),
                // Where each resource comes from (BgZ-Metadata).
                ("_revinclude", _) if value == "Provenance:target" => Parameter::new("_revinclude", value),
                // The newest one, as the serving scripts of 2.0 ask for it.
                ("_sort", _) if section.last && value == "-date" => {
                    newest.0 = true;
                    Parameter::new("_sort", value)
                }
                ("_count", _) if section.last && value == "1" => {
                    newest.1 = true;
                    Parameter::new("_count", value)
                }
                _ => return None,
            };
            if kept.contains(&taken) {
                return None;
            }
            kept.push(taken);
        }
        let whole = section.filter.is_none() || section.bare || filtered;
        (whole && newest.0 == newest.1).then_some(Query { section, path, query: SearchQuery { parameters: kept } })
    }

    /// The part that it asks for.
    pub fn section(&self) -> &'static Section {
        self.section
    }
    /// What is asked, below the FHIR base: `Condition`, `Observation/$lastn`.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// The query string, encoded.
    pub fn query(&self) -> String {
        self.query.write()
    }
    /// The same, to be evaluated.
    pub(super) fn search(&self) -> &SearchQuery {
        &self.query
    }
    /// As it stands in an input of a Task, and as it is kept. It names no patient.
    pub fn as_text(&self) -> String {
        if self.query.parameters.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_that_a_task_of_ours_names_is_in_the_list_as_itself() {
        let mut codes = Vec::new();
        for section in &SECTIONS {
            assert_eq!(section.code.is_some(), section.input.is_some(), "{}", section.name);
            let Some(query) = Query::of_section(section) else { continue };
            assert_eq!(query.section(), section, "{}", section.name);
            assert_eq!(Query::read(&query.as_text(), None), Ok(query), "it reads back");
            codes.extend(section.code);
        }
        codes.dedup();
        assert_eq!(codes.len(), 26, "one code for all planned care");
    }

    #[test]
    fn the_published_forms_are_taken() {
        let sct = "http://snomed.info/sct|";
        for (text, name) in [
            ("Patient?_include=Patient:general-practitioner&_revinclude=Provenance:target".to_owned(), "Patient"),
            ("Coverage?_include=Coverage:payor".to_owned(), "Payer"),
            ("/Condition".to_owned(), "Problem"),
            ("https://zorg.example/fhir/Flag?_revinclude=Provenance:target".to_owned(), "Alert"),
            (format!("Observation?code={sct}365508006"), "LivingSituation"),
            ("Observation?code=http%3A%2F%2Floinc.org%7C85354-9&_sort=-date&_count=1".to_owned(), "BloodPressure"),
            (format!("Observation?category={sct}275711006,{sct}252275004"), "LaboratoryTestResult"),
            (format!("Procedure?category={sct}387713003, {sct}258174001&_include=Procedure:based-on"), "Procedure"),
            ("Procedure".to_owned(), "Procedure"),
            ("Encounter".to_owned(), "Contact"),
            ("Appointment?status=booked".to_owned(), "PlannedCareActivity: appointments"),
            ("CareTeam?status=active&_include=CareTeam:participant".to_owned(), "CareTeam"),
        ] {
            let read = Query::read(&text, Some("https://zorg.example/fhir/"));
            assert_eq!(read.map(|query| query.section().name), Ok(name), "{text}");
        }
    }

    #[test]
    fn whatever_else_a_task_says_is_not_asked() {
        let long = format!("Condition?_revinclude=Provenance:target&{}", "x".repeat(LONGEST_QUERY));
        for text in [
            "",
            "Observation",
            "Consent",
            "Condition?patient=Patient/1",
            "Condition?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|999911120",
            "Condition?_count=1000000",
            "Condition?_include=*",
            "Condition?_revinclude=Observation:subject",
            "Condition?_has:Observation:patient:code=1",
            "Observation?code=http://loinc.org|1234-5",
            "Observation?code=http://loinc.org|85354-9,http://loinc.org|1234-5",
            "Observation?code:not=http://loinc.org|85354-9",
            "Observation?code=http://loinc.org|85354-9&code=http://loinc.org|85354-9",
            "Observation?code=http://loinc.org|85354-9&_count=1",
            "Observation/$lastn?code=http://loinc.org|85354-9&max=50",
            "Observation/$lastn?code=http://snomed.info/sct|228366006",
            "Observation/$everything",
            "Patient/$everything",
            "Patient/p1",
            "Patient?identifier=http://fhir.nl/fhir/NamingSystem/bsn|999911120",
            "Immunization?status=entered-in-error",
            "MedicationRequest?_include=MedicationRequest:medication",
            "Encounter?class=http:%2F%hl7.org/fhir/v3/ActCode|IMP",
            "https://elsewhere.example/fhir/Condition",
            "//elsewhere.example/Condition",
            "../Condition",
            "Task/1",
            "Goal",
            "CarePlan",
            "Bundle",
            &long,
        ] {
            assert_eq!(Query::read(text, Some("https://zorg.example/fhir")), Err(NotInTheList), "{text}");
        }
    }

    proptest! {
        /// Whatever another party writes: what is asked is of the list, reads back as itself, and names nobody.
        #[test]
        fn no_text_becomes_a_question_that_is_not_in_the_list(
            start in prop::sample::select(vec!["Observation", "Condition", "Observation/$lastn", "Consent", "Patient", "Task"]),
            pieces in prop::collection::vec(prop::sample::select(vec![
                "code=http://loinc.org|85354-9", "code=http://loinc.org|8302-2, http://loinc.org|8306-3", "patient=1",
                "category=http://snomed.info/sct|11291000146105", "_sort=-date", "_count=1", "_include=*", "identifier=x",
                "_revinclude=Provenance:target", "code=http://loinc.org%7C85354-9", "max=2", "_id=1", "%zz=1",
            ]), 0..4),
            tail in "[a-z?&=|/%$]{0,6}",
        ) {
            let text = format!("{start}?{}{tail}", pieces.join("&"));
            if let Ok(query) = Query::read(&text, None) {
                prop_assert!(SECTIONS.contains(query.section()));
                prop_assert!(["patient", "identifier", "_id", "subject"].iter().all(|name| query.query.named(name).next().is_none()));
                let back = Query::read(&query.as_text(), None);
                prop_assert_eq!(back, Ok(query));
            }
        }
    }
}
