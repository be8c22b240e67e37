//! The partner as one that asks first whether the receiver can take somebody (the negotiation phase of Nictiz eOverdracht 4.0,
//! until January 2026): what is open in which status, and what may be answered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Sends;
use super::exchange::name_of;

const NOTICE: &str = "721915006";
const ALTERNATIVE_DATE: &str = "146851000146105";

/// Whether this may be fetched in the status that the Task has (Nuts bolt eOverdracht): of one that asks first, the notice until it
/// hands over, and nothing when it is over.
pub(super) fn opens(sends: &Sends, name: &str) -> bool {
    let Some(task) = sends.resources.iter().find(|one| one["resourceType"] == "Task") else { return false };
    let Some(notice) = notice_of(task) else { return true };
    match task["status"].as_str() {
        Some("requested" | "accepted") => reached(sends, &notice).contains(name),
        Some("in-progress") => true,
        _ => false,
    }
}

/// What a notice leads to; nothing for another Composition.
pub(super) fn reached_by(sends: &Sends, composition: &str) -> Option<BTreeSet<String>> {
    let found = sends.resources.iter().find(|one| name_of(one) == composition)?;
    is_coded(&found["type"], NOTICE).then(|| reached(sends, composition))
}

/// Whether it is an answer to a notice. What goes with it is put into what is expected.
pub(super) fn answers(expected: &mut Value, put: &Value) -> bool {
    if put["statusReason"]["text"].as_str().is_some_and(|text| !text.is_empty()) {
        expected["statusReason"] = put["statusReason"].clone();
    }
    match put["status"].as_str() {
        Some("accepted" | "rejected") => true,
        Some("on-hold") => {
            let outputs = put["output"].as_array().map(Vec::as_slice).unwrap_or_default();
            let [date] = outputs else { return false };
            expected["output"] = put["output"].clone();
            is_coded(&date["type"], ALTERNATIVE_DATE) && date["valueDateTime"].is_string()
        }
        _ => false,
    }
}

fn notice_of(task: &Value) -> Option<String> {
    let inputs = task["input"].as_array()?;
    let input = inputs.iter().find(|input| is_coded(&input["type"], NOTICE))?;
    input["valueReference"]["reference"].as_str().map(str::to_owned)
}

fn is_coded(concept: &Value, code: &str) -> bool {
    let codings = concept["coding"].as_array();
    codings.is_some_and(|codings| codings.iter().any(|one| one["code"] == code))
}

/// Everything that it leads to, with itself.
fn reached(sends: &Sends, name: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::from([name.to_owned()]);
    let mut waiting = vec![name.to_owned()];
    while let Some(name) = waiting.pop() {
        let Some(found) = sends.resources.iter().find(|one| name_of(one) == name) else { continue };
        references(found, &mut |reference| {
            if known.insert(reference.to_owned()) {
                waiting.push(reference.to_owned());
            }
        });
    }
    known
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| match member.as_str() {
            Some(text) if name == "reference" => found(text),
            _ => references(member, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
