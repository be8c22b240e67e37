//! The validator held against public material: what its publishers call valid and invalid, and the official packages'
//! own examples. The material is not part of this project: without it the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

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
use validation::{Finding, Package, PackageLimits, Registry, Report, Severity, Validator};

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

/// A registry of the release's own value sets, extensions and profiles, and of the Dutch packages.
fn registry(shared: &Path, version: FhirVersion) -> &'static Registry {
    static HELD: [OnceLock<Registry>; 2] = [OnceLock::new(), OnceLock::new()];
    let held = &HELD[usize::from(version == FhirVersion::R4)];
    held.get_or_init(|| {
        let definitions = shared.join("conformance/definitions");
        let mut registry = Registry::default();
        let dutch: &[&str] = match version {
            FhirVersion::Stu3 => &["nictiz-stu3-zib2017"],
            FhirVersion::R4 => &["nictiz-r4-zib2020", "nictiz-r4-medicationprocess"],
        };
        let core = ["StructureDefinition", "ValueSet", "CodeSystem"].map(|kind| format!("{version}/{kind}"));
        for name in core.iter().map(String::as_str).chain(dutch.iter().copied()) {
            let lines = lines(&definitions.join(format!("{name}.ndjson.gz")));
            let named = lines.into_iter().enumerate().map(|(at, line)| (format!("{at}.json"), line));
            let package = Package::read_files(named, Some(version), &PackageLimits::default()).unwrap();
            assert_eq!(package.refused, []);
            package.add_to(&mut registry);
        }
        registry
    })
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
        let stride: usize = std::env::var("STRIDE").ok().and_then(|s| s.parse().ok()).unwrap_or(10);
        let (mut seen, mut clean) = (0, 0);
        let mut complaints = Complaints::default();
        let mut skipped = BTreeMap::new();
        for line in all.into_iter().step_by(stride) {
            let (name, resource) = instance(line);
            let report = validator.validate(&resource, version, &[]);
            seen += 1;
            clean += usize::from(report.is_clean());
            report.errors().for_each(|finding| complaints.add(&name, finding));
            unchecked(&mut skipped, &report);
        }
        println!("{version}: {clean} of {seen} clean; not checked: {skipped:?}");
        complaints.print(60);
    }
}
