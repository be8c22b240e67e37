//! Every provider and how it fared.

use flows::overview::{Overview, Source};
use maud::{Markup, html};

use crate::words::{source_status, status_symbol};

pub(super) fn sources(overview: &Overview) -> Markup {
    html! {
        section.sources aria-labelledby="bronnen" {
            h2 id="bronnen" { "Bronnen" }
            @if overview.sources.is_empty() {
                p.hint { "Er zijn geen bronnen gevonden." }
            } @else {
                table {
                    thead {
                        tr {
                            th scope="col" { "Zorgaanbieder" }
                            th.number scope="col" { "Gegevens" }
                            th.number scope="col" { "Afgeschermd" }
                        }
                    }
                    tbody {
                        @for (at, source) in overview.sources.iter().enumerate() { (row(at, source)) }
                    }
                }
            }
        }
    }
}

fn row(at: usize, source: &Source) -> Markup {
    html! {
        tr {
            th scope="row" {
                div.source {
                    span.dot.(tone(at)) aria-hidden="true" {}
                    div {
                        span.holder { (source.name) @if source.own { span.own { " (eigen)" } } }
                        span.state.missing[!source.is_complete()] {
                            span.symbol aria-hidden="true" { (status_symbol(source)) } " " (source_status(source))
                        }
                        span.ura {
                            "URA " (source.ura)
                            @if let Some(version) = source.version { ", gevraagd in FHIR " (version.segment().to_uppercase()) }
                        }
                    }
                }
            }
            td.number { (source.items) }
            td.number { (source.withheld) }
        }
    }
}

/// A tone per source, so that a line and its source are found together; the name always stands there too.
pub(super) fn tone(at: usize) -> &'static str {
    const TONES: [&str; 8] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"];
    TONES.get(at % TONES.len()).copied().unwrap_or("t0")
}
