//! The first thing to know about an overview: whether anything is missing, and from whom.

use exchange::SourceStatus;
use flows::overview::{Index, Overview, Source};
use maud::{Markup, html};

use super::icons;
use crate::words::{counted, index_failure, resource_type};

pub(super) fn banner(overview: &Overview) -> Markup {
    if overview.complete { complete(overview) } else { incomplete(overview) }
}

fn complete(overview: &Overview) -> Markup {
    let asked = overview.providers();
    let items: usize = overview.sources.iter().map(|source| source.items).sum();
    html! {
        section.banner.complete role="status" aria-labelledby="volledigheid" {
            (icons::check())
            div {
                h2 id="volledigheid" { "Volledig" }
                p { (everyone(asked, items == 0 && overview.withheld() == 0)) }
                @if overview.index == Index::Nowhere { p { (NOWHERE) } }
                (withheld(overview))
            }
        }
    }
}

/// What the register said, when it knows nobody: so that it is not taken for a register that was not asked.
const NOWHERE: &str = "Volgens het register heeft geen andere zorgaanbieder gegevens over deze patiënt.";

fn everyone(asked: usize, nothing: bool) -> String {
    match (asked, nothing) {
        (0, _) => "Er zijn geen zorgaanbieders gevonden waar deze patiënt bekend is.".to_owned(),
        (1, true) => "De enige gevonden zorgaanbieder heeft geen gegevens over deze patiënt.".to_owned(),
        (1, false) => "De enige gevonden zorgaanbieder heeft alles geleverd wat gedeeld mag worden.".to_owned(),
        (asked, true) => {
            format!("Alle {asked} gevonden zorgaanbieders hebben geantwoord; geen heeft gegevens over deze patiënt.")
        }
        (asked, false) => format!("Alle {asked} gevonden zorgaanbieders hebben alles geleverd wat gedeeld mag worden."),
    }
}

fn incomplete(overview: &Overview) -> Markup {
    html! {
        section.banner.incomplete role="alert" aria-labelledby="volledigheid" {
            (icons::warning())
            div {
                h2 id="volledigheid" { "Onvolledig" }
                p { "In dit overzicht kunnen gegevens ontbreken:" }
                ul {
                    @for source in overview.missing() { (missing(source)) }
                    @if overview.unplaced > 0 {
                        li {
                            "Het landelijke register noemt nog "
                            strong { (counted(overview.unplaced, "zorgaanbieder", "zorgaanbieders")) }
                            " waarvan geen adres bekend is."
                        }
                    }
                    @if let Index::NotFoundOut(why) = overview.index {
                        li {
                            strong { "Andere zorgaanbieders" } " kunnen gegevens hebben die hier niet staan: "
                            (index_failure(why)) "."
                        }
                    }
                    @if overview.index == Index::Nowhere { li { (NOWHERE) } }
                }
                (withheld(overview))
            }
        }
    }
}

fn missing(source: &Source) -> Markup {
    let name = html! { strong { (source.name) } };
    let types = |source: &Source| {
        let types = source.failed.iter().map(|failed| resource_type(failed).to_owned());
        types.collect::<Vec<_>>().join(", ")
    };
    html! {
        @match source.status {
            SourceStatus::Refused => li { (name) " deelt de gegevens niet (geweigerd)." },
            SourceStatus::TimedOut => li { (name) " antwoordde niet op tijd." },
            SourceStatus::Unreachable => li { (name) " is niet bereikbaar." },
            SourceStatus::Failed => li { (name) " gaf een onbruikbaar antwoord." },
            SourceStatus::NotAsked => li { (name) " is niet bevraagd." },
            SourceStatus::Partly | SourceStatus::Answered | SourceStatus::NothingThere => {
                @if !source.failed.is_empty() {
                    li { (name) " leverde niet alles. Er kan ontbreken: " (types(source)) "." }
                }
                @if source.mistrusted > 0 {
                    li {
                        (name) " stuurde " (counted(source.mistrusted, "gegeven", "gegevens"))
                        " mee die niet bij deze patiënt horen; die zijn niet getoond."
                    }
                }
                @if source.failed.is_empty() && source.mistrusted == 0 { li { (name) " leverde niet alles." } }
            },
        }
    }
}

fn withheld(overview: &Overview) -> Markup {
    html! {
        @if overview.withheld() > 0 {
            p.aside {
                (counted(overview.withheld(), "gegeven is", "gegevens zijn"))
                " afgeschermd en niet getoond; bij de bron staat hoeveel."
            }
        }
    }
}
