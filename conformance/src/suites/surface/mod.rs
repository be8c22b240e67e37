//! The FHIR surface beyond searches, on a node of its own per FHIR version and kind of source: operations of the
//! standard, versions and conditions, transactions, what each caller is told, and pages that go out of date.

mod masked;
mod material;
mod medication;
mod operations;
mod transactions;
mod versions;

use std::path::{Path, PathBuf};
use std::{fs, io};

use reqwest::Method;
use serde_json::Value;

use super::{Flaw, Judgement, Verdict, ensure};
use crate::callers::{Answer, Wire};
use crate::counts::SourceKind;
use crate::holder::{Holder, Plan};
use crate::source_server::FhirVersion;
use material::{ANNA, BRAM, resources};

/// Attacks of the catalogue that are shown here, on nodes that offer more than the region does.
pub const ATTACKS: &[&str] = &[EVERYTHING, BOUND, ONCE, HISTORY, CONDITIONS, MASKED];

const MASKED: &str = "ATT-22, ATT-23: what a role may not see is masked before it is trimmed, counted or bundled";

const EVERYTHING: &str = "ATT-25, ATT-26: $everything is what the searches find together, and nobody else's";
const BOUND: &str = "ATT-37, ATT-139: a transaction that touches another patient never reaches the source";
const ONCE: &str = "ATT-139: a prescription that is sent twice is there once, and none is written over another's";
const HISTORY: &str = "ATT-29: the history of a resource is told, another's is not";
const CONDITIONS: &str = "ATT-35: a transaction with one bad entry leaves nothing";

const USE_CASE: &str = "surface-test";
const MEDICATION: &str = "medication-transfer";
/// How long a node of this suite keeps the pages of an answer.
const PAGES_KEPT_MS: u64 = 300;

/// A node to try the surface of.
struct Surface {
    holder: Holder,
    version: FhirVersion,
    /// A doctor who treats the first of the two patients.
    doctor: Wire,
    /// The source, past the node, where it is a server.
    straight: Option<(Wire, String)>,
}

/// A check of the suite on one node, with its verdict.
#[derive(Debug)]
pub struct Tried {
    pub check: String,
    pub verdict: Verdict,
}

/// Makes the nodes, one after the other, and tries them.
///
/// # Errors
/// A sentence about a node that could not be made.
pub async fn run(program: &Path, profiles: &Path, state: &Path) -> Result<Vec<Tried>, String> {
    let folder = state.join("profiles");
    let made = |error: io::Error| format!("{}: {error}", folder.display());
    own_use_case(&folder.join(USE_CASE)).map_err(made)?;
    copy(&profiles.join(MEDICATION), &folder.join(MEDICATION)).map_err(made)?;
    let mut tried = Vec::new();
    for version in [FhirVersion::Stu3, FhirVersion::R4] {
        for kind in SourceKind::ALL {
            let surface = Surface::open(program, &folder, state, version, kind).await?;
            surface.all(kind, &mut tried).await;
        }
    }
    Ok(tried)
}

impl Surface {
    async fn open(
        program: &Path,
        profiles: &Path,
        state: &Path,
        version: FhirVersion,
        source: SourceKind,
    ) -> Result<Self, String> {
        let bounds = format!("answers_kept_ms = {PAGES_KEPT_MS}");
        let plan = Plan {
            program,
            profiles,
            use_cases: &[USE_CASE, MEDICATION],
            folder: state.join(format!("surface-{}-{}", version.number(), source.name())),
            version,
            source,
            resources: &of_version(version),
            patients: &[ANNA.to_owned(), BRAM.to_owned()],
            bounds: &bounds,
        };
        let holder = Holder::start(&plan)?;
        let doctor = holder.caller(USE_CASE, ANNA).await?;
        let straight = match holder.source_base() {
            Some(base) => Some((Wire::new(None, None).map_err(|error| error.to_string())?, base.to_owned())),
            None => None,
        };
        Ok(Surface { holder, version, doctor, straight })
    }

