//! The content of the page, made from what the real stack released.

use exchange::ports::SourceFault;
use proptest::prelude::*;

use super::*;
use crate::overview::{Aspect, Detail, Group, Line};
use crate::testing::{Place, World, patient, region};

const BSN: &str = "999911120";

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn seen(world: &World) -> Overview {
    Overview::of(now(world.overview(BSN)).unwrap().released())
}

/// What one place with these resources, about Patient/1, shows.
fn shown(resources: &[&str]) -> Overview {
    let place = Place::new("90000901", "Eigen").holds(&patient("1", BSN, "Anna", "Test", "1950-01-01"));
    seen(&World::new("90000901").with(resources.iter().fold(place, |place, text| place.holds(text))))
}

fn group<'o>(overview: &'o Overview, kind: SectionKind, title: &str) -> &'o Group {
    let groups = &overview.section(kind).unwrap().groups;
    groups.iter().find(|group| group.title.as_deref() == Some(title)).unwrap()
}

fn detail(line: &Line, aspect: Aspect) -> Option<&str> {
    line.details.iter().find(|detail| detail.aspect == aspect).map(|detail| detail.text.as_str())
}

fn names(overview: &Overview, sources: &[usize]) -> Vec<String> {
    sources.iter().map(|at| overview.sources[*at].name.clone()).collect()
}

#[test]
fn nothing_that_was_released_is_lost() {
    let recorded = now(region(BSN).overview(BSN)).unwrap();
    let overview = Overview::of(recorded.released());
    let mut shown: Vec<(String, String)> = overview
        .sections
        .iter()
        .flat_map(|section| &section.groups)
        .flat_map(|group| &group.lines)
        .map(|line| (overview.sources[line.source].ura.clone(), line.reference.clone()))
        .collect();
    let mut released: Vec<(String, String)> = recorded
        .released()
        .items()
        .filter(|(_, item)| item.resource().resource_type() != "Patient")
        .map(|(part, item)| (part.holder().0.to_string(), item.reference()))
        .collect();
    shown.sort();
    released.sort();
    assert_eq!(shown, released);
    assert!(overview.complete);
    assert_eq!(overview.withheld(), 1);
}

#[test]
fn a_provider_with_several_sources_is_one_and_what_one_of_them_has_it_did_not_leave_out() {
    let place = |ura: &str, name: &str| Place::new(ura, name).holds(&patient("1", BSN, "Anna", "Test", "1950-01-01"));
    let allergy = r#"{"resourceType":"AllergyIntolerance","id":"a1","code":{"text":"Penicilline"},
        "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},
        "patient":{"reference":"Patient/1"}}"#;
    let world = World::new("90000901")
        .with(place("90000901", "Eigen").holds(allergy))
        .with(place("90000901", "Eigen"))
        .with(place("90000902", "Ander"));
    let overview = seen(&world);
    assert_eq!((overview.sources.len(), overview.providers()), (3, 2));
    let penicillin = group(&overview, SectionKind::Allergies, "Penicilline");
    assert_eq!(names(&overview, &penicillin.not_mentioned_at), ["Ander"]);
}

#[test]
fn a_contradiction_is_shown_with_who_says_what() {
    let overview = seen(&region(BSN));
    let amoxicillin = group(&overview, SectionKind::Allergies, "Amoxicilline");
    assert_eq!(names(&overview, &amoxicillin.known_at), ["Ziekenhuis Maasdal", "Huisartsenpraktijk Beekzicht"]);
    assert_eq!(names(&overview, &amoxicillin.not_mentioned_at), ["Apotheek De Brug", "De Linde"]);
    assert!(amoxicillin.differs);
    let criticality: Vec<_> = amoxicillin.lines.iter().map(|line| detail(line, Aspect::Criticality)).collect();
    assert_eq!(criticality, [Some("high"), Some("low")]);

    // The general practice codes it in ICPC first; the shared SNOMED code brings them together.
    let failure = group(&overview, SectionKind::Problems, "Hartfalen");
    assert_eq!(failure.lines.len(), 2);
    assert_eq!(failure.lines[1].title.as_deref(), Some("Decompensatio cordis"));
    assert!(!failure.differs, "one says more than the other, neither says otherwise");

    // A request by reference and a dispense by code are the same product.
    let furosemide = group(&overview, SectionKind::Medication, "Furosemide tablet 40 mg");
    assert_eq!(names(&overview, &furosemide.known_at), ["Apotheek De Brug", "Huisartsenpraktijk Beekzicht"]);
    assert_eq!(detail(&furosemide.lines[0], Aspect::Dosage), Some("2x per dag 1 tablet"));
    assert_eq!(detail(&furosemide.lines[1], Aspect::Dosage), Some("1x per dag 1 tablet, 's ochtends"));
    assert!(furosemide.differs, "dispensed with another dosage than prescribed");
}

