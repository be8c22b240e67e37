//! What must hold of the node after all of it: no memory, handles or connections are kept.

use std::time::{Duration, Instant};

use super::attempt::{Attempt, NODE, World};
use crate::suites::setting::Setting;
use crate::suites::{Check, Flaw, Judgement, ensure};

/// How long a connection may stay after its request.
const WITHIN: Duration = Duration::from_secs(30);
/// Connections of callers that are kept alive, and files of the log.
const KEPT: usize = 32;

pub fn checks() -> Vec<Check> {
    vec![Check::new("after a flood of attempts the node has neither grown nor kept what it opened", |setting| {
        Box::pin(after_a_flood(setting))
    })]
}

fn open_files(setting: &Setting) -> Result<usize, Flaw> {
    let folder = format!("/proc/{}/fd", setting.node(NODE)?.pid);
    let files = std::fs::read_dir(folder).map_err(|_| Flaw::NotRun("the node's files cannot be counted".to_owned()))?;
    Ok(files.count())
}

async fn after_a_flood(setting: &Setting) -> Judgement {
    let world = World::open(setting).await?;
    let before = open_files(setting)?;
    let theirs = world.id_of("Observation", &world.b)?;
    for _ in 0..10 {
        let attempts: Vec<Attempt> = [
            format!("Observation/{theirs}"),
            format!("Observation?patient={}", world.b),
            "Observation?patient:missing=true".to_owned(),
            "Patient/$everything".to_owned(),
            "Binary/x".to_owned(),
        ]
        .into_iter()
        .cycle()
        .take(40)
        .map(Attempt::get)
        .collect();
        let answers = futures_util::future::join_all(attempts.iter().map(|attempt| world.send(attempt))).await;
        for answer in answers {
            let answer = answer?;
            world.discreet(&answer)?;
            ensure((400..500).contains(&answer.status), || format!("one answers {}", answer.status))?;
        }
    }
    world.well().await?;
    let begun = Instant::now();
    loop {
        let now = open_files(setting)?;
        if now <= before + KEPT {
            return Ok(());
        }
        ensure(begun.elapsed() < WITHIN, || format!("{before} files were open before, {now} are afterwards"))?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
