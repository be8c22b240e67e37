//! A verifiable credential as JWT (VC Data Model 1.1, section 6.3.1): what is the same whatever it says. A credential with a
//! JSON-LD proof is none of these, and is refused with everything else that is no JWT.

pub(super) mod organisation;
pub(super) mod software;

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::did_web::DidFault;
use super::status::StatusEntry;
use super::x509::{X509Fault, X509Header};
use crate::identity::jose::{Compact, PublicJwk, present, read_part};

/// How far another's clock may be ahead of ours, in seconds (RFC021, section 4.1).
const LEEWAY: i64 = 5;
/// Those of `CREDENTIAL_ALGORITHMS`.
const ALLOWED: [Algorithm; 6] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::RS256];
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// Why a credential is not believed. The texts may be told to the one who showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum CredentialFault {
    #[error("a credential cannot be read")]
    Malformed,
    #[error("a credential is of a type that is not taken here")]
    Type,
    #[error("a credential's issuer is not the one that its header names")]
    Issuer,
    #[error("a credential's issuer is not trusted for it")]
    IssuerNotTrusted,
    #[error("{0}")]
    X509(#[from] X509Fault),
    #[error("a credential's issuer: {0}")]
    Did(DidFault),
    #[error("a credential's signature is not that of its issuer")]
    Signature,
    #[error("a credential is not valid now")]
    NotValid,
    #[error("a credential is valid for longer than its certificate")]
    Outlives,
    #[error("a credential is not about the one who presents it")]
    Subject,
    #[error("a credential says what its issuer's policies do not")]
    Claims,
    #[error("a credential has a status of a kind, or at a place, that is not looked up here")]
    Status,
    #[error("a credential was revoked or suspended")]
    Revoked,
    /// Not the fault of whoever showed it.
    #[error("whether a credential was revoked could not be found out")]
    StatusNotFoundOut,
    #[error("a credential names no organisation (URA)")]
    NoOrganisation,
    #[error("no credential names the services that are asked for here")]
    NoService,
}

impl CredentialFault {
    /// Whether it may be otherwise in a while: nothing is wrong with what was shown, as far as is known.
    pub(crate) fn is_passing(self) -> bool {
        matches!(self, CredentialFault::StatusNotFoundOut | CredentialFault::X509(X509Fault::NotFoundOut))
    }
}

/// A credential as it was signed, its form right and its issuer the one that its header names. Nothing of it is believed yet.
pub(super) struct Signed<'t> {
    pub(super) header: Header,
    pub(super) claims: Claims,
    parts: Compact<'t>,
}

#[derive(Deserialize)]
pub(super) struct Header {
    alg: String,
    pub(super) kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(flatten)]
    pub(super) x509: X509Header,
}

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    sub: Option<String>,
    nbf: Option<i64>,
    iat: Option<i64>,
    exp: Option<i64>,
    vc: Credential,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    #[serde(rename = "@context")]
    context: Value,
    #[serde(rename = "type")]
    kind: Value,
    id: Option<String>,
    issuer: Option<Value>,
    credential_subject: Value,
    #[serde(default)]
    credential_status: Value,
    #[serde(alias = "validFrom")]
    issuance_date: Option<String>,
    #[serde(alias = "validUntil")]
    expiration_date: Option<String>,
}

impl<'t> Signed<'t> {
    /// Reads a credential of one of these types.
    pub(super) fn read(text: &'t str, types: &[&str]) -> Result<Self, CredentialFault> {
        use CredentialFault::{Issuer, Malformed, Type};
        let parts = Compact::split(text).ok_or(Malformed)?;
        let header: Header = read_part(parts.header).ok_or(Malformed)?;
        let claims: Claims = read_part(parts.claims).ok_or(Malformed)?;
        if header.crit {
            return Err(Malformed);
        }
        let vc = &claims.vc;
        let known = has(&vc.context, CONTEXT) && has(&vc.kind, "VerifiableCredential");
        if !known || !types.iter().any(|kind| has(&vc.kind, kind)) {
            return Err(Type);
        }
        let named = header.kid.as_deref().and_then(|kid| kid.split_once('#')).map(|(did, _)| did);
        let stated = vc.issuer.as_ref().map(|issuer| issuer.as_str().or_else(|| issuer["id"].as_str()));
        if named != Some(claims.iss.as_str()) || stated.is_some_and(|stated| stated != Some(claims.iss.as_str())) {
            return Err(Issuer);
        }
        Ok(Signed { header, claims, parts })
    }

    /// Holds when this key signed it.
    pub(super) fn is_by(&self, key: &PublicJwk) -> Result<(), CredentialFault> {
        if key.verifies(&self.header.alg, &ALLOWED, self.parts.message, self.parts.signature) {
            Ok(())
        } else {
            Err(CredentialFault::Signature)
        }
    }

    /// The `kid`: a DID URL of the issuer.
    pub(super) fn kid(&self) -> &str {
        self.header.kid.as_deref().unwrap_or_default()
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.claims.vc.id.as_deref()
    }

    /// When it ends: the sooner of what it says, if it says so.
    ///
    /// Holds when it is valid now, began no sooner than `from`, and says when it began.
    pub(super) fn valid(&self, from: i64, now: i64) -> Result<Option<i64>, CredentialFault> {
        let moment = |text: &Option<String>| match text {
            Some(text) => OffsetDateTime::parse(text, &Rfc3339)
                .map(|moment| Some(moment.unix_timestamp()))
                .map_err(|_| CredentialFault::Malformed),
            None => Ok(None),
        };
        let Claims { nbf, iat, exp, vc, .. } = &self.claims;
        let (issued, ends) = (moment(&vc.issuance_date)?, moment(&vc.expiration_date)?);
        let mut begins = [*nbf, *iat, issued].into_iter().flatten().peekable();
        if begins.peek().is_none() || !begins.all(|begin| (from..=now.saturating_add(LEEWAY)).contains(&begin)) {
            return Err(CredentialFault::NotValid);
        }
        let end = [*exp, ends].into_iter().flatten().min();
        if end.is_some_and(|end| end <= now) { Err(CredentialFault::NotValid) } else { Ok(end) }
    }

    /// The latest end that it names.
    pub(super) fn latest_end(&self) -> Option<i64> {
        let text = self.claims.vc.expiration_date.as_deref();
        let named = text.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        [self.claims.exp, named.map(OffsetDateTime::unix_timestamp)].into_iter().flatten().max()
    }

    /// Its one subject.
    pub(super) fn subject(&self) -> Result<&Map<String, Value>, CredentialFault> {
        let only = match &self.claims.vc.credential_subject {
            Value::Object(only) => Some(only),
            Value::Array(several) => match several.as_slice() {
                [Value::Object(only)] => Some(only),
                _ => None,
            },
            _ => None,
        };
        only.ok_or(CredentialFault::Malformed)
    }

    /// Its one subject, when that is this holder.
    pub(super) fn about(&self, holder: &str) -> Result<&Map<String, Value>, CredentialFault> {
        let subject = self.subject()?;
        let about = subject.get("id").and_then(Value::as_str);
        if about != Some(holder) || self.claims.sub.as_deref().is_some_and(|sub| sub != holder) {
            return Err(CredentialFault::Subject);
        }
        Ok(subject)
    }

    /// Where its status stands.
    pub(super) fn status(&self) -> Result<Vec<StatusEntry>, CredentialFault> {
        StatusEntry::read(&self.claims.vc.credential_status)
    }
}

/// Whether a member that may be one text or several has this one.
pub(super) fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(only) => only == text,
        Value::Array(several) => several.iter().any(|one| one == text),
        _ => false,
    }
}
