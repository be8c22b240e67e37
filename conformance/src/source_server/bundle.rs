//! Batch and transaction (R4 "RESTful API", batch/transaction). A transaction happens wholly
//! or not at all: it runs on a copy of the store, which replaces the store only at the end.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::interactions::answer;
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
    let names = if atomic { assign(&mut entries) } else { HashMap::new() };
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

/// Gives every new resource its id and points the references of the others to it.
fn assign(entries: &mut [Value]) -> HashMap<usize, String> {
    let mut ids = HashMap::new();
    let mut moved = HashMap::new();
    for (i, entry) in entries.iter().enumerate() {
        let search = entry["request"]["url"].as_str().is_some_and(|url| url.contains("_search"));
        if entry["request"]["method"] != "POST" || search {
            continue;
        }
        let id = Uuid::new_v4().to_string();
        if let (Some(full), Some(kind)) = (entry["fullUrl"].as_str(), entry["resource"]["resourceType"].as_str()) {
            moved.insert(full.to_owned(), format!("{kind}/{id}"));
        }
        ids.insert(i, id);
    }
    for entry in entries {
        if let Some(resource) = entry.get_mut("resource") {
            redirect(resource, &moved);
        }
    }
    ids
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
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body: entry.get("resource").cloned(),
        strict: false,
        minimal: false,
        if_match: request["ifMatch"].as_str().map(str::to_owned),
        if_none_match: None,
    };
    if request.get("ifNoneExist").is_some() || (method != "GET" && !query.is_empty()) {
        return Reply::outcome(412, "not-supported", "conditional writes are not supported");
    }
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
    answer(store, pages, base, Ask { method: "PUT".into(), path: format!("{}/{id}", ask.path), ..ask })
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
