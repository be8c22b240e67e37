//! The validator held against public material: what its publishers call valid and invalid, and the official packages'
//! own examples. The material is not part of this project: without it the tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may panic and say what they found"
)]

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;
use fhir::json::Limits;
use fhir::{FhirVersion, Resource};
use flate2::read::GzDecoder;
use serde_json::Value;
use validation::validator::claimed;
use validation::{Finding, Package, PackageLimits, Registry, Report, Validator};

/// The folder with public test material, or none (said loudly).
fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = named.unwrap_or(beside);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no public test material; set ZORGSLUIS_SHARED to its folder");
    None
}

fn unzipped(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut out).unwrap();
    out
}

/// The lines of a gzipped file of JSON lines.
fn lines(path: &Path) -> Vec<Bytes> {
    let all = Bytes::from(unzipped(path));
    all.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| all.slice_ref(line)).collect()
}

/// The files of a gzipped tar archive, by path.
fn archived(path: &Path) -> HashMap<String, Bytes> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path).unwrap()));
    let mut files = HashMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().trim_start_matches("./").to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(name, content.into());
    }
    files
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, into),
            false => into.push(path),
        }
    }
    into.sort();
}

fn parse(name: &str, bytes: Bytes, version: FhirVersion) -> Result<Resource, String> {
    let limits = Limits::default();
    match name.ends_with(".xml") {
        true => fhir::xml::read(version, &bytes, &limits).map_err(|fault| fault.to_string()),
        false => Resource::parse(bytes, &limits).map_err(|fault| fault.to_string()),
    }
}

/// The official packages of the zibs: where their definitions and their examples are.
fn zibs(version: FhirVersion) -> (&'static [&'static str], &'static [&'static str]) {
    match version {
        FhirVersion::Stu3 => {
            (&["eoverdracht/nictiz-stu3-zib2017-2.2.18/profiles"], &["eoverdracht/nictiz-stu3-zib2017-2.2.18/examples"])
        }
        FhirVersion::R4 => (
            &[
                "eoverdracht/nictiz-r4-zib2020/resources",
                "medication/mp9/conformance/Profiles",
                "medication/cio/Profiles",
            ],
            &["eoverdracht/nictiz-r4-zib2020/examples", "medication/cio/Examples"],
        ),
    }
}

/// A registry of the release's own value sets, extensions and profiles, and of the Dutch packages as their
/// repositories have them (XML, differentials only).
fn registry(shared: &Path, version: FhirVersion) -> &'static Registry {
    static HELD: [OnceLock<Registry>; 2] = [OnceLock::new(), OnceLock::new()];
    HELD[usize::from(version == FhirVersion::R4)].get_or_init(|| loaded(shared, version))
}

fn loaded(shared: &Path, version: FhirVersion) -> Registry {
    let mut registry = Registry::default();
    for kind in ["StructureDefinition", "ValueSet", "CodeSystem"] {
        let lines = lines(&shared.join(format!("conformance/definitions/{version}/{kind}.ndjson.gz")));
        let named = lines.into_iter().enumerate().map(|(at, line)| (format!("{at}.json"), line));
        let package = Package::read_files(named, Some(version), &PackageLimits::default()).unwrap();
        assert_eq!(package.refused, []);
        package.add_to(&mut registry);
    }
    for folder in zibs(version).0 {
        let package = Package::read_files(folder_of(&shared.join(folder)), Some(version), &PackageLimits::default());
        let package = package.unwrap();
        assert_eq!(package.refused, []);
        package.add_to(&mut registry);
    }
    registry
}

fn folder_of(folder: &Path) -> Vec<(String, Bytes)> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    paths.into_iter().map(|path| (path.to_string_lossy().into_owned(), std::fs::read(&path).unwrap().into())).collect()
}

/// Counts complaints by what they are, for looking into them.
#[derive(Default)]
struct Complaints(BTreeMap<(String, String), (usize, String)>);

impl Complaints {
    fn add(&mut self, of: &str, finding: &Finding) {
        let key = (finding.element.clone(), finding.message.clone());
        let held = self.0.entry(key).or_insert_with(|| (0, format!("{of} {}", finding.path)));
        held.0 += 1;
    }

    fn print(&self, most: usize) {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(_, (many, _))| std::cmp::Reverse(*many));
        for ((element, message), (many, first)) in all.into_iter().take(most) {
            println!("  {many:4} {element}: {message}   [{first}]");
        }
    }
}

fn unchecked(into: &mut BTreeMap<String, usize>, report: &Report) {
    for note in &report.not_checked {
        let kind = note.what.split(" http").next().unwrap_or_default().to_owned();
        *into.entry(kind).or_default() += 1;
    }
}

