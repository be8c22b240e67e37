//! A5 by cases of our own: what agreements and stops come to.

use time::Duration;

use super::super::build::{NOW, aside, at, b, overview, reasons, told};
use crate::medication::{Because, Windows};

#[test]
fn a5_a_stop_stands_for_the_agreement_that_it_ends() {
    let stopped = overview(&[
        b("MA", "ma").days(-60, None),
        b("MA", "stop").days(-60, Some(-2)).at(-2, "18:00").stop("definitive").prior("ma"),
    ]);
    assert_eq!(told(&stopped), "RecentlyStopped: stop");
    assert_eq!(&*stopped.shown[0].lines[0].ended.as_ref().unwrap().id.as_ref().unwrap().value, "ma");
}

#[test]
fn a5_an_agreement_takes_the_place_of_the_one_that_it_overlaps() {
    let changed = overview(&[b("MA", "old").days(-60, None), b("MA", "new").days(-3, None)]);
    assert_eq!(told(&changed), "Current: new");
    assert_eq!(aside(&changed, "old"), Because::ReplacedBy);
}

#[test]
fn a5_a_technical_stop_and_its_replacement_of_one_moment_leave_the_replacement() {
    // All three registered in the same minute.
    let changed = overview(&[
        b("MA", "new").days(-3, None).at(-3, "08:00"),
        b("MA", "stop").days(-60, Some(-4)).at(-3, "08:00").stop("definitive").prior("old"),
        b("MA", "old").days(-60, None).at(-3, "08:00"),
    ]);
    assert_eq!(told(&changed), "Current: new");
    // The stop comes before the replacement, also where neither names what it is about.
    let unnamed = overview(&[
        b("MA", "old").days(-10, None).at(-10, "08:00"),
        b("MA", "stop").days(-9, Some(1)).at(-1, "08:00").stop("definitive"),
        b("MA", "new").days(2, None).at(-1, "08:00"),
    ]);
    assert_eq!(told(&unnamed), "Current: stop; Planned: new");
    assert!(!reasons(&unnamed, "stop").contains(&Because::StopWithoutTarget));
    // An original and its stop of one minute, without a reference.
    let stopped = overview(&[
        b("MA", "stop").days(-5, Some(-2)).at(-5, "08:00").stop("definitive"),
        b("MA", "ma").days(-5, None).at(-5, "08:00"),
    ]);
    assert_eq!(told(&stopped), "RecentlyStopped: stop");
}

#[test]
fn a5_a_stop_ends_what_it_names_before_what_begins_or_runs_with_it() {
    // The reference contradicts the equal start: what is named counts.
    let named = overview(&[
        b("MA", "first").days(-60, Some(-30)).at(-60, "08:00"),
        b("MA", "second").days(-20, None).at(-20, "08:00"),
        b("MA", "stop").days(-60, Some(-2)).at(-2, "18:00").stop("definitive").prior("second"),
    ]);
    assert_eq!(told(&named), "RecentlyStopped: stop");
    assert_eq!(&*named.shown[0].lines[0].ended.as_ref().unwrap().id.as_ref().unwrap().value, "second");
    // Nothing is named: what began when the stop says.
    let equal = overview(&[
        b("MA", "now").days(-10, Some(30)).at(-10, "08:00"),
        b("MA", "future").days(40, None).at(-9, "08:00"),
        b("MA", "stop").days(40, Some(60)).at(-2, "18:00").stop("definitive"),
    ]);
    assert_eq!(told(&equal), "Current: now; Planned: stop");
    let begins = overview(&[
        b("MA", "other").days(55, None).at(-20, "08:00"),
        b("MA", "future").days(40, None).at(-10, "08:00"),
        b("MA", "stop").days(40, Some(60)).at(-2, "18:00").stop("definitive"),
    ]);
    let ended = begins.shown.iter().flat_map(|part| &part.lines).find_map(|line| line.ended.as_ref());
    assert_eq!(&*ended.unwrap().id.as_ref().unwrap().value, "future", "what runs at its end began later");
    // Nothing begins then either: what runs at its end.
    let running = overview(&[
        b("MA", "ma").days(-10, None).at(-10, "08:00"),
        b("MA", "stop").days(-9, Some(-2)).at(-2, "18:00").stop("definitive").prior("unknown"),
    ]);
    assert_eq!(told(&running), "RecentlyStopped: stop");
}

#[test]
fn a5_a_stop_whose_agreement_was_not_received_is_shown_and_told() {
    let alone = overview(&[b("MA", "stop").days(-60, Some(-2)).at(-2, "18:00").stop("definitive").prior("unknown")]);
    assert_eq!(told(&alone), "RecentlyStopped: stop");
    let found = reasons(&alone, "stop");
    assert!(found.contains(&Because::StopWithoutTarget) && found.contains(&Because::UnresolvedReference));
}

