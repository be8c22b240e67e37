//! The inner API of handoffs and referrals, in the words of OpenAPI: one description for each route that is served, and none
//! besides.

use flows::eoverdracht::notice::LONGEST_REASON;
use policy::UseCases;
use serde_json::{Map, Value, json};

use super::super::media::Format;
use super::components::refer;
use crate::{handoffs, referrals};

/// What one route takes and gives.
struct Described {
    route: (&'static str, &'static str),
    id: &'static str,
    summary: &'static str,
    takes: Takes,
    /// The status when it is done, and what comes with it.
    gives: (u16, Gives),
}

#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    /// From where a list goes on.
    Behind,
    /// A Bundle, for the provider of a URA.
    BundleFor,
    Bundle,
    /// JSON of this schema.
    Json(fn() -> Value),
}

#[derive(Clone, Copy)]
enum Gives {
    Nothing,
    /// How far one transfer is.
    Transfer,
    /// A page of them, under this name.
    List(&'static str),
    Fhir,
    Pdf,
}

const fn described(
    route: (&'static str, &'static str),
    id: &'static str,
    summary: &'static str,
    takes: Takes,
    gives: (u16, Gives),
) -> Described {
    Described { route, id, summary, takes, gives }
}

/// Every route below `/handoffs`.
const HANDOFFS: &[Described] = &[
    described(
        ("post", "/handoffs"),
        "handoffPush",
        "Hands a patient over: a document of the nursing handoff (eOverdracht) in STU3, or another Bundle with the Composition and \
         its resources. In R4 it is taken where its media type says so: it is put into STU3, and what STU3 cannot hold is refused \
         with its place (422). The same bytes for the same receiver are the same transfer (200).",
        Takes::BundleFor,
        (201, Gives::Transfer),
    ),
    described(
        ("post", "/handoffs/from-sources"),
        "handoffFromSources",
        "Hands a patient over with what the provider's own sources hold, in the name of the person who asks. The same name for the \
         same patient and receiver is the same transfer (200). What a source does not answer for is refused (503), or with \
         `partial` said in the document and in `incomplete`.",
        Takes::Json(from_sources),
        (201, Gives::Transfer),
    ),
    described(
        ("get", "/handoffs/sent"),
        "handoffsSent",
        "Handoffs that we send.",
        Takes::Behind,
        (200, Gives::List("transfers")),
    ),
    described(("get", "/handoffs/sent/{id}"), "handoffSent", "How far one is.", Takes::Nothing, (200, Gives::Transfer)),
    described(
        ("put", "/handoffs/sent/{id}"),
        "handoffReplace",
        "Puts a newer version in the place of one that its receiver has not confirmed; the receiver is told, and fetches it anew. \
         In STU3 or R4, as of a push.",
        Takes::Bundle,
        (200, Gives::Transfer),
    ),
    described(
        ("post", "/handoffs/sent/{id}/cancel"),
        "handoffCancel",
        "Takes back one that its receiver has not confirmed.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/handoffs/sent/{id}/resend"),
        "handoffResend",
        "Has the receiver told again.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("get", "/handoffs/received"),
        "handoffsReceived",
        "Handoffs that we receive.",
        Takes::Behind,
        (200, Gives::List("transfers")),
    ),
    described(
        ("get", "/handoffs/received/{id}"),
        "handoffReceived",
        "How far one is.",
        Takes::Nothing,
        (200, Gives::Transfer),
    ),
    described(
        ("post", "/handoffs/received/{id}/take"),
        "handoffTake",
        "A person takes what is offered, or wants to see the advance notice; it is fetched in their name.",
        Takes::Nothing,
        (202, Gives::Transfer),
    ),
    described(
        ("post", "/handoffs/received/{id}/retry"),
        "handoffRetry",
        "Has what was given up tried again.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("get", "/handoffs/received/{id}/notice"),
        "handoffNotice",
        "The advance notice of a sender that asks first, as a document Bundle that names nobody: an exchange with its own record. \
         It is fetched when somebody takes the transfer while it is `waiting`.",
        Takes::Nothing,
        (200, Gives::Fhir),
    ),
    described(
        ("post", "/handoffs/received/{id}/answer"),
        "handoffAnswer",
        "A person answers the advance notice: the patient can come (`accepted`), on another date (`on-hold`), or not (`rejected`).",
        Takes::Json(answer),
        (202, Gives::Nothing),
    ),
    described(
        ("get", "/handoffs/received/{id}/document"),
        "handoffDocument",
        "The handoff as a document Bundle: an exchange with its own record.",
        Takes::Nothing,
        (200, Gives::Fhir),
    ),
    described(
        ("get", "/handoffs/received/{id}/pdf"),
        "handoffPdf",
        "The handoff in print (PDF/A-2a): the same exchange as for the document.",
        Takes::Nothing,
        (200, Gives::Pdf),
    ),
];

