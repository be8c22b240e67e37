//! Search results as Bundles, page by page. A page's address is opaque: it repeats nothing of
//! the question, so that a `next` link carries no patient's number.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::includes::{Include, included};
use super::search::Found;
use super::store::{Store, Stored};

/// The page size when `_count` is not given, and the most it may be.
const USUAL: usize = 50;
const MOST: usize = 1_000;

/// How many continuations are remembered; the oldest expire first, as in real servers.
const REMEMBERED: usize = 1_000;

/// The parameter of a continuation.
pub const PARAMETER: &str = "_getpages";

/// What is left of a search.
#[derive(Clone)]
pub struct Rest {
    matches: Arc<Vec<Arc<Stored>>>,
    includes: Vec<Include>,
    from: usize,
    size: usize,
    link: String,
}

/// The continuations that were handed out.
#[derive(Default)]
pub struct Pages {
    open: HashMap<String, Rest>,
    order: VecDeque<String>,
}

impl Pages {
    fn remember(&mut self, rest: Rest) -> String {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
        let token = Uuid::new_v4().to_string();
        self.order.push_back(token.clone());
        self.open.insert(token.clone(), rest);
        token
    }

    /// The first page of a search.
    pub fn first(&mut self, store: &Store, base: &str, resource_type: &str, found: Found) -> Value {
        let query = found.used.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let query = query.collect::<Vec<_>>().join("&");
        let link = match query.as_str() {
            "" => format!("{base}/{resource_type}"),
            query => format!("{base}/{resource_type}?{query}"),
        };
        self.page(
            store,
            base,
            Rest {
                matches: Arc::new(found.matches),
                includes: found.includes,
                from: 0,
                size: found.count.unwrap_or(USUAL).min(MOST),
                link,
            },
        )
    }

    /// A following page. `None`: never handed out, or expired.
    pub fn next(&mut self, store: &Store, base: &str, token: &str) -> Option<Value> {
        let rest = self.open.get(token)?.clone();
        Some(self.page(store, base, rest))
    }

    fn page(&mut self, store: &Store, base: &str, rest: Rest) -> Value {
        let total = rest.matches.len();
        let to = (rest.from + rest.size).min(total);
        let here = &rest.matches[rest.from..to];
        let extra = included(store, base, here, &rest.includes);
        let mut link = vec![json!({"relation": "self", "url": rest.link})];
        if to < total && rest.size > 0 {
            let token = self.remember(Rest { from: to, ..rest.clone() });
            let url = format!("{base}?{PARAMETER}={token}");
            if let Some(known) = self.open.get_mut(&token) {
                known.link.clone_from(&url);
            }
            link.push(json!({"relation": "next", "url": url}));
        }
        let mut bundle = json!({
            "resourceType": "Bundle",
            "id": Uuid::new_v4().to_string(),
            "type": "searchset",
            "total": total,
            "link": link,
        });
        let entries: Vec<Value> = here
            .iter()
            .map(|stored| entry(base, stored, "match"))
            .chain(extra.iter().map(|stored| entry(base, stored, "include")))
            .collect();
        if !entries.is_empty() {
            bundle["entry"] = Value::Array(entries);
        }
        bundle
    }
}

/// One entry of a searchset.
pub fn entry(base: &str, stored: &Stored, mode: &str) -> Value {
    json!({
        "fullUrl": format!("{base}/{}", stored.local()),
        "resource": stored.value,
        "search": {"mode": mode},
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2D", "-").replace("%5F", "_").replace("%2E", ".")
}
