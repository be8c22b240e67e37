//! What the work lists of handoffs and of referrals have in common: a line per transfer, with how far it is and what comes next,
//! what asks for attention first. They name no patient: whoever wants to know whom it is about reads it, and that is on record.

use std::time::Duration;

use maud::{Markup, html};

use super::{Frame, frame, icons, token};
use crate::desk::{Session, Side};
use crate::words::moments;

/// The most transfers of each part of a list that a page shows.
const MOST: usize = 200;

/// A transfer as it stands in a list, and at the head of its own page.
pub(super) struct Row<'t> {
    /// Of its own page.
    pub path: String,
    pub side: Side,
    /// The other provider.
    pub party: &'t str,
    pub ura: &'t str,
    /// RFC 3339.
    pub began: &'t str,
    /// How far it is, in two words, and how that looks.
    pub state: &'static str,
    pub tone: Tone,
    /// What comes next, and who does it.
    pub next: String,
    /// How long it waits, when that is longer than it should.
    pub overdue: Option<Duration>,
    /// To where within the receiver it is to go.
    pub routed: &'t [String],
    /// How much it is.
    pub extent: Option<String>,
    /// What to do with it first: the last part of the path, and what the button says.
    pub first: Option<(&'static str, &'static str)>,
}

/// How a state looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// It is stuck.
    Grave,
    /// Somebody of ours is to do something.
    Care,
    /// It goes on by itself.
    Well,
    /// It is over.
    Plain,
}

/// A work list: what is open, then what is over.
pub(super) struct List<'t> {
    pub title: &'static str,
    pub lead: &'static str,
    /// The other list, when there is one.
    pub sides: Markup,
    pub open: Vec<Row<'t>>,
    pub over: Vec<Row<'t>>,
}

pub(super) fn list(around: &Frame<'_>, session: &Session, list: &List<'_>) -> Markup {
    let body = html! {
        div.page {
            (list.sides)
            h1 { (list.title) }
            p.lead { (list.lead) }
            section.section aria-labelledby="open" {
                h2 id="open" { "Open " span.count { (list.open.len()) } }
                @if list.open.is_empty() { p.empty { "Er staat niets open." } } @else { (rows(session, &list.open)) }
            }
            @if !list.over.is_empty() {
                section.section aria-labelledby="klaar" {
                    h2 id="klaar" { "Klaar " span.count { (list.over.len()) } }
                    (rows(session, &list.over))
                }
            }
        }
    };
    frame(around, list.title, &body)
}

/// Between the two work lists below this path, for whoever sees both.
pub(super) fn sides(base: &str, both: bool, here: Side) -> Markup {
    let link = |side: Side, says: &str| {
        html! {
            li { a href={ (base) "/" (side.path()) } aria-current=[(side == here).then_some("page")] { (says) } }
        }
    };
    html! {
        @if both {
            nav.places.sides aria-label="Werklijsten" {
                ul { (link(Side::Received, "Ontvangen")) (link(Side::Sent, "Verstuurd")) }
            }
        }
    }
}

fn rows(session: &Session, rows: &[Row<'_>]) -> Markup {
    html! {
        div.entries {
            @for row in rows.iter().take(MOST) { (self::row(session, row)) }
        }
        @if rows.len() > MOST {
            p.hint { "Er zijn er nog " (rows.len() - MOST) "; die staan hier niet." }
        }
    }
}

fn row(session: &Session, row: &Row<'_>) -> Markup {
    html! {
        article.entry.transfer {
            p.when { (moments::moment(row.began)) }
            div.told {
                h3 { a href=(row.path) { (toward(row.side)) (row.party) } }
                (routed(row.routed))
                p { (row.next) }
                @if let Some(extent) = &row.extent { p.hint { (extent) } }
            }
            div.marks {
                (marks(row))
                @if let Some((act, says)) = row.first { (button(session, &format!("{}/{act}", row.path), says, act == TAKE)) }
            }
        }
    }
}

/// The act that is what a list is for.
const TAKE: &str = "take";

/// What stands at the head of a transfer's own page; `further` is what can be done with it.
pub(super) fn head(row: &Row<'_>, further: &Markup) -> Markup {
    html! {
        section.section.said {
            div.marks { (marks(row)) }
            p.sentence { (toward(row.side)) strong { (row.party) } " (URA " (row.ura) ")" }
            (routed(row.routed))
            p { (row.next) }
            div.further { (further) }
        }
    }
}

fn toward(side: Side) -> &'static str {
    if side == Side::Sent { "Naar " } else { "Van " }
}

/// How far it is, and whether it waits too long.
fn marks(row: &Row<'_>) -> Markup {
    let tone = match row.tone {
        Tone::Grave => "grave",
        Tone::Care => "care",
        Tone::Well => "well",
        Tone::Plain => "plain",
    };
    html! {
        span.badge.(tone) { @if row.tone == Tone::Grave { (icons::warning()) } (row.state) }
        @if let Some(waits) = row.overdue {
            span.badge { (icons::warning()) "Wacht al " (moments::age(time(waits))) }
        }
    }
}

fn routed(names: &[String]) -> Markup {
    html! {
        @if !names.is_empty() {
            p.routed { span { "Voor: " } strong { (names.join(", ")) } }
        }
    }
}

/// A button that does what is posted to this path.
pub(super) fn button(session: &Session, path: &str, says: &str, first: bool) -> Markup {
    html! {
        form method="post" action=(path) {
            (token(&session.csrf))
            button.quiet[!first] type="submit" { (says) }
        }
    }
}

/// What shows that a form is of this session.
pub(super) fn token_of(session: &Session) -> Markup {
    token(&session.csrf)
}

/// That what comes next does not succeed, for whoever administers the node with the reason.
pub(super) fn trouble(attempts: u16, given_up: bool, why: Option<&str>) -> Markup {
    html! {
        @if attempts > 0 {
            div.warn {
                (icons::warning())
                div {
                    p {
                        "De volgende stap is " (attempts) " keer mislukt"
                        @if given_up { " en wordt niet meer vanzelf herhaald." } @else { " en wordt vanzelf herhaald." }
                    }
                    @if let Some(why) = why { p.hint { "Voor uw beheerder: " code { (why) } } }
                }
            }
        }
    }
}

/// Something that cannot be undone: told about before it can be done.
pub(super) fn grave(session: &Session, path: &str, asks: &str, tells: &str, says: &str) -> Markup {
    html! {
        section.section {
            details.change {
                summary { (asks) }
                form.open method="post" action=(path) {
                    (token(&session.csrf))
                    p { (tells) }
                    button.quiet type="submit" { (says) }
                }
            }
        }
    }
}

pub(super) fn fact(name: &str, says: &str) -> Markup {
    html! { tr { th scope="row" { (name) } td { (says) } } }
}

fn time(span: Duration) -> ::time::Duration {
    ::time::Duration::try_from(span).unwrap_or(::time::Duration::MAX)
}
