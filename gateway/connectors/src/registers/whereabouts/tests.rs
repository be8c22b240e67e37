use std::io::Write;

use exchange::ports::{Answer, Question, SourceFault};
use serde_json::{Value, json};

use super::*;
use crate::identity::testing::permit_for;

const PATIENT: &str = "999911120";

struct Place(DataHolder, String);

impl Source for Place {
    fn holder(&self) -> &DataHolder {
        &self.0
    }
    fn name(&self) -> &str {
        &self.1
    }
    fn ask<'a>(&'a self, _: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(std::future::ready(Err(SourceFault::Unreachable)))
    }
}

fn place(ura: &str, name: &str) -> Arc<dyn Source> {
    Arc::new(Place(DataHolder(Ura::parse(ura).unwrap()), name.to_owned()))
}

/// A node with two sources of its own and two peers.
fn node(register: Option<&Path>) -> RegionalRegister {
    let holder = DataHolder(Ura::parse("90000901").unwrap());
    let own = vec![place("90000901", "epd"), place("90000901", "lab")];
    let peers = [place("90000903", "apotheek"), place("90000902", "linde")];
    let peers = peers.into_iter().map(|peer| (peer.holder().clone(), peer)).collect();
    RegionalRegister::open(register, holder, own, peers)
}

fn found(node: &RegionalRegister, direction: Direction, patient: &PatientScope) -> (Vec<String>, Finding<usize>) {
    let permit = permit_for(direction, patient.clone(), None, None);
    let whereabouts = futures_util::FutureExt::now_or_never(node.locate(&permit)).unwrap();
    (whereabouts.places.iter().map(|place| place.name().to_owned()).collect(), whereabouts.index)
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn one(patient: &str) -> PatientScope {
    PatientScope::One(Bsn::parse(patient).unwrap())
}

#[test]
fn own_sources_come_first_then_the_peers_that_the_register_names() {
    let own = ["epd", "lab"];
    let cases: Vec<(&str, Value, &[&str], Finding<usize>)> = vec![
        ("two peers", json!(["90000903", "90000902"]), &["linde", "apotheek"], Finding::Found(2)),
        ("ourselves and a peer", json!(["90000901", "90000902"]), &["linde"], Finding::Found(1)),
        ("a peer twice", json!(["90000902", "90000902"]), &["linde"], Finding::Found(1)),
        ("one that is not configured is counted", json!(["90000902", "90000909"]), &["linde"], Finding::Found(2)),
        ("ourselves alone", json!(["90000901"]), &[], Finding::Found(0)),
        ("none", json!([]), &[], Finding::Found(0)),
    ];
    for (case, holders, peers, index) in cases {
        let file = file(&json!([{"patient": PATIENT, "holders": holders}]).to_string());
        let node = node(Some(file.path()));
        let expected: Vec<String> = own.iter().chain(peers).map(|name| (*name).to_owned()).collect();
        assert_eq!(found(&node, Direction::User, &one(PATIENT)), (expected, index), "{case}");
    }
}

#[test]
fn records_of_one_patient_are_joined() {
    let file = file(
        &json!([{"patient": PATIENT, "holders": ["90000902"]}, {"patient": PATIENT, "holders": ["90000903"]}])
            .to_string(),
    );
    let (places, index) = found(&node(Some(file.path())), Direction::User, &one(PATIENT));
    assert_eq!((places.len(), index), (4, Finding::Found(2)));
}

#[test]
fn no_peer_is_asked_at_the_holders_gate_nor_about_no_patient_nor_without_a_register() {
    let good = file(&json!([{"patient": PATIENT, "holders": ["90000902"]}]).to_string());
    let broken = file(&json!([{"patient": "999911121", "holders": ["90000902"]}]).to_string());
    let (good, broken, nowhere) = (Some(good.path()), Some(broken.path()), Some(Path::new("/nonexistent/register")));
    use Finding::{Absent, NotFoundOut as Unknown};
    use NotFoundOut::{NobodyToAsk, NotAsked, Unusable};
    for (case, register, direction, patient, index) in [
        ("the holder's gate", good, Direction::Holder, one(PATIENT), Unknown(NotAsked)),
        ("nobody", good, Direction::User, PatientScope::Nobody, Unknown(NotAsked)),
        ("anybody", good, Direction::User, PatientScope::Any, Unknown(NotAsked)),
        ("a patient whom the register does not know", good, Direction::User, one("900203638"), Absent),
        ("no register", None, Direction::User, one(PATIENT), Unknown(NobodyToAsk)),
        ("a broken register", broken, Direction::User, one(PATIENT), Unknown(Unusable)),
        ("a register that is not there", nowhere, Direction::User, one(PATIENT), Unknown(Unusable)),
    ] {
        let node = node(register);
        let own = vec!["epd".to_owned(), "lab".to_owned()];
        assert_eq!(found(&node, direction, &patient), (own, index), "{case}");
        let healthy = register == good || register.is_none();
        assert_eq!(node.healthy().is_ok(), healthy, "{case}");
    }
}

#[test]
fn the_permit_says_which_gate_and_which_patient() {
    let file = file(&json!([{"patient": PATIENT, "holders": ["90000902"]}]).to_string());
    let node = node(Some(file.path()));
    for (direction, places) in [(Direction::User, 3), (Direction::Holder, 2)] {
        let permit = permit_for(direction, PatientScope::One(Bsn::parse(PATIENT).unwrap()), None, None);
        let whereabouts = futures_util::FutureExt::now_or_never(node.locate(&permit)).unwrap();
        assert_eq!(whereabouts.places.len(), places, "{direction:?}");
    }
}

/// An index that tells this of everybody.
struct Telling(index::Told);

impl Index for Telling {
    fn holders<'a>(&'a self, _: &'a Bsn, types: &'a [String]) -> BoxFuture<'a, index::Told> {
        assert_eq!(types, ["Condition"], "the index is told what is asked for");
        Box::pin(std::future::ready(self.0.clone()))
    }
}

