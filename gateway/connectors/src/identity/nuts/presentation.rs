//! A verifiable presentation as grant (Nuts RFC021): an organisation shows, signed with its own key and for five seconds,
//! who it is according to credentials that we trust.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use fhir::Ura;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;

use super::credential::{self, CredentialFault, has};
use super::definition::{self, NotAnAnswer};
use super::did_web::{DidFault, DidWebResolver};
use super::x509::X509Authorities;
use crate::identity::jose::{Audience, Compact, present, read_part};
use crate::identity::oauth::once::{Identifier, Kind, NotRemembered, Noted, UsedOnce};
use crate::identity::vetting::Vet;

/// The largest presentation, in bytes: some credentials with chains of RSA certificates.
const MAX_PRESENTATION: usize = 32 << 10;
const MAX_CREDENTIALS: usize = 4;
/// The longest life of a presentation, and how far clocks may be apart, in seconds (RFC021, section 4).
const MAX_LIFE: i64 = 5;
const LEEWAY: i64 = 5;
const MAX_ID: usize = 256;
/// Those of `PRESENTATION_ALGORITHMS`.
const ALLOWED: [Algorithm; 6] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::EdDSA];
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

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
    #[error("the presentation is not valid now, or for longer than 5 seconds")]
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
    /// Not the client's fault: that it was used cannot be kept now.
    #[error("the presentation cannot be taken now")]
    NotRemembered,
}

/// Verifies presentations that are meant for one authorization server.
pub struct PresentationVerifier {
    /// How we name ourselves as authorization server: the only audience.
    issuer: String,
    authorities: X509Authorities,
    holders: DidWebResolver,
    /// Vets the certificates of credentials, against the same authorities.
    vets: Arc<dyn Vet>,
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
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    nbf: Option<i64>,
    iat: Option<i64>,
    exp: i64,
    nonce: String,
    jti: String,
    vp: Presentation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Presentation {
    #[serde(rename = "@context")]
    context: Value,
    #[serde(rename = "type")]
    kind: Value,
    holder: Option<String>,
    verifiable_credential: Value,
}

impl PresentationVerifier {
    /// `vets` must believe the same authorities as `authorities`.
    pub fn new(issuer: String, authorities: X509Authorities, holders: DidWebResolver, vets: Arc<dyn Vet>) -> Self {
        PresentationVerifier { issuer, authorities, holders, vets }
    }

    /// Which credentials a token takes, for clients to read.
    pub fn definition(&self) -> Value {
        definition::definition(&self.authorities)
    }

    /// Holds when the presentation proves that this organisation presents it. Cheap checks go first, what makes us ask
    /// others after them, and last it is noted as used.
    pub(crate) async fn verify(
        &self,
        assertion: &str,
        submission: &str,
        organisation: &Ura,
        used: &Arc<dyn UsedOnce>,
        now: OffsetDateTime,
    ) -> Result<(), PresentationFault> {
        if assertion.len() > MAX_PRESENTATION {
            return Err(PresentationFault::TooLarge);
        }
        let parts = Compact::split(assertion).ok_or(PresentationFault::Malformed)?;
        let header: Header = read_part(parts.header).ok_or(PresentationFault::Malformed)?;
        let claims: Claims = read_part(parts.claims).ok_or(PresentationFault::Malformed)?;
        let kid = checked(&header, &claims)?;
        if !claims.aud.is_only(&self.issuer) {
            return Err(PresentationFault::Audience);
        }
        check_times(&claims, now.unix_timestamp())?;
        let credentials = credentials(&claims.vp.verifiable_credential).ok_or(PresentationFault::Malformed)?;
        let named = definition::named_by(submission, credentials.len())?;
        let mut chains = Vec::with_capacity(credentials.len());
        for (index, text) in credentials.iter().enumerate() {
            let shown = credential::verify(text, &claims.iss, &self.authorities, now)?;
            if index == named && shown.ura != *organisation {
                return Err(PresentationFault::OtherOrganisation);
            }
            chains.push(shown.chain);
        }
        let key = self.holders.key(&claims.iss, kid).await.map_err(PresentationFault::Did)?;
        if !key.verifies(&header.alg, &ALLOWED, parts.message, parts.signature) {
            return Err(PresentationFault::Signature);
        }
        // Only for whoever holds the key that the credentials are about: nobody else makes us ask an authority.
        for chain in &chains {
            chain.stands(&*self.vets).await.map_err(CredentialFault::X509)?;
        }
        use_up(&claims, organisation, used, now.unix_timestamp()).await
    }
}

/// The `kid`, when header and claims speak of one holder and of a presentation.
fn checked<'a>(header: &'a Header, claims: &Claims) -> Result<&'a str, PresentationFault> {
    let typed = header.typ.as_deref().is_none_or(|typ| typ == "JWT");
    let vp = &claims.vp;
    if header.crit || !typed || !has(&vp.context, CONTEXT) || !has(&vp.kind, "VerifiablePresentation") {
        return Err(PresentationFault::Malformed);
    }
    let kid = header.kid.as_deref().ok_or(PresentationFault::Holder)?;
    let did = kid.split_once('#').map(|(did, _)| did);
    let held = vp.holder.as_ref().is_none_or(|holder| *holder == claims.iss);
    if did != Some(claims.iss.as_str()) || claims.sub != claims.iss || !held {
        return Err(PresentationFault::Holder);
    }
    let fits = |id: &str| (1..=MAX_ID).contains(&id.chars().count());
    if fits(&claims.nonce) && fits(&claims.jti) { Ok(kid) } else { Err(PresentationFault::Identifier) }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), PresentationFault> {
    let begins = claims.nbf.or(claims.iat).ok_or(PresentationFault::Times)?;
    let life = claims.exp.checked_sub(begins).ok_or(PresentationFault::Times)?;
    let later_issued = claims.iat.is_some_and(|issued| issued > now.saturating_add(LEEWAY));
    let begun = begins <= now.saturating_add(LEEWAY) && !later_issued;
    let ended = claims.exp.saturating_add(LEEWAY) < now;
    if begun && !ended && (1..=MAX_LIFE).contains(&life) { Ok(()) } else { Err(PresentationFault::Times) }
}

/// The credentials, each a JWT: one or several.
fn credentials(value: &Value) -> Option<Vec<&str>> {
    let all: Vec<&str> = match value {
        Value::String(only) => vec![only],
        Value::Array(several) => several.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    (1..=MAX_CREDENTIALS).contains(&all.len()).then_some(all)
}

/// Nonce and jti each count once, for as long as the presentation could still be good.
async fn use_up(
    claims: &Claims,
    organisation: &Ura,
    used: &Arc<dyn UsedOnce>,
    now: i64,
) -> Result<(), PresentationFault> {
    // RFC021, section 4.4: at least ten seconds.
    let expires = claims.exp.saturating_add(LEEWAY).max(now.saturating_add(MAX_LIFE + LEEWAY));
    for (kind, id) in [(Kind::Presentation, &claims.jti), (Kind::Nonce, &claims.nonce)] {
        match used.note(Identifier::new(kind, organisation.as_str(), id, expires), now).await {
            Ok(Noted::First) => {}
            Ok(Noted::Again) => return Err(PresentationFault::Replayed),
            Ok(Noted::Full) => return Err(PresentationFault::TooMany),
            Err(NotRemembered) => return Err(PresentationFault::NotRemembered),
        }
    }
    Ok(())
}
