//! The medication overview of one patient, to be read at a glance: what is used now, what is interrupted, planned and
//! stopped, with for every treatment who says so, what does not fit, and what may be missing.

mod beside;
mod treatment;

use flows::medication::{Medication, Section, Treatment};
use maud::{Markup, html};

use super::{Frame, banner, frame, icons, patient, reference, sources};
use crate::words::medication::{anchor, empty, title};
use crate::words::when;

/// Sections that are always there: an empty one is told.
const EXPECTED: [Section; 4] = [Section::Current, Section::Interrupted, Section::Planned, Section::RecentlyStopped];

pub(crate) fn medication(around: &Frame<'_>, found: &Medication, request_id: &str) -> Markup {
    let body = html! {
        (patient::titled(&found.around, "Medicatieoverzicht van"))
        (banner::banner(&found.around))
        div.columns {
            div.side {
                (contents(found))
                (sources::sources(&found.around))
            }
            div.content {
                (beside::allergies(found))
                @for section in Section::ALL { (shown(found, section)) }
                (beside::laboratory(found))
                (treatment::aside(found))
            }
        }
        footer.foot {
            (reference(request_id, around.language))
            p.hint {
                "Berekend op " (when(found.composed)) " uit de bouwstenen die de bronnen leverden; niet met de patiënt "
                "geverifieerd. Recent gestopt: " (found.windows.recent_months) " maanden terug. Gepland: "
                (found.windows.planned_months) " maanden vooruit. Deze raadpleging is vastgelegd (NEN 7513)."
            }
        }
    };
    frame(around, "Medicatieoverzicht", &body)
}

fn of(found: &Medication, section: Section) -> Vec<&Treatment> {
    found.treatments.shown.iter().filter(|treatment| treatment.section == section).collect()
}

fn contents(found: &Medication) -> Markup {
    html! {
        nav.contents aria-labelledby="onderdelen" {
            h2 id="onderdelen" { "Onderdelen" }
            ul {
                li { a href="#allergie" { "Allergieën en contra-indicaties" } span.count { (beside::warnings(found)) } }
                @for section in Section::ALL {
                    @let count = of(found, section).len();
                    @if count > 0 || EXPECTED.contains(&section) {
                        li { a href={ "#" (anchor(section)) } { (title(section)) } span.count { (count) } }
                    }
                }
                li { a href="#lab" { "Laboratorium" } span.count { (found.laboratory.len()) } }
                @if !found.treatments.aside.is_empty() {
                    li { a href="#niet-getoond" { "Niet getoond" } span.count { (found.treatments.aside.len()) } }
                }
            }
        }
    }
}

fn shown(found: &Medication, section: Section) -> Markup {
    let treatments = of(found, section);
    let expected = EXPECTED.contains(&section);
    let folded = matches!(section, Section::Later | Section::History);
    html! {
        @if expected || !treatments.is_empty() {
            section.section.medication.(anchor(section)) id=(anchor(section)) aria-labelledby={ (anchor(section)) "-kop" } {
                h2 id={ (anchor(section)) "-kop" } {
                    @if section == Section::Unclear { (icons::warning()) }
                    (title(section)) " " span.count { (treatments.len()) }
                }
                @if treatments.is_empty() {
                    p.empty { (empty(found.is_complete())) }
                } @else if folded {
                    details {
                        summary { "Tonen (" (treatments.len()) ")" }
                        (list(found, &treatments))
                    }
                } @else {
                    (list(found, &treatments))
                    @if !found.is_complete() && section == Section::Current {
                        p.may-lack { (icons::warning()) "Er kan medicatie ontbreken: niet alle bronnen hebben alles geleverd." }
                    }
                }
            }
        }
    }
}

fn list(found: &Medication, treatments: &[&Treatment]) -> Markup {
    html! { ul.groups { @for one in treatments { (treatment::treatment(found, one)) } } }
}
