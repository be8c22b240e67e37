//! The node's own token endpoint, as a service: a token request in, a token or a refusal out.
//!
//! Knows nothing of HTTP but the form in the body and the status that goes with a refusal.

mod presented;

use std::sync::Arc;
use std::time::Duration;

use policy::{Caller, UseCaseId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::assertion::{AssertionFault, AssertionVerifier};
use super::base::AuthorizationBases;
use super::dpop::{Expected, Proof, ProofFault, ProofVerifier, WINDOW};
use super::error::{TokenError, TokenErrorCode};
use super::form::{FormFault, TokenForm};
use super::once::{Identifier, Kind, NotRemembered, Noted, UsedOnce};
use super::tokens::{Grant, Tokens};
use super::{ASSERTION_TYPE, GRANT_TYPE, JWT_GRANT_TYPE};
use crate::http::WebAddress;
use crate::identity::IdentityFault;
use crate::identity::certificates::Certificate;
use crate::identity::nuts::{self, PresentationVerifier, V5Grants};
use crate::identity::partners::{PartnerConfig, Partners};
use crate::identity::secret::Secret;

mod based;

use based::no_such_base;
use presented::Known;

/// The most scopes that one token may have.
const MAX_SCOPES: usize = 16;
/// The longest life of a token that may be configured, in seconds.
const MAX_EXPIRES_IN: u32 = 3600;

/// Configuration of the token endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The URL of our token endpoint as partners know it; the only audience of assertions.
    pub token_endpoint: WebAddress,
    /// How long a token lives, in seconds.
    #[serde(default = "default_expires_in")]
    pub expires_in: u32,
    /// How many tokens may live at once.
    #[serde(default = "default_most_tokens")]
    pub most_tokens: u64,
}

/// Gives tokens to the organisations that are configured, and knows what each token stands for.
pub struct TokenIssuer {
    token_endpoint: String,
    verifier: AssertionVerifier,
    proofs: ProofVerifier,
    used: Arc<dyn UsedOnce>,
    /// Where tokens are given for presentations (Nuts RFC021).
    presentations: Option<PresentationVerifier>,
    /// Where partners ask by the grant of Nuts v5.
    v5: Option<V5Grants>,
    /// Where notifications are sent that others come back for.
    bases: Option<Arc<dyn AuthorizationBases>>,
    partners: Arc<Partners>,
    tokens: Tokens,
    expires_in: u32,
}

/// A token request as it came in.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The DER client certificate of the TLS session.
    pub certificate: Option<&'a [u8]>,
    /// The body.
    pub form: &'a str,
    /// Every `DPoP` header.
    pub proofs: &'a [String],
}

/// A successful answer (RFC 6749, section 5.1).
#[derive(Debug)]
pub struct TokenResponse {
    pub access_token: Secret,
    /// Whether the token is bound to a key that its user must prove (RFC 9449, section 5).
    pub bound_to_key: bool,
    /// Seconds.
    pub expires_in: u32,
    /// Space separated.
    pub scope: String,
}

fn default_expires_in() -> u32 {
    300
}

fn default_most_tokens() -> u64 {
    100_000
}

impl IssuerConfig {
    /// The defaults, for this token endpoint.
    pub fn new(token_endpoint: WebAddress) -> Self {
        IssuerConfig { token_endpoint, expires_in: default_expires_in(), most_tokens: default_most_tokens() }
    }
}

