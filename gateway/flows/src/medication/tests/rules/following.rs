//! A7 to A9 by cases of our own: what follows the agreement of the prescriber.

use super::super::build::{aside, b, overview, reasons, told};
use crate::medication::{Because, Section};

#[test]
fn a7_the_pharmacists_agreements_follow_the_prescribers() {
    // Without a stop of its own under an agreement that was stopped.
    let stopped = overview(&[
        b("MA", "ma").days(-60, None),
        b("TA", "ta").days(-60, None).rests_on("MA", "ma"),
        b("MA", "stop").days(-60, Some(-2)).at(-2, "18:00").stop("definitive").prior("ma"),
    ]);
    assert_eq!(told(&stopped), "RecentlyStopped: stop ta");
    assert!(reasons(&stopped, "ta").contains(&Because::NotAligned));
    assert_eq!(stopped.shown[0].lines[1].section, Section::RecentlyStopped, "it takes over the section");
    let paused = overview(&[
        b("MA", "ma").days(-60, None),
        b("TA", "ta").days(-60, None).rests_on("MA", "ma"),
        b("MA", "pause").days(-60, Some(-2)).at(-2, "18:00").stop("interrupted").prior("ma"),
    ]);
    assert_eq!(told(&paused), "Interrupted: pause ta");
    // What it names counts before what was in force when it began.
    let named = overview(&[
        b("MA", "old").days(-60, None),
        b("MA", "new").days(-3, None),
        b("TA", "ta").days(-5, None).at(-3, "09:00").rests_on("MA", "new"),
    ]);
    assert_eq!(told(&named), "Current: new ta");
    // Of the agreement that was replaced.
    let replaced = overview(&[
        b("MA", "old").days(-60, None),
        b("TA", "ta").days(-60, None).rests_on("MA", "old"),
        b("MA", "new").days(-3, None),
    ]);
    assert_eq!(told(&replaced), "Current: new");
    assert_eq!(aside(&replaced, "ta"), Because::AgreementNotShown);
    assert!(reasons(&replaced, "new").contains(&Because::NotAligned), "the pharmacy still goes by the old one");
    let followed = overview(&[
        b("MA", "old").days(-60, None),
        b("TA", "ta").days(-60, None).rests_on("MA", "old"),
        b("MA", "new").days(-3, None),
        b("TA", "next").days(-3, None).rests_on("MA", "new"),
    ]);
    assert!(!reasons(&followed, "new").contains(&Because::NotAligned));
}

#[test]
fn a7_several_run_beside_each_other_until_their_own_stop() {
    let parallel = overview(&[
        b("MA", "ma").days(-60, None),
        b("TA", "one").days(-60, None).at(-60, "09:00").rests_on("MA", "ma"),
        b("TA", "two").days(-50, None).at(-50, "09:00").rests_on("MA", "ma"),
    ]);
    assert_eq!(told(&parallel), "Current: ma two one");
    let one_left = overview(&[
        b("MA", "ma").days(-60, None),
        b("TA", "one").days(-60, None).at(-60, "09:00").rests_on("MA", "ma"),
        b("TA", "two").days(-50, None).at(-50, "09:00").rests_on("MA", "ma"),
        b("TA", "stop").days(-60, Some(-5)).at(-5, "09:00").stop("definitive").prior("one").rests_on("MA", "ma"),
    ]);
    assert_eq!(told(&one_left), "Current: ma two");
}

#[test]
fn a7_one_that_names_nothing_belongs_to_what_was_in_force_when_it_began() {
    let blocks = [
        b("MA", "old").days(-60, None).at(-60, "08:00"),
        b("TA", "of-old").days(-60, None).at(-60, "09:00"),
        b("MA", "new").days(-3, None).at(-3, "08:00"),
        b("TA", "of-new").days(-3, None).at(-3, "09:00"),
    ];
    let changed = overview(&blocks);
    assert_eq!(told(&changed), "Current: new of-new");
    assert_eq!(aside(&changed, "of-old"), Because::AgreementNotShown);
    assert!(reasons(&changed, "of-new").contains(&Because::InForceWith));
}

