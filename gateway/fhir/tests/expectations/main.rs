//! The search against what the public test scripts of Nictiz expect of a server: the counts of the hospital's BgZ (STU3)
//! and of the medication process (R4), over their own fixtures. Neither is part of the project; without them these
//! tests skip, and say so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests may panic and say what they did"
)]

mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use fhir::json::{Limits, Node};
use fhir::{FhirVersion, Resource};
use flate2::read::GzDecoder;
use support::{Count, OneShelf, Report, ask, render, repaired, resources, shared};

/// One line of comma-separated values, with quoted ones.
fn columns(line: &str) -> Vec<String> {
    let (mut columns, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => columns.push(String::new()),
            other => columns.last_mut().unwrap().push(other),
        }
    }
    columns
}

fn bsn_of(request: &str) -> &str {
    let (_, after) = request.split_once("NamingSystem/bsn|").unwrap();
    after.split('&').next().unwrap()
}

#[test]
fn the_hospital_bgz_searches_count_as_expected() {
    let Some(file) = shared("eoverdracht/bgz-msz-expected-counts.csv") else { return };
    let version = FhirVersion::Stu3;
    let mut report = Report::default();
    let mut without = 0;
    let sets: Vec<(&str, Vec<Resource>)> = ["BgZ-MSZ-1-2-2", "BgZ-MSZ-2-0"]
        .into_iter()
        .map(|set| {
            let folder = shared(&format!("eoverdracht/rendered/{set}/Test/resources")).unwrap();
            (set, resources(version, &folder))
        })
        .collect();
    for line in std::fs::read_to_string(file).unwrap().lines().skip(1) {
        let [source, test, request, asserted] = &columns(line)[..] else { panic!("{line}") };
        let (_, all) = sets.iter().find(|(set, _)| source.contains(set)).unwrap();
        let shelf = OneShelf::of(version, all, bsn_of(request));
        if !shelf.has_patient() {
            without += 1;
            continue;
        }
        let expected: Vec<Count> = asserted
            .split(';')
            .map(|one| one.trim_end_matches("[prov]").split_once('=').unwrap())
            .map(|(kind, number)| Count::of(kind, number.parse().unwrap()))
            .collect();
        report.add(test, request, &expected, &ask(version, &shelf, request));
    }
    report.print("BgZ-MSZ 1.2.2 and 2.0");
    // Theirs: the scripts count specimens that the published fixtures neither hold nor refer to.
    assert_eq!(report.differences.len(), 4);
    for difference in &report.differences {
        assert!(
            difference.contains("_include=Observation:specimen") && difference.contains("\"Specimen\""),
            "{difference}"
        );
        let (expected, got) = (report.expected["Observation"], report.got["Observation"]);
        assert_eq!(expected, got, "the observations themselves are as expected");
    }
    let specimens = sets.iter().flat_map(|(_, all)| all).filter(|one| one.text().to_lowercase().contains("specimen"));
    assert_eq!(specimens.count(), 0);
    eprintln!("    {without} more are about patients whose fixtures are not published");
    assert!(report.asked > 0);
}

#[test]
fn the_contra_indication_searches_count_as_expected() {
    let Some(folder) = shared("medication/cio/testscripts/Test/_reference/fixtures") else { return };
    let all = resources(FhirVersion::R4, &folder);
    let mut report = Report::default();
    // Patient, category, and how many Flags, Patients and Provenances the scripts expect.
    for (bsn, category, [flags, patients, provenances]) in [
        ("999900523", "350241000146102", [3, 1, 3]),
        ("999900523", "225419007", [1, 1, 1]),
        ("999900535", "225419007", [4, 1, 4]),
        ("999901199", "225419007", [3, 1, 3]),
    ] {
        let request = format!(
            "Flag?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|{bsn}&category=http://snomed.info/sct|{category}\
                &_include=Flag:patient&_revinclude=Provenance:target"
        );
        let expected = [("Flag", flags), ("Patient", patients), ("Provenance", provenances)];
        let expected = expected.map(|(kind, number)| Count::of(kind, number));
        let shelf = OneShelf::of(FhirVersion::R4, &all, bsn);
        report.add("CiO", &request, &expected, &ask(FhirVersion::R4, &shelf, &request));
    }
    report.print("CiO 2.0");
    assert!(report.differences.is_empty());
}

/// The XML files of a gzipped tar archive.
fn archived(path: &Path) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).unwrap()));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        if name.ends_with(".xml") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((name, text));
        }
    }
    found
}

/// The text between two others, and what follows it.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<(&'t str, &'t str)> {
    text.split_once(before)?.1.split_once(after)
}

/// The searches of a script that asks a server: the patient whose token it shows, the request, and the counts that it
/// asserts of the answer.
fn searches(script: &str) -> Vec<(String, String, Vec<Count>)> {
    let mut variables = Vec::new();
    for piece in script.split("<variable>").chain(script.split("variable xmlns")).skip(1) {
        let name = between(piece, "name value=\"", "\"");
        let value = between(piece, "defaultValue value=\"", "\"");
        variables.extend(name.zip(value).map(|((name, _), (value, _))| (format!("${{{name}}}"), value.to_owned())));
    }
    let mut found = Vec::new();
    for piece in script.split("<operation>").skip(1) {
        let (operation, asserts) = piece.split_once("</operation>").unwrap();
        let of = |name: &str| between(operation, &format!("<{name} value=\""), "\"").map(|(value, _)| value.to_owned());
        let token = between(operation, "${patient-token-", "}").map(|(patient, _)| patient.to_owned());
        let (Some(kind), Some(params), Some(patient)) = (of("resource"), of("params"), token) else { continue };
        let mut request = render(&format!("{kind}{params}")).replace("&amp;", "&");
        for (name, value) in &variables {
            request = request.replace(name, value);
        }
        let mut counts = Vec::new();
        let mut rest = asserts;
        let counted = "expression value=\"Bundle.entry.where(resource.is(";
        while let Some((kind, after)) = between(rest, counted, ")).count() ") {
            let number = after.split('"').next().unwrap().trim_start_matches("&gt;").trim_start_matches('=').trim();
            counts.extend(number.parse().map(|number| Count {
                kind: kind.to_owned(),
                number,
                or_more: after.starts_with("&gt;"),
            }));
            rest = after;
        }
        if !counts.is_empty() && params.starts_with('?') {
            found.push((patient, request, counts));
        }
    }
    found
}

