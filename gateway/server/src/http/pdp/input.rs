//! The question of an enforcement point: who asks (the flat answer of introspection), what (the HTTP request), and about whom.

use std::collections::BTreeMap;

use bytes::Bytes;
use exchange::decision::Told;
use exchange::{BodyKind, Conditions, Credentials, Gate, Inbound};
use fhir::identifiers::Reader;
use fhir::{Bsn, FhirVersion, Method, Ura};
use policy::{Caller, Organisation, Person, TreatmentRelation, UseCaseId};
use serde::Deserialize;

/// Longest text that is taken into a record, in characters.
const LONGEST: usize = 200;

#[derive(Deserialize)]
pub struct Question {
    input: Input,
}

#[derive(Deserialize)]
struct Input {
    subject: Subject,
    request: Request,
    context: Context,
}

/// What introspection said. Claims that are not known here may stand beside them.
#[derive(Deserialize)]
struct Subject {
    active: bool,
    client_id: String,
    scope: String,
    user_id: Option<String>,
    user_role: Option<String>,
    organization_ura: String,
    organization_name: Option<String>,
    organization_facility_type: Option<String>,
    /// As our own introspection tells it.
    treatment_relation: Option<Relation>,
}

#[derive(Deserialize)]
struct Relation {
    kind: String,
    reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default, rename = "protocol")]
    _protocol: String,
    #[serde(default)]
    query: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    header: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    connection_type_code: String,
    data_holder_organization_id: String,
    #[serde(default, rename = "data_holder_facility_type")]
    _data_holder_facility_type: Option<String>,
    patient_bsn: Option<String>,
}

impl Question {
    /// # Errors
    /// It is not of this shape. The fault repeats nothing of it.
    pub fn read(body: &[u8]) -> Result<Self, &'static str> {
        serde_json::from_slice(body).map_err(|_| "the body is not an input of subject, request and context")
    }

    /// What is to be decided, and the name of the policy that is asked for.
    ///
    /// # Errors
    /// What cannot be decided about; it repeats nothing of the input.
    pub fn told(
        self,
        own: &str,
        enforcer: String,
        carries_out: bool,
        asked: &Inbound,
    ) -> Result<(Told, String), &'static str> {
        let Input { subject, request, context } = self.input;
        if context.connection_type_code != "hl7-fhir-rest" {
            return Err("context.connection_type_code is not hl7-fhir-rest");
        }
        if context.data_holder_organization_id != own {
            return Err("context.data_holder_organization_id is not this provider");
        }
        let patient = match context.patient_bsn.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => Some(Bsn::parse(text).map_err(|_| "context.patient_bsn is no BSN")?),
            None => None,
        };
        let (policy, caller) = subject.caller(patient)?;
        let told = Told { enforcer, carries_out, caller, inbound: request.inbound(asked)? };
        Ok((told, policy))
    }
}

impl Subject {
    fn caller(self, patient: Option<Bsn>) -> Result<(String, Caller), &'static str> {
        if !self.active {
            return Err("subject.active is not true: the token stands for nobody");
        }
        let tells = |text: &str| patient.as_ref().is_some_and(|bsn| text.contains(bsn.reveal_to(Reader::Policy)));
        let good = |text: &str| {
            !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control) && !tells(text)
        };
        let relation = self.treatment_relation.as_ref();
        let texts = [Some(&self.client_id), self.user_id.as_ref(), self.user_role.as_ref()].into_iter();
        let texts = texts.chain([self.organization_name.as_ref(), self.organization_facility_type.as_ref()]);
        let texts = texts.chain([relation.map(|one| &one.kind), relation.map(|one| &one.reference)]);
        if !texts.flatten().all(|text| good(text)) {
            return Err("subject has a text that is empty, too long, or not to be written down");
        }
        let ura = Ura::parse(&self.organization_ura).map_err(|_| "subject.organization_ura is no URA")?;
        let person = match (self.user_id, self.user_role) {
            (Some(id), Some(role)) => Some(Person { id, name: None, role }),
            (None, None) => None,
            _ => return Err("subject has only one of user_id and user_role"),
        };
        let named = |scope: &str| UseCaseId::parse(&scope.to_ascii_lowercase().replace('_', "-"));
        let use_cases: Vec<UseCaseId> = self.scope.split_whitespace().filter_map(named).collect();
        let Some(first) = use_cases.first() else { return Err("subject.scope names no policy") };
        let policy = first.as_str().replace('-', "_");
        let treatment_relation = self.treatment_relation.map(|Relation { kind, reference }| TreatmentRelation {
            reference: if kind == ASSERTED { reference } else { format!("{kind}:{reference}") },
            kind: ASSERTED.to_owned(),
            age_days: None,
        });
        let caller = Caller {
            client_id: self.client_id,
            organisation: Organisation { ura, name: self.organization_name, kind: self.organization_facility_type },
            person,
            responsible: None,
            use_cases,
            patient,
            treatment_relation,
            emergency: None,
            token_id: None,
        };
        Ok((policy, caller))
    }
}

/// The kind of a relation that the data user asserted.
const ASSERTED: &str = "asserted-by-data-user";

