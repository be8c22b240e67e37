//! The crate against public examples and definitions of the standard, which are no part of the project. They are
//! found through `ZORGSLUIS_SHARED` or beside the workspace; without them these tests skip, and say so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests may panic and say what they did"
)]

#[path = "corpus/invalid.rs"]
mod invalid;
#[path = "corpus/xml.rs"]
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fhir::compartment::{Whose, whose};
use fhir::definitions::{SearchKind, resource_types, search_parameter};
use fhir::json::{Document, Limits, Node};
use fhir::{FhirVersion, Resource, ResourceType};
use flate2::read::GzDecoder;

fn shared(below: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let found = [root.join(below), root.join("data").join(below)].into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: {below}: shared/data absent");
    }
    found
}

/// The resources of a file of instances: one envelope with source, path and resource per line.
fn instances(path: &Path) -> Vec<(String, String)> {
    let read = |line: String| {
        let envelope = Document::parse(line.into(), &limits()).unwrap();
        let name = envelope.root().get("path").unwrap().as_text().unwrap().into_owned();
        (name, envelope.root().get("resource").unwrap().raw().to_owned())
    };
    lines(path).into_iter().map(read).collect()
}

/// The lines of a gzipped NDJSON file.
fn lines(path: &Path) -> Vec<String> {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

/// The JSON files of a gzipped tar archive.
fn json_files(path: &Path) -> Vec<(String, Vec<u8>)> {
    files(path).into_iter().filter(|(name, _)| name.ends_with(".json")).collect()
}

/// The files of a gzipped tar archive.
fn files(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).unwrap()));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.push((name, bytes));
    }
    found
}

fn limits() -> Limits {
    Limits { bytes: 64 << 20, ..Limits::default() }
}

