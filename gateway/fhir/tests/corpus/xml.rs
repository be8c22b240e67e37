//! The XML codec against resources that others wrote in XML, in JSON, or in both.

use super::*;

/// What reading XML again gives of a resource; the fault of whichever half refused.
fn through_xml(version: FhirVersion, resource: &Resource) -> Result<Resource, String> {
    let xml = fhir::xml::write(version, resource).map_err(|fault| fault.to_string())?;
    fhir::xml::read(version, &xml, &limits()).map_err(|fault| format!("written but not read: {fault}"))
}

fn same(one: &Resource, other: &Resource) -> bool {
    sorted(&one.to_node()) == sorted(&other.to_node())
}

/// Files of a test suite of readers: pairs that differ, or of which one is no sound resource of R4. Why.
const ODD_PAIRS: [(&str, &str); 12] = [
    (
        "other/Observation-ex-pain",
        "the XML has an attribute that does not exist; the JSON gives a primitive a value twice",
    ),
    ("other/group-choice-bad2", "a choice that R4 does not have: XML cannot say that the unknown value is a number"),
    ("other/group-choice-empty", "the JSON is broken"),
    ("other/list-bad-syntax", "both are broken"),
    ("other/list-contained-bad", "the XML has the id of another resource than the JSON"),
    ("other/list-xhtml-correct1", "comments as members in the JSON; lines end differently in the narratives"),
    ("other/list-xhtml-element", "comments as members in the JSON; the narratives differ"),
    ("other/list-xhtml-wrongns1", "the narrative is not XHTML"),
    ("other/primitive-good-ws", "the white space of the two texts differs"),
    ("other/unicode-problem", "a control character that XML cannot hold"),
    ("r5/testcases", "a type of a test suite, no resource"),
    ("r5/unicode-problem", "a control character that XML cannot hold"),
];
/// R5 allows a resource where R4 has an element of that name that is unknown to it.
const ONLY_R5: &str = "r5/bundle-resource-element-test";

#[test]
fn every_pair_says_the_same_in_xml_and_in_json() {
    let Some(archive) = shared("conformance/pairs/xml-json.tar.gz") else { return };
    let all: BTreeMap<String, Vec<u8>> = files(&archive).into_iter().collect();
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut odd = Vec::new();
    for (stem, xml) in all.iter().filter_map(|(name, bytes)| Some((name.strip_suffix(".xml")?, bytes))) {
        let version = if stem.starts_with("stu3/") { FhirVersion::Stu3 } else { FhirVersion::R4 };
        let json = Resource::parse(all[&format!("{stem}.json")].clone().into(), &limits());
        let read = fhir::xml::read(version, xml, &limits());
        let reads_the_same = matches!((&read, &json), (Ok(read), Ok(json)) if same(read, json));
        let survives = json.is_ok_and(|json| through_xml(version, &json).is_ok_and(|again| same(&again, &json)));
        let count = counts.entry(stem.split_once('/').unwrap().0).or_default();
        *count = [count[0] + 1, count[1] + usize::from(reads_the_same), count[2] + usize::from(survives)];
        if !(reads_the_same && survives) {
            odd.push(stem);
        }
    }
    for (folder, [pairs, read, survived]) in &counts {
        eprintln!("pairs {folder}: {pairs}; {read} read as their JSON, {survived} of the JSON survive XML");
    }
    let mut expected: Vec<&str> = ODD_PAIRS.iter().map(|(stem, _)| *stem).chain([ONLY_R5]).collect();
    expected.sort_unstable();
    for (stem, why) in ODD_PAIRS {
        eprintln!("  not {stem}: {why}");
    }
    assert_eq!(odd, expected);
    assert_eq!((counts["r4"], counts["stu3"]), ([226; 3], [18; 3]));
}

#[test]
fn every_valid_instance_survives_xml() {
    let Some(folder) = shared("conformance/instances") else { return };
    let mut refused = Vec::new();
    for version in FhirVersion::ALL {
        let instances = instances(&folder.join(format!("{version}-valid.ndjson.gz")));
        let mut good = 0;
        for (name, text) in &instances {
            let resource = Resource::parse(text.clone().into(), &limits()).unwrap();
            match through_xml(version, &resource) {
                Ok(again) if same(&again, &resource) => good += 1,
                Ok(_) => refused.push(format!("{name} differs")),
                Err(fault) => refused.push(fault),
            }
        }
        eprintln!("{version}-valid: {good} of {} instances survive XML without difference", instances.len());
    }
    // Publishers' mistakes: two performers where STU3 has one, and an empty number.
    assert_eq!(
        refused,
        [
            "ProcedureRequest.performer is a list",
            "Bundle.entry.resource.dosageInstruction.maxDosePerPeriod.denominator.value is not a number",
        ]
    );
}

#[test]
fn every_synthetic_bundle_survives_xml() {
    let Some(archive) = shared("conformance/instances/r4-synthea-bundles.tar.gz") else { return };
    let bundles = json_files(&archive);
    for (name, bytes) in &bundles {
        let resource = Resource::parse(bytes.clone().into(), &limits()).unwrap();
        let again = through_xml(FhirVersion::R4, &resource).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(same(&again, &resource), "{name}");
    }
    eprintln!("r4-synthea-bundles: {} bundles survive XML without difference", bundles.len());
    assert!(!bundles.is_empty());
}

