//! Media types: what a body is by what it says of itself, and by what name our own answers go (FHIR R4,
//! http.html#mime-type; the old names of STU3's predecessors are still sent by some).

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use exchange::BodyKind;
use fhir::FhirVersion;

/// Most ranges of one `Accept` header that are looked at.
const MOST_RANGES: usize = 64;

/// The two formats that FHIR is spoken in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Json,
    Xml,
}

/// One media type or range with the parameters that matter here (RFC 9110, 12.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange {
    /// `type/subtype`, in lower case.
    pub essence: String,
    /// The quality, in thousandths.
    pub quality: u16,
    fhir_version: Option<String>,
    charset: Option<String>,
}

impl Format {
    /// Every format, the preferred one first.
    pub const ALL: [Format; 2] = [Format::Json, Format::Xml];

    /// The name that answers go by.
    pub const fn essence(self) -> &'static str {
        match self {
            Format::Json => "application/fhir+json",
            Format::Xml => "application/fhir+xml",
        }
    }

    /// The short name, as a value of `_format`.
    pub const fn short(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Xml => "xml",
        }
    }

    /// The format that a media type means, if one of ours.
    pub fn of(essence: &str) -> Option<Self> {
        match essence {
            "application/fhir+json" | "application/json" | "application/json+fhir" | "text/json" => Some(Format::Json),
            "application/fhir+xml" | "application/xml" | "application/xml+fhir" | "text/xml" => Some(Format::Xml),
            _ => None,
        }
    }

    /// The `Content-Type` of an answer.
    pub const fn content_type(self, version: FhirVersion) -> &'static str {
        match (self, version) {
            (Format::Json, FhirVersion::Stu3) => "application/fhir+json; fhirVersion=3.0; charset=utf-8",
            (Format::Json, FhirVersion::R4) => "application/fhir+json; fhirVersion=4.0; charset=utf-8",
            (Format::Xml, FhirVersion::Stu3) => "application/fhir+xml; fhirVersion=3.0; charset=utf-8",
            (Format::Xml, FhirVersion::R4) => "application/fhir+xml; fhirVersion=4.0; charset=utf-8",
        }
    }
}

impl MediaRange {
    /// Reads one media type or range; nothing when it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pieces = split(text, ';').into_iter().map(str::trim);
        let essence = pieces.next()?.to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        if !token(kind) || !token(subtype) {
            return None;
        }
        let mut range = MediaRange { essence, quality: 1000, fhir_version: None, charset: None };
        for (name, value) in pieces.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => range.quality = quality(value)?,
                "fhirversion" => range.fhir_version = Some(value.to_owned()),
                "charset" => range.charset = Some(value.to_ascii_lowercase()),
                _ => {}
            }
        }
        Some(range)
    }

    /// Every range of an `Accept` header; malformed ones are left out.
    pub fn list(text: &str) -> Vec<Self> {
        split(text, ',').into_iter().take(MOST_RANGES).filter_map(MediaRange::parse).collect()
    }

    /// Whether text of this version in UTF-8 is what the parameters ask for.
    pub fn fits(&self, version: FhirVersion) -> bool {
        let charset = self.charset.as_deref().is_none_or(|charset| matches!(charset, "utf-8" | "utf8" | "*"));
        charset && self.fhir_version.as_deref().is_none_or(|named| is_version(named, version))
    }
}

/// What the body is. Another charset than UTF-8, or another FHIR version, makes it something we do not read.
pub fn body_kind(headers: &HeaderMap, empty: bool, version: FhirVersion) -> BodyKind {
    let mut types = headers.get_all(CONTENT_TYPE);
    let Some(value) = types.next() else {
        return if empty { BodyKind::None } else { BodyKind::Other };
    };
    let range = value.to_str().ok().and_then(MediaRange::parse);
    let Some(range) = range.filter(|range| types.next().is_none() && range.fits(version)) else {
        return BodyKind::Other;
    };
    match Format::of(&range.essence) {
        _ if empty => BodyKind::None,
        Some(Format::Json) => BodyKind::Json,
        Some(Format::Xml) => BodyKind::Xml,
        None if range.essence == "application/x-www-form-urlencoded" => BodyKind::Form,
        None => BodyKind::Other,
    }
}

/// The version that the body says it is in, where it says one that is spoken here.
pub fn body_version(headers: &HeaderMap) -> Option<FhirVersion> {
    let range = headers.get(CONTENT_TYPE)?.to_str().ok().and_then(MediaRange::parse)?;
    let named = range.fhir_version?;
    FhirVersion::ALL.into_iter().find(|version| is_version(&named, *version))
}

