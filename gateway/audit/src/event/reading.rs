//! Our own reading of the BALP profiles, to hold events to: for tests, which hold it to the published examples.

use fhir::Resource;
use fhir::json::Value;

pub fn text(value: Value<'_>, path: &str) -> Option<String> {
    value.all(path).first().and_then(|found| found.as_text()).map(|found| found.into_owned())
}

fn count(values: &[Value<'_>], path: &str, wanted: &[&str]) -> usize {
    let is = |value: &&Value<'_>| text(**value, path).is_some_and(|own| wanted.contains(&own.as_str()));
    values.iter().filter(is).count()
}

/// What the profile that an event claims asks for and the event lacks: outcome, type, action, agents and entities of
/// the BALP profiles, as far as this node makes events of them. Our own reading of the profiles, held to their
/// published examples below.
pub fn lacks(event: &Resource) -> Vec<String> {
    let root = event.root();
    let Some(profile) = text(root, "meta.profile") else { return Vec::new() };
    let name = profile.rsplit('.').next().unwrap_or_default();
    let about_a_patient = name.starts_with("Patient") || profile.contains("PrivacyDisclosure");
    let (kind, action, client, server, users): (_, _, _, _, &[&str]) = match name.trim_start_matches("Patient") {
        "Read" => ("rest", "R", "110152", "110153", &["IRCP"]),
        "Query" => ("rest", "E", "110153", "110152", &["IRCP"]),
        "Create" => ("rest", "C", "110153", "110152", &["AUT", "INF", "CST"]),
        "Update" => ("rest", "U", "110153", "110152", &["AUT", "INF", "CST"]),
        "Delete" => ("rest", "D", "110150", "custodian", &["AUT", "INF", "CST"]),
        "Source" => ("110106", "R", "110152", "110153", &["IRCP"]),
        "Recipient" => ("110107", "C", "110153", "110152", &["IRCP"]),
        other => return vec![format!("a profile that is not known here: {other}")],
    };
    let mut lacks = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            lacks.push(format!("{name}: {what}"));
        }
    };
    must(text(root, "type.code").as_deref() == Some(kind), "type");
    must(text(root, "action").as_deref() == Some(action), "action");
    let subtypes = root.all("subtype");
    must(
        match name.trim_start_matches("Patient") {
            "Read" => count(&subtypes, "code", &["read", "vread"]) == 1,
            "Query" => count(&subtypes, "code", &["search", "search-type", "search-system"]) == 1,
            "Create" => count(&subtypes, "code", &["create"]) == 1,
            "Update" => count(&subtypes, "code", &["update", "patch"]) == 1,
            "Delete" => count(&subtypes, "code", &["delete"]) == 1,
            _ => count(&subtypes, "code", &["disclose"]) == 1,
        },
        "subtype",
    );
    must(kind != "rest" || text(root, "outcome").as_deref() == Some("0"), "a successful outcome");
    must(text(root, "outcome").is_some() && text(root, "recorded").is_some(), "outcome and moment");
    let agents = root.all("agent");
    for code in [client, server] {
        must(count(&agents, "type.coding.code", &[code]) == 1, "one agent that called and one that was called");
    }
    must(count(&agents, "type.coding.code", users) <= 1, "at most one user");
    for agent in &agents {
        let code = text(*agent, "type.coding.code").unwrap_or_default();
        must(agent.get("who").is_some() && agent.get("requestor").is_some(), "who, and whether it is the initiator");
        must(agent.get("media").is_none(), "no media");
        if code == client || code == server {
            must(agent.get("network").is_some(), "where an agent was on the network");
        }
        if users.contains(&code.as_str()) {
            must(agent.get("requestor").and_then(|is| is.as_bool()) == Some(true), "a user that is the initiator");
            must(agent.get("network").is_none(), "a user that is no network device");
        }
    }
    let observer = root.all("source.observer");
    must(observer.len() == 1, "a source");
    let own = if name == "Source" { server } else { "110152" };
    if kind != "rest" {
        let who = agents.iter().find(|agent| text(**agent, "type.coding.code").as_deref() == Some(own));
        let same = who.and_then(|agent| agent.get("who")).map(|who| who.raw()) == observer.first().map(|own| own.raw());
        must(same, "an event source that is the agent itself (val-audit-source)");
    }
    let entities = root.all("entity");
    let patients: Vec<&Value<'_>> =
        entities.iter().filter(|entity| text(**entity, "type.code").as_deref() == Some("1")).collect();
    must(patients.len() == usize::from(about_a_patient), "one patient, where there is one");
    for patient in patients {
        must(text(*patient, "role.code").as_deref() == Some("1"), "the patient's role");
        must(patient.get("what").is_some(), "who the patient is");
        let kind = text(*patient, "what.type").or_else(|| text(*patient, "what.reference"));
        must(kind.is_some_and(|kind| kind.starts_with("Patient")), "a patient that is one");
    }
    must(count(&entities, "type.code", &["XrequestId"]) <= 1, "at most one transaction");
    for transaction in entities.iter().filter(|entity| text(**entity, "type.code").as_deref() == Some("XrequestId")) {
        must(text(*transaction, "what.identifier.value").is_some(), "the transaction's value");
    }
    let objects: Vec<&Value<'_>> =
        entities.iter().filter(|entity| text(**entity, "type.code").as_deref() == Some("2")).collect();
    if kind == "rest" {
        must(objects.len() == 1, "one data entity, or one query");
    }
    for object in objects.iter().filter(|_| kind == "rest") {
        if name.ends_with("Query") {
            must(text(**object, "role.code").as_deref() == Some("24"), "the query's role");
            must(text(**object, "query").is_some_and(|query| !query.is_empty()), "the query");
            must(
                ["what", "detail", "lifecycle"].iter().all(|name| object.get(name).is_none()),
                "nothing but the query",
            );
        } else {
            must(matches!(text(**object, "role.code").as_deref(), Some("4" | "3" | "20")), "the data's role");
            must(object.get("what").is_some(), "the data");
        }
    }
    // R4, sev-1: a name or a query, not both.
    must(entities.iter().all(|one| one.get("name").is_none() || one.get("query").is_none()), "a name or a query");
    lacks
}
