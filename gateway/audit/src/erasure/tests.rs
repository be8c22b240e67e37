use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::testing;

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

fn day(day: i64) -> OffsetDateTime {
    at("2020-01-01T00:00:00Z") + Duration::days(day)
}

fn record(recorded: OffsetDateTime, members: &[(&str, &str)]) -> Vec<u8> {
    let mut record = testing::record("read", members);
    record.recorded = recorded.format(&Rfc3339).unwrap();
    serde_json::to_vec(&record).unwrap()
}

const EMERGENCY: (&str, &str) = ("emergency", r#"{"reason":"r"}"#);
const REFUSED: (&str, &str) = ("outcome", r#"{"result":"refused","status":403,"reason":"denied: policy"}"#);

#[test]
fn a_record_may_go_when_the_years_of_its_class_are_over_and_not_a_second_before() {
    let rules = Retention { emergency: 15, refused: 7, ..Retention::default() };
    for (members, class, recorded, over) in [
        (vec![], RetentionClass::Exchange, "2020-03-01T12:00:00Z", "2025-03-01T12:00:00Z"),
        (vec![], RetentionClass::Exchange, "2020-03-01T00:30:00+01:00", "2025-03-01T23:30:00Z"),
        (vec![], RetentionClass::Exchange, "2020-02-29T12:00:00Z", "2025-03-01T12:00:00Z"),
        (vec![EMERGENCY], RetentionClass::Emergency, "2020-03-01T12:00:00Z", "2035-03-01T12:00:00Z"),
        (vec![EMERGENCY, REFUSED], RetentionClass::Emergency, "2020-03-01T12:00:00Z", "2035-03-01T12:00:00Z"),
        (vec![REFUSED], RetentionClass::Refused, "2020-03-01T12:00:00Z", "2027-03-01T12:00:00Z"),
    ] {
        let retained = Retained::of(&record(at(recorded), &members)).unwrap();
        assert_eq!((retained.class, retained.recorded), (class, at(recorded)));
        assert!(rules.is_over(retained, at(over)), "{recorded}");
        assert!(!rules.is_over(retained, at(over) - Duration::SECOND), "{recorded}");
    }
}

#[test]
fn what_is_no_record_of_a_known_layout_is_never_due() {
    let known = String::from_utf8(record(day(0), &[])).unwrap();
    let announcement = Announcement::new(day(0), "90000901", Retention::default(), vec![]).write().unwrap();
    assert!(Announcement::is_one(&announcement) && Announcement::read(&announcement).is_some());
    for text in [
        "",
        "no JSON",
        "{}",
        &known[..known.len() - 1],
        &known.replace("zorgsluis-access/", "another/"),
        &known.replace("2020-01-01", "not a day"),
        std::str::from_utf8(&announcement).unwrap(),
    ] {
        assert_eq!(Retained::of(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn fewer_than_five_years_are_nobodys_to_choose() {
    let rules = Retention { exchange: 1, ..Retention::default() };
    assert_eq!(rules.unlawful().collect::<Vec<_>>(), [RetentionClass::Exchange]);
    let retained = Retained { class: RetentionClass::Exchange, recorded: day(0) };
    assert!(!rules.is_over(retained, at("2024-12-31T23:59:59Z")), "whatever the rules say");
    assert_eq!(Retention { review: 201, ..Retention::default() }.unlawful().count(), 1);
    assert_eq!(Retention::default().unlawful().count(), 0);
}

#[test]
fn an_announcement_is_a_record_with_its_layout_first_and_read_back_as_written() {
    let range = ErasedRange { from: 3, until: 5, classes: vec![RetentionClass::Exchange], newest: day(1) };
    let announcement = Announcement::new(day(2000), "90000901", Retention::default(), vec![range]);
    let text = String::from_utf8(announcement.write().unwrap()).unwrap();
    let expected = concat!(
        r#"{"layout":"zorgsluis-erasure/1","recorded":"2025-06-23T00:00:00Z","node":"90000901","#,
        r#""rules":{"exchange":5,"emergency":5,"refused":5,"review":5},"#,
        r#""erased":[{"from":3,"until":5,"classes":["exchange"],"newest":"2020-01-02T00:00:00Z"}]}"#
    );
    assert_eq!(text, expected);
    assert_eq!(Announcement::read(text.as_bytes()), Some(announcement));
}

#[test]
fn a_plan_has_few_ranges_each_of_which_may_go_as_a_whole_and_no_more_than_fit() {
    let rules = Retention { refused: 7, ..Retention::default() };
    let now = day(365 * 8);
    let mut plan = Plan::new(rules, now, 1);
    for index in 0..3000 {
        let class = if index % 2 == 0 { RetentionClass::Exchange } else { RetentionClass::Refused };
        plan.consider(index, Retained { class, recorded: day(index as i64) });
    }
    let [announcement] = &plan.announcements("90000901").collect::<Vec<_>>()[..] else { panic!("one is enough") };
    // As long as both classes are due there is one range.
    let first = &announcement.erased[0];
    assert!(first.from == 0 && first.until > 300 && first.classes.len() == 2, "{first:?}");
    assert!(announcement.erased.iter().all(|range| range.is_over(&rules, now)));
    assert!(plan.is_full() && announcement.erased.len() == 200);
    assert!(announcement.write().unwrap().len() < 60_000);
    let mut plan = Plan::new(Retention::default(), day(365 * 6 + 1), 1);
    for (index, at, settled) in [(0, day(0), false), (1, day(366), false), (2, day(300), false), (3, day(367), true)] {
        plan.consider(index, Retained { class: RetentionClass::Exchange, recorded: at });
        assert_eq!(plan.is_settled(), settled, "{index}");
    }
    assert_eq!(plan.records(), plan.ranges().into_iter().map(|range| range.end - range.start).sum::<u64>());
}

/// A log of one record a day over ten years, of which those before `erased` are gone, with this announcement last.
fn watched(erased: u64, announced: impl Fn(&mut Announcement), left: &[u64]) -> Vec<String> {
    let now = day(365 * 10);
    let mut plan = Plan::new(Retention::default(), now, 4);
    let mut watch = Watch::default();
    let first = String::from_utf8(record(day(0), &[])).unwrap();
    for index in 0..3650 {
        let moment = day(index as i64).format(&Rfc3339).unwrap();
        let record = first.replace("2020-01-01T00:00:00Z", &moment).into_bytes();
        if index < erased {
            plan.consider(index, Retained::of(&record).unwrap());
        }
        watch.look(index, (index >= erased || left.contains(&index)).then_some(&record));
    }
    let mut announcement = plan.announcements("90000901").next().unwrap();
    announced(&mut announcement);
    watch.look(3650, Some(&announcement.write().unwrap()));
    watch.look(3651, Some(&record(now, &[])));
    watch.findings(now)
}

#[test]
fn a_rightful_erasure_is_told_from_a_wrongful_one() {
    assert_eq!(watched(1500, |_| (), &[]), [""; 0]);
    assert_eq!(watched(1500, |_| (), &[4, 900]), [""; 0], "not all that was announced needs to be gone");
    type Case<'c> = (&'c dyn Fn(&mut Announcement), &'c [u64], &'c str);
    let cases: [Case<'_>; 9] = [
        (&|one| one.erased.clear(), &[], "records 0 to 1499 were erased, and no announcement in the log covers that"),
        (&|one| one.erased[0].from = 1, &[], "record 0 was erased, and no announcement"),
        (&|one| one.erased[0].until = 1000, &[], "records 1000 to 1499 were erased, and no"),
        (
            &|one| one.erased[0].newest = day(2000),
            &[],
            "record 3650 announces the erasure of records 0 to 1499 too early",
        ),
        (&|one| one.rules.exchange = 9, &[], "too early: at 2029-12-29T00:00:00Z the newest of them, of 2024-02-08"),
        (&|one| one.rules.exchange = 3, &[], "announces an erasure after 3 years (exchange); at least 5 are due"),
        (
            &|one| one.erased[0].newest = day(100),
            &[1200],
            "announces records 1201 to 1499 as no newer than 2020-04-10T00:00:00Z, but record 1200 before is of 2023",
        ),
        (&|one| one.recorded = day(365 * 12), &[], "which is yet to come"),
        (&|one| one.erased[0].until = 5000, &[], "which do not come before it"),
    ];
    for (announced, left, says) in cases {
        let found = watched(1500, announced, left);
        assert!(found.iter().any(|sentence| sentence.contains(says)), "{says} is not in {found:#?}");
    }
    let later = watched(1500, |one| one.recorded = day(365 * 10 + 2), &[]);
    assert!(later.iter().any(|sentence| sentence.contains("but record 3651 behind it is of")), "{later:#?}");
}

#[test]
fn an_announcement_that_cannot_be_read_is_said() {
    let mut watch = Watch::default();
    watch.look(0, Some(br#"{"layout":"zorgsluis-erasure/2","recorded":"2026-01-01T00:00:00Z"}"#));
    assert_eq!(watch.findings(day(0)), ["record 0 announces an erasure and cannot be read"]);
}
