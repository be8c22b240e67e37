//! Who the overview is about. Where providers have it written down differently, all versions are shown.

use fhir::identifiers::Reader;
use flows::overview::{Overview, Stated};
use maud::{Markup, html};

use super::icons;
use crate::words::{date, gender};

pub(super) fn header(overview: &Overview) -> Markup {
    titled(overview, "Gezondheidsoverzicht van")
}

/// With the words that stand over the name.
pub(super) fn titled(overview: &Overview, over: &str) -> Markup {
    let person = &overview.person;
    let first = |versions: &[Stated]| versions.first().map(|version| version.text.clone());
    html! {
        section.patient aria-labelledby="patient" {
            div {
                p.over { (over) }
                h1 id="patient" { (first(&person.names).unwrap_or_else(|| "Naam niet bekend".to_owned())) }
                dl.facts {
                    div { dt { "Geboren" } dd { (first(&person.birth_dates).map_or_else(|| "niet bekend".to_owned(), |born| date(&born))) } }
                    @if let Some(found) = first(&person.genders) { div { dt { "Geslacht" } dd { (gender(&found)) } } }
                    @if let Some(died) = first(&person.deceased) {
                        div.died { dt { "Overleden" } dd { @if died == "true" { "ja" } @else { (date(&died)) } } }
                    }
                    @if let Some(bsn) = &overview.bsn { div { dt { "BSN" } dd.digits { (bsn.reveal_to(Reader::Asker)) } } }
                }
            }
            @if !person.redacted.is_empty() {
                p.qualified {
                    (icons::warning())
                    "Een deel van de persoonsgegevens is weggelaten, omdat het niet voor uw rol is: " (places(overview, &person.redacted)) "."
                }
            }
            a.button.quiet href="/portal/" { "Andere patiënt" }
            @if !person.agrees() {
                div.differences {
                    p { (icons::warning()) strong { "Niet overal hetzelfde vastgelegd" } }
                    ul {
                        (versions(overview, "Naam", &person.names, str::to_owned))
                        (versions(overview, "Geboren", &person.birth_dates, date))
                        (versions(overview, "Geslacht", &person.genders, |code| gender(code).to_owned()))
                        (versions(overview, "Overleden", &person.deceased, |died| if died == "true" { "ja".to_owned() } else { date(died) }))
                    }
                }
            }
        }
    }
}

fn places(overview: &Overview, sources: &[usize]) -> String {
    let names = sources.iter().filter_map(|at| overview.sources.get(*at)).map(|source| source.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn versions(overview: &Overview, what: &str, versions: &[Stated], say: impl Fn(&str) -> String) -> Markup {
    let names = |version: &Stated| places(overview, &version.sources);
    html! {
        @if versions.len() > 1 {
            @for version in versions {
                li { (what) ": " strong { (say(&version.text)) } " – " (names(version)) }
            }
        }
    }
}
