//! What an answer tells without data: whether somebody is known, and where.

use std::collections::BTreeSet;

use super::attempt::{NOBODY, OTHER, World};
use super::reading::attack;
use crate::callers::Answer;
use crate::suites::outer_gate::Gate;
use crate::suites::overview::{self, SHOWCASE};
use crate::suites::{Check, Flaw, Judgement, ensure};

/// Was never asked for consent, at the general practice.
const NEVER_ASKED: &str = "999993215";

pub fn checks() -> Vec<Check> {
    vec![
        attack("ATT-43: without a relation an overview tells nobody whether and where a patient is known", |world| {
            Box::pin(without_relation(world))
        }),
        attack("ATT-43: without consent a holder tells nobody whether a patient is known", |world| {
            Box::pin(without_consent(world))
        }),
    ]
}

fn same(known: &Answer, unknown: &Answer) -> Judgement {
    ensure(known.status == 403, || format!("a known patient answers {}", known.status))?;
    ensure(known.status == unknown.status && known.body == unknown.body, || "one can tell them apart".to_owned())?;
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
    ensure(names(known) == names(unknown), || "the headers differ".to_owned())
}

async fn without_relation(world: &World<'_>) -> Judgement {
    let mark = world.setting.mark("hospital").await?;
    let person = world.setting.person("brouwer")?;
    let ask =
        async |bsn: &str| -> Result<Answer, Flaw> { overview::ask(world.setting, "hospital", &person, bsn).await };
    let unknown = ask(NOBODY).await?;
    for bsn in [SHOWCASE, OTHER] {
        let known = ask(bsn).await?;
        same(&known, &unknown)?;
        world.discreet(&known)?;
        for node in &world.setting.ready.nodes {
            let told = String::from_utf8_lossy(&known.body).contains(&node.ura);
            ensure(!told, || "the refusal names an organisation".to_owned())?;
        }
    }
    let records = world.setting.since(&mark, "hospital")?.len();
    ensure(records == 3, || format!("{records} records of 3 requests"))?;
    world.setting.no_source_was_asked(&mark).await
}

async fn without_consent(world: &World<'_>) -> Judgement {
    let mark = world.setting.mark("general-practice").await?;
    let known = Gate::open(world.setting, "general-practice", NEVER_ASKED).await?.search("Condition", &[]).await?;
    let unknown = Gate::open(world.setting, "general-practice", NOBODY).await?.search("Condition", &[]).await?;
    same(&known, &unknown)?;
    world.discreet(&known)?;
    world.setting.no_source_was_asked(&mark).await
}
