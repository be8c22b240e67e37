//! Both sides of handoffs, each with its real stack, policies, books and grants over its own disk, and between them a network
//! that loses, doubles, delays and reorders, that is parted for a while, and either side killed in the middle of anything and
//! opened anew. What happens is decided by a seed, which each failure names.
//!
//! `ZORGSLUIS_SIMULATION_ROUNDS` says how many seeds are run, `ZORGSLUIS_SIMULATION_SEED` which is the first.

mod net;
mod side;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fhir::Resource;
use flows::eoverdracht::{Handoff, Stage, TaskStatus};
use serde_json::{Value, json};
use store::transfers::Id;

use super::testing::{BSN, read};
use super::*;
use net::{Cut, Net, Who};
use side::Side;

/// How many seeds are run when nobody says.
const ROUNDS: u64 = 24;
/// Handoffs of one round.
const HANDOFFS: usize = 3;
/// What happens in a round before the network is well again.
const STEPS: usize = 70;
/// Then nothing is left to do after so many.
const SETTLES_WITHIN: usize = 400;

/// One round.
struct Round {
    seed: u64,
    net: Arc<Net>,
    /// What is pushed, by its Composition; the transfer's id once the push was answered.
    pushed: BTreeMap<String, (Resource, Option<Id>)>,
    /// Which version of each may be the newest: the last that was answered for, and those since of which no answer came.
    newest: BTreeMap<String, Vec<Resource>>,
    versions: usize,
    /// Tasks that were seen completed at their sender.
    completed: BTreeSet<String>,
    visible: usize,
}

/// What came of a round.
#[derive(Default)]
struct Outcome {
    /// Handoffs that somebody had to have tried again.
    helped: usize,
    kills: usize,
    faults: usize,
}

#[tokio::test]
#[allow(clippy::print_stderr, reason = "which seeds were run is for whoever reads the test's output")]
async fn every_handoff_is_complete_at_both_sides_or_visibly_pending_whatever_the_network_does_and_whoever_is_killed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let rounds = number("ZORGSLUIS_SIMULATION_ROUNDS").unwrap_or(ROUNDS);
    let first = number("ZORGSLUIS_SIMULATION_SEED").unwrap_or(1);
    let mut all = Outcome::default();
    for seed in first..first + rounds {
        let outcome = tokio::task::LocalSet::new().run_until(Round::new(seed).run()).await;
        all.helped += outcome.helped;
        all.kills += outcome.kills;
        all.faults += outcome.faults;
    }
    let Outcome { helped, kills, faults } = all;
    let handoffs = rounds as usize * HANDOFFS;
    eprintln!(
        "handoffs: seeds {first} to {}: {handoffs} complete, {helped} of them after somebody had them tried again; \
         {kills} kills, {faults} faults of the network",
        first + rounds - 1
    );
    assert!(kills > 0 && faults > 0, "nothing went wrong, so nothing was shown");
}

impl Round {
    fn new(seed: u64) -> Self {
        let net = Net::new(seed);
        let pushed = (0..HANDOFFS).map(|number| {
            let id = format!("c{seed}-{number}");
            let bundle = read(&bundle(&id, 1));
            (id, (bundle, None))
        });
        let pushed: BTreeMap<_, _> = pushed.collect();
        let newest =
            pushed.iter().map(|(name, (bundle, _)): (&String, &(Resource, _))| (name.clone(), vec![bundle.clone()]));
        Round { seed, newest: newest.collect(), versions: 1, pushed, net, completed: BTreeSet::new(), visible: 0 }
    }

    async fn run(mut self) -> Outcome {
        for _ in 0..STEPS {
            match self.net.below(13) {
                0..=1 => self.push().await,
                2..=4 => self.work(Who::Sender).await,
                5..=7 => self.work(Who::Receiver).await,
                8 => self.take().await,
                9 => self.net.pass(1 + self.net.below(20_000)),
                10 => self.net.deliver_late().await,
                11 => self.replace().await,
                _ => self.net.weather(),
            }
            self.hold().await;
        }
        self.is_visible().await;
        self.settle().await;
        let (kills, faults) = self.net.counts();
        Outcome { helped: self.visible, kills, faults }
    }

    /// A side, opened anew if it is not there.
    async fn side(&self, who: Who) -> Arc<Side> {
        self.net.side(who).await
    }

    /// A push that nobody answered yet is pushed again, as the record system does.
    async fn push(&mut self) {
        let open: Vec<String> =
            self.pushed.iter().filter(|(_, (_, id))| id.is_none()).map(|(name, _)| name.clone()).collect();
        let Some(name) = open.get(self.net.below(open.len().max(1) as u64) as usize).cloned() else { return };
        let bundle = self.pushed[&name].0.clone();
        let sender = self.side(Who::Sender).await;
        let pushing = async {
            let prepared = sender.handoffs.read(&bundle, |_| true).unwrap();
            sender.handoffs.push(&Who::Receiver.ura(), &prepared, "simulated").await
        };
        match self.net.under_the_axe(Who::Sender, pushing).await {
            Cut::Done(pushed) => self.pushed.get_mut(&name).unwrap().1 = Some(pushed.unwrap().id),
            Cut::Killed => {}
        }
    }

