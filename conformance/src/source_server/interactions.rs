//! The RESTful interactions of a FHIR server on its store: read, vread, search, create,
//! update, delete. Bundles are in `bundle`, which comes back here for every entry.

use serde_json::Value;
use uuid::Uuid;

use super::message::{Ask, Reply};
use super::pages::{PARAMETER, Pages};
use super::parameters::known;
use super::search::search;
use super::store::Store;

/// Answers one question. `base` is the absolute address of this server's FHIR base.
pub fn answer(store: &mut Store, pages: &mut Pages, base: &str, ask: Ask) -> Reply {
    let path = ask.path.clone();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    match (ask.method.as_str(), steps.as_slice()) {
        ("GET" | "HEAD", []) => next_page(store, pages, base, &ask),
        (_, [kind, ..]) if !known(kind) => Reply::outcome(404, "not-found", "no such resource type here"),
        ("GET" | "HEAD", [kind]) | ("POST", [kind, "_search"]) => {
            match search(store, base, kind, &ask.query, ask.strict) {
                Ok(found) => Reply::json(200, &pages.first(store, base, kind, found)),
                Err(refusal) => refusal,
            }
        }
        ("GET" | "HEAD", [kind, id]) => read(store, kind, id, None, &ask),
        ("GET" | "HEAD", [kind, id, "_history", version]) => read(store, kind, id, Some(version), &ask),
        ("POST", [kind]) => create(store, base, kind, ask),
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
    let Some(stored) = store.get(kind, id) else {
        return match store.was_deleted(kind, id) {
            true => Reply::outcome(410, "deleted", "the resource was deleted"),
            false => Reply::outcome(404, "not-found", "no such resource"),
        };
    };
    if version.is_some_and(|asked| asked != stored.version.to_string()) {
        return Reply::outcome(404, "not-found", "no such version");
    }
    if ask.if_none_match.as_deref() == Some(stored.etag().as_str()) {
        return Reply { body: None, ..Reply::resource(304, stored) };
    }
    Reply::resource(200, stored)
}

fn create(store: &mut Store, base: &str, kind: &str, ask: Ask) -> Reply {
    let Some(value) = ask.body.filter(|value| value["resourceType"] == kind) else {
        return wrong_body();
    };
    let id = Uuid::new_v4().to_string();
    written(store, base, kind, &id, value, 201, ask.minimal)
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
