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
mod holder;
mod questions;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use asking::{Format, Yardstick, ask};
use fixtures::Fixtures;
use holder::{Holder, Parts};
use table::{Explanation, Row};

pub use holder::SourceKind;
pub use questions::Set;
pub use table::Report;

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
        for set in &self.sets {
            let fixtures = Fixtures::read(&self.shared, *set)?;
            let questions = questions::read(&self.shared, *set, &fixtures)?;
            tell(&format!("{}: {} fixtures, {} questions", set.name(), fixtures.resources.len(), questions.len()));
            let of_set = rows.len();
            rows.extend(questions.into_iter().map(|question| Row { question, got: BTreeMap::new() }));
            for kind in &self.kinds {
                self.ask_all(*set, *kind, &fixtures, &mut rows[of_set..]).await?;
                tell(&format!("{}: asked over {}", set.name(), kind.name()));
            }
        }
        Ok(Report { rows })
    }

    async fn ask_all(&self, set: Set, kind: SourceKind, fixtures: &Fixtures, rows: &mut [Row]) -> Result<(), String> {
        let mut patients: Vec<String> = rows.iter().map(|row| row.question.patient.clone()).collect();
        patients.sort();
        patients.dedup();
        let parts = Parts { program: &self.program, profiles: &self.profiles, state: &self.state };
        let holder = Holder::start(&parts, set, kind, &fixtures.resources, &patients)?;
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

/// The report as text, and how many differences nobody has explained.
pub fn judged(report: &Report) -> (String, usize) {
    (report.text(EXPLANATIONS), report.unexplained(EXPLANATIONS))
}