fn xml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            xml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            found.push(path);
        }
    }
}

/// The text without processing instructions other than the declaration, which the codec refuses: hints for
/// editors (`xml-model`) in files that were never sent.
fn without_hints(text: &str) -> String {
    let mut rest = text.replace("<?xml ", "\u{0}");
    while let Some(start) = rest.find("<?") {
        let Some(end) = rest[start..].find("?>") else { break };
        rest.replace_range(start..start + end + 2, "");
    }
    rest.replace('\u{0}', "<?xml ")
}

/// Whether the root is an element of FHIR that is a resource to be exchanged, not a script of the test tool.
fn is_resource(text: &str) -> bool {
    let root = text.match_indices('<').find(|(at, _)| !text[at + 1..].starts_with(['?', '!'])).map(|(at, _)| at);
    let tag = root.and_then(|at| text[at + 1..].split_once('>')).map_or("", |(tag, _)| tag);
    let name = tag.split_whitespace().next().unwrap_or_default();
    tag.contains("http://hl7.org/fhir\"") && name != "TestScript" && !name.contains(':')
}

#[test]
fn nictiz_fixtures_survive_xml() {
    for (folder, expected) in [
        ("eoverdracht/rendered", vec!["ProcedureRequest.performer occurs twice"]),
        ("eoverdracht/nictiz-stu3-zib2017-2.2.18", vec![]),
        ("eoverdracht/nictiz-r4-zib2020", vec![]),
        ("eoverdracht/nictiz-testscripts", vec!["ProcedureRequest.performer occurs twice"]),
        ("medication", vec![]),
    ] {
        let Some(root) = shared(folder) else { return };
        let mut paths = Vec::new();
        xml_files(&root, &mut paths);
        let (mut good, mut hinted, mut complaints) = (0, 0, Vec::new());
        for path in paths {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            if !is_resource(&text) {
                continue;
            }
            let plain = without_hints(&text);
            hinted += usize::from(plain != text);
            let name = path.display();
            // The files do not say which version they are of: the one whose structure they keep to, else any.
            let read = |version| fhir::xml::read(version, plain.as_bytes(), &limits()).map(|read| (version, read));
            let readings: Vec<_> = FhirVersion::ALL.into_iter().map(read).collect();
            let sound = |reading: &&(FhirVersion, Resource)| fhir::structure::check(reading.0, &reading.1).is_ok();
            let good_readings = || readings.iter().filter_map(|reading| reading.as_ref().ok());
            match good_readings().find(sound).or_else(|| good_readings().next()) {
                None => complaints.extend(readings[0].as_ref().err().map(|fault| format!("{name}: {fault}"))),
                Some((version, resource)) => {
                    let again = through_xml(*version, resource).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                    assert!(same(&again, resource), "{name}");
                    good += 1;
                    let check = fhir::structure::check(*version, resource);
                    complaints.extend(check.err().map(|fault| format!("{name}: {fault}")));
                }
            }
        }
        eprintln!(
            "{folder}: {good} resources in XML survive ({hinted} after hints for editors were taken out), {} complaints",
            complaints.len()
        );
        assert_eq!(complaints.len(), expected.len(), "{folder}: {complaints:#?}");
        assert!(complaints.iter().zip(expected).all(|(complaint, what)| complaint.contains(what)), "{complaints:#?}");
        assert!(good > 50);
    }
}

#[test]
fn narratives_pass_whole_or_not_at_all() {
    let Some(folder) = shared("conformance/xhtml") else { return };
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let div = |inside: &str| format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>"#);
    let cases = [
        (text("entities.html"), Err("is not well-formed XHTML"), "an entity of HTML"),
        (text("non-root-svg.html"), Err("is not XHTML"), "another namespace inside"),
        (text("page3.html"), Err("is not well-formed XHTML"), "a document type"),
        (text("page2.md"), Err("is not well-formed XHTML"), "no XML"),
        (text("svg-comment.svg"), Err("is not a div"), "no div"),
        (text("xhtml-empty-elements.xml"), Err("is not a div"), "no div"),
        (div(r#"<p class="a"></p><br/><p class="b"/>"#), Ok(()), "empty elements of both kinds"),
        (div("<!-- a comment with a <nested html tag> -->"), Ok(()), "a comment"),
    ];
    for (narrative, expected, why) in cases {
        let json = format!(
            r#"{{"resourceType":"Patient","text":{{"status":"generated","div":{}}}}}"#,
            Node::text(&narrative).write()
        );
        let resource = Resource::parse(json.into(), &limits()).unwrap();
        let outcome = through_xml(FhirVersion::R4, &resource);
        match (outcome, expected) {
            (Ok(again), Ok(())) => assert_eq!(again.text(), resource.text(), "{why}"),
            (Err(fault), Err(what)) => assert_eq!(fault, format!("Patient.text.div {what}"), "{why}"),
            (outcome, _) => panic!("{why}: {outcome:?}"),
        }
    }
}
