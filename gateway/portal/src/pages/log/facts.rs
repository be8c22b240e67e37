//! What NEN 7513 asks of a record, field by field, with the number of its section in the standard.

use audit::{Class, Language, sentence};
use exchange::record::{AccessRecord, CallerFacts, OutcomeFacts};
use fhir::identifiers::Reader;
use maud::{Markup, html};
use policy::Person;

use super::line::marks;
use crate::words::grounds;
use crate::words::moments::moment;

pub(super) fn facts(record: &AccessRecord) -> Markup {
    html! {
        section.section aria-labelledby="velden" {
            h2 id="velden" { "Wat is vastgelegd" }
            table.norms {
                caption.unseen { "De velden van NEN 7513 voor dit record, met hun nummer in de norm" }
                (who(record))
                (what(record))
                (why(record))
                (how(record))
            }
        }
    }
}

/// One field. `section` is its place in NEN 7513; none for what the standard does not ask.
fn row(name: &str, section: &str, value: &Markup) -> Markup {
    html! {
        tr {
            th scope="row" { (name) @if !section.is_empty() { span.norm { " " (section) } } }
            td { (value) }
        }
    }
}

fn part(title: &str, rows: &Markup) -> Markup {
    html! { tbody { tr.part { th colspan="2" scope="rowgroup" { (title) } } (rows) } }
}

fn unknown() -> Markup {
    html! { span.none { "niet bekend" } }
}

fn none(says: &str) -> Markup {
    html! { span.none { (says) } }
}

fn who(record: &AccessRecord) -> Markup {
    let caller = record.caller.as_ref();
    let asker = caller.and_then(|caller| caller.person.as_ref());
    let by = |person: &Person| {
        html! {
            (person.name.as_deref().unwrap_or("zonder naam")) " " span.id { (person.id) }
        }
    };
    let profession = |person: &Person| {
        html! {
            (sentence::profession(&person.role, Language::Dutch)) " " span.id { (person.role) }
        }
    };
    let machine = || none("een systeem, namens niemand in het bijzonder");
    let rows = html! {
        (row("Wie", "7.3.1, 7.3.3", &match (caller, asker) {
            (_, Some(person)) => by(person),
            (Some(_), None) => machine(),
            (None, _) => unknown(),
        }))
        (row("Rol", "7.3.4", &asker.map_or_else(|| none("geen"), profession)))
        (row("Namens wie", "7.3.6–7.3.8", &match caller.and_then(|caller| caller.responsible.as_ref()) {
            Some(person) => html! { (by(person)) ", " (profession(person)) },
            None => none("niemand anders"),
        }))
        (row("Organisatie", "", &caller.map_or_else(unknown, organisation)))
        (row("Systeem", "7.3.1", &caller.map_or_else(unknown, |caller| html! { span.id { (caller.client_id) } })))
        (row("Vanwaar", "7.3.10", &record.remote.map_or_else(unknown, |remote| html! { span.id { (remote) } })))
    };
    part("Wie", &rows)
}

fn organisation(caller: &CallerFacts) -> Markup {
    html! {
        (caller.organisation_name.as_deref().unwrap_or("zonder naam")) " "
        @if !caller.organisation.is_empty() { span.id { "URA " (caller.organisation) } }
        @if let Some(kind) = &caller.organisation_kind { " " span.id { "soort " (kind) } }
    }
}

fn what(record: &AccessRecord) -> Markup {
    let rows = html! {
        (row("Patiënt", "7.4.3", &match &record.patient {
            Some(bsn) => html! { "BSN " span.digits { (bsn.reveal_to(Reader::AccessLog)) } },
            None => none("geen"),
        }))
        (row("Wat", "7.2.2, 7.4.12", &match &record.asked {
            Some(asked) => html! {
                (capital(&sentence::parts(record, Language::Dutch))) br;
                code { (grounds::asked(asked)) } " " span.id { "FHIR " (asked.fhir_version) }
            },
            None => none("het verzoek was niet te lezen"),
        }))
        (row("Wanneer", "7.2.3", &html! {
            time datetime=(record.recorded) { (moment(&record.recorded)) }
            " " span.id { "begonnen " (moment(&record.started)) }
        }))
    };
    part("Wat en wanneer", &rows)
}