/// Every route below `/referrals`.
const REFERRALS: &[Described] = &[
    described(
        ("post", "/referrals"),
        "referralPush",
        "Refers a patient with the basic data set (BgZ). The same episode is the same referral (200).",
        Takes::Json(referral),
        (201, Gives::Transfer),
    ),
    described(
        ("get", "/referrals/sent"),
        "referralsSent",
        "Referrals that we send.",
        Takes::Behind,
        (200, Gives::List("referrals")),
    ),
    described(
        ("get", "/referrals/sent/{id}"),
        "referralSent",
        "How far one is.",
        Takes::Nothing,
        (200, Gives::Transfer),
    ),
    described(
        ("post", "/referrals/sent/{id}/cancel"),
        "referralCancel",
        "Takes it back.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/referrals/sent/{id}/renew"),
        "referralRenew",
        "Has the receiver pull the data again.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/referrals/sent/{id}/resend"),
        "referralResend",
        "Has the receiver told again.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("get", "/referrals/received"),
        "referralsReceived",
        "Referrals that we receive.",
        Takes::Behind,
        (200, Gives::List("referrals")),
    ),
    described(
        ("get", "/referrals/received/{id}"),
        "referralReceived",
        "How far one is.",
        Takes::Nothing,
        (200, Gives::Transfer),
    ),
    described(
        ("post", "/referrals/received/{id}/take"),
        "referralTake",
        "A person takes the patient; the data is pulled in their name.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/referrals/received/{id}/reject"),
        "referralReject",
        "A person does not take the patient.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/referrals/received/{id}/withdraw"),
        "referralWithdraw",
        "A person gives back a patient who was taken.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/referrals/received/{id}/complete"),
        "referralComplete",
        "The treatment is over.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("post", "/referrals/received/{id}/retry"),
        "referralRetry",
        "Has what failed tried again.",
        Takes::Nothing,
        (202, Gives::Nothing),
    ),
    described(
        ("get", "/referrals/received/{id}/bundle"),
        "referralBundle",
        "Everything that came, as one Bundle: an exchange with its own record.",
        Takes::Nothing,
        (200, Gives::Fhir),
    ),
    described(
        ("get", "/referrals/received/{id}/parts/{number}"),
        "referralPart",
        "One part of the data set, as it came: an exchange with its own record.",
        Takes::Nothing,
        (200, Gives::Fhir),
    ),
];

/// Adds what nodes with these use cases serve.
pub fn add(use_cases: &UseCases, paths: &mut Map<String, Value>) {
    let takes_part = |names: [&str; 2]| use_cases.all().any(|one| names.contains(&one.id().as_str()));
    for (all, tag, names) in [
        (HANDOFFS, "handoffs", [handoffs::SENDER, handoffs::INBOX]),
        (REFERRALS, "referrals", [referrals::SENDER, referrals::INBOX]),
    ] {
        for one in all.iter().filter(|_| takes_part(names)) {
            let (method, path) = one.route;
            let item = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
            item[method] = operation(one, tag);
        }
    }
}

/// The tags of what was added.
pub fn tags() -> [Value; 2] {
    [
        json!({ "name": "handoffs", "description": "Nursing handoffs (eOverdracht), of both sides." }),
        json!({ "name": "referrals", "description": "Referrals with the basic data set (BgZ), of both sides." }),
    ]
}

