//! `zorgsluis validate`: files held against FHIR and profiles, for vendors and for builds.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers on its standard streams")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use fhir::json::Limits;
use fhir::{FhirVersion, Resource};
use serde_json::{Value, json};
use validation::validator::claimed;
use validation::{Registry, Report, Severity, Validator};

use crate::packages;
use crate::quality::Statements;

/// What is validated, and with what.
#[derive(Args)]
pub struct ValidateOptions {
    /// JSON or XML files with a resource or a Bundle each, or folders of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A package (.tgz), or a folder of definitions, to validate with beside those that were added. May be repeated.
    #[arg(long)]
    package: Vec<PathBuf>,
    /// The folder of the packages that were added with `profiles add`.
    #[arg(long, default_value = packages::FOLDER)]
    folder: PathBuf,
    /// The folder of our own statements of profiles; what a package says of the same profile goes before them.
    #[arg(long, default_value = "profiles/zib")]
    statements: PathBuf,
    /// The canonical URL of a profile that each file must keep to, beside those it claims. May be repeated.
    #[arg(long)]
    profile: Vec<String>,
    /// `stu3` or `r4`. Without it: the version of the packages; when there are packages of both, the version
    /// that has the profiles a file claims; otherwise R4.
    #[arg(long)]
    fhir_version: Option<FhirVersionName>,
    /// Prints one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FhirVersionName {
    Stu3,
    R4,
}

/// Most files in one run, and the largest, in bytes.
const MOST_FILES: usize = 100_000;
const LARGEST: u64 = 16 << 20;

/// What came of one file.
struct Validated {
    file: PathBuf,
    outcome: Result<(FhirVersion, String, Report), String>,
}

/// Validates the files. The exit code: 0 without errors, 1 with, 2 when a file or package cannot be used.
pub fn run(options: &ValidateOptions) -> ExitCode {
    match validated(options) {
        Err(trouble) => {
            eprintln!("zorgsluis: {trouble}");
            ExitCode::from(2)
        }
        Ok(all) => {
            if options.json {
                println!("{}", as_json(&all));
            } else {
                all.iter().for_each(print);
            }
            exit_code(&all)
        }
    }
}

fn validated(options: &ValidateOptions) -> Result<Vec<Validated>, String> {
    let asked = options.fhir_version.map(|version| match version {
        FhirVersionName::Stu3 => FhirVersion::Stu3,
        FhirVersionName::R4 => FhirVersion::R4,
    });
    let mut registry = match options.statements.is_dir() {
        true => Statements::load(&options.statements)?.registry().clone(),
        false => Registry::default(),
    };
    packages::load_added(&options.folder, &mut registry)?;
    packages::load_named(&options.package, asked, &mut registry)?;
    let unknown = options.profile.iter().find(|profile| {
        FhirVersion::ALL.iter().all(|version| {
            registry.profile(*version, profile).is_none()
                && !profile.starts_with("http://hl7.org/fhir/StructureDefinition/")
        })
    });
    if let Some(profile) = unknown {
        return Err(format!("no statement and no package has the profile {profile}"));
    }
    let mut files = Vec::new();
    for path in &options.files {
        if path.is_dir() { files.extend(packages::files_in(path, MOST_FILES)?) } else { files.push(path.clone()) }
    }
    let validator = Validator::new(&registry);
    let one = |file: PathBuf| {
        let outcome = read(&file, asked, &registry).map(|(version, resource)| {
            let mut profiles = claimed(&resource);
            profiles.extend(options.profile.iter().cloned());
            let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
            let report = validator.validate(&resource, version, &profiles);
            (version, resource.resource_type().into_owned(), report)
        });
        Validated { file, outcome }
    };
    Ok(files.into_iter().map(one).collect())
}

/// Reads a file in the version asked for, or in the one that knows what it claims.
fn read(file: &Path, asked: Option<FhirVersion>, registry: &Registry) -> Result<(FhirVersion, Resource), String> {
    let bytes = Bytes::from(packages::read(file, LARGEST)?);
    if let Some(version) = asked {
        return Ok((version, parse(file, &bytes, version)?));
    }
    // Packages of one version only are meant for files of that version.
    let mut versions = registry.profiles().map(|profile| profile.fhir);
    if let Some(first) = versions.next()
        && versions.all(|version| version == first)
    {
        return Ok((first, parse(file, &bytes, first)?));
    }
    let knows = |(version, resource): &(FhirVersion, Resource)| {
        claimed(resource).iter().any(|profile| registry.profile(*version, profile).is_some())
    };
    let r4 = parse(file, &bytes, FhirVersion::R4).map(|resource| (FhirVersion::R4, resource));
    if r4.as_ref().is_ok_and(knows) {
        return r4;
    }
    match parse(file, &bytes, FhirVersion::Stu3).map(|resource| (FhirVersion::Stu3, resource)) {
        Ok(stu3) if r4.is_err() || knows(&stu3) => Ok(stu3),
        _ => r4,
    }
}

