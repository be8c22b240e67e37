//! A handoff as a nurse reads it: its sections with Dutch titles, and in each the building blocks with everything that they
//! say. Whatever has no words here is shown under its own name: nothing is hidden, nothing is shortened.
//!
//! The page and the printed document are made of this. It decides nothing and asks nobody.

mod codes;
mod kinds;
mod labels;
mod say;
mod sections;
#[cfg(test)]
mod tests;
mod text;

use fhir::compartment::{Whose, whose};
use fhir::json::{Kind, Value};
use fhir::{Bsn, Resource};

use super::VERSION;
use super::task::refers_to;
use crate::overview::person_name;
use crate::words::date;
use say::Reading;

/// Deepest nesting of sections.
const DEEPEST: usize = 16;

/// A handoff, readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readable {
    /// As the sender has it.
    pub title: Option<String>,
    /// When it was written, as one writes it here.
    pub date: Option<String>,
    pub authors: Vec<String>,
    pub patient: PatientTold,
    /// When the patient comes over (extension eOverdracht-TransferDate).
    pub transfer: Option<String>,
    pub parts: Vec<Part>,
    /// What came along and stands in no section.
    pub beside: Vec<Block>,
}

/// Whom it is about. Empty where the handoff does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientTold {
    pub name: String,
    pub born: String,
    pub gender: String,
    /// Where the Patient has exactly one.
    pub bsn: Option<Bsn>,
    /// Everything else of the Patient, and what of the above stands there more than once.
    pub block: Option<Block>,
}

/// A section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub title: String,
    /// Whether a release has a section of this code.
    pub known: bool,
    /// What the section says itself.
    pub said: Vec<Said>,
    pub blocks: Vec<Block>,
    /// What it refers to and is not there, as the sender names it.
    pub missing: Vec<String>,
    pub parts: Vec<Part>,
}

/// A building block: one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What it is, in Dutch where that is known.
    pub kind: String,
    pub known: bool,
    /// What it is about.
    pub title: Option<String>,
    pub said: Vec<Said>,
    /// The Binaries that it is about.
    pub files: Vec<File>,
}

/// One thing that is said, and what stands below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub name: String,
    /// Whether its name is one of ours, and not that of the element.
    pub known: bool,
    pub text: String,
    pub inner: Vec<Said>,
}

/// A file that came along: a Binary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// The id of its Binary.
    pub binary: String,
    pub title: String,
    pub content_type: String,
}

impl Readable {
    /// Reads the resources of a handoff, in any order; nothing without a Composition.
    pub fn of(resources: &[Resource]) -> Option<Readable> {
        let composition = resources.iter().find(|one| one.resource_type() == "Composition")?;
        let mut reading = Reading::of(resources);
        place(composition.root(), DEEPEST, &mut reading);
        let root = composition.root();
        let patient = root.get("subject").and_then(|subject| refers_to(subject, "Patient"));
        let patient = patient.and_then(|id| reading.all.get(&format!("Patient/{id}")).copied());
        let parts = root.all("section").into_iter().map(|section| part(section, DEEPEST, &mut reading)).collect();
        let patient = patient.map(|patient| told(patient, &mut reading)).unwrap_or_default();
        let text = |name: &str| root.get(name).and_then(|value| value.as_text()).map(|text| text.into_owned());
        let authors = root.all("author").into_iter().filter_map(|author| author_of(author, &reading)).collect();
        let beside = beside(resources, &mut reading);
        Some(Readable {
            title: text("title"),
            date: text("date").map(|moment| date(&moment)),
            authors,
            patient,
            transfer: transfer(root, DEEPEST),
            parts,
            beside,
        })
    }

