//! The handoff as a nurse reads it: who, from whom, and section by section everything that it says. What has no words here is
//! shown under its own name, and what is missing is said.

use fhir::identifiers::Reader;
use flows::eoverdracht::readable::{Block, File, Part, Readable, Said};
use maud::{Markup, html};

use super::button;
use crate::desk::{HandoffAct, Session, TransferShown};
use crate::pages::{Frame, frame, icons, reference};
use crate::words::moments;

/// What stands on the page.
pub(crate) fn document(
    around: &Frame<'_>,
    session: &Session,
    transfer: &TransferShown,
    readable: &Readable,
    request_id: &str,
) -> Markup {
    let path = format!("/portal/handoffs/received/{}", transfer.id);
    let missing = count_missing(&readable.parts);
    let body = html! {
        (patient(readable, &path))
        @if !transfer.routed.is_empty() {
            section.banner.complete { div { p { "Deze overdracht is bestemd voor " strong { (transfer.routed.join(", ")) } "." } } }
        }
        @if missing > 0 {
            section.banner.incomplete role="status" {
                (icons::warning())
                div {
                    h2 { "Niet alles is meegestuurd" }
                    p { "De overdracht noemt "
                        @if missing == 1 { "één gegeven dat" } @else { (missing) " gegevens die" }
                        " de afzender niet heeft meegestuurd; het onderdeel zegt waar." }
                }
            }
        }
        div.columns {
            div.side {
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
                section.sources aria-labelledby="herkomst" {
                    h2 id="herkomst" { "Herkomst" }
                    dl.origin {
                        div { dt { "Van" } dd { (transfer.party) } }
                        @if !readable.authors.is_empty() { div { dt { "Opgesteld door" } dd { (readable.authors.join(", ")) } } }
                        @if let Some(date) = &readable.date { div { dt { "Opgesteld op" } dd { (date) } } }
                        @if let Some(taker) = &transfer.taker { div { dt { "Ontvangen door" } dd { (taker) } } }
                        @if let Some((by, at)) = &transfer.read {
                            div { dt { "Gelezen door" } dd { (by) ", " (moments::moment(at)) } }
                        }
                    }
                    @if transfer.acts.contains(&HandoffAct::Read) { (button(session, transfer, HandoffAct::Read)) }
                }
            }
            div.content {
                @for (at, one) in readable.parts.iter().enumerate() { (top(one, at, &path)) }
                @if !readable.beside.is_empty() {
                    section.section id="verder" aria-labelledby="verder-kop" {
                        h2 id="verder-kop" { "Genoemde personen en organisaties" }
                        details {
                            summary { "Tonen (" (readable.beside.len()) ")" }
                            (blocks(&readable.beside, &path))
                        }
                    }
                }
            }
        }
        footer.foot {
            (reference(request_id, around.language))
            p.hint { "Deze inzage is vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Verpleegkundige overdracht", &body)
}

fn patient(readable: &Readable, path: &str) -> Markup {
    let patient = &readable.patient;
    let or_unknown = |text: &str| if text.is_empty() { "niet bekend".to_owned() } else { text.to_owned() };
    html! {
        section.patient aria-labelledby="patient" {
            div {
                p.over { "Verpleegkundige overdracht van" }
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
            div.further {
                a.button.quiet href={ (path) "/pdf" } { "Afdrukken (PDF)" }
                a.button.quiet href=(path) { "Terug" }
            }
        }
    }
}

fn top(part: &Part, at: usize, path: &str) -> Markup {
    html! {
        section.section.handoff id={ "deel-" (at) } aria-labelledby={ "deel-" (at) "-kop" } {
            h2 id={ "deel-" (at) "-kop" } { (part.title) @if !part.known { (unknown()) } }
            (within(part, path))
        }
    }
}

fn within(part: &Part, path: &str) -> Markup {
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

fn blocks(blocks: &[Block], path: &str) -> Markup {
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

fn file(file: &File, path: &str) -> Markup {
    html! {
        p { a.button.quiet href={ (path) "/file/" (file.binary) } { "Openen: " (file.title) } }
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

fn count_missing(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.missing.len() + count_missing(&part.parts)).sum()
}
