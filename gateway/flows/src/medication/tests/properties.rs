//! What holds of every overview, whatever the blocks.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::build::{B, NOW, at, b, of_sources};
use crate::medication::{Treatment, Treatments, Windows};

/// Any block of a few treatments, with references that may lead anywhere.
fn any_block() -> impl Strategy<Value = B> {
    let kind = prop::sample::select(vec!["MA", "MA", "MA", "TA", "TA", "WDS", "MGB", "VV", "MVE", "MTD"]);
    let treatment = prop::sample::select(vec![Some("t"), Some("u"), None]);
    let stop = prop::option::weighted(0.3, prop::sample::select(vec!["definitive", "interrupted", "cancelled", "9"]));
    let clock = prop::sample::select(vec!["08:00", "08:00", "18:00"]);
    let named = (0u8..6, 0u8..6, 0u8..6, any::<bool>(), any::<bool>());
    let times = (-120i64..60, prop::option::of(-5i64..90), -120i64..1, clock, 0u8..10);
    (kind, treatment, stop, named, times, prop::sample::select(vec!["Patient", "PractitionerRole"])).prop_map(
        |(kind, treatment, stop, (id, prior, basis, points, rests), (start, length, day, clock, dated), author)| {
            let mut block = b(kind, &format!("{kind}{id}")).treatment(treatment).at(day, clock);
            if dated > 0 || matches!(kind, "MVE" | "MTD") {
                block = block.days(start, length.map(|length| start + length)).at(day, clock);
            } else if dated == 0 && id % 2 == 0 {
                block = block.unregistered();
            }
            if points && matches!(kind, "MA" | "TA" | "WDS" | "VV") {
                block = block.prior(&format!("{kind}{prior}"));
            }
            if rests && matches!(kind, "TA" | "WDS" | "MGB") {
                block = block.rests_on("MA", &format!("MA{basis}"));
            }
            if kind == "MGB" {
                block = block.author(author);
            }
            match stop {
                Some(stop) if matches!(kind, "MA" | "TA" | "WDS" | "MGB") => block.stop(stop),
                _ => block,
            }
        },
    )
}

/// Blocks with one original of each identifier, so that a copy of one is a copy and nothing else.
fn any_blocks() -> impl Strategy<Value = Vec<B>> {
    prop::collection::vec(any_block(), 0..25).prop_map(|blocks| {
        let mut known: BTreeMap<String, B> = BTreeMap::new();
        for block in blocks {
            let resource = block.build();
            known.entry(resource.id().unwrap().into_owned()).or_insert(block);
        }
        known.into_values().collect()
    })
}

/// The overview without who it was received from.
pub(super) fn as_read(mut overview: Treatments) -> Treatments {
    for treatment in &mut overview.shown {
        for line in &mut treatment.lines {
            line.said.receipts.clear();
            line.versions.iter_mut().for_each(|version| version.receipts.clear());
        }
        treatment.supplies.iter_mut().for_each(|supply| supply.receipts.clear());
    }
    overview.aside.iter_mut().for_each(|aside| aside.receipts.clear());
    overview
}

fn copied(block: &B) -> Option<B> {
    let resource = block.build();
    let copyable = resource.text().contains("33633005")
        || resource.text().contains("422037009")
        || resource.text().contains("422979000");
    copyable.then(|| block.clone().copy())
}

