//! The grant of Nuts v5 (RFC003): a JWT that an organisation signs with a key of its `did:nuts`, for eOverdracht partners that
//! have no other.
//!
//! The network that told whose key belongs to which `did:nuts` is not joined here, so DID documents are handed over by
//! people and stand in the configuration. What else only that network could tell is refused, never passed over:
//! authorization credentials (`vcs`), whose revocation stood there, and the user's signed contract (`usi`).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use fhir::Ura;
use jsonwebtoken::Algorithm;
use policy::UseCaseId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;

use super::did_web::{DidDocument, Relations};
use crate::identity::IdentityFault;
use crate::identity::jose::{Audience, Compact, present, read_part};
use crate::identity::oauth::once::{Identifier, Kind, NotRemembered, Noted, UsedOnce};

/// The one scope of this grant (RFC003, section 4.2.4).
pub(crate) const SCOPE: &str = "nuts";
/// The longest life of its tokens, in seconds (section 5.3).
pub(crate) const LONGEST_TOKEN: u32 = 60;
/// The longest life of the JWT, and how far clocks may be apart, in seconds (section 4.2.2).
const MAX_LIFE: i64 = 5;
const LEEWAY: i64 = 5;
const MAX_GRANT: usize = 8 << 10;
/// Those of section 4.2.1, less ES512: keys of P-521 are read nowhere here.
const ALLOWED: [Algorithm; 5] =
    [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::ES256, Algorithm::ES384];

/// A partner that asks by this grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct V5PartnerConfig {
    /// Its `did:nuts`.
    pub did: String,
    /// Its DID document (JSON), as it was handed over. Read at start.
    pub document_file: PathBuf,
    /// Which use case each `purposeOfUse` is for. What does not stand here is refused.
    pub purposes: BTreeMap<String, UseCaseId>,
}

/// Why a grant is not taken. The texts may be told to the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum V5Fault {
    #[error("the assertion is over 8 KiB")]
    TooLarge,
    #[error("the assertion cannot be read")]
    Malformed,
    #[error("the assertion's iss is not the DID that is known of this organisation, or its kid is not of it")]
    Requester,
    #[error("the assertion's sub is not our DID")]
    Authorizer,
    #[error("the assertion is not meant for this token endpoint alone")]
    Audience,
    #[error("the assertion is not valid now, or for longer than 5 seconds")]
    Times,
    #[error("the assertion's purposeOfUse is not one that is agreed upon")]
    Purpose,
    #[error("the assertion brings credentials (vcs), which cannot be verified here")]
    Credentials,
    #[error("the assertion brings a user or another signature (usi, osi), which cannot be verified here")]
    User,
    #[error("the assertion's signature is not one of the keys in the DID document")]
    Signature,
    #[error("the assertion was used before")]
    Replayed,
    #[error("too many assertions of this client")]
    TooMany,
    /// Not the client's fault: that it was used cannot be kept now.
    #[error("the assertion cannot be taken now")]
    NotRemembered,
}

/// Verifies grants of Nuts v5 of the partners that are configured for it.
pub struct V5Grants {
    own: String,
    token_endpoint: String,
    partners: HashMap<Ura, Partner>,
}

struct Partner {
    did: String,
    keys: DidDocument,
    purposes: BTreeMap<String, UseCaseId>,
}

#[derive(Deserialize)]
struct Header {
    typ: Option<String>,
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    purpose_of_use: String,
    iat: i64,
    exp: i64,
    #[serde(default)]
    vcs: Value,
    #[serde(default)]
    usi: Value,
    #[serde(default)]
    osi: Value,
}

impl V5Grants {
    /// `own` is our `did:nuts`, as partners name us.
    pub fn new(own: String, token_endpoint: String) -> Self {
        V5Grants { own, token_endpoint, partners: HashMap::new() }
    }

