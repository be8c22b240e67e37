//! A12: what is told of each treatment, in words of its own: nothing here borrows from the answers.

use fhir::Resource;

use super::because::{Because, Found};
use super::block::{Author, Block, Id, Kind, Stop};
use super::choosing::{Section, Windows};
use super::computing::{Computed, Received, Treated, compute};
use super::deciding::Shown;
use super::moment::Moment;
use super::unique::Unique;
use crate::overview::{Beside, Reader};

/// A block by name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    pub kind: Kind,
    pub id: Option<Id<'static>>,
    /// `Type/id` at its source.
    pub reference: String,
}

/// Why something is as it is, with the blocks that this rests on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason {
    pub because: Because,
    pub blocks: Vec<Named>,
}

/// One resource by which a block was received.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt {
    /// The place of the source.
    pub source: usize,
    pub copy: bool,
    /// `Type/id` at that source.
    pub reference: String,
}

/// What a block says.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Said {
    pub name: Named,
    /// What the product is called.
    pub product: Option<String>,
    /// The instruction for use, as received.
    pub instruction: Option<String>,
    /// The instruction was put together here, because the block carries no text of it.
    pub instruction_made_here: bool,
    pub start: Option<Moment>,
    /// Its last second.
    pub end: Option<Moment>,
    /// A criterion for the period, as written.
    pub condition: Option<String>,
    pub stop: Option<Stop>,
    pub registered: Option<Moment>,
    /// Who prescribed, supplied, or says that it is used.
    pub by: Option<String>,
    pub author: Author,
    /// Why it was prescribed, changed or stopped.
    pub reason: Option<String>,
    pub note: Option<String>,
    pub receipts: Vec<Receipt>,
}

/// One line of a treatment.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line {
    pub section: Section,
    pub said: Said,
    /// The agreement that this stop ended.
    pub ended: Option<Named>,
    pub reasons: Vec<Reason>,
    /// What other originals with the same identifier say.
    pub versions: Vec<Said>,
}

impl Line {
    pub fn warnings(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.because.is_warning())
    }
}

/// What of a treatment stands in one section, the leading line first.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Treatment {
    pub section: Section,
    /// What it is called: the product of the leading line.
    pub name: String,
    pub id: Option<Id<'static>>,
    pub lines: Vec<Line>,
    /// What goes for all of it.
    pub reasons: Vec<Reason>,
    /// Requests, supplies and administrations, the newest first; at most [`Treatment::MOST_SUPPLIES`].
    pub supplies: Vec<Said>,
    /// How many there are in all.
    pub supplied: usize,
}

impl Treatment {
    pub const MOST_SUPPLIES: usize = 3;

    /// Whether anything of it must be looked at.
    pub fn warns(&self) -> bool {
        let own = self.reasons.iter().any(|reason| reason.because.is_warning());
        own || self.lines.iter().any(|line| line.warnings().next().is_some() || !line.versions.is_empty())
    }
}

/// A block that is not shown, and why.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Aside {
    pub name: Named,
    pub treatment: Option<Id<'static>>,
    pub product: Option<String>,
    pub reason: Reason,
    pub receipts: Vec<Receipt>,
}

/// Every block that was received: on a line, among the supplies of a treatment, or aside.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Treatments {
    /// In reading order.
    pub shown: Vec<Treatment>,
    pub aside: Vec<Aside>,
    /// How many blocks there are, each counted once.
    pub blocks: usize,
}

