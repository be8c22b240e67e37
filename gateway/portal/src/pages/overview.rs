//! The overview of one patient: who, how complete, from whom, and what.

use flows::overview::Overview;
use maud::{Markup, html};

use super::{Frame, banner, frame, icons, patient, reference, sections, sources};

/// `emergency` when it was asked for by the emergency procedure.
pub(crate) fn overview(around: &Frame<'_>, overview: &Overview, request_id: &str, emergency: bool) -> Markup {
    let body = html! {
        (patient::header(overview))
        @if emergency {
            section.banner.incomplete role="status" aria-labelledby="nood" {
                (icons::warning())
                div {
                    h2 id="nood" { "Noodprocedure" }
                    p { "U ziet deze gegevens zonder vastgestelde behandelrelatie of toestemming. De privacyfunctionaris beoordeelt dit achteraf." }
                }
            }
        }
        (banner::banner(overview))
        div.columns {
            div.side {
                (sections::contents(overview))
                (sources::sources(overview))
            }
            div.content { (sections::sections(overview)) }
        }
        footer.foot {
            (reference(request_id, around.language))
            p.hint { "Deze raadpleging is vastgelegd (NEN 7513)." }
        }
    };
    frame(around, "Gezondheidsoverzicht", &body)
}
