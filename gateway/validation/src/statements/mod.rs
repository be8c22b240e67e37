//! Our own statements of profiles (`profiles/zib` of the project): what a profile asks, in a few lines, read strictly
//! and compiled to the validator's model. The format is described in `profiles/zib/README.md`.
//!
//! A statement that says something this does not know is refused: a constraint that is silently passed over would
//! count as kept. Reads text, no files: whoever knows the file's name puts it before the fault.

mod answers;
mod elements;
mod fault;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use fhir::FhirVersion;
use fhir::json::{Document, Limits, Value};

use crate::profile::Profile;
use crate::registry::Registry;
use crate::terminology::ValueSet;

pub use answers::AnswerChecks;
pub use fault::StatementFault;

use fault::{fault, text};

/// Longest statement, in bytes.
const LONGEST: usize = 1 << 20;

/// One statement, compiled.
#[derive(Clone, Debug)]
pub struct Statement {
    pub profile: Profile,
    /// The code lists that the statement writes out: short lists that a binding is required or extensible to.
    pub value_sets: Vec<ValueSet>,
    pub source: Source,
}

/// Where a statement's facts come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The published StructureDefinition.
    #[default]
    Definition,
    /// The text of a published guide: the definition could not be obtained.
    Guide,
    /// The published examples and test fixtures: neither definition nor rules could be obtained.
    Instances,
}

impl Statement {
    /// Puts the profile and its code lists on the shelves.
    pub fn shelve(self, registry: &mut Registry) {
        registry.add_profile(self.profile);
        for set in self.value_sets {
            registry.add_value_set(set);
        }
    }
}

/// Reads one statement.
///
/// # Errors
/// Says where in the file what is wrong: an unknown key, an element that the type does not have, a slice that nothing
/// tells apart, a cardinality that is none.
pub fn read(statement: &str) -> Result<Statement, StatementFault> {
    let document = parse(statement)?;
    let root = document.root();
    let mut found = Header::default();
    let mut written = None;
    for (key, value) in root.members() {
        match &*key {
            "canonical" => found.canonical = Some(canonical(value, "canonical")?),
            "title" => found.title = Some(text(value, "title")?),
            "fhir" => {
                let named = text(value, "fhir")?.parse::<FhirVersion>();
                found.fhir = Some(named.map_err(|()| fault("fhir", "is neither stu3 nor r4"))?);
            }
            "version" => found.version = Some(text(value, "version")?),
            "type" => found.kind = Some(text(value, "type")?),
            "base" => found.base = Some(canonical(value, "base")?),
            "source" => found.source = source(value)?,
            "elements" => written = Some(value),
            other => return Err(fault(other, "is no key of a statement")),
        }
    }
    let missing = |name: &str| fault(name, "is missing");
    let fhir = found.fhir.ok_or_else(|| missing("fhir"))?;
    let kind = found.kind.ok_or_else(|| missing("type"))?;
    let written = written.ok_or_else(|| missing("elements"))?;
    let elements = elements::read(written, fhir, &kind)?;
    let profile = Profile {
        canonical: found.canonical.ok_or_else(|| missing("canonical"))?,
        version: found.version,
        fhir,
        resource_type: kind,
        base: found.base,
        title: found.title.ok_or_else(|| missing("title"))?,
        complete: false,
        rules: elements.rules,
    };
    Ok(Statement { profile, value_sets: elements.value_sets, source: found.source })
}

#[derive(Default)]
struct Header {
    canonical: Option<String>,
    title: Option<String>,
    fhir: Option<FhirVersion>,
    version: Option<String>,
    kind: Option<String>,
    base: Option<String>,
    source: Source,
}

fn parse(statement: &str) -> Result<Document, StatementFault> {
    let limits = Limits { bytes: LONGEST, ..Limits::default() };
    Document::parse(Bytes::copy_from_slice(statement.as_bytes()), &limits)
        .map_err(|trouble| fault("the file", trouble.to_string()))
}

/// A canonical URL as statements name it: absolute, without a version.
fn canonical(value: Value<'_>, at: &str) -> Result<String, StatementFault> {
    let url = text(value, at)?;
    let absolute = url.starts_with("http://") || url.starts_with("https://");
    if absolute && !url.contains(['|', ' ']) { Ok(url) } else { Err(fault(at, "is no canonical URL without version")) }
}

fn source(value: Value<'_>) -> Result<Source, StatementFault> {
    match text(value, "source")?.as_str() {
        "definition" => Ok(Source::Definition),
        "guide" => Ok(Source::Guide),
        "instances" => Ok(Source::Instances),
        _ => Err(fault("source", "is neither definition, guide nor instances")),
    }
}
