//! A10 to A12 by cases of our own: what leads, what is unclear, and what is told.

use super::super::build::{b, overview, reasons, told};
use crate::medication::{Because, Moment, Section};

#[test]
fn a10_the_prescribers_agreement_leads_then_the_pharmacists_then_the_use() {
    let all = overview(&[
        b("MGB", "use").days(-9, None).at(-1, "08:00").author("Patient"),
        b("TA", "ta").days(-9, None).at(-8, "09:00").rests_on("MA", "ma"),
        b("WDS", "wds").days(-2, Some(5)).rests_on("MA", "ma"),
        b("MA", "ma").days(-9, None).at(-9, "08:00"),
    ]);
    assert_eq!(told(&all), "Current: ma wds ta use");
    // The section is that of what leads: the use that ended does not end the treatment.
    let leads = overview(&[
        b("MA", "ma").days(-9, None).at(-9, "08:00"),
        b("MGB", "use").days(-9, Some(-2)).at(-1, "08:00").author("Patient"),
    ]);
    assert_eq!(told(&leads), "Current: ma use");
}

#[test]
fn a11_what_cannot_be_dated_is_unclear_and_never_guessed() {
    let words = overview(&[b("MA", "ma").condition("tot de wond dicht is")]);
    assert_eq!(told(&words), "Unclear: ma");
    assert_eq!(words.shown[0].lines[0].said.condition.as_deref(), Some("tot de wond dicht is"));
    assert!(reasons(&words, "ma").contains(&Because::OnlyCondition));
    // That it was registered does not say when it holds.
    assert_eq!(told(&overview(&[b("MA", "ma").condition("zo nodig").at(-2, "08:00")])), "Unclear: ma");
    let nothing = overview(&[b("MA", "ma")]);
    assert_eq!((told(&nothing).as_str(), reasons(&nothing, "ma")[0]), ("Unclear: ma", Because::NoTime));
    let backwards = overview(&[b("MA", "ma").days(-2, Some(-9))]);
    assert_eq!((told(&backwards).as_str(), reasons(&backwards, "ma")[0]), ("Unclear: ma", Because::EndsBeforeItBegins));
    // Registered, and without a period: it holds from then on.
    assert_eq!(told(&overview(&[b("MA", "ma").at(-2, "08:00")])), "Current: ma");
    // An end alone, before which it must have begun.
    assert_eq!(told(&overview(&[b("MA", "ma").until(-9).unregistered()])), "RecentlyStopped: ma");
    // Beside what can be dated it stands apart.
    let beside = overview(&[b("MA", "dated").days(-2, None), b("MA", "words").condition("zo nodig")]);
    assert_eq!(told(&beside), "Current: dated; Unclear: words");
}

#[test]
fn a11_the_state_of_a_resource_decides_nothing() {
    for status in ["active", "completed", "on-hold", "stopped", "cancelled", "draft", "unknown"] {
        let ended = overview(&[
            b("MA", "ma").days(-9, Some(-2)).status(status),
            b("TA", "ta").days(-9, None).status(status).rests_on("MA", "ma"),
        ]);
        assert_eq!(told(&ended), "RecentlyStopped: ma ta", "{status}");
        assert_eq!(ended.shown[0].lines[0].said.stop, None, "{status}");
        let runs = overview(&[b("MA", "ma").days(-9, None).status(status)]);
        assert_eq!(told(&runs), "Current: ma", "{status}");
        assert_eq!(runs.shown[0].lines[0].said.stop, None, "{status}");
    }
}

#[test]
fn a12_what_was_supplied_stands_beside_and_decides_nothing() {
    let supplied = overview(&[
        b("MA", "ma").days(-30, None),
        b("VV", "vv").days(-30, None).rests_on("MA", "ma"),
        b("MVE", "one").days(-29, None),
        b("MVE", "two").days(-9, None),
        b("MTD", "given").days(-1, None),
        b("MTD", "given-too").days(-2, None),
    ]);
    assert_eq!(told(&supplied), "Current: ma");
    let beside: Vec<&str> =
        supplied.shown[0].supplies.iter().map(|s| s.name.id.as_ref().unwrap().value.as_ref()).collect();
    assert_eq!((beside, supplied.shown[0].supplied), (vec!["given", "given-too", "two"], 5));
    let alone = overview(&[b("MVE", "mve").days(-9, None)]);
    assert_eq!((told(&alone).as_str(), reasons(&alone, "mve")[0]), ("Unclear: mve", Because::OnlySupplied));
    assert_eq!(told(&overview(&[b("MVE", "mve").days(-200, None)])), "History: mve");
}

#[test]
fn a12_what_is_told_is_what_was_received() {
    let one = overview(&[b("MA", "ma").days(-5, Some(9)).text("3 maal per dag 1 stuk")]);
    let said = &one.shown[0].lines[0].said;
    assert_eq!(said.instruction.as_deref(), Some("3 maal per dag 1 stuk"));
    assert!(!said.instruction_made_here);
    assert_eq!(said.product.as_deref(), Some("product of t"));
    assert_eq!(&*said.receipts[0].reference, "MedicationRequest/r-ma");
    assert_eq!((one.shown[0].section, one.shown[0].name.as_str()), (Section::Current, "product of t"));
}

#[test]
fn a12_the_end_of_a_line_is_the_one_that_was_worked_out() {
    // The stop says nothing of a period: it ended when it was registered.
    let stopped =
        overview(&[b("MA", "ma").days(-60, None), b("MA", "stop").at(-2, "18:00").stop("definitive").prior("ma")]);
    assert_eq!(told(&stopped), "RecentlyStopped: stop");
    let registered = stopped.shown[0].lines[0].said.registered;
    assert!(registered.is_some());
    assert_eq!(stopped.shown[0].lines[0].said.end, registered);
    // What lasts so long ends a second before the next begins.
    let lasts = overview(&[b("MA", "ma").days(-1, None).lasting(2, "d")]);
    let end = lasts.shown[0].lines[0].said.end.and_then(Moment::to_utc).unwrap();
    assert_eq!(end, time::macros::datetime!(2026-11-22 23:59:59 +1));
}

#[test]
fn a12_what_was_written_with_a_block_that_is_not_shown_is_not_lost() {
    let changed = overview(&[
        b("MA", "low").days(-60, None).at(-60, "08:00").noted("Meer gaf duizeligheid."),
        b("MA", "high").days(-3, None).at(-3, "08:00"),
    ]);
    assert_eq!(told(&changed), "Current: high");
    assert_eq!(changed.aside[0].note.as_deref(), Some("Meer gaf duizeligheid."));
}
