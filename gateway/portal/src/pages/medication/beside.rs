//! What must be known beside medication: allergies, contra-indications, and the laboratory values that doses depend on.

use flows::medication::{Analyte, Determined, Medication, Series};
use flows::overview::SectionKind;
use maud::{Markup, html};

use super::super::icons;
use super::super::sections;
use super::treatment::tag;
use crate::words::medication::{age, analyte, day, number};

const KINDS: [SectionKind; 2] = [SectionKind::Allergies, SectionKind::Alerts];

/// How many lines there are of them.
pub(super) fn warnings(found: &Medication) -> usize {
    KINDS.iter().filter_map(|kind| found.around.section(*kind)).map(flows::overview::Section::lines).sum()
}

pub(super) fn allergies(found: &Medication) -> Markup {
    html! {
        section.section id="allergie" aria-labelledby="allergie-kop" {
            h2 id="allergie-kop" { "Allergieën en contra-indicaties" }
            @if warnings(found) == 0 {
                p.empty { (sections::nothing(&found.around)) }
            } @else {
                @for kind in KINDS {
                    @if let Some(section) = found.around.section(kind) { (sections::groups(&found.around, section)) }
                }
            }
            @for source in found.around.sources.iter().filter(|source| source.unasked.iter().any(|kind| kind == "Flag")) {
                p.hint {
                    "Contra-indicaties zijn niet gevraagd aan " (source.name)
                    @if let Some(version) = source.version { " in FHIR " (version.segment().to_uppercase()) }
                    ": wat daar is vastgelegd, staat hier niet."
                }
            }
        }
    }
}

pub(super) fn laboratory(found: &Medication) -> Markup {
    let missing: Vec<&str> = Analyte::ALL
        .into_iter()
        .filter(|wanted| !found.laboratory.iter().any(|series| series.analyte == *wanted))
        .map(analyte)
        .collect();
    html! {
        section.section id="lab" aria-labelledby="lab-kop" {
            h2 id="lab-kop" { "Laboratorium" }
            @if found.laboratory.is_empty() {
                p.empty { (sections::nothing(&found.around)) }
            } @else {
                table.stack {
                    thead {
                        tr {
                            th scope="col" { "Bepaling" }
                            th scope="col" { "Laatste waarde" }
                            th scope="col" { "Ouderdom" }
                            th scope="col" { "Eerder" }
                            th scope="col" { "Bron" }
                        }
                    }
                    tbody { @for series in &found.laboratory { (row(found, series)) } }
                }
                @if !missing.is_empty() { p.hint { "Niet ontvangen: " (missing.join(", ")) "." } }
            }
        }
    }
}

fn row(found: &Medication, series: &Series) -> Markup {
    html! {
        @if let [last, earlier @ ..] = series.results.as_slice() {
            tr {
                th scope="row" { (analyte(series.analyte)) }
                td data-label="Laatste waarde" {
                    strong { (value(last)) }
                    @if let Some(words) = &last.interpretation { " – " (words) }
                    @if last.provisional.is_some() { p.qualified { (icons::warning()) "Voorlopige uitslag" } }
                    @if last.value.is_none() {
                        p.qualified { (icons::warning()) "Andere eenheid dan gebruikelijk; niet omgerekend" }
                    }
                }
                td data-label="Ouderdom" {
                    @match (last.age_days(found.now()), last.at) {
                        (Some(days), Some(moment)) => { (age(days)) " (" (day(moment)) ")" },
                        _ => span.none { "datum onbekend" },
                    }
                }
                td data-label="Eerder" {
                    @match earlier.first() {
                        Some(before) => { (value(before)) @if let Some(moment) = before.at { " (" (day(moment)) ")" } },
                        None => span.none { "–" },
                    }
                }
                td data-label="Bron" { @for receipt in &last.receipts { (tag(found, receipt)) " " } }
            }
        }
    }
}

/// In the unit of the analyte; as written when it could not be brought there.
fn value(result: &Determined) -> String {
    let Some(known) = result.value else { return result.written.clone() };
    let parts = [result.comparator.clone(), Some(number(known)), Some(result.analyte.unit().to_owned())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
