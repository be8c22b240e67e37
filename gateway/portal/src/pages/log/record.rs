//! One record explained: in words, field by field, with what was disclosed, the rest of the same exchange and its proof.

use audit::{Class, Language, Voice, sentence};
use exchange::record::{AccessRecord, SourceFacts};
use maud::{Markup, html};

use super::again::again;
use super::facts::facts;
use super::line::{line, marks, note};
use crate::desk::{RecordProof, RecordShown};
use crate::pages::{Frame, foot, frame, token};
use crate::words::counted;
use crate::words::grounds::fared;
use crate::words::moments::{moment, when};

/// So many references are shown at once; more are folded.
const SHOWN_AT_ONCE: usize = 12;

pub(crate) fn record(around: &Frame<'_>, shown: &RecordShown, request_id: &str) -> Markup {
    let (index, record) = &shown.record;
    let body = html! {
        div.page {
            p.over { a href="/portal/log" { "Toegangslog" } }
            h1 { "Record " (index) }
            div.card.said {
                p.marks {
                    time datetime=(record.recorded) { (moment(&record.recorded)) } " "
                    (marks(Class::of(record), record.emergency.is_some(), Language::Dutch))
                }
                p.sentence { (sentence(record, Language::Dutch, Voice::Auditor)) }
                @for hint in &shown.hints { (note(hint)) }
                (further(around, shown))
            }
            (facts(record))
            (again(&shown.again))
            (given(record))
            (exchange(shown))
            (proof(*index, &shown.proof))
            (foot(request_id, Language::Dutch))
        }
    };
    frame(around, "Record in het toegangslog", &body)
}

/// Questions that lie near. A patient is asked about by a token: their number stands in no hidden field.
fn further(around: &Frame<'_>, shown: &RecordShown) -> Markup {
    let caller = shown.record.1.caller.as_ref();
    let asker = caller.and_then(|caller| Some((caller, caller.person.as_ref()?)));
    html! {
        @if asker.is_some() || shown.patient.is_some() {
            div.further {
                @if let Some((caller, person)) = asker {
                    form method="post" action="/portal/log" {
                        (token(around.csrf()))
                        input type="hidden" name="person" value=(person.id);
                        input type="hidden" name="organisation" value=(caller.organisation);
                        button.quiet type="submit" { "Alles van deze medewerker" }
                    }
                }
                @if let Some(patient) = &shown.patient {
                    form method="post" action="/portal/log/more" {
                        (token(around.csrf()))
                        input type="hidden" name="token" value=(patient);
                        button.quiet type="submit" { "Alles over deze patiënt" }
                    }
                }
            }
        }
    }
}

/// What left or was written, by reference and version. There is no content in the log.
fn given(record: &AccessRecord) -> Markup {
    let rows: Vec<(&SourceFacts, &str, bool)> = record
        .sources
        .iter()
        .flat_map(|source| {
            let disclosed = source.disclosed.iter().map(move |reference| (source, reference.as_str(), false));
            disclosed.chain(source.written.iter().map(move |reference| (source, reference.as_str(), true)))
        })
        .collect();
    let withheld: usize = record.sources.iter().map(|source| source.withheld).sum();
    html! {
        section.section aria-labelledby="verstrekt" {
            h2 id="verstrekt" { "Welke gegevens" }
            @if rows.is_empty() {
                p.empty { "Er is niets verstrekt en niets geschreven." }
            } @else {
                (table_of(rows.get(..SHOWN_AT_ONCE).unwrap_or(&rows), "Verstrekte of geschreven gegevens"))
                @if let Some(rest) = rows.get(SHOWN_AT_ONCE..).filter(|rest| !rest.is_empty()) {
                    details {
                        summary { "Nog " (counted(rest.len(), "gegeven", "gegevens")) }
                        (table_of(rest, "De overige verstrekte of geschreven gegevens"))
                    }
                }
            }
            @if withheld > 0 {
                p.hint { (counted(withheld, "gegeven is", "gegevens zijn")) " achtergehouden. Welke, staat niet in het log." }
            }
            p.hint { "Het log bewaart verwijzingen, nooit de inhoud." }
        }
    }
}

