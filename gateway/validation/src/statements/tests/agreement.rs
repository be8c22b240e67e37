//! Our statements against the published definitions they were made from.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use fhir::elements::{TypeDef, type_of};
use fhir::json::{Document, Limits, Node, Value};

use super::*;
use crate::profile::{ElementRule, Most};

/// Slices of which neither definition nor base says what tells them apart: no statement can have them.
const NOT_TOLD_APART: [&str; 1] =
    ["Observation.component:numberOfChildrenLivingAtHome.code.coding:numberOfChildrenLivingAtHomeCode"];

/// What of an element is held against the definition.
type Said = (Option<u32>, Option<Most>, Option<Node>, Option<Node>);

#[test]
fn each_statement_has_the_cardinalities_and_codes_of_the_definition_and_no_others() {
    let Some(folder) = shared("conformance/definitions") else { return };
    let ours: BTreeMap<_, _> =
        all().into_iter().map(|(_, one)| ((one.profile.fhir, one.profile.canonical.clone()), one)).collect();
    let mut compared = BTreeMap::new();
    let mut faults = Vec::new();
    for (file, version) in [
        ("nictiz-stu3-zib2017.ndjson.gz", FhirVersion::Stu3),
        ("nictiz-r4-zib2020.ndjson.gz", FhirVersion::R4),
        ("nictiz-r4-medicationprocess.ndjson.gz", FhirVersion::R4),
        ("stu3/StructureDefinition.ndjson.gz", FhirVersion::Stu3),
        ("r4/StructureDefinition.ndjson.gz", FhirVersion::R4),
    ] {
        let path = folder.join(file);
        if !path.exists() {
            eprintln!("SKIPPED: {file}: absent");
            continue;
        }
        for definition in definitions(&path) {
            let url = definition.root().get("url").and_then(|url| url.as_text()).unwrap().into_owned();
            let Some(statement) = ours.get(&(version, url.clone())) else { continue };
            *compared.entry(file).or_insert(0) += 1;
            faults.extend(differences(&url, definition.root(), &statement.profile));
        }
    }
    eprintln!("compared with their definitions: {compared:?}");
    assert!(faults.is_empty(), "{} differ: {faults:#?}", faults.len());
    assert!(compared.values().sum::<i32>() > 400);
}

fn differences(url: &str, definition: Value<'_>, ours: &Profile) -> Vec<String> {
    let kind = definition.get("type").unwrap().as_text().unwrap();
    assert_eq!(kind, ours.resource_type, "{url}");
    let start = type_of(ours.fhir, &kind).unwrap();
    let mut theirs: BTreeMap<String, Said> = BTreeMap::new();
    for element in definition.all("differential.element") {
        let id = element.get("id").unwrap().as_text().unwrap().replace(":simplequantity", "");
        let id = one_form(start, id.trim_start_matches("Simple"));
        if NOT_TOLD_APART.iter().any(|slice| id.starts_with(slice)) {
            continue;
        }
        let said = said(element);
        if said != (None, None, None, None) {
            theirs.insert(id, said);
        }
    }
    let ours: BTreeMap<String, Said> = ours.rules.iter().map(|rule| (rule.id.clone(), of(rule))).collect();
    let ids: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    let silent = (None, None, None, None);
    ids.into_iter()
        .filter(|id| theirs.get(*id).unwrap_or(&silent) != ours.get(*id).unwrap_or(&silent))
        .map(|id| format!("{url} {id}: {:?}, ours {:?}", theirs.get(id), ours.get(id)))
        .collect()
}

fn of(rule: &ElementRule) -> Said {
    (rule.min, rule.max, rule.fixed.clone(), rule.pattern.clone())
}

fn said(element: Value<'_>) -> Said {
    let min = element.get("min").map(|min| min.as_number().unwrap().parse().unwrap());
    let max = element.get("max").map(|max| match &*max.as_text().unwrap() {
        "*" => Most::Unbounded,
        digits => Most::Times(digits.parse().unwrap()),
    });
    let named =
        |start: &str| element.members().find(|(name, _)| name.starts_with(start)).map(|(_, value)| value.to_node());
    (min, max, named("fixed"), named("pattern"))
}

/// Ids in one form: `value[x]:valueQuantity`, also where it is written `valueQuantity` or `valueQuantity:valueQuantity`.
fn one_form(start: &'static TypeDef, id: &str) -> String {
    let mut here = Some(start);
    let mut steps = vec![id.split('.').next().unwrap().to_owned()];
    for step in id.split('.').skip(1) {
        let (name, slice) = step.split_once(':').map_or((step, None), |(name, slice)| (name, Some(slice)));
        let child = here.and_then(|here| here.child(if name.ends_with("[x]") { slice.unwrap_or(name) } else { name }));
        let choice = child.filter(|child| child.element.choice().is_some() && !name.ends_with("[x]"));
        steps.push(choice.map_or_else(|| step.to_owned(), |child| format!("{}:{name}", child.element.name)));
        here = child.and_then(|child| child.type_def());
    }
    steps.join(".")
}

fn definitions(path: &Path) -> Vec<Document> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let limits = Limits { bytes: 64 << 20, nodes: 5_000_000, ..Limits::default() };
    let structure = |document: &Document| {
        document
            .root()
            .get("resourceType")
            .and_then(|kind| kind.as_text())
            .is_some_and(|kind| kind == "StructureDefinition")
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| Document::parse(line.to_owned().into(), &limits).unwrap()).filter(structure).collect()
}