fn parse(file: &Path, bytes: &Bytes, version: FhirVersion) -> Result<Resource, String> {
    if file.extension().is_some_and(|ending| ending == "xml") {
        fhir::xml::read(version, bytes, &Limits::default()).map_err(|fault| fault.to_string())
    } else {
        Resource::parse(bytes.clone(), &Limits::default()).map_err(|fault| fault.to_string())
    }
}

fn exit_code(all: &[Validated]) -> ExitCode {
    let unusable = all.is_empty() || all.iter().any(|one| one.outcome.is_err());
    let errors = all.iter().any(|one| one.outcome.as_ref().is_ok_and(|(.., report)| !report.is_clean()));
    match (unusable, errors) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    }
}

fn print(one: &Validated) {
    let file = one.file.display();
    let (version, resource_type, report) = match &one.outcome {
        Ok(outcome) => outcome,
        Err(trouble) => return println!("{file}: cannot be used: {trouble}"),
    };
    let count = |severity: Severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    println!(
        "{file}: {resource_type} ({version}), {} profile(s): {} error(s), {} warning(s), {} rule(s) not checked",
        report.profiles.len(),
        count(Severity::Error),
        count(Severity::Warning),
        report.not_checked.len(),
    );
    for finding in &report.findings {
        let profile = finding.profile.as_deref().unwrap_or("FHIR");
        println!("  {} {}: {} [{profile}]", finding.severity, finding.path, finding.message);
    }
    if report.cut_short {
        println!("  and more");
    }
}

fn as_json(all: &[Validated]) -> Value {
    let findings = |report: &Report| -> Vec<Value> {
        let one = |finding: &validation::Finding| {
            json!({
                "severity": finding.severity.as_str(),
                "code": finding.code.as_str(),
                "path": finding.path,
                "element": finding.element,
                "profile": finding.profile,
                "message": finding.message,
            })
        };
        report.findings.iter().map(one).collect()
    };
    let not_checked = |report: &Report| -> Vec<Value> {
        let one = |note: &validation::NotChecked| json!({ "profile": note.profile, "element": note.element, "what": note.what });
        report.not_checked.iter().map(one).collect()
    };
    let files = all.iter().map(|one| match &one.outcome {
        Err(trouble) => json!({ "file": one.file.display().to_string(), "unusable": trouble }),
        Ok((version, resource_type, report)) => json!({
            "file": one.file.display().to_string(),
            "fhirVersion": version.full(),
            "resourceType": resource_type,
            "profiles": report.profiles,
            "clean": report.is_clean(),
            "cutShort": report.cut_short,
            "findings": findings(report),
            "notChecked": not_checked(report),
        }),
    });
    json!({ "files": files.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: ValidateOptions,
    }

    fn codes(arguments: &[&str], folder: &Path) -> (Option<Vec<Validated>>, u8) {
        let named = folder.join("packages");
        let line = ["x", "--folder", named.to_str().unwrap()].into_iter().chain(arguments.iter().copied());
        let options = Line::parse_from(line).options;
        match validated(&options) {
            Err(_) => (None, 2),
            Ok(all) => {
                let code = [0, 1, 2].into_iter().find(|code| exit_code(&all) == ExitCode::from(*code)).unwrap();
                (Some(all), code)
            }
        }
    }

    #[test]
    fn the_exit_code_tells_clean_from_faulty_from_unusable() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let good = write("good.json", r#"{"resourceType":"Patient","active":true}"#);
        let bad = write("bad.xml", r#"<Patient xmlns="http://hl7.org/fhir"><birthDate value="x"/></Patient>"#);
        let broken = write("broken.json", "{");
        let definitions = folder.path().join("definitions");
        fs::create_dir(&definitions).unwrap();
        let definition = r#"{"resourceType":"StructureDefinition","url":"urn:p","fhirVersion":"3.0.2","kind":"resource",
            "type":"Patient","differential":{"element":[{"path":"Patient.birthDate","min":1}]}}"#;
        fs::write(definitions.join("p.json"), definition).unwrap();
        let claiming = write("claim.json", r#"{"resourceType":"Patient","meta":{"profile":["urn:p"]},"active":true}"#);
        let package = definitions.to_str().unwrap();
        let cases: [(&[&str], u8); 8] = [
            (&[&good], 0),
            (&[&good, &bad], 1),
            (&[&good, &broken], 2),
            (&["nowhere.json"], 2),
            (&["--package", "nowhere.tgz", &good], 2),
            (&["--profile", "urn:unknown", &good], 2),
            (&["--package", package, &claiming], 1),
            (&["--package", package, "--profile", "urn:p", "--fhir-version", "stu3", &good], 1),
        ];
        for (arguments, expected) in cases {
            assert_eq!(codes(arguments, folder.path()).1, expected, "{arguments:?}");
        }
        let (all, _) = codes(&["--package", package, &claiming], folder.path());
        let written = as_json(&all.unwrap());
        let first = &written["files"][0];
        assert_eq!(first["fhirVersion"], "3.0.2");
        assert_eq!(first["findings"][0]["path"], "Patient.birthDate");
        assert_eq!(first["findings"][0]["profile"], "urn:p");
    }
}
