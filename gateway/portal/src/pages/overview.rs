//! The overview of one patient: who, how complete, from whom, and what.

use flows::overview::Overview;
use maud::{Markup, html};

use super::{Frame, banner, frame, patient, reference, sections, sources};

pub(crate) fn overview(around: &Frame<'_>, overview: &Overview, request_id: &str) -> Markup {
    let body = html! {
        (patient::header(overview))
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
