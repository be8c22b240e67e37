//! Reading what is another's: by id, by compartment, by operation, by history. Each is answered as what does not exist.

use std::future::Future;
use std::pin::Pin;

use reqwest::Method;
use serde_json::json;

use super::attempt::{Attempt, World};
use crate::suites::setting::Setting;
use crate::suites::{Check, Flaw, Judgement, ensure};

/// An attack on an open world.
pub type Attacking<'w> = Pin<Box<dyn Future<Output = Judgement> + 'w>>;

/// A check that makes an attack and then looks whether the node is well.
pub fn attack(name: &'static str, run: impl for<'w> Fn(&'w World<'w>) -> Attacking<'w> + Clone + 'static) -> Check {
    Check::new(name, move |setting: &Setting| {
        let run = run.clone();
        Box::pin(async move {
            let world = World::open(setting).await?;
            run(&world).await?;
            world.well().await
        })
    })
}

/// Every attempt is refused before a source is asked.
pub fn refused(name: &'static str, attempts: impl Fn(&World) -> Result<Vec<Attempt>, Flaw> + Clone + 'static) -> Check {
    attack(name, move |world| {
        let attempts = attempts.clone();
        Box::pin(async move {
            for attempt in attempts(world)? {
                world.refused(&attempt).await?;
            }
            Ok(())
        })
    })
}

/// Every first is answered as its second, which does not exist.
pub fn as_absent(
    name: &'static str,
    pairs: impl Fn(&World) -> Result<Vec<(Attempt, Attempt)>, Flaw> + Clone + 'static,
) -> Check {
    attack(name, move |world| {
        let pairs = pairs.clone();
        Box::pin(async move {
            for (theirs, nowhere) in pairs(world)? {
                world.as_absent(&theirs, &nowhere).await?;
            }
            Ok(())
        })
    })
}

fn pair(theirs: String, nowhere: &str) -> (Attempt, Attempt) {
    (Attempt::get(theirs), Attempt::get(nowhere))
}

pub fn checks() -> Vec<Check> {
    vec![
        as_absent("ATT-01: another patient's resource is read as one that does not exist", |world| {
            Ok(vec![
                pair(format!("Observation/{}", world.id_of("Observation", &world.b)?), "Observation/nope"),
                pair(format!("Condition/{}", world.id_of("Condition", &world.b)?), "Condition/nope"),
            ])
        }),
        as_absent("ATT-02: another patient's id in the path is one that does not exist", |world| {
            Ok(vec![pair(format!("Patient/{}", world.b), "Patient/nope")])
        }),
        attack("ATT-03: another case or version of the path leads nowhere", |world| Box::pin(variants(world))),
        refused("ATT-25: everything of another patient is refused", |world| {
            let path = format!("Patient/{}/$everything", world.b);
            let parameters = json!({"resourceType": "Parameters"});
            Ok(vec![
                Attempt::get(path.as_str()),
                Attempt::send(Method::POST, path, &parameters),
                Attempt::get("Patient/$everything"),
                Attempt::get("Patient/nope/$everything"),
            ])
        }),
        refused("ATT-26: everything of one's own patient brings no family along", |world| {
            Ok(vec![Attempt::get(format!("Patient/{}/$everything", world.a))])
        }),
        as_absent("ATT-27: another patient's compartment is as one that does not exist", |world| {
            Ok(vec![
                pair(format!("Patient/{}/Observation", world.b), "Patient/nope/Observation"),
                pair(format!("Patient/{}/*", world.b), "Patient/nope/*"),
            ])
        }),
        attack("ATT-27: a compartment of an encounter or a practitioner shows nobody else's", |world| {
            Box::pin(compartments(world))
        }),
        refused("ATT-29: no history tells of another patient", |world| {
            Ok(vec![
                Attempt::get("_history"),
                Attempt::get("Observation/_history"),
                Attempt::get(format!("Patient/{}/_history?_since=1900-01-01", world.a)),
                Attempt::get(format!("Observation/{}/_history", world.id_of("Observation", &world.b)?)),
            ])
        }),
        attack("ATT-49: another patient's document is not read by its id, whatever is accepted", |world| {
            Box::pin(documents(world))
        }),
        attack("ATT-47: no header of the caller feeds a decision", |world| Box::pin(headers(world))),
    ]
}

async fn variants(world: &World<'_>) -> Judgement {
    let upper = world.b.to_uppercase();
    for path in [format!("patient/{}", world.b), format!("Patient/{}/_history/1", world.b)] {
        world.refused(&Attempt::get(path)).await?;
    }
    world.as_absent(&Attempt::get(format!("Patient/{upper}")), &Attempt::get("Patient/NOPE")).await
}

async fn compartments(world: &World<'_>) -> Judgement {
    let encounter = world.id_of("Encounter", &world.b)?;
    for path in [format!("Encounter/{encounter}/Observation"), "Practitioner/vanloon/Observation".to_owned()] {
        world.refused(&Attempt::get(path)).await?;
    }
    // The token's own compartment: what there is, or nothing.
    let answer = world.tried(&Attempt::get(format!("Patient/{}/*", world.a)), 1).await?;
    ensure(answer.status >= 400, || format!("all of a compartment answers {}", answer.status))
}

async fn documents(world: &World<'_>) -> Judgement {
    for accept in ["*/*", "application/pdf", "application/fhir+json"] {
        let (theirs, nowhere) = (Attempt::get("Binary/docB"), Attempt::get("Binary/nope"));
        let (theirs, nowhere) = (theirs.with("accept", accept), nowhere.with("accept", accept));
        world.refused(&theirs).await?;
        world.as_absent(&theirs, &nowhere).await?;
    }
    let url = format!("{}/Binary/docB", world.gate.base);
    let answer = world.gate.caller.get(&url).await?;
    ensure(answer.status == 401, || format!("without a token it answers {}", answer.status))?;
    world.discreet(&answer)
}

async fn headers(world: &World<'_>) -> Judgement {
    let claims = |attempt: Attempt| {
        attempt
            .with("x-purpose-of-use", "ETREAT")
            .with("x-role", "admin")
            .with("x-patient-id", world.b.as_str())
            .with("x-user", "admin")
            .with("x-forwarded-user", "admin")
    };
    for attempt in [Attempt::get("Condition"), Attempt::get(format!("Condition?patient={}", world.b))] {
        let with = world.tried(&claims(attempt.clone()), 1).await?;
        let without = world.tried(&attempt, 1).await?;
        let found = |body: Option<serde_json::Value>| body.map(|body| super::attempt::names(&body));
        ensure(with.status == without.status && found(with.json()) == found(without.json()), || {
            "the headers make a difference".to_owned()
        })?;
    }
    Ok(())
}
