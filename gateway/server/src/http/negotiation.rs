//! In which format the answer is wanted: `_format` first, then `Accept` (FHIR R4, http.html#mime-type and
//! http.html#parameters; RFC 9110, 12.5.1). It knows no resource; that a Binary can be had as what it is, is decided
//! where the Binary is known.

use actix_web::http::header::{ACCEPT, HeaderMap};
use fhir::{FhirVersion, SearchQuery};

use super::media::{Format, MediaRange};

/// What a request says of the answer it wants.
#[derive(Clone, Debug)]
pub struct Negotiated {
    /// None: nothing that is offered is wanted.
    format: Option<Format>,
    by_parameter: bool,
    /// What `Accept` lists, when it counts.
    ranges: Vec<MediaRange>,
}

impl Negotiated {
    /// Reads a request for an answer of this version. `form` is the body of a search or operation that was posted as a
    /// form: `_format` may stand there as well.
    pub fn read(headers: &HeaderMap, query: &str, form: &str, version: FhirVersion) -> Self {
        let mut named = [query, form].into_iter().filter_map(|text| SearchQuery::parse(text).ok()).flat_map(|query| {
            let values = query.named("_format").map(|parameter| parameter.value.clone());
            values.collect::<Vec<_>>()
        });
        if let Some(first) = named.next() {
            let format = by_parameter(&first, version);
            // Asked for twice, it must be the same twice.
            let format = format.filter(|format| named.all(|other| by_parameter(&other, version) == Some(*format)));
            return Negotiated { format, by_parameter: true, ranges: Vec::new() };
        }
        let mut accept = headers.get_all(ACCEPT).peekable();
        if accept.peek().is_none() {
            return Negotiated { format: Some(Format::Json), by_parameter: false, ranges: Vec::new() };
        }
        let ranges: Vec<MediaRange> =
            accept.filter_map(|value| value.to_str().ok()).flat_map(MediaRange::list).collect();
        Negotiated { format: best(&ranges, version), by_parameter: false, ranges }
    }

    /// Whether the answer is wanted in a format that is offered.
    pub fn is_possible(&self) -> bool {
        self.format.is_some()
    }

    /// The format to answer in; JSON where none that is wanted is offered, so that this can be said.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(Format::Json)
    }

    /// The value of `_format` for the links of the answer, when the format was asked for that way.
    pub fn parameter(&self) -> Option<&'static str> {
        self.format.filter(|_| self.by_parameter).map(Format::short)
    }

    /// Whether any type but FHIR's is wanted by name.
    pub fn names_other_types(&self) -> bool {
        self.ranges
            .iter()
            .any(|range| range.quality > 0 && Format::of(&range.essence).is_none() && !range.essence.starts_with("*/"))
    }

    /// Whether content of this type is wanted as it is, rather than as a resource (FHIR R4, binary.html#rest): the type
    /// is named, and no FHIR format is named that is wanted as much.
    pub fn wants_native(&self, content_type: &str) -> bool {
        let Some(content) = MediaRange::parse(content_type) else { return false };
        let family = content.essence.split_once('/').map_or("", |(family, _)| family);
        let names = |range: &&MediaRange| {
            let any = range.essence.strip_suffix("/*").is_some_and(|named| named == family && named != "application");
            any || range.essence == content.essence
        };
        let most = |ranges: &mut dyn Iterator<Item = &MediaRange>| ranges.map(|range| range.quality).max().unwrap_or(0);
        let native = most(&mut self.ranges.iter().filter(names));
        native > most(&mut self.ranges.iter().filter(|range| Format::of(&range.essence).is_some()))
    }
}

/// The format that a value of `_format` means: a short name or a media type.
fn by_parameter(value: &str, version: FhirVersion) -> Option<Format> {
    match value.trim().to_ascii_lowercase().as_str() {
        "json" => return Some(Format::Json),
        "xml" => return Some(Format::Xml),
        _ => {}
    }
    // An unencoded plus reads as a space.
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let range = MediaRange::parse(&format!("{};{parameters}", essence.trim().replace(' ', "+")))?;
    Format::of(&range.essence).filter(|_| range.fits(version))
}

/// The format that is wanted most; of two that are wanted alike, JSON.
fn best(ranges: &[MediaRange], version: FhirVersion) -> Option<Format> {
    let mut best = None;
    let mut most = 0;
    for format in Format::ALL {
        let quality = wanted(ranges, format, version);
        if quality > most {
            (best, most) = (Some(format), quality);
        }
    }
    best
}

