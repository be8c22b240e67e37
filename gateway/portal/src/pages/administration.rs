//! The administrator's pages: who waits and who is signed in, and the configuration in force.

use maud::{Markup, html};

use super::{Frame, frame, token};
use crate::desk::{AccessShown, LockedOut, Session};
use crate::words::moments;

pub(crate) fn access(around: &Frame<'_>, session: &Session, shown: &AccessShown) -> Markup {
    let body = html! {
        div.page {
            h1 { "Aanmeldingen" }
            p.lead { "Wie te vaak vergeefs probeerde aan te melden wacht vanzelf uit. Maak een wachttijd alleen ongedaan als u weet "
                "wie het is." }
            h2 { "Wie moet wachten" }
            @if shown.locked.is_empty() { p { "Niemand." } }
            @for one in &shown.locked { (locked(session, one)) }
            h2 { "Wie is aangemeld" }
            @for one in &shown.sessions {
                div.card {
                    p {
                        strong { (one.name) } ", " (one.way) ", sinds " (moments::when(one.started)) ", het laatst gebruikt "
                        (moments::when(one.last_used))
                        @if one.this { " (dit bent u)" }
                    }
                    @if !one.this {
                        form method="post" action="/portal/access/end" {
                            (token(&session.csrf))
                            input type="hidden" name="handle" value=(one.handle);
                            button.quiet type="submit" { "Beëindigen" }
                        }
                    }
                }
            }
            @if shown.more > 0 { p.hint { "En " (shown.more) " aanmeldingen die langer niet zijn gebruikt." } }
        }
    };
    frame(around, "Aanmeldingen", &body)
}

fn locked(session: &Session, one: &LockedOut) -> Markup {
    html! {
        div.card {
            p {
                @if one.is_person { "Persoon " } @else { "Adres " }
                strong { (one.who) } ", nog " (one.wait.as_secs().max(1)) " s"
            }
            form method="post" action="/portal/access/unlock" {
                (token(&session.csrf))
                input type="hidden" name="key" value=(one.key);
                button.quiet type="submit" { "Ontgrendelen" }
            }
        }
    }
}

pub(crate) fn configuration(around: &Frame<'_>, text: &str) -> Markup {
    let body = html! {
        div.page {
            h1 { "Configuratie" }
            p.lead { "Zoals deze node nu werkt, met wat niet is ingesteld op zijn standaardwaarde. Geheimen staan in bestanden, "
                "waarvan hier alleen de namen staan." }
            pre { code { (text) } }
        }
    };
    frame(around, "Configuratie", &body)
}
