//! The words of single values.

use fhir::json::Value;

/// A narrative without its tags.
pub(super) fn narrative(text: Value<'_>) -> Option<String> {
    let div = text.get("div")?.as_text()?;
    let (mut words, mut inside) = (String::new(), false);
    for c in div.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            c if !inside => words.push(c),
            _ => {}
        }
    }
    for (entity, meant) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#160;", " "), ("&apos;", "'"), ("&amp;", "&")]
    {
        words = words.replace(entity, meant);
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

/// The zib's own code beside a code of FHIR (`code-specification`).
pub(super) fn specification(companion: Value<'_>) -> Option<String> {
    let of = |one: Value<'_>| {
        let url = one.get("url")?.as_text()?;
        is_specification(&url).then(|| one.all("valueCodeableConcept.coding").into_iter().map(coding).next())?
    };
    companion.each().find_map(|one| one.get("extension")?.each().find_map(of)).filter(|words| !words.is_empty())
}

pub(super) fn is_specification(url: &str) -> bool {
    url == "http://nictiz.nl/fhir/StructureDefinition/code-specification"
}

/// A Coding: its words, or its code with the name of its system.
pub(super) fn coding(value: Value<'_>) -> String {
    if let Some(display) = plain(value, "display") {
        return display;
    }
    let system = plain(value, "system");
    let system = system.as_deref().map(|system| match system {
        "http://snomed.info/sct" => "SNOMED CT",
        "http://loinc.org" => "LOINC",
        other => other,
    });
    match (plain(value, "code"), system) {
        (Some(code), Some(system)) => format!("code {code} ({system})"),
        (Some(code), None) => format!("code {code}"),
        (None, _) => String::new(),
    }
}

pub(super) fn plain(value: Value<'_>, name: &str) -> Option<String> {
    let text = value.get(name)?.as_text()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn joined<const N: usize>(texts: [Option<String>; N], between: &str) -> String {
    texts.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(between)
}