/// A line `{source, path, resource}`.
fn instance(line: Bytes) -> (String, Resource) {
    let line: Value = serde_json::from_slice(&line).unwrap();
    let text = serde_json::to_string(&line["resource"]).unwrap();
    (line["path"].as_str().unwrap().to_owned(), parse(".json", text.into(), FhirVersion::R4).unwrap())
}

#[test]
fn instances_that_are_called_valid_get_no_errors() {
    let Some(shared) = shared() else { return };
    for version in FhirVersion::ALL {
        let validator = Validator::new(registry(&shared, version));
        let all = lines(&shared.join(format!("conformance/instances/{version}-valid.ndjson.gz")));
        let (mut seen, mut clean) = (0, 0);
        let mut complaints = Complaints::default();
        let mut skipped = BTreeMap::new();
        for line in all.into_iter().step_by(sample()) {
            let (name, resource) = instance(line);
            let report = validator.validate(&resource, version, &[]);
            seen += 1;
            clean += usize::from(report.is_clean());
            report.errors().for_each(|finding| complaints.add(&name, finding));
            unchecked(&mut skipped, &report);
        }
        println!("{version}: {clean} of {seen} instances called valid get no error");
        println!("{version}: not checked: {skipped:?}");
        complaints.print(40);
        // What is left was looked into, one by one, and is theirs: see the complaints printed.
        assert!(clean * 100 >= seen * 97, "{version}: {clean} of {seen}");
    }
}

/// Every how many-th instance is looked at: all of them take minutes without optimisation.
fn sample() -> usize {
    std::env::var("ZORGSLUIS_SAMPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

#[test]
fn the_zib_packages_own_examples_keep_to_the_profiles_they_claim() {
    let Some(shared) = shared() else { return };
    for version in FhirVersion::ALL {
        let validator = Validator::new(registry(&shared, version));
        for folder in zibs(version).1 {
            let (mut seen, mut clean, mut claiming) = (0, 0, 0);
            let mut complaints = Complaints::default();
            let mut skipped = BTreeMap::new();
            for (name, bytes) in folder_of(&shared.join(folder)) {
                let bytes = filled_in(&bytes);
                let Ok(resource) = parse(&name, bytes, version) else {
                    println!("  unreadable: {name}");
                    continue;
                };
                let profiles = claimed(&resource);
                let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
                let report = validator.validate(&resource, version, &profiles);
                seen += 1;
                claiming += usize::from(!report.profiles.is_empty());
                clean += usize::from(report.is_clean());
                let name = name.rsplit('/').next().unwrap().to_owned();
                report.errors().for_each(|finding| complaints.add(&name, finding));
                unchecked(&mut skipped, &report);
            }
            println!("{version} {folder}: {clean} of {seen} examples clean, {claiming} held against a profile");
            println!("  not checked: {skipped:?}");
            complaints.print(60);
            assert!(claiming * 10 >= seen * 9, "{folder}: {claiming} of {seen}");
        }
    }
}

/// A validator that finds nothing in good examples must find something in bad ones.
#[test]
fn examples_with_a_part_taken_out_or_a_code_replaced_are_told_from_whole_ones() {
    let Some(shared) = shared() else { return };
    for version in FhirVersion::ALL {
        let validator = Validator::new(registry(&shared, version));
        let (mut taken, mut missed, mut replaced, mut noticed) = (0, 0, 0, 0);
        for (name, bytes) in folder_of(&shared.join(zibs(version).1[0])).into_iter().step_by(6) {
            let Ok(resource) = parse(&name, bytes, version) else { continue };
            let profiles = claimed(&resource);
            let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
            let clean = |value: &Value| {
                let resource = parse(".json", serde_json::to_vec(value).unwrap().into(), version).unwrap();
                validator.validate(&resource, version, &profiles).is_clean()
            };
            let whole: Value = serde_json::from_str(resource.text()).unwrap();
            for member in
                whole.as_object().unwrap().keys().filter(|name| !["resourceType", "id"].contains(&name.as_str()))
            {
                let mut part = whole.clone();
                part.as_object_mut().unwrap().remove(member);
                taken += 1;
                missed += usize::from(!clean(&part));
            }
            for member in ["code", "category"] {
                let mut other = whole.clone();
                if !replace_codes(&mut other[member]) {
                    continue;
                }
                replaced += 1;
                noticed += usize::from(!clean(&other));
            }
        }
        println!(
            "{version}: {missed} of {taken} parts taken out and {noticed} of {replaced} codes replaced are noticed"
        );
        assert!(missed * 10 >= taken && noticed * 2 >= replaced);
    }
}

/// Makes every code below another one; no when there is none.
fn replace_codes(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter_mut().fold(false, |found, (name, member)| match (name.as_str(), &member) {
                ("code", Value::String(_)) => {
                    *member = "other".into();
                    true
                }
                _ => replace_codes(member) || found,
            })
        }
        Value::Array(items) => items.iter_mut().map(replace_codes).filter(|found| *found).count() > 0,
        _ => false,
    }
}

