//! A directory as running servers are: search, history with `_since`, pages, and what they do otherwise than the standard says.

use serde_json::{Value, json};

use crate::mcsd::moments;
use crate::sources::testing::stub::{Asked, Reply};

/// What this directory does otherwise.
#[derive(Clone, Default)]
pub struct Quirks {
    /// Its clock is ahead of its `Bundle.meta.lastUpdated`, or it does not say when a page was made.
    pub no_made: bool,
    /// Deletions without a moment, and with a slash in front of what they name.
    pub bare_deletions: bool,
    /// Histories oldest first.
    pub oldest_first: bool,
    /// Links with the host that it has inside.
    pub inside_links: bool,
    /// Refuses `_count` in a search.
    pub no_count: bool,
    /// Knows no search, or no history.
    pub no_search: bool,
    pub no_history: bool,
    /// `application/json`.
    pub plain_json: bool,
    /// Has no such type.
    pub lacks: Option<&'static str>,
    /// Answers everything since ever, whatever was asked.
    pub ignores_since: bool,
}

/// Everything that a directory ever said, in order.
#[derive(Clone, Default)]
pub struct Book {
    pub versions: Vec<(i64, String, Option<Value>)>,
    pub now: i64,
    pub quirks: Quirks,
    /// What the next requests lead to instead, the first in front.
    pub instead: Vec<Reply>,
    /// Does so only after so many requests went well.
    pub after: usize,
}

impl Book {
    pub fn new(resources: Vec<Value>) -> Self {
        let now = moments::instant("2026-02-01T00:00:00Z").unwrap();
        let mut book = Book { now, ..Book::default() };
        resources.into_iter().for_each(|resource| book.put(resource));
        book
    }

    pub fn put(&mut self, mut resource: Value) {
        self.now += 1000;
        resource["meta"] = json!({"lastUpdated": moments::text(self.now)});
        let name = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        self.versions.push((self.now, name, Some(resource)));
    }

    pub fn delete(&mut self, name: &str) {
        self.now += 1000;
        self.versions.push((self.now, name.to_owned(), None));
    }

    /// What is there now.
    pub fn here(&self) -> Vec<String> {
        let mut names: Vec<String> = self.versions.iter().map(|(_, name, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| self.current(name).is_some());
        names
    }

    pub fn current(&self, name: &str) -> Option<&Value> {
        self.versions.iter().rev().find(|(_, known, _)| known == name)?.2.as_ref()
    }

    pub fn answer(&mut self, base: &str, asked: &Asked) -> Reply {
        if !self.instead.is_empty() {
            if self.after == 0 {
                return self.instead.remove(0);
            }
            self.after -= 1;
        }
        let path = asked.path().strip_prefix(base).unwrap().trim_start_matches('/').to_owned();
        let history = path.ends_with("/_history");
        let kind = path.trim_end_matches("/_history").to_owned();
        let q = &self.quirks;
        if q.lacks.is_some_and(|lacks| lacks == kind) || (history && q.no_history) || (!history && q.no_search) {
            return Reply::status(404);
        }
        if q.no_count && !history && asked.parameter("_count").is_some() && asked.parameter("from").is_none() {
            return Reply::status(400);
        }
        let since = asked.parameter("_since").and_then(|since| moments::instant(&since)).filter(|_| !q.ignores_since);
        let of_kind = |name: &str| name.starts_with(&format!("{kind}/"));
        let entries: Vec<Value> = if history {
            let told =
                self.versions.iter().filter(|(at, name, _)| of_kind(name) && since.is_none_or(|since| *at >= since));
            let mut told: Vec<Value> =
                told.map(|(at, name, resource)| self.version(*at, name, resource.as_ref())).collect();
            if !q.oldest_first {
                told.reverse();
            }
            told
        } else {
            let names = self.here().into_iter().filter(|name| of_kind(name));
            names.map(|name| json!({"resource": self.current(&name), "search": {"mode": "match"}})).collect()
        };
        let size: usize = asked.parameter("_count").and_then(|count| count.parse().ok()).unwrap_or(2);
        let from: usize = asked.parameter("from").and_then(|from| from.parse().ok()).unwrap_or(0);
        let page: Vec<Value> = entries.iter().skip(from).take(size).cloned().collect();
        let kind_of = if history { "history" } else { "searchset" };
        let mut bundle = json!({"resourceType": "Bundle", "id": "b", "type": kind_of, "total": entries.len(),
            "entry": page, "link": []});
        if !q.no_made {
            bundle["meta"] = json!({"lastUpdated": moments::text(self.now)});
        }
        if from + size < entries.len() {
            let host = if q.inside_links { "http://hapi.internal:8080" } else { "" };
            let since = since.map(|since| format!("&_since={}", moments::text(since))).unwrap_or_default();
            let url = format!("{host}{base}/{path}?_count={size}&from={}{since}", from + size);
            bundle["link"] = json!([{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]);
        }
        let media = if q.plain_json { "application/json" } else { "application/fhir+json; charset=UTF-8" };
        let date = http_date(self.now);
        Reply::Full {
            status: 200,
            headers: vec![("content-type", media.into()), ("date", date)],
            body: bundle.to_string(),
        }
    }

    fn version(&self, at: i64, name: &str, resource: Option<&Value>) -> Value {
        match resource {
            Some(resource) => json!({"resource": resource, "fullUrl": format!("https://x/{name}"),
                "request": {"method": "PUT", "url": name}}),
            None if self.quirks.bare_deletions => json!({"request": {"method": "DELETE", "url": format!("/{name}")}}),
            None => json!({"request": {"method": "DELETE", "url": name},
                "response": {"status": "204", "lastModified": moments::text(at)}}),
        }
    }
}

/// The server's own clock.
fn http_date(now: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(now / 1000).unwrap();
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    at.format(format).unwrap()
}
