//! Unusual patterns of a period. A hint accuses nobody: it says what to look at.

use audit::{Hint, Language, Pattern};
use maud::{Markup, html};

use crate::desk::{HintsFound, Period};
use crate::pages::period::{self, WrongPeriod};
use crate::pages::{Frame, foot, frame, token};
use crate::words::counted;
use crate::words::grounds::pattern;
use crate::words::moments::iso_day;

/// So many records of a hint are linked to.
const LINKED: usize = 20;

const PATTERNS: [Pattern; 4] =
    [Pattern::WithoutTreatmentRelation, Pattern::ManyPatients, Pattern::RefusedInSeries, Pattern::OutsideWorkingHours];

/// `found` is none when the period that was asked for is none.
pub(crate) fn hints(
    around: &Frame<'_>,
    found: Result<&HintsFound, (Period, WrongPeriod)>,
    request_id: Option<&str>,
) -> Markup {
    let (asked, wrong) = match found {
        Ok(found) => (found.period, None),
        Err((asked, wrong)) => (asked, Some(wrong)),
    };
    let body = html! {
        div.page {
            h1 { "Opvallend" }
            p.lead { "Patronen die het bekijken waard zijn. Zij beschuldigen niemand: vaak is er een goede verklaring." }
            (period::form("/portal/log/hints", asked, wrong, Language::Dutch))
            @if let Ok(found) = found {
                p.hint {
                    (counted(found.looked_over, "record", "records")) " bekeken, " (period::told(found.period, Language::Dutch)) "."
                    @if found.cut_off { " Er waren er meer dan in één keer worden bekeken; de oudste zijn overgeslagen. Kies een kortere periode." }
                }
                @if found.hints.is_empty() {
                    section.section { p.empty { "In deze periode valt niets op." } }
                }
                @for kind in PATTERNS { (of(around.csrf(), kind, found)) }
            }
            p.hint {
                "Niet uit het log te halen: of iemand het dossier van een collega, een familielid of zichzelf opende (dat vraagt "
                "een register van personen), en of het een feestdag was."
            }
            @if let Some(request_id) = request_id { (foot(request_id, Language::Dutch)) }
        }
    };
    frame(around, "Opvallend", &body)
}

fn of(csrf: &str, kind: Pattern, found: &HintsFound) -> Markup {
    let own: Vec<&Hint> = found.hints.iter().filter(|hint| hint.pattern == kind).collect();
    html! {
        @if !own.is_empty() {
            section.section {
                h2 { (pattern(kind)) span.count { " " (own.len()) } }
                ul.entries { @for hint in own { (one(csrf, hint, found.period)) } }
            }
        }
    }
}

fn one(csrf: &str, hint: &Hint, period: Period) -> Markup {
    let linked = hint.records.get(..LINKED).unwrap_or(&hint.records);
    let more = hint.records.len() - linked.len();
    html! {
        li.hinted {
            p { (hint.reason(Language::Dutch)) }
            p.who-asked {
                @match (&hint.person, &hint.organisation) {
                    (Some(person), Some(ura)) => { "Medewerker " span.id { (person) } " van zorgaanbieder " span.id { "URA " (ura) } },
                    (None, Some(ura)) => { "Een systeem van zorgaanbieder " span.id { "URA " (ura) } },
                    _ => "Een vrager die niet is herkend",
                }
            }
            details {
                summary { (counted(hint.records.len(), "record", "records")) }
                ul.links {
                    @for index in linked { li { a href={ "/portal/log/record/" (index) } { "record " (index) } } }
                    @if more > 0 { li { "en nog " (more) } }
                }
            }
            @if let Some(ura) = &hint.organisation {
                form method="post" action="/portal/log" {
                    (token(csrf))
                    @if let Some(person) = &hint.person { input type="hidden" name="person" value=(person); }
                    input type="hidden" name="organisation" value=(ura);
                    @if let Some(from) = period.from { input type="hidden" name="from" value=(iso_day(from)); }
                    @if let Some(until) = period.until { input type="hidden" name="until" value=(iso_day(until)); }
                    button.quiet type="submit" {
                        @if hint.person.is_some() { "Alles van deze medewerker in deze periode" } @else { "Alles van deze zorgaanbieder in deze periode" }
                    }
                }
            }
        }
    }
}
