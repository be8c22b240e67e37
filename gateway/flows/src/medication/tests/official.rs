//! The published pairs of blocks and overview: MP 9.0.7 (five, in STU3) and MP 9.2.0 set 12 (37 blocks, 22 of them in the
//! overview; the overviews of two sources merged). They are not part of the project; without them these tests say so.

#![allow(clippy::print_stderr, reason = "a test says what it skipped")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fhir::json::Limits;
use fhir::{FhirVersion, Resource};
use time::macros::datetime;
use time::{Date, Duration, Month, OffsetDateTime};

use super::build;
use crate::medication::{Because, Kind, Moment, Received, Treatments, Windows, treatments};
use crate::testing::resource;

pub fn shared(below: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let found = [root.join(below), root.join("data").join(below)].into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: {below}: ZORGSLUIS_SHARED names no published pairs");
    }
    found
}

/// A day, so many units from another; a day that a month does not have is its last one.
fn moved(day: Date, number: i64, unit: &str) -> Date {
    match unit {
        "D" => day + Duration::days(number),
        "W" => day + Duration::days(number * 7),
        "M" => {
            let months = i64::from(day.year()) * 12 + i64::from(u8::from(day.month())) - 1 + number;
            let year = i32::try_from(months.div_euclid(12)).unwrap();
            let month = Month::try_from(u8::try_from(months.rem_euclid(12) + 1).unwrap()).unwrap();
            Date::from_calendar_date(year, month, day.day().min(time::util::days_in_month(month, year))).unwrap()
        }
        "Y" => moved(day, number * 12, "M"),
        other => panic!("{other}"),
    }
}

/// Replaces `${DATE, T, D, -50}`.
pub fn rendered(text: &str, today: Date) -> String {
    let mut rendered = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${DATE, T, ") {
        let (inside, after) = after.split_once('}').unwrap();
        let (unit, number) = inside.split_once(',').unwrap();
        let number: i64 = number.trim().trim_start_matches('+').parse().unwrap();
        rendered += before;
        rendered += &moved(today, number, unit.trim()).to_string();
        rest = after;
    }
    rendered + rest
}

/// The resources of a Bundle in XML.
pub fn entries(version: FhirVersion, file: &Path, today: Date) -> Vec<Resource> {
    let text = rendered(&std::fs::read_to_string(file).unwrap(), today);
    // Without what an editor put before the Bundle.
    let text = &text[text.find("<Bundle").unwrap()..];
    let bundle = fhir::xml::read(version, text.as_bytes(), &Limits::default());
    let bundle = bundle.unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
    let entries = bundle.root().all("entry.resource");
    entries.into_iter().filter_map(|entry| bundle.part(entry)).collect()
}

fn values(resources: &[Resource], kind: &str) -> BTreeSet<String> {
    let found = resources.iter().filter(|one| one.resource_type() == kind);
    found.map(|one| one.root().all("identifier.value")[0].as_text().unwrap().trim().to_owned()).collect()
}

/// The ids of what the former overview holds.
fn in_the_list(overview: &Treatments) -> BTreeSet<String> {
    let parts = overview.shown.iter().filter(|treatment| treatment.section.is_in_former_list());
    let lines = parts.flat_map(|treatment| &treatment.lines);
    lines.map(|line| line.said.name.id.as_ref().unwrap().value.to_string()).collect()
}

fn received(resources: &[Resource]) -> Vec<Received<'_>> {
    resources.iter().map(|resource| Received { source: 0, resource }).collect()
}

