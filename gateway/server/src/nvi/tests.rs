//! The life of registrations against an index that works, is away, refuses, or does what it is told and loses the answer; with
//! the node killed in between.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use connectors::national::Failure;
use connectors::nvi::{IndexCategory, Present};
use connectors::sources::Holdings;
use exchange::ports::BoxFuture;
use fhir::Bsn;
use fhir::identifiers::Reader;
use proptest::prelude::*;
use store::registrations::{Registrations, Standing};
use store::state::{State, StateOptions};

use super::objecting::Hidden;
use super::round::{Registry, reconcile, settle, work};

const PATIENTS: [&str; 3] = ["999911120", "900203638", "900203651"];
const CATEGORIES: [&str; 2] = ["Condition", "MedicationUse"];

/// How the index takes the next message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Well,
    Away,
    Refusing,
    /// Does it, and the answer is lost.
    Losing,
}

/// An index in memory. Like the running one it keeps no categories when told so: one record per patient then.
#[derive(Default)]
struct Played {
    one_per_patient: bool,
    mood: Mutex<Mood>,
    records: Mutex<BTreeMap<String, (String, Option<String>)>>,
    made: Mutex<usize>,
}

impl Played {
    fn told<T>(&self, deed: impl FnOnce() -> T) -> Result<T, Failure> {
        match *self.mood.lock().unwrap() {
            Mood::Well => Ok(deed()),
            Mood::Away => Err(Failure::Unreachable),
            Mood::Refusing => Err(Failure::Rejected(403)),
            Mood::Losing => {
                deed();
                Err(Failure::TimedOut)
            }
        }
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn ids(&self, patient: &Bsn, category: &IndexCategory) -> BTreeSet<String> {
        let records = self.records.lock().unwrap();
        let patient = patient.reveal_to(Reader::OwnRegister);
        let fits = |kept: &Option<String>| kept.as_deref().is_none_or(|kept| kept == category.as_str());
        let own = records.iter().filter(|(_, (whom, kept))| whom == patient && fits(kept));
        own.map(|(id, _)| id.clone()).collect()
    }

    /// Of whom there is a record, and of which category.
    fn holds(&self) -> Vec<(String, Option<String>)> {
        self.records.lock().unwrap().values().cloned().collect()
    }
}

impl Registry for Played {
    fn register<'a>(
        &'a self,
        patient: &'a Bsn,
        category: &'a IndexCategory,
    ) -> BoxFuture<'a, Result<BTreeSet<String>, Failure>> {
        let done = self.told(|| {
            let known = self.ids(patient, category);
            if !known.is_empty() {
                return known;
            }
            let mut made = self.made.lock().unwrap();
            *made += 1;
            let id = format!("l-{made}");
            let kept = (!self.one_per_patient).then(|| category.as_str().to_owned());
            let whom = patient.reveal_to(Reader::OwnRegister).to_owned();
            self.records.lock().unwrap().insert(id.clone(), (whom, kept));
            BTreeSet::from([id])
        });
        Box::pin(std::future::ready(done))
    }
    fn registered<'a>(
        &'a self,
        patient: &'a Bsn,
        category: &'a IndexCategory,
    ) -> BoxFuture<'a, Result<BTreeSet<String>, Failure>> {
        Box::pin(std::future::ready(self.told(|| self.ids(patient, category))))
    }
    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let done = self.told(|| {
            self.records.lock().unwrap().remove(id);
        });
        Box::pin(std::future::ready(done))
    }
    fn present<'a>(&'a self, known: &'a BTreeSet<String>) -> BoxFuture<'a, Result<Present, Failure>> {
        let done = self.told(|| {
            let there: BTreeSet<String> = self.records.lock().unwrap().keys().cloned().collect();
            Present {
                missing: known.difference(&there).cloned().collect(),
                strays: there.difference(known).cloned().collect(),
            }
        });
        Box::pin(std::future::ready(done))
    }
}

