//! A1 to A4 by cases of our own: what is missing, taken back, received twice, and which treatment it is of.

use super::super::build::{aside, b, of_sources, overview, reasons, told};
use crate::medication::Because;

#[test]
fn a1_a_missing_source_is_told_on_every_line_that_it_leaves_in_doubt() {
    let blocks =
        [(0, b("MA", "original").days(-5, None)), (0, b("TA", "copy").treatment(Some("u")).days(-5, None).copy())];
    let whole = of_sources(&blocks, false);
    assert!(!reasons(&whole, "copy").contains(&Because::SourceMissing));
    let torn = of_sources(&blocks, true);
    assert!(reasons(&torn, "copy").contains(&Because::SourceMissing));
    assert!(!reasons(&torn, "original").contains(&Because::SourceMissing), "it is the author's own word");
}

#[test]
fn a2_what_was_entered_in_error_is_left_out_and_its_copies_with_it() {
    let wrong = overview(&[b("MA", "wrong").days(-5, None).status("entered-in-error")]);
    assert_eq!((told(&wrong).as_str(), aside(&wrong, "wrong")), ("", Because::EnteredInError));
    // Elsewhere a copy of it still says active.
    let copied = of_sources(
        &[(0, b("MA", "wrong").days(-5, None).status("entered-in-error")), (1, b("MA", "wrong").days(-5, None).copy())],
        false,
    );
    assert_eq!(told(&copied), "");
    // A copy that was taken back says nothing about the original.
    let original = of_sources(
        &[(0, b("MA", "good").days(-5, None)), (1, b("MA", "good").days(-5, None).copy().status("entered-in-error"))],
        false,
    );
    assert_eq!(told(&original), "Current: good");
    // Nor does an older original that was taken back: there is nothing to choose between.
    let older = of_sources(
        &[
            (0, b("MA", "good").days(-5, None).updated("2026-11-20T00:00:00Z")),
            (1, b("MA", "good").days(-5, Some(-2)).status("entered-in-error").updated("2026-11-18T00:00:00Z")),
        ],
        false,
    );
    assert_eq!(told(&older), "Current: good");
}

#[test]
fn a2_a_block_without_a_treatment_stands_for_itself() {
    let two = overview(&[b("MA", "one").treatment(None).days(-9, None), b("MA", "two").treatment(None).days(-5, None)]);
    assert_eq!(two.shown.len(), 2, "{}", told(&two));
    assert!(two.shown.iter().all(|treatment| treatment.reasons[0].because == Because::NoTreatmentIdentifier));
}

#[test]
fn a2_white_space_around_an_identifier_makes_no_other_block() {
    let stopped = overview(&[
        b("MA", "ma ").days(-9, None),
        b("MA", "stop").days(-9, Some(-2)).at(-2, "18:00").stop("definitive").prior("ma"),
    ]);
    assert_eq!(told(&stopped), "RecentlyStopped: stop");
    let copied = of_sources(&[(0, b("MA", "ma ").days(-9, None)), (1, b("MA", "ma").days(-9, None).copy())], false);
    assert_eq!((copied.blocks, told(&copied).as_str()), (1, "Current: ma"));
}

#[test]
fn a3_an_original_counts_before_its_copies_and_is_told_once() {
    let both = of_sources(
        &[(0, b("MA", "ma").days(-5, Some(9)).copy().text("copied")), (1, b("MA", "ma").days(-5, Some(9)).text("own"))],
        false,
    );
    assert_eq!(told(&both), "Current: ma");
    let line = &both.shown[0].lines[0];
    assert_eq!(line.said.instruction.as_deref(), Some("own"));
    let receipts: Vec<(usize, bool)> =
        line.said.receipts.iter().map(|receipt| (receipt.source, receipt.copy)).collect();
    assert_eq!(receipts, [(0, true), (1, false)]);
    // However new the copy is.
    let newer = of_sources(
        &[
            (0, b("MA", "ma").days(-5, Some(9)).copy().text("copied").updated("2026-11-21T00:00:00Z")),
            (1, b("MA", "ma").days(-5, Some(9)).text("own").updated("2026-11-18T00:00:00Z")),
        ],
        false,
    );
    assert_eq!(newer.shown[0].lines[0].said.instruction.as_deref(), Some("own"));
    let only = of_sources(&[(0, b("MA", "ma").days(-5, Some(9)).copy())], false);
    assert!(reasons(&only, "ma").contains(&Because::CopyOnly));
    assert!(!reasons(&both, "ma").contains(&Because::CopyOnly));
}