impl TokenResponse {
    /// The body of the answer; to be sent with `Cache-Control: no-store`.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            token_type: &'a str,
            expires_in: u32,
            scope: &'a str,
        }
        let body = Body {
            access_token: self.access_token.reveal(),
            token_type: if self.bound_to_key { "DPoP" } else { "Bearer" },
            expires_in: self.expires_in,
            scope: &self.scope,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl TokenIssuer {
    /// Refuses a life that is no life or too long a one, and room for no token.
    ///
    /// `used` remembers what counts once, also over a restart.
    pub fn new(config: IssuerConfig, partners: Arc<Partners>, used: Arc<dyn UsedOnce>) -> Result<Self, IdentityFault> {
        if !(1..=MAX_EXPIRES_IN).contains(&config.expires_in) {
            return Err(IdentityFault(format!("expires_in must be 1 to {MAX_EXPIRES_IN} seconds")));
        }
        if config.most_tokens == 0 {
            return Err(IdentityFault("most_tokens must be at least 1".to_owned()));
        }
        let life = Duration::from_secs(u64::from(config.expires_in));
        Ok(TokenIssuer {
            token_endpoint: config.token_endpoint.to_string(),
            verifier: AssertionVerifier::new(config.token_endpoint.to_string(), used.clone()),
            proofs: ProofVerifier::default(),
            used,
            presentations: None,
            v5: None,
            bases: None,
            partners,
            tokens: Tokens::new(config.most_tokens, life),
            expires_in: config.expires_in,
        })
    }

    /// Also gives tokens for presentations (Nuts RFC021).
    pub fn with_presentations(self, presentations: PresentationVerifier) -> Self {
        TokenIssuer { presentations: Some(presentations), ..self }
    }

    /// Also takes the grants of Nuts v5 (RFC003) of the partners that are configured for it.
    pub fn with_v5(self, grants: V5Grants) -> Self {
        TokenIssuer { v5: Some(grants), ..self }
    }

    /// Whether some partner asks by the grant of RFC 7523.
    pub fn takes_jwts(&self) -> bool {
        self.v5.is_some() || (self.presentations.is_some() && self.partners.ask_with_software())
    }

    /// Also knows what notifications of ours allow. Without it, an authorization base is refused.
    pub fn with_bases(self, bases: Arc<dyn AuthorizationBases>) -> Self {
        TokenIssuer { bases: Some(bases), ..self }
    }

    /// What verifies presentations, where tokens are given for them.
    pub fn presentations(&self) -> Option<&PresentationVerifier> {
        self.presentations.as_ref()
    }

    /// Answers a token request. What counted once is durably used before a token is given.
    pub async fn issue(&self, request: TokenRequest<'_>, now: OffsetDateTime) -> Result<TokenResponse, TokenError> {
        use TokenErrorCode::{InvalidClient, InvalidRequest, UnsupportedGrantType};

        let (certificate, partner) = self.client(request.certificate, now)?;
        let form = TokenForm::read(request.form).map_err(|fault| TokenError::new(InvalidRequest, form_fault(fault)))?;
        if form.client_secret.is_some() {
            return Err(TokenError::new(InvalidRequest, "a client authenticates in one way only"));
        }
        match form.grant_type.as_ref().map(|value| value.as_str()) {
            Some(GRANT_TYPE) => {}
            Some(nuts::GRANT_TYPE) if self.presentations.is_some() => {
                let known = Known { request, form: &form, certificate: &certificate, partner, now };
                return self.issue_for_presentation(known).await;
            }
            Some(JWT_GRANT_TYPE) if self.takes_jwts() => {
                let known = Known { request, form: &form, certificate: &certificate, partner, now };
                return self.issue_for_jwt(known).await;
            }
            Some(_) => {
                return Err(TokenError::new(UnsupportedGrantType, "this grant type is not supported"));
            }
            None => return Err(TokenError::new(InvalidRequest, "grant_type is missing")),
        }
        let assertion = assertion_of(&form)?;
        if form.client_id.as_ref().is_some_and(|id| id.as_str() != partner.ura.as_str()) {
            return Err(TokenError::new(InvalidClient, "client_id is not the organisation of the client certificate"));
        }
        let use_cases = use_cases(form.scope.as_ref().map_or("", |scope| scope.as_str()), partner)?;
        let value = form.authorization_base.as_ref().map(|value| Secret::new(value.to_string()));
        let base = self.base(value.as_ref(), &partner.ura, &use_cases).await?;
        let proof = self.proof(request.proofs, now)?;
        let asserted = self.verifier.verify(assertion, &certificate, now).await.map_err(assertion_fault)?;
        if let Some(proof) = &proof {
            self.use_up(proof, partner, now).await?;
        }
        let (patient, treatment_relation) = match base {
            // About anyone else the base says nothing.
            Some(base) if asserted.patient.as_ref().is_some_and(|patient| *patient != base.patient) => {
                return Err(no_such_base());
            }
            Some(base) => (Some(base.patient), Some(base.treatment_relation)),
            None => (asserted.patient, asserted.treatment_relation),
        };
        let caller = Caller {
            client_id: asserted.client.as_str().to_owned(),
            organisation: partner.organisation(),
            person: asserted.person,
            responsible: asserted.responsible,
            use_cases,
            patient,
            treatment_relation,
            emergency: asserted.emergency,
            token_id: None,
        };
        self.give(caller, value, &certificate, proof.as_ref(), now)
    }

    /// A token for this caller, bound to its certificate, and to its key if it proved one.
    fn give(
        &self,
        caller: Caller,
        base: Option<Secret>,
        certificate: &Certificate,
        proof: Option<&Proof>,
        now: OffsetDateTime,
    ) -> Result<TokenResponse, TokenError> {
        self.give_for(self.expires_in, caller, base, certificate, proof, now)
    }

    fn give_for(
        &self,
        expires_in: u32,
        caller: Caller,
        base: Option<Secret>,
        certificate: &Certificate,
        proof: Option<&Proof>,
        now: OffsetDateTime,
    ) -> Result<TokenResponse, TokenError> {
        let scope = caller.use_cases.iter().map(UseCaseId::as_str).collect::<Vec<_>>().join(" ");
        let jkt = proof.map(|proof| proof.jkt);
        let expires = now.saturating_add(time::Duration::seconds(i64::from(expires_in)));
        let access_token = self
            .tokens
            .give(Grant { caller, thumbprint: certificate.thumbprint, jkt, base, issued: now, expires })
            .ok_or_else(|| TokenError::new(TokenErrorCode::ServerError, "no token can be made now"))?;
        Ok(TokenResponse { access_token, bound_to_key: jkt.is_some(), expires_in, scope })
    }

    /// The proof of possession, when the client sent one: the token is then bound to its key (RFC 9449, section 5).
    fn proof(&self, proofs: &[String], now: OffsetDateTime) -> Result<Option<Proof>, TokenError> {
        if proofs.is_empty() {
            return Ok(None);
        }
        let expected = Expected { method: "POST", url: &self.token_endpoint, token: None, now: now.unix_timestamp() };
        self.proofs.verify(proofs, &expected).map(Some).map_err(proof_fault)
    }

    async fn use_up(&self, proof: &Proof, partner: &PartnerConfig, now: OffsetDateTime) -> Result<(), TokenError> {
        let expires = proof.iat.saturating_add(WINDOW);
        let identifier = Identifier::new(Kind::Proof, partner.ura.as_str(), &proof.jti, expires);
        match self.used.note(identifier, now.unix_timestamp()).await {
            Ok(Noted::First) => Ok(()),
            Ok(Noted::Again) => Err(proof_fault(ProofFault::Replayed)),
            Ok(Noted::Full) => Err(proof_fault(ProofFault::TooMany)),
            Err(NotRemembered) => Err(not_remembered()),
        }
    }

    /// What a presented token stands for, unless it is unknown or expired.
    pub(crate) fn grant(&self, token: &str, now: OffsetDateTime) -> Option<Arc<Grant>> {
        self.tokens.grant(token, now)
    }

    /// The client by its certificate: nothing of the request is looked at before it is known.
    fn client(
        &self,
        certificate: Option<&[u8]>,
        now: OffsetDateTime,
    ) -> Result<(Certificate, &PartnerConfig), TokenError> {
        let refuse = |description| TokenError::new(TokenErrorCode::InvalidClient, description);
        let der = certificate.ok_or_else(|| refuse("a client certificate is needed"))?;
        let certificate = Certificate::read(der).map_err(|_| refuse("the client certificate cannot be used"))?;
        if !certificate.valid_at(now) {
            return Err(refuse("the client certificate is not valid now"));
        }
        let partner = certificate.ura.as_ref().and_then(|ura| self.partners.get(ura));
        let partner =
            partner.ok_or_else(|| refuse("the client certificate names no organisation that is known here"))?;
        Ok((certificate, partner))
    }
}

fn assertion_fault(fault: AssertionFault) -> TokenError {
    match fault {
        AssertionFault::NotRemembered => not_remembered(),
        other => TokenError::new(TokenErrorCode::InvalidClient, other.to_string()),
    }
}

fn proof_fault(fault: ProofFault) -> TokenError {
    TokenError::new(TokenErrorCode::InvalidDpopProof, fault.to_string())
}

fn not_remembered() -> TokenError {
    TokenError::new(TokenErrorCode::TemporarilyUnavailable, "no token can be given now; try again later")
}

fn assertion_of(form: &TokenForm) -> Result<&str, TokenError> {
    use TokenErrorCode::InvalidClient;
    match form.client_assertion_type.as_ref().map(|value| value.as_str()) {
        Some(ASSERTION_TYPE) => {}
        Some(_) => return Err(TokenError::new(InvalidClient, "client_assertion_type is not supported")),
        None => return Err(TokenError::new(InvalidClient, "client_assertion_type is missing")),
    }
    let assertion = form.client_assertion.as_ref().map(|value| value.as_str());
    assertion.ok_or_else(|| TokenError::new(InvalidClient, "client_assertion is missing"))
}

/// The use cases of a scope, each of which must be offered to the organisation: more is never cut down in silence.
fn use_cases(scope: &str, partner: &PartnerConfig) -> Result<Vec<UseCaseId>, TokenError> {
    let refuse = |description| TokenError::new(TokenErrorCode::InvalidScope, description);
    let mut asked: Vec<UseCaseId> = Vec::new();
    if scope.is_empty() {
        return Err(refuse("scope is missing"));
    }
    for name in scope.split(' ') {
        let id = UseCaseId::parse(name).ok_or_else(|| refuse("scope is not a list of use cases"))?;
        if !partner.use_cases.contains(&id) {
            return Err(refuse("scope has a use case that is not offered to this organisation"));
        }
        if !asked.contains(&id) {
            asked.push(id);
        }
        if asked.len() > MAX_SCOPES {
            return Err(refuse("scope has too many use cases"));
        }
    }
    Ok(asked)
}

pub(super) fn form_fault(fault: FormFault) -> &'static str {
    match fault {
        FormFault::TooLarge => "the token request is too large",
        FormFault::Malformed => "the token request is no form",
        FormFault::Twice => "a parameter comes twice",
    }
}

#[cfg(test)]
mod tests;
