//! What a directory ever said, and how it tells it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Fault;

/// The page when nobody says how large, as HAPI has it; and the largest.
const PAGE: usize = 20;
const LARGEST: usize = 500;

/// One version of one resource; nothing said is a deletion.
struct Version {
    at: i64,
    name: String,
    said: Option<Value>,
}

/// Everything that one directory ever said, in order.
#[derive(Default)]
pub struct Book {
    versions: Vec<Version>,
    pub fault: Fault,
}

/// What is asked of a type.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub history: bool,
    pub since: Option<i64>,
    pub count: Option<usize>,
    pub from: usize,
}

impl Book {
    pub fn new(resources: Vec<Value>, now: i64) -> Self {
        let mut book = Book::default();
        resources.into_iter().for_each(|resource| book.put(resource, now));
        book
    }

    /// Puts a resource, as of now.
    pub fn put(&mut self, mut resource: Value, now: i64) {
        let name = name_of(&resource);
        let number = self.versions.iter().filter(|version| version.name == name).count() + 1;
        let at = self.after(now);
        resource["meta"] = json!({"versionId": number.to_string(), "lastUpdated": moment(at)});
        self.versions.push(Version { at, name, said: Some(resource) });
    }

    pub fn delete(&mut self, name: &str, now: i64) {
        let at = self.after(now);
        self.versions.push(Version { at, name: name.to_owned(), said: None });
    }

    /// Moments never stand still or go back.
    fn after(&self, now: i64) -> i64 {
        self.versions.last().map_or(now, |last| now.max(last.at + 1))
    }

    pub fn read(&self, name: &str) -> Option<&Value> {
        self.versions.iter().rev().find(|version| version.name == name)?.said.as_ref()
    }

    /// A page about a type, as a Bundle; `base` is ours, `now` the moment of the answer.
    pub fn page(&self, base: &str, kind: &str, asked: &Asked, now: i64) -> Value {
        let quirky = self.fault == Fault::Quirky;
        let of_kind = |version: &&Version| version.name.split('/').next() == Some(kind);
        let entries: Vec<Value> = if asked.history {
            let told = self.versions.iter().rev().filter(of_kind);
            told.filter(|version| asked.since.is_none_or(|since| version.at >= since))
                .map(|one| one.entry(quirky))
                .collect()
        } else {
            let mut here: BTreeMap<&str, Option<&Value>> = BTreeMap::new();
            for version in self.versions.iter().filter(of_kind) {
                here.insert(&version.name, version.said.as_ref());
            }
            let here = here.into_iter().filter_map(|(name, said)| Some((name, said?)));
            here.map(|(name, said)| json!({"fullUrl": format!("{base}/{name}"), "resource": said, "search": {"mode": "match"}})).collect()
        };
        let size = asked.count.unwrap_or(PAGE).min(LARGEST);
        let total = entries.len();
        let page: Vec<Value> = entries.into_iter().skip(asked.from).take(size).collect();
        let (path, type_of) = if asked.history { ("/_history", "history") } else { ("", "searchset") };
        let mut links = vec![json!({"relation": "self", "url": format!("{base}/{kind}{path}")})];
        if asked.from + size < total {
            let since = asked.since.map(|since| format!("&_since={}", moment(since))).unwrap_or_default();
            let inside = base.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
            let base = match inside.filter(|_| quirky) {
                Some(path) => format!("http://directory.internal:8080/{path}"),
                None => base.to_owned(),
            };
            let next = format!("{base}/{kind}{path}?_count={size}&_getpagesoffset={}{since}", asked.from + size);
            links.push(json!({"relation": "next", "url": next}));
        }
        let mut bundle = json!({"resourceType": "Bundle", "id": uuid::Uuid::new_v4().to_string(), "type": type_of,
            "total": total, "link": links, "entry": page});
        if !quirky {
            bundle["meta"] = json!({"lastUpdated": moment(now)});
        }
        bundle
    }
}

impl Version {
    fn entry(&self, quirky: bool) -> Value {
        match &self.said {
            Some(said) => json!({"resource": said, "request": {"method": "PUT", "url": self.name},
                "response": {"status": "200", "lastModified": moment(self.at)}}),
            None if quirky => json!({"request": {"method": "DELETE", "url": format!("/{}", self.name)}}),
            None => json!({"request": {"method": "DELETE", "url": self.name},
                "response": {"status": "204", "lastModified": moment(self.at)}}),
        }
    }
}

pub fn name_of(resource: &Value) -> String {
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    format!("{}/{}", text("resourceType"), text("id"))
}

pub fn now() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// RFC 3339, UTC.
pub fn moment(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// An instant; nothing when the text is none.
pub fn instant(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}
