//! What a token of ours stands for, told to those of the provider's own who enforce it (RFC 7662): the flat shape that
//! Dutch nodes use (`organization_ura`, `user_role`), with the patient and the treatment relation that our own client
//! assertions name.

use fhir::identifiers::Reader;
use policy::Caller;
use serde::Serialize;
use time::OffsetDateTime;

use super::error::{TokenError, TokenErrorCode};
use super::form::TokenForm;
use super::issuer::{TokenIssuer, form_fault};
use super::tokens::Grant;
use crate::identity::secret::Secret;

/// An active token. Members that are not there are left out.
#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    iss: &'a str,
    client_id: &'a str,
    scope: String,
    token_type: &'static str,
    iat: i64,
    exp: i64,
    /// The token as our access log names it: whoever answers by it can name it so in a log of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    cnf: Confirmation,
    organization_ura: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_facility_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_role: Option<&'a str>,
    /// The BSN of the one patient that the token is good for. Whoever leaves this aside lets its holder ask about anyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    treatment_relation: Option<Relation<'a>>,
}

/// What the token is bound to (RFC 8705, section 3.1; RFC 9449, section 6.1).
#[derive(Serialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    thumbprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    jkt: Option<String>,
}

#[derive(Serialize)]
struct Relation<'a> {
    kind: &'a str,
    reference: &'a str,
}

