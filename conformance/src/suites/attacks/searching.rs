//! Searching for another's: patients in parameters, twice, encoded, absolute or by a modifier; includes out of the
//! compartment; parameters, orders and counts as oracles.

use super::attempt::{Attempt, NOBODY, OTHER, World, entries};
use super::planted::Sink;
use super::reading::{as_absent, attack, refused};
use crate::suites::overview::is_about;
use crate::suites::setting::BSN_SYSTEM;
use crate::suites::{Check, Judgement, ensure};

fn all(paths: impl IntoIterator<Item = String>) -> Vec<Attempt> {
    paths.into_iter().map(Attempt::get).collect()
}

fn by_number(bsn: &str) -> String {
    format!("Observation?patient.identifier={BSN_SYSTEM}%7C{bsn}")
}

pub fn checks() -> Vec<Check> {
    vec![
        as_absent("ATT-05: a search that names another patient is as one for a patient that does not exist", |world| {
            let pair = |theirs: String, nowhere: String| (Attempt::get(theirs), Attempt::get(nowhere));
            let b = &world.b;
            Ok(vec![
                pair(format!("Observation?patient={b}"), "Observation?patient=nope".into()),
                pair(format!("Observation?subject=Patient/{b}"), "Observation?subject=Patient/nope".into()),
                pair(by_number(OTHER), by_number(NOBODY)),
            ])
        }),
        refused("ATT-06: two patients in one parameter are refused", |world| {
            let (a, b) = (&world.a, &world.b);
            Ok(all([format!("Observation?patient={a},{b}"), format!("Observation?patient={b},{a}")]))
        }),
        refused("ATT-07: a patient parameter given twice with two patients is refused in either order", |world| {
            let (a, b) = (&world.a, &world.b);
            Ok(all([
                format!("Observation?patient={a}&patient={b}"),
                format!("Observation?patient={b}&patient={a}"),
                format!("Observation?patient={a}&subject=Patient/{b}"),
            ]))
        }),
        refused("ATT-09: an encoded or differently written name of a parameter is no way around", |world| {
            let b = &world.b;
            Ok(all([
                format!("Observation?p%61tient={b}"),
                "Observation?patient%3AMissing=true".to_owned(),
                format!("Observation?PATIENT={b}"),
                format!("Observation?patient%00={b}"),
            ]))
        }),
        attack("ATT-10: an absolute reference in a parameter is refused and nobody is called", |world| {
            Box::pin(absolute(world))
        }),
        refused("ATT-11: a modifier that widens is refused", |world| {
            Ok(all([
                "Observation?patient:missing=true".to_owned(),
                format!("Observation?patient:not={}", world.a),
                "Observation?subject:missing=false".to_owned(),
                format!("Observation?patient:identifier={BSN_SYSTEM}%7C{OTHER}"),
            ]))
        }),
        attack("ATT-11: what is negated is of the token's patient only", |world| Box::pin(negated(world))),
        refused("ATT-14: a reverse include out of the compartment is refused", |_| {
            Ok(all(["Practitioner?_id=vanloon&_revinclude=Observation:performer".to_owned()]))
        }),
        refused("ATT-15: a chain of iterated includes is refused", |world| {
            let chain = "_include=Encounter:participant&_revinclude:iterate=Encounter:participant";
            Ok(all([format!("Encounter?patient={}&{chain}", world.a)]))
        }),
        refused("ATT-17: a chained search tells nothing of another patient", |_| {
            Ok(all([format!(
                "Practitioner?_has:Observation:performer:subject:Patient.identifier={BSN_SYSTEM}%7C{OTHER}"
            )]))
        }),
        as_absent("ATT-18: a value is not found by halving", |world| {
            let ask = |value: &str| {
                Attempt::get(format!("Patient?_id={}&_has:Observation:patient:value-quantity={value}", world.a))
            };
            Ok(vec![(ask("gt5"), ask("lt5"))])
        }),
        refused("ATT-19: a chain through a shared resource is refused", |world| {
            Ok(all([format!(
                "Observation?patient={}&performer:Practitioner._has:Condition:asserter:code=http://snomed.info/sct%7C86406008",
                world.a
            )]))
        }),
        refused("ATT-21: an order by what is another's is refused", |_| {
            Ok(all(["Observation?_sort=subject:Patient.birthdate&_count=1".to_owned()]))
        }),
        attack("ATT-22: counts are of the token's patient only", |world| Box::pin(counts(world))),
    ]
}

async fn absolute(world: &World<'_>) -> Judgement {
    let sink = Sink::open()?;
    for path in [
        format!("Observation?patient=https://evil.example/fhir/Patient/{}", world.a),
        format!("Observation?patient={}/Patient/{}", sink.base, world.b),
        format!("Observation?subject={}/Patient/{}", sink.base, world.a),
    ] {
        world.refused(&Attempt::get(path)).await?;
    }
    sink.untouched()
}

async fn negated(world: &World<'_>) -> Judgement {
    let answer = world.tried(&Attempt::get("Observation?_id:not=nope"), 1).await?;
    let (bundle, patient) = (answer.json().unwrap_or_default(), format!("Patient/{}", world.a));
    let all = entries(&bundle);
    let own = all.len() == world.number_of("Observation") && all.into_iter().all(|one| is_about(one, &patient));
    ensure(answer.status >= 400 || own, || "it shows another's".to_owned())
}

async fn counts(world: &World<'_>) -> Judgement {
    let own = world.number_of("Observation");
    let answer = world.tried(&Attempt::get("Observation?_count=1"), 1).await?;
    let bundle = answer.json().unwrap_or_default();
    ensure(answer.status == 200 && bundle["total"] == own, || {
        format!("it answers {} and counts {} of {own}", answer.status, bundle["total"])
    })?;
    // Not offered here; the surface suite counts where they are.
    for path in ["_summary=count", "_total=accurate", "_summary=count&code=8302-2"] {
        world.refused(&Attempt::get(format!("Observation?{path}&patient={}", world.b))).await?;
        world.refused(&Attempt::get(format!("Observation?{path}"))).await?;
    }
    Ok(())
}