    /// Adds a partner, with the text of its DID document.
    pub fn with(mut self, ura: Ura, config: &V5PartnerConfig, document: &[u8]) -> Result<Self, IdentityFault> {
        let said = |what: &str| IdentityFault(format!("partner {ura}: nuts_v5: {what}"));
        if !config.did.starts_with("did:nuts:") {
            return Err(said("did is no did:nuts"));
        }
        if config.purposes.is_empty() {
            return Err(said("purposes names none"));
        }
        let keys = DidDocument::read(document, &config.did, Relations::Assertion);
        let keys = keys.filter(|keys| !keys.is_empty());
        let keys =
            keys.ok_or_else(|| said("the document is not of this DID, or has no key to make assertions with"))?;
        let partner = Partner { did: config.did.clone(), keys, purposes: config.purposes.clone() };
        self.partners.insert(ura, partner);
        Ok(self)
    }

    /// Whether this organisation asks by this grant.
    pub(crate) fn knows(&self, organisation: &Ura) -> bool {
        self.partners.contains_key(organisation)
    }

    /// The use case that a grant of this organisation is for. It is noted as used last.
    pub(crate) async fn verify(
        &self,
        assertion: &str,
        organisation: &Ura,
        used: &Arc<dyn UsedOnce>,
        now: OffsetDateTime,
    ) -> Result<UseCaseId, V5Fault> {
        let partner = self.partners.get(organisation).ok_or(V5Fault::Requester)?;
        if assertion.len() > MAX_GRANT {
            return Err(V5Fault::TooLarge);
        }
        let parts = Compact::split(assertion).ok_or(V5Fault::Malformed)?;
        let header: Header = read_part(parts.header).ok_or(V5Fault::Malformed)?;
        let claims: Claims = read_part(parts.claims).ok_or(V5Fault::Malformed)?;
        if header.crit || header.typ.as_deref() != Some("JWT") {
            return Err(V5Fault::Malformed);
        }
        let kid = header.kid.as_deref().ok_or(V5Fault::Requester)?;
        let of_requester = kid.split_once('#').is_some_and(|(did, _)| did == partner.did);
        if claims.iss != partner.did || !of_requester {
            return Err(V5Fault::Requester);
        }
        let key = partner.keys.key(kid).ok_or(V5Fault::Signature)?;
        if !key.verifies(&header.alg, &ALLOWED, parts.message, parts.signature) {
            return Err(V5Fault::Signature);
        }
        let now = now.unix_timestamp();
        let use_case = self.said(&claims, partner, now)?;
        // RFC003 has no identifier that must be there. What was signed is one, and a signature is not: another can be
        // made of it.
        let expires = claims.exp.saturating_add(LEEWAY);
        match used.note(Identifier::new(Kind::Grant, organisation.as_str(), parts.message, expires), now).await {
            Ok(Noted::First) => Ok(use_case),
            Ok(Noted::Again) => Err(V5Fault::Replayed),
            Ok(Noted::Full) => Err(V5Fault::TooMany),
            Err(NotRemembered) => Err(V5Fault::NotRemembered),
        }
    }

    fn said(&self, claims: &Claims, partner: &Partner, now: i64) -> Result<UseCaseId, V5Fault> {
        if claims.sub != self.own {
            return Err(V5Fault::Authorizer);
        }
        if !claims.aud.is_only(&self.token_endpoint) {
            return Err(V5Fault::Audience);
        }
        let life = claims.exp.checked_sub(claims.iat).ok_or(V5Fault::Times)?;
        let begun = claims.iat <= now.saturating_add(LEEWAY);
        let ended = claims.exp.saturating_add(LEEWAY) < now;
        if !begun || ended || !(1..=MAX_LIFE).contains(&life) {
            return Err(V5Fault::Times);
        }
        let none = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !none(&claims.vcs) {
            return Err(V5Fault::Credentials);
        }
        let unsaid = |value: &Value| value.is_null() || value.as_str() == Some("");
        if !unsaid(&claims.usi) || !unsaid(&claims.osi) {
            return Err(V5Fault::User);
        }
        partner.purposes.get(&claims.purpose_of_use).cloned().ok_or(V5Fault::Purpose)
    }
}
