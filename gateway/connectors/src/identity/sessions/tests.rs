use fhir::Ura;
use policy::Organisation;

use super::*;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_790_000_000 + seconds).unwrap()
}

fn sessions(most: usize) -> Sessions {
    Sessions::new(SessionConfig { idle_seconds: 60, absolute_seconds: 100, most, most_of_person: 2 })
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: None, role: "01.015".to_owned() }
}

fn caller(client: &str, id: Option<&str>) -> Arc<Caller> {
    Arc::new(Caller {
        client_id: client.to_owned(),
        organisation: Organisation { ura: Ura::parse("90000901").unwrap(), name: None, kind: None },
        person: id.map(person),
        responsible: None,
        use_cases: vec![UseCaseId::parse("own").unwrap()],
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    })
}

fn opening(id: &str) -> Opening {
    Opening::of(caller("portal", Some(id)), Way::Dezi)
}

fn lives(sessions: &Sessions, id: &Secret, second: i64) -> bool {
    sessions.lookup(id.reveal(), at(second)).is_some()
}

#[test]
fn a_session_lives_while_it_is_used_and_never_beyond_its_absolute_end() {
    let sessions = sessions(10);
    let id = sessions.create(opening("a"), at(0)).unwrap();
    for (second, found) in [(59, true), (99, true), (100, false), (1, false)] {
        assert_eq!(lives(&sessions, &id, second), found, "{second}");
    }
    let idle = sessions.create(opening("a"), at(0)).unwrap();
    assert!(!lives(&sessions, &idle, 60));
}

#[test]
fn looking_whether_a_session_lives_does_not_keep_it_alive() {
    let sessions = sessions(10);
    let id = sessions.create(opening("a"), at(0)).unwrap();
    assert!(sessions.is_live(id.reveal(), at(59)));
    assert!(!sessions.is_live(id.reveal(), at(60)) && !sessions.is_live("guessed", at(1)));
}

#[test]
fn a_session_ends_with_the_proof_that_opened_it() {
    let sessions = sessions(10);
    let id = sessions.create(Opening { until: Some(at(30)), ..opening("a") }, at(0)).unwrap();
    assert!(lives(&sessions, &id, 29) && !lives(&sessions, &id, 30));
}

#[test]
fn a_session_that_was_ended_or_never_was_is_not_found() {
    let sessions = sessions(10);
    let id = sessions.create(opening("a"), at(0)).unwrap();
    let live = sessions.lookup(id.reveal(), at(1)).unwrap();
    assert_eq!((live.caller.person.as_ref().unwrap().id.as_str(), live.way), ("a", Way::Dezi));
    assert!(!id.reveal().contains(&live.handle));
    sessions.end(id.reveal());
    assert!(!lives(&sessions, &id, 1));
    assert!(sessions.lookup("", at(1)).is_none());
    assert!(sessions.lookup(&live.handle, at(1)).is_none(), "a handle opens nothing");
}

#[test]
fn room_is_bounded_and_comes_back_when_sessions_expire() {
    let sessions = sessions(2);
    sessions.create(opening("a"), at(0)).unwrap();
    sessions.create(opening("b"), at(30)).unwrap();
    assert_eq!(sessions.create(opening("c"), at(31)).err(), Some(SessionFault::Full));
    assert!(sessions.create(opening("c"), at(60)).is_ok());
    assert_eq!(sessions.create(opening("d"), at(60)).err(), Some(SessionFault::Full));
}

#[test]
fn the_session_that_one_person_used_longest_ago_makes_place_and_nobody_elses() {
    let sessions = sessions(10);
    let [first, second] = [0, 1].map(|second| sessions.create(opening("a"), at(second)).unwrap());
    let other = sessions.create(opening("b"), at(0)).unwrap();
    assert!(lives(&sessions, &first, 2));
    let third = sessions.create(opening("a"), at(3)).unwrap();
    assert!(lives(&sessions, &first, 4) && !lives(&sessions, &second, 4));
    assert!(lives(&sessions, &third, 4) && lives(&sessions, &other, 4));
}

