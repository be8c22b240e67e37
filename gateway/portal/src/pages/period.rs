//! The form by which a period is chosen. Days name nobody, so they may stand in a URL.

use audit::Language;
use maud::{Markup, html};
use time::Date;

use crate::desk::Period;
use crate::words::moments::{iso_day, long_day};

/// Why a period is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrongPeriod {
    NotADay,
    Backwards,
}

impl WrongPeriod {
    pub(super) const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (WrongPeriod::NotADay, Language::Dutch) => "Kies bestaande dagen, of laat een dag leeg.",
            (WrongPeriod::NotADay, Language::English) => "Choose days that exist, or leave a day empty.",
            (WrongPeriod::Backwards, Language::Dutch) => "De eerste dag van de periode ligt na de laatste.",
            (WrongPeriod::Backwards, Language::English) => "The first day of the period is after the last one.",
        }
    }
}

/// Sends the period to the page at `path`.
pub(super) fn form(path: &str, period: Period, wrong: Option<WrongPeriod>, language: Language) -> Markup {
    let (legend, from, until, show) = match language {
        Language::Dutch => ("Periode", "Van", "Tot en met", "Tonen"),
        Language::English => ("Period", "From", "Up to and including", "Show"),
    };
    html! {
        form.card.period method="get" action=(path) {
            @if let Some(wrong) = wrong { p.error role="alert" id="melding" { (wrong.words(language)) } }
            @if language == Language::English { input type="hidden" name="lang" value="en"; }
            fieldset {
                legend { (legend) }
                div.fields {
                    (day("from", from, period.from, wrong.is_some()))
                    (day("until", until, period.until, wrong.is_some()))
                    button type="submit" { (show) }
                }
            }
        }
    }
}

fn day(name: &str, label: &str, day: Option<Date>, wrong: bool) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="date" value=[day.map(iso_day)] aria-invalid=[wrong.then_some("true")]
                aria-describedby=[wrong.then_some("melding")];
        }
    }
}

/// The period in words.
pub(super) fn told(period: Period, language: Language) -> String {
    let day = |day| long_day(day, language);
    match (period.from, period.until, language) {
        (Some(from), Some(until), Language::Dutch) => format!("van {} tot en met {}", day(from), day(until)),
        (Some(from), Some(until), Language::English) => {
            format!("from {} up to and including {}", day(from), day(until))
        }
        (Some(from), None, Language::Dutch) => format!("vanaf {}", day(from)),
        (Some(from), None, Language::English) => format!("from {}", day(from)),
        (None, Some(until), Language::Dutch) => format!("tot en met {}", day(until)),
        (None, Some(until), Language::English) => format!("up to and including {}", day(until)),
        (None, None, Language::Dutch) => "zolang er wordt vastgelegd".to_owned(),
        (None, None, Language::English) => "for as long as records are kept".to_owned(),
    }
}