/// Parses and writes once more. Nothing of the meaning may differ: not the digits of a number, not the order of
/// members, not a primitive's extension.
fn round_trip(name: &str, bytes: &[u8]) {
    let document =
        Document::parse(Bytes::copy_from_slice(bytes), &limits()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    assert_eq!(document.text().as_bytes(), bytes, "{name}");
    let node = document.root().to_node();
    let written = node.write();
    let again = Document::parse(written.clone().into(), &limits()).unwrap();
    assert!(again.root().to_node() == node, "{name}");
    // An independent reader sees the same in both texts, in the same order.
    let theirs: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    assert_eq!(theirs.to_string(), serde_json::from_str::<serde_json::Value>(&written).unwrap().to_string(), "{name}");
    assert_eq!(numbers(&node), digits(bytes), "{name}");
}

/// The numbers of a node, as kept, in order.
fn numbers(node: &Node) -> Vec<String> {
    match node {
        Node::Number(digits) => vec![digits.clone()],
        Node::List(items) => items.iter().flat_map(numbers).collect(),
        Node::Object(members) => members.iter().flat_map(|(_, value)| numbers(value)).collect(),
        Node::Null | Node::Bool(_) | Node::Text(_) => Vec::new(),
    }
}

/// The numbers of a text as written, in order, told without a parser: what remains outside its strings.
fn digits(bytes: &[u8]) -> Vec<String> {
    let (mut outside, mut inside, mut escaped) = (Vec::new(), false, false);
    for byte in bytes {
        match (inside, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => inside = !inside,
            (true, _) => {}
            (false, byte) => outside.push(*byte),
        }
    }
    let text = String::from_utf8(outside).unwrap();
    let pieces = text.split([',', ':', '[', ']', '{', '}', ' ', '\n', '\r', '\t']);
    pieces
        .filter(|piece| piece.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_instance_survives_parsing_and_writing() {
    let Some(folder) = shared("conformance/instances") else { return };
    for file in ["stu3-valid.ndjson.gz", "r4-valid.ndjson.gz"] {
        let instances = instances(&folder.join(file));
        for (name, text) in &instances {
            round_trip(name, text.as_bytes());
            let resource =
                Resource::parse(text.clone().into(), &limits()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            assert_eq!(resource.text(), text);
        }
        eprintln!("{file}: {} instances round-tripped", instances.len());
        assert!(!instances.is_empty());
    }
    let bundles = json_files(&folder.join("r4-synthea-bundles.tar.gz"));
    let mut entries = 0;
    for (name, bytes) in &bundles {
        round_trip(name, bytes);
        let resource = Resource::parse(bytes.clone().into(), &limits()).unwrap();
        let bundle = fhir::Bundle::read(&resource).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        entries += bundle.entries.len();
        let again = Resource::parse(bundle.write(), &limits()).unwrap();
        let again = fhir::Bundle::read(&again).unwrap();
        let texts = |bundle: &fhir::Bundle| -> Vec<String> {
            bundle.entries.iter().filter_map(|entry| Some(entry.resource.as_ref()?.text().to_owned())).collect()
        };
        assert!(texts(&bundle) == texts(&again), "{name}");
    }
    eprintln!("r4-synthea-bundles: {} bundles with {entries} entries round-tripped", bundles.len());
    assert!(entries > 0);
}

#[test]
fn the_json_of_every_pair_survives_too() {
    let Some(archive) = shared("conformance/pairs/xml-json.tar.gz") else { return };
    let (mut good, mut bad) = (0, 0);
    for (name, bytes) in json_files(&archive) {
        // A few files are meant to be broken; an independent reader says which.
        if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() {
            round_trip(&name, &bytes);
            good += 1;
        } else {
            assert!(Document::parse(bytes.into(), &limits()).is_err(), "{name}");
            bad += 1;
        }
    }
    eprintln!("pairs: {good} JSON files round-tripped, {bad} broken ones refused");
    assert!(good > 0);
}

/// The node with the members of objects in order of name: XML has an order of its own.
fn sorted(node: &Node) -> Node {
    match node {
        Node::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Node::Object(members)
        }
        Node::List(items) => Node::List(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[test]
fn every_valid_instance_passes_the_structural_check() {
    let Some(folder) = shared("conformance/instances") else { return };
    for (version, expected) in [
        // Publishers' mistakes, rightly named: two performers where there is one; elements that are empty
        // or no number.
        (
            FhirVersion::Stu3,
            vec![
                "performer is a list",
                "category is empty",
                "category is empty",
                "category is empty",
                "category is empty",
                "sourceReference.reference is empty",
                "sourceReference.reference is empty",
                "input.valueReference.display is empty",
            ],
        ),
        (
            FhirVersion::R4,
            vec![
                "entry.fullUrl is empty",
                "entry.resource.dosageInstruction.maxDosePerPeriod.denominator.value is not a decimal",
            ],
        ),
    ] {
        let instances = instances(&folder.join(format!("{version}-valid.ndjson.gz")));
        let total = instances.len();
        let check = |(_, text): (String, String)| {
            fhir::structure::check(version, &Resource::parse(text.into(), &limits()).unwrap()).err()
        };
        let faults: Vec<String> = instances.into_iter().filter_map(check).map(|fault| fault.what).collect();
        eprintln!("{version}-valid: {} of {total} instances are well-formed", total - faults.len());
        assert_eq!(faults, expected);
        assert!(total > faults.len());
    }
}

#[test]
fn resource_types_and_search_parameters_are_those_of_the_standard() {
    for version in FhirVersion::ALL {
        let Some(folder) = shared(&format!("conformance/definitions/{version}")) else { return };
        let read =
            |file: &str| lines(&folder.join(file)).iter().map(|line| Node::read(line).unwrap()).collect::<Vec<_>>();
        let text = |node: &Node, name: &str| match node.get(name) {
            Some(Node::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let concrete = |node: &&Node| {
            text(node, "kind") == "resource"
                && node.get("abstract") == Some(&Node::Bool(false))
                && text(node, "derivation") != "constraint"
        };
        let types: BTreeSet<String> =
            read("StructureDefinition.ndjson.gz").iter().filter(concrete).map(|node| text(node, "id")).collect();
        assert!(types.iter().map(String::as_str).eq(resource_types(version).iter().copied()), "{version}");

        let mut expected: BTreeMap<(String, String), SearchKind> = BTreeMap::new();
        for definition in read("SearchParameter.ndjson.gz") {
            let Some(Node::List(bases)) = definition.get("base") else { continue };
            let kind = kind(&text(&definition, "type"));
            for base in bases {
                let Node::Text(base) = base else { panic!("a base is a text") };
                let types = if types.contains(base) { vec![base.clone()] } else { types.iter().cloned().collect() };
                // Base, Parameters and Bundle are no domain resources.
                let types = types.into_iter().filter(|name| {
                    base != "DomainResource" || !["Binary", "Bundle", "Parameters"].contains(&name.as_str())
                });
                expected.extend(types.map(|name| ((name, text(&definition, "code")), kind)));
            }
        }
        let mut evaluated = 0;
        for ((name, code), kind) in &expected {
            let resource_type = ResourceType::parse(version, name).unwrap();
            let found =
                search_parameter(version, resource_type, code).unwrap_or_else(|| panic!("{version} {name} {code}"));
            assert_eq!((found.name, found.kind), (code.as_str(), *kind), "{version} {name} {code}");
            evaluated += usize::from(!found.paths.is_empty());
        }
        eprintln!("{version}: {} types, {} parameters of types, {evaluated} with paths", types.len(), expected.len());
        assert!(evaluated * 10 > expected.len() * 7, "most parameters have a path");
    }
}

fn kind(code: &str) -> SearchKind {
    match code {
        "number" => SearchKind::Number,
        "date" => SearchKind::Date,
        "string" => SearchKind::Text,
        "token" => SearchKind::Token,
        "reference" => SearchKind::Reference,
        "composite" => SearchKind::Composite,
        "quantity" => SearchKind::Quantity,
        "uri" => SearchKind::Uri,
        "special" => SearchKind::Special,
        other => panic!("{other}"),
    }
}

#[test]
fn no_type_of_the_patient_compartment_is_nobodys() {
    for version in FhirVersion::ALL {
        let Some(file) = shared(&format!("conformance/definitions/{version}/CompartmentDefinition.ndjson.gz")) else {
            return;
        };
        let line = lines(&file).into_iter().find(|line| line.contains("/CompartmentDefinition/patient\"")).unwrap();
        let document = Document::parse(line.into(), &limits()).unwrap();
        let members: Vec<String> = document
            .root()
            .all("resource")
            .into_iter()
            .filter(|member| member.get("param").is_some())
            .map(|member| member.get("code").unwrap().as_text().unwrap().into_owned())
            .collect();
        assert!(members.len() > 40);
        for name in members {
            let resource = Resource::parse(format!(r#"{{"resourceType":"{name}"}}"#).into(), &limits()).unwrap();
            assert!(whose(version, &resource) != Whose::Nobody, "{version} {name}");
        }
    }
}