impl Request {
    /// The request as if it had come to the outer gate: below the FHIR base, with what it brings.
    fn inbound(self, asked: &Inbound) -> Result<Inbound, &'static str> {
        let mut query = String::new();
        for (name, values) in &self.query {
            for value in values {
                let encode = |text: &str| {
                    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
                };
                if !query.is_empty() {
                    query.push('&');
                }
                query.push_str(&encode(name));
                query.push('=');
                query.push_str(&encode(value));
            }
        }
        let kind = self.header.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind =
            kind.and_then(|(_, values)| values.first()).map_or("", |value| value.split(';').next().unwrap_or(""));
        let body_kind = match kind.trim().to_ascii_lowercase().as_str() {
            _ if self.body.is_empty() => BodyKind::None,
            "application/fhir+json" | "application/json" => BodyKind::Json,
            "application/fhir+xml" | "application/xml" | "text/xml" => BodyKind::Xml,
            "application/x-www-form-urlencoded" => BodyKind::Form,
            _ => BodyKind::Other,
        };
        Ok(Inbound {
            request_id: asked.request_id.clone(),
            correlation_id: asked.correlation_id.clone(),
            gate: Gate::Outer,
            remote: asked.remote,
            version: FhirVersion::R4,
            method: Some(Method::parse(&self.method).ok_or("request.method is not used in FHIR")?),
            path: self.path.trim_start_matches('/').to_owned(),
            query,
            body: Bytes::from(self.body),
            body_kind,
            conditions: Conditions::default(),
            credentials: Credentials::default(),
            use_case: None,
            emergency: None,
            unreadable: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn question() -> Value {
        json!({"input": {
            "subject": {
                "active": true, "client_id": "c", "scope": "health-overview bgz", "user_id": "p1", "user_role": "01.015",
                "organization_ura": "90010002", "organization_name": "De Linde", "organization_facility_type": "X3",
                "iss": "https://elsewhere.example"
            },
            "request": {
                "method": "POST", "protocol": "HTTP/1.1", "path": "/Condition/_search", "query": {"_count": ["10"]},
                "header": {"Content-Type": ["application/x-www-form-urlencoded; charset=utf-8"]}, "body": "category=a%7Cb"
            },
            "context": {
                "connection_type_code": "hl7-fhir-rest", "data_holder_organization_id": "90010001",
                "data_holder_facility_type": "V6", "patient_bsn": "999911120"
            }
        }})
    }

    fn asked() -> Inbound {
        Inbound {
            request_id: "r".into(),
            correlation_id: "c".into(),
            gate: Gate::Inner,
            remote: None,
            version: FhirVersion::R4,
            method: None,
            path: String::new(),
            query: String::new(),
            body: Bytes::new(),
            body_kind: BodyKind::None,
            conditions: Conditions::default(),
            credentials: Credentials::default(),
            use_case: None,
            emergency: None,
            unreadable: None,
        }
    }

    fn told(question: &Value) -> Result<(Told, String), &'static str> {
        Question::read(question.to_string().as_bytes())?.told("90010001", "pep".into(), false, &asked())
    }

    #[test]
    fn a_question_is_a_request_of_another_provider_as_it_would_have_come_to_the_outer_gate() {
        let (told, policy) = told(&question()).unwrap();
        assert_eq!(policy, "health_overview");
        assert_eq!((told.enforcer.as_str(), told.inbound.gate), ("pep", Gate::Outer));
        assert_eq!((told.inbound.path.as_str(), told.inbound.query.as_str()), ("Condition/_search", "%5Fcount=10"));
        assert_eq!(told.inbound.body_kind, BodyKind::Form);
        let caller = told.caller;
        assert_eq!(caller.use_cases.iter().map(UseCaseId::as_str).collect::<Vec<_>>(), ["health-overview", "bgz"]);
        assert!(caller.patient.is_some() && caller.treatment_relation.is_none() && caller.emergency.is_none());
        let mut other = question();
        other["input"]["subject"]["scope"] = json!("BGZ_Sender");
        other["input"]["subject"]["treatment_relation"] = json!({"kind": "referral", "reference": "v-1"});
        let (told, policy) = self::told(&other).unwrap();
        assert_eq!(policy, "bgz_sender");
        let relation = told.caller.treatment_relation.unwrap();
        assert_eq!((relation.kind.as_str(), relation.reference.as_str()), (ASSERTED, "referral:v-1"));
    }

    #[test]
    fn what_no_decision_can_be_made_of_is_refused_and_nothing_of_it_repeated() {
        for (pointer, value) in [
            ("/input/subject/active", json!(false)),
            ("/input/subject/active", json!("true")),
            ("/input/subject/scope", json!("")),
            ("/input/subject/organization_ura", json!("no")),
            ("/input/subject/user_role", Value::Null),
            ("/input/subject/user_id", json!("999911120")),
            ("/input/subject/client_id", json!("")),
            ("/input/subject/organization_name", json!("x".repeat(201))),
            ("/input/request/method", json!("BREW")),
            ("/input/request/query", json!({"a": "b"})),
            ("/input/context/connection_type_code", json!("hl7-v2")),
            ("/input/context/data_holder_organization_id", json!("90010003")),
            ("/input/context/patient_bsn", json!("999911121")),
            ("/input/context", json!({})),
            ("/input", Value::Null),
        ] {
            let mut question = question();
            *question.pointer_mut(pointer).unwrap() = value.clone();
            let fault = told(&question).map(|_| ()).unwrap_err();
            assert!(!fault.contains("9999"), "{pointer} {value}");
        }
        for text in ["", "[]", "{}", "{\"input\": 1}"] {
            assert!(Question::read(text.as_bytes()).is_err());
        }
    }
}