/// `4.0`, or a publication of it (`4.0.1`).
fn is_version(named: &str, version: FhirVersion) -> bool {
    let release = match version {
        FhirVersion::Stu3 => "3.0",
        FhirVersion::R4 => "4.0",
    };
    named.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A weight of RFC 9110, 12.4.2: 0 to 1 with at most three decimals.
fn quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// Splits at a separator that stands outside quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|found: char| {
        quoted ^= found == '"';
        found == separator && !quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn kind(value: &str, version: FhirVersion) -> BodyKind {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
        body_kind(&headers, false, version)
    }

    #[test]
    fn the_body_is_read_by_its_declared_type_only() {
        for (value, expected) in [
            ("application/fhir+json", BodyKind::Json),
            ("application/fhir+json; fhirVersion=4.0; charset=UTF-8", BodyKind::Json),
            ("application/fhir+json;charset=\"utf-8\"", BodyKind::Json),
            ("application/json", BodyKind::Json),
            ("application/json+fhir", BodyKind::Json),
            ("Application/FHIR+JSON", BodyKind::Json),
            ("application/fhir+xml", BodyKind::Xml),
            ("application/fhir+xml; fhirversion=4.0.1", BodyKind::Xml),
            ("application/xml; charset=utf-8", BodyKind::Xml),
            ("text/xml", BodyKind::Xml),
            ("application/xml+fhir", BodyKind::Xml),
            ("application/x-www-form-urlencoded", BodyKind::Form),
            ("application/x-www-form-urlencoded; charset=utf-8", BodyKind::Form),
            ("application/fhir+json; charset=utf-7", BodyKind::Other),
            ("application/fhir+xml; charset=iso-8859-1", BodyKind::Other),
            ("application/fhir+json; fhirVersion=3.0", BodyKind::Other),
            ("application/fhir+json; fhirVersion=4.01", BodyKind::Other),
            ("application/fhir+turtle", BodyKind::Other),
            ("text/plain", BodyKind::Other),
            ("text/html", BodyKind::Other),
            ("multipart/form-data; boundary=x", BodyKind::Other),
            ("fhir", BodyKind::Other),
            ("", BodyKind::Other),
        ] {
            assert_eq!(kind(value, FhirVersion::R4), expected, "{value}");
        }
        assert_eq!(kind("application/fhir+json; fhirVersion=3.0", FhirVersion::Stu3), BodyKind::Json);
        assert_eq!(kind("application/fhir+json; fhirVersion=4.0", FhirVersion::Stu3), BodyKind::Other);
        assert_eq!(body_kind(&HeaderMap::new(), false, FhirVersion::R4), BodyKind::Other);
        assert_eq!(body_kind(&HeaderMap::new(), true, FhirVersion::R4), BodyKind::None);
    }

    #[test]
    fn a_body_says_its_version_in_its_type_or_not_at_all() {
        for (value, expected) in [
            ("application/fhir+json; fhirVersion=4.0", Some(FhirVersion::R4)),
            ("application/fhir+xml; charset=utf-8; fhirVersion=4.0.1", Some(FhirVersion::R4)),
            ("application/fhir+json; fhirVersion=\"3.0\"", Some(FhirVersion::Stu3)),
            ("application/fhir+json; fhirVersion=5.0", None),
            ("application/fhir+json", None),
            ("fhir", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
            assert_eq!(body_version(&headers), expected, "{value}");
        }
        assert_eq!(body_version(&HeaderMap::new()), None);
    }

    #[test]
    fn a_body_that_is_declared_twice_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"));
        headers.append(CONTENT_TYPE, HeaderValue::from_static("application/fhir+xml"));
        assert_eq!(body_kind(&headers, false, FhirVersion::R4), BodyKind::Other);
    }

    #[test]
    fn a_weight_has_at_most_three_decimals() {
        for (text, expected) in [
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.5", Some(500)),
            ("0.125", Some(125)),
            ("0.001", Some(1)),
            ("0.0001", None),
            ("1.5", None),
            ("2", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("0.x", None),
        ] {
            assert_eq!(quality(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_reads_as_some_ranges_within_their_bounds(text in "[ -~\t]{0,200}") {
            let ranges = MediaRange::list(&text);
            proptest::prop_assert!(ranges.len() <= MOST_RANGES);
            for range in ranges {
                proptest::prop_assert!(range.quality <= 1000);
                proptest::prop_assert_eq!(MediaRange::parse(&range.essence).map(|again| again.essence), Some(range.essence));
            }
        }

        #[test]
        fn a_weight_reads_as_it_was_written(thousandths in 0_u16..1000) {
            proptest::prop_assert_eq!(quality(&format!("0.{thousandths:03}")), Some(thousandths));
        }
    }

    #[test]
    fn quoted_separators_do_not_separate() {
        let ranges = MediaRange::list("text/a;x=\"1,2;q=0\", text/b;q=0.5, nonsense, text/c;q=7, */*");
        let seen: Vec<_> = ranges.iter().map(|range| (range.essence.as_str(), range.quality)).collect();
        assert_eq!(seen, [("text/a", 1000), ("text/b", 500), ("*/*", 1000)]);
        assert_eq!(MediaRange::list(&"text/a,".repeat(1000)).len(), MOST_RANGES);
    }
}
