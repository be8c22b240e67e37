//! The link to the next page: followed only within the base it came from, and never with a BSN in it.

use fhir::identifiers::Reader;
use fhir::{Bsn, FhirVersion, ResourceType, SearchQuery};
use percent_encoding::percent_decode_str;
use url::Url;

use super::url::names_a_bsn;
use crate::http::WebAddress;

/// How a page is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageRequest {
    Get(Url),
    /// Parameters in the body.
    Form(Url, String),
}

/// The request for the page behind a link; nothing when the link must not be followed.
///
/// Servers repeat the parameters of a search in their links. Where those name the patient, they go into the
/// body of a `POST …/_search`, which means the same.
pub(super) fn next(base: &WebAddress, version: FhirVersion, link: &str, secret: Option<&Bsn>) -> Option<PageRequest> {
    let mut directory = base.url().clone();
    directory.set_path(&format!("{}/", base.url().path().trim_end_matches('/')));
    let mut url = directory.join(link).ok()?;
    url.set_fragment(None);
    let below = path_below(base.url(), &url)?;
    if shows(&below, secret) {
        return None;
    }
    let Some(query) = url.query().map(str::to_owned) else {
        return Some(PageRequest::Get(url));
    };
    let parsed = SearchQuery::parse(&query).ok()?;
    if !names_a_bsn(&parsed) && !shows(&query, secret) {
        return Some(PageRequest::Get(url));
    }
    let mut segments: Vec<&str> = below.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.last() == Some(&"_search") {
        segments.pop();
    }
    let searches = match segments.as_slice() {
        [] => true,
        [kind] => ResourceType::parse(version, kind).is_some(),
        _ => false,
    };
    segments.push("_search");
    searches.then(|| PageRequest::Form(base.below(segments), query))
}

/// What follows the base in the link's path, if it is of the same origin and below the base. Compared part by
/// part: a text that begins alike may still be another host.
fn path_below(base: &Url, link: &Url) -> Option<String> {
    let same_origin = base.scheme() == link.scheme()
        && base.host() == link.host()
        && base.port_or_known_default() == link.port_or_known_default()
        && link.username().is_empty()
        && link.password().is_none();
    if !same_origin {
        return None;
    }
    let below = link.path().strip_prefix(base.path().trim_end_matches('/'))?;
    let encoded = below.to_ascii_lowercase();
    let hidden = ["%2e", "%2f", "%5c", "%25"].iter().any(|escape| encoded.contains(escape));
    ((below.is_empty() || below.starts_with('/')) && !hidden).then(|| below.to_owned())
}

fn shows(text: &str, secret: Option<&Bsn>) -> bool {
    secret.is_some_and(|bsn| percent_decode_str(text).decode_utf8_lossy().contains(bsn.reveal_to(Reader::Source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(base: &str, link: &str) -> Option<PageRequest> {
        let bsn = Bsn::parse("999911120").unwrap();
        next(&WebAddress::parse(base).unwrap(), FhirVersion::R4, link, Some(&bsn))
    }

    #[test]
    fn a_link_within_the_base_is_followed() {
        for link in [
            "https://a.example/fhir?_getpages=1",
            "https://a.example/fhir/Patient?page=2",
            "https://a.example:443/fhir/Patient?page=2#x",
            "https://a.example/fhir/Patient/../Observation?page=2",
            "Patient?page=2",
            "?_getpages=1",
        ] {
            assert!(matches!(follow("https://a.example/fhir/", link), Some(PageRequest::Get(_))), "{link}");
        }
        assert!(follow("https://a.example", "https://a.example/Patient?page=2").is_some());
    }

    #[test]
    fn a_link_that_only_looks_like_the_base_is_not_followed() {
        for link in [
            "https://a.example.evil/fhir?x=1",
            "https://a.example@evil.example/fhir?x=1",
            "https://user@a.example/fhir?x=1",
            "http://a.example/fhir?x=1",
            "https://a.example:8443/fhir?x=1",
            "https://a.example/fhirevil?x=1",
            "https://a.example/other?x=1",
            "https://a.example/fhir/../other?x=1",
            "https://a.example/fhir/%2e%2e/other?x=1",
            "https://a.example/fhir/..%2fother?x=1",
            "https://a.example/fhir/%252e%252e/x",
            "//evil.example/fhir?x=1",
            "file:///etc/passwd",
            "/other?x=1",
        ] {
            assert_eq!(follow("https://a.example/fhir", link), None, "{link}");
        }
    }

    #[test]
    fn a_link_that_names_the_patient_goes_into_the_body() {
        let query = "patient.identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C999911120&page=2";
        for path in ["Observation", "Observation/_search"] {
            let followed = follow("https://a.example/fhir", &format!("https://a.example/fhir/{path}?{query}"));
            let url = Url::parse("https://a.example/fhir/Observation/_search").unwrap();
            assert_eq!(followed, Some(PageRequest::Form(url, query.to_owned())), "{path}");
        }
        let sneaky = follow("https://a.example/fhir", "https://a.example/fhir?state=99991%31120");
        assert!(matches!(sneaky, Some(PageRequest::Form(..))));
        for unfit in ["https://a.example/fhir/999911120?page=2", "https://a.example/fhir/pages/2?q=999911120"] {
            assert_eq!(follow("https://a.example/fhir", unfit), None, "{unfit}");
        }
    }
}
