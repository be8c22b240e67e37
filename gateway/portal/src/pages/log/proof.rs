//! How it stands with the proof that the log was not altered, for a privacy officer.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::desk::{Alarm, Cosigned, NeighbourState, ProofState, WitnessState};
use crate::pages::{Frame, frame, icons};
use crate::words::counted;
use crate::words::moments::{age, when};

/// So many characters of a root tell two apart at sight.
const SHORT: usize = 12;

pub(crate) fn proof(around: &Frame<'_>, state: &ProofState) -> Markup {
    let alarms: usize = state.neighbours.iter().map(|neighbour| neighbour.alarms.len()).sum();
    let body = html! {
        div.page {
            h1 { "Bewijs" }
            p.lead {
                "Het log is zo opgebouwd dat niemand, ook wij zelf niet, er ongemerkt iets in kan veranderen. Geregeld zetten wij een "
                "handtekening onder alles wat er staat, en zorgaanbieders in de buurt ondertekenen mee als getuigen."
            }
            (banner(state, alarms))
            (own(state))
            (witnesses(state))
            (neighbours(state))
        }
    };
    frame(around, "Bewijs", &body)
}

fn banner(state: &ProofState, alarms: usize) -> Markup {
    html! {
        @if let Some(trouble) = &state.trouble {
            section.banner.incomplete role="alert" aria-labelledby="stand" {
                (icons::warning())
                div { h2 id="stand" { "Met ons bewijs is iets mis" } p { (trouble) } p { "Waarschuw uw beheerder." } }
            }
        } @else if alarms > 0 {
            section.banner.incomplete role="alert" aria-labelledby="stand" {
                (icons::warning())
                div {
                    h2 id="stand" { "Alarm over een ander log" }
                    p { "Ons eigen bewijs is in orde. " (counted(alarms, "alarm", "alarmen")) " over een log waarvan wij getuige zijn: zie hieronder." }
                }
            }
        } @else if state.signed.is_none() {
            section.banner.incomplete role="status" aria-labelledby="stand" {
                (icons::warning())
                div { h2 id="stand" { "Nog niets ondertekend" } p { "Het eerste controlepunt moet nog worden gemaakt." } }
            }
        } @else {
            section.banner.complete role="status" aria-labelledby="stand" {
                (icons::check())
                div {
                    h2 id="stand" { "In orde" }
                    p { "Het laatste controlepunt is ondertekend, en er is geen alarm." }
                }
            }
        }
    }
}

fn own(state: &ProofState) -> Markup {
    let waiting = state.records.saturating_sub(state.size);
    let root: String = state.root.chars().take(SHORT).collect();
    html! {
        section.section aria-labelledby="eigen" {
            h2 id="eigen" { "Ons log" }
            table.norms {
                caption.unseen { "Het laatste controlepunt van ons log" }
                tbody {
                    tr { th scope="row" { "Naam" } td { code { (state.origin) } } }
                    tr {
                        th scope="row" { "Ondertekend" }
                        td { (counted_u64(state.size)) @if waiting > 0 { " van de " (state.records) "; de rest volgt bij het volgende controlepunt" } }
                    }
                    tr {
                        th scope="row" { "Laatste controlepunt" }
                        td { @match state.signed {
                            Some(at) => { (when(at)) ", " (age(state.now - at)) " geleden" },
                            None => span.none { "nog geen" },
                        } }
                    }
                    tr { th scope="row" { "Vingerafdruk" } td { code { (root) "…" } } }
                    tr { th scope="row" { "Openbare sleutel" } td { code { (state.key) } } }
                }
            }
            p.hint { "Geef de sleutel aan wie ons log controleert, en bewaar een controlepunt buiten deze node. Zo ziet u later of het verleden is veranderd." }
        }
    }
}

fn counted_u64(records: u64) -> String {
    format!("{records} {}", if records == 1 { "record" } else { "records" })
}

fn witnesses(state: &ProofState) -> Markup {
    html! {
        section.section aria-labelledby="getuigen" {
            h2 id="getuigen" { "Onze getuigen" }
            @if state.witnesses.is_empty() {
                p.empty { "Er zijn geen getuigen ingesteld. Dan rust het bewijs alleen op onze eigen handtekening." }
            } @else {
                table.stack {
                    caption.unseen { "Zorgaanbieders die onze controlepunten mede ondertekenen" }
                    thead { tr {
                        th scope="col" { "Zorgaanbieder" } th scope="col" { "Mede ondertekend" }
                        th scope="col" { "Wanneer" } th scope="col" { "Achterstand" }
                    } }
                    tbody { @for witness in &state.witnesses { (row(witness, state)) } }
                }
            }
        }
    }
}