fn bsn(at: usize) -> Bsn {
    Bsn::parse(PATIENTS[at]).unwrap()
}

fn open(folder: &Path) -> Registrations {
    let state = State::open(&StateOptions::new(folder.join("state"))).unwrap();
    Registrations::open(Arc::new(state), "nvi-registrations").unwrap()
}

/// Holdings of pairs of patient and category.
fn held(pairs: &[(usize, usize)], whole: bool) -> Holdings {
    let mut held = Holdings { whole, ..Holdings::default() };
    for (patient, category) in pairs {
        let category = IndexCategory::parse(CATEGORIES[*category]).unwrap();
        held.patients.entry(bsn(*patient)).or_default().insert(category);
    }
    held
}

fn nobody() -> Hidden {
    Hidden::default()
}

/// What an index that keeps categories should hold.
fn expected(pairs: &[(usize, usize)]) -> Vec<(String, Option<String>)> {
    let mut all: Vec<_> = pairs
        .iter()
        .map(|(patient, category)| (PATIENTS[*patient].to_owned(), Some(CATEGORIES[*category].to_owned())))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn sorted(mut holds: Vec<(String, Option<String>)>) -> Vec<(String, Option<String>)> {
    holds.sort();
    holds
}

#[tokio::test]
async fn the_first_data_registers_and_the_last_that_goes_takes_it_away() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played::default());
    let ledger = open(folder.path());
    settle(&ledger, &held(&[(0, 0), (0, 1), (1, 0)], true), &nobody(), true).await.unwrap();
    let round = work(&index, &ledger, 100, Some(&nobody())).await.unwrap();
    assert_eq!((round.registered, round.waiting), (3, 0));
    assert_eq!(sorted(index.holds()), expected(&[(0, 0), (0, 1), (1, 0)]));
    // A look at what changed only, or at what could not be read whole, takes nothing away.
    settle(&ledger, &held(&[(2, 0)], false), &nobody(), true).await.unwrap();
    work(&index, &ledger, 101, Some(&nobody())).await.unwrap();
    assert_eq!(index.holds().len(), 4);
    settle(&ledger, &held(&[(0, 1)], true), &nobody(), true).await.unwrap();
    let round = work(&index, &ledger, 102, Some(&nobody())).await.unwrap();
    assert_eq!((round.registered, round.waiting), (1, 0));
    assert_eq!(index.holds(), expected(&[(0, 1)]));
}

#[tokio::test]
async fn who_objects_is_taken_away_at_once_and_never_registered_and_comes_back_when_they_do_no_more() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played::default());
    let ledger = open(folder.path());
    let all = || held(&[(0, 0), (1, 0)], false);
    settle(&ledger, &all(), &nobody(), true).await.unwrap();
    work(&index, &ledger, 100, Some(&nobody())).await.unwrap();
    let objecting = Hidden { objecting: HashSet::from([bsn(0)]), ..Hidden::default() };
    settle(&ledger, &all(), &objecting, true).await.unwrap();
    work(&index, &ledger, 101, Some(&nobody())).await.unwrap();
    assert_eq!(index.holds(), expected(&[(1, 0)]));
    settle(&ledger, &all(), &objecting, true).await.unwrap();
    assert_eq!(work(&index, &ledger, 102, Some(&nobody())).await.unwrap().waiting, 0);
    settle(&ledger, &all(), &nobody(), true).await.unwrap();
    work(&index, &ledger, 103, Some(&nobody())).await.unwrap();
    assert_eq!(sorted(index.holds()), expected(&[(0, 0), (1, 0)]));
}

#[tokio::test]
async fn while_it_is_not_known_who_objects_nobody_is_registered() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played::default());
    let ledger = open(folder.path());
    settle(&ledger, &held(&[(0, 0)], true), &nobody(), true).await.unwrap();
    assert_eq!(work(&index, &ledger, 100, None).await.unwrap().waiting, 1);
    assert!(index.holds().is_empty());
}

