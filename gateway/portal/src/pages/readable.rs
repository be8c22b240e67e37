//! What came along, as people read it: who, and part by part everything that it says. What has no words here is shown under its
//! own name, and what is missing is said.

use fhir::identifiers::Reader;
use flows::eoverdracht::readable::{Block, File, Part, Readable, Said};
use maud::{Markup, html};

use super::icons;

/// Whom it is about, below what it is; `further` is what can be done with it.
pub(super) fn patient(readable: &Readable, over: &str, further: &Markup) -> Markup {
    let patient = &readable.patient;
    let or_unknown = |text: &str| if text.is_empty() { "niet bekend".to_owned() } else { text.to_owned() };
    html! {
        section.patient aria-labelledby="patient" {
            div {
                p.over { (over) }
                h1 id="patient" { (or_unknown(&patient.name)) }
                dl.facts {
                    div { dt { "Geboren" } dd { (or_unknown(&patient.born)) } }
                    @if !patient.gender.is_empty() { div { dt { "Geslacht" } dd { (patient.gender) } } }
                    @if let Some(bsn) = &patient.bsn { div { dt { "BSN" } dd.digits { (bsn.reveal_to(Reader::Asker)) } } }
                    @if let Some(day) = &readable.transfer { div { dt { "Overdracht op" } dd { (day) } } }
                }
                @if let Some(block) = &patient.block {
                    details {
                        summary { "Alle persoonsgegevens" }
                        div.card { (said(&block.said)) }
                    }
                }
            }
            div.further { (further) }
        }
    }
}

/// The parts, to go to.
pub(super) fn contents(readable: &Readable) -> Markup {
    html! {
        nav.contents aria-labelledby="onderdelen" {
            h2 id="onderdelen" { "Onderdelen" }
            ul {
                @for (at, part) in readable.parts.iter().enumerate() {
                    li { a href={ "#deel-" (at) } { (part.title) } span.count { (part.count()) } }
                }
                @if !readable.beside.is_empty() {
                    li { a href="#verder" { "Genoemde personen en organisaties" } span.count { (readable.beside.len()) } }
                }
            }
        }
    }
}

/// All parts. Files are fetched below `path`; without, they are only named.
pub(super) fn everything(readable: &Readable, path: Option<&str>) -> Markup {
    html! {
        @for (at, one) in readable.parts.iter().enumerate() { (top(one, at, path)) }
        @if !readable.beside.is_empty() {
            section.section id="verder" aria-labelledby="verder-kop" {
                h2 id="verder-kop" { "Genoemde personen en organisaties" }
                details {
                    summary { "Tonen (" (readable.beside.len()) ")" }
                    (blocks(&readable.beside, path))
                }
            }
        }
    }
}

fn top(part: &Part, at: usize, path: Option<&str>) -> Markup {
    html! {
        section.section.handoff id={ "deel-" (at) } aria-labelledby={ "deel-" (at) "-kop" } {
            h2 id={ "deel-" (at) "-kop" } { (part.title) @if !part.known { (unknown()) } }
            (within(part, path))
        }
    }
}

fn within(part: &Part, path: Option<&str>) -> Markup {
    html! {
        @if part.is_empty() { p.empty { "De afzender heeft hier niets ingevuld." } }
        (said(&part.said))
        @if !part.blocks.is_empty() { (blocks(&part.blocks, path)) }
        @for one in &part.missing {
            p.qualified { (icons::warning()) "Niet meegestuurd: " (one) }
        }
        @for inner in &part.parts {
            section.inner {
                h3 { (inner.title) @if !inner.known { (unknown()) } }
                (within(inner, path))
            }
        }
    }
}

/// A section or building block that no release has, or that has no words here.
fn unknown() -> Markup {
    html! { " " span.badge { "Onbekend soort" } }
}

fn blocks(blocks: &[Block], path: Option<&str>) -> Markup {
    html! {
        ul.blocks {
            @for block in blocks {
                li.block {
                    div.head {
                        strong.kind-of { (block.kind) }
                        @if let Some(title) = &block.title { span.title { (title) } }
                        @if !block.known { (unknown()) }
                    }
                    (said(&block.said))
                    @for file in &block.files { (self::file(file, path)) }
                }
            }
        }
    }
}

fn file(file: &File, path: Option<&str>) -> Markup {
    html! {
        @match path {
            Some(path) => p { a.button.quiet href={ (path) "/file/" (file.binary) } { "Openen: " (file.title) } },
            None => p.hint { "Bestand, niet opgehaald: " (file.title) },
        }
    }
}

/// Names and values, and below a value what belongs to it.
fn said(all: &[Said]) -> Markup {
    told(all, false)
}

fn told(all: &[Said], inner: bool) -> Markup {
    html! {
        @if !all.is_empty() {
            dl.says.flat[inner && all.iter().all(|one| one.inner.is_empty())] {
                @for one in all {
                    div.unnamed[!one.known].modifies[one.name.starts_with("Let op")] {
                        dt { (one.name) }
                        dd {
                            @if !one.text.is_empty() { span.text { (one.text) } }
                            (told(&one.inner, true))
                        }
                    }
                }
            }
        }
    }
}

/// How much is named and did not come.
pub(super) fn count_missing(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.missing.len() + count_missing(&part.parts)).sum()
}