#[test]
fn a3_of_copies_alone_the_newest_counts() {
    let copies = |first: &'static str, second: &'static str| {
        of_sources(
            &[
                (0, b("MA", "ma").days(-5, Some(9)).copy().text("older").updated(first)),
                (1, b("MA", "ma").days(-5, Some(9)).copy().text("newer").updated(second)),
            ],
            false,
        )
    };
    let straight = copies("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    assert_eq!(straight.shown[0].lines[0].said.instruction.as_deref(), Some("newer"));
    let turned = copies("2026-11-03T00:00:00Z", "2026-11-02T00:00:00Z");
    assert_eq!(turned.shown[0].lines[0].said.instruction.as_deref(), Some("older"));
}

#[test]
fn a3_a_copy_that_is_behind_its_original_is_told() {
    let behind =
        of_sources(&[(0, b("MA", "ma").days(-50, Some(-20))), (1, b("MA", "ma").days(-50, None).copy())], false);
    assert_eq!(told(&behind), "RecentlyStopped: ma", "the original counts");
    assert!(reasons(&behind, "ma").contains(&Because::CopyDiffers));
}

#[test]
fn a3_originals_that_contradict_each_other_are_both_shown_and_none_is_chosen() {
    let disagreeing = of_sources(&[(0, b("MA", "ma").days(-50, None)), (1, b("MA", "ma").days(-50, Some(-20)))], false);
    assert_eq!(told(&disagreeing), "Unclear: ma");
    let line = &disagreeing.shown[0].lines[0];
    assert_eq!(line.versions.len(), 1);
    assert_ne!(line.versions[0].end, line.said.end);
    let found = reasons(&disagreeing, "ma");
    assert!(found.contains(&Because::VersionsDiffer) && found.contains(&Because::DependsOnVersion));
    // They differ in what to take, and agree about when: it is current, with both texts.
    let texts = of_sources(
        &[(0, b("MA", "ma").days(-5, None).text("1 daags")), (1, b("MA", "ma").days(-5, None).text("2 daags"))],
        false,
    );
    assert_eq!(told(&texts), "Current: ma");
    let line = &texts.shown[0].lines[0];
    let mut said: Vec<&str> =
        std::iter::once(&line.said).chain(&line.versions).filter_map(|said| said.instruction.as_deref()).collect();
    said.sort_unstable();
    assert_eq!(said, ["1 daags", "2 daags"]);
    // The same word twice is no contradiction.
    let same = of_sources(&[(0, b("MA", "ma").days(-5, None)), (1, b("MA", "ma").days(-5, None))], false);
    assert!(same.shown[0].lines[0].versions.is_empty());
}

#[test]
fn a3_blocks_without_an_identifier_are_never_merged_across_sources() {
    let unnamed = b("MA", "ma").days(-5, None).without_id();
    let two = of_sources(&[(0, unnamed.clone()), (1, unnamed.clone())], false);
    assert_eq!(two.blocks, 2);
    let twice_from_one = of_sources(&[(0, unnamed.clone()), (0, unnamed)], false);
    assert_eq!(twice_from_one.blocks, 1);
    // Two of one source are two, when it keeps them apart.
    let another = b("MA", "other").days(-9, None).without_id();
    let apart = of_sources(&[(0, b("MA", "one").days(-5, None).without_id()), (0, another)], false);
    assert_eq!(apart.blocks, 2);
}

#[test]
fn a4_only_what_is_of_one_treatment_is_folded_together() {
    let two = overview(&[
        b("MA", "one").treatment(Some("t")).days(-9, None),
        b("MA", "two").treatment(Some("u")).days(-5, None),
    ]);
    assert_eq!(told(&two), "Current: one; Current: two");
    let one = overview(&[b("MA", "one").days(-9, None), b("MA", "two").days(-5, None)]);
    assert_eq!(told(&one), "Current: two");
}

#[test]
fn a4_a_treatment_of_two_products_and_two_treatments_of_one_are_told() {
    let mixed =
        overview(&[b("MA", "ma").days(-9, None).prk("1"), b("MA", "next").days(5, None).at(-1, "08:00").prk("2")]);
    assert!(mixed.shown.iter().all(|part| part.reasons.iter().any(|r| r.because == Because::ProductsDiffer)));
    let twice = overview(&[
        b("MA", "one").treatment(Some("t")).days(-9, None).prk("7"),
        b("MA", "two").treatment(Some("u")).days(-5, None).prk("7"),
        b("MA", "own").treatment(Some("v")).days(-5, None).prk("90000012"),
        b("MA", "too").treatment(Some("w")).days(-5, None).prk("90000012"),
    ]);
    let told: Vec<bool> = twice
        .shown
        .iter()
        .map(|part| part.reasons.iter().any(|r| r.because == Because::SameProductElsewhere))
        .collect();
    assert_eq!(told, [true, true, false, false], "a system's own numbers say nothing to another");
}

#[test]
fn a4_what_is_called_otherwise_than_what_leads_is_told_at_the_level_that_is_known() {
    const ATC: &str = "http://www.whocc.no/atc";
    const HPK: &str = "urn:oid:2.16.840.1.113883.2.4.4.7";
    let agreed = || b("MA", "ma").days(-9, None).called("metoprolol tablet 50 mg");
    let used = || b("MGB", "use").days(-9, None).at(-1, "08:00").author("Patient").called("metoprolol tablet 100 mg");
    let alike = || used().called("METOPROLOL TABLET 50MG");
    for (agreed, used, expected) in [
        // A strength that stands in the name alone.
        (agreed(), used(), Some(Because::NamesDiffer)),
        (agreed().coded(ATC, "C07AB02"), used().coded(ATC, "C07AB02"), Some(Because::SameSubstanceOtherName)),
        (agreed().coded(ATC, "C07AB02"), used().coded(ATC, "B01AF02"), Some(Because::SubstancesDiffer)),
        (agreed().coded(ATC, "C07AB02"), alike().coded(ATC, "B01AF02"), Some(Because::SubstancesDiffer)),
        // A group of substances, a code that one of them lacks, and a system's own number compare nothing.
        (agreed().coded(ATC, "C07AB"), used().coded(ATC, "C07AB"), Some(Because::NamesDiffer)),
        (agreed().coded(ATC, "C07AB02"), used(), Some(Because::NamesDiffer)),
        (agreed().prk("90000012"), used().prk("90000012"), Some(Because::NamesDiffer)),
        (agreed().prk("90000012"), alike().prk("90000013"), None),
        (agreed(), alike(), None),
        // A code that shows that it is one product, however it is called.
        (agreed().prk("7"), used().prk("7"), None),
        (agreed().coded(HPK, "7"), used().coded(HPK, "7"), None),
        // Two trade names of what may be one product.
        (agreed().coded(HPK, "7"), alike().coded(HPK, "8"), None),
        (agreed().coded(HPK, "7"), used().coded(HPK, "8"), Some(Because::NamesDiffer)),
        // Codes that show that it is another: that is said of the whole treatment.
        (agreed().prk("7"), used().prk("8"), None),
    ] {
        let all = overview(&[agreed.clone(), used.clone()]);
        let unlike = [Because::SubstancesDiffer, Because::SameSubstanceOtherName, Because::NamesDiffer];
        let found: Vec<Because> = reasons(&all, "use").into_iter().filter(|one| unlike.contains(one)).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{} {}", agreed.json(), used.json());
        assert!(reasons(&all, "ma").iter().all(|one| !unlike.contains(one)), "what leads is the measure");
        let differs = all.shown[0].reasons.iter().any(|reason| reason.because == Because::ProductsDiffer);
        assert_eq!(
            differs,
            agreed.json().contains(r#""code":"7""#)
                && used.json().contains(r#""code":"8""#)
                && agreed.json().contains("4.4.10")
        );
        let warns = all.shown[0].warns();
        assert_eq!(warns, expected.is_some() || differs);
    }
    // A change that is planned is no contradiction.
    let change =
        overview(&[agreed(), b("MA", "next").days(5, None).at(-1, "08:00").called("metoprolol tablet 100 mg")]);
    assert!(
        change
            .shown
            .iter()
            .flat_map(|part| &part.lines)
            .all(|line| line.reasons.iter().all(|reason| reason.because != Because::NamesDiffer))
    );
}
