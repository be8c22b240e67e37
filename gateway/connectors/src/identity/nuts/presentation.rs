//! A verifiable presentation as grant: an organisation shows, signed with its own key and for a moment, who it is according
//! to credentials that we trust. By Nuts RFC021, or by NGF GFI-004 with a second one of whose software asks.

mod reading;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use fhir::Ura;
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;

use super::credential::CredentialFault;
use super::credential::organisation::{self, Organisation};
use super::credential::software::{self, SoftwareConfig};
use super::definition::{self, NotAnAnswer};
use super::did_web::DidFault;
use super::trust::CredentialTrust;
use crate::identity::oauth::once::{Kind, UsedOnce};
use reading::{Read, Rules};

/// Why a presentation gets no token. The texts may be told to the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PresentationFault {
    #[error("the presentation is over 32 KiB")]
    TooLarge,
    #[error("the presentation cannot be read")]
    Malformed,
    #[error("the presentation is not issued by, and about, a DID that its kid names")]
    Holder,
    #[error("the presentation is not meant for this authorization server alone")]
    Audience,
    #[error("the presentation is not valid now, or for too long")]
    Times,
    #[error("the presentation has no nonce or no jti, or one over 256 characters")]
    Identifier,
    #[error("the presentation's signature is not that of its holder")]
    Signature,
    #[error("the holder's DID: {0}")]
    Did(DidFault),
    #[error("the presentation was used before")]
    Replayed,
    #[error("too many presentations of this client")]
    TooMany,
    #[error("{0}")]
    Submission(#[from] NotAnAnswer),
    #[error("{0}")]
    Credential(#[from] CredentialFault),
    #[error("the presentation is of another organisation than the client certificate")]
    OtherOrganisation,
    #[error("the presentation is of another client than the one that is known here")]
    OtherClient,
    /// Not the client's fault: that it was used cannot be kept now.
    #[error("the presentation cannot be taken now")]
    NotRemembered,
}

/// Which of the two presentations of GFI-004 is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OneOfTwo {
    /// The organisation's: the grant.
    Grant(PresentationFault),
    /// The software's: the client.
    Client(PresentationFault),
}

/// Verifies presentations that are meant for one authorization server.
pub struct PresentationVerifier {
    /// How we name ourselves as authorization server.
    issuer: String,
    token_endpoint: String,
    trust: CredentialTrust,
}

impl PresentationVerifier {
    /// `issuer` is how we name ourselves as authorization server; `token_endpoint` is a name of ours besides by RFC 7523.
    pub fn new(issuer: String, token_endpoint: String, trust: CredentialTrust) -> Self {
        PresentationVerifier { issuer, token_endpoint, trust }
    }

    /// Which credentials a token takes, for clients to read.
    pub fn definition(&self) -> Value {
        definition::definition(&self.trust.authorities)
    }

    /// Holds when the presentation (RFC021) proves that this organisation presents it. Cheap checks go first, what makes
    /// us ask others after them, and last it is noted as used.
    pub(crate) async fn verify(
        &self,
        assertion: &str,
        submission: &str,
        organisation: &Ura,
        used: &Arc<dyn UsedOnce>,
        now: OffsetDateTime,
    ) -> Result<(), PresentationFault> {
        let shown = Read::of(assertion, Rules::Rfc021, &[&self.issuer], now.unix_timestamp())?;
        let named = definition::named_by(submission, shown.credentials().len())?;
        let said = self.organisations(&shown, now)?;
        if said.get(named).is_none_or(|said| said.ura != *organisation) {
            return Err(PresentationFault::OtherOrganisation);
        }
        self.is_held(&shown).await?;
        self.stand(&said, now).await?;
        shown.use_up([Kind::Presentation, Kind::Nonce], organisation, used, now.unix_timestamp()).await
    }

    /// Holds when the two presentations of GFI-004 prove that this organisation asks, with the software that is known to be
    /// its own. Both are read before anybody is asked anything, and used up only when both are right.
    pub(crate) async fn verify_two(
        &self,
        (grant, client): (&str, &str),
        software: &SoftwareConfig,
        organisation: &Ura,
        used: &Arc<dyn UsedOnce>,
        now: OffsetDateTime,
    ) -> Result<(), OneOfTwo> {
        use OneOfTwo::{Client, Grant};
        let seconds = now.unix_timestamp();
        // RFC 7523, section 3: the token endpoint may stand for the authorization server.
        let audiences = [self.issuer.as_str(), self.token_endpoint.as_str()];
        let grant = Read::of(grant, Rules::Gfi004, &audiences, seconds).map_err(Grant)?;
        let client = Read::of(client, Rules::Gfi004, &audiences, seconds).map_err(Client)?;
        if client.holder() != software.client {
            return Err(Client(PresentationFault::OtherClient));
        }
        let said = self.organisations(&grant, now).map_err(Grant)?;
        if said.iter().any(|said| said.ura != *organisation) {
            return Err(Grant(PresentationFault::OtherOrganisation));
        }
        let shown: Result<Vec<_>, _> =
            client.credentials().iter().map(|text| software::read(text, software, seconds)).collect();
        let shown = shown.map_err(|fault| Client(fault.into()))?;
        let named = |service: &String| shown.iter().any(|one| one.services.contains(service));
        if !software.services.iter().all(named) {
            return Err(Client(CredentialFault::NoService.into()));
        }
        self.is_held(&client).await.map_err(Client)?;
        self.is_held(&grant).await.map_err(Grant)?;
        for one in &shown {
            self.trust.is_given(one, now).await.map_err(|fault| Client(fault.into()))?;
        }
        self.stand(&said, now).await.map_err(Grant)?;
        client.use_up([Kind::Software, Kind::SoftwareNonce], organisation, used, seconds).await.map_err(Client)?;
        grant.use_up([Kind::Presentation, Kind::Nonce], organisation, used, seconds).await.map_err(Grant)
    }

    /// What the credentials of an organisation's presentation say, each right in itself.
    fn organisations(&self, shown: &Read<'_>, now: OffsetDateTime) -> Result<Vec<Organisation>, PresentationFault> {
        let each = |text: &&str| organisation::verify(text, shown.holder(), &self.trust.authorities, now);
        Ok(shown.credentials().iter().map(each).collect::<Result<_, _>>()?)
    }

    /// Holds when the holder signed it.
    async fn is_held(&self, shown: &Read<'_>) -> Result<(), PresentationFault> {
        let key = self.trust.holders.key(shown.holder(), shown.kid()).await.map_err(PresentationFault::Did)?;
        shown.is_by(&key)
    }

    /// Holds when the credentials can be believed now. Asked only for whoever holds the key that they are about: nobody
    /// else makes us ask an authority.
    async fn stand(&self, said: &[Organisation], now: OffsetDateTime) -> Result<(), PresentationFault> {
        for one in said {
            self.trust.stands(one, now).await?;
        }
        Ok(())
    }
}
