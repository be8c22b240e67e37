//! The accesses by the emergency procedure (noodprocedure), each to be worked off with a verdict.

use audit::{Language, Numbered, Voice, sentence};
use maud::{Markup, html};
use time::OffsetDateTime;

use crate::desk::{Notices, ReviewItem, ReviewQueue, Verdict, VerdictGiven};
use crate::pages::{Frame, foot, frame, token};
use crate::words::counted;
use crate::words::grounds::{verdict, verdict_tone};
use crate::words::moments::{age, local, moment, when};

/// Longest note with a verdict, in characters.
pub(crate) const LONGEST_NOTE: usize = 500;

/// What was wrong with a verdict, and what had been filled in.
pub(crate) struct WrongVerdict {
    pub index: u64,
    pub verdict: Option<Verdict>,
    pub note: String,
}

pub(crate) fn review(
    around: &Frame<'_>,
    queue: &ReviewQueue,
    wrong: Option<&WrongVerdict>,
    request_id: &str,
) -> Markup {
    let body = html! {
        div.page {
            h1 { "Noodprocedures" }
            p.lead { "Elke inzage met de noodprocedure wordt achteraf beoordeeld: was zij terecht?" }
            (told(queue.notices))
            section.stacked aria-labelledby="open" {
                h2 id="open" { (to_do(queue)) }
                @for item in &queue.open {
                    (open(around.csrf(), item, queue.now, wrong.filter(|wrong| wrong.index == item.record.0)))
                }
                @if queue.open.is_empty() { p.empty { "Alles is beoordeeld." } }
                @if queue.more_open > 0 {
                    p.hint { "Er wachten er nog " (queue.more_open) "; die verschijnen zodra deze zijn beoordeeld." }
                }
            }
            section.section aria-labelledby="beoordeeld" {
                h2 id="beoordeeld" { "Beoordeeld" }
                @if queue.settled.is_empty() {
                    p.empty { "Nog niets." }
                } @else {
                    ol.entries { @for item in &queue.settled { (settled(item)) } }
                }
            }
            (foot(request_id, Language::Dutch))
        }
    };
    frame(around, "Noodprocedures", &body)
}

/// Whether somebody was told of them by other means than this page.
fn told(notices: Notices) -> Markup {
    html! {
        @match notices {
            Notices::Nobody => p.hint { "Van een noodprocedure gaat geen melding uit: zij staat alleen hier." },
            Notices::Told => p.hint { "Van elke noodprocedure is een melding verstuurd en ontvangen." },
            Notices::Waiting { notices, oldest, overdue } => {
                p.qualified[overdue].hint[!overdue] {
                    (counted(notices, "melding", "meldingen")) " nog niet ontvangen"
                    @if let Some(oldest) = oldest { ", de oudste van " (when(oldest)) }
                    @if overdue { ". Dat duurt te lang: waarschuw uw beheerder." } @else { "." }
                }
            },
            Notices::Unknown => p.qualified {
                "Of van elke noodprocedure een melding uitging, is nu niet te zeggen: waarschuw uw beheerder."
            },
        }
    }
}

fn to_do(queue: &ReviewQueue) -> String {
    let open = queue.open.len() + queue.more_open;
    match open {
        0 => "Niets te beoordelen".to_owned(),
        open => format!("{open} te beoordelen, oudste eerst"),
    }
}

fn open(csrf: &str, item: &ReviewItem, now: OffsetDateTime, wrong: Option<&WrongVerdict>) -> Markup {
    let (index, record) = &item.record;
    let waiting = local(&record.recorded).map(|at| age(now - at));
    let fault = format!("melding-{index}");
    let describes = format!("uitleg-{index}");
    html! {
        article.card.open aria-labelledby={ "record-" (index) } {
            header {
                h3 id={ "record-" (index) } { (link(&item.record)) }
                @if let Some(waiting) = waiting { p.age { "wacht " (waiting) } }
            }
            p.sentence { (sentence(record, Language::Dutch, Voice::Auditor)) }
            (reason(&item.record))
            (given(&item.verdicts))
            form method="post" action="/portal/log/review" {
                @if wrong.is_some() {
                    p.error role="alert" id=(fault) {
                        "Kies een oordeel en schrijf een toelichting van ten hoogste " (LONGEST_NOTE) " tekens."
                    }
                }
                (token(csrf))
                input type="hidden" name="index" value=(index);
                fieldset {
                    legend { "Oordeel" }
                    div.boxes {
                        @for one in Verdict::ALL {
                            @let id = format!("{}-{index}", one.code());
                            div.tick {
                                input id=(id) name="verdict" type="radio" value=(one.code()) required
                                    checked[wrong.is_some_and(|wrong| wrong.verdict == Some(one))];
                                label for=(id) { (verdict(one)) }
                            }
                        }
                    }
                }
                div.field {
                    label for={ "note-" (index) } { "Toelichting" }
                    textarea id={ "note-" (index) } name="note" rows="3" required maxlength=(LONGEST_NOTE)
                        aria-invalid=[wrong.map(|_| "true")]
                        aria-describedby=(if wrong.is_some() { format!("{fault} {describes}") } else { describes.clone() }) {
                        @if let Some(wrong) = wrong { (wrong.note) }
                    }
                    p.hint id=(describes) {
                        "Waarop het oordeel rust, in ten hoogste " (LONGEST_NOTE) " tekens. Noem geen gegevens over de gezondheid van de patiënt."
                    }
                }
                button type="submit" { "Oordeel vastleggen" }
            }
        }
    }
}

fn link(numbered: &Numbered) -> Markup {
    let (index, record) = numbered;
    html! { a href={ "/portal/log/record/" (index) } { (moment(&record.recorded)) ", record " (index) } }
}

fn reason(numbered: &Numbered) -> Markup {
    html! {
        @if let Some(emergency) = &numbered.1.emergency {
            dl.details { div { dt { "Opgegeven reden" } dd { (emergency.reason) } } }
        }
    }
}

fn given(verdicts: &[VerdictGiven]) -> Markup {
    html! {
        @if !verdicts.is_empty() {
            ul.verdicts {
                @for given in verdicts {
                    li {
                        span.badge.(verdict_tone(given.verdict)) { (verdict(given.verdict)) } " "
                        span.by { (given.by) ", " (when(given.at)) }
                        p.words { (given.note) }
                    }
                }
            }
        }
    }
}

fn settled(item: &ReviewItem) -> Markup {
    let (_, record) = &item.record;
    html! {
        li.entry {
            p.when { (link(&item.record)) }
            div.told {
                p { (sentence(record, Language::Dutch, Voice::Auditor)) }
                (reason(&item.record))
                (given(&item.verdicts))
            }
        }
    }
}