    /// The record system has a newer version of what it pushed.
    async fn replace(&mut self) {
        let there: Vec<(String, Id)> =
            self.pushed.iter().filter_map(|(name, (_, id))| Some((name.clone(), (*id)?))).collect();
        let Some((name, id)) = there.get(self.net.below(there.len().max(1) as u64) as usize).cloned() else { return };
        self.versions += 1;
        let newer = read(&bundle(&name, self.versions));
        let sender = self.side(Who::Sender).await;
        let replacing = async {
            let prepared = sender.handoffs.read(&newer, |_| true).unwrap();
            sender.handoffs.replace(id, &prepared).await
        };
        let newest = self.newest.get_mut(&name).unwrap();
        match self.net.under_the_axe(Who::Sender, replacing).await {
            Cut::Done(Ok(_)) => *newest = vec![newer],
            Cut::Done(Err(ReplaceFault::Over(_))) => {}
            Cut::Done(Err(fault)) => panic!("seed {}: {fault:?}", self.seed),
            Cut::Killed => newest.push(newer),
        }
    }

    /// What is due at one side is begun, in any order.
    async fn work(&self, who: Who) {
        let side = self.side(who).await;
        let now = side.handoffs.now();
        let due = match who {
            Who::Sender => side.handoffs.books.sent.due(now, 9),
            Who::Receiver => side.handoffs.books.received.due(now, 9),
        };
        let due = due.unwrap();
        let Some(id) = due.get(self.net.below(due.len().max(1) as u64) as usize).copied() else { return };
        let working = async {
            match who {
                Who::Sender => side.handoffs.send_on(id).await,
                Who::Receiver => side.handoffs.receive_on(&side.runs(), id).await,
            }
        };
        if let Cut::Done(done) = self.net.under_the_axe(who, working).await {
            done.unwrap();
        }
    }

    /// A nurse takes what is offered.
    async fn take(&self) {
        let side = self.side(Who::Receiver).await;
        for (id, received) in side.handoffs.books.received.list(None, 99).unwrap() {
            if received.receiving().unwrap().stage() != Stage::Offered {
                continue;
            }
            let nurse = policy::Person { id: "n-1".to_owned(), name: None, role: "30.000".to_owned() };
            let taking = side.handoffs.take(id, nurse);
            if let Cut::Killed = self.net.under_the_axe(Who::Receiver, taking).await {
                return;
            }
        }
    }

    /// What must hold at every moment: no transfer twice, none completed before all of it is kept at the receiver.
    async fn hold(&mut self) {
        let seed = self.seed;
        let (sender, receiver) = (self.side(Who::Sender).await, self.side(Who::Receiver).await);
        let sent = sender.handoffs.books.sent.list(None, 99).unwrap();
        let received = receiver.handoffs.books.received.list(None, 99).unwrap();
        assert!(sent.len() <= HANDOFFS, "seed {seed}: {} transfers were sent", sent.len());
        let mut tasks = BTreeSet::new();
        for (id, one) in &received {
            assert!(tasks.insert(one.task.clone()), "seed {seed}: a transfer came twice");
            let state = one.receiving().unwrap();
            if matches!(state.stage(), Stage::Taken | Stage::Completed) {
                let kept = receiver.handoffs.books.received.part(*id, 0).await.unwrap();
                assert!(
                    kept.is_some() && state.held().iter().all(|held| *held),
                    "seed {seed}: said to be kept, and not"
                );
            }
        }
        for (id, one) in &sent {
            let status = one.sending().unwrap().status();
            if status != TaskStatus::Completed {
                assert!(!self.completed.contains(&one.task), "seed {seed}: a completed handoff is {status} again");
                continue;
            }
            self.completed.insert(one.task.clone());
            let theirs = received.iter().find(|(_, received)| received.task == one.task);
            let stage = theirs.map(|(_, received)| received.receiving().unwrap().stage());
            let whole = matches!(stage, Some(Stage::Taken | Stage::Completed));
            assert!(whole, "seed {seed}: completed at its sender, and {stage:?} at its receiver");
            let offered = sender.handoffs.books.sent.part(*id, one.part).await.unwrap();
            let kept = receiver.handoffs.books.received.part(theirs.unwrap().0, 0).await.unwrap();
            assert_eq!(texts(offered), texts(kept), "seed {seed}: completed, and another version than is offered");
        }
    }

    /// Whatever is not complete can be seen by somebody, at the side where it waits.
    async fn is_visible(&self) {
        let seed = self.seed;
        let sender = self.side(Who::Sender).await;
        for (name, (_, id)) in self.pushed.iter().filter(|(_, (_, id))| id.is_some()) {
            let sent = sender.handoffs.books.sent.get(id.unwrap()).unwrap();
            assert!(sent.is_some(), "seed {seed}: {name} was taken from its record system, and is nowhere");
        }
    }

