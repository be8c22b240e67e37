//! Media types of requests and answers. JSON only, so far.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use exchange::BodyKind;
use fhir::FhirVersion;

/// The FHIR JSON media type of this version, as sent (FHIR R4, http.html#mime-type).
pub fn fhir_json(version: FhirVersion) -> &'static str {
    match version {
        FhirVersion::Stu3 => "application/fhir+json; fhirVersion=3.0; charset=utf-8",
        FhirVersion::R4 => "application/fhir+json; fhirVersion=4.0; charset=utf-8",
    }
}

/// What the body is. A charset other than UTF-8 makes it something we do not read.
pub fn body_kind(headers: &HeaderMap, empty: bool) -> BodyKind {
    let mut types = headers.get_all(CONTENT_TYPE);
    let Some(value) = types.next() else {
        return if empty { BodyKind::None } else { BodyKind::Other };
    };
    let Ok(text) = value.to_str() else { return BodyKind::Other };
    if types.next().is_some() {
        return BodyKind::Other;
    }
    let mut pieces = text.split(';').map(str::trim);
    let essence = pieces.next().unwrap_or_default().to_ascii_lowercase();
    let foreign_charset = pieces.any(|parameter| match parameter.split_once('=') {
        Some((name, charset)) => {
            name.eq_ignore_ascii_case("charset") && !charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        None => false,
    });
    if foreign_charset {
        return BodyKind::Other;
    }
    match essence.as_str() {
        _ if empty => BodyKind::None,
        "application/fhir+json" | "application/json" | "application/json+fhir" => BodyKind::Json,
        "application/x-www-form-urlencoded" => BodyKind::Form,
        _ => BodyKind::Other,
    }
}

/// Whether JSON may be sent, by `_format` (which wins) or `Accept`.
pub fn accepts_json(headers: &HeaderMap, query: &str) -> bool {
    let format = query.split('&').find_map(|pair| pair.strip_prefix("_format="));
    if let Some(format) = format {
        let wanted = format.to_ascii_lowercase();
        return wanted == "json" || wanted.contains("json");
    }
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        any = true;
        let Ok(text) = value.to_str() else { continue };
        for range in text.split(',') {
            let mut pieces = range.split(';').map(str::trim);
            let essence = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let refused = pieces.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            let json = matches!(
                essence.as_str(),
                "*/*" | "application/*" | "application/json" | "application/fhir+json" | "application/json+fhir"
            );
            if json && !refused {
                return true;
            }
        }
    }
    !any
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(name: actix_web::http::header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn the_body_is_read_by_its_declared_type_only() {
        for (value, kind) in [
            ("application/fhir+json", BodyKind::Json),
            ("application/fhir+json; fhirVersion=4.0; charset=UTF-8", BodyKind::Json),
            ("application/x-www-form-urlencoded", BodyKind::Form),
            ("application/fhir+json; charset=utf-7", BodyKind::Other),
            ("text/plain", BodyKind::Other),
            ("multipart/form-data; boundary=x", BodyKind::Other),
            ("application/fhir+xml", BodyKind::Other),
        ] {
            assert_eq!(body_kind(&headers(CONTENT_TYPE, value), false), kind, "{value}");
        }
        assert_eq!(body_kind(&HeaderMap::new(), false), BodyKind::Other);
        assert_eq!(body_kind(&HeaderMap::new(), true), BodyKind::None);
    }

    #[test]
    fn json_is_sent_unless_only_other_formats_are_wanted() {
        for (accept, wanted) in [
            ("*/*", true),
            ("application/fhir+json", true),
            ("text/html, application/json;q=0.5", true),
            ("application/fhir+xml", false),
            ("application/json;q=0", false),
        ] {
            assert_eq!(accepts_json(&headers(ACCEPT, accept), ""), wanted, "{accept}");
        }
        assert!(accepts_json(&HeaderMap::new(), ""));
        assert!(!accepts_json(&HeaderMap::new(), "_format=xml"));
        assert!(accepts_json(&headers(ACCEPT, "application/fhir+xml"), "code=1&_format=json"));
    }
}
