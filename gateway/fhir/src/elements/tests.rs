use super::*;

fn child(version: FhirVersion, of: &str, name: &str) -> &'static Child {
    type_of(version, of).and_then(|of| of.child(name)).unwrap_or_else(|| panic!("{version} {of}.{name}"))
}

#[test]
fn every_line_of_the_tables_is_read_and_every_type_is_known() {
    for (version, all, resources) in [(FhirVersion::Stu3, 507, 117), (FhirVersion::R4, 682, 146)] {
        let types = types(version);
        assert!(types.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(types.len(), all);
        let concrete = types.iter().filter(|of| of.kind == TypeKind::Resource && !of.is_abstract);
        let concrete: Vec<&str> = concrete.map(|of| of.name).collect();
        assert_eq!(concrete, crate::definitions::resource_types(version));
        assert_eq!(concrete.len(), resources);
        let lines = table::text(version).lines().filter(|line| !line.starts_with('=')).count();
        let own = types.iter().map(|of| of.children().len() - inherited(version, of)).sum::<usize>();
        assert_eq!(own, lines, "{version}");
        for of in types {
            assert!(of.names().is_sorted_by(|a, b| a.name < b.name), "{version} {}", of.name);
            assert!(of.base.is_empty() || type_of(version, of.base).is_some(), "{version} {}", of.name);
            for child in of.names() {
                let known = child.type_def().is_some() || child.form == Form::Resource;
                assert!(known, "{version} {}.{}: {}", of.name, child.name, child.type_name);
                assert_eq!(of.children().get(child.order).map(|element| element.path()), Some(child.element.path()));
            }
        }
    }
}

fn inherited(version: FhirVersion, of: &TypeDef) -> usize {
    let base = type_of(version, of.base).filter(|_| of.name != "xhtml");
    base.map_or(0, |base| base.children().len())
}

#[test]
fn elements_have_the_facts_of_the_standard() {
    for version in FhirVersion::ALL {
        let status = child(version, "Observation", "status").element;
        assert_eq!((status.min, status.max, status.is_modifier, status.is_summary), (1, Some(1), true, true));
        assert_eq!(status.required_binding, Some("http://hl7.org/fhir/ValueSet/observation-status"));
        let quantity = child(version, "Observation", "valueQuantity");
        assert_eq!((quantity.type_name, quantity.form, quantity.is_list()), ("Quantity", Form::Complex, false));
        assert_eq!(quantity.element.path(), "Observation.value[x]");
        assert_eq!(quantity.order, child(version, "Observation", "valueString").order);
        let value = quantity.type_def().and_then(|of| of.child("value"));
        assert_eq!(value.map(|value| value.form), Some(Form::Number));
        let shared = child(version, "Observation.component", "referenceRange");
        assert_eq!((shared.type_name, shared.is_list()), ("Observation.referenceRange", true));
        assert_eq!(child(version, "Bundle.entry", "resource").form, Form::Resource);
        assert_eq!(child(version, "Patient", "contained").form, Form::Resource);
        assert_eq!(child(version, "Narrative", "div").form, Form::Xhtml);
        assert_eq!(child(version, "Patient", "active").form, Form::Boolean);
        assert!(child(version, "Extension", "url").element.is_attribute);
        assert!(child(version, "Observation.component", "id").element.is_attribute);
        assert!(!child(version, "Observation", "id").element.is_attribute);
        assert_eq!(child(version, "Observation", "id").type_name, "id");
        assert!(type_of(version, "string").unwrap().child("extension").is_some());
        assert!(type_of(version, "string").unwrap().child("value").is_none());
        assert!(type_of(version, "Observation").unwrap().child("value").is_none());
        assert!(child(version, "Bundle", "entry").type_def().unwrap().child("fullUrl").is_some());
        assert!(type_of(version, "Binary").unwrap().child("text").is_none());
        let order = |name| child(version, "Patient", name).order;
        assert!(order("id") < order("text") && order("text") < order("identifier") && order("name") < order("telecom"));
    }
    assert!(type_of(FhirVersion::Stu3, "ServiceRequest").is_none());
    assert_eq!(child(FhirVersion::Stu3, "Observation", "context").element.targets, ["Encounter", "EpisodeOfCare"]);
    assert_eq!(child(FhirVersion::R4, "Binary", "data").element.min, 0);
    assert_eq!(child(FhirVersion::Stu3, "Binary", "content").element.min, 1);
}

/// fhirbolt has tables of R4 of its own making; what both say of an element must agree.
#[test]
fn the_table_of_r4_agrees_with_fhirbolts() {
    use fhirbolt_shared::element_map::r4::ELEMENT_MAP;
    use fhirbolt_shared::type_hints::r4::TYPE_HINTS as HINTS;
    let mut compared = 0;
    for of in types(FhirVersion::R4).iter().filter(|of| !of.is_abstract && of.kind != TypeKind::Primitive) {
        let theirs: Vec<&str> =
            ELEMENT_MAP.get(of.name).unwrap_or_else(|| panic!("{}", of.name)).iter().copied().collect();
        let mut ours: Vec<&Child> = of.names().iter().collect();
        ours.sort_by_key(|child| child.order);
        let mut names: Vec<&str> = ours.iter().map(|child| child.name).collect();
        let mut sorted = theirs.clone();
        names.sort_unstable();
        sorted.sort_unstable();
        assert_eq!(names, sorted, "{}", of.name);
        let inherited = type_of(FhirVersion::R4, of.base).map_or(0, |base| base.children().len());
        for child in ours.into_iter().filter(|child| child.order >= inherited && child.name != "id") {
            let path = format!("{}.{}", of.name, child.name);
            let form = if HINTS.boolean_paths.contains(path.as_str()) {
                Form::Boolean
            } else if [
                &HINTS.decimal_paths,
                &HINTS.integer_paths,
                &HINTS.unsigned_integer_paths,
                &HINTS.positive_integer_paths,
            ]
            .iter()
            .any(|paths| paths.contains(path.as_str()))
            {
                Form::Number
            } else if path == "Narrative.div" {
                Form::Xhtml
            } else if HINTS.all_primitives_paths.contains(path.as_str()) || path == "Extension.url" {
                Form::Text
            } else if HINTS.type_paths.get(path.as_str()) == Some(&"Resource") {
                Form::Resource
            } else {
                Form::Complex
            };
            assert_eq!(child.form, form, "{path}");
            assert_eq!(child.is_list(), HINTS.array_paths.contains(path.as_str()), "{path}");
            let shared = HINTS.content_reference_paths.get(path.as_str()).copied();
            assert_eq!(child.element.content, shared, "{path}");
            if let Some(of) = HINTS.type_paths.get(path.as_str()) {
                assert_eq!(&child.type_name, of, "{path}");
            }
            compared += 1;
        }
    }
    assert!(compared > 4000, "{compared}");
}
