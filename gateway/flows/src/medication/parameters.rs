//! The overview as FHIR Parameters (R4): this node's own form. No standard has one since the overview left MP9; every
//! treatment, line, reason and source is a part of its own. It stands first in the Bundle of what was released.

use exchange::{Released, SourceStatus};
use fhir::json::Node;
use fhir::{Bundle, Entry, Resource, SearchMode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::block::{Author, Stop};
use super::choosing::Section;
use super::laboratory::{Analyte, Determined, Series};
use super::moment::Moment;
use super::naming::Identifier;
use super::treatment::{Aside, Line, Named, Reason, Receipt, Said, Treatment};
use super::view::Medication;
use crate::overview::{self, Context, Index, Source, short};

/// What is said of what this is, in every answer.
const WHAT: &str = "Computed by this node from the building blocks that its sources released. It is no exchange of MP9, \
                    which has had no medication overview of its own since January 2026; the building blocks count.";

impl Medication {
    /// The answer to `$current-medication`: the overview as Parameters, and behind it how every source fared with what it
    /// released, exactly as it was.
    pub fn answer(&self, released: &Released, context: &Context<'_>) -> Bundle {
        let mut bundle = overview::bundle(released, context);
        let own = Entry { resource: Some(self.parameters()), mode: Some(SearchMode::Include), ..Entry::default() };
        bundle.entries.insert(0, own);
        bundle
    }

    /// The overview as Parameters.
    pub fn parameters(&self) -> Resource {
        let mut all = vec![
            value("composed", "valueInstant", moment_text(self.composed)),
            value("complete", "valueBoolean", Node::Bool(self.is_complete())),
            value("about", "valueString", Node::text(WHAT)),
            parts("windows", self.windows()),
            parts("index", self.index()),
        ];
        all.extend(self.around.sources.iter().map(|source| parts("source", of_source(source))));
        all.extend(self.treatments.shown.iter().map(|treatment| parts("treatment", self.treatment(treatment))));
        all.extend(self.treatments.aside.iter().map(|aside| parts("set-aside", self.aside(aside))));
        all.extend(self.laboratory.iter().map(|series| parts("laboratory", self.series(series))));
        Resource::from_node(&Node::Object(vec![
            ("resourceType".into(), Node::text("Parameters")),
            ("parameter".into(), Node::List(all)),
        ]))
    }

    fn windows(&self) -> Vec<Node> {
        let months = |name: &str, months: u32| value(name, "valueInteger", Node::number(i64::from(months)));
        let mut all = vec![
            months("recently-stopped-months", self.windows.recent_months),
            months("planned-months", self.windows.planned_months),
        ];
        all.extend(self.windows.interrupted_months.map(|number| months("interrupted-months", number)));
        all
    }

    fn index(&self) -> Vec<Node> {
        let unplaced = i64::try_from(self.around.unplaced).unwrap_or(i64::MAX);
        match self.around.index {
            Index::Known(named) => vec![
                value("known", "valueBoolean", Node::Bool(true)),
                value("named", "valueInteger", Node::number(i64::try_from(named).unwrap_or(i64::MAX))),
                value("unplaced", "valueInteger", Node::number(unplaced)),
            ],
            Index::Nowhere => {
                vec![value("known", "valueBoolean", Node::Bool(true)), value("named", "valueInteger", Node::number(0))]
            }
            Index::NotFoundOut(_) => vec![value("known", "valueBoolean", Node::Bool(false))],
        }
    }

    fn treatment(&self, treatment: &Treatment) -> Vec<Node> {
        let mut all = vec![
            value("section", "valueCode", Node::text(section(treatment.section))),
            value("name", "valueString", Node::text(spoken(&treatment.name))),
        ];
        all.extend(treatment.id.as_ref().map(|id| identifier("identifier", id)));
        all.extend(treatment.reasons.iter().map(|found| parts("reason", reason(found))));
        all.extend(treatment.lines.iter().map(|line| parts("line", self.line(line))));
        all.extend(treatment.supplies.iter().map(|supply| parts("supply", self.said(supply))));
        all
    }

    fn line(&self, line: &Line) -> Vec<Node> {
        let mut all = vec![value("state", "valueCode", Node::text(section(line.section)))];
        all.extend(self.said(&line.said));
        all.extend(line.ended.as_ref().map(|ended| parts("ended", named(ended))));
        all.extend(line.reasons.iter().map(|found| parts("reason", reason(found))));
        all.extend(line.versions.iter().map(|version| parts("other-version", self.said(version))));
        all
    }

    fn said(&self, said: &Said) -> Vec<Node> {
        let mut all = named(&said.name);
        let text = |name: &str, text: &Option<String>| {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            text.map(|text| value(name, "valueString", Node::text(text)))
        };
        all.extend(text("product", &said.product));
        let instruction = if said.instruction_made_here { "instruction-made-here" } else { "instruction" };
        all.extend(text(instruction, &said.instruction));
        all.extend(moment("start", said.start));
        all.extend(moment("end", said.end));
        all.extend(text("period-condition", &said.condition));
        all.extend(said.stop.map(|kind| value("stop", "valueCode", Node::text(stop(kind)))));
        all.extend(moment("registered", said.registered));
        all.extend(text("by", &said.by));
        let author = match said.author {
            Author::Professional => Some("professional"),
            Author::Patient => Some("patient"),
            Author::Unknown => None,
        };
        all.extend(author.map(|author| value("author", "valueCode", Node::text(author))));
        all.extend(text("reason-given", &said.reason));
        all.extend(text("note", &said.note));
        all.extend(said.receipts.iter().map(|receipt| parts("received", self.receipt(receipt))));
        all
    }

    fn receipt(&self, receipt: &Receipt) -> Vec<Node> {
        let ura = self.around.sources.get(receipt.source).map_or("", |source| source.ura.as_str());
        let mut all = Vec::new();
        if !ura.is_empty() {
            all.push(value("ura", "valueString", Node::text(ura)));
        }
        all.push(value("copy", "valueBoolean", Node::Bool(receipt.copy)));
        all.push(value("reference", "valueString", Node::text(&receipt.reference)));
        all.extend(self.around.sources.get(receipt.source).and_then(in_version));
        all
    }

    fn aside(&self, aside: &Aside) -> Vec<Node> {
        let mut all = named(&aside.name);
        all.extend(aside.treatment.as_ref().map(|id| identifier("treatment", id)));
        all.extend(aside.product.as_deref().map(spoken).map(|name| value("product", "valueString", Node::text(name))));
        all.extend(aside.note.as_deref().map(|note| value("note", "valueString", Node::text(spoken(note)))));
        all.push(parts("reason", reason(&aside.reason)));
        all.extend(aside.receipts.iter().map(|receipt| parts("received", self.receipt(receipt))));
        all
    }

    fn series(&self, series: &Series) -> Vec<Node> {
        let mut all = vec![value("analyte", "valueCode", Node::text(analyte(series.analyte)))];
        all.extend(series.results.iter().map(|result| parts("result", self.result(result))));
        all
    }

    fn result(&self, result: &Determined) -> Vec<Node> {
        let mut all = vec![value("written", "valueString", Node::text(spoken(&result.written)))];
        all.extend(result.value.filter(|value| value.is_finite()).map(|number| {
            // Three decimals are more than any of these is determined in.
            let digits = format!("{number:.3}");
            let digits = digits.trim_end_matches('0').trim_end_matches('.').to_owned();
            value("value", "valueDecimal", Node::Number(digits))
        }));
        all.extend(moment("determined", result.at));
        let age = result.age_days(self.now());
        all.extend(age.map(|days| value("age-days", "valueInteger", Node::number(days))));
        all.extend(result.provisional.as_deref().map(|status| value("status", "valueCode", Node::text(status))));
        all.extend(result.receipts.iter().map(|receipt| parts("received", self.receipt(receipt))));
        all
    }
}

fn value(name: &str, kind: &str, value: Node) -> Node {
    Node::Object(vec![("name".into(), Node::text(name)), (kind.into(), value)])
}

fn parts(name: &str, parts: Vec<Node>) -> Node {
    Node::Object(vec![("name".into(), Node::text(name)), ("part".into(), Node::List(parts))])
}

/// FHIR knows no empty text.
fn spoken(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

fn identifier(name: &str, id: &Identifier) -> Node {
    let id = vec![("system".into(), Node::text(&id.system)), ("value".into(), Node::text(&id.value))];
    value(name, "valueIdentifier", Node::Object(id))
}

fn named(named: &Named) -> Vec<Node> {
    let mut all = vec![value("block", "valueCode", Node::text(named.kind.abbreviation()))];
    all.extend(named.id.as_ref().map(|id| identifier("identifier", id)));
    all.push(value("reference", "valueString", Node::text(&named.reference)));
    all
}

fn reason(reason: &Reason) -> Vec<Node> {
    let mut all = vec![
        value("rule", "valueCode", Node::text(reason.because.rule().name())),
        value("code", "valueCode", Node::text(reason.because.code())),
        value("warning", "valueBoolean", Node::Bool(reason.because.is_warning())),
    ];
    all.extend(reason.blocks.iter().map(|block| parts("rests-on", named(block))));
    all
}

fn of_source(source: &Source) -> Vec<Node> {
    let count = |name: &str, number: usize| {
        value(name, "valueInteger", Node::number(i64::try_from(number).unwrap_or(i64::MAX)))
    };
    let mut all = vec![
        value("ura", "valueString", Node::text(&source.ura)),
        value("name", "valueString", Node::text(spoken(&source.name))),
        value("status", "valueCode", Node::text(status(source.status))),
        value("complete", "valueBoolean", Node::Bool(source.is_complete())),
        count("resources", source.items),
        count("withheld", source.withheld),
        count("mistrusted", source.mistrusted),
    ];
    all.extend(in_version(source));
    all.extend(source.unasked.iter().map(|kind| value("not-asked-type", "valueString", Node::text(kind))));
    all.extend(source.failed.iter().map(|kind| value("failed-type", "valueString", Node::text(spoken(kind)))));
    all
}

/// Where it is another than this answer's: a reference there leads to a resource of that version, which stands in the Bundle
/// as a Binary.
fn in_version(source: &Source) -> Option<Node> {
    source.version.map(|version| value("fhir-version", "valueString", Node::text(short(version))))
}

/// The same words as in the outcomes of the health overview.
fn status(status: SourceStatus) -> &'static str {
    match status {
        SourceStatus::Answered => "answered",
        SourceStatus::NothingThere => "nothing-there",
        SourceStatus::Partly => "partly",
        SourceStatus::Refused => "refused",
        SourceStatus::TimedOut => "timed-out",
        SourceStatus::Unreachable => "unreachable",
        SourceStatus::Failed => "failed",
        SourceStatus::NotAsked => "not-asked",
    }
}

fn section(section: Section) -> &'static str {
    match section {
        Section::Current => "current",
        Section::Interrupted => "interrupted",
        Section::Planned => "planned",
        Section::RecentlyStopped => "recently-stopped",
        Section::Unclear => "unclear",
        Section::Later => "planned-later",
        Section::History => "history",
    }
}

fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::Definitive => "definitive",
        Stop::Interrupted => "interrupted",
        Stop::Cancelled => "cancelled",
        Stop::Unknown => "unknown",
    }
}

fn analyte(analyte: Analyte) -> &'static str {
    match analyte {
        Analyte::Egfr => "egfr",
        Analyte::Creatinine => "creatinine",
        Analyte::Potassium => "potassium",
        Analyte::Sodium => "sodium",
        Analyte::Inr => "inr",
    }
}

fn moment(name: &str, moment: Option<Moment>) -> Option<Node> {
    moment.and_then(Moment::to_utc).map(|at| value(name, "valueDateTime", moment_text(at)))
}

pub(super) fn moment_text(moment: OffsetDateTime) -> Node {
    Node::text(moment.format(&Rfc3339).unwrap_or_default())
}