fn table_of(rows: &[(&SourceFacts, &str, bool)], caption: &str) -> Markup {
    html! {
        table.stack {
            caption.unseen { (caption) }
            thead { tr {
                th scope="col" { "Soort" } th scope="col" { "Kenmerk" } th scope="col" { "Versie" } th scope="col" { "Bron" }
            } }
            tbody {
                @for (source, reference, written) in rows {
                    @let (kind, id, version) = apart(reference);
                    tr {
                        th scope="row" { (kind) @if *written { " (geschreven)" } }
                        td data-label="Kenmerk" { @if id.is_empty() { span.none { "zonder kenmerk" } } @else { code { (id) } } }
                        td data-label="Versie" { @if version.is_empty() { span.none { "niet genoemd" } } @else { code { (version) } } }
                        td data-label="Bron" {
                            (name(source))
                            @if let Some(version) = source.fhir_version { ", FHIR " (version.segment().to_uppercase()) }
                        }
                    }
                }
            }
        }
    }
}

/// `Type/id/_history/version` in its parts.
fn apart(reference: &str) -> (&str, &str, &str) {
    let (kind, rest) = reference.split_once('/').unwrap_or((reference, ""));
    let (id, version) = rest.split_once("/_history/").unwrap_or((rest, ""));
    (kind, id, version)
}

fn name(source: &SourceFacts) -> &str {
    if source.name.is_empty() { &source.holder } else { &source.name }
}

/// The rest of the same exchange: here by our own records, elsewhere as far as we know.
fn exchange(shown: &RecordShown) -> Markup {
    let (index, record) = &shown.record;
    let others: Vec<&SourceFacts> = record.sources.iter().filter(|source| source.holder != record.node).collect();
    let foreign = record.caller.as_ref().filter(|caller| caller.organisation != record.node);
    html! {
        section.section aria-labelledby="uitwisseling" {
            h2 id="uitwisseling" { "Dezelfde uitwisseling" }
            h3 { "In dit log" }
            ol.entries { @for one in &shown.same_exchange { (line(one, &[], one.0 == *index)) } }
            h3 { "Bij andere zorgaanbieders" }
            @if others.is_empty() && foreign.is_none() {
                p.hint { "Voor zover dit log weet, was er geen andere zorgaanbieder bij betrokken." }
            }
            @if let Some(caller) = foreign {
                p { (caller.organisation_name.as_deref().unwrap_or("Een andere zorgaanbieder")) " " span.id { "URA " (caller.organisation) } " vroeg dit aan ons." }
            }
            @if !others.is_empty() {
                table.stack {
                    caption.unseen { "Andere zorgaanbieders die zijn bevraagd, en wat zij antwoordden" }
                    thead { tr {
                        th scope="col" { "Gevraagd aan" } th scope="col" { "Antwoord" }
                        th.number scope="col" { "Verstrekt" } th.number scope="col" { "Achtergehouden" }
                    } }
                    tbody {
                        @for source in others {
                            tr {
                                th scope="row" { (name(source)) " " span.id { "URA " (source.holder) } }
                                td data-label="Antwoord" { (fared(source.status)) }
                                td.number data-label="Verstrekt" { (source.disclosed.len()) }
                                td.number data-label="Achtergehouden" { (source.withheld) }
                            }
                        }
                    }
                }
            }
            p.hint {
                "Andere zorgaanbieders leggen hun kant van de uitwisseling vast in hun eigen log. Dat kunnen wij hier niet "
                "tonen; het is daar te vinden onder hetzelfde kenmerk: " code { (record.correlation_id) } "."
            }
        }
    }
}

fn proof(index: u64, proof: &RecordProof) -> Markup {
    html! {
        section.section aria-labelledby="bewijs" {
            h2 id="bewijs" { "Bewijs" }
            @match proof {
                RecordProof::Signed { size, signed, cosigned_by } => {
                    p {
                        "Record " (index) " valt binnen het ondertekende controlepunt van " (size) " records van "
                        (when(*signed)) ". Wordt dit record nog veranderd, dan klopt dat controlepunt niet meer."
                    }
                    @if cosigned_by.is_empty() {
                        p.hint { "Nog geen andere zorgaanbieder heeft dat controlepunt of een later mede ondertekend." }
                    } @else {
                        p { "Mede ondertekend door " (cosigned_by.join(", ")) "." }
                    }
                },
                RecordProof::NotYet => p { "Dit record is nieuwer dan het laatste controlepunt. Het volgende spreekt ook van dit record." },
                RecordProof::Unknown => p.qualified { "Hoe het met het bewijs staat, is nu niet te zeggen. Zie de pagina Bewijs." },
            }
            p.hint { "Zo maakt uw beheerder het bewijs, dat met openbare hulpmiddelen is na te rekenen:" }
            pre tabindex="0" role="region" aria-label="Opdracht" { code { "zorgsluis log prove " (index) " --folder MAP-VAN-HET-LOG" } }
        }
    }
}