#[test]
fn a_person_sees_and_ends_their_own_sessions_however_they_came_in_and_nobody_elses() {
    let sessions = sessions(10);
    let mine = sessions.create(opening("a"), at(0)).unwrap();
    let launched = sessions.create(Opening::of(caller("epd", Some("a")), Way::Launch), at(1)).unwrap();
    let other = sessions.create(opening("b"), at(1)).unwrap();
    let listed = sessions.of_same_person(mine.reveal(), at(2));
    let seen: Vec<_> = listed.iter().map(|one| (one.way, one.this)).collect();
    assert_eq!(seen, [(Way::Launch, false), (Way::Dezi, true)]);

    let of_other = sessions.lookup(other.reveal(), at(2)).unwrap().handle;
    sessions.end_other(mine.reveal(), Some(&of_other), at(2));
    assert!(lives(&sessions, &other, 2));
    sessions.end_other(mine.reveal(), Some(&listed[0].handle), at(2));
    assert!(!lives(&sessions, &launched, 2) && lives(&sessions, &mine, 2));

    let again = sessions.create(opening("a"), at(3)).unwrap();
    sessions.end_other("guessed", None, at(4));
    assert!(lives(&sessions, &again, 4));
    sessions.end_other(mine.reveal(), None, at(4));
    assert!(!lives(&sessions, &again, 4) && lives(&sessions, &mine, 4) && lives(&sessions, &other, 4));
    assert!(sessions.of_same_person("guessed", at(4)).is_empty());
}

#[test]
fn everybodys_sessions_are_listed_the_last_used_first_and_each_can_be_ended() {
    let sessions = sessions(10);
    let first = sessions.create(opening("a"), at(0)).unwrap();
    let second = sessions.create(opening("b"), at(1)).unwrap();
    let patient = sessions.create(Opening::of(caller("patient", None), Way::AccessCode), at(2)).unwrap();
    let (listed, more) = sessions.everybodys(2, at(3));
    let seen: Vec<_> = listed.iter().map(|one| one.name.as_deref()).collect();
    assert_eq!((seen, more), (vec![None, Some("b")], 1));
    assert_eq!(listed[0].handle, sessions.handle_of(patient.reveal()));
    assert!(sessions.end_by_handle(&listed[1].handle) && !sessions.end_by_handle(&listed[1].handle));
    assert!(!lives(&sessions, &second, 3) && lives(&sessions, &first, 3));
    assert!(!sessions.end_by_handle(""));
}

#[test]
fn callers_that_are_no_person_are_told_apart_by_their_client() {
    let sessions = sessions(10);
    let [one, other] =
        ["a", "b"].map(|client| sessions.create(Opening::of(caller(client, None), Way::AccessCode), at(0)).unwrap());
    assert_eq!(sessions.of_same_person(one.reveal(), at(1)).len(), 1);
    sessions.end_other(one.reveal(), None, at(1));
    assert!(lives(&sessions, &other, 1));
}

#[test]
fn one_acts_under_a_mandate_of_ones_own_session_and_can_go_back() {
    let sessions = sessions(10);
    let use_case = |name| UseCaseId::parse(name).unwrap();
    let mandate = Mandate { responsible: person("doctor"), use_cases: vec![use_case("mandated")] };
    let id = sessions.create(Opening { mandates: vec![mandate], ..opening("assistant") }, at(0)).unwrap();
    let now = || {
        let live = sessions.lookup(id.reveal(), at(1)).unwrap();
        let responsible = live.caller.responsible.as_ref().map(|person| person.id.clone());
        (live.caller.person.clone().unwrap().id, responsible, live.caller.use_cases.clone(), live.acting)
    };
    let own = ("assistant".to_owned(), None, vec![use_case("own")], None);
    assert_eq!(now(), own);
    assert!(!sessions.act(id.reveal(), Some(1), at(1)));
    assert_eq!(now(), own);
    assert!(sessions.act(id.reveal(), Some(0), at(1)));
    assert_eq!(now(), ("assistant".into(), Some("doctor".into()), vec![use_case("mandated")], Some(0)));
    assert!(sessions.act(id.reveal(), None, at(1)));
    assert_eq!(now(), own);
    assert!(!sessions.act("guessed", Some(0), at(1)) && !sessions.act(id.reveal(), Some(0), at(61)));
}

#[test]
fn bounds_that_are_none_are_named() {
    assert_eq!(SessionConfig::default().check(), Ok(()));
    let default = SessionConfig::default();
    for (key, config) in [
        ("idle_seconds", SessionConfig { idle_seconds: 29, ..default }),
        ("idle_seconds", SessionConfig { idle_seconds: 3601, ..default }),
        ("absolute_seconds", SessionConfig { absolute_seconds: 899, ..default }),
        ("absolute_seconds", SessionConfig { absolute_seconds: 43_201, ..default }),
        ("most ", SessionConfig { most: 0, ..default }),
        ("most ", SessionConfig { most: 100_001, ..default }),
        ("most_of_person", SessionConfig { most_of_person: 0, ..default }),
        ("most_of_person", SessionConfig { most: 4, ..default }),
    ] {
        let fault = config.check().unwrap_err();
        assert!(fault.0.contains(&format!("sessions.{key}")), "{fault}");
    }
}
