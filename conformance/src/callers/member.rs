//! A member of a region whose index and pseudonym service a node keeps: names a patient by a pseudonym that it has made, and
//! registers, finds and withdraws. Written from the guide and not taken from any gateway.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, CallError, Wire};
use crate::national::blinded;

const PATIENT: &str = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
const CUSTODIAN: &str =
    "http://minvws.github.io/generiekefuncties-docs/StructureDefinition/nl-gf-localization-custodian";
const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const CATEGORIES: &str = "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-data-categories-cs";
const SOURCE: &str = "proef-epd";

/// How the two services are called as the audience of a token.
pub const INDEX: &str = "regional-index";
pub const PSEUDONYMS: &str = "regional-pseudonyms";

/// The services of a region, as one organisation reaches them.
pub struct Member {
    wire: Wire,
    base: String,
    ura: String,
    recipient: String,
    scope: String,
}

impl Member {
    /// `base` is that of the services; `recipient` and `scope` say for whom pseudonyms are made and what for.
    ///
    /// # Errors
    /// A file cannot be used.
    pub fn new(
        ca_file: &Path,
        identity: (&Path, &Path),
        base: &str,
        ura: &str,
        (recipient, scope): (&str, &str),
    ) -> Result<Self, CallError> {
        Ok(Member {
            wire: Wire::new(Some(ca_file), Some(identity))?,
            base: base.to_owned(),
            ura: ura.to_owned(),
            recipient: recipient.to_owned(),
            scope: scope.to_owned(),
        })
    }

    /// Asks for a token.
    ///
    /// # Errors
    /// No answer came.
    pub async fn token(&self, audience: &str, scope: &str) -> Result<Answer, CallError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("target_audience", audience),
            ("organization_id", &self.ura),
            ("source_id", SOURCE),
            ("scope", scope),
        ];
        self.wire.post_form(&format!("{}/token", self.base), &form).await
    }

    async fn with(&self, audience: &str, scope: &str) -> Result<Wire, CallError> {
        let answer = self.token(audience, scope).await?.json().unwrap_or_default();
        // Without one the next call is refused, and the check sees that.
        Ok(self.wire.with_token(answer["access_token"].as_str().unwrap_or("none")))
    }

    /// What stands for a patient in one message; empty when none could be made.
    ///
    /// # Errors
    /// No answer came.
    pub async fn patient(&self, bsn: &str) -> Result<String, CallError> {
        let Some((point, blind)) = blinded(bsn, &self.recipient, &self.scope) else { return Ok(String::new()) };
        let body = json!({
            "encryptedPersonalId": URL_SAFE.encode(point),
            "recipientOrganization": self.recipient,
            "recipientScope": self.scope,
        });
        let wire = self.with(PSEUDONYMS, "prs:read").await?;
        let kind = [("Content-Type", "application/json")];
        let url = format!("{}/pseudonyms/oprf/eval", self.base);
        let answer = wire.raw(Method::POST, &url, &kind, Bytes::from(body.to_string())).await?;
        let Some(jwe) = answer.json().and_then(|answer| Some(answer["jwe"].as_str()?.to_owned())) else {
            return Ok(String::new());
        };
        let token = json!({"evaluated_output": jwe, "blind_factor": URL_SAFE.encode(blind)});
        Ok(URL_SAFE_NO_PAD.encode(token.to_string()))
    }

    /// Registers data of a category in this organisation's name, or in another's.
    ///
    /// # Errors
    /// No answer came.
    pub async fn register(&self, patient: &str, category: &str, custodian: &str) -> Result<Answer, CallError> {
        let named = |system: &str, value: &str| json!({"identifier": {"system": system, "value": value}});
        let list = json!({
            "resourceType": "List", "status": "current", "mode": "working",
            "extension": [{"url": CUSTODIAN, "valueReference": named(URA, custodian)}],
            "subject": named(PATIENT, patient),
            "source": named("urn:ietf:rfc:3986", SOURCE),
            "code": {"coding": [{"system": CATEGORIES, "code": category}]},
            "emptyReason": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "withheld"}]},
        });
        self.with(INDEX, "nvi:create").await?.post_json(&format!("{}/fhir/List", self.base), &list).await
    }

    /// Who has data of a patient.
    ///
    /// # Errors
    /// No answer came.
    pub async fn find(&self, patient: &str) -> Result<Answer, CallError> {
        let form = [("subject:identifier", format!("{PATIENT}|{patient}"))];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.with(INDEX, "nvi:localize").await?.post_form(&format!("{}/fhir/List/_search", self.base), &form).await
    }

    /// Takes a registration away.
    ///
    /// # Errors
    /// No answer came.
    pub async fn withdraw(&self, id: &str) -> Result<Answer, CallError> {
        let wire = self.with(INDEX, "nvi:delete").await?;
        wire.raw(Method::DELETE, &format!("{}/fhir/List/{id}", self.base), &[], Bytes::new()).await
    }
}

/// The organisations that an answer names, in its order.
pub fn custodians(answer: &Answer) -> Vec<String> {
    let bundle = answer.json().unwrap_or_default();
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let ura = |entry: &Value| {
        Some(entry["resource"]["extension"][0]["valueReference"]["identifier"]["value"].as_str()?.to_owned())
    };
    entries.filter_map(ura).collect()
}