#[test]
fn a7_what_it_names_counts_also_where_that_is_over_and_another_was_in_force() {
    // It began when the new agreement ran, and says that it carries out the one that is over.
    let named = overview(&[
        b("MA", "old").days(-60, None).at(-60, "08:00"),
        b("MA", "new").days(-3, None).at(-3, "08:00"),
        b("TA", "ta").days(-2, None).at(-2, "09:00").rests_on("MA", "old"),
    ]);
    assert_eq!(told(&named), "Current: new");
    assert_eq!(aside(&named, "ta"), Because::AgreementNotShown);
    assert!(reasons(&named, "new").contains(&Because::NotAligned));
}

#[test]
fn a7_one_that_began_before_any_agreement_goes_with_the_one_that_it_overlaps() {
    let early = overview(&[b("MA", "ma").days(-5, None).at(-5, "08:00"), b("TA", "ta").days(-9, None).at(-9, "09:00")]);
    assert_eq!(told(&early), "Current: ma ta");
    assert!(reasons(&early, "ta").contains(&Because::InForceWith));
    assert!(!reasons(&early, "ta").contains(&Because::NoAgreement));
}

#[test]
fn a7_without_any_agreement_it_leads_and_that_is_told() {
    let alone = overview(&[b("TA", "ta").days(-5, None).rests_on("MA", "unknown")]);
    assert_eq!(told(&alone), "Current: ta");
    assert!(reasons(&alone, "ta").contains(&Because::NoAgreement));
}

#[test]
fn a8_a_regimen_is_shown_under_a_running_agreement_only() {
    let regimens = |stop: Option<&'static str>| {
        let mut blocks = vec![
            b("MA", "ma").days(-60, None),
            b("WDS", "old").days(-30, Some(-11)).at(-30, "08:00").rests_on("MA", "ma"),
            b("WDS", "now").days(-10, Some(3)).at(-10, "08:00").rests_on("MA", "ma"),
            b("WDS", "next").days(4, Some(17)).at(-1, "08:00").rests_on("MA", "ma"),
        ];
        if let Some(kind) = stop {
            blocks.push(b("MA", "stop").days(-60, Some(-1)).at(-1, "18:00").stop(kind).prior("ma"));
        }
        overview(&blocks)
    };
    let running = regimens(None);
    assert_eq!(told(&running), "Current: ma now next");
    assert_eq!(aside(&running, "old"), Because::NotTheRegimenOfNow);
    assert_eq!(told(&regimens(Some("definitive"))), "RecentlyStopped: stop");
    let paused = regimens(Some("interrupted"));
    assert_eq!(told(&paused), "Interrupted: stop");
    assert_eq!(aside(&paused, "now"), Because::NotUnderCurrentAgreement);
    // A new one takes the place of the one that it overlaps, also where it is for a shorter time.
    let replaced = overview(&[
        b("MA", "ma").days(-60, None),
        b("WDS", "old").days(-30, None).at(-30, "08:00").rests_on("MA", "ma"),
        b("WDS", "new").days(-10, Some(-4)).at(-10, "08:00").rests_on("MA", "ma"),
    ]);
    assert_eq!(told(&replaced), "Current: ma", "what was replaced does not come back");
    // Without the agreement it must not be lost, and nothing is made of it.
    let alone = overview(&[b("WDS", "now").days(-10, Some(3)).rests_on("MA", "unknown")]);
    assert_eq!(told(&alone), "Unclear: now");
}