    /// Reads resources that came in parts, and not by a Composition: each with its title and the names (`Type/id`) of what is in it.
    /// The patient is the Patient that has a BSN.
    pub fn of_parts(resources: &[Resource], parts: &[(String, Vec<String>)]) -> Readable {
        let mut reading = Reading::of(resources);
        reading.placed.extend(parts.iter().flat_map(|(_, names)| names.iter().cloned()));
        let is_whose = |one: &&Resource| matches!(whose(VERSION, one), Whose::Patient { bsns, .. } if !bsns.is_empty());
        let patient = resources.iter().find(is_whose);
        let mut read = Vec::new();
        for (title, names) in parts {
            let of = |name: &String| {
                reading.all.get(name).copied().filter(|one| patient.is_none_or(|patient| !std::ptr::eq(*one, patient)))
            };
            let found: Vec<&Resource> = names.iter().filter_map(of).collect();
            let blocks: Vec<Block> = found.into_iter().map(|one| block(one, &mut reading)).collect();
            if !blocks.is_empty() {
                read.push(Part { title: title.clone(), known: true, blocks, ..Part::default() });
            }
        }
        let told = patient.map(|patient| told(patient, &mut reading)).unwrap_or_default();
        let beside = beside(resources, &mut reading);
        Readable { patient: told, parts: read, beside, ..Readable::default() }
    }

    /// Every building block, those that came along last.
    pub fn blocks(&self) -> Vec<&Block> {
        fn of<'p>(parts: &'p [Part], found: &mut Vec<&'p Block>) {
            for part in parts {
                found.extend(&part.blocks);
                of(&part.parts, found);
            }
        }
        let mut found: Vec<&Block> = self.patient.block.iter().collect();
        of(&self.parts, &mut found);
        found.extend(&self.beside);
        found
    }
}

impl Part {
    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.blocks.is_empty() && self.missing.is_empty() && self.parts.is_empty()
    }

    /// How many building blocks stand in it and below it.
    pub fn count(&self) -> usize {
        self.blocks.len() + self.parts.iter().map(Part::count).sum::<usize>()
    }
}

/// What stands in no part and was shown within nothing.
fn beside(resources: &[Resource], reading: &mut Reading<'_>) -> Vec<Block> {
    let mut found = Vec::new();
    for resource in resources {
        let name = format!("{}/{}", resource.resource_type(), resource.id().unwrap_or_default());
        let aside = ["Composition", "Patient", "Binary"].contains(&resource.resource_type().as_ref());
        if !aside && !reading.placed.contains(&name) && !reading.within.contains(&name) {
            found.push(block(resource, reading));
        }
    }
    found
}

/// Notes what the sections refer to.
fn place(of: Value<'_>, depth: usize, reading: &mut Reading<'_>) {
    for section in of.all("section") {
        let entries = section.all("entry.reference");
        reading.placed.extend(entries.iter().filter_map(|entry| entry.as_text()).map(|entry| entry.into_owned()));
        if depth > 0 {
            place(section, depth - 1, reading);
        }
    }
}

fn part(section: Value<'_>, depth: usize, reading: &mut Reading<'_>) -> Part {
    let codes: Vec<String> = section
        .all("code.coding.code")
        .iter()
        .filter_map(|code| code.as_text())
        .map(|code| code.into_owned())
        .collect();
    let known = codes.iter().find_map(|code| sections::title(code));
    let text = |path: &str| section.all(path).iter().find_map(|value| value.as_text()).map(|text| text.into_owned());
    let own = text("title").or_else(|| text("code.text")).or_else(|| text("code.coding.display"));
    let title = known.map(str::to_owned).or(own).or_else(|| codes.first().map(|code| format!("Onderdeel {code}")));
    let mut part = Part {
        title: title.unwrap_or_else(|| "Onderdeel zonder naam".to_owned()),
        known: known.is_some(),
        said: reading.section(section),
        ..Part::default()
    };
    for entry in section.all("entry") {
        let name = entry.get("reference").and_then(|name| name.as_text()).unwrap_or_default();
        match reading.all.get(name.as_ref()).copied() {
            Some(resource) => part.blocks.push(block(resource, reading)),
            None => {
                let display = entry.get("display").and_then(|display| display.as_text()).map(|text| text.into_owned());
                part.missing.push(display.unwrap_or_else(|| name.into_owned()));
            }
        }
    }
    if depth > 0 {
        part.parts = section.all("section").into_iter().map(|inner| self::part(inner, depth - 1, reading)).collect();
    }
    part
}

fn block(resource: &Resource, reading: &mut Reading<'_>) -> Block {
    let (kind, known) = kinds::kind(resource);
    let (title, mut said) = (title_of(resource), reading.resource(resource));
    // What stands above it need not stand in it again.
    said.retain(|one| !one.inner.is_empty() || Some(&one.text) != title.as_ref());
    Block { kind, known, title, said, files: files(resource) }
}