#[test]
fn the_five_pairs_of_mp_9_0_7_come_out_as_published() {
    let Some(folder) = shared("medication/overview-pairs/mp-9.0.7/fhir-stu3") else { return };
    let today = Date::from_calendar_date(2024, Month::January, 1).unwrap();
    // What was interrupted counts for two months there, as what was stopped.
    let windows = Windows { interrupted_months: Some(2), ..Windows::default() };
    let mut pairs = 0;
    for (input, output, blocks, shown) in [
        ("scen0-0-a-invoer", "scen0-0-b-output", 6, 5),
        ("scen1-0-a-invoer", "scen1-0-b-output", 1, 0),
        ("scen2-0-a-invoer", "scen2-0-b-output", 11, 5),
        ("scen3-0-a-optioneel-invoer", "scen3-0-b-optioneel-output", 4, 1),
        ("scen3-1-a-optioneel-invoer", "scen3-1-b-optioneel-output", 1, 1),
    ] {
        let read =
            |name: &str| entries(FhirVersion::Stu3, &folder.join(format!("mo-mor-ma-TestSet-{name}.xml")), today);
        let (input, output) = (read(input), read(output));
        let expected = values(&output, "MedicationRequest");
        assert_eq!(expected.len(), shown);
        for clock in [datetime!(2024-01-01 00:00 +1), datetime!(2024-01-01 12:00 +1), datetime!(2024-01-01 23:59 +1)] {
            let overview = treatments(&received(&input), false, Moment::from(clock), windows);
            assert_eq!(overview.blocks, blocks);
            assert_eq!(in_the_list(&overview), expected, "at {clock}: {}", build::told(&overview));
        }
        pairs += 1;
    }
    eprintln!("MP 9.0.7: {pairs} of 5 pairs identical, each at three times of the day");
}

/// An element of the ADA files: a name, attributes and elements, and no text.
struct Ada {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Ada>,
}

