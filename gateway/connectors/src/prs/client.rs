//! Asks the pseudonym service. What it is told: a blinded point and for whom. What it answers can be read by that recipient
//! only.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use fhir::Bsn;
use rand_core::OsRng;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;

use super::config::{PrsCall, PrsConfig};
use super::oprf;
use super::token::PatientToken;
use crate::national::{Caller, Failure, Tokens};

/// The pseudonym service.
#[derive(Debug)]
pub(crate) struct Prs {
    caller: Caller,
    config: PrsConfig,
    tokens: Arc<Tokens>,
}

/// The answer, as either call names it.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "evaluated_output")]
    jwe: String,
}

impl Prs {
    pub(crate) fn new(caller: Caller, config: PrsConfig, tokens: Arc<Tokens>) -> Self {
        Prs { caller, config, tokens }
    }

    /// A new token of this patient for the configured recipient.
    pub(crate) async fn token(&self, patient: &Bsn, until: Instant) -> Result<PatientToken, Failure> {
        let PrsConfig { recipient, scope, .. } = &self.config;
        let blinded = oprf::blind(patient, recipient, scope, &mut OsRng).ok_or(Failure::NotPut)?;
        let point = URL_SAFE.encode(blinded.point);
        let (path, body) = match self.config.call {
            PrsCall::Eval => (
                &["oprf", "eval"][..],
                json!({"encryptedPersonalId": point, "recipientOrganization": recipient, "recipientScope": scope}),
            ),
            PrsCall::Evaluate => (
                &["evaluate"][..],
                json!({"blinded_input": point, "recipient_organization": recipient, "recipient_scope": scope}),
            ),
        };
        let (to, body) = (self.config.base.below(path.iter().copied()), body.to_string());
        let access = self.tokens.for_pseudonyms(until).await?;
        let answer = self.caller.call(until, |http| {
            http.request(Method::POST, to.clone())
                .header(AUTHORIZATION, format!("Bearer {}", access.reveal()))
                .header(CONTENT_TYPE, "application/json")
                .header(ACCEPT, "application/json")
                .body(body.clone())
        });
        let answer = answer.await?;
        match answer.status.as_u16() {
            200 => {}
            401 => {
                self.tokens.forget(&access).await;
                return Err(Failure::Rejected(401));
            }
            other => return Err(Failure::Rejected(other)),
        }
        let body = answer.body_as(&["application/json"]).map_err(|_| Failure::Unusable("pseudonym-media-type"))?;
        let Answer { jwe } = serde_json::from_slice(&body).map_err(|_| Failure::Unusable("pseudonym-answer"))?;
        PatientToken::join(&jwe, &blinded).ok_or(Failure::Unusable("pseudonym-answer"))
    }
}