#[test]
fn a9_the_newest_word_of_each_author_counts() {
    let uses = overview(&[
        b("MA", "ma").days(-60, None),
        b("MGB", "doctor-1").days(-60, None).at(-20, "08:00").author("PractitionerRole"),
        b("MGB", "doctor-2").days(-60, None).at(-10, "08:00").author("PractitionerRole"),
        b("MGB", "patient").days(-60, None).at(-15, "08:00").author("Patient"),
    ]);
    assert_eq!(told(&uses), "Current: ma doctor-2 patient");
    assert_eq!(aside(&uses, "doctor-1"), Because::NewerOfSameAuthor);
}

#[test]
fn a9_a_word_that_is_older_than_the_last_change_counts_no_more() {
    let older = overview(&[
        b("MA", "old").days(-60, None).at(-60, "08:00"),
        b("MGB", "use").days(-60, None).at(-10, "08:00").author("Patient"),
        b("MA", "new").days(-3, None).at(-3, "08:00"),
    ]);
    assert_eq!(told(&older), "Current: new");
    assert_eq!(aside(&older, "use"), Because::OlderThanAgreement);
    // What is written down in the moment of the change knows of it.
    let at_once = overview(&[
        b("MA", "new").days(-3, None).at(-3, "08:00"),
        b("MGB", "use").days(-3, None).at(-3, "08:00").author("Patient"),
    ]);
    assert_eq!(told(&at_once), "Current: new use");
    // A change that has not begun makes nothing old.
    let planned = overview(&[
        b("MA", "old").days(-60, None).at(-60, "08:00"),
        b("MGB", "use").days(-60, None).at(-10, "08:00").author("Patient"),
        b("MA", "new").days(3, None).at(-3, "08:00"),
    ]);
    assert_eq!(told(&planned), "Current: old use; Planned: new");
}

#[test]
fn a9_a_word_about_what_is_not_shown_counts_no_more() {
    let about = overview(&[
        b("MA", "old").days(-60, None).at(-60, "08:00"),
        b("MA", "new").days(-3, None).at(-3, "08:00"),
        b("MGB", "use").days(-60, None).at(-1, "08:00").author("Patient").rests_on("MA", "old"),
    ]);
    assert_eq!(told(&about), "Current: new");
    assert_eq!(aside(&about, "use"), Because::OfWhatIsNotShown);
    // The agreement behind a shown stop is shown.
    let behind = overview(&[
        b("MA", "ma").days(-60, None),
        b("MA", "stop").days(-60, Some(-3)).at(-3, "08:00").stop("definitive").prior("ma"),
        b("MGB", "use").days(-60, Some(-3)).at(-1, "08:00").author("Patient").rests_on("MA", "ma"),
    ]);
    assert_eq!(told(&behind), "RecentlyStopped: stop use");
}

#[test]
fn a9_what_nobody_agreed_on_is_shown_from_its_use() {
    assert_eq!(told(&overview(&[b("MGB", "self-care").days(-10, None).author("Patient")])), "Current: self-care");
    assert_eq!(told(&overview(&[b("MGB", "ended").days(-10, Some(-2)).author("Patient")])), "RecentlyStopped: ended");
    let paused = b("MGB", "paused").days(-300, Some(-200)).author("Patient").stop("interrupted");
    assert_eq!(told(&overview(&[paused])), "Interrupted: paused", "however long ago");
    // An agreement that cannot be dated is one all the same, and that it is there is said.
    let undated = overview(&[
        b("MA", "words").condition("zolang er pijn is").at(-10, "08:00"),
        b("MGB", "use").days(-10, None).at(-9, "08:00").author("Patient"),
    ]);
    assert_eq!(told(&undated), "Current: use; Unclear: words");
    let found = reasons(&undated, "use");
    assert!(found.contains(&Because::AgreementUnclear) && !found.contains(&Because::OnlyUse));
    let not =
        overview(&[b("MA", "ma").days(-60, None), b("MGB", "use").days(-60, None).at(-1, "08:00").status("not-taken")]);
    assert!(reasons(&not, "use").contains(&Because::SaysNotUsed));
}
