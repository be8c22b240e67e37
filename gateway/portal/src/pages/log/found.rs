//! What was found in the log, newest first.

use audit::Language;
use maud::{Markup, html};

use super::line::line;
use super::search::form;
use super::typed::Typed;
use crate::desk::{LogFound, Question};
use crate::pages::{Frame, foot, frame, icons, period, token};
use crate::words::counted;

pub(crate) fn found(around: &Frame<'_>, found: &LogFound, request_id: &str) -> Markup {
    let body = html! {
        div.page {
            h1 { "Toegangslog" }
            (asked(&found.question))
            details.change {
                summary { "Vraag wijzigen" }
                (form(around.csrf(), &Typed::of(&found.question), &[]))
            }
            @if found.unreadable > 0 {
                p.warn role="alert" {
                    (icons::warning())
                    span {
                        (counted(found.unreadable, "record kan", "records kunnen")) " niet worden gelezen. Of "
                        @if found.unreadable == 1 { "het" } @else { "ze" } " bij deze vraag "
                        @if found.unreadable == 1 { "hoort" } @else { "horen" } ", is niet te zeggen."
                    }
                }
            }
            section.section aria-labelledby="gevonden" {
                h2 id="gevonden" { (heading(found)) }
                @if found.records.is_empty() {
                    p.empty { "Er is niets in het log dat aan deze vraag voldoet." }
                } @else {
                    ol.entries { @for record in &found.records { (line(record, &found.hints, false)) } }
                }
                @if let Some(older) = &found.older {
                    form.older method="post" action="/portal/log/more" {
                        (token(around.csrf()))
                        input type="hidden" name="token" value=(older);
                        button.quiet type="submit" { "Ouder" }
                    }
                }
            }
            (foot(request_id, Language::Dutch))
        }
    };
    frame(around, "Toegangslog", &body)
}

fn heading(found: &LogFound) -> String {
    match (found.records.len(), found.older.is_some()) {
        (0, _) => "Niets gevonden".to_owned(),
        (shown, true) => format!("{} getoond, nieuwste eerst; er zijn er meer", counted(shown, "record", "records")),
        (shown, false) => format!("{}, nieuwste eerst", counted(shown, "record", "records")),
    }
}

/// The question in words. Whoever asked may read what they asked.
fn asked(question: &Question) -> Markup {
    let only: Vec<&str> = [
        (question.emergency, "met de noodprocedure"),
        (question.refused, "wat geweigerd of mislukt is"),
        (question.without_relation, "zonder vastgestelde behandelrelatie"),
        (question.of_the_log, "inzage in het toegangslog"),
    ]
    .into_iter()
    .filter_map(|(asked, words)| asked.then_some(words))
    .collect();
    html! {
        dl.facts {
            @if let Some(bsn) = &question.patient { div { dt { "Patiënt (BSN)" } dd.digits { (bsn) } } }
            @if let Some(person) = &question.person { div { dt { "Medewerker" } dd { (person) } } }
            @if let Some(ura) = &question.organisation { div { dt { "Zorgaanbieder (URA)" } dd.digits { (ura) } } }
            div { dt { "Periode" } dd { (period::told(question.period, Language::Dutch)) } }
            @if let Some(class) = question.class {
                div { dt { "Uitkomst" } dd { (audit::sentence::label(class, Language::Dutch)) } }
            }
            @if !only.is_empty() { div { dt { "Alleen" } dd { (only.join("; ")) } } }
        }
    }
}
