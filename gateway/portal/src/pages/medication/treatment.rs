//! One treatment: the leading line large, what the others say under it, and why it stands where it stands.

use flows::medication::{Aside, Author, Because, Line, Medication, Moment, Reason, Receipt, Said, Treatment};
use maud::{Markup, html};

use super::super::icons;
use super::super::sources::tone;
use crate::words::medication::{about, because, block, day, named, period, stopped};

pub(super) fn treatment(found: &Medication, treatment: &Treatment) -> Markup {
    let name = if treatment.name.is_empty() { "Middel niet vermeld" } else { &treatment.name };
    let warnings = treatment.reasons.iter().filter(|reason| reason.because.is_warning());
    html! {
        li.group.treatment {
            div.head {
                h3 { (name) }
                @if treatment.warns() { span.badge { (icons::warning()) "Let op" } }
            }
            @for reason in warnings { (warning(found, reason, None)) }
            ul.lines { @for (at, one) in treatment.lines.iter().enumerate() { (line(found, name, one, at == 0)) } }
            (noted(found, treatment))
            @if !treatment.supplies.is_empty() { (supplies(found, name, treatment)) }
            (why(treatment))
        }
    }
}

fn line(found: &Medication, treatment: &str, line: &Line, leads: bool) -> Markup {
    let product = line.said.product.as_deref().filter(|own| *own != treatment);
    html! {
        li.line.medication-line.leading[leads] {
            div.what {
                p.kind-of { abbr title=(block(line.said.name.kind)) { (line.said.name.kind.abbreviation()) } " " (block(line.said.name.kind))
                    @if let Some(whose) = author(line.said.author) { ", " (whose) } }
                @if let Some(product) = product { p.title { (product) } }
                (said(&line.said))
                @if let Some(text) = stopped(line) { p.stopped { (text) } }
                p.period { (period(line, found.now())) }
                @for reason in line.warnings() { (warning(found, reason, Some(line))) }
                @for version in &line.versions { (other(found, version)) }
            }
            div.marks {
                @for receipt in receipts(&line.said) { (tag(found, receipt)) }
                @if let Some(by) = &line.said.by { span.by { (by) } }
                @if let Some(moment) = line.said.registered { span.registered { "vastgelegd " (day(moment)) } }
            }
        }
    }
}

/// The instruction, as received.
fn said(said: &Said) -> Markup {
    html! {
        @match &said.instruction {
            Some(text) => p.main { (text) @if said.instruction_made_here { span.hint { " (samengesteld uit de dosering)" } } },
            None => p.main.none { "Geen gebruiksinstructie vermeld" },
        }
        @if let Some(condition) = &said.condition { p.condition { "Voorwaarde: " (condition) } }
        @if let Some(reason) = &said.reason { p.hint { "Reden: " (reason) } }
        @if let Some(note) = &said.note { p.hint { "Toelichting: " (note) } }
    }
}

/// What another original with the same identifier says.
fn other(found: &Medication, version: &Said) -> Markup {
    let bound = |moment: Option<Moment>, none: &str| moment.map_or_else(|| none.to_owned(), day);
    html! {
        div.version {
            p { strong { "Andere versie: " } (version.instruction.as_deref().unwrap_or("geen gebruiksinstructie vermeld")) }
            p.period { (bound(version.start, "begin onbekend")) " – " (bound(version.end, "geen einddatum")) }
            div.marks { @for receipt in receipts(version) { (tag(found, receipt)) } }
        }
    }
}

fn warning(found: &Medication, reason: &Reason, line: Option<&Line>) -> Markup {
    html! {
        p.qualified { (icons::warning()) span { (because(reason.because, line)) @if let Some(first) = reason.blocks.first() {
            " (" (about(found, first)) ")"
        } } }
    }
}

/// What was written with blocks of this treatment that are not shown: the reason why a dose was low once still holds.
fn noted(found: &Medication, treatment: &Treatment) -> Markup {
    let own = |aside: &&Aside| {
        treatment.id.is_some() && aside.treatment == treatment.id && aside.reason.because != Because::EnteredInError
    };
    html! {
        @for aside in found.treatments.aside.iter().filter(own) {
            @if let Some(note) = &aside.note {
                p.hint { "Toelichting bij " (aside.product.as_deref().unwrap_or("een ander gegeven")) ", "
                    (aside.name.kind.abbreviation()) " die niet meer getoond wordt: " (note)
                    @for receipt in aside.receipts.iter().take(1) { " " (tag(found, receipt)) } }
            }
        }
    }
}