/// Works out the treatments of one patient at a moment. `missing`: whether a source that may hold more did not answer in
/// full. The order of what was received changes nothing.
pub fn treatments(received: &[Received<'_>], missing: bool, now: Moment, windows: Windows) -> Treatments {
    let computed = compute(received, now, windows);
    let sources = received.iter().map(|one| one.source + 1).max().unwrap_or(0);
    let mut beside: Vec<Beside<'_>> = (0..sources).map(|_| Beside::new()).collect();
    for one in received.iter().filter(|one| !is_block_type(one.resource)) {
        if let (Some(id), Some(beside)) = (one.resource.id(), beside.get_mut(one.source)) {
            beside.insert((one.resource.resource_type().into_owned(), id.into_owned()), one.resource);
        }
    }
    let teller = Teller { computed: &computed, beside: &beside, missing };
    let mut told = Treatments { blocks: computed.uniques.len() + computed.nullified.len(), ..Treatments::default() };
    for treated in &computed.treatments {
        teller.tell(treated, &mut told);
    }
    for unique in &computed.nullified {
        told.aside.push(teller.aside(unique, Reason { because: Because::EnteredInError, blocks: Vec::new() }));
    }
    told.shown.sort();
    told.aside.sort();
    told
}

fn is_block_type(resource: &Resource) -> bool {
    matches!(
        resource.resource_type().as_ref(),
        "MedicationRequest" | "MedicationDispense" | "MedicationStatement" | "MedicationAdministration"
    )
}

struct Teller<'t, 'r> {
    computed: &'t Computed<'r>,
    beside: &'t [Beside<'r>],
    missing: bool,
}

impl Teller<'_, '_> {
    fn tell(&self, treated: &Treated<'_>, told: &mut Treatments) {
        let id = treated.id.as_ref().map(Id::owned);
        let supplies = &treated.decided.supplies;
        let mut first = true;
        for part in &treated.decided.parts {
            let lines: Vec<Line> = part.lines.iter().map(|line| self.line(line)).collect();
            let name = lines.iter().find_map(|line| line.said.product.clone()).unwrap_or_default();
            let on_a_line = |unique: &&usize| !part.lines.iter().any(|line| line.unique == **unique);
            let shown = supplies.iter().filter(|_| first).filter(on_a_line).take(Treatment::MOST_SUPPLIES);
            told.shown.push(Treatment {
                section: part.section,
                name,
                id: id.clone(),
                reasons: treated.found.iter().map(|found| self.reason(found)).collect(),
                supplies: shown.map(|unique| self.said(self.unique(*unique).first(), self.unique(*unique))).collect(),
                supplied: if first { supplies.len() } else { 0 },
                lines,
            });
            first = false;
        }
        told.aside.extend(
            treated.decided.aside.iter().map(|(unique, found)| self.aside(self.unique(*unique), self.reason(found))),
        );
        if first {
            // Nothing of the treatment is shown: what was supplied of it is aside with the rest.
            let lead = treated.decided.aside.first().map(|(unique, _)| *unique);
            told.aside.extend(
                supplies
                    .iter()
                    .map(|unique| self.aside(self.unique(*unique), self.reason(&Found::by(Because::Followed, lead)))),
            );
        }
    }

