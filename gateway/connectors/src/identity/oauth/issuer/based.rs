//! Tokens that rest on an authorization base: what it allows is asked when the token is asked for, and at each use.

use fhir::Ura;
use policy::{Caller, UseCaseId};

use super::{TokenIssuer, not_remembered};
use crate::identity::oauth::base::{Base, BasesUnavailable};
use crate::identity::oauth::error::{TokenError, TokenErrorCode};
use crate::identity::oauth::tokens::Grant;
use crate::identity::secret::Secret;

impl TokenIssuer {
    /// What the authorization base allows, when the request names one.
    pub(super) async fn base(
        &self,
        value: Option<&Secret>,
        receiver: &Ura,
        use_cases: &[UseCaseId],
    ) -> Result<Option<Base>, TokenError> {
        let Some(value) = value else { return Ok(None) };
        let bases = self.bases.as_ref().ok_or_else(no_such_base)?;
        match bases.base(value.reveal(), receiver).await {
            Ok(Some(base)) if *use_cases == [base.use_case.clone()] => Ok(Some(base)),
            // The same for one that is not there, is another's, or is for something else.
            Ok(_) => Err(no_such_base()),
            Err(BasesUnavailable) => Err(not_remembered()),
        }
    }

    /// Whom a token speaks for now. What came from an authorization base is as that base says at this moment: nothing
    /// when it was withdrawn.
    pub(crate) async fn caller_of(&self, grant: &Grant) -> Result<Option<Caller>, BasesUnavailable> {
        let caller = grant.caller.clone();
        let Some(value) = &grant.base else { return Ok(Some(caller)) };
        let Some(bases) = &self.bases else { return Ok(None) };
        let base = bases.base(value.reveal(), &caller.organisation.ura).await?;
        let same =
            |base: &Base| caller.use_cases == [base.use_case.clone()] && caller.patient == Some(base.patient.clone());
        let treatment_relation = base.filter(same).map(|base| base.treatment_relation);
        Ok(treatment_relation.map(|relation| Caller { treatment_relation: Some(relation), ..caller }))
    }
}

pub(super) fn no_such_base() -> TokenError {
    TokenError::new(TokenErrorCode::InvalidGrant, "authorization_base does not allow this")
}
