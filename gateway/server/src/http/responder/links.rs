//! The links of a Bundle. They hold what was asked, never whom it was about, and never a URL of a source.

use fhir::Interaction;
use fhir::interaction::{Level, SearchTarget};

/// What was asked, without whoever it was asked about. `format` is the `_format` of the request.
pub fn to_self(base: &str, interaction: &Interaction, format: Option<&str>) -> String {
    let (path, mut query) = match interaction {
        Interaction::Search { target: SearchTarget::Type(_), query } => (place(interaction), query.write()),
        _ => (place(interaction), String::new()),
    };
    let asked = |pair: &str| pair.starts_with("_format=");
    if let Some(format) = format.filter(|_| !query.split('&').any(asked)) {
        let and = if query.is_empty() { "" } else { "&" };
        query = format!("{query}{and}_format={format}");
    }
    url(base, &path, &query)
}

/// A page of an answer. The token is ours and opaque: letters, digits, `-`, `_` and `.`.
pub fn to_page(base: &str, interaction: &Interaction, token: &str, format: Option<&str>) -> String {
    let kind = interaction.resource_type().map_or("", |kind| kind.name());
    let format = format.map(|format| format!("&_format={format}")).unwrap_or_default();
    url(base, kind, &format!("_page={token}{format}"))
}

/// A resource that was written, and the version of it that is there now.
pub fn to_version(base: &str, kind: &str, id: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{base}/{kind}/{id}/_history/{version}"),
        None => format!("{base}/{kind}/{id}"),
    }
}

/// Type and operation, without an id.
fn place(interaction: &Interaction) -> String {
    let kind = interaction.resource_type().map_or("", |kind| kind.name());
    match interaction {
        Interaction::History { level: Level::System, .. } => "_history".to_owned(),
        Interaction::History { .. } => format!("{kind}/_history"),
        Interaction::Operation { level: Level::System, name, .. } => format!("${name}"),
        Interaction::Operation { name, .. } => format!("{kind}/${name}"),
        _ => kind.to_owned(),
    }
}

fn url(base: &str, path: &str, query: &str) -> String {
    let slash = if path.is_empty() { "" } else { "/" };
    let question = if query.is_empty() { "" } else { "?" };
    format!("{base}{slash}{path}{question}{query}")
}

#[cfg(test)]
mod tests {
    use fhir::{FhirVersion, Method};

    use super::*;

    const BASE: &str = "https://node.example/fhir/r4";

    fn asked(method: Method, path: &str, query: &str) -> Interaction {
        Interaction::read(FhirVersion::R4, method, path, query, None).unwrap()
    }

    #[test]
    fn a_self_link_holds_what_was_asked_and_no_id() {
        for (method, path, query, expected) in [
            (Method::Get, "Observation", "code=a%7Cb&_count=5", "/Observation?code=a%7Cb&_count=5"),
            (Method::Get, "Observation", "", "/Observation"),
            (Method::Get, "", "_type=Patient", ""),
            (Method::Get, "Patient/p-1/_history", "", "/Patient/_history"),
            (Method::Get, "_history", "", "/_history"),
            (Method::Get, "Patient/p-1/Condition", "", "/Condition"),
            (Method::Post, "Patient/p-1/$everything", "", "/Patient/$everything"),
        ] {
            let link = to_self(BASE, &asked(method, path, query), None);
            assert!(!link.contains("p-1"), "{path}: {link}");
            assert_eq!(link, format!("{BASE}{expected}"), "{path}");
        }
    }

    #[test]
    fn links_keep_the_format_that_was_asked_for_by_parameter() {
        let search = asked(Method::Get, "Observation", "code=1");
        assert_eq!(to_self(BASE, &search, Some("xml")), format!("{BASE}/Observation?code=1&_format=xml"));
        let named = asked(Method::Get, "Observation", "_format=text%2Fxml");
        assert_eq!(to_self(BASE, &named, Some("xml")), format!("{BASE}/Observation?_format=text%2Fxml"));
        assert_eq!(to_page(BASE, &search, "a.b", Some("xml")), format!("{BASE}/Observation?_page=a.b&_format=xml"));
        assert_eq!(to_page(BASE, &search, "a.b", None), format!("{BASE}/Observation?_page=a.b"));
    }
}