#[test]
fn what_the_index_names_and_what_is_known_here_are_one_set_and_a_doubt_of_either_is_told() {
    use Finding::{Absent, Found, NotFoundOut as Unknown};
    use NotFoundOut::{TimedOut, Unreachable, Unusable};
    let known = |holders: Value| Some(file(&json!([{"patient": PATIENT, "holders": holders}]).to_string()));
    let broken = || Some(file("["));
    let named = |uras: &[&str]| uras.iter().map(|ura| Ura::parse(ura).unwrap()).collect::<BTreeSet<_>>();
    let told = |uras: &[&str], doubt| index::Told { holders: named(uras), doubt };
    type Case<'a> = (&'a str, Option<tempfile::NamedTempFile>, index::Told, &'a [&'a str], Finding<usize>);
    let cases: Vec<Case<'_>> = vec![
        ("the index alone", None, told(&["90000902"], None), &["linde"], Found(1)),
        ("nobody anywhere", None, told(&[], None), &[], Absent),
        ("nobody, and the register knows the patient nowhere", known(json!([])), told(&[], None), &[], Found(0)),
        ("both", known(json!(["90000903"])), told(&["90000902"], None), &["linde", "apotheek"], Found(2)),
        ("the same twice", known(json!(["90000902"])), told(&["90000902"], None), &["linde"], Found(1)),
        ("ourselves alone", None, told(&["90000901"], None), &[], Found(0)),
        ("one that is not configured", None, told(&["90000902", "90009999"], None), &["linde"], Found(2)),
        ("index down", known(json!(["90000903"])), told(&[], Some(Unreachable)), &["apotheek"], Unknown(Unreachable)),
        ("index slow, nothing known", None, told(&[], Some(TimedOut)), &[], Unknown(TimedOut)),
        ("a strange record", None, told(&["90000902"], Some(Unusable)), &["linde"], Unknown(Unusable)),
        ("register broken", broken(), told(&["90000902"], None), &["linde"], Unknown(Unusable)),
        ("both ill", broken(), told(&[], Some(TimedOut)), &[], Unknown(TimedOut)),
    ];
    for (case, register, told, peers, index) in cases {
        let node = node(register.as_ref().map(|file| file.path())).with_index(Arc::new(Telling(told)));
        let expected: Vec<String> = ["epd", "lab"].iter().chain(peers).map(|name| (*name).to_owned()).collect();
        assert_eq!(found(&node, Direction::User, &one(PATIENT)), (expected, index), "{case}");
    }
}

#[test]
fn the_index_is_told_nothing_at_the_holders_gate_nor_about_no_patient() {
    struct Never;
    impl Index for Never {
        fn holders<'a>(&'a self, _: &'a Bsn, _: &'a [String]) -> BoxFuture<'a, index::Told> {
            panic!("the index was asked")
        }
    }
    let node = node(None).with_index(Arc::new(Never));
    for (direction, patient) in [
        (Direction::Holder, one(PATIENT)),
        (Direction::User, PatientScope::Nobody),
        (Direction::User, PatientScope::Any),
    ] {
        assert_eq!(found(&node, direction, &patient).1, Finding::NotFoundOut(NotFoundOut::NotAsked));
    }
}

#[test]
fn whom_a_request_names_is_asked_and_nobody_else_and_whom_we_cannot_reach_is_shown() {
    let node = node(None);
    let named = |uras: &[&str]| uras.iter().map(|ura| Ura::parse(ura).unwrap()).collect::<BTreeSet<_>>();
    for (uras, names) in [
        (&["90000902"][..], &["linde"][..]),
        (&["90000901", "90000903"], &["epd", "lab", "apotheek"]),
        (&["90000903", "90009999"], &["apotheek", "URA 90009999"]),
    ] {
        let found = node.addressed(&named(uras));
        assert_eq!(found.places.iter().map(|place| place.name()).collect::<Vec<_>>(), names);
        assert_eq!(found.index, Finding::NotFoundOut(NotFoundOut::NotAsked), "who else there is was not asked");
    }
}
