//! Finds elements in a resource by path, through lists and choices (`value[x]`), whatever the resource is.

use fhir::json::Value;

/// Every value at a dotted path. A name that ends in `[x]` stands for each type of that choice. Lists give their items.
pub(super) fn reach<'d>(root: Value<'d>, path: &str) -> Vec<Value<'d>> {
    path.split('.').fold(vec![root], |reached, name| {
        reached
            .into_iter()
            .flat_map(|value| step(value, name))
            .flat_map(|value| value.each().collect::<Vec<_>>())
            .collect()
    })
}

/// The first text at a path, as written.
pub(super) fn text(root: Value<'_>, path: &str) -> Option<String> {
    reach(root, path).into_iter().find_map(|value| value.as_text()).map(|text| text.into_owned())
}

fn step<'d>(value: Value<'d>, name: &str) -> Vec<Value<'d>> {
    match name.strip_suffix("[x]") {
        None => value.get(name).into_iter().collect(),
        Some(stem) => value.members().filter(|(member, _)| is_choice(member, stem)).map(|(_, value)| value).collect(),
    }
}

/// `valueQuantity` is a choice of `value`; `valueSet` only looks like one to a machine, and no element is named so
/// beside a `value[x]`.
fn is_choice(member: &str, stem: &str) -> bool {
    member.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resource;

    #[test]
    fn a_path_leads_through_lists_and_choices() {
        let found = resource(
            r#"{"resourceType":"Observation","value":"no","valueQuantity":{"value":1.50},"valued":"no",
                "component":[{"code":{"text":"a"}},{"code":{"text":"b"}},{}]}"#,
        );
        let say = |path: &str| reach(found.root(), path).iter().map(|value| value.raw().to_owned()).collect::<Vec<_>>();
        assert_eq!(say("component.code.text"), ["\"a\"", "\"b\""]);
        assert_eq!(say("value[x].value"), ["1.50"]);
        assert!(say("value.value").is_empty());
        assert_eq!(text(found.root(), "component.code.text").as_deref(), Some("a"));
    }
}
