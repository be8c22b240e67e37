//! Whom credentials are believed from, and whether what they rest on still stands.

use std::sync::Arc;

use time::OffsetDateTime;

use super::credential::organisation::Organisation;
use super::credential::software::Software;
use super::credential::{CredentialFault, Signed};
use super::did_web::DidWebResolver;
use super::status::StatusLists;
use super::x509::X509Authorities;
use crate::identity::jose::PublicJwk;
use crate::identity::vetting::Vet;

/// Everything that is asked about a credential.
pub struct CredentialTrust {
    /// The authorities that a did:x509 may name.
    pub authorities: X509Authorities,
    /// Vets the certificates of a did:x509; must believe the same authorities.
    pub vets: Arc<dyn Vet>,
    /// Finds the keys of a did:web.
    pub holders: DidWebResolver,
    pub lists: StatusLists,
}

impl CredentialTrust {
    /// The key that signs for the issuer that a credential names. Whether that issuer is trusted is not said by it.
    pub(super) async fn key_of_issuer(
        &self,
        signed: &Signed<'_>,
        now: OffsetDateTime,
    ) -> Result<PublicJwk, CredentialFault> {
        let issuer = &signed.claims.iss;
        if issuer.starts_with("did:web:") {
            return self.holders.key(issuer, signed.kid()).await.map_err(CredentialFault::Did);
        }
        let resolved = self.authorities.resolve(issuer, &signed.header.x509, now)?;
        resolved.chain.stands(&*self.vets).await?;
        PublicJwk::of_certificate(&resolved.chain.leaf).ok_or(CredentialFault::Signature)
    }

    /// Holds when the certificates that a credential is made of can be believed now, and it was not withdrawn.
    pub(super) async fn stands(&self, shown: &Organisation, now: OffsetDateTime) -> Result<(), CredentialFault> {
        shown.chain.stands(&*self.vets).await?;
        self.lists.good(&shown.status, &shown.issuer, self, now).await
    }

    /// Holds when the framework's operator signed it and did not withdraw it.
    pub(super) async fn is_given(&self, shown: &Software<'_>, now: OffsetDateTime) -> Result<(), CredentialFault> {
        shown.signed.is_by(&self.key_of_issuer(&shown.signed, now).await?)?;
        self.lists.good(&shown.status, &shown.signed.claims.iss, self, now).await
    }
}