/// What was asked for, supplied and administered. What is called otherwise than the treatment is named: it may be another strength.
fn supplies(found: &Medication, name: &str, treatment: &Treatment) -> Markup {
    html! {
        ul.supplies {
            @for supply in &treatment.supplies {
                li {
                    abbr title=(block(supply.name.kind)) { (supply.name.kind.abbreviation()) } " "
                    (block(supply.name.kind)) " "
                    @match supply.start.or(supply.registered) {
                        Some(moment) => (day(moment)),
                        None => "zonder datum",
                    }
                    @if let Some(product) = supply.product.as_deref().filter(|own| *own != name) { ": " (product) }
                    @for receipt in receipts(supply) { " " (tag(found, receipt)) }
                }
            }
            @if treatment.supplied > treatment.supplies.len() {
                li.hint { "en " (treatment.supplied - treatment.supplies.len()) " eerdere" }
            }
        }
    }
}

/// The reasons of every line, with the rules by number: for whoever wants to check.
fn why(treatment: &Treatment) -> Markup {
    html! {
        details.why {
            summary { "Waarom staat dit hier?" }
            @if let Some(id) = &treatment.id { p.hint.id { "Behandeling " (id.value) " (" (id.system) ")" } }
            ul {
                @for line in &treatment.lines {
                    li {
                        strong { (line.said.name.kind.abbreviation()) " " (name(&line.said)) }
                        ul {
                            @for reason in &line.reasons {
                                li {
                                    span.rule { (reason.because.rule().name()) } " " (because(reason.because, Some(line)))
                                    @for named_block in &reason.blocks { " – " (named(named_block)) }
                                }
                            }
                            @if let Some(ended) = &line.ended { li { "Beëindigt " (named(ended)) } }
                        }
                    }
                }
            }
        }
    }
}

fn name(said: &Said) -> String {
    said.name.id.as_ref().map_or(&*said.name.reference, |id| &*id.value).to_owned()
}

/// Originals first; a copy beside its original says nothing more.
fn receipts(said: &Said) -> Vec<&Receipt> {
    let originals: Vec<&Receipt> = said.receipts.iter().filter(|receipt| !receipt.copy).collect();
    if originals.is_empty() { said.receipts.iter().collect() } else { originals }
}

/// The provider that a block came from.
pub(super) fn tag(found: &Medication, receipt: &Receipt) -> Markup {
    html! {
        @if let Some(source) = found.around.sources.get(receipt.source) {
            span.tag.(tone(receipt.source)) {
                span.dot.(tone(receipt.source)) aria-hidden="true" {} span.unseen { "Bron: " } (source.name)
                @if let Some(version) = source.version { ", FHIR " (version.segment().to_uppercase()) }
                @if receipt.copy { " (kopie)" }
            }
        }
    }
}

/// What was received and is not shown, each with why: nothing is lost.
pub(super) fn aside(found: &Medication) -> Markup {
    html! {
        @if !found.treatments.aside.is_empty() {
            section.section id="niet-getoond" aria-labelledby="niet-getoond-kop" {
                h2 id="niet-getoond-kop" { "Niet getoond" }
                details {
                    summary { "Wat is ontvangen en hier niet staat, met de reden (" (found.treatments.aside.len()) ")" }
                    ul.set-aside { @for one in &found.treatments.aside { (set_aside(found, one)) } }
                }
            }
        }
    }
}

fn set_aside(found: &Medication, aside: &Aside) -> Markup {
    html! {
        li {
            span { abbr title=(block(aside.name.kind)) { (aside.name.kind.abbreviation()) } " "
                (aside.product.as_deref().unwrap_or("middel niet vermeld"))
                @if let Some(note) = &aside.note { span.hint { " – " (note) } } }
            span { span.rule { (aside.reason.because.rule().name()) } " " (because(aside.reason.because, None))
                @if let Some(first) = aside.reason.blocks.first() { " (" (named(first)) ")" } }
            span.marks { @for receipt in &aside.receipts { (tag(found, receipt)) } }
        }
    }
}

/// Whose words they are.
fn author(author: Author) -> Option<&'static str> {
    match author {
        Author::Professional => Some("volgens zorgverlener"),
        Author::Patient => Some("volgens patiënt of naaste"),
        Author::Unknown => None,
    }
}
