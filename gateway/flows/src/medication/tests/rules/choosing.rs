//! A6 by cases of our own: what holds, is to come, and has ended.

use time::macros::datetime;

use super::super::build::{NOW, aside, at, b, overview, reasons, told};
use crate::medication::{Because, Windows};

#[test]
fn a6_the_sections_follow_the_windows() {
    let one = |block| told(&overview(&[block]));
    assert_eq!(one(b("MA", "ma").days(-5, Some(0))), "Current: ma", "through the last second of its last day");
    assert_eq!(one(b("MA", "ma").days(-5, Some(-1))), "RecentlyStopped: ma");
    assert_eq!(one(b("MA", "ma").days(-90, Some(-61))), "RecentlyStopped: ma");
    assert_eq!(one(b("MA", "ma").days(-90, Some(-62))), "History: ma");
    assert_eq!(one(b("MA", "ma").days(91, None).at(0, "08:00")), "Planned: ma");
    assert_eq!(one(b("MA", "ma").days(93, None).at(0, "08:00")), "Later: ma", "beyond three months");
    assert_eq!(one(b("MA", "ma").days(-14, None).lasting(2, "wk")), "RecentlyStopped: ma", "two weeks ended yesterday");
    assert_eq!(one(b("MA", "ma").days(-13, None).lasting(2, "wk")), "Current: ma");
    let wide = Windows { recent_months: 12, planned_months: 12, interrupted_months: None };
    let old = [(0, b("MA", "ma").days(-300, Some(-200)))];
    assert_eq!(told(&at(&old, false, NOW, wide)), "RecentlyStopped: ma");
}

#[test]
fn a6_an_interruption_is_shown_however_long_ago_unless_configured_otherwise() {
    let blocks = [
        (0, b("MA", "ma").days(-300, Some(30)).at(-300, "08:00")),
        (0, b("MA", "pause").days(-300, Some(-100)).at(-100, "18:00").stop("interrupted").prior("ma")),
    ];
    assert_eq!(told(&at(&blocks, false, NOW, Windows::default())), "Interrupted: pause");
    let as_before = Windows { interrupted_months: Some(2), ..Windows::default() };
    assert_eq!(told(&at(&blocks, false, NOW, as_before)), "History: pause");
}

#[test]
fn a6_of_two_agreements_that_hold_the_later_start_counts_and_that_is_told() {
    // The later registration begins earlier: neither takes the place of the other.
    let two = overview(&[
        b("MA", "late").days(-5, None).at(-10, "08:00"),
        b("MA", "early").days(-20, Some(9)).at(-9, "08:00"),
    ]);
    assert_eq!(told(&two), "Current: late");
    assert!(reasons(&two, "late").contains(&Because::LaterStartCounts));
}

#[test]
fn a6_beside_what_holds_nothing_that_ended_is_shown() {
    let two = overview(&[
        b("MA", "old").days(-30, Some(-20)).at(-30, "08:00"),
        b("MA", "new").days(-3, None).at(-3, "08:00"),
    ]);
    assert_eq!(told(&two), "Current: new");
    assert_eq!(aside(&two, "old"), Because::Followed);
    // What was replaced is not what ended last, even where its replacement was stopped before it began.
    let sloppy = overview(&[
        b("MA", "old").days(-60, None).at(-60, "08:00"),
        b("MA", "new").days(-5, None).at(-20, "08:00"),
        b("MA", "stop").days(-5, Some(-10)).at(-10, "18:00").stop("definitive").prior("new"),
    ]);
    assert_eq!(told(&sloppy), "RecentlyStopped: stop");
    // Beside what is planned it is.
    let planned = overview(&[b("MA", "old").days(-30, Some(-20)), b("MA", "new").days(3, None).at(-1, "08:00")]);
    assert_eq!(told(&planned), "Planned: new; RecentlyStopped: old");
}

#[test]
fn the_time_of_the_day_matters_only_at_a_boundary_in_summer_and_winter() {
    let blocks =
        [(0, b("MA", "ma").days(-3, Some(0))), (0, b("MA", "other").treatment(Some("u")).days(1, None).at(0, "08:00"))];
    for clock in [datetime!(2026-11-22 00:00 +1), datetime!(2026-11-22 23:59:59 +1)] {
        assert_eq!(told(&at(&blocks, false, clock, Windows::default())), "Current: ma; Planned: other");
    }
    let tomorrow = datetime!(2026-11-23 00:00 +1);
    assert_eq!(told(&at(&blocks, false, tomorrow, Windows::default())), "Current: other; RecentlyStopped: ma");
}
