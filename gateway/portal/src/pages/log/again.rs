//! A logged decision beside what the policies of now would decide on the same request and facts.

use maud::{Markup, html};
use policy::Reason;

use crate::desk::{Again, DecidedAgain};
use crate::words::grounds;

/// The section of a record's page.
pub(super) fn again(decided: &DecidedAgain) -> Markup {
    html! {
        section.section aria-labelledby="opnieuw" {
            h2 id="opnieuw" { "Met het beleid van nu" }
            @match decided {
                DecidedAgain::NotPossible => p.empty {
                    "Dit is niet opnieuw te beoordelen: er viel geen besluit, het record zegt er niet genoeg voor, of de toepassing is hier niet "
                    "meer in gebruik."
                },
                DecidedAgain::By(all) => {
                    @for one in all { (by(one)) }
                    p.hint { "Beoordeeld naar de vraag, behandelrelatie en toestemming zoals dit record ze vermeldt." }
                },
            }
        }
    }
}

fn by(one: &Again) -> Markup {
    html! {
        div.said {
            p {
                @if one.permitted { span.badge.well { "toegestaan" } } @else { span.badge.grave { "geweigerd" } }
                @if one.as_then { " zoals toen" } @else { strong { " anders dan toen" } }
                @if one.tried { ", door het beleid dat alleen wordt geprobeerd" }
                @if let Some(policy) = &one.policy { " " span.id { "versie " (policy.version) } }
            }
            dl.details {
                @if let Some(denial) = one.denial { div { dt { "Waarom niet" } dd { (grounds::denial(denial)) } } }
                (reasons(&one.reasons))
            }
        }
    }
}

/// The reasons of a policy, in its own words.
pub(super) fn reasons(reasons: &[Reason]) -> Markup {
    html! {
        @if !reasons.is_empty() {
            div {
                dt { "Redenen" }
                dd { ul { @for reason in reasons { li { (reason.description) " " span.id { (reason.code) } } } } }
            }
        }
    }
}
