//! Batch and transaction (R4 "RESTful API", batch/transaction). A transaction happens wholly
//! or not at all: it runs on a copy of the store, which replaces the store only at the end.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::interactions::{answer, only_match};
use super::message::{Ask, Reply};
use super::pages::Pages;
use super::store::Store;

/// Answers a Bundle that was posted to the base.
pub fn process(store: &mut Store, pages: &mut Pages, base: &str, ask: Ask) -> Reply {
    let Some(bundle) = ask.body.filter(|body| body["resourceType"] == "Bundle") else {
        return Reply::outcome(400, "invalid", "only a Bundle can be posted to the base");
    };
    let atomic = match bundle["type"].as_str() {
        Some("transaction") => true,
        Some("batch") => false,
        _ => return Reply::outcome(400, "invalid", "the Bundle is neither batch nor transaction"),
    };
    let mut entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let names = match atomic.then(|| assign(store, base, &mut entries)).transpose() {
        Ok(names) => names.unwrap_or_default(),
        Err(refusal) => return refusal,
    };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&i| rank(&entries[i]));

    let mut work = store.clone();
    let mut answers = vec![Value::Null; entries.len()];
    for i in order {
        let reply = one(&mut work, pages, base, &entries[i], names.get(&i).map(String::as_str));
        if atomic && !reply.ok() {
            let text = format!("entry {i} failed with {}; nothing was done", reply.status);
            return Reply::outcome(reply.status, "processing", &text);
        }
        answers[i] = described(reply);
    }
    *store = work;
    let kind = if atomic { "transaction-response" } else { "batch-response" };
    Reply::json(
        200,
        &json!({
            "resourceType": "Bundle",
            "id": Uuid::new_v4().to_string(),
            "type": kind,
            "link": [{"relation": "self", "url": base}],
            "entry": answers,
        }),
    )
}

/// DELETE, POST, PUT, GET: the order that the standard prescribes.
fn rank(entry: &Value) -> u8 {
    match entry["request"]["method"].as_str() {
        Some("DELETE") => 0,
        Some("POST") => 1,
        Some("PUT") => 2,
        _ => 3,
    }
}

/// Gives every new resource its id, finds the resources that conditions name, and points the references of the others
/// to them.
fn assign(store: &Store, base: &str, entries: &mut [Value]) -> Result<HashMap<usize, String>, Reply> {
    let mut ids = HashMap::new();
    let mut moved = HashMap::new();
    for (i, entry) in entries.iter_mut().enumerate() {
        let url = entry["request"]["url"].as_str().unwrap_or_default().to_owned();
        let kind = entry["resource"]["resourceType"].as_str().unwrap_or_default().to_owned();
        let condition = match entry["request"]["method"].as_str() {
            Some("POST") if !url.contains("_search") => entry["request"]["ifNoneExist"].as_str().map(str::to_owned),
            Some("PUT") if url.contains('?') => url.split_once('?').map(|(_, query)| query.to_owned()),
            _ => continue,
        };
        let found = match condition {
            Some(query) => only_match(store, base, &kind, &parsed(&query))?,
            None => None,
        };
        let id = found.map_or_else(|| Uuid::new_v4().to_string(), |stored| stored.id.clone());
        if let Some(full) = entry["fullUrl"].as_str() {
            moved.insert(full.to_owned(), format!("{kind}/{id}"));
        }
        ids.insert(i, id);
    }
    for entry in entries {
        if let Some(resource) = entry.get_mut("resource") {
            redirect(resource, &moved);
        }
    }
    Ok(ids)
}

fn redirect(value: &mut Value, moved: &HashMap<String, String>) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|item| redirect(item, moved)),
        Value::Object(object) => {
            for (name, item) in object.iter_mut() {
                match (name.as_str(), item.as_str().and_then(|text| moved.get(text))) {
                    ("reference", Some(target)) => *item = json!(target),
                    _ => redirect(item, moved),
                }
            }
        }
        _ => {}
    }
}

fn one(store: &mut Store, pages: &mut Pages, base: &str, entry: &Value, id: Option<&str>) -> Reply {
    let request = &entry["request"];
    let (Some(method), Some(url)) = (request["method"].as_str(), request["url"].as_str()) else {
        return Reply::outcome(400, "invalid", "an entry has no request");
    };
    let url = url.strip_prefix(base).unwrap_or(url);
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut ask = Ask {
        method: method.to_owned(),
        path: path.trim_matches('/').to_owned(),
        query: parsed(query),
        body: entry.get("resource").cloned(),
        strict: false,
        minimal: false,
        if_match: request["ifMatch"].as_str().map(str::to_owned),
        if_none_match: request["ifNoneMatch"].as_str().map(str::to_owned),
        if_modified_since: None,
        if_none_exist: request["ifNoneExist"].as_str().map(str::to_owned),
    };
    if ask.path.is_empty() {
        return Reply::outcome(400, "invalid", "an entry names no resource");
    }
    let Some(id) = id else { return answer(store, pages, base, ask) };
    // A new resource of a transaction is written under the id that others already refer to.
    if ask.body.as_ref().is_none_or(|body| body["resourceType"] != ask.path.as_str()) {
        return Reply::outcome(400, "invalid", "the body is not the resource that the address names");
    }
    if let Some(body) = &mut ask.body {
        body["id"] = json!(id);
    }
    if let Some(there) = ask.if_none_exist.as_ref().and_then(|_| store.get(&ask.path, id)) {
        return Reply::resource(200, there);
    }
    answer(
        store,
        pages,
        base,
        Ask { method: "PUT".into(), path: format!("{}/{id}", ask.path), query: Vec::new(), ..ask },
    )
}

fn parsed(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn described(reply: Reply) -> Value {
    let mut response = json!({"status": reply.status.to_string()});
    if let Some(etag) = reply.etag {
        response["etag"] = json!(etag);
    }
    if let Some(location) = reply.location {
        response["location"] = json!(location);
    }
    let body = reply.body.and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    match body {
        Some(body) if reply.status >= 400 => {
            response["outcome"] = body;
            json!({"response": response})
        }
        Some(body) => json!({"resource": body, "response": response}),
        None => json!({"response": response}),
    }
}
