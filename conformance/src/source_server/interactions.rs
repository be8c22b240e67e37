//! The RESTful interactions of a FHIR server on its store: read, vread, search, create,
//! update, delete, history of one resource, and their conditional forms. Bundles are in `bundle`, which comes back here
//! for every entry.

use std::sync::Arc;

use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::message::{Ask, Reply, from_http_date};
use super::pages::{PARAMETER, Pages};
use super::parameters::known;
use super::search::search;
use super::store::{Store, Stored};

/// Answers one question. `base` is the absolute address of this server's FHIR base.
pub fn answer(store: &mut Store, pages: &mut Pages, base: &str, ask: Ask) -> Reply {
    let path = ask.path.clone();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    match (ask.method.as_str(), steps.as_slice()) {
        ("GET" | "HEAD", []) => next_page(store, pages, base, &ask),
        (_, [kind, ..]) if !known(store.version, kind) => {
            Reply::outcome(404, "not-found", "no such resource type here")
        }
        ("GET" | "HEAD", [kind]) | ("POST", [kind, "_search"]) => {
            match search(store, base, kind, &ask.query, ask.strict) {
                Ok(found) => Reply::json(200, &pages.first(store, base, kind, found)),
                Err(refusal) => refusal,
            }
        }
        ("GET" | "HEAD", [kind, id]) => read(store, kind, id, None, &ask),
        ("GET" | "HEAD", [kind, id, "_history"]) => history(store, base, kind, id),
        ("GET" | "HEAD", [kind, id, "_history", version]) => read(store, kind, id, Some(version), &ask),
        ("POST", [kind]) => create(store, base, kind, ask),
        ("PUT", [kind]) => update_where(store, base, kind, ask),
        ("DELETE", [kind]) => delete_where(store, base, kind, &ask),
        ("PUT", [kind, id]) => update(store, base, kind, id, ask),
        ("DELETE", [kind, id]) => {
            store.delete(kind, id);
            Reply::bare(204)
        }
        ("GET" | "HEAD" | "POST" | "PUT" | "DELETE", _) => Reply::outcome(404, "not-found", "no such interaction here"),
        _ => Reply::outcome(405, "not-supported", "method not supported"),
    }
}

fn next_page(store: &Store, pages: &mut Pages, base: &str, ask: &Ask) -> Reply {
    let token = ask.query.iter().find(|(name, _)| name == PARAMETER);
    match token.and_then(|(_, token)| pages.next(store, base, token)) {
        Some(bundle) => Reply::json(200, &bundle),
        None => Reply::outcome(410, "not-found", "this page is no longer there; search again"),
    }
}

fn read(store: &Store, kind: &str, id: &str, version: Option<&str>, ask: &Ask) -> Reply {
    let versions = store.versions(kind, id);
    let found = match version {
        Some(asked) => versions.iter().find(|stored| stored.version.to_string() == asked),
        None if store.was_deleted(kind, id) => return Reply::outcome(410, "deleted", "the resource was deleted"),
        None => store.get(kind, id),
    };
    let Some(stored) = found else {
        let what = if version.is_some() { "no such version" } else { "no such resource" };
        return Reply::outcome(404, "not-found", what);
    };
    let unchanged = match (&ask.if_none_match, &ask.if_modified_since) {
        (Some(tag), _) => *tag == stored.etag(),
        (None, Some(since)) => from_http_date(since).is_some_and(|since| stored.modified.unix_timestamp() <= since),
        (None, None) => false,
    };
    if unchanged {
        return Reply { body: None, ..Reply::resource(304, stored) };
    }
    Reply::resource(200, stored)
}