/// Some examples are templates of tests: `${DATE, T, D, -7}` stands for a date.
fn filled_in(bytes: &[u8]) -> Bytes {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut parts = text.split("${DATE");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("2026-11-22");
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out.into()
}

#[test]
fn primitives_are_read_as_their_publisher_reads_them() {
    let Some(shared) = shared() else { return };
    let all = archived(&shared.join("conformance/invalid/google-fhir-r4-primitives.tar.gz"));
    let mut counts = [[0_usize; 2]; 2];
    for (name, content) in &all {
        let Some((kind, rest)) = name.split_once('.') else { continue };
        let expected = rest.starts_with("valid");
        let words: Vec<&str> = kind.split('_').collect();
        let kind = words.iter().enumerate().fold(String::new(), |name, (at, word)| match at {
            0 => (*word).to_owned(),
            _ => name + &word[..1].to_uppercase() + &word[1..],
        });
        for line in std::str::from_utf8(content).unwrap().lines().filter(|line| !line.trim().is_empty()) {
            // In these files null stands for an element that is not there.
            if line == "null" || kind == "reference" {
                continue;
            }
            let document = fhir::json::Document::parse(Bytes::copy_from_slice(line.as_bytes()), &Limits::default());
            let good = document.is_ok_and(|document| validation::primitives::check(&kind, document.root()).is_ok());
            counts[usize::from(expected)][usize::from(good == expected)] += 1;
            if good != expected {
                println!("  {kind} {line}: called {}", if expected { "valid" } else { "invalid" });
            }
        }
    }
    println!("primitives: valid {:?}, invalid {:?} (wrong, right)", counts[1], counts[0]);
    assert_eq!(counts[0][0] + counts[1][0], 0);
}

#[test]
fn invalid_instances_are_told_from_valid_ones() {
    let Some(shared) = shared() else { return };
    let all = archived(&shared.join("conformance/invalid/fhir-test-cases-validator.tar.gz"));
    let cases: Vec<Value> = serde_json::from_slice(&all["index.json"]).unwrap();
    for version in FhirVersion::ALL {
        let number = if version == FhirVersion::R4 { "4.0" } else { "3.0" };
        let cases: Vec<&Value> = cases.iter().filter(|case| case["fhir"] == number).collect();
        let mut registry = registry(&shared, version).clone();
        let mut kinds: BTreeMap<String, [usize; 3]> = BTreeMap::new();
        let (mut valid, mut clean) = (0, 0);
        let mut complaints = Complaints::default();
        for case in cases {
            let (name, file) = (case["name"].as_str().unwrap(), case["file"].as_str().unwrap());
            let Some(bytes) = all.get(&format!("cases/{file}")) else { continue };
            // Other forms than FHIR's JSON and XML are not ours to read.
            if ["cdshooks", "cda", "shc", "json5"].iter().any(|module| case["module"] == *module) {
                continue;
            }
            // With a profile the expectation is the outcome that was recorded with it.
            let profile = case["profile"].as_str().and_then(|name| canonical(all.get(&format!("cases/{name}"))?));
            let outcome = all.get(&format!("outcomes/{name}.java-profile.json")).filter(|_| profile.is_some());
            let outcome = outcome.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
            let is_valid = match &outcome {
                Some(outcome) => !outcome["issue"].as_array().into_iter().flatten().any(is_error),
                None => match case["valid"].as_bool() {
                    Some(is_valid) => is_valid,
                    None => continue,
                },
            };
            bring(case, &all, version, &mut registry);
            let errors: Vec<Finding> = match parse(file, bytes.clone(), version) {
                Err(_) => Vec::new(),
                Ok(resource) => {
                    let mut profiles = claimed(&resource);
                    profiles.extend(profile.filter(|_| outcome.is_some()));
                    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
                    let report = Validator::new(&registry).validate(&resource, version, &profiles);
                    report.errors().cloned().collect()
                }
            };
            let case = &match &outcome {
                Some(outcome) => expectation(case, outcome),
                None => case.clone(),
            };
            let refused = parse(file, bytes.clone(), version).is_err();
            if is_valid {
                valid += 1;
                clean += usize::from(errors.is_empty() && !refused);
                if refused {
                    println!("  refused though called valid: {name} ({file})");
                }
                errors.iter().for_each(|finding| complaints.add(name, finding));
                continue;
            }
            let counts = kinds.entry(kind_of(case)).or_default();
            counts[0] += 1;
            counts[1] += usize::from(refused || !errors.is_empty());
            let right = refused || same_place(case, &errors);
            counts[2] += usize::from(right);
            if !right && std::env::var_os("ZORGSLUIS_SAMPLE").is_some() {
                println!("  missed {}: {name}: {}", kind_of(case), case["errors"][0]);
            }
        }
        println!("{version}: {clean} of {valid} cases called valid get no error");
        complaints.print(40);
        let sum = kinds.values().fold([0; 3], |sum, counts| [0, 1, 2].map(|at| sum[at] + counts[at]));
        println!(
            "{version}: of {} invalid cases {} are reported, {} of them at the place that is meant",
            sum[0], sum[1], sum[2]
        );
        for (kind, [many, reported, right]) in kinds {
            println!("  {kind}: {reported} of {many} reported, {right} at the place");
        }
    }
}

