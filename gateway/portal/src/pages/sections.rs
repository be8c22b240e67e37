//! What is known, section by section: every line with its source.

use flows::overview::{Aspect, Group, Line, Overview, Section, SectionKind};
use maud::{Markup, html};

use super::icons;
use super::sources::tone;
use crate::words::{anchor, aspect, coded, date, grave, resource_type, section_title, status};

/// Sections whose emptiness is told: a reader looks for them.
const EXPECTED: [SectionKind; 4] =
    [SectionKind::Allergies, SectionKind::Problems, SectionKind::Medication, SectionKind::Directives];

/// The sections in reading order, with nothing where one is expected and empty.
fn shown(overview: &Overview) -> impl Iterator<Item = (SectionKind, Option<&Section>)> {
    SectionKind::ALL
        .into_iter()
        .map(|kind| (kind, overview.section(kind)))
        .filter(|(kind, section)| section.is_some() || EXPECTED.contains(kind))
}

pub(super) fn contents(overview: &Overview) -> Markup {
    html! {
        nav.contents aria-labelledby="onderdelen" {
            h2 id="onderdelen" { "Onderdelen" }
            ul {
                @for (kind, section) in shown(overview) {
                    li {
                        a href={ "#" (anchor(kind)) } { (section_title(kind)) }
                        span.count { (section.map_or(0, Section::lines)) }
                    }
                }
            }
        }
    }
}

pub(super) fn sections(overview: &Overview) -> Markup {
    html! {
        @for (kind, section) in shown(overview) {
            section.section id=(anchor(kind)) aria-labelledby={ (anchor(kind)) "-kop" } {
                h2 id={ (anchor(kind)) "-kop" } { (section_title(kind)) }
                @match section {
                    None => p.empty { (nothing(overview)) },
                    Some(section) if kind == SectionKind::Supporting => {
                        details {
                            summary { "Meegestuurde gegevens tonen (" (section.lines()) ")" }
                            (groups(overview, section))
                        }
                    },
                    Some(section) => (groups(overview, section)),
                }
            }
        }
    }
}

/// Said of an empty section. Never "there is none": only what was or was not received.
pub(super) fn nothing(overview: &Overview) -> &'static str {
    if overview.complete {
        "Niets vermeld door de geraadpleegde zorgaanbieders."
    } else {
        "Niets ontvangen, maar niet alle zorgaanbieders hebben alles geleverd."
    }
}

pub(super) fn groups(overview: &Overview, section: &Section) -> Markup {
    html! {
        ul.groups { @for one in &section.groups { (group(overview, section.kind, one)) } }
    }
}

fn group(overview: &Overview, kind: SectionKind, group: &Group) -> Markup {
    let title = group.title.as_deref();
    html! {
        li.group {
            div.head {
                h3 { (title.unwrap_or("Zonder omschrijving")) }
                @if matches!(kind, SectionKind::Other | SectionKind::Supporting) || title.is_none() {
                    @if let Some(line) = group.lines.first() { span.kind { (resource_type(&line.resource_type)) } }
                }
                @if group.differs { span.badge { (icons::warning()) "Verschilt per bron" } }
            }
            ul.lines { @for one in &group.lines { (line(overview, kind, title, one)) } }
            @if !group.not_mentioned_at.is_empty() {
                p.known {
                    "Bekend bij: " (names(overview, &group.known_at)) ". "
                    strong { "Niet vermeld bij: " (names(overview, &group.not_mentioned_at)) "." }
                }
            }
        }
    }
}

fn line(overview: &Overview, kind: SectionKind, group: Option<&str>, line: &Line) -> Markup {
    let own_title = line.title.as_deref().filter(|title| Some(*title) != group);
    let (main, rest): (Vec<_>, Vec<_>) = line
        .details
        .iter()
        .partition(|detail| matches!(detail.aspect, Aspect::Value | Aspect::Dosage | Aspect::Decision));
    html! {
        li.line {
            span.date {
                @match &line.date {
                    Some(found) => (date(found)),
                    None => span.undated { "geen datum" },
                }
            }
            div.what {
                @if let Some(title) = own_title { p.title { (title) } }
                @for detail in main { p.main { (coded(detail.aspect, &detail.text)) } }
                @if !rest.is_empty() {
                    dl.details {
                        @for detail in rest {
                            div { dt { (aspect(detail.aspect)) } dd { (coded(detail.aspect, &detail.text)) } }
                        }
                    }
                }
                @if line.redacted { p.qualified { (icons::warning()) "Een deel is door de bron weggelaten, omdat het niet voor uw rol is." } }
                @if line.qualified {
                    p.qualified { (icons::warning()) "Heeft een toevoeging die hier niet wordt getoond; kijk bij de bron." }
                }
            }
            div.marks {
                @for code in &line.status {
                    span.status.grave[grave(code)] { @if grave(code) { span aria-hidden="true" { "! " } } (status(code)) }
                }
                @if kind == SectionKind::Medication { span.kind { (resource_type(&line.resource_type)) } }
                (tag(overview, line.source))
            }
        }
    }
}

/// The provider that a line came from.
fn tag(overview: &Overview, at: usize) -> Markup {
    html! {
        @if let Some(source) = overview.sources.get(at) {
            span.tag.(tone(at)) { span.dot.(tone(at)) aria-hidden="true" {} span.unseen { "Bron: " } (source.name) }
        }
    }
}

fn names(overview: &Overview, sources: &[usize]) -> String {
    let names = sources.iter().filter_map(|at| overview.sources.get(*at)).map(|source| source.name.as_str());
    let mut all: Vec<&str> = Vec::new();
    // A provider with several sources is named once.
    names.for_each(|name| {
        if !all.contains(&name) {
            all.push(name);
        }
    });
    all.join(", ")
}