#[tokio::test]
async fn of_whom_it_is_not_known_whether_they_object_everything_stays_as_it_is() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played::default());
    let ledger = open(folder.path());
    settle(&ledger, &held(&[(0, 0)], true), &nobody(), true).await.unwrap();
    work(&index, &ledger, 100, Some(&nobody())).await.unwrap();
    let hidden = Hidden { unknown: HashSet::from([bsn(0), bsn(1)]), ..Hidden::default() };
    settle(&ledger, &held(&[(1, 0), (2, 0)], true), &hidden, true).await.unwrap();
    work(&index, &ledger, 101, Some(&hidden)).await.unwrap();
    assert_eq!(sorted(index.holds()), expected(&[(0, 0), (2, 0)]), "the one is kept, the other not made");
    // One who was wanted before it was not known any more waits as well.
    settle(&ledger, &held(&[(1, 0), (2, 0)], true), &nobody(), true).await.unwrap();
    assert_eq!(work(&index, &ledger, 102, Some(&hidden)).await.unwrap().waiting, 1);
    assert_eq!(index.holds(), expected(&[(2, 0)]));
    work(&index, &ledger, 103, Some(&nobody())).await.unwrap();
    assert_eq!(sorted(index.holds()), expected(&[(1, 0), (2, 0)]));
}

#[tokio::test]
async fn an_index_that_is_away_is_told_later_and_one_that_refuses_is_not_asked_on_and_on() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played::default());
    let ledger = open(folder.path());
    settle(&ledger, &held(&[(0, 0), (1, 0)], true), &nobody(), true).await.unwrap();
    index.set(Mood::Away);
    assert_eq!(work(&index, &ledger, 100, Some(&nobody())).await.unwrap().waiting, 2);
    let tried = ledger.all().filter(|found| found.as_ref().unwrap().1.tries > 0).count();
    assert_eq!(tried, 1, "when it is away the others wait");
    index.set(Mood::Refusing);
    assert_eq!(work(&index, &ledger, 200, Some(&nobody())).await.unwrap().waiting, 2);
    let (tries, not_before) =
        ledger.all().map(|found| found.unwrap().1).map(|entry| (entry.tries, entry.not_before)).max().unwrap();
    assert!(tries == 2 && not_before == 210, "{tries} {not_before}");
    index.set(Mood::Well);
    assert_eq!(work(&index, &ledger, 201, Some(&nobody())).await.unwrap().waiting, 2, "not yet");
    assert_eq!(work(&index, &ledger, 4_000, Some(&nobody())).await.unwrap().registered, 2);
}

#[tokio::test]
async fn categories_that_share_one_record_give_it_up_together() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played { one_per_patient: true, ..Played::default() });
    let ledger = open(folder.path());
    settle(&ledger, &held(&[(0, 0), (0, 1)], true), &nobody(), true).await.unwrap();
    assert_eq!(work(&index, &ledger, 100, Some(&nobody())).await.unwrap().registered, 2);
    assert_eq!(index.holds().len(), 1);
    settle(&ledger, &held(&[(0, 1)], true), &nobody(), true).await.unwrap();
    work(&index, &ledger, 101, Some(&nobody())).await.unwrap();
    assert_eq!(index.holds().len(), 1, "there is still data");
    settle(&ledger, &held(&[], true), &nobody(), true).await.unwrap();
    work(&index, &ledger, 102, Some(&nobody())).await.unwrap();
    assert!(index.holds().is_empty());
}

