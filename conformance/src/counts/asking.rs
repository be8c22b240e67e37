//! One question put to a node in one form, all pages of its answer, and what must hold of every answer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use url::form_urlencoded;

use super::answers::Page;
use super::fixtures::name_of;
use super::holder::Holder;
use super::questions::Question;
use crate::callers::{Answer, Wire};

/// More pages than any answer here has.
const PAGES: usize = 50;

/// The two forms of FHIR on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Json,
    Xml,
}

impl Format {
    pub const ALL: [Format; 2] = [Format::Json, Format::Xml];

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/fhir+json",
            Format::Xml => "application/fhir+xml",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "JSON",
            Format::Xml => "XML",
        }
    }
}

/// What came of a question.
#[derive(Debug, Default)]
pub struct Got {
    pub status: u16,
    /// Resources per type, outcomes aside.
    pub counts: BTreeMap<String, usize>,
    /// What did not hold of the answer. No patient's data stands in it.
    pub flaws: BTreeSet<String>,
}

/// What answers are held against.
pub struct Yardstick<'y> {
    pub fixtures: &'y BTreeMap<String, &'y Value>,
    pub holder: &'y Holder,
}

/// Asks and judges.
pub async fn ask(wire: &Wire, question: &Question, format: Format, yardstick: &Yardstick<'_>) -> Got {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(question.parameters.iter()).finish();
    let mut url = format!("{}/{}", yardstick.holder.base, question.path);
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    let mut got = Got::default();
    let mut seen = BTreeSet::new();
    for _ in 0..PAGES {
        let sent = wire.raw(Method::GET, &url, &[("accept", format.media_type())], Bytes::new()).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                got.flaws.insert(format!("no answer: {error}"));
                return got;
            }
        };
        got.status = answer.status;
        match judged(&answer, question, format, yardstick, &mut seen, &mut got) {
            Some(next) => url = next,
            None => return got,
        }
    }
    got.flaws.insert(format!("the answer has more than {PAGES} pages"));
    got
}

/// Judges a page; the address of the next one.
fn judged(
    answer: &Answer,
    question: &Question,
    format: Format,
    yardstick: &Yardstick<'_>,
    seen: &mut BTreeSet<String>,
    got: &mut Got,
) -> Option<String> {
    let mut flaw = |what: String| {
        got.flaws.insert(what);
    };
    if answer.status != 200 {
        flaw(format!("answered {}: {}", answer.status, says(answer, &question.patient)));
        return None;
    }
    let kind = answer.header("content-type").unwrap_or_default();
    if !kind.starts_with(format.media_type()) {
        flaw(format!("asked for {}, came as {kind}", format.name()));
    }
    let read = match format {
        Format::Json => Page::of_json(&answer.body),
        Format::Xml => Page::of_xml(&answer.body),
    };
    let page = match read {
        Ok(page) => page,
        Err(what) => {
            flaw(what);
            return None;
        }
    };
    if page.kind != "searchset" {
        flaw(format!("the Bundle is a {}", page.kind));
    }
    if page.link("self").is_none() {
        flaw("there is no self link".to_owned());
    }
    if let Some(base) = yardstick.holder.source_base()
        && String::from_utf8_lossy(&answer.body).contains(base.trim_start_matches("http://"))
    {
        flaw("the address of the source is in the answer".to_owned());
    }
    let urls = page.links.iter().map(|(_, url)| url).chain(page.entries.iter().map(|entry| &entry.full_url));
    if urls.into_iter().any(|url| url.contains(&question.patient)) {
        flaw("a URL of the answer holds the BSN".to_owned());
    }
    let matches = page.entries.iter().filter(|entry| entry.mode == "match").count();
    if page.link("next").is_none() && seen.is_empty() && page.total.is_some_and(|total| total != matches) {
        flaw("the total is not the number of matches".to_owned());
    }
    for entry in &page.entries {
        let resource = &entry.resource;
        if resource.kind() == "OperationOutcome" {
            if entry.mode != "outcome" {
                flaw("an OperationOutcome stands among the results".to_owned());
            }
            continue;
        }
        let name = format!("{}/{}", resource.kind(), resource.id());
        if entry.full_url != format!("{}/{name}", yardstick.holder.base) {
            flaw(format!("the full URL of a {} is not where it can be read", resource.kind()));
        }
        match yardstick.fixtures.get(&name) {
            None => flaw(format!("a {} came that no fixture is", resource.kind())),
            Some(fixture) if !resource.is(fixture) => {
                flaw(format!("a {} is not as its source has it: {}", resource.kind(), name_of(fixture)));
            }
            Some(_) => {}
        }
        if !seen.insert(name) {
            flaw(format!("a {} came twice", resource.kind()));
        }
    }
    for entry in &page.entries {
        if entry.resource.kind() != "OperationOutcome" {
            *got.counts.entry(entry.resource.kind().to_owned()).or_default() += 1;
        }
    }
    page.link("next").map(str::to_owned)
}

/// What a refusal says, with the patient's number taken out.
fn says(answer: &Answer, bsn: &str) -> String {
    let text = match answer.json() {
        Some(body) => body["issue"][0]["diagnostics"].as_str().unwrap_or_default().to_owned(),
        None => String::from_utf8_lossy(&answer.body).chars().take(400).collect(),
    };
    text.replace(bsn, "…")
}