fn told(patient: &Resource, reading: &mut Reading<'_>) -> PatientTold {
    let root = patient.root();
    let text = |name: &str| root.get(name).and_then(|value| value.as_text());
    let bsn = match whose(VERSION, patient) {
        Whose::Patient { bsns, malformed_bsn: false, .. } => Some(bsns).filter(|bsns| bsns.len() == 1),
        _ => None,
    };
    PatientTold {
        bsn: bsn.and_then(|bsns| bsns.into_iter().next()),
        name: root.all("name").into_iter().find_map(person_name).unwrap_or_default(),
        born: text("birthDate").map(|day| date(&day)).unwrap_or_default(),
        gender: text("gender").map(|code| crate::words::gender(&code).to_owned()).unwrap_or_default(),
        block: Some(block(patient, reading)),
    }
}

/// What a resource is about, in a few words.
fn title_of(resource: &Resource) -> Option<String> {
    let root = resource.root();
    let paths: &[&str] = match resource.resource_type().as_ref() {
        "Patient" | "Practitioner" | "RelatedPerson" => &["name"],
        "Organization" | "Location" | "HealthcareService" => &["name", "type"],
        "PractitionerRole" => &["practitioner", "specialty", "code"],
        "Device" => &["type", "model", "manufacturer"],
        "DeviceUseStatement" => &["device"],
        "NutritionOrder" => &["oralDiet.type", "oralDiet.instruction", "enteralFormula.baseFormulaType"],
        "Consent" => &["category", "sourceAttachment"],
        "Coverage" => &["payor", "type"],
        "Goal" => &["description"],
        "CarePlan" => &["title", "category", "description"],
        "Encounter" => &["type", "class"],
        "Immunization" => &["vaccineCode"],
        "MedicationStatement" => &["medicationCodeableConcept", "medicationReference"],
        "DocumentReference" => &["description", "content.attachment.title", "type"],
        _ => &["code", "name", "title", "type", "category", "description"],
    };
    paths.iter().flat_map(|path| root.all(path)).find_map(words)
}

/// The words of a value, where it has some of its own.
fn words(value: Value<'_>) -> Option<String> {
    let text = |path: &str| value.all(path).iter().find_map(|found| found.as_text()).map(|text| text.trim().to_owned());
    match value.kind() {
        Kind::Text => value.as_text().map(|text| text.trim().to_owned()),
        Kind::Object => {
            let found = person_name(value).or_else(|| text("text")).or_else(|| text("coding.display"));
            found.or_else(|| text("display")).or_else(|| text("title"))
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::List => None,
    }
    .filter(|words| !words.is_empty())
}

fn author_of(author: Value<'_>, reading: &Reading<'_>) -> Option<String> {
    let text = |name: &str| author.get(name).and_then(|value| value.as_text()).map(|text| text.into_owned());
    let found = text("reference").and_then(|name| reading.all.get(&name).copied()).and_then(title_of);
    text("display").or(found).or_else(|| text("reference"))
}

fn transfer(of: Value<'_>, depth: usize) -> Option<String> {
    const URL: &str = "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate";
    of.all("section").into_iter().find_map(|section| {
        let is = |one: &Value<'_>| one.get("url").and_then(|url| url.as_text()).as_deref() == Some(URL);
        let here = section.all("extension").into_iter().find(is).and_then(|one| one.get("valueDateTime"));
        let here = here.and_then(|moment| moment.as_text()).map(|moment| date(&moment));
        here.or_else(|| if depth > 0 { transfer(section, depth - 1) } else { None })
    })
}

/// The Binaries that a DocumentReference is about.
fn files(resource: &Resource) -> Vec<File> {
    if resource.resource_type() != "DocumentReference" {
        return Vec::new();
    }
    let file = |attachment: Value<'_>| {
        let text = |name: &str| attachment.get(name).and_then(|value| value.as_text()).map(|text| text.into_owned());
        let binary = text("url")?.strip_prefix("Binary/")?.to_owned();
        let title = text("title").unwrap_or_else(|| "Bestand".to_owned());
        Some(File { binary, title, content_type: text("contentType").unwrap_or_default() })
    };
    resource.root().all("content.attachment").into_iter().filter_map(file).collect()
}