    async fn all(&self, kind: SourceKind, tried: &mut Vec<Tried>) {
        let mut add = |check: &str, judgement: Judgement| {
            let check = format!("{check} (FHIR {}, {})", self.version.number(), kind.name());
            tried.push(Tried { check, verdict: judgement.into() });
        };
        add(EVERYTHING, operations::everything(self).await);
        add("a document begins with its Composition and holds what it refers to", operations::document(self).await);
        add("$lastn keeps the newest of every code", operations::last_n(self).await);
        add("what the caller has already is not sent again", versions::not_modified(self).await);
        add("a caller is told what its use case offers, and no other", versions::told(self).await);
        add(MASKED, masked::everywhere(self).await);
        add("a page that is out of date is gone", versions::expired(self).await);
        if self.version == FhirVersion::R4 {
            add(
                "every search parameter of the medication process finds what it names, and nothing else",
                medication::searches(self).await,
            );
            add(
                "$latest-stops is what is in use and what stopped last, of a source that does not know it",
                medication::latest_stops(self).await,
            );
        }
        if let Some((source, at)) = &self.straight {
            add(
                "all entries of a transaction are stored, and answered in order",
                transactions::taken(self, source, at).await,
            );
            add(CONDITIONS, transactions::all_or_nothing(self, source, at).await);
            add(BOUND, transactions::bound(self, source, at).await);
            add("a version that is no more cannot be updated", versions::stale(self, source, at).await);
            add(HISTORY, versions::history(self).await);
            if self.version == FhirVersion::R4 {
                add(
                    "a prescription is sent whole, and blocks by themselves are not",
                    transactions::prescribed(self).await,
                );
                add(ONCE, transactions::once(self).await);
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.holder.base)
    }

    async fn get(&self, path: &str, accept: &str) -> Result<Answer, Flaw> {
        let accept = format!("application/fhir+{accept}");
        Ok(self.doctor.raw(Method::GET, &self.url(path), &[("accept", &accept)], bytes::Bytes::new()).await?)
    }

    /// Holds when a question about what is another patient's is answered as one about what does not exist.
    async fn as_absent(&self, foreign: &str, nowhere: &str) -> Judgement {
        let (foreign, nowhere) = (self.get(foreign, "json").await?, self.get(nowhere, "json").await?);
        ensure((400..500).contains(&foreign.status), || format!("another's answers {}", foreign.status))?;
        ensure(foreign.status == nowhere.status && foreign.body == nowhere.body, || {
            format!("another's answers {}, what is not there {}", foreign.status, nowhere.status)
        })
    }
}

/// What the source has: medication in the version of its process.
fn of_version(version: FhirVersion) -> Vec<Value> {
    let mut all = resources();
    if version == FhirVersion::R4 {
        all.extend(medication::resources());
    }
    all
}

fn expect(answer: &Answer, status: u16, what: &str) -> Judgement {
    ensure(answer.status == status, || {
        let says = answer.json().unwrap_or_default();
        format!("{what} answers {}, not {status}: {}", answer.status, says["issue"][0]["diagnostics"])
    })
}

/// The use case of this suite as a folder.
fn own_use_case(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("cases"))?;
    fs::write(folder.join("capability.json"), include_str!("use_case/capability.json"))?;
    fs::write(folder.join("policy.rego"), include_str!("use_case/policy.rego"))?;
    fs::write(folder.join("release.toml"), include_str!("use_case/release.toml"))?;
    fs::write(folder.join("cases/case.json"), include_str!("use_case/case.json"))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.join("cases"))?;
    let here = |folder: &Path| -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
    };
    for (from, to) in [(from.to_owned(), to.to_owned()), (from.join("cases"), to.join("cases"))] {
        for file in here(&from)? {
            fs::copy(&file, to.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// The member of a Bundle's entries that a location or full URL names.
fn below<'u>(url: &'u str, base: &str) -> Option<&'u str> {
    url.strip_prefix(base)?.strip_prefix('/')
}

/// `Type/id` of what a Bundle in JSON holds.
fn names(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.map(|entry| crate::counts::name_of(&entry["resource"])).collect()
}