fn row(witness: &WitnessState, state: &ProofState) -> Markup {
    html! {
        tr {
            th scope="row" { (witness.name) }
            (cosigned(witness.cosigned, state.now))
            td data-label="Achterstand" {
                @match witness.cosigned.map(|cosigned| state.size.saturating_sub(cosigned.size)) {
                    Some(0) => "geen",
                    Some(behind) => (counted_u64(behind)),
                    None => (counted_u64(state.size)),
                }
                @if let Some(trouble) = &witness.trouble { p.qualified { (icons::warning()) span { (trouble) } } }
            }
        }
    }
}

fn cosigned(cosigned: Option<Cosigned>, now: OffsetDateTime) -> Markup {
    html! {
        @match cosigned {
            Some(cosigned) => {
                td data-label="Mede ondertekend" { (counted_u64(cosigned.size)) }
                td data-label="Wanneer" {
                    @match cosigned.at {
                        Some(at) => { (when(at)) span.id { " " (age(now - at)) " geleden" } },
                        None => span.none { "voor de laatste start" },
                    }
                }
            },
            None => {
                td data-label="Mede ondertekend" { span.none { "nog niets" } }
                td data-label="Wanneer" { span.none { "nog nooit" } }
            },
        }
    }
}

fn neighbours(state: &ProofState) -> Markup {
    html! {
        section.section aria-labelledby="buren" {
            h2 id="buren" { "Waarvan wij getuige zijn" }
            @if state.neighbours.is_empty() {
                p.empty { "Wij zijn van geen ander log getuige." }
            } @else {
                @for neighbour in &state.neighbours { @for alarm in &neighbour.alarms { (alarmed(neighbour, *alarm)) } }
                table.stack {
                    caption.unseen { "Zorgaanbieders wier controlepunten wij mede ondertekenen" }
                    thead { tr {
                        th scope="col" { "Zorgaanbieder" } th scope="col" { "Mede ondertekend" }
                        th scope="col" { "Wanneer" } th scope="col" { "Stand" }
                    } }
                    tbody {
                        @for neighbour in &state.neighbours {
                            tr {
                                th scope="row" { (neighbour.name) }
                                (cosigned(neighbour.cosigned, state.now))
                                td data-label="Stand" {
                                    @if let Some(trouble) = &neighbour.trouble {
                                        p.qualified { (icons::warning()) span { (trouble) } }
                                    }
                                    @if neighbour.alarms.is_empty() { span.badge.well { "in orde" } }
                                    @else { span.badge.grave { (counted(neighbour.alarms.len(), "alarm", "alarmen")) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What happened, what it means and what to do, without the field's own words for it.
fn alarmed(neighbour: &NeighbourState, alarm: Alarm) -> Markup {
    let name = &neighbour.name;
    let (title, says) = match alarm {
        Alarm::Fork { known, shown } => (
            "Twee versies van één log",
            format!(
                "{name} ondertekende twee controlepunten, van {known} en van {shown} records, die niet allebei waar kunnen zijn. \
                 Een eerlijk log heeft maar één verleden."
            ),
        ),
        Alarm::Rollback { known, shown } => (
            "Het log is korter geworden",
            format!(
                "{name} toont een log van {shown} records, terwijl wij er eerder {known} kenden. Er zijn records verdwenen, of er \
                 is een oude reservekopie teruggezet."
            ),
        ),
        Alarm::Unproven { known, shown } => (
            "Het nieuwe log volgt niet op het oude",
            format!(
                "{name} vroeg ons {shown} records mede te ondertekenen, maar kon niet aantonen dat die volgen op de {known} die wij \
                 al kenden. Misschien is het verleden herschreven."
            ),
        ),
    };
    html! {
        div.alarm {
            h3 { (icons::warning()) (title) }
            p { (says) }
            p.hint { "Wij ondertekenen dit niet mee. Neem contact op met " (name) ", niet via deze node." }
        }
    }
}
