//! The counts: every published search of the BgZ and of medication transfer, put to a real node over the national
//! fixtures, in JSON and in XML, over a FHIR server and over files, held against the counts that the national test
//! scripts expect.
//!
//! It starts what it needs: the sources, a node on each, a caller with its certificate. It judges the answers as a
//! stranger would, with its own reader of XML.

mod answers;
mod asking;
mod definitions;
mod fixtures;
mod handbook;
mod plain;
mod questions;
mod scripts;
mod sending;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use asking::{Format, Yardstick, ask};
use fixtures::Fixtures;
use questions::Question;
use table::{Explanation, Row};

use crate::holder::{Holder, Plan};

pub use crate::holder::SourceKind;
pub(crate) use answers::Page;
pub(crate) use definitions::Definitions;
pub(crate) use fixtures::name_of;
pub use questions::Set;
pub use scripts::Passing;
pub use sending::Sending;
pub use table::{Evaluation, Report};

/// The name space of the BSN in FHIR.
const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// Differences between the scripts' counts and a right answer.
const EXPLANATIONS: &[Explanation] = &[Explanation {
    script: "BgZ-MSZ-1-2-2/",
    question: "_include=Observation:specimen",
    why: "the assertion on Specimen is commented out in the script, and no fixture is one",
}];

/// What to count with.
pub struct Counting {
    /// The folder of shared data: fixtures, expected counts, definitions.
    pub shared: PathBuf,
    /// The node's program.
    pub program: PathBuf,
    /// The folder of use cases.
    pub profiles: PathBuf,
    /// An empty folder for what is made.
    pub state: PathBuf,
    pub kinds: Vec<SourceKind>,
    pub sets: Vec<Set>,
}

impl Counting {
    /// Asks everything.
    ///
    /// # Errors
    /// A sentence about what could not be read or started. An answer of any kind is no error.
    pub async fn run(&self, mut tell: impl FnMut(&str)) -> Result<Report, String> {
        let mut rows = Vec::new();
        let mut evaluation = Evaluation::default();
        for set in &self.sets {
            let fixtures = Fixtures::read(&self.shared, *set)?;
            let mut questions = questions::read(&self.shared, *set, &fixtures)?;
            evaluation.add(&fixtures, &questions)?;
            let published = questions.len();
            let (besides, listed) = handbook::read(*set, &fixtures, &questions)?;
            tell(&format!(
                "{}: {} fixtures, {published} questions of scripts; of {listed} in the handbook's lists they lack {}",
                set.name(),
                fixtures.resources.len(),
                besides.len()
            ));
            questions.extend(besides);
            let of_set = rows.len();
            rows.extend(questions.into_iter().map(|question| Row { question, got: BTreeMap::new() }));
            for kind in &self.kinds {
                self.ask_all(*set, *kind, &fixtures, &mut rows[of_set..]).await?;
                tell(&format!("{}: asked over {}", set.name(), kind.name()));
            }
        }
        let sending = if self.sets.contains(&Set::Mp9) && self.kinds.contains(&SourceKind::Fhir) {
            sending::send(&self.shared, &self.program, &self.profiles, &self.state).await?
        } else {
            Sending::default()
        };
        tell("the transactions are sent");
        Ok(Report { rows, evaluation, sending })
    }

    async fn ask_all(&self, set: Set, kind: SourceKind, fixtures: &Fixtures, rows: &mut [Row]) -> Result<(), String> {
        let mut patients: Vec<String> = rows.iter().map(|row| row.question.patient.clone()).collect();
        patients.sort();
        patients.dedup();
        let plan = Plan {
            program: &self.program,
            profiles: &self.profiles,
            use_cases: &[set.use_case()],
            folder: self.state.join(format!("{set:?}-{}", kind.name()).to_lowercase()),
            version: set.version(),
            source: kind,
            resources: &fixtures.resources,
            patients: &patients,
            bounds: "",
        };
        let holder = Holder::start(&plan)?;
        let by_name = fixtures.by_name();
        let yardstick = Yardstick { fixtures: &by_name, holder: &holder };
        let mut callers = BTreeMap::new();
        for patient in patients {
            let wire = holder.caller(set.use_case(), &patient).await?;
            callers.insert(patient, wire);
        }
        for row in rows {
            let Some(wire) = callers.get(&row.question.patient) else { continue };
            for format in Format::ALL {
                let got = ask(wire, &row.question, format, &yardstick).await;
                row.got.insert((kind, format), got);
            }
        }
        Ok(())
    }
}

impl Evaluation {
    /// Holds the plain evaluation against what these scripts expect.
    fn add(&mut self, fixtures: &Fixtures, published: &[Question]) -> Result<(), String> {
        let patients = fixtures.patients();
        for question in published.iter().filter(|question| question.not_comparable.is_none()) {
            let Some(id) = patients.get(&question.patient) else { continue };
            let counts = plain::evaluated(&fixtures.resources, id, &question.path, &question.parameters)?;
            for (kind, expected) in &question.expected {
                let found = counts.get(kind).copied().unwrap_or_default();
                if found == *expected {
                    self.same += 1;
                } else {
                    let what =
                        format!("{}, {}: {kind} {expected}, evaluated {found}", question.script, question.told());
                    self.other.push(what);
                }
            }
        }
        Ok(())
    }
}

/// The report as text, and how many differences nobody has explained.
pub fn judged(report: &Report) -> (String, usize) {
    (report.text(EXPLANATIONS), report.unexplained(EXPLANATIONS))
}

/// How many scripts of a set pass.
pub fn passing(report: &Report, set: Set) -> Passing {
    report.passing(set, EXPLANATIONS)
}
