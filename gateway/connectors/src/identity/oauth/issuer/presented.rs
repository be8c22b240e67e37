//! Tokens for grants that are a signed statement of the organisation: a presentation (Nuts RFC021), two of them (NGF
//! GFI-004), or the JWT of Nuts v5 (RFC003). Each stands for the organisation that the client certificate names, for nobody
//! in particular there, and for no patient in particular.

#[cfg(test)]
mod tests;

use policy::{Caller, UseCaseId};
use time::OffsetDateTime;

use super::{
    TokenError, TokenErrorCode, TokenIssuer, TokenRequest, TokenResponse, assertion_of, not_remembered, use_cases,
};
use crate::identity::certificates::Certificate;
use crate::identity::nuts::v5::{self, V5Fault};
use crate::identity::nuts::{OneOfTwo, PresentationFault};
use crate::identity::oauth::form::TokenForm;
use crate::identity::partners::PartnerConfig;

/// A request whose client is known by its certificate.
pub(super) struct Known<'a> {
    pub(super) request: TokenRequest<'a>,
    pub(super) form: &'a TokenForm,
    pub(super) certificate: &'a Certificate,
    pub(super) partner: &'a PartnerConfig,
    pub(super) now: OffsetDateTime,
}

impl Known<'_> {
    fn scope(&self) -> &str {
        self.form.scope.as_ref().map_or("", |scope| scope.as_str())
    }

    fn assertion(&self) -> Result<&str, TokenError> {
        let assertion = self.form.assertion.as_ref().map(|value| value.as_str());
        assertion.ok_or_else(|| invalid_request("assertion is missing"))
    }
}

impl TokenIssuer {
    /// RFC021.
    pub(super) async fn issue_for_presentation(&self, known: Known<'_>) -> Result<TokenResponse, TokenError> {
        let verifier = self.presentations.as_ref().ok_or_else(|| invalid_request("presentations are not taken"))?;
        let assertion = known.assertion()?;
        let submission = known.form.presentation_submission.as_ref();
        let submission = submission.ok_or_else(|| invalid_request("presentation_submission is missing"))?;
        let use_cases = use_cases(known.scope(), known.partner)?;
        let proof = self.proof(known.request.proofs, known.now)?;
        let verified = verifier.verify(assertion, submission, &known.partner.ura, &self.used, known.now).await;
        verified.map_err(presentation_fault)?;
        if let Some(proof) = &proof {
            self.use_up(proof, known.partner, known.now).await?;
        }
        self.give(organisation(known.partner, use_cases), None, known.certificate, proof.as_ref(), known.now)
    }

    /// The grant of RFC 7523, in the two forms that partners are configured for: with a client assertion beside it, GFI-004;
    /// without, Nuts v5.
    pub(super) async fn issue_for_jwt(&self, known: Known<'_>) -> Result<TokenResponse, TokenError> {
        match known.form.client_assertion {
            Some(_) => self.issue_for_two(known).await,
            None => self.issue_for_v5(known).await,
        }
    }

    async fn issue_for_two(&self, known: Known<'_>) -> Result<TokenResponse, TokenError> {
        let (Some(verifier), Some(software)) = (&self.presentations, &known.partner.software) else {
            return Err(unauthorized());
        };
        let (grant, client) = (known.assertion()?, assertion_of(known.form)?);
        if known.form.client_id.as_ref().is_some_and(|id| id.as_str() != software.client) {
            return Err(TokenError::new(
                TokenErrorCode::InvalidClient,
                "client_id is not the client that is known here",
            ));
        }
        let use_cases = use_cases(known.scope(), known.partner)?;
        let proof = self.proof(known.request.proofs, known.now)?;
        let ura = &known.partner.ura;
        let verified = verifier.verify_two((grant, client), software, ura, &self.used, known.now).await;
        verified.map_err(one_of_two)?;
        if let Some(proof) = &proof {
            self.use_up(proof, known.partner, known.now).await?;
        }
        self.give(organisation(known.partner, use_cases), None, known.certificate, proof.as_ref(), known.now)
    }

    async fn issue_for_v5(&self, known: Known<'_>) -> Result<TokenResponse, TokenError> {
        let grants = self.v5.as_ref().filter(|grants| grants.knows(&known.partner.ura)).ok_or_else(unauthorized)?;
        if known.scope() != v5::SCOPE {
            return Err(TokenError::new(TokenErrorCode::InvalidScope, "the scope of this grant is nuts"));
        }
        let assertion = known.assertion()?;
        let proof = self.proof(known.request.proofs, known.now)?;
        let use_case = grants.verify(assertion, &known.partner.ura, &self.used, known.now).await.map_err(v5_fault)?;
        if !known.partner.use_cases.contains(&use_case) {
            let why = "the use case of this purposeOfUse is not offered to this organisation";
            return Err(TokenError::new(TokenErrorCode::InvalidScope, why));
        }
        if let Some(proof) = &proof {
            self.use_up(proof, known.partner, known.now).await?;
        }
        let caller = organisation(known.partner, vec![use_case]);
        let life = self.expires_in.min(v5::LONGEST_TOKEN);
        self.give_for(life, caller, None, known.certificate, proof.as_ref(), known.now)
    }
}

fn organisation(partner: &PartnerConfig, use_cases: Vec<UseCaseId>) -> Caller {
    Caller {
        client_id: partner.ura.as_str().to_owned(),
        organisation: partner.organisation(),
        person: None,
        use_cases,
        patient: None,
        treatment_relation: None,
        responsible: None,
        emergency: None,
        token_id: None,
    }
}

fn invalid_request(what: &str) -> TokenError {
    TokenError::new(TokenErrorCode::InvalidRequest, what)
}

fn unauthorized() -> TokenError {
    TokenError::new(TokenErrorCode::UnauthorizedClient, "this grant type is not agreed upon with this organisation")
}

/// What lies not with the client: to come again makes sense.
fn passing(fault: PresentationFault) -> Option<TokenError> {
    match fault {
        PresentationFault::NotRemembered => Some(not_remembered()),
        PresentationFault::Credential(credential) if credential.is_passing() => {
            Some(TokenError::new(TokenErrorCode::TemporarilyUnavailable, credential.to_string()))
        }
        _ => None,
    }
}

fn presentation_fault(fault: PresentationFault) -> TokenError {
    if let Some(passing) = passing(fault) {
        return passing;
    }
    let code = match fault {
        PresentationFault::Submission(_) => TokenErrorCode::InvalidPresentationSubmission,
        PresentationFault::Credential(_) | PresentationFault::OtherOrganisation => {
            TokenErrorCode::InvalidVerifiableCredentials
        }
        _ => TokenErrorCode::InvalidVerifiablePresentation,
    };
    TokenError::new(code, fault.to_string())
}

/// RFC 7521, sections 4.1.1 and 4.2.1.
fn one_of_two(fault: OneOfTwo) -> TokenError {
    let (code, fault) = match fault {
        OneOfTwo::Grant(fault) => (TokenErrorCode::InvalidGrant, fault),
        OneOfTwo::Client(fault) => (TokenErrorCode::InvalidClient, fault),
    };
    passing(fault).unwrap_or_else(|| TokenError::new(code, fault.to_string()))
}

fn v5_fault(fault: V5Fault) -> TokenError {
    match fault {
        V5Fault::NotRemembered => not_remembered(),
        other => TokenError::new(TokenErrorCode::InvalidGrant, other.to_string()),
    }
}
