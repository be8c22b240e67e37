//! Which credentials a token takes (a DIF presentation definition), and what a client says it sent (its submission).

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::x509::X509Authorities;
use super::{CREDENTIAL_ALGORITHMS, PRESENTATION_ALGORITHMS};

const DEFINITION: &str = "organisation";
const DESCRIPTOR: &str = "x509-credential";
/// The otherName of a UZI server certificate (handbook of the UZI register), as Dutch definitions write it.
const URA_PATTERN: &str = r"^[0-9.]+-\d+-\d+-S-(\d+)-00\.000-\d+$";

/// The presentation submission is no answer to our definition. The text may be told to the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the presentation submission is no answer to the presentation definition")]
pub(crate) struct NotAnAnswer;

#[derive(Deserialize)]
struct Submission {
    definition_id: String,
    descriptor_map: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    id: Option<String>,
    format: String,
    path: String,
    path_nested: Option<Box<Descriptor>>,
}

/// The definition: the same for every scope, so that asking for it tells nothing.
pub(super) fn definition(authorities: &X509Authorities) -> Value {
    let issuers = format!("^did:x509:0:sha256:({})::.*$", authorities.fingerprints().join("|"));
    let path =
        |member: &str| json!([format!("$.credentialSubject.{member}"), format!("$.credentialSubject[0].{member}")]);
    json!({
        "id": DEFINITION,
        "name": "Care provider",
        "purpose": "Which care provider asks",
        "format": {"jwt_vp": {"alg": PRESENTATION_ALGORITHMS}, "jwt_vc": {"alg": CREDENTIAL_ALGORITHMS}},
        "input_descriptors": [{
            "id": DESCRIPTOR,
            "name": "X509Credential of a UZI server certificate",
            "constraints": {"fields": [
                {"path": ["$.type"], "filter": {"type": "string", "const": "X509Credential"}},
                {"path": ["$.issuer"], "filter": {"type": "string", "pattern": issuers}},
                {"id": "organization_name", "path": path("subject.O"), "filter": {"type": "string"}, "optional": true},
                {"id": "organization_ura", "path": path("san.otherName"),
                 "filter": {"type": "string", "pattern": URA_PATTERN}},
            ]},
        }],
    })
}

/// Which credential of the presentation the submission names, of so many.
pub(super) fn named_by(submission: &str, credentials: usize) -> Result<usize, NotAnAnswer> {
    let submission: Submission = serde_json::from_str(submission).map_err(|_| NotAnAnswer)?;
    let [descriptor] = submission.descriptor_map.as_slice() else { return Err(NotAnAnswer) };
    if submission.definition_id != DEFINITION || descriptor.id.as_deref() != Some(DESCRIPTOR) {
        return Err(NotAnAnswer);
    }
    let within = match (&descriptor.path_nested, descriptor.format.as_str(), descriptor.path.as_str()) {
        (None, "jwt_vc" | "jwt_vc_json", _) => descriptor,
        (Some(nested), "jwt_vp" | "jwt_vp_json", "$") if nested.path_nested.is_none() => nested,
        _ => return Err(NotAnAnswer),
    };
    if !matches!(within.format.as_str(), "jwt_vc" | "jwt_vc_json") {
        return Err(NotAnAnswer);
    }
    // A path into the claims or into the presentation itself: both are in use.
    let path = within.path.strip_prefix("$.vp").map_or_else(|| within.path.strip_prefix('$'), Some);
    let index = match path.and_then(|path| path.strip_prefix(".verifiableCredential")) {
        Some("") if credentials == 1 => 0,
        Some(bracketed) => {
            let number = bracketed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            number.and_then(|number| number.parse().ok()).ok_or(NotAnAnswer)?
        }
        None => return Err(NotAnAnswer),
    };
    if index < credentials { Ok(index) } else { Err(NotAnAnswer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(change: impl FnOnce(&mut Value)) -> String {
        let mut value = json!({"id": "1", "definition_id": DEFINITION, "descriptor_map": [
            {"id": DESCRIPTOR, "format": "jwt_vc", "path": "$.verifiableCredential"}]});
        change(&mut value);
        value.to_string()
    }

    #[test]
    fn a_submission_names_the_credential_in_the_ways_that_are_in_use() {
        for (path, credentials, index) in [
            ("$.verifiableCredential", 1, 0),
            ("$.verifiableCredential[0]", 1, 0),
            ("$.verifiableCredential[1]", 2, 1),
            ("$.vp.verifiableCredential[1]", 2, 1),
        ] {
            let direct = submission(|value| value["descriptor_map"][0]["path"] = json!(path));
            assert_eq!(named_by(&direct, credentials), Ok(index), "{path}");
            let nested = submission(|value| {
                value["descriptor_map"][0] = json!({"id": DESCRIPTOR, "format": "jwt_vp", "path": "$",
                    "path_nested": {"id": DESCRIPTOR, "format": "jwt_vc", "path": path}});
            });
            assert_eq!(named_by(&nested, credentials), Ok(index), "{path} nested");
        }
    }

    #[test]
    fn a_submission_for_something_else_is_no_answer() {
        type Change = fn(&mut Value);
        let cases: [(&str, Change); 10] = [
            ("another definition", |value| value["definition_id"] = json!("other")),
            ("another descriptor", |value| value["descriptor_map"][0]["id"] = json!("other")),
            ("no descriptor", |value| value["descriptor_map"] = json!([])),
            ("two", |value| value["descriptor_map"] = json!([value["descriptor_map"][0], value["descriptor_map"][0]])),
            ("another format", |value| value["descriptor_map"][0]["format"] = json!("ldp_vc")),
            ("beyond the last", |value| value["descriptor_map"][0]["path"] = json!("$.verifiableCredential[2]")),
            ("a negative number", |value| value["descriptor_map"][0]["path"] = json!("$.verifiableCredential[-1]")),
            ("every one", |value| value["descriptor_map"][0]["path"] = json!("$.verifiableCredential[*]")),
            ("which of the two", |value| value["descriptor_map"][0]["path"] = json!("$.verifiableCredential")),
            ("elsewhere", |value| value["descriptor_map"][0]["path"] = json!("$..verifiableCredential[0]")),
        ];
        for (case, change) in cases {
            assert_eq!(named_by(&submission(change), 2), Err(NotAnAnswer), "{case}");
        }
        for text in ["", "{}", "[]", "null"] {
            assert_eq!(named_by(text, 1), Err(NotAnAnswer));
        }
    }
}