fn operation(one: &Described, tag: &str) -> Value {
    let (status, gives) = one.gives;
    let plain = |schema: Value| json!({ "application/json": { "schema": schema } });
    let content = match gives {
        Gives::Nothing => json!({ "description": "It is done, or will be soon." }),
        Gives::Transfer => json!({ "description": "How far it is.", "content": plain(json!({ "type": "object" })) }),
        Gives::List(name) => {
            let list = json!({ "type": "array", "items": { "type": "object" } });
            let properties =
                json!({ name: list, "next": { "type": "string", "description": "`behind` of the next page." } });
            json!({ "description": "A page.", "content": plain(json!({ "type": "object", "properties": properties })) })
        }
        Gives::Pdf => {
            let file = json!({ "type": "string", "contentMediaType": "application/pdf" });
            json!({ "description": "A file.", "content": { "application/pdf": { "schema": file } } })
        }
        Gives::Fhir => json!({ "description": "In STU3.", "content": super::components::content("Bundle") }),
    };
    let mut responses = json!({ "default": refer("responses", "Refused") });
    responses[status.to_string()] = content;
    let names = one.route.1.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let text = json!({ "type": "string" });
    let in_path = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": text });
    let in_query = |name: &str, says: &str| json!({ "name": name, "in": "query", "description": says, "schema": text });
    let mut parameters: Vec<Value> = names.map(in_path).collect();
    let mut operation = json!({ "operationId": one.id, "summary": one.summary, "tags": [tag], "responses": responses });
    match one.takes {
        Takes::Nothing => {}
        Takes::Behind => parameters.push(in_query("behind", "From where the list goes on.")),
        Takes::Bundle | Takes::BundleFor => {
            if matches!(one.takes, Takes::BundleFor) {
                parameters.push(in_query("receiver", "The URA of the receiver. Without it, `service` has to be the identifier of a service that one organisation has."));
                let says = "its id in the directory, or its identifier as system|value.";
                parameters.push(in_query("service", &format!("A service of the receiver: {says}")));
                parameters.push(in_query("location", &format!("Or a location of the receiver: {says}")));
            }
            parameters.push(in_query("pdf", "`true`: it goes with itself in print (PDF/A)."));
            let mut content = super::components::content("Bundle");
            let schema = content[Format::Json.essence()].clone();
            for format in Format::ALL {
                content[format!("{}; fhirVersion=4.0", format.essence())] = schema.clone();
            }
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        Takes::Json(schema) => {
            operation["requestBody"] = json!({ "required": true, "content": plain(schema()) });
        }
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    operation
}

fn closed(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

fn answer() -> Value {
    closed(
        &["answer"],
        json!({
            "answer": { "type": "string", "enum": ["accepted", "on-hold", "rejected"] },
            "date": { "type": "string", "description": "With on-hold: the day, or the moment with its zone." },
            "reason": { "type": "string", "maxLength": LONGEST_REASON, "description": "For the sender, in words." },
        }),
    )
}

fn from_sources() -> Value {
    let text = json!({ "type": "string" });
    closed(
        &["patient", "name", "transfer"],
        json!({
            "receiver": {
                "type": "string",
                "description": "The URA. Not needed where a service is named by its identifier, and one provider has it.",
            },
            "patient": closed(&["bsn"], json!({ "bsn": text })),
            "name": { "type": "string", "maxLength": 128, "description": "What the record system calls it." },
            "transfer": { "type": "string", "description": "When the patient goes: a date, or a moment with its zone." },
            "sections": { "type": "array", "items": text, "description": "By their codes (SNOMED CT); all when absent." },
            "release": {
                "type": "string", "enum": ["4.0", "4.1", "4.2"], "default": "4.1",
                "description": "The release of eOverdracht whose sections it has.",
            },
            "partial": { "type": "boolean", "default": false },
            "pdf": { "type": "boolean", "default": false, "description": "It goes with itself in print (PDF/A)." },
            "service": { "type": "string", "description": "A service of the receiver, by its id or identifier in the directory." },
            "location": { "type": "string", "description": "Or a location." },
        }),
    )
}

fn referral() -> Value {
    let text = json!({ "type": "string" });
    closed(
        &["receiver", "patient", "episode"],
        json!({
            "receiver": { "type": "string", "description": "The URA." },
            "patient": closed(&["bsn", "id"], json!({ "bsn": text, "id": text })),
            "episode": { "type": "string", "maxLength": 128, "description": "What the record system calls it." },
        }),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http;

    #[test]
    fn every_route_of_handoffs_and_referrals_is_described_and_nothing_else_is() {
        for (all, served) in [(HANDOFFS, http::handoffs::ROUTES), (REFERRALS, http::referrals::ROUTES)] {
            let described: Vec<_> = all.iter().map(|one| one.route).collect();
            let described: BTreeSet<_> = described.iter().inspect(|route| assert!(!route.1.ends_with('/'))).collect();
            assert_eq!(described, served.iter().collect::<BTreeSet<_>>());
            assert_eq!(described.len(), all.len(), "one description each");
        }
    }

    #[test]
    fn a_handoff_is_taken_in_stu3_and_in_r4_and_given_in_stu3() {
        let all = |route: &str, id: &str| {
            let described = HANDOFFS.iter().find(|one| one.id == id && one.route.1 == route).unwrap();
            operation(described, "handoffs")
        };
        for (route, id) in [("/handoffs", "handoffPush"), ("/handoffs/sent/{id}", "handoffReplace")] {
            let operation = all(route, id);
            let taken: Vec<&String> = operation["requestBody"]["content"].as_object().unwrap().keys().collect();
            for media in ["application/fhir+json", "application/fhir+xml"] {
                for media in [media.to_owned(), format!("{media}; fhirVersion=4.0")] {
                    assert!(taken.contains(&&media), "{id} {media}");
                }
            }
            assert_eq!(taken.len(), 4, "{id}");
        }
        let given = all("/handoffs/received/{id}/document", "handoffDocument")["responses"]["200"].clone();
        assert!(given["description"] == "In STU3." && !given["content"].to_string().contains("fhirVersion=4.0"));
    }
}