#[test]
fn a5_a_reference_to_itself_counts_for_nothing() {
    let own = overview(&[
        b("TA", "ta").days(-10, None),
        b("TA", "stop").days(-10, Some(-2)).at(-2, "18:00").stop("definitive").prior("stop"),
        b("TA", "next").days(-1, None),
    ]);
    assert_eq!(told(&own), "Current: next");
    // Of one minute with what it ends, which it does not name.
    let at_once = overview(&[
        b("TA", "stop").days(-10, Some(-2)).at(-10, "08:00").stop("definitive").prior("stop"),
        b("TA", "ta").days(-10, None).at(-10, "08:00"),
    ]);
    assert_eq!(told(&at_once), "RecentlyStopped: stop");
    assert!(!reasons(&at_once, "stop").contains(&Because::UnresolvedReference));
}

#[test]
fn a5_a_withdrawn_future_agreement_is_not_shown_and_the_present_one_stays() {
    let withdrawn = overview(&[
        b("MA", "now").days(-10, None),
        b("MA", "future").days(5, None).at(-3, "08:00"),
        b("MA", "cancel").days(5, Some(5)).at(-1, "08:00").stop("cancelled").prior("future"),
    ]);
    assert_eq!(told(&withdrawn), "Current: now");
    assert_eq!(
        (aside(&withdrawn, "future"), aside(&withdrawn, "cancel")),
        (Because::CancelledBy, Because::CancelledBy)
    );
    // What the withdrawn agreement would have ended goes on.
    assert_eq!(withdrawn.shown[0].lines[0].said.end, None);
    let later = at(
        &[
            (0, b("MA", "now").days(-10, None)),
            (0, b("MA", "future").days(5, None).at(-3, "08:00")),
            (0, b("MA", "cancel").days(5, Some(5)).at(-1, "08:00").stop("cancelled").prior("future")),
        ],
        false,
        NOW + Duration::days(30),
        Windows::default(),
    );
    assert_eq!(told(&later), "Current: now");
    // The withdrawn one alone: nothing.
    let alone = overview(&[
        b("MA", "future").days(5, None).at(-3, "08:00"),
        b("MA", "cancel").days(5, Some(5)).at(-1, "08:00").stop("cancelled").prior("future"),
    ]);
    assert_eq!(told(&alone), "");
    // A withdrawal of what was not received takes nothing else away.
    let unknown = overview(&[
        b("MA", "now").days(-10, None),
        b("MA", "cancel").days(5, Some(5)).at(-1, "08:00").stop("cancelled").prior("unknown"),
    ]);
    assert_eq!(told(&unknown), "Current: now");
}

#[test]
fn a5_a_future_agreement_outlives_a_change_of_the_present_one() {
    let changed = overview(&[
        b("MA", "old").days(-30, Some(9)).at(-30, "08:00"),
        b("MA", "future").days(10, None).at(-20, "08:00"),
        b("MA", "new").days(-2, Some(9)).at(-2, "08:00"),
    ]);
    assert_eq!(told(&changed), "Current: new; Planned: future");
}

#[test]
fn a5_a_second_stop_takes_over_from_the_first() {
    let stopped = overview(&[
        b("MA", "ma").days(-60, None),
        b("MA", "pause").days(-60, Some(-20)).at(-20, "18:00").stop("interrupted").prior("ma"),
        b("MA", "end").days(-60, Some(-10)).at(-10, "18:00").stop("definitive").prior("pause"),
    ]);
    assert_eq!(told(&stopped), "RecentlyStopped: end");
}

#[test]
fn a5_a_stop_of_a_kind_that_nobody_knows_ends_and_is_told() {
    let stopped = overview(&[
        b("MA", "ma").days(-60, None),
        b("MA", "stop").days(-60, Some(-2)).at(-2, "18:00").stop("1234").prior("ma"),
    ]);
    assert_eq!(told(&stopped), "RecentlyStopped: stop");
    assert!(reasons(&stopped, "stop").contains(&Because::UnknownStopType));
}

#[test]
fn a5_every_code_of_a_stop_is_known_also_those_that_were_given_before() {
    use crate::medication::Stop;
    for (code, kind, section) in [
        ("410546004", Stop::Definitive, "RecentlyStopped"),
        ("113371000146109", Stop::Definitive, "RecentlyStopped"),
        ("385655000", Stop::Interrupted, "Interrupted"),
        ("113381000146106", Stop::Interrupted, "Interrupted"),
        ("1", Stop::Unknown, "RecentlyStopped"),
    ] {
        let stopped = overview(&[
            b("MA", "ma").days(-60, None),
            b("MA", "stop").days(-60, Some(-2)).at(-2, "18:00").stop(code).prior("ma"),
        ]);
        assert_eq!(told(&stopped), format!("{section}: stop"), "{code}");
        assert_eq!(stopped.shown[0].lines[0].said.stop, Some(kind), "{code}");
    }
}