proptest! {
    #[test]
    fn the_order_in_which_sources_answer_changes_nothing(blocks in any_blocks(), seed in any::<u64>()) {
        let straight: Vec<(usize, B)> = blocks.iter().map(|block| (0, block.clone())).collect();
        let mut turned = straight.clone();
        turned.reverse();
        let half = usize::try_from(seed % 7).unwrap().min(turned.len());
        turned.rotate_left(half);
        prop_assert!(of_sources(&straight, false) == of_sources(&turned, false));
    }

    #[test]
    fn how_the_blocks_are_spread_over_sources_changes_nothing_but_their_names(
        blocks in any_blocks(),
        spread in prop::collection::vec(0usize..4, 25),
    ) {
        let one: Vec<(usize, B)> = blocks.iter().map(|block| (0, block.clone())).collect();
        let many: Vec<(usize, B)> = blocks.into_iter().zip(spread).map(|(block, source)| (source, block)).collect();
        prop_assert!(as_read(of_sources(&one, false)) == as_read(of_sources(&many, false)));
    }

    #[test]
    fn copies_beside_their_originals_change_nothing(
        blocks in any_blocks(),
        copies in prop::collection::vec(prop::collection::vec(1usize..5, 0..3), 25),
    ) {
        let plain: Vec<(usize, B)> = blocks.iter().map(|block| (0, block.clone())).collect();
        let mut with = plain.clone();
        for (block, sources) in blocks.iter().zip(copies) {
            if let Some(copy) = copied(block) {
                with.extend(sources.into_iter().map(|source| (source, copy.clone())));
            }
        }
        prop_assert!(as_read(of_sources(&plain, false)) == as_read(of_sources(&with, false)));
    }

    #[test]
    fn asking_a_source_twice_changes_nothing(blocks in any_blocks()) {
        let once: Vec<(usize, B)> = blocks.iter().map(|block| (0, block.clone())).collect();
        let twice: Vec<(usize, B)> = once.iter().chain(&once).cloned().collect();
        prop_assert!(of_sources(&once, false) == of_sources(&twice, false));
    }

    #[test]
    fn every_block_comes_out_once(blocks in any_blocks()) {
        let overview = of_sources(&blocks.iter().map(|block| (0, block.clone())).collect::<Vec<_>>(), false);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut see = |reference: &str| *seen.entry(reference.to_owned()).or_default() += 1;
        for treatment in &overview.shown {
            for line in &treatment.lines {
                see(&line.said.name.reference);
                if let Some(ended) = &line.ended {
                    see(&ended.reference);
                }
            }
        }
        overview.aside.iter().for_each(|aside| see(&aside.name.reference));
        for block in &blocks {
            let resource = block.build();
            let name = format!("{}/{}", resource.resource_type(), resource.id().unwrap());
            let supply = ["r-VV", "r-MVE", "r-MTD"].iter().any(|kind| name.contains(kind));
            let count = seen.get(&name).copied().unwrap_or(0);
            // Of what was supplied the last few are shown, and counted.
            prop_assert!(if supply { count <= 1 } else { count >= 1 }, "{} comes out {} times", name, count);
        }
        prop_assert_eq!(overview.blocks, blocks.len());
    }

    #[test]
    fn the_state_of_resources_changes_nothing(blocks in any_blocks(), status in prop::sample::select(vec!["active", "completed", "stopped"])) {
        let with = |status: &'static str| {
            let all: Vec<(usize, B)> = blocks.iter().map(|block| (0, block.clone().status(status))).collect();
            at(&all, false, NOW, Windows::default())
        };
        prop_assert!(with("unknown") == with(status));
    }
}

/// Blocks of some hundred treatments, more than one processor takes together, with what rests on what and copies elsewhere.
fn thousands() -> Vec<(usize, B)> {
    let mut blocks = Vec::new();
    for treatment in 0..300_usize {
        let named = |kind: &str, number: usize| format!("{kind}{treatment}-{number}");
        let of = |block: B| block.treatment(Some(&named("t", 0)));
        let begins = -400 + i64::try_from(treatment).unwrap();
        for number in 0..4_usize {
            let start = begins + 90 * i64::try_from(number).unwrap();
            let mut agreement = of(b("MA", &named("MA", number))).days(start, None).at(start, "08:00");
            if let Some(before) = number.checked_sub(1) {
                agreement = agreement.prior(&named("MA", before));
            }
            if (treatment + number) % 7 == 0 {
                agreement = agreement.stop("definitive");
            }
            let carried = of(b("TA", &named("TA", number))).days(start, None).at(start, "18:00");
            blocks.push((number, carried.rests_on("MA", &named("MA", number))));
            if treatment % 3 == 0 {
                blocks.push((number + 4, agreement.clone().copy()));
            }
            blocks.push((number, agreement));
        }
    }
    blocks
}

#[test]
fn work_that_is_shared_among_processors_comes_out_as_that_of_one() {
    let blocks = thousands();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let shared = of_sources(&blocks, false);
    assert_eq!((blocks.len(), shared.blocks), (2_800, 2_400));
    assert!(shared == alone.install(|| of_sources(&blocks, false)));
    let mut turned = blocks.clone();
    turned.reverse();
    turned.rotate_left(1_111);
    assert!(shared == of_sources(&turned, false));
}

#[test]
fn a_treatment_among_hundreds_comes_out_as_by_itself() {
    let blocks = thousands();
    let all = of_sources(&blocks, false);
    for treatment in [1, 0, 150, 299] {
        let own = |id: &str| id == format!("t{treatment}-0");
        let some: Vec<(usize, B)> = blocks
            .iter()
            .filter(|(_, block)| block.build().text().contains(&format!("\"t{treatment}-0\"")))
            .cloned()
            .collect();
        let own = |overview: &Treatments| -> Vec<_> {
            let shown = overview.shown.iter().filter(|one| one.id.as_ref().is_some_and(|id| own(&id.value))).cloned();
            // All are of one product: that others have it too is said of each treatment as a whole.
            shown.map(|one| Treatment { reasons: Vec::new(), ..one }).collect()
        };
        let found = own(&all);
        let alone = own(&of_sources(&some, false));
        assert!(!found.is_empty() && found == alone, "treatment {treatment}");
    }
}