/// All versions, newest first.
fn history(store: &Store, base: &str, kind: &str, id: &str) -> Reply {
    let versions = store.versions(kind, id);
    if versions.is_empty() {
        return Reply::outcome(404, "not-found", "no such resource");
    }
    let url = format!("{base}/{kind}/{id}");
    let mut entries: Vec<Value> = versions
        .iter()
        .rev()
        .map(|stored| {
            let (method, status) = if stored.version == 1 { ("POST", "201") } else { ("PUT", "200") };
            json!({
                "fullUrl": url,
                "resource": stored.value,
                "request": {"method": method, "url": if method == "POST" { kind.to_owned() } else { stored.local() }},
                "response": {"status": status, "etag": stored.etag(), "lastModified": stored.value["meta"]["lastUpdated"]},
            })
        })
        .collect();
    if store.was_deleted(kind, id) {
        let request = json!({"method": "DELETE", "url": format!("{kind}/{id}")});
        entries.insert(0, json!({"fullUrl": url, "request": request, "response": {"status": "204"}}));
    }
    let link = json!([{"relation": "self", "url": format!("{url}/_history")}]);
    Reply::json(
        200,
        &json!({"resourceType": "Bundle", "id": Uuid::new_v4().to_string(), "type": "history",
                "total": entries.len(), "link": link, "entry": entries}),
    )
}

/// The one resource that a condition names, if there is one.
///
/// # Errors
/// The condition cannot be understood, or several resources meet it.
pub fn only_match(
    store: &Store,
    base: &str,
    kind: &str,
    query: &[(String, String)],
) -> Result<Option<Arc<Stored>>, Reply> {
    if query.is_empty() {
        return Err(Reply::outcome(412, "invalid", "a condition says nothing"));
    }
    let mut matches = search(store, base, kind, query, true)?.matches;
    match matches.len() {
        0 | 1 => Ok(matches.pop()),
        _ => Err(Reply::outcome(412, "multiple-matches", "several resources meet the condition")),
    }
}

fn create(store: &mut Store, base: &str, kind: &str, ask: Ask) -> Reply {
    let Some(value) = ask.body.filter(|value| value["resourceType"] == kind) else {
        return wrong_body();
    };
    if let Some(condition) = &ask.if_none_exist {
        let query: Vec<_> = form_urlencoded::parse(condition.as_bytes()).into_owned().collect();
        match only_match(store, base, kind, &query) {
            Ok(Some(there)) => return Reply::resource(200, &there),
            Ok(None) => {}
            Err(refusal) => return refusal,
        }
    }
    let id = Uuid::new_v4().to_string();
    written(store, base, kind, &id, value, 201, ask.minimal)
}

fn update_where(store: &mut Store, base: &str, kind: &str, mut ask: Ask) -> Reply {
    let found = match only_match(store, base, kind, &ask.query) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let named = ask.body.as_ref().and_then(|body| body["id"].as_str()).map(str::to_owned);
    let id = match (found, named) {
        (Some(found), Some(named)) if found.id != named => {
            return Reply::outcome(400, "invalid", "the body has another id than the resource that was found");
        }
        (Some(found), _) => found.id.clone(),
        (None, Some(named)) => named,
        (None, None) => Uuid::new_v4().to_string(),
    };
    if let Some(body) = ask.body.as_mut().and_then(Value::as_object_mut) {
        body.insert("id".to_owned(), json!(id));
    }
    update(store, base, kind, &id, ask)
}

fn delete_where(store: &mut Store, base: &str, kind: &str, ask: &Ask) -> Reply {
    match only_match(store, base, kind, &ask.query) {
        Ok(found) => {
            if let Some(found) = found {
                store.delete(kind, &found.id);
            }
            Reply::bare(204)
        }
        Err(refusal) => refusal,
    }
}

fn update(store: &mut Store, base: &str, kind: &str, id: &str, ask: Ask) -> Reply {
    let Some(value) = ask.body.filter(|value| value["resourceType"] == kind && value["id"] == id) else {
        return wrong_body();
    };
    let current = store.get(kind, id).map(|stored| stored.etag());
    if ask.if_match.is_some() && ask.if_match != current {
        return Reply::outcome(412, "conflict", "the version is not the current one");
    }
    let status = if current.is_some() { 200 } else { 201 };
    written(store, base, kind, id, value, status, ask.minimal)
}

fn written(store: &mut Store, base: &str, kind: &str, id: &str, value: Value, status: u16, minimal: bool) -> Reply {
    let stored = store.put(kind, id, value);
    let reply = Reply::resource(status, &stored);
    let body = if minimal { None } else { reply.body.clone() };
    let location = format!("{base}/{}/_history/{}", stored.local(), stored.version);
    Reply { body, location: Some(location), ..reply }
}

fn wrong_body() -> Reply {
    Reply::outcome(400, "invalid", "the body is not the resource that the address names")
}
