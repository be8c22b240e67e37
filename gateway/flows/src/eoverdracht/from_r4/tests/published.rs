//! The published handoffs, there and back.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The place of a fault without numbers, from the resource on.
fn shown(place: &str, kind: &str) -> String {
    let mut plain = String::new();
    let mut within = false;
    for letter in place.chars() {
        within = (within || letter == '[') && letter != ']';
        if !within && letter != ']' {
            plain.push(letter);
        }
    }
    plain.replace("Bundle.entry.resource", kind)
}

#[test]
fn the_published_handoffs_go_to_r4_and_come_back_whole_but_for_what_r4_cannot_hold() {
    let published = crate::eoverdracht::content_tests::published();
    if published.is_empty() {
        eprintln!("SKIPPED: the published eOverdracht fixtures are not here (ZORGSLUIS_SHARED)");
        return;
    }
    let (mut whole, mut left_behind) = (0, 0);
    let mut why_not: BTreeMap<String, usize> = BTreeMap::new();
    for (name, all) in published {
        let mut all: Vec<Node> = all.iter().map(Resource::to_node).collect();
        let count = all.len();
        loop {
            let there = to_r4(&collection(&all));
            let Err(fault) = there else {
                let r4 = there.unwrap();
                is_sound(FhirVersion::R4, &r4);
                let back = to_stu3(&r4).unwrap();
                is_sound(FhirVersion::Stu3, &back);
                assert_eq!(resources(&back), resources(&collection(&all)), "{name}");
                break;
            };
            let NotConverted::Unmapped(faults) = fault else { panic!("{name}: {fault}") };
            let mut at = BTreeSet::new();
            for fault in faults {
                let number = fault.place.split(['[', ']']).nth(1).unwrap().parse::<usize>().unwrap();
                assert_ne!(fault.why, Why::Altered, "{name} {}", all[number].write());
                let kind = text(&all[number], "resourceType").unwrap().to_owned();
                *why_not.entry(format!("{} ({:?})", shown(&fault.place, &kind), fault.why)).or_default() += 1;
                at.insert(number);
            }
            for number in at.into_iter().rev() {
                all.remove(number);
            }
        }
        whole += all.len();
        left_behind += count - all.len();
    }
    eprintln!("{whole} resources went to R4 and came back whole; {left_behind} hold what R4 cannot:");
    for (what, times) in &why_not {
        eprintln!("  {times} x {what}");
    }
    assert!(whole > 10 * left_behind, "{whole} {left_behind}");
}

#[test]
fn the_published_examples_of_zib2020_come_back_whole_or_are_refused_by_place() {
    let Some(root) = std::env::var_os("ZORGSLUIS_SHARED").map(std::path::PathBuf::from) else {
        eprintln!("SKIPPED: the published zib2020 examples are not here (ZORGSLUIS_SHARED)");
        return;
    };
    let mut files = Vec::new();
    crate::eoverdracht::content_tests::walk(&root.join("eoverdracht/nictiz-r4-zib2020/examples"), &mut files);
    let (mut whole, mut refused) = (0, 0);
    let mut why_not: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(example) = fhir::xml::read(FhirVersion::R4, &bytes, &Limits::default()) else { continue };
        let mut node = example.to_node();
        let kind = example.resource_type().into_owned();
        // Whoever pushes is told to leave the claim of the profile out.
        if let Node::Object(members) = &mut node {
            members.retain(|(name, _)| name != "meta");
        }
        let came = collection(&[node]);
        match to_stu3(&came) {
            Ok(made) => {
                is_sound(FhirVersion::Stu3, &made);
                is_sound(FhirVersion::R4, &to_r4(&made).unwrap());
                whole += 1;
            }
            Err(NotConverted::Unmapped(faults)) => {
                refused += 1;
                for fault in faults {
                    assert_ne!(fault.why, Why::Altered, "{}", file.display());
                    *why_not.entry(format!("{} ({:?})", shown(&fault.place, &kind), fault.why)).or_default() += 1;
                }
            }
            Err(other) => {
                refused += 1;
                *why_not.entry(format!("{kind} {other}")).or_default() += 1;
            }
        }
    }
    eprintln!("{whole} examples of zib2020 can go in STU3, {refused} cannot:");
    for (what, times) in &why_not {
        eprintln!("  {times} x {what}");
    }
    assert!(whole > 0, "{refused}");
}
