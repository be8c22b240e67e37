//! The form by which an auditor asks something of the log.

use audit::{Class, Language};
use maud::{Markup, html};

use super::typed::{LONGEST, Typed, Wrong};
use crate::pages::{Frame, frame, reference, token};

/// The page with nothing but the form. `wrong` is what was found wrong with what was typed; `request_id` is of the
/// request that found it, when it came to one.
pub(crate) fn search(around: &Frame<'_>, typed: &Typed, wrong: &[Wrong], request_id: Option<&str>) -> Markup {
    let body = html! {
        div.page {
            h1 { "Toegangslog" }
            p.lead {
                "Wie heeft wanneer welke gegevens gezien, op welke grond en met welke uitkomst. Ook geweigerde pogingen en "
                "inzage in dit log zelf staan erin."
            }
            (form(around.csrf(), typed, wrong))
            p.hint { "Elke inzage in het toegangslog wordt zelf ook vastgelegd (NEN 7513)." }
            @if let Some(request_id) = request_id { (reference(request_id, Language::Dutch)) }
        }
    };
    frame(around, "Toegangslog", &body)
}

pub(super) fn form(csrf: &str, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let has = |fault: Wrong| wrong.contains(&fault);
    html! {
        form.card.ask method="post" action="/portal/log" autocomplete="off" {
            @if !wrong.is_empty() {
                div.error role="alert" id="melding" { @for wrong in wrong { p { (wrong.words()) } } }
            }
            (token(csrf))
            fieldset {
                legend { "Over wie" }
                div.fields {
                    (text("patient", "BSN van de patiënt", &typed.patient, Some("Negen cijfers; spaties en punten mogen."), has(Wrong::Patient)))
                    (text("person", "Medewerker", &typed.person, Some("Het nummer waarmee de medewerker in het log staat."), false))
                    (text("organisation", "Zorgaanbieder", &typed.organisation, Some("URA-nummer van wie het vroeg."), false))
                }
            }
            fieldset {
                legend { "Wanneer en met welke uitkomst" }
                div.fields {
                    (day("from", "Van", &typed.from, has(Wrong::From) || has(Wrong::Period)))
                    (day("until", "Tot en met", &typed.until, has(Wrong::Until) || has(Wrong::Period)))
                    div.field {
                        label for="class" { "Uitkomst" }
                        select id="class" name="class" aria-invalid=[has(Wrong::Class).then_some("true")] {
                            option value="" selected[typed.class.is_empty()] { "Elke uitkomst" }
                            @for class in Class::ALL {
                                option value=(class.code()) selected[typed.class == class.code()] {
                                    (audit::sentence::label(class, Language::Dutch))
                                }
                            }
                        }
                    }
                }
            }
            fieldset {
                legend { "Alleen" }
                div.boxes {
                    (tick("emergency", "met de noodprocedure", typed.emergency.is_some()))
                    (tick("refused", "wat geweigerd of mislukt is", typed.refused.is_some()))
                    (tick("without_relation", "zonder vastgestelde behandelrelatie", typed.without_relation.is_some()))
                    (tick("of_the_log", "inzage in het toegangslog", typed.of_the_log.is_some()))
                }
            }
            button type="submit" { "Zoeken" }
        }
    }
}

fn text(name: &str, label: &str, value: &str, hint: Option<&str>, wrong: bool) -> Markup {
    let describes = match (hint.is_some(), wrong) {
        (true, true) => Some(format!("melding {name}-uitleg")),
        (true, false) => Some(format!("{name}-uitleg")),
        (false, true) => Some("melding".to_owned()),
        (false, false) => None,
    };
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="text" value=(value) maxlength=(LONGEST) spellcheck="false" autocomplete="off"
                aria-invalid=[wrong.then_some("true")] aria-describedby=[describes];
            @if let Some(hint) = hint { p.hint id={ (name) "-uitleg" } { (hint) } }
        }
    }
}

fn day(name: &str, label: &str, value: &str, wrong: bool) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="date" value=(value) aria-invalid=[wrong.then_some("true")]
                aria-describedby=[wrong.then_some("melding")];
        }
    }
}

fn tick(name: &str, label: &str, ticked: bool) -> Markup {
    html! {
        div.tick {
            input id=(name) name=(name) type="checkbox" value="yes" checked[ticked];
            label for=(name) { (label) }
        }
    }
}