#[test]
fn a_source_that_did_not_answer_is_never_said_not_to_mention_something() {
    let world = region(BSN).changed("Apotheek De Brug", |place| place.fails(SourceFault::Unreachable));
    let overview = seen(&world);
    let amoxicillin = group(&overview, SectionKind::Allergies, "Amoxicilline");
    assert_eq!(names(&overview, &amoxicillin.not_mentioned_at), ["De Linde"]);
    assert!(!overview.complete);
    assert_eq!(overview.missing().map(|source| source.name.as_str()).collect::<Vec<_>>(), ["Apotheek De Brug"]);
}

#[test]
fn the_patient_is_shown_as_each_source_has_it() {
    let person = seen(&region(BSN)).person;
    assert_eq!(person.birth_dates.len(), 1);
    let names: Vec<(&str, usize)> = person.names.iter().map(|name| (name.text.as_str(), name.sources.len())).collect();
    assert_eq!(names, [("Johanna van den Berg", 3), ("Johanna van den Berg-Smits", 1)]);
    assert!(!person.agrees());
}

#[test]
fn each_type_tells_what_matters() {
    let about = r#""subject":{"reference":"Patient/1"}"#;
    let table = [
        (
            r#"{"resourceType":"Observation","id":"x",ABOUT,"status":"final","code":{"text":"Pijn"},"effectiveDateTime":"2026-01-02","valueInteger":7}"#,
            SectionKind::Measurements,
            "Pijn",
            Some((Aspect::Value, "7")),
        ),
        (
            r#"{"resourceType":"Observation","id":"x",ABOUT,"status":"final","code":{"text":"Bloeddruk"},"component":[
                {"code":{"text":"Houding"},"valueCodeableConcept":{"text":"zittend"}},
                {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":128,"unit":"mmHg"}},
                {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":74,"unit":"mmHg"}}]}"#,
            SectionKind::Measurements,
            "Bloeddruk",
            Some((Aspect::Value, "128/74 mmHg; Houding: zittend")),
        ),
        (
            r#"{"resourceType":"Observation","id":"x",ABOUT,"status":"final","code":{"text":"HbA1c"},"dataAbsentReason":{"text":"monster onbruikbaar"}}"#,
            SectionKind::Measurements,
            "HbA1c",
            Some((Aspect::Missing, "monster onbruikbaar")),
        ),
        (
            r#"{"resourceType":"MedicationStatement","id":"x",ABOUT,"status":"active","medicationCodeableConcept":{"text":"Paracetamol"},
                "dosage":[{"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":500,"unit":"mg"}}]}]}"#,
            SectionKind::Medication,
            "Paracetamol",
            Some((Aspect::Dosage, "500 mg, 3 keer per dag")),
        ),
        (
            r#"{"resourceType":"Consent","id":"x","patient":{"reference":"Patient/1"},"status":"active",
                "scope":{"coding":[{"code":"treatment"}]},"category":[{"text":"Behandelaanwijzing"}],
                "provision":{"type":"deny","code":[{"text":"Reanimatie"}]}}"#,
            SectionKind::Directives,
            "Reanimatie",
            Some((Aspect::Decision, "deny")),
        ),
        (
            r#"{"resourceType":"Consent","id":"x","patient":{"reference":"Patient/1"},"status":"active",
                "scope":{"coding":[{"code":"patient-privacy"}]},"category":[{"text":"Toestemming"}]}"#,
            SectionKind::Other,
            "Toestemming",
            None,
        ),
        (
            r#"{"resourceType":"Goal","id":"x",ABOUT,"lifecycleStatus":"active","description":{"text":"Lopen"},"target":[{"dueDate":"2026-09-01"}]}"#,
            SectionKind::Care,
            "Lopen",
            Some((Aspect::Until, "2026-09-01")),
        ),
        (
            r#"{"resourceType":"Encounter","id":"x",ABOUT,"status":"finished","class":{"code":"AMB","display":"Poliklinisch"},"period":{"start":"2026-01-02"}}"#,
            SectionKind::Encounters,
            "Poliklinisch",
            None,
        ),
    ];
    for (text, kind, title, told) in table {
        let overview = shown(&[&text.replace("ABOUT", about)]);
        let line = &group(&overview, kind, title).lines[0];
        if let Some((aspect, words)) = told {
            assert_eq!(detail(line, aspect), Some(words), "{title}");
        }
    }
}