    fn unique(&self, at: usize) -> &Unique<'_> {
        &self.computed.uniques[at]
    }

    fn line(&self, line: &Shown) -> Line {
        let unique = self.unique(line.unique);
        let mut said = self.said(unique.first(), unique);
        (said.start, said.end) = (line.start, line.end);
        let mut reasons: Vec<Reason> = line.found.iter().map(|found| self.reason(found)).collect();
        let in_doubt = |reason: &Reason| {
            matches!(
                reason.because,
                Because::CopyOnly | Because::UnresolvedReference | Because::NoAgreement | Because::StopWithoutTarget
            )
        };
        if self.missing && reasons.iter().any(in_doubt) {
            reasons.push(Reason { because: Because::SourceMissing, blocks: Vec::new() });
        }
        let mut known = Vec::new();
        reasons.retain(|reason| {
            let new = !known.contains(reason);
            known.push(reason.clone());
            new
        });
        let versions = unique.conflicting.iter().filter_map(|at| unique.receipts.get(*at));
        Line {
            section: line.section,
            ended: line.behind.map(|behind| named(self.unique(behind).first())),
            versions: versions.map(|version| self.version(version)).collect(),
            said,
            reasons,
        }
    }

    fn reason(&self, found: &Found) -> Reason {
        let blocks = found.blocks.iter().map(|unique| named(self.unique(*unique).first())).collect();
        Reason { because: found.because, blocks }
    }

    fn aside(&self, unique: &Unique<'_>, reason: Reason) -> Aside {
        let block = unique.first();
        Aside {
            name: named(block),
            treatment: block.treatment.as_ref().map(Id::owned),
            product: self.product(block),
            reason,
            receipts: receipts(unique),
        }
    }

    fn said(&self, block: &Block<'_>, unique: &Unique<'_>) -> Said {
        Said { receipts: receipts(unique), ..self.version(block) }
    }

    /// What one version of a block says, received from its own source.
    fn version(&self, block: &Block<'_>) -> Said {
        let nothing = Beside::new();
        let reader = Reader { resource: block.resource, beside: self.beside.get(block.source).unwrap_or(&nothing) };
        // Most blocks have few of these: what is not there is not looked through.
        let there = |path: &&&str| block.resource.root().get(path).is_some();
        let say = |paths: &[&str]| paths.iter().filter(there).find_map(|path| reader.say_at(path));
        let received = block.instruction.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let made = || say(&["dosageInstruction", "dosage"]).filter(|_| received.is_none());
        let made = made();
        Said {
            name: named(block),
            product: self.product(block),
            instruction_made_here: made.is_some(),
            instruction: received.map(str::to_owned).or(made),
            start: block.period.start,
            end: block.period.end,
            condition: block.period.condition.as_deref().map(str::to_owned),
            stop: block.stop,
            registered: block.registered,
            by: by(block, &reader),
            author: block.author,
            reason: say(&["reasonCode", "reasonReference", "statusReason"]),
            note: say(&["note"]),
            receipts: vec![receipt(block)],
        }
    }

    fn product(&self, block: &Block<'_>) -> Option<String> {
        let own = block.product_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        own.map(str::to_owned).or_else(|| {
            let nothing = Beside::new();
            let beside = self.beside.get(block.source).unwrap_or(&nothing);
            Reader { resource: block.resource, beside }.say_at("medication[x]")
        })
    }
}

fn by(block: &Block<'_>, reader: &Reader<'_>) -> Option<String> {
    let paths: &[&str] = match block.kind {
        Kind::MedicationAgreement | Kind::VariableDosingRegimen | Kind::DispenseRequest => {
            &["requester", "requester.agent"]
        }
        Kind::AdministrationAgreement | Kind::MedicationDispense | Kind::MedicationAdministration => {
            &["performer.actor"]
        }
        Kind::MedicationUse => &["informationSource"],
    };
    if block.kind == Kind::MedicationUse {
        let extensions = block.resource.root().get("extension").into_iter().flat_map(|all| all.items());
        let author = extensions.filter(|one| {
            one.get("url").and_then(|url| url.as_text()).is_some_and(|url| {
                url.ends_with("/ext-MedicationUse2.Author") || url.ends_with("/zib-MedicationUse-Author")
            })
        });
        let said = author
            .filter_map(|one| one.get("valueReference"))
            .find_map(|who| reader.say(who))
            .filter(|said| is_a_name(said));
        if said.is_some() {
            return said;
        }
    }
    // A reference without words names nobody to a reader.
    paths.iter().find_map(|path| reader.say_at(path)).filter(|said| is_a_name(said))
}

fn is_a_name(said: &str) -> bool {
    said.contains(' ') || !said.contains('/')
}

fn named(block: &Block<'_>) -> Named {
    Named { kind: block.kind, id: block.id.as_ref().map(Id::owned), reference: reference(block.resource) }
}

fn reference(resource: &Resource) -> String {
    match resource.id() {
        Some(id) => format!("{}/{id}", resource.resource_type()),
        None => resource.resource_type().into_owned(),
    }
}

fn receipt(block: &Block<'_>) -> Receipt {
    Receipt { source: block.source, copy: block.copy, reference: reference(block.resource) }
}

fn receipts(unique: &Unique<'_>) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = unique.receipts.iter().map(receipt).collect();
    receipts.sort();
    receipts.dedup();
    receipts
}
