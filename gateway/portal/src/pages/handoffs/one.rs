//! One transfer: how far it is, what can be done, and for whoever administers the node why it is not further.

use flows::eoverdracht::Stage;
use maud::{Markup, html};

use super::{button, marks, routed, sides};
use crate::desk::{HandoffAct, Progress, Session, Side, TransferShown};
use crate::pages::{Frame, frame, icons, token};
use crate::words::{handoffs as words, moments};

pub(crate) fn one(around: &Frame<'_>, session: &Session, transfer: &TransferShown) -> Markup {
    let (title, list) = match transfer.side {
        Side::Received => ("Ontvangen overdracht", "/portal/handoffs/received"),
        Side::Sent => ("Verstuurde overdracht", "/portal/handoffs/sent"),
    };
    let readable = transfer.progress == Progress::Received(Stage::Completed)
        || transfer.progress == Progress::Received(Stage::Taken);
    let path = format!("/portal/handoffs/{}/{}", transfer.side.path(), transfer.id);
    let body = html! {
        div.page {
            (sides(session, transfer.side))
            p.over { a href=(list) { "Terug naar de werklijst" } }
            h1 { (title) }
            section.section.said {
                div.marks { (marks(transfer)) }
                p.sentence {
                    @if transfer.side == Side::Sent { "Naar " } @else { "Van " } strong { (transfer.party) }
                    " (URA " (transfer.ura) ")"
                }
                (routed(transfer))
                p { (words::next(transfer)) }
                div.further {
                    @if readable { a.button href={ (path) "/document" } { "Overdracht lezen" } }
                    @for act in transfer.acts.iter().filter(|act| **act != HandoffAct::Cancel) {
                        (button(session, transfer, *act))
                    }
                }
            }
            section.section aria-labelledby="verloop" {
                h2 id="verloop" { "Verloop" }
                table.norms {
                    tbody {
                        (fact("Aangemaakt", &moments::moment(&transfer.began)))
                        (fact("Laatst veranderd", &moments::moment(&transfer.changed)))
                        @if let Some(count) = transfer.resources { (fact("Aantal gegevens", &count.to_string())) }
                        @if let Some(taker) = &transfer.taker { (fact("Ontvangen door", taker)) }
                        @if let Some(stored) = transfer.stored {
                            (fact("In eigen dossier", if stored { "ja" } else { "nog niet" }))
                        }
                        @if let Some((by, at)) = &transfer.read {
                            (fact("Afgetekend als gelezen", &format!("{by}, {}", moments::moment(at))))
                        }
                        (fact("Kenmerk", &transfer.id))
                    }
                }
                @if transfer.attempts > 0 {
                    div.warn {
                        (icons::warning())
                        div {
                            p {
                                "De volgende stap is " (transfer.attempts) " keer mislukt"
                                @if transfer.given_up { " en wordt niet meer vanzelf herhaald." }
                                @else { " en wordt vanzelf herhaald." }
                            }
                            @if let Some(why) = &transfer.failed { p.hint { "Voor uw beheerder: " code { (why) } } }
                        }
                    }
                }
            }
            @if transfer.acts.contains(&HandoffAct::Cancel) {
                section.section {
                    details.change {
                        summary { "Verstuurd naar de verkeerde ontvanger, of niet meer nodig?" }
                        form.open method="post" action={ (path) "/cancel" } {
                            (token(&session.csrf))
                            p {
                                "Als u de overdracht intrekt, kan de ontvanger meteen geen gegevens meer ophalen. Wat al helemaal "
                                "ontvangen en bevestigd is, kan niet worden ingetrokken."
                            }
                            button.quiet type="submit" { (words::act(HandoffAct::Cancel)) }
                        }
                    }
                }
            }
        }
    };
    frame(around, title, &body)
}

fn fact(name: &str, says: &str) -> Markup {
    html! { tr { th scope="row" { (name) } td { (says) } } }
}