impl TokenIssuer {
    /// Answers an introspection request, whose body is `form`, of somebody who may ask. `issuer` is how we name ourselves.
    ///
    /// The answer is a JSON document that is to be shown to nobody else. A token that is not known, expired or malformed
    /// is `{"active":false}`; only a request without a token, or with two, is refused.
    pub async fn introspect(&self, form: &str, issuer: &str, now: OffsetDateTime) -> Result<Secret, TokenError> {
        let refuse = |what: &str| TokenError::new(TokenErrorCode::InvalidRequest, what);
        let form = TokenForm::read(form).map_err(|fault| refuse(form_fault(fault)))?;
        let token = form.token.ok_or_else(|| refuse("token is missing"))?;
        let inactive = || Ok(Secret::new(r#"{"active":false}"#.to_owned()));
        let Some(grant) = self.grant(&token, now) else { return inactive() };
        let unavailable = |_| TokenError::new(TokenErrorCode::TemporarilyUnavailable, "no answer can be given now");
        let Some(caller) = self.caller_of(&grant).await.map_err(unavailable)? else { return inactive() };
        let text = serde_json::to_string(&active(&grant, &caller, issuer));
        text.map(Secret::new).map_err(|_| TokenError::new(TokenErrorCode::ServerError, "no answer can be made now"))
    }
}

fn active<'a>(grant: &Grant, caller: &'a Caller, issuer: &'a str) -> Active<'a> {
    let scopes: Vec<&str> = caller.use_cases.iter().map(policy::UseCaseId::as_str).collect();
    Active {
        active: true,
        iss: issuer,
        client_id: &caller.client_id,
        scope: scopes.join(" "),
        token_type: if grant.jkt.is_some() { "DPoP" } else { "Bearer" },
        iat: grant.issued.unix_timestamp(),
        exp: grant.expires.unix_timestamp(),
        jti: caller.token_id.as_deref(),
        cnf: Confirmation { thumbprint: grant.thumbprint.to_string(), jkt: grant.jkt.map(|jkt| jkt.to_string()) },
        organization_ura: caller.organisation.ura.as_str(),
        organization_name: caller.organisation.name.as_deref(),
        organization_facility_type: caller.organisation.kind.as_deref(),
        user_id: caller.person.as_ref().map(|person| person.id.as_str()),
        user_role: caller.person.as_ref().map(|person| person.role.as_str()),
        patient: caller.patient.as_ref().map(|bsn| bsn.reveal_to(Reader::Policy)),
        treatment_relation: caller
            .treatment_relation
            .as_ref()
            .map(|relation| Relation { kind: &relation.kind, reference: &relation.reference }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fhir::Bsn;
    use futures_util::FutureExt;
    use policy::Person;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::WebAddress;
    use crate::identity::Partners;
    use crate::identity::oauth::assertion::{Statement, sign};
    use crate::identity::oauth::{IssuerConfig, TokenRequest};
    use crate::identity::testing::{InMemory, KeyType, TestCertificate};

    const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";

    fn issuer() -> TokenIssuer {
        let partner = json!({"ura": "90000901", "name": "De Linde", "kind": "X3", "use_cases": ["bgz"]});
        let partners = Partners::new(vec![serde_json::from_value(partner).unwrap()]).unwrap();
        let config = IssuerConfig::new(WebAddress::parse(ENDPOINT).unwrap());
        TokenIssuer::new(config, Arc::new(partners), InMemory::with_share(10)).unwrap()
    }

    fn token(issuer: &TokenIssuer, client: &TestCertificate, now: OffsetDateTime) -> String {
        let person = Person { id: "000012345".to_owned(), name: None, role: "01.015".to_owned() };
        let patient = Bsn::parse("999911120").unwrap();
        let statement =
            Statement { audience: ENDPOINT, person: Some(&person), patient: Some(&patient), ..Statement::default() };
        let assertion = sign(&client.node_key(), &statement, now).unwrap();
        let form = format!(
            "grant_type=client_credentials&scope=bgz&client_assertion_type={}&client_assertion={}",
            crate::identity::oauth::ASSERTION_TYPE,
            assertion.reveal()
        );
        let request = TokenRequest { certificate: Some(&client.der), form: &form, proofs: &[] };
        issuer.issue(request, now).now_or_never().unwrap().unwrap().access_token.reveal().to_owned()
    }

    #[test]
    fn a_token_tells_what_it_stands_for_and_what_it_is_bound_to() {
        let (issuer, client) = (issuer(), TestCertificate::new("90000901", KeyType::P256));
        let now = OffsetDateTime::now_utc();
        let token = token(&issuer, &client, now);
        let ask = |at| {
            let form = format!("token={token}&token_type_hint=access_token");
            issuer.introspect(&form, "https://us", at).now_or_never().unwrap()
        };
        let told: Value = serde_json::from_str(ask(now).unwrap().reveal()).unwrap();
        let at = now.unix_timestamp();
        let known = issuer.grant(&token, now).unwrap().caller.token_id.clone();
        assert_eq!(known.as_deref().map(str::len), Some(16), "not the token itself");
        assert_eq!(
            told,
            json!({
                "active": true, "iss": "https://us", "client_id": "90000901", "scope": "bgz", "token_type": "Bearer",
                "iat": at, "exp": at + 300, "jti": known, "cnf": {"x5t#S256": client.read().thumbprint.to_string()},
                "organization_ura": "90000901", "organization_name": "De Linde", "organization_facility_type": "X3",
                "user_id": "000012345", "user_role": "01.015", "patient": "999911120",
            })
        );
        let later = ask(now + time::Duration::seconds(300)).unwrap();
        assert_eq!(later.reveal(), r#"{"active":false}"#, "nothing is told of a token that has expired");
    }

    #[test]
    fn what_is_no_token_is_not_active_and_what_is_no_request_is_refused() {
        let issuer = issuer();
        let ask = |form: &str| issuer.introspect(form, "https://us", OffsetDateTime::now_utc()).now_or_never().unwrap();
        for form in ["token=x", "token=%00", "token=a.b.c", &format!("token={}", "a".repeat(5000))] {
            assert_eq!(ask(form).unwrap().reveal(), r#"{"active":false}"#);
        }
        for form in ["", "token=", "token=a&token=b", "token=%zz", "token_type_hint=access_token"] {
            let error = ask(form).unwrap_err();
            assert_eq!((error.code, error.status()), (TokenErrorCode::InvalidRequest, 400), "{form}");
        }
    }
}
