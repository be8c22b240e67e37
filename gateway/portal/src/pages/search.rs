//! The page on which a practitioner names a patient.

use maud::{Markup, html};

use super::{Frame, frame, reference, token};
use crate::desk::Session;

/// `wrong` is what was typed and is no BSN, with the id of that request.
pub(crate) fn search(around: &Frame<'_>, session: &Session, wrong: Option<(&str, &str)>) -> Markup {
    let body = html! {
        div.narrow {
            h1 { "Gezondheidsoverzicht" }
            p.lead { "Gegevens van één patiënt, van alle zorgaanbieders waar deze patiënt bekend is." }
            form.card method="post" action="/portal/overview" autocomplete="off" {
                @if wrong.is_some() {
                    p.error role="alert" id="melding" {
                        "Dit is geen geldig BSN. Een BSN heeft negen cijfers die aan de elfproef voldoen."
                    }
                }
                (token(&session.csrf))
                label for="bsn" { "BSN van de patiënt" }
                input.digits id="bsn" name="bsn" type="text" inputmode="numeric" required maxlength="32" spellcheck="false"
                    autocomplete="off" value=[wrong.map(|(typed, _)| typed)] aria-invalid=[wrong.map(|_| "true")]
                    aria-describedby=(if wrong.is_some() { "melding uitleg" } else { "uitleg" }) autofocus;
                p.hint id="uitleg" { "Negen cijfers; spaties en punten mogen." }
                div.further {
                    button type="submit" { "Overzicht opvragen" }
                    @if session.medication {
                        button.quiet type="submit" formaction="/portal/medication" { "Medicatieoverzicht opvragen" }
                    }
                }
            }
            (mandates(session))
            p.hint {
                "U ziet alleen gegevens van patiënten met wie u een behandelrelatie heeft. Elke raadpleging wordt vastgelegd "
                "(NEN 7513) en is voor de patiënt in te zien."
            }
            @if let Some((_, request_id)) = wrong { (reference(request_id, around.language)) }
        }
    };
    frame(around, "Patiënt zoeken", &body)
}

/// For whom the person acts, where there is a choice.
fn mandates(session: &Session) -> Markup {
    let choice = |value: &str, says: &str, chosen: bool| {
        html! {
            label.choice {
                input type="radio" name="acting" value=(value) checked[chosen];
                span { (says) }
            }
        }
    };
    html! {
        @if session.chooses {
            form.card method="post" action="/portal/mandate" {
                (token(&session.csrf))
                fieldset {
                    legend { "Namens wie raadpleegt u?" }
                    (choice("", "Uzelf", session.acting.is_none()))
                    @for (index, mandate) in session.mandates.iter().enumerate() {
                        (choice(&index.to_string(), mandate, session.acting == Some(index)))
                    }
                }
                p.hint { "U blijft degene die raadpleegt; voor wie u dat doet, wordt mede vastgelegd." }
                button.quiet type="submit" { "Kiezen" }
            }
        }
    }
}
