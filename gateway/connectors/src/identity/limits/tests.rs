use fhir::Ura;
use policy::{Organisation, Person};

use super::*;

/// So slow that nothing comes back within a test.
fn limits() -> RateLimits {
    RateLimits::new(LimitsConfig {
        client_per_minute: 1,
        client_burst: 4,
        person_per_minute: 1,
        person_burst: 2,
        token_per_minute: 3,
        unidentified_per_minute: 2,
        log_in_attempts: 3,
        log_in_attempts_of_person: 2,
        log_in_seconds: 300,
        remembered: 3,
    })
}

fn caller(ura: &str, client: &str, person: Option<&str>) -> Caller {
    Caller {
        client_id: client.to_owned(),
        organisation: Organisation { ura: Ura::parse(ura).unwrap(), name: None, kind: None },
        person: person.map(|id| Person { id: id.to_owned(), name: None, role: "01.015".to_owned() }),
        responsible: None,
        use_cases: Vec::new(),
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    }
}

/// How many of so many requests pass.
fn passed(times: usize, mut ask: impl FnMut() -> Result<(), Duration>) -> usize {
    (0..times).filter(|_| ask().is_ok()).count()
}

fn address(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

#[test]
fn an_organisation_a_system_and_a_person_each_have_their_own_measure() {
    let limits = limits();
    let admit = |gate, caller: &Caller| passed(10, || limits.admit(gate, caller));
    let peer = caller("90000902", "90000902", None);
    assert_eq!(admit(Gate::Outer, &peer), 4);
    assert_eq!(admit(Gate::Outer, &caller("90000902", "another-name", None)), 0, "the organisation is counted");
    assert_eq!(admit(Gate::Outer, &caller("90000903", "90000903", None)), 4);
    assert_eq!(admit(Gate::Inner, &caller("90000901", "epd", None)), 4, "a third: there is no room for more");
    assert_eq!(admit(Gate::Inner, &caller("90000901", "dezi", Some("a"))), 2);
    assert_eq!(admit(Gate::Inner, &caller("90000901", "dezi", Some("b"))), 2);
    let wait = limits.admit(Gate::Outer, &peer).unwrap_err();
    assert!(Duration::ZERO < wait && wait <= Duration::from_secs(60), "{wait:?}");
}

#[test]
fn the_persons_of_a_peer_are_counted_within_the_peer() {
    let limits = limits();
    let by = |person: &str| limits.admit(Gate::Outer, &caller("90000902", "90000902", Some(person)));
    assert_eq!(passed(3, || by("a")), 2);
    assert_eq!(passed(9, || by("b")), 1, "the organisation's measure is full");
    assert_eq!(limits.admit(Gate::Outer, &caller("90000903", "x", Some("a"))), Ok(()), "the same id elsewhere");
}

#[test]
fn made_up_persons_neither_fill_the_memory_nor_pass_their_clients_measure() {
    let limits = limits();
    let mut number = 0;
    let made_up = || {
        number += 1;
        limits.admit(Gate::Outer, &caller("90000902", "90000902", Some(&number.to_string())))
    };
    assert_eq!(passed(100, made_up), 4);
    let own = |person: &str| limits.admit(Gate::Inner, &caller("90000901", "dezi", Some(person)));
    assert_eq!(passed(100, || own("ours")), 2, "ours keep their own measure");
    assert_eq!(limits.their_people.remembered(), 3);
}

#[test]
fn token_requests_are_counted_by_certificate_and_without_one_by_address() {
    let limits = limits();
    assert_eq!(passed(9, || limits.token(Some(b"one"), address(1))), 3);
    assert_eq!(passed(9, || limits.token(Some(b"other"), address(1))), 3);
    assert_eq!(passed(9, || limits.token(None, address(1))), 3);
    let mut last = 1;
    let strangers = || {
        last += 1;
        limits.token(None, address(last))
    };
    assert_eq!(passed(9, strangers), 3, "those that there is no room for share one measure");
    assert_eq!(passed(1, || limits.token(Some(b"one"), address(1))), 0, "and nobody else's begins anew");
}

#[test]
fn who_is_not_identified_takes_few_places_in_the_log_and_many_addresses_no_more_memory() {
    let limits = limits();
    assert_eq!(limits.over(address(1)), Ok(()));
    assert_eq!(passed(9, || limits.unidentified(address(1))), 2);
    assert!(limits.over(address(1)).is_err() && limits.over(address(2)).is_ok());
    assert_eq!(passed(9, || limits.unidentified(None)), 2);
    for last in 2..255 {
        let _ = limits.unidentified(address(last));
    }
    assert_eq!(limits.unidentified.remembered(), 3);
}

#[test]
fn who_fails_too_often_waits_and_who_succeeds_begins_anew() {
    let limits = limits();
    let here = Who::Address(address(1));
    for _ in 0..3 {
        assert_eq!(limits.may_log_in(&here), Ok(()));
        limits.log_in_failed(here.clone());
    }
    let wait = limits.may_log_in(&here).unwrap_err();
    assert!(wait > Duration::from_secs(290) && wait <= Duration::from_secs(300), "{wait:?}");
    assert_eq!(limits.may_log_in(&Who::Address(address(2))), Ok(()));
    limits.forget_log_ins(&here);
    assert_eq!(limits.may_log_in(&here), Ok(()));
}

#[test]
fn a_person_who_is_refused_too_often_waits_wherever_they_try_until_somebody_ends_it() {
    let limits = limits();
    let person = |id: &str| Who::Person(id.to_owned());
    for _ in 0..2 {
        assert_eq!(limits.may_log_in(&person("900000001")), Ok(()));
        limits.log_in_failed(person("900000001"));
    }
    limits.log_in_failed(Who::Address(address(1)));
    assert!(limits.may_log_in(&person("900000001")).is_err());
    assert_eq!(limits.may_log_in(&person("900000002")), Ok(()));
    let locked = limits.locked();
    assert_eq!(locked.iter().map(|one| &one.who).collect::<Vec<_>>(), [&person("900000001")], "and nobody else");
    assert!(locked[0].wait > Duration::from_secs(290));
    limits.forget_log_ins(&person("900000001"));
    assert_eq!(limits.may_log_in(&person("900000001")), Ok(()));
    assert!(limits.locked().is_empty());
}

#[test]
fn limits_that_are_none_are_named() {
    let good = LimitsConfig::default();
    assert_eq!(good.check(), Ok(()));
    for (key, config) in [
        ("client_per_minute", LimitsConfig { client_per_minute: 0, ..good }),
        ("client_burst", LimitsConfig { client_burst: 0, ..good }),
        ("person_per_minute", LimitsConfig { person_per_minute: 0, ..good }),
        ("person_burst", LimitsConfig { person_burst: 0, ..good }),
        ("token_per_minute", LimitsConfig { token_per_minute: 0, ..good }),
        ("unidentified_per_minute", LimitsConfig { unidentified_per_minute: 0, ..good }),
        ("log_in_attempts", LimitsConfig { log_in_attempts: 0, ..good }),
        ("log_in_attempts_of_person", LimitsConfig { log_in_attempts_of_person: 0, ..good }),
        ("log_in_seconds", LimitsConfig { log_in_seconds: 0, ..good }),
        ("log_in_seconds", LimitsConfig { log_in_seconds: 3_601, ..good }),
        ("remembered", LimitsConfig { remembered: 0, ..good }),
    ] {
        let fault = config.check().unwrap_err();
        assert!(fault.0.contains(&format!("limits.{key} ")), "{fault}");
    }
}
