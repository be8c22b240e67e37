//! A12: what is told of each treatment, in words of its own: nothing here borrows from the answers.

use std::sync::Arc;

use super::because::{Because, Found};
use super::block::{Author, Block, Kind, Stop};
use super::choosing::{Section, Windows};
use super::computing::{Computed, Received, TOGETHER, Treated, compute};
use super::deciding::Shown;
use super::moment::Moment;
use super::naming::{Identifier, Names};
use super::reading::read;
use super::sharing::{all, both, by_part};
use super::unique::Unique;
use crate::overview::{Beside, Reader};

/// A block by name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    pub kind: Kind,
    pub id: Option<Identifier>,
    /// `Type/id` at its source.
    pub reference: Arc<str>,
}

/// Why something is as it is, with the blocks that this rests on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason {
    pub because: Because,
    pub blocks: Vec<Arc<Named>>,
}

/// One resource by which a block was received.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt {
    /// The place of the source.
    pub source: usize,
    pub copy: bool,
    /// `Type/id` at that source.
    pub reference: Arc<str>,
}

/// What a block says.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Said {
    pub name: Arc<Named>,
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
    pub ended: Option<Arc<Named>>,
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
    pub id: Option<Identifier>,
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
    pub name: Arc<Named>,
    pub treatment: Option<Identifier>,
    pub product: Option<String>,
    /// What its author wrote with it: that an agreement is over does not make the warning in it untrue.
    pub note: Option<String>,
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
    all(received.len(), || worked_out(received, missing, now, windows))
}

fn worked_out(received: &[Received<'_>], missing: bool, now: Moment, windows: Windows) -> Treatments {
    let read = read(received);
    let blocks: Vec<&Block<'_>> = read.blocks().collect();
    let computed = compute(&blocks, now, windows);
    let sources = received.iter().map(|one| one.source + 1).max().unwrap_or(0);
    let mut beside: Vec<Beside<'_>> = (0..sources).map(|_| Beside::new()).collect();
    for one in read.along() {
        if let (Some(id), Some(beside)) = (one.resource.id(), beside.get_mut(one.source)) {
            beside.insert((one.resource.resource_type().into_owned(), id.into_owned()), one.resource);
        }
    }
    let teller = || Teller { computed: &computed, beside: &beside, missing, names: Names::default() };
    let parts = by_part(&computed.treatments, TOGETHER, |some| {
        let (teller, mut told) = (teller(), Treatments::default());
        some.iter().for_each(|treated| teller.tell(treated, &mut told));
        told
    });
    let mut told = Treatments { blocks: computed.uniques.len() + computed.nullified.len(), ..Treatments::default() };
    for part in parts {
        told.shown.extend(part.shown);
        told.aside.extend(part.aside);
    }
    let teller = teller();
    for unique in &computed.nullified {
        let treatment = unique.first().treatment.as_ref().map(|id| teller.names.identifier(id));
        let reason = Reason { because: Because::EnteredInError, blocks: Vec::new() };
        told.aside.push(teller.aside(unique, treatment, reason));
    }
    let Treatments { mut shown, aside, blocks } = told;
    let (shown, aside) = both(
        blocks,
        || {
            shown.sort();
            shown
        },
        || sorted(aside),
    );
    Treatments { shown, aside, blocks }
}

/// The order of [`Aside`], with what mostly decides it at hand: names lie elsewhere in memory.
fn sorted(aside: Vec<Aside>) -> Vec<Aside> {
    let beginning = |one: &Aside| (one.name.kind, one.name.id.as_ref().map(Identifier::beginning));
    let mut order: Vec<_> = aside.iter().enumerate().map(|(at, one)| (beginning(one), at)).collect();
    order.sort_unstable_by(|(one, at), (other, and)| one.cmp(other).then_with(|| aside.get(*at).cmp(&aside.get(*and))));
    let mut aside: Vec<Option<Aside>> = aside.into_iter().map(Some).collect();
    order.into_iter().filter_map(|(_, at)| aside.get_mut(at)?.take()).collect()
}

struct Teller<'t, 'r> {
    computed: &'t Computed<'r>,
    beside: &'t [Beside<'r>],
    missing: bool,
    names: Names,
}

