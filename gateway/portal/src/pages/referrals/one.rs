//! One referral: how far it is, what became of each part of the data, and what can be done.

use flows::bgz::Outcome;
use maud::{Markup, html};

use super::{button, path, row, sides};
use crate::desk::{PartShown, ReferralAct, ReferralShown, Session, Side};
use crate::pages::transfers::{fact, grave, head, trouble};
use crate::pages::{Frame, frame, icons};
use crate::words::{moments, referrals as words};

pub(crate) fn one(around: &Frame<'_>, session: &Session, referral: &ReferralShown) -> Markup {
    let (title, list) = match referral.side {
        Side::Received => ("Ontvangen verwijzing", "/portal/referrals/received"),
        Side::Sent => ("Verstuurde verwijzing", "/portal/referrals/sent"),
    };
    let path = path(referral);
    let further = html! {
        @if referral.readable { a.button href={ (path) "/data" } { "Gegevens lezen" } }
        @for act in referral.acts.iter().filter(|act| asks(**act).is_none()) { (button(session, referral, *act)) }
    };
    let body = html! {
        div.page {
            (sides(session, referral.side))
            p.over { a href=(list) { "Terug naar de werklijst" } }
            h1 { (title) }
            (head(&row(referral), &further))
            @if referral.acts.contains(&ReferralAct::Reject) { (asked(session, referral, ReferralAct::Reject)) }
            @if !referral.parts.is_empty() { (parts(referral)) }
            section.section aria-labelledby="verloop" {
                h2 id="verloop" { "Verloop" }
                table.norms {
                    tbody {
                        (fact("Aangemaakt", &moments::moment(&referral.began)))
                        (fact("Laatst veranderd", &moments::moment(&referral.changed)))
                        @if let Some(until) = &referral.until { (fact("Op te halen tot", &moments::moment(until))) }
                        @if let Some(person) = &referral.person { (fact("Beoordeeld door", person)) }
                        (fact("Kenmerk", &referral.id))
                    }
                }
                (trouble(referral.attempts, referral.given_up, referral.failed.as_deref()))
            }
            @for act in referral.acts.iter().filter(|act| **act != ReferralAct::Reject) { (asked(session, referral, *act)) }
        }
    };
    frame(around, title, &body)
}

fn parts(referral: &ReferralShown) -> Markup {
    html! {
        section.section aria-labelledby="onderdelen" {
            h2 id="onderdelen" { "Onderdelen van de basisgegevensset " span.count { (referral.parts.len()) } }
            table.norms {
                thead { tr { th scope="col" { "Onderdeel" } th scope="col" { "Uitkomst" } th scope="col" { "Gegevens" } } }
                tbody { @for part in &referral.parts { (self::part(part)) } }
            }
            @if referral.not_in_the_list > 0 || referral.cut_short {
                p.qualified {
                    (icons::warning())
                    @if referral.cut_short { "De afzender noemt meer onderdelen dan er worden opgehaald." }
                    @else if referral.not_in_the_list == 1 {
                        "De afzender noemt één vraag die niet bij de basisgegevensset hoort; die is niet gesteld."
                    } @else {
                        "De afzender noemt " (referral.not_in_the_list)
                        " vragen die niet bij de basisgegevensset horen; die zijn niet gesteld."
                    }
                }
            }
        }
    }
}

fn part(part: &PartShown) -> Markup {
    let tone = match part.outcome {
        Outcome::Failed => "grave",
        Outcome::Complete => "well",
        Outcome::Due | Outcome::Empty => "plain",
    };
    html! {
        tr {
            th scope="row" { (part.title) }
            td {
                span.badge.(tone) {
                    @if part.outcome == Outcome::Failed { (icons::warning()) }
                    (words::outcome(part.outcome))
                }
                @if let Some(why) = &part.why { p.hint { "Voor uw beheerder: " code { (why) } } }
            }
            td { @if part.resources > 0 { (part.resources) } }
        }
    }
}

/// What is asked before this is done, with its button; nothing for what is done at once.
fn asked(session: &Session, referral: &ReferralShown, act: ReferralAct) -> Markup {
    let path = format!("{}/{}", path(referral), act.path());
    html! {
        @if let Some((asks, tells)) = asks(act) { (grave(session, &path, asks, tells, words::act(act))) }
    }
}

/// What cannot be undone: what is asked before, and told.
fn asks(act: ReferralAct) -> Option<(&'static str, &'static str)> {
    match act {
        ReferralAct::Reject => Some((
            "Kan de patiënt niet bij u terecht?",
            "Als u de verwijzing afwijst, krijgt de afzender dat te horen en worden er geen gegevens opgehaald.",
        )),
        ReferralAct::Withdraw => Some((
            "Toch niet?",
            "Als u intrekt wat u heeft aangenomen, krijgt de afzender dat te horen en zijn de gegevens hier niet meer te lezen.",
        )),
        ReferralAct::CompleteAnyway => Some((
            "De behandeling is afgerond, maar niet alles kon worden opgehaald",
            "Als u nu afrondt, sluit de afzender de gegevens. Wat ontbreekt, kan daarna niet meer worden opgehaald.",
        )),
        ReferralAct::Cancel => Some((
            "Verstuurd naar de verkeerde ontvanger, of niet meer nodig?",
            "Als u de verwijzing intrekt, kan de ontvanger meteen geen gegevens meer ophalen.",
        )),
        ReferralAct::Take | ReferralAct::Retry | ReferralAct::Complete | ReferralAct::Resend | ReferralAct::Renew => {
            None
        }
    }
}
