//! The packages' own examples: our statements judge them as the official profiles do.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use fhir::json::Limits;
use fhir::{Resource, xml};

use super::*;
use crate::validator::claimed;
use crate::{Package, PackageLimits, Report, Severity, Validator};

#[test]
fn the_packages_own_examples_are_judged_as_by_the_official_profiles() {
    let Some(shared) = shared("conformance/definitions").map(|folder| folder.join("../..")) else { return };
    let mut ours = Registry::default();
    for (_, statement) in all() {
        statement.shelve(&mut ours);
    }
    for (version, packages, examples) in [
        (
            FhirVersion::Stu3,
            vec!["stu3/StructureDefinition", "stu3/ValueSet", "stu3/CodeSystem", "nictiz-stu3-zib2017"],
            vec!["eoverdracht/nictiz-stu3-zib2017-2.2.18/examples"],
        ),
        (
            FhirVersion::R4,
            vec![
                "r4/StructureDefinition",
                "r4/ValueSet",
                "r4/CodeSystem",
                "nictiz-r4-zib2020",
                "nictiz-r4-medicationprocess",
            ],
            vec!["eoverdracht/nictiz-r4-zib2020/examples", "medication/mp9/removed-examples"],
        ),
    ] {
        let official = official(&shared, version, &packages);
        let validators = [Validator::new(&official), Validator::new(&ours)];
        let (mut both_clean, mut alike, mut all) = (0, 0, 0);
        let mut differ: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, resource) in examples.iter().flat_map(|folder| read_all(&shared.join(folder), version)) {
            let claims = claimed(&resource);
            let known: Vec<&str> =
                claims.iter().map(String::as_str).filter(|claim| ours.profile(version, claim).is_some()).collect();
            if known.is_empty() {
                continue;
            }
            all += 1;
            let [theirs, ours] = validators.each_ref().map(|one| errors(&one.validate(&resource, version, &known)));
            both_clean += usize::from(theirs.is_empty() && ours.is_empty());
            alike += usize::from(theirs == ours);
            for error in theirs.symmetric_difference(&ours) {
                let side = if ours.contains(error) { "ours only" } else { "theirs only" };
                differ.entry(format!("{side} {} {}", error.1, error.2)).or_default().push(name.clone());
            }
        }
        eprintln!("{version}: {all} examples, judged alike {alike}, of these without errors {both_clean}");
        for (error, names) in &differ {
            eprintln!("  {error} in {}", names.join(", "));
        }
        // Code lists that are long or defined by rules are not written out in a statement: only codes can be missed.
        assert!(differ.keys().all(|error| error.starts_with("theirs only code ")), "{differ:?}");
        assert!(all > 100 && alike * 100 >= all * 99, "{version}: {alike} of {all}");
    }
}

/// Path, code and element of every error.
fn errors(report: &Report) -> BTreeSet<(String, &'static str, String)> {
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.path.clone(), finding.code.as_str(), finding.element.clone())).collect()
}

fn official(shared: &Path, version: FhirVersion, packages: &[&str]) -> Registry {
    let mut registry = Registry::default();
    for name in packages {
        let path = shared.join(format!("conformance/definitions/{name}.ndjson.gz"));
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty()).enumerate();
        let files = lines.map(|(at, line)| (format!("{at}.json"), Bytes::copy_from_slice(line.as_bytes())));
        let package = Package::read_files(files, Some(version), &PackageLimits::default()).unwrap();
        package.add_to(&mut registry);
    }
    registry
}

/// The resources of a folder and those below it, XML or JSON.
fn read_all(folder: &Path, version: FhirVersion) -> Vec<(String, Resource)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = Bytes::from(std::fs::read(&path).unwrap());
            let resource = match path.extension().and_then(|extension| extension.to_str()) {
                Some("xml") => xml::read(version, &bytes, &Limits::default()).ok(),
                Some("json") => Resource::parse(bytes, &Limits::default()).ok(),
                _ => None,
            };
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.extend(resource.map(|resource| (name, resource)));
        }
    }
    found
}