impl Ada {
    fn read(text: &str) -> Ada {
        let mut open: Vec<Ada> = vec![Ada { name: String::new(), attributes: Vec::new(), children: Vec::new() }];
        for part in text.split('<').skip(1) {
            let tag = part.split('>').next().unwrap();
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if tag.starts_with('/') {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
                continue;
            }
            let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag.trim_end_matches('/'), ""));
            let mut attributes = Vec::new();
            while let Some((key, after)) = rest.split_once("=\"") {
                let (value, after) = after.split_once('"').unwrap();
                attributes.push((key.trim().to_owned(), value.to_owned()));
                rest = after;
            }
            let element = Ada { name: name.to_owned(), attributes, children: Vec::new() };
            if tag.ends_with('/') {
                open.last_mut().unwrap().children.push(element);
            } else {
                open.push(element);
            }
        }
        open.pop().unwrap()
    }

    fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Ada>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.all(name, found);
        }
    }

    fn child(&self, name: &str) -> Option<&Ada> {
        self.children.iter().find(|child| child.name == name)
    }

    fn at(&self, path: &str) -> Option<&Ada> {
        path.split('/').try_fold(self, |at, name| at.child(name))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// `T-4M{08:00:00}` at that day.
fn moment(written: &str, today: Date) -> String {
    let (day, clock) = written.strip_prefix('T').unwrap().split_once('{').unwrap();
    let clock = clock.trim_end_matches('}');
    let day = match day.len() {
        0 => today,
        length => moved(today, day[..length - 1].trim_start_matches('+').parse().unwrap(), &day[length - 1..]),
    };
    format!("{day}T{clock}")
}

/// A block of ADA as a resource of R4.
fn converted(block: &Ada, treatment: &Ada, today: Date) -> Option<Resource> {
    let (kind, category, prefix) = match block.name.as_str() {
        "medicatieafspraak" => ("MedicationRequest", "16076005", "medicatieafspraak"),
        "toedieningsafspraak" => ("MedicationDispense", "422037009", "toedieningsafspraak"),
        "medicatiegebruik" => ("MedicationStatement", "422979000", "medicatiegebruik"),
        _ => return None,
    };
    let url = |name: &str| format!("http://nictiz.nl/fhir/StructureDefinition/{name}");
    let identifier = |id: &Ada| {
        let (system, value) = (id.attribute("root").unwrap(), id.attribute("value").unwrap());
        format!(r#"{{"system":"urn:oid:{system}","value":"{value}"}}"#)
    };
    let when = |at: &Ada| moment(at.attribute("value").unwrap(), today);
    let mut extensions = vec![format!(
        r#"{{"url":"{}","valueIdentifier":{}}}"#,
        url("ext-PharmaceuticalTreatment.Identifier"),
        identifier(treatment)
    )];
    let mut parts = vec![format!(
        r#""resourceType":"{kind}","status":"unknown","identifier":[{}],"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"{category}"}}]}}]"#,
        identifier(block.child("identificatie").unwrap())
    )];
    let registered = when(block.child(&format!("{prefix}_datum_tijd")).unwrap());
    match kind {
        "MedicationRequest" => parts.push(format!(r#""authoredOn":"{registered}""#)),
        "MedicationStatement" => parts.push(format!(r#""dateAsserted":"{registered}""#)),
        _ => extensions.push(format!(
            r#"{{"url":"{}","valueDateTime":"{registered}"}}"#,
            url("ext-AdministrationAgreement.AdministrationAgreementDateTime")
        )),
    }
    let period = block.child("gebruiksperiode").unwrap();
    let mut bounds = Vec::new();
    bounds.extend(period.child("start_datum_tijd").map(|start| format!(r#""start":"{}""#, when(start))));
    bounds.extend(period.child("eind_datum_tijd").map(|end| format!(r#""end":"{}""#, when(end))));
    bounds.extend(period.child("tijds_duur").map(|duration| {
        let unit = match duration.attribute("unit").unwrap() {
            "week" => "wk",
            "dag" => "d",
            other => panic!("{other}"),
        };
        let value = duration.attribute("value").unwrap();
        let name = url("ext-TimeInterval.Duration");
        format!(r#""extension":[{{"url":"{name}","valueDuration":{{"value":{value},"code":"{unit}"}}}}]"#)
    }));
    let bounds = bounds.join(",");
    match kind {
        "MedicationStatement" => parts.push(format!(r#""effectivePeriod":{{{bounds}}}"#)),
        _ => extensions.push(format!(r#"{{"url":"{}","valuePeriod":{{{bounds}}}}}"#, url("ext-TimeInterval.Period"))),
    }
    if let Some(relation) = block.at("relatie_medicatieafspraak/identificatie") {
        let reference = format!(r#"{{"identifier":{}}}"#, identifier(relation));
        parts.push(match kind {
            "MedicationRequest" => format!(r#""priorPrescription":{reference}"#),
            "MedicationDispense" => format!(r#""authorizingPrescription":[{reference}]"#),
            _ => format!(r#""derivedFrom":[{reference}]"#),
        });
    }
    if let Some(stop) = block.child(&format!("{prefix}_stop_type")) {
        parts.push(format!(
            r#""modifierExtension":[{{"url":"{}","valueCodeableConcept":{{"coding":[{{"system":"http://snomed.info/sct","code":"{}"}}]}}}}]"#,
            url("ext-StopType"),
            stop.attribute("code").unwrap()
        ));
    }
    if let Some(author) = block.child("auteur") {
        let patient = author.child("auteur_is_patient").and_then(|is| is.attribute("value")) == Some("true");
        let who = if patient { "Patient" } else { "PractitionerRole" };
        extensions
            .push(format!(r#"{{"url":"{}","valueReference":{{"type":"{who}"}}}}"#, url("ext-MedicationUse2.Author")));
    }
    parts.push(format!(r#""extension":[{}]"#, extensions.join(",")));
    Some(resource(&format!("{{{}}}", parts.join(","))))
}

#[test]
fn set_12_of_mp_9_2_0_comes_out_as_published() {
    let Some(folder) = shared("medication/overview-pairs/mp-9.2.0") else { return };
    let today = Date::from_calendar_date(2021, Month::January, 1).unwrap();
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let input = Ada::read(&text("input/ada-mg-TEST-Scenarioset12.xml"));
    let mut treatments_of = Vec::new();
    input.all("medicamenteuze_behandeling", &mut treatments_of);
    let blocks: Vec<Resource> = treatments_of
        .iter()
        .flat_map(|treatment| {
            let id = treatment.child("identificatie").unwrap();
            treatment.children.iter().filter_map(move |block| converted(block, id, today))
        })
        .collect();
    assert_eq!((treatments_of.len(), blocks.len()), (10, 37));
    // Set 12 looks a year back.
    let windows = Windows { recent_months: 12, ..Windows::default() };
    for file in ["expected/ada-mo-mp-mo-tst-12.1-setjeAIS-v20.xml", "expected/ada-mo-mp-mo-tst-12.2-setjeEVS-v20.xml"] {
        let expected = Ada::read(&text(file));
        let mut ids = Vec::new();
        for name in ["medicatieafspraak-id", "toedieningsafspraak-id", "medicatie_gebruik-id"] {
            expected.all(name, &mut ids);
        }
        let ids: BTreeSet<String> =
            ids.iter().map(|id| id.attribute("value").unwrap().replace("MBH_200", "MBH_920")).collect();
        assert_eq!(ids.len(), 22, "{file}");
        for clock in [datetime!(2021-01-01 00:00 +1), datetime!(2021-01-01 12:00 +1), datetime!(2021-01-01 23:59 +1)] {
            let overview = treatments(&received(&blocks), false, Moment::from(clock), windows);
            assert_eq!(overview.blocks, 37);
            assert_eq!(in_the_list(&overview), ids, "{file} at {clock}: {}", build::told(&overview));
        }
    }
    eprintln!("MP 9.2.0 set 12: 37 blocks, 22 of 22 in the overview, for both sources, at three times of the day");
}

#[test]
fn the_overviews_of_two_sources_merge_into_18_agreements() {
    let Some(folder) = shared("medication/overview-pairs/mp-9.2.0/expected") else { return };
    let today = Date::from_calendar_date(2021, Month::January, 1).unwrap();
    let now: OffsetDateTime = datetime!(2021-01-01 12:00 +1);
    // The published files repeat each block as a shell with neither identifier nor content.
    let of = |file: &str| -> Vec<Resource> {
        let all = entries(FhirVersion::R4, &folder.join(file), today);
        all.into_iter()
            .filter(|one| one.resource_type() == "Medication" || one.root().get("identifier").is_some())
            .collect()
    };
    let sources = [of("fhir-r4-mo-mp-mo-tst-12.1-setjeAIS-v20.xml"), of("fhir-r4-mo-mp-mo-tst-12.2-setjeEVS-v20.xml")];
    let agreement =
        |one: &&Resource| matches!(one.resource_type().as_ref(), "MedicationRequest" | "MedicationDispense");
    assert!(sources.iter().all(|source| source.iter().filter(agreement).count() == 18));
    let all: Vec<Received<'_>> = sources
        .iter()
        .enumerate()
        .flat_map(|(source, all)| all.iter().map(move |resource| Received { source, resource }))
        .collect();
    let windows = Windows { recent_months: 12, ..Windows::default() };
    let overview = treatments(&all, false, Moment::from(now), windows);
    let lines = overview.shown.iter().flat_map(|treatment| &treatment.lines);
    let agreements: Vec<_> = lines.filter(|line| !matches!(line.said.name.kind, Kind::MedicationUse)).collect();
    let copies: BTreeSet<String> = agreements
        .iter()
        .filter(|line| line.reasons.iter().any(|reason| reason.because == Because::CopyOnly))
        .map(|line| line.said.name.id.as_ref().unwrap().value.to_string())
        .collect();
    assert_eq!(agreements.len(), 18, "{}", build::told(&overview));
    let only = [
        "MBH_200_andermans_MA",
        "MBH_200_andermans_TA",
        "MBH_200_gestoptandermans_MA_staken",
        "MBH_200_gestoptandermans_TA_staken",
        "MBH_200_gewijzigddoorander_MA_wijzigingdoorander",
    ];
    assert_eq!(copies, only.map(str::to_owned).into());
    assert!(agreements.iter().all(|line| line.said.receipts.len() == 2), "each came from both");
    eprintln!(
        "merged: {} unique, {} original, {} copies only",
        agreements.len(),
        agreements.len() - copies.len(),
        copies.len()
    );
}