#[test]
fn the_published_server_scripts_count_as_expected() {
    let Some(folder) = shared("conformance/nictiz-testscripts") else { return };
    let mut archives: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    archives.sort();
    let (mut searched, mut right) = (0, 0);
    for archive in archives.iter().filter(|path| path.extension().is_some_and(|extension| extension == "gz")) {
        let title = archive.file_name().unwrap().to_string_lossy().into_owned();
        let version = if title.starts_with("STU3") { FhirVersion::Stu3 } else { FhirVersion::R4 };
        let files = archived(archive);
        let (scripts, fixtures): (Vec<_>, Vec<_>) = files.iter().partition(|(_, text)| text.contains("<TestScript"));
        let (mut all, mut known, mut unreadable) = (Vec::new(), BTreeSet::new(), 0);
        for (name, text) in fixtures {
            let text = repaired(Path::new(name), render(text));
            match fhir::xml::read(version, text.as_bytes(), &Limits::default()) {
                Ok(one) => {
                    // Where the script gives the id later, every file is another resource.
                    let id = one.id().filter(|id| !id.contains('$')).map_or(name.clone(), |id| id.into_owned());
                    let key = (one.resource_type().into_owned(), id);
                    if known.insert(key) {
                        all.push(one);
                    }
                }
                Err(_) => unreadable += 1,
            }
        }
        let (mut report, mut asked, mut without) = (Report::default(), BTreeSet::new(), 0);
        for (name, script) in scripts {
            for (patient, request, expected) in searches(script) {
                if !asked.insert((patient.clone(), request.clone(), expected.clone())) {
                    continue;
                }
                let shelf = OneShelf::of_name(version, &all, &patient);
                if shelf.has_patient() {
                    report.add(name.rsplit('/').next().unwrap(), &request, &expected, &ask(version, &shelf, &request));
                } else {
                    without += 1;
                }
            }
        }
        report.print(&title);
        eprintln!("    {without} about patients without fixtures, {unreadable} fixtures are no FHIR");
        // Theirs: the questionnaire scripts put one task at a time in place, the fixtures hold all of them, without
        // ids. And one script counts two of the patient's three documents, where its neighbour says at least two.
        let known = match title.as_str() {
            title if title.contains("Questionnaires-2-0") => ("Task?", 3),
            title if title.contains("PDFA-3-0") => ("DocumentReference?status=current:", 1),
            _ => ("", 0),
        };
        assert_eq!(report.differences.len(), known.1, "{title}");
        assert!(report.differences.iter().all(|difference| difference.contains(known.0)), "{title}");
        right += report.right;
        searched += report.asked;
    }
    eprintln!("published server scripts: {right} of {searched} searches as expected");
    assert!(searched > 0);
}

fn text(node: &Node, name: &str) -> String {
    match node.get(name) {
        Some(Node::Text(text)) => text.clone(),
        _ => panic!("{name}"),
    }
}

#[test]
fn the_medication_searches_count_as_expected() {
    let Some(file) = shared("medication/derived/mp9-search-expectations.json") else { return };
    let version = FhirVersion::R4;
    let all = resources(version, &shared("medication/mp9/testscripts/fixtures").unwrap());
    let scripts = shared("medication/mp9/testscripts/nts").unwrap();
    let Node::List(tests) = Node::read(&std::fs::read_to_string(file).unwrap()).unwrap() else { panic!("a list") };
    let mut report = Report::default();
    let mut unnamed = 0;
    for test in &tests {
        let Some(Node::List(searches)) = test.get("searches") else { panic!("searches") };
        let Some(Node::Object(counts)) = test.get("counts") else { panic!("counts") };
        let expected: Vec<Count> = counts
            .iter()
            .map(|(kind, _)| Count::of(kind, text(test.get("counts").unwrap(), kind).parse().unwrap()))
            .collect();
        let named = |one: &&Node| text(one, "params").contains("NamingSystem/bsn");
        let bsn = bsn_of(&text(searches.iter().find(named).unwrap(), "params")).to_owned();
        let shelf = OneShelf::of(version, &all, &bsn);
        let script = std::fs::read_to_string(scripts.join(text(test, "file"))).unwrap();
        for search in searches {
            if text(search, "resource").is_empty() {
                unnamed += 1;
                continue;
            }
            let mut request = render(&format!("{}{}", text(search, "resource"), text(search, "params")));
            if request.contains("${filter-identifier}") {
                let (_, after) = script.split_once("<f:defaultValue value=\"").unwrap();
                request = request.replace("${filter-identifier}", after.split('"').next().unwrap());
            }
            report.add(&text(test, "test"), &request, &expected, &ask(version, &shelf, &request));
        }
    }
    report.print("MP9 3.0.0");
    assert!(report.differences.is_empty());
    eprintln!("    {unnamed} more name no type: the scripts were published without it");
    assert!(report.asked > 0);
}
