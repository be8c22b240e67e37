//! Referrals while both nodes are killed at random: each is pulled whole, once, and nothing of it is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conformance::handoff::by_name;
use conformance::referral::{Parties, at_the_hospital};
use conformance::suites::{Setting, log_by_program};
use serde_json::Value;

use crate::handoffs::{Dice, Nodes};
use crate::program::{Program, ZORGSLUIS, random};

/// Kills per run; more by `ZORGSLUIS_CRASH_ROUNDS`.
const ROUNDS: usize = 5;
/// Referrals that are pushed between two kills.
const PUSHES: usize = 2;
/// How long it may take until everything is pulled after the last kill.
const SETTLES_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_referral_is_pulled_whole_and_once_whoever_is_killed_when() {
    let _alone = crate::ALONE.lock().await;
    let rounds = std::env::var("ZORGSLUIS_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("ZORGSLUIS_CRASH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(random);
    eprintln!("referrals: {rounds} kills, ZORGSLUIS_CRASH_SEED={seed}");
    let demo = Program::demo();
    let setting = Setting::new(demo.ready(), log_by_program(ZORGSLUIS.into()));
    let mut nodes = Nodes::of(&setting.ready);
    let patients = at_the_hospital().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let parties = Arc::new(Parties::of(&setting).unwrap());
    let taking = tokio::spawn(take_what_is_offered(parties.clone(), over.clone()));
    let mut dice = Dice(seed);
    let mut pushed: Vec<Value> = Vec::new();
    for round in 0..rounds {
        let fresh: Vec<Value> = (0..PUSHES)
            .map(|number| {
                let patient = &patients[(round + number) % patients.len()];
                Parties::wanted(patient, &format!("{seed:x}-{round}-{number}"))
            })
            .collect();
        pushed.extend(fresh.iter().cloned());
        let key = if dice.below(2) == 0 { "hospital" } else { "nursing-home" };
        // The kill comes at some moment of the push, of the telling or of the pull.
        let wait = Duration::from_millis(dice.below(1_200));
        let killing = async {
            tokio::time::sleep(wait).await;
            tokio::task::block_in_place(|| nodes.kill_and_start(&setting.ready, key));
        };
        tokio::join!(push_until_taken(&parties, fresh), killing);
    }
    let ends = settled(&parties, pushed.len()).await;
    over.store(true, Ordering::SeqCst);
    taking.await.unwrap();
    assert_eq!(ends.len(), pushed.len(), "as many at the receiver as were pushed: none lost, none twice");
    let tasks: BTreeSet<&str> = ends.iter().filter_map(|end| end["task"].as_str()).collect();
    assert_eq!(tasks.len(), pushed.len(), "each is one of its own");
    for end in &ends {
        let parts = end["parts"].as_array().unwrap();
        assert!(parts.len() == 29 && parts.iter().all(|part| part["outcome"] == "complete"), "{end}");
        let bundle = parties.bundle(end["id"].as_str().unwrap()).await.unwrap();
        let entries = bundle["entry"].as_array().unwrap().len();
        assert_eq!((by_name(&bundle).len(), entries > 30), (entries, true), "nothing came twice");
    }
    // What was accepted can be completed, and the sender knows.
    for end in &ends {
        let answer = parties.receiver_does(end["id"].as_str().unwrap(), "complete").await.unwrap();
        assert_eq!(answer.status, 202);
        parties.until(end["task"].as_str().unwrap(), "completed").await.unwrap();
    }
    let sent = all(&parties, true).await.unwrap();
    assert!(sent.iter().all(|one| one["state"] == "completed"), "{sent:?}");
}

/// Refers each until the sender says that it has it: who gets no answer sends the same again.
async fn push_until_taken(parties: &Parties, bodies: Vec<Value>) {
    for body in bodies {
        let began = Instant::now();
        while !parties.push_body(&body).await.is_ok_and(|answer| matches!(answer.status, 200 | 201)) {
            assert!(began.elapsed() < SETTLES_WITHIN, "a referral is not taken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The nursing home's doctor, who takes whoever is referred.
async fn take_what_is_offered(parties: Arc<Parties>, over: Arc<AtomicBool>) {
    while !over.load(Ordering::SeqCst) {
        for one in all(&parties, false).await.unwrap_or_default() {
            if one["state"] == "offered" {
                let _ = parties.take(&one).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything that one of the sides lists.
async fn all(parties: &Parties, sent: bool) -> Option<Vec<Value>> {
    let (caller, base) = if sent {
        (&parties.epd, format!("{}/referrals/sent", parties.hospital_inner))
    } else {
        (&parties.other, format!("{}/referrals/received", parties.home_inner))
    };
    let (mut all, mut url) = (Vec::new(), base.clone());
    loop {
        let listed = caller.get(&url).await.ok().filter(|answer| answer.status == 200)?.json()?;
        all.extend(listed["referrals"].as_array()?.iter().cloned());
        let Some(next) = listed["next"].as_str() else { return Some(all) };
        url = format!("{base}?behind={next}");
    }
}

/// Waits until both sides have all of them, pulled whole; what the receiver has.
async fn settled(parties: &Parties, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let (sent, received) =
            (all(parties, true).await.unwrap_or_default(), all(parties, false).await.unwrap_or_default());
        let whole = |one: &Value| {
            let parts = one["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
            one["state"] == "pulled" && parts.iter().all(|part| part["outcome"] == "complete")
        };
        let done = sent.len() == count
            && sent.iter().all(|one| one["state"] == "accepted" && one["told"] == true)
            && received.len() == count
            && received.iter().all(whole);
        if done {
            return received;
        }
        let open: Vec<_> = received.iter().filter(|one| !whole(one)).collect();
        assert!(began.elapsed() < SETTLES_WITHIN, "{} of {count} sent; open: {open:?}", sent.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