impl Teller<'_, '_> {
    fn tell(&self, treated: &Treated<'_>, told: &mut Treatments) {
        let id = treated.id.map(|id| self.names.identifier(id));
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
                supplies: shown.map(|unique| self.said(*unique)).collect(),
                supplied: if first { supplies.len() } else { 0 },
                lines,
            });
            first = false;
        }
        let aside = |unique: usize, found: &Found| self.aside(self.unique(unique), id.clone(), self.reason(found));
        told.aside.extend(treated.decided.aside.iter().map(|(unique, found)| aside(*unique, found)));
        if first {
            // Nothing of the treatment is shown: what was supplied of it is aside with the rest.
            let lead = treated.decided.aside.first().map(|(unique, _)| *unique);
            told.aside.extend(supplies.iter().map(|unique| aside(*unique, &Found::by(Because::Followed, lead))));
        }
    }

    fn unique(&self, at: usize) -> &Unique<'_> {
        &self.computed.uniques[at]
    }

    fn named(&self, unique: usize) -> Arc<Named> {
        self.unique(unique).first().named.clone()
    }

    fn line(&self, line: &Shown) -> Line {
        let unique = self.unique(line.unique);
        let mut said = self.said(line.unique);
        (said.start, said.end) = (line.start, line.end);
        let mut reasons: Vec<Reason> = Vec::with_capacity(line.found.len());
        for reason in line.found.iter().map(|found| self.reason(found)) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let in_doubt = |reason: &Reason| {
            matches!(
                reason.because,
                Because::CopyOnly | Because::UnresolvedReference | Because::NoAgreement | Because::StopWithoutTarget
            )
        };
        if self.missing && reasons.iter().any(in_doubt) {
            reasons.push(Reason { because: Because::SourceMissing, blocks: Vec::new() });
        }
        let versions = unique.conflicting.iter().map(|at| unique.receipt(*at));
        Line {
            section: line.section,
            ended: line.behind.map(|behind| self.named(behind)),
            versions: versions.map(|version| self.version(version)).collect(),
            said,
            reasons,
        }
    }

    fn reason(&self, found: &Found) -> Reason {
        Reason { because: found.because, blocks: found.blocks.iter().map(|unique| self.named(*unique)).collect() }
    }

    fn aside(&self, unique: &Unique<'_>, treatment: Option<Identifier>, reason: Reason) -> Aside {
        let block = unique.first();
        let nothing = Beside::new();
        let beside = self.beside.get(block.source).unwrap_or(&nothing);
        let reader = Some(Reader { resource: block.resource, beside }).filter(|_| block.beside.note);
        Aside {
            name: block.named.clone(),
            treatment,
            product: self.product(block),
            note: reader.and_then(|reader| reader.say_at("note")),
            reason,
            receipts: receipts(unique),
        }
    }

    fn said(&self, unique: usize) -> Said {
        let unique = self.unique(unique);
        Said { receipts: receipts(unique), ..self.version(unique.first()) }
    }

    /// What one version of a block says, received from its own source.
    fn version(&self, block: &Block<'_>) -> Said {
        let nothing = Beside::new();
        let reader = Reader { resource: block.resource, beside: self.beside.get(block.source).unwrap_or(&nothing) };
        let say = |there: bool, paths: &[&str]| paths.iter().filter(|_| there).find_map(|path| reader.say_at(path));
        let received = block.instruction.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let made = say(block.beside.dosage && received.is_none(), &["dosageInstruction", "dosage"]);
        Said {
            product: self.product(block),
            instruction_made_here: made.is_some(),
            instruction: received.map(str::to_owned).or(made),
            start: block.period.start,
            end: block.period.end,
            condition: block.period.condition.as_deref().map(str::to_owned),
            stop: block.stop,
            registered: block.registered,
            by: Some(block).filter(|block| block.beside.by).and_then(|block| by(block, &reader)),
            author: block.author,
            reason: say(block.beside.reason, &["reasonCode", "reasonReference", "statusReason"]),
            note: say(block.beside.note, &["note"]),
            receipts: vec![receipt(block)],
            name: block.named.clone(),
        }
    }

    fn product(&self, block: &Block<'_>) -> Option<String> {
        let own = block.product_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        own.map(str::to_owned).or_else(|| {
            let nothing = Beside::new();
            let beside = self.beside.get(block.source).unwrap_or(&nothing);
            let reader = Reader { resource: block.resource, beside };
            Some(reader).filter(|_| block.beside.product)?.say_at("medication[x]")
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

fn receipt(block: &Block<'_>) -> Receipt {
    Receipt { source: block.source, copy: block.copy, reference: block.named.reference.clone() }
}

fn receipts(unique: &Unique<'_>) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = unique.receipts().map(receipt).collect();
    receipts.sort();
    receipts.dedup();
    receipts
}