#[test]
fn sources_differ_when_one_says_otherwise_and_not_when_it_says_less() {
    let allergy = |patient: &str, facts: &str| {
        format!(
            r#"{{"resourceType":"AllergyIntolerance","id":"x","patient":{{"reference":"Patient/{patient}"}},"code":{{"text":"Jodium"}}{facts}}}"#
        )
    };
    let status = |code: &str| format!(r#","verificationStatus":{{"coding":[{{"code":"{code}"}}]}}"#);
    let (confirmed, refuted, unconfirmed) = (status("confirmed"), status("refuted"), status("unconfirmed"));
    for (one, other, expected) in [
        ("", "", false),
        (confirmed.as_str(), "", false),
        (confirmed.as_str(), refuted.as_str(), true),
        ("", refuted.as_str(), true),
        (confirmed.as_str(), unconfirmed.as_str(), true),
        (r#","criticality":"high""#, "", false),
        (r#","criticality":"high""#, r#","criticality":"low""#, true),
        (r#","note":[{"text":"a"}]"#, r#","note":[{"text":"b"}]"#, false),
    ] {
        let place = |ura: &str, facts: &str| {
            Place::new(ura, ura).holds(&patient("1", BSN, "A", "B", "1950-01-01")).holds(&allergy("1", facts))
        };
        let overview = seen(&World::new("90000901").with(place("90000901", one)).with(place("90000902", other)));
        let jodium = group(&overview, SectionKind::Allergies, "Jodium");
        assert_eq!((jodium.lines.len(), jodium.differs), (2, expected), "{one} against {other}");
    }
}

#[test]
fn what_turns_a_resource_round_is_told() {
    let overview = shown(&[
        r#"{"resourceType":"MedicationRequest","id":"x","subject":{"reference":"Patient/1"},"status":"active","intent":"order",
            "doNotPerform":true,"medicationCodeableConcept":{"text":"NSAID"},
            "modifierExtension":[{"url":"http://example.org/stop","valueBoolean":true}]}"#,
        r#"{"resourceType":"AllergyIntolerance","id":"y","patient":{"reference":"Patient/1"},"code":{"text":"Jodium"},
            "verificationStatus":{"coding":[{"code":"refuted"}]}}"#,
    ]);
    let request = &group(&overview, SectionKind::Medication, "NSAID").lines[0];
    assert_eq!(request.status, ["do-not-perform", "active"]);
    assert!(request.qualified);
    assert_eq!(group(&overview, SectionKind::Allergies, "Jodium").lines[0].status, ["refuted"]);
}

#[test]
fn what_cannot_be_interpreted_is_there_with_type_and_date() {
    let overview = shown(&[
        r#"{"resourceType":"DeviceUseStatement","id":"x","subject":{"reference":"Patient/1"},"status":"active","device":{"display":"Rollator"}}"#,
        r#"{"resourceType":"ServiceRequest","id":"z","subject":{"reference":"Patient/1"},"status":["odd"],"code":[[{"text":7}]],"authoredOn":{"x":[]}}"#,
        r#"{"resourceType":"DocumentReference","id":"y","subject":{"reference":"Patient/1"},"status":"current","date":"2026-03-04T05:06:07Z"}"#,
    ]);
    let other = overview.section(SectionKind::Other).unwrap();
    let document = &other.groups[0].lines[0];
    assert_eq!((document.resource_type.as_str(), document.title.as_deref()), ("DocumentReference", None));
    assert_eq!(document.date.as_deref(), Some("2026-03-04T05:06:07Z"));
    assert_eq!(other.groups[1].title.as_deref(), Some("Rollator"));
    assert_eq!(overview.section(SectionKind::Care).unwrap().lines(), 1, "a malformed one is still there");
}

#[test]
fn lines_stand_newest_first_and_undated_ones_last() {
    let condition = |id: &str, when: &str| {
        format!(
            r#"{{"resourceType":"Procedure","id":"{id}","subject":{{"reference":"Patient/1"}},"status":"completed","code":{{"text":"{id}"}}{when}}}"#
        )
    };
    let texts = [
        condition("old", r#","performedDateTime":"2019""#),
        condition("undated", ""),
        condition("new", r#","performedPeriod":{"start":"2026-01-01"}"#),
    ];
    let overview = shown(&[&texts[0], &texts[1], &texts[2]]);
    let titles: Vec<&str> = overview
        .section(SectionKind::Procedures)
        .unwrap()
        .groups
        .iter()
        .filter_map(|group| group.title.as_deref())
        .collect();
    assert_eq!(titles, ["new", "old", "undated"]);
}

#[test]
fn debug_shows_no_data() {
    let overview = seen(&region(BSN));
    let shown = format!("{overview:?}");
    assert!(!shown.contains("Berg") && !shown.contains(BSN) && !shown.contains("Amoxicilline"), "{shown}");
}

/// How a place fares, and whether everything was received from it.
fn fate(place: Place, fate: u8) -> (Place, SourceStatus) {
    let held = |place: Place| place.holds(&patient("1", BSN, "A", "B", "1950-01-01"));
    match fate {
        0 => (held(place), SourceStatus::Answered),
        1 => (place, SourceStatus::NothingThere),
        2 => (held(place).failing("Flag", SourceFault::Unreachable), SourceStatus::Partly),
        3 => (place.fails(SourceFault::Refused), SourceStatus::Refused),
        4 => (place.fails(SourceFault::TimedOut), SourceStatus::TimedOut),
        5 => (place.fails(SourceFault::Unreachable), SourceStatus::Unreachable),
        _ => (place.fails(SourceFault::Unusable("rubbish")), SourceStatus::Failed),
    }
}

fn said_by_index(answer: u8, others: usize) -> (Finding<usize>, bool) {
    match answer {
        0 => (Finding::Found(2), others >= 2),
        1 => (Finding::Absent, true),
        2 => (Finding::NotFoundOut(NotFoundOut::TimedOut), false),
        3 => (Finding::NotFoundOut(NotFoundOut::NobodyToAsk), false),
        _ => (Finding::NotFoundOut(NotFoundOut::NotAsked), false),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_overview_is_complete_when_everyone_is_known_and_answered_in_full_and_only_then(
        // Half of the worlds are well, so that both answers occur.
        fates in prop_oneof![proptest::collection::vec(0u8..2, 0..5), proptest::collection::vec(0u8..7, 0..5)],
        answer in prop_oneof![0u8..2, 0u8..5],
        most in prop_oneof![Just(64usize), 0usize..5],
    ) {
        let (index, index_known) = said_by_index(answer, fates.len());
        let mut world = World::new("90000901").index(index).asking_at_most(most);
        let mut expected = Vec::new();
        for (at, one) in fates.iter().enumerate() {
            let (place, status) = fate(Place::new(&format!("9000091{at}"), &format!("Plaats {at}")), *one);
            world = world.with(place);
            expected.push(if at < most { status } else { SourceStatus::NotAsked });
        }
        let overview = seen(&world);
        let statuses: Vec<SourceStatus> = overview.sources.iter().map(|source| source.status).collect();
        prop_assert_eq!(&statuses, &expected);
        let all_well = expected.iter().all(|status| matches!(status, SourceStatus::Answered | SourceStatus::NothingThere));
        prop_assert_eq!(overview.complete, all_well && index_known);
        let nothing_named = overview.missing().next().is_none() && overview.unplaced == 0;
        prop_assert_eq!(overview.complete, nothing_named && matches!(overview.index, Index::Known(_) | Index::Nowhere), "it says why");
    }

    #[test]
    fn the_order_of_the_sources_changes_nothing(order in Just([0usize, 1, 2, 3, 4]).prop_shuffle(), same_name in any::<bool>()) {
        let name = if same_name { "Ziekenhuis Maasdal" } else { "Tweede bron" };
        let twin = Place::new("90000901", name)
            .holds(&patient("1", BSN, "Johanna", "Berg", "1941-03-12"))
            .holds(r#"{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/1"},"code":{"text":"Hartfalen"}}"#);
        let world = region(BSN).with(twin);
        prop_assert!(seen(&world.clone().in_order(&order)) == seen(&world));
    }
}

#[test]
fn the_same_facts_are_told_once() {
    let overview =
        shown(&[r#"{"resourceType":"Encounter","id":"x","subject":{"reference":"Patient/1"},"status":"finished",
            "class":{"code":"AMB","display":"Poliklinisch"},"type":[{"text":"Poliklinisch"}]}"#]);
    let line = &group(&overview, SectionKind::Encounters, "Poliklinisch").lines[0];
    assert!(!line.details.contains(&Detail { aspect: Aspect::Category, text: "Poliklinisch".to_owned() }));
}