#[tokio::test]
async fn drift_is_found_and_repaired() {
    let (folder, index) = (tempfile::tempdir().unwrap(), Played::default());
    let ledger = open(folder.path());
    settle(&ledger, &held(&[(0, 0), (1, 0)], true), &nobody(), true).await.unwrap();
    work(&index, &ledger, 100, Some(&nobody())).await.unwrap();
    index.records.lock().unwrap().retain(|id, _| id != "l-1");
    index.records.lock().unwrap().insert("stray".to_owned(), (PATIENTS[2].to_owned(), None));
    index.set(Mood::Away);
    assert!(!reconcile(&index, &ledger).await.unwrap(), "who could not say is asked again");
    index.set(Mood::Well);
    assert!(reconcile(&index, &ledger).await.unwrap());
    work(&index, &ledger, 101, Some(&nobody())).await.unwrap();
    assert_eq!(sorted(index.holds()), expected(&[(0, 0), (1, 0)]));
}

/// What happens in one round.
#[derive(Clone, Debug)]
struct Happening {
    mood: Mood,
    pairs: Vec<(usize, usize)>,
    objecting: Vec<usize>,
    whole: bool,
    killed: bool,
}

fn happening() -> impl Strategy<Value = Happening> {
    let mood = prop_oneof![Just(Mood::Well), Just(Mood::Away), Just(Mood::Refusing), Just(Mood::Losing)];
    let pairs = prop::collection::vec((0_usize..3, 0_usize..2), 0..5);
    (mood, pairs, prop::collection::vec(0_usize..3, 0..2), any::<bool>(), any::<bool>())
        .prop_map(|(mood, pairs, objecting, whole, killed)| Happening { mood, pairs, objecting, whole, killed })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happened, after two whole looks with the index well it holds exactly what there is of whoever does not object.
    #[test]
    fn whatever_happened_the_index_ends_up_with_what_there_is(
        happenings in prop::collection::vec(happening(), 1..7),
        last in prop::collection::vec((0_usize..3, 0_usize..2), 0..5),
        one_per_patient: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let index = Played { one_per_patient, ..Played::default() };
        let run = tokio::runtime::Builder::new_current_thread().build().unwrap();
        run.block_on(async {
            let mut ledger = open(folder.path());
            let mut now = 0;
            for happening in &happenings {
                now += 10_000;
                let objecting = happening.objecting.iter().map(|at| bsn(*at)).collect();
                let objecting = Hidden { objecting, ..Hidden::default() };
                settle(&ledger, &held(&happening.pairs, happening.whole), &objecting, true).await.unwrap();
                index.set(happening.mood);
                work(&index, &ledger, now, Some(&nobody())).await.unwrap();
                if happening.killed {
                    drop(ledger);
                    ledger = open(folder.path());
                }
            }
            index.set(Mood::Well);
            for _ in 0..2 {
                now += 10_000;
                settle(&ledger, &held(&last, true), &nobody(), true).await.unwrap();
                work(&index, &ledger, now, Some(&nobody())).await.unwrap();
                assert!(reconcile(&index, &ledger).await.unwrap());
                work(&index, &ledger, now + 5_000, Some(&nobody())).await.unwrap();
            }
            let mut whole = expected(&last);
            if one_per_patient {
                for (_, category) in &mut whole {
                    *category = None;
                }
                whole.dedup();
            }
            assert_eq!(sorted(index.holds()), whole);
            assert!(ledger.all().all(|found| found.unwrap().1.standing == Standing::Registered));
        });
    }
}

#[test]
fn the_table_of_the_project_is_good_and_leads_from_types_to_categories() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/nvi-categories.toml");
    let table = super::categories(&file).unwrap();
    let of = |types: &[&str]| {
        let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
        let found = table.of_types(&types)?;
        Some(found.iter().map(IndexCategory::as_str).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(of(&["MedicationDispense", "MedicationStatement"]).as_deref(), Some("MedicationUse"));
    assert!(of(&["Observation"]).unwrap().contains("ObservationLaboratory"));
    assert_eq!(of(&["Condition", "Patient"]), None, "who is known by administration alone registered nothing");
    assert!(super::categories(Path::new("/nowhere")).unwrap_err().starts_with("/nowhere: "));
}
