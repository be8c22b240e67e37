//! May somebody see something of a patient, and what decides it: the question, and its answer.

use audit::Language;
use maud::{Markup, html};

use super::again::reasons;
use crate::desk::{Explainable, Explanation, WouldBe};
use crate::pages::{Frame, foot, frame, reference, token};
use crate::words::grounds;

/// Longest text of a field, in characters.
pub(crate) const LONGEST: usize = 400;

/// What was found wrong with the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrongQuestion {
    /// A field is missing, or the choice is none of the list.
    Incomplete,
    Patient,
    /// The stack found that it cannot be asked so.
    Unusable,
}

/// What was typed: `choice` of the list, and `filter`, are put together to what is asked.
#[derive(Clone, Copy, Default)]
pub(crate) struct Chosen<'t> {
    pub choice: &'t str,
    pub filter: &'t str,
}

/// The page. `request_id` is of the request that answered or refused it, when it came to one.
pub(crate) fn explain(
    around: &Frame<'_>,
    offered: &[Explainable],
    asked: &WouldBe,
    chosen: Chosen<'_>,
    wrong: Option<WrongQuestion>,
    answer: Option<&Explanation>,
    request_id: Option<&str>,
) -> Markup {
    let body = html! {
        div.page {
            h1 { "Uitleg" }
            p.lead { "Zou iemand dit van een patiënt mogen zien, en op welke regel, toestemming en behandelrelatie rust dat?" }
            @if let Some(explanation) = answer { (told(explanation)) }
            (form(around.csrf(), offered, asked, chosen, wrong))
            p.hint {
                "Er wordt niets verstrekt. De eigen registers en bronnen worden bevraagd, Mitz niet: die zou de patiënt een inzage melden "
                "die er niet was."
            }
            @match (answer, request_id) {
                (Some(_), Some(request_id)) => (foot(request_id, Language::Dutch)),
                (None, Some(request_id)) => (reference(request_id, Language::Dutch)),
                _ => p.hint { "Elke vraag naar uitleg wordt zelf ook vastgelegd (NEN 7513)." },
            }
        }
    };
    frame(around, "Uitleg van een besluit", &body)
}

fn told(explanation: &Explanation) -> Markup {
    let relation = grounds::finding(explanation.treatment_relation.as_ref(), |relation| {
        let age = grounds::age(relation.age_days);
        format!("{}: {}{age}", grounds::relation_kind(&relation.kind), relation.reference)
    });
    let consent = grounds::finding(explanation.consent.as_ref(), |consent| {
        let source = grounds::consent_source(&consent.source);
        format!("{} ({source}: {})", grounds::consent(consent.decision), consent.reference)
    });
    html! {
        section.card.said aria-labelledby="antwoord" {
            h2 id="antwoord" {
                @if explanation.permitted { span.badge.well { "ja" } " Dit zou mogen" } @else { span.badge.grave { "nee" } " Dit zou niet mogen" }
            }
            @if let Some(denial) = explanation.denial { p.sentence { "Waarom niet: " (grounds::denial(denial)) "." } }
            dl.details {
                @if let Some(policy) = &explanation.policy {
                    div {
                        dt { "Beleid" }
                        dd {
                            @if let Some(use_case) = &explanation.use_case { (use_case) ", " }
                            "versie " (policy.version) @if let Some(bundle) = &policy.bundle { ", bundel " (bundle) } " "
                            code { "sha256:" (policy.digest) }
                        }
                    }
                }
                div {
                    dt { "Behandelrelatie" }
                    dd {
                        (relation)
                        @if !explanation.relation_evidence.is_empty() {
                            ul { @for one in &explanation.relation_evidence { li { (grounds::evidence(one)) } } }
                        }
                    }
                }
                div { dt { "Toestemming" } dd { (consent) } }
                (reasons(&explanation.reasons))
                @if !explanation.obligations.is_empty() {
                    div {
                        dt { "Voorwaarden" }
                        dd { ul { @for obligation in &explanation.obligations { li { (grounds::obligation(obligation)) } } } }
                    }
                }
            }
        }
    }
}

fn form(
    csrf: &str,
    offered: &[Explainable],
    asked: &WouldBe,
    Chosen { choice, filter }: Chosen<'_>,
    wrong: Option<WrongQuestion>,
) -> Markup {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    html! {
        form.card.ask method="post" action="/portal/log/explain" autocomplete="off" {
            @if let Some(wrong) = wrong {
                p.error role="alert" id="melding" {
                    @match wrong {
                        WrongQuestion::Incomplete => "Vul het BSN, de zorgaanbieder en de rol in, en kies wat er gevraagd zou worden.",
                        WrongQuestion::Patient => "Dit is geen geldig BSN. Een BSN heeft negen cijfers die aan de elfproef voldoen.",
                        WrongQuestion::Unusable => "Zo kan het niet worden gevraagd. Controleer de nummers en de zoekvoorwaarde; noem de patiënt alleen in het veld daarvoor.",
                    }
                }
            }
            (token(csrf))
            fieldset {
                legend { "Wie" }
                div.fields {
                    (text("organisation", "Zorgaanbieder", &asked.organisation, Some("URA-nummer. Het eigen nummer: iemand van hier die bij anderen opvraagt.")))
                    (text("organisation_kind", "Soort zorgaanbieder", &some(&asked.organisation_kind), Some("Code, bijvoorbeeld Z3 of X3.")))
                    (text("role", "Rol", &asked.role, Some("UZI-rolcode, bijvoorbeeld 01.015.")))
                    (text("person", "Medewerker", &some(&asked.person), Some("Nummer, als het ertoe doet wie het is.")))
                }
            }
            fieldset {
                legend { "Wat, en over wie" }
                div.fields {
                    (text("patient", "BSN van de patiënt", &asked.patient, Some("Negen cijfers; spaties en punten mogen.")))
                    div.field {
                        label for="choice" { "Toepassing en vraag" }
                        select id="choice" name="choice" required {
                            option value="" selected[choice.is_empty()] { "Kies" }
                            @for one in offered {
                                optgroup label=(one.title) {
                                    @for offer in &one.offers {
                                        @let value = format!("{} {offer}", one.use_case);
                                        option value=(value) selected[value == choice] { (one.use_case) ": " (offer) }
                                    }
                                }
                            }
                        }
                    }
                    (text("filter", "Zoekvoorwaarde", filter, Some("Zoals in een FHIR-vraag, zonder de patiënt: category=problem-list-item.")))
                }
                div.boxes {
                    div.tick {
                        input id="asserted" name="asserted" type="checkbox" value="yes" checked[asked.asserted];
                        label for="asserted" { "de vrager verklaart een behandelrelatie te hebben" }
                    }
                }
            }
            button type="submit" { "Leg uit" }
        }
    }
}

fn text(name: &str, label: &str, value: &str, hint: Option<&str>) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="text" value=(value) maxlength=(LONGEST) spellcheck="false" autocomplete="off"
                aria-describedby=[hint.map(|_| format!("{name}-uitleg"))];
            @if let Some(hint) = hint { p.hint id={ (name) "-uitleg" } { (hint) } }
        }
    }
}
