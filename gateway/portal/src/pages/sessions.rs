//! The page on which people see where they are signed in, and end it.

use maud::{Markup, html};

use super::{Frame, frame, token};
use crate::desk::{OwnSession, Session};
use crate::words::moments;

pub(crate) fn sessions(around: &Frame<'_>, session: &Session, sessions: &[OwnSession]) -> Markup {
    let others = sessions.iter().filter(|one| !one.this).count();
    let body = html! {
        div.narrow {
            h1 { "Waar u bent aangemeld" }
            p.lead { "Herkent u een aanmelding niet, beëindig die dan en neem contact op met uw beheerder." }
            @for one in sessions {
                div.card {
                    p {
                        (one.way) ", sinds " (moments::when(one.started)) ", het laatst gebruikt "
                        (moments::when(one.last_used))
                        @if one.this { strong { " (hier)" } }
                    }
                    @if !one.this { (end(session, &one.handle, "Beëindigen")) }
                }
            }
            @if others > 1 { (end(session, "", "Alle andere beëindigen")) }
        }
    };
    frame(around, "Waar u bent aangemeld", &body)
}

fn end(session: &Session, handle: &str, says: &str) -> Markup {
    html! {
        form method="post" action="/portal/sessions" {
            (token(&session.csrf))
            input type="hidden" name="handle" value=(handle);
            button.quiet type="submit" { (says) }
        }
    }
}
