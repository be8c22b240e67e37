//! `Patient/$everything`, `Composition/[id]/$document` and `Observation/$lastn`.

use std::collections::BTreeSet;

use super::{Surface, expect, names};
use crate::counts::Page;
use crate::suites::{Flaw, Judgement, ensure};

/// The types of the use case that are about a patient.
const TYPES: [&str; 5] = ["Patient", "Observation", "Condition", "Flag", "Composition"];

/// What an answer holds, in either form, and the kind of Bundle it is.
async fn page(surface: &Surface, path: &str, form: &str) -> Result<(String, Vec<String>), Flaw> {
    let answer = surface.get(path, form).await?;
    expect(&answer, 200, path)?;
    let page = if form == "xml" { Page::of_xml(&answer.body) } else { Page::of_json(&answer.body) };
    let page = page.map_err(Flaw::Broken)?;
    ensure(page.link("next").is_none(), || format!("{path} has more than one page"))?;
    let named = page.entries.iter().map(|entry| format!("{}/{}", entry.resource.kind(), entry.resource.id()));
    Ok((page.kind.clone(), named.collect()))
}

pub async fn everything(surface: &Surface) -> Judgement {
    let mut together = BTreeSet::new();
    for kind in TYPES {
        let found = surface.get(kind, "json").await?;
        expect(&found, 200, kind)?;
        together.extend(names(&found.json().unwrap_or_default()));
    }
    for form in ["json", "xml"] {
        for path in ["Patient/$everything", "Patient/anna/$everything"] {
            let (kind, found) = page(surface, path, form).await?;
            let once: BTreeSet<String> = found.iter().cloned().collect();
            ensure(kind == "searchset" && once.len() == found.len(), || format!("{path} in {form} is a {kind}"))?;
            ensure(once == together, || format!("{path} in {form} holds {found:?}, the searches {together:?}"))?;
        }
    }
    ensure(together.len() == 7, || format!("the searches find {together:?}"))?;
    let (_, some) = page(surface, "Patient/$everything?_type=Condition,Flag", "json").await?;
    ensure(some == ["Condition/c1", "Flag/f1"], || format!("of two types came {some:?}"))?;
    surface.as_absent("Patient/bram/$everything", "Patient/nowhere/$everything").await
}

pub async fn document(surface: &Surface) -> Judgement {
    for form in ["json", "xml"] {
        let (kind, found) = page(surface, "Composition/d1/$document", form).await?;
        ensure(kind == "document", || format!("in {form} the Bundle is a {kind}"))?;
        ensure(found.first().is_some_and(|first| first == "Composition/d1"), || format!("it begins as {found:?}"))?;
        let once: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        let expected = ["Composition/d1", "Patient/anna", "Practitioner/pr1", "Observation/o1", "Condition/c1"];
        ensure(once == BTreeSet::from(expected) && found.len() == expected.len(), || format!("it holds {found:?}"))?;
    }
    surface.as_absent("Composition/d2/$document", "Composition/nowhere/$document").await
}

pub async fn last_n(surface: &Surface) -> Judgement {
    for (path, expected) in [
        ("Observation/$lastn", vec!["Observation/o2", "Observation/o3"]),
        ("Observation/$lastn?max=2", vec!["Observation/o1", "Observation/o2", "Observation/o3"]),
        ("Observation/$lastn?code=https://example.org/codes%7Ca", vec!["Observation/o2"]),
        ("Observation/$lastn?code=https://example.org/codes%7Cz", vec![]),
    ] {
        for form in ["json", "xml"] {
            let (kind, mut found) = page(surface, path, form).await?;
            found.sort();
            ensure(kind == "searchset" && found == expected, || format!("{path} in {form} holds {found:?}"))?;
        }
    }
    Ok(())
}