fn why(record: &AccessRecord) -> Markup {
    let decision = record.decision.as_ref();
    let relation = grounds::finding(record.treatment_relation.as_ref(), |relation| {
        let age = grounds::age(relation.age_days);
        format!("{}: {}{age}", grounds::relation_kind(&relation.kind), relation.reference)
    });
    let consent = grounds::finding(record.consent.as_ref(), |consent| {
        let source = grounds::consent_source(&consent.source);
        format!("{} ({source}: {})", grounds::consent(consent.decision), consent.reference)
    });
    let rows = html! {
        (row("Doel", "", &match decision.and_then(|decision| decision.purpose) {
            Some(purpose) => html! { (capital(grounds::purpose(purpose))) " " span.id { (purpose.code()) } },
            None => none("niet vastgesteld"),
        }))
        (row("Grondslag", "7.2.6", &match decision {
            Some(decision) => html! {
                @if decision.permitted { "Toegestaan" } @else { "Niet toegestaan" }
                @if let Some(use_case) = &decision.use_case { ", toepassing " span.id { (use_case) } }
                @if let Some(denial) = decision.denial { ": " (grounds::denial(denial)) }
            },
            None => none("niet aan een beslissing toegekomen"),
        }))
        @if let Some(enforcer) = &record.decided_for {
            (row("Beslist voor", "", &html! { "Eigen systeem " span.id { (enforcer) } ", dat zelf verstrekt of weigert" }))
        }
        (row("Behandelrelatie", "7.4.7", &html! {
            (capital(&relation))
            @if !record.relation_evidence.is_empty() {
                ul { @for one in &record.relation_evidence { li { (capital(&grounds::evidence(one))) } } }
            }
        }))
        (row("Toestemming", "7.4.8", &html! { (capital(&consent)) }))
        (row("Beleid en versie", "7.4.6", &match decision.and_then(|decision| decision.policy.as_ref()) {
            Some(policy) => html! { "Versie " (policy.version) @if let Some(bundle) = &policy.bundle { ", bundel " (bundle) } br; code { "sha256:" (policy.digest) } },
            None => none("geen beleid toegepast"),
        }))
        @if let Some(decision) = decision {
            @if !decision.reasons.is_empty() {
                (row("Redenen", "7.2.6", &html! {
                    ul { @for reason in &decision.reasons { li { (reason.description) " " span.id { (reason.code) } } } }
                }))
            }
            @if !decision.obligations.is_empty() {
                (row("Voorwaarden", "7.2.6", &html! {
                    ul { @for obligation in &decision.obligations { li { (capital(&grounds::obligation(obligation))) } } }
                }))
            }
        }
        @if let Some(emergency) = &record.emergency {
            (row("Noodprocedure", "7.2.4", &html! { "Ja. Opgegeven reden: " q { (emergency.reason) } }))
        }
        @if let Some(review) = &record.review {
            (row("Oordeel", "", &html! {
                span.badge.(grounds::verdict_tone(review.verdict)) { (grounds::verdict(review.verdict)) }
                " over " a href={ "/portal/log/record/" (review.index) } { "record " (review.index) } ": " q { (review.note) }
            }))
        }
    };
    part("Waarom", &rows)
}

fn how(record: &AccessRecord) -> Markup {
    let shown: Vec<&str> = record.shown.iter().map(|shown| grounds::shown(*shown)).collect();
    let token = record.caller.as_ref().and_then(|caller| caller.token_id.as_ref());
    let rows = html! {
        (row("Uitkomst", "7.2.5", &html! {
            (marks(Class::of(record), record.emergency.is_some(), Language::Dutch))
            @if let OutcomeFacts::Refused { status, reason } = &record.outcome {
                " " span.id { (reason) ", status " (status) }
            }
        }))
        (row("Waarmee aangetoond", "7.2.6", &match shown.is_empty() {
            true => none("niets getoond"),
            false => html! {
                (capital(&shown.join(", "))) @if let Some(token) = token { " " span.id { (token) } }
            },
        }))
        (row("Vastgelegd door", "7.5.2", &html! {
            "Deze node " span.id { "URA " (record.node) } ", " (grounds::gate(record.gate))
            @if let Some(direction) = record.direction { "; " (grounds::direction(direction)) }
        }))
        (row("Kenmerken", "", &html! {
            "Verzoek " code { (record.request_id) } br; "Uitwisseling " code { (record.correlation_id) }
        }))
    };
    part("Hoe", &rows)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