    /// The network is well, nobody is killed; whoever sees that something was given up has it tried again. Then each handoff
    /// is complete at both sides, once, and as it was pushed.
    async fn settle(&mut self) {
        let seed = self.seed;
        self.net.heal();
        for step in 0.. {
            assert!(step < SETTLES_WITHIN, "seed {seed}: not settled: {}", self.told().await);
            self.push().await;
            self.take().await;
            self.help().await;
            self.work(Who::Sender).await;
            self.work(Who::Receiver).await;
            self.net.deliver_late().await;
            self.hold().await;
            if self.is_settled().await {
                break;
            }
            self.net.pass(5_000);
        }
        let receiver = self.side(Who::Receiver).await;
        let received = receiver.handoffs.books.received.list(None, 99).unwrap();
        assert_eq!(received.len(), HANDOFFS, "seed {seed}: as many at the receiver as were pushed");
        for (id, one) in received {
            let newest = &self.newest[one.composition.as_deref().unwrap()];
            let kept = texts(receiver.handoffs.books.received.part(id, 0).await.unwrap());
            let is_one = newest.iter().any(|bundle| texts(Some(bundle.text().as_bytes().to_vec())) == kept);
            assert!(is_one, "seed {seed}: what is kept is not what was pushed last");
        }
    }

    async fn help(&mut self) {
        let (sender, receiver) = (self.side(Who::Sender).await, self.side(Who::Receiver).await);
        for (id, sent) in sender.handoffs.books.sent.list(None, 99).unwrap() {
            if sent.effort.given_up {
                self.visible += 1;
                sender.handoffs.resend(id).await.unwrap();
            }
        }
        for (id, received) in receiver.handoffs.books.received.list(None, 99).unwrap() {
            if received.effort.given_up {
                self.visible += 1;
                receiver.handoffs.retry(id).await.unwrap();
            }
        }
    }

    async fn is_settled(&self) -> bool {
        let (sender, receiver) = (self.side(Who::Sender).await, self.side(Who::Receiver).await);
        let (sent, received) = (
            sender.handoffs.books.sent.list(None, 99).unwrap(),
            receiver.handoffs.books.received.list(None, 99).unwrap(),
        );
        let at_sender = |(_, sent): &(Id, Sent)| {
            let sending = sent.sending().unwrap();
            sending.status() == TaskStatus::Completed && sending.owes().is_none()
        };
        let at_receiver = |(_, received): &(Id, Received)| {
            let receiving = received.receiving().unwrap();
            receiving.stage() == Stage::Completed && receiving.next().is_none()
        };
        sent.len() == HANDOFFS && sent.iter().all(at_sender) && received.iter().all(at_receiver) && self.net.is_quiet()
    }

    async fn told(&self) -> String {
        let (sender, receiver) = (self.side(Who::Sender).await, self.side(Who::Receiver).await);
        let sent: Vec<_> = sender.handoffs.books.sent.list(None, 99).unwrap();
        let received: Vec<_> = receiver.handoffs.books.received.list(None, 99).unwrap();
        let sent: Vec<_> = sent.iter().map(|(_, one)| format!("{one:?} {:?}", one.effort)).collect();
        let received: Vec<_> = received.iter().map(|(_, one)| format!("{one:?} {:?}", one.effort)).collect();
        format!("{sent:?} {received:?}")
    }
}

/// The resources of a document, as they are written.
fn texts(document: Option<Vec<u8>>) -> BTreeSet<String> {
    let document = read(&serde_json::from_slice::<Value>(&document.unwrap()).unwrap());
    let handoff = Handoff::of_bundle(&document, |_| true).unwrap();
    handoff.resources().iter().map(|one| one.text().to_owned()).collect()
}

/// A small handoff of its own, in this version.
fn bundle(composition: &str, version: usize) -> Value {
    let snomed = |code: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": code, "display": "x"}]});
    let subject = json!({"reference": "Patient/p1", "display": "x"});
    json!({"resourceType": "Bundle", "type": "document", "entry": [
        {"resource": {"resourceType": "Composition", "id": composition, "status": "final", "type": snomed("11171000146100"),
            "subject": subject, "date": "2026-11-20", "author": [{"reference": "Practitioner/n1", "display": "x"}],
            "title": "Overdracht", "section": [{"code": snomed("371524004"), "entry": [
                {"reference": "Condition/k1", "display": "x"}, {"reference": "DeviceUseStatement/u1", "display": "x"}]}]}},
        {"resource": {"resourceType": "Patient", "id": "p1", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}]}},
        {"resource": {"resourceType": "Practitioner", "id": "n1"}},
        {"resource": {"resourceType": "Condition", "id": "k1", "subject": subject, "code": snomed(&version.to_string())}},
        {"resource": {"resourceType": "DeviceUseStatement", "id": "u1", "status": "active", "subject": subject,
            "device": {"reference": "Device/d1", "display": "x"}}},
        {"resource": {"resourceType": "Device", "id": "d1"}},
    ]})
}