/// What a case brings along: packages, supporting definitions, a profile. They replace those of earlier cases that go
/// by the same URL.
fn bring(case: &Value, all: &HashMap<String, Bytes>, version: FhirVersion, registry: &mut Registry) {
    let file = |name: &Value| Some((name.as_str()?.to_owned(), all.get(&format!("cases/{}", name.as_str()?))?.clone()));
    let limits = PackageLimits::default();
    let packages = case["packages"].as_array().into_iter().flatten().filter_map(file);
    let packages = packages.filter_map(|(_, bytes)| Package::read_tgz(&bytes, &limits).ok());
    let files: Vec<_> =
        case["supporting"].as_array().into_iter().flatten().chain([&case["profile"]]).filter_map(file).collect();
    packages
        .chain(Package::read_files(files, Some(version), &limits).ok())
        .for_each(|package| package.add_to(registry));
}

fn is_error(issue: &Value) -> bool {
    issue["severity"] == "error" || issue["severity"] == "fatal"
}

/// The case with the errors of an outcome as those that are expected.
fn expectation(case: &Value, outcome: &Value) -> Value {
    let issues = outcome["issue"].as_array().into_iter().flatten().filter(|issue| is_error(issue));
    let errors = issues.map(|issue| {
        serde_json::json!({
            "severity": "error",
            "text": issue["details"]["text"],
            "expression": issue["expression"],
        })
    });
    let mut case = case.clone();
    case["errors"] = errors.collect();
    case
}

fn canonical(definition: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(definition).ok()?;
    match text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        true => Some(text.split_once("<url value=\"")?.1.split('"').next()?.to_owned()),
        false => serde_json::from_str::<Value>(text).ok()?["url"].as_str().map(Into::into),
    }
}

/// What a case is about, by the first error that is expected.
fn kind_of(case: &Value) -> String {
    let first = case["errors"][0]["text"].as_str().unwrap_or_default();
    let is_questionnaire = case["module"] == "questionnaire";
    let kinds: [(&str, &[&str]); 7] = [
        (
            "terminology server (displays, SNOMED, LOINC, UCUM)",
            &["Display Name", "code", "Code", "filter", "System URI"],
        ),
        ("unknown or misplaced extension", &["xtension"]),
        ("invariant", &["Constraint failed"]),
        ("JSON or XML form", &["JSON", "Array", "property", "Unrecognized", "Undefined", "XML", "Text should"]),
        ("value of a primitive", &["is not a valid", "timezone", "UUID", "date"]),
        ("cardinality", &["minimum required", "max allowed"]),
        ("reference or Bundle", &["fullUrl", "reference", "Reference", "bundle"]),
    ];
    let found = kinds.iter().find(|(_, words)| words.iter().any(|word| first.contains(word))).map(|(kind, _)| *kind);
    match found {
        _ if is_questionnaire => "answers held against their Questionnaire".to_owned(),
        Some(kind) => kind.to_owned(),
        None => "other".to_owned(),
    }
}

/// Whether one of our errors is where one is expected: there, or one element above or below.
fn same_place(case: &Value, errors: &[Finding]) -> bool {
    let expected: Vec<String> = case["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|error| error["severity"] != "warning" && error["severity"] != "information")
        .flat_map(|error| error["expression"].as_array().cloned().unwrap_or_default())
        .filter_map(|path| path.as_str().map(plain))
        .collect();
    errors.iter().any(|finding| {
        let ours = plain(&finding.path);
        expected.iter().any(|theirs| {
            let (short, long) = if ours.len() < theirs.len() { (&ours, theirs) } else { (theirs, &ours) };
            let rest = long.strip_prefix(short.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']) && rest.matches('.').count() <= 1)
        })
    })
}

/// A path without the comments and filters that the other validator writes into it.
fn plain(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path.trim_start_matches("/f:");
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    match out.split_once("[url=") {
        Some((before, _)) => before.to_owned(),
        None => out.replace("/f:", "."),
    }
}