/// How much a format is wanted, in thousandths: the ranges that name it count before those that only cover it.
fn wanted(ranges: &[MediaRange], format: Format, version: FhirVersion) -> u16 {
    let fitting = || ranges.iter().filter(|range| range.fits(version));
    let most = |covers: &dyn Fn(&str) -> bool| {
        fitting().filter(|range| covers(&range.essence)).map(|range| range.quality).max()
    };
    most(&|essence| Format::of(essence) == Some(format))
        .or_else(|| most(&|essence| essence == "application/*"))
        .or_else(|| most(&|essence| essence == "*/*"))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn accepting(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn by_accept(value: &str, version: FhirVersion) -> Option<Format> {
        Negotiated::read(&accepting(&[value]), "", "", version).format
    }

    #[test]
    fn accept_gets_the_best_of_what_is_offered() {
        const JSON: Option<Format> = Some(Format::Json);
        const XML: Option<Format> = Some(Format::Xml);
        for (accept, expected) in [
            ("*/*", JSON),
            ("application/*", JSON),
            ("application/fhir+json", JSON),
            ("application/fhir+xml", XML),
            ("application/json", JSON),
            ("application/xml", XML),
            ("text/xml", XML),
            ("text/json", JSON),
            ("application/json+fhir", JSON),
            ("application/xml+fhir", XML),
            ("APPLICATION/FHIR+XML", XML),
            ("application/fhir+xml; charset=utf-8", XML),
            ("application/fhir+xml, application/fhir+json", JSON),
            ("application/fhir+xml, application/fhir+json;q=0.9", XML),
            ("application/fhir+xml;q=0.2, application/fhir+json;q=0.1", XML),
            ("application/fhir+json;q=0.1, */*;q=0.2", XML),
            ("application/fhir+xml;q=0, */*", JSON),
            ("application/fhir+json;q=0, */*", XML),
            ("application/json;q=0, */*", XML),
            ("application/fhir+xml, */*;q=0.1", XML),
            ("application/*;q=0.3, */*;q=0.9", JSON),
            ("application/*;q=0, */*;q=0.9", None),
            ("text/html, application/json;q=0.5", JSON),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", XML),
            ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
            ("application/fhir+json; fhirVersion=4.0", JSON),
            ("application/fhir+json; fhirVersion=4.0.1", JSON),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("application/fhir+json; fhirVersion=3.0, application/fhir+xml; fhirVersion=4.0; q=0.1", XML),
            ("application/fhir+json; fhirVersion=3.0, */*;q=0.1", JSON),
            ("*/*; fhirVersion=3.0", None),
            ("application/fhir+json; charset=utf-16", None),
            ("application/json;q=0", None),
            ("*/*;q=0", None),
            ("*/*;q=0.000", None),
            ("text/html", None),
            ("text/*", None),
            ("image/png", None),
            ("application/fhir+turtle", None),
            ("application/fhir+ndjson", None),
            ("json", None),
            ("", None),
            ("application/json;q=2", None),
        ] {
            assert_eq!(by_accept(accept, FhirVersion::R4), expected, "{accept}");
        }
        assert_eq!(by_accept("application/fhir+xml; fhirVersion=3.0", FhirVersion::Stu3), XML);
        assert_eq!(by_accept("application/fhir+xml; fhirVersion=4.0", FhirVersion::Stu3), None);
        let both = accepting(&["text/html", "application/fhir+xml"]);
        assert_eq!(Negotiated::read(&both, "", "", FhirVersion::R4).format, XML);
        let none = Negotiated::read(&HeaderMap::new(), "", "", FhirVersion::R4);
        assert_eq!((none.format, none.parameter()), (JSON, None));
    }

    #[test]
    fn format_wins_over_accept() {
        let cases = [
            ("json", "json"),
            ("xml", "xml"),
            ("application/fhir%2Bjson", "json"),
            ("application/fhir+json", "json"),
            ("application%2Ffhir%2Bxml", "xml"),
            ("application/fhir+xml;%20fhirVersion=4.0", "xml"),
            ("text/xml", "xml"),
            ("text/json", "json"),
            ("application/xml%2Bfhir", "xml"),
            ("application/json", "json"),
            ("XML", "xml"),
            ("application/fhir%2Bxml;fhirVersion=3.0", ""),
            ("ttl", ""),
            ("html", ""),
            ("text/html", ""),
            ("", ""),
            ("xml&_format=json", ""),
            ("xml&_format=text/xml", "xml"),
        ];
        for (value, expected) in cases {
            let (query, other) = (format!("code=1&_format={value}"), accepting(&["text/html"]));
            let read = Negotiated::read(&other, &query, "", FhirVersion::R4);
            assert_eq!(read.parameter().unwrap_or_default(), expected, "{value}");
            assert_eq!(read.is_possible(), !expected.is_empty(), "{value}");
        }
        let in_form = Negotiated::read(&HeaderMap::new(), "", "code=1&_format=xml", FhirVersion::R4);
        assert_eq!(in_form.format(), Format::Xml);
        let split = Negotiated::read(&HeaderMap::new(), "_format=json", "_format=xml", FhirVersion::R4);
        assert!(!split.is_possible() && split.format() == Format::Json);
    }

    #[test]
    fn content_is_wanted_as_it_is_when_its_type_is_named_and_no_fhir_format_as_much() {
        for (accept, wanted) in [
            ("application/pdf", true),
            ("application/pdf, */*", true),
            ("application/pdf, application/fhir+json;q=0.5", true),
            ("application/pdf;q=0.5, application/fhir+json", false),
            ("application/pdf, application/fhir+json", false),
            ("application/pdf;q=0", false),
            ("image/png", false),
            ("application/*", false),
            ("*/*", false),
            ("application/fhir+xml", false),
        ] {
            let read = Negotiated::read(&accepting(&[accept]), "", "", FhirVersion::R4);
            assert_eq!(read.wants_native("application/pdf"), wanted, "{accept}");
            assert_eq!(read.wants_native("Application/PDF; version=1"), wanted, "{accept}");
        }
        let images = Negotiated::read(&accepting(&["image/*"]), "", "", FhirVersion::R4);
        assert!(images.wants_native("image/png") && !images.wants_native("application/pdf"));
        assert!(images.names_other_types() && !images.is_possible());
        // A Binary that holds FHIR stays one when FHIR is asked for.
        let json = Negotiated::read(&accepting(&["application/fhir+json"]), "", "", FhirVersion::R4);
        assert!(!json.wants_native("application/fhir+json") && !json.wants_native(""));
        assert!(!Negotiated::read(&accepting(&["*/*"]), "", "", FhirVersion::R4).names_other_types());
    }
}
