//! A verifiable credential as JWT, of the one type that says who an organisation is: the X509Credential (Nuts RFC023; VC
//! Data Model 1.1, section 6.3.1).

use fhir::Ura;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::x509::{Chain, X509Authorities, X509Fault, X509Header, X509Issuer};
use crate::identity::jose::{Compact, PublicJwk, present, read_part};

/// How far another's clock may be ahead of ours, in seconds (RFC021, section 4.1).
const LEEWAY: i64 = 5;
/// Those of `CREDENTIAL_ALGORITHMS`.
const ALLOWED: [Algorithm; 6] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::RS256];
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";
/// Both names are in use: the second is RFC023's draft.
const TYPES: [&str; 2] = ["X509Credential", "NutsX509Credential"];

/// Why a credential is not believed. The texts may be told to the one who showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum CredentialFault {
    #[error("a credential cannot be read")]
    Malformed,
    #[error("a credential is no X509Credential")]
    Type,
    #[error("a credential's issuer is not the one that its header names")]
    Issuer,
    #[error("{0}")]
    X509(#[from] X509Fault),
    #[error("a credential's signature is not that of its certificate")]
    Signature,
    #[error("a credential is not valid now")]
    NotValid,
    #[error("a credential is valid for longer than its certificate")]
    Outlives,
    #[error("a credential is not about the one who presents it")]
    Subject,
    #[error("a credential says what its issuer's policies do not")]
    Claims,
    #[error("a credential has a status that cannot be looked up here")]
    Status,
    #[error("a credential names no organisation (URA)")]
    NoOrganisation,
}

/// What a credential says that is right in itself. Whether its certificates still stand has to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Organisation {
    pub(super) ura: Ura,
    pub(super) chain: Chain,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(flatten)]
    x509: X509Header,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
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
    issuer: Option<Value>,
    credential_subject: Value,
    #[serde(default, deserialize_with = "present")]
    credential_status: bool,
    issuance_date: Option<String>,
    expiration_date: Option<String>,
}

/// Reads and checks one credential that this holder presents.
pub(super) fn verify(
    text: &str,
    holder: &str,
    authorities: &X509Authorities,
    now: OffsetDateTime,
) -> Result<Organisation, CredentialFault> {
    use CredentialFault::{Issuer, Malformed, Signature, Status, Subject, Type};
    let parts = Compact::split(text).ok_or(Malformed)?;
    let header: Header = read_part(parts.header).ok_or(Malformed)?;
    let claims: Claims = read_part(parts.claims).ok_or(Malformed)?;
    if header.crit {
        return Err(Malformed);
    }
    if !has(&claims.vc.context, CONTEXT)
        || !has(&claims.vc.kind, "VerifiableCredential")
        || !TYPES.iter().any(|kind| has(&claims.vc.kind, kind))
    {
        return Err(Type);
    }
    let named = header.kid.as_deref().and_then(|kid| kid.split_once('#')).map(|(did, _)| did);
    let stated = claims.vc.issuer.as_ref().map(|issuer| issuer.as_str().or_else(|| issuer["id"].as_str()));
    if named != Some(claims.iss.as_str()) || stated.is_some_and(|stated| stated != Some(claims.iss.as_str())) {
        return Err(Issuer);
    }
    let issuer = authorities.resolve(&claims.iss, &header.x509, now)?;
    let key = PublicJwk::of_certificate(&issuer.chain.leaf).ok_or(Signature)?;
    if !key.verifies(&header.alg, &ALLOWED, parts.message, parts.signature) {
        return Err(Signature);
    }
    if claims.vc.credential_status {
        // Passing over it would let a withdrawn credential in.
        return Err(Status);
    }
    check_times(&claims, &issuer, now)?;
    let subject = one_subject(&claims.vc.credential_subject).ok_or(Malformed)?;
    let about = subject.get("id").and_then(Value::as_str);
    if about != Some(holder) || claims.sub.as_deref().is_some_and(|sub| sub != holder) {
        return Err(Subject);
    }
    mirrors(subject, &issuer)?;
    organisation(issuer)
}

fn check_times(claims: &Claims, issuer: &X509Issuer, now: OffsetDateTime) -> Result<(), CredentialFault> {
    let moment = |text: &Option<String>| match text {
        Some(text) => OffsetDateTime::parse(text, &Rfc3339).map(Some).map_err(|_| CredentialFault::Malformed),
        None => Ok(None),
    };
    let (issued, ends) = (moment(&claims.vc.issuance_date)?, moment(&claims.vc.expiration_date)?);
    let now = now.unix_timestamp();
    let begins = [claims.nbf, claims.iat, issued.map(OffsetDateTime::unix_timestamp)];
    let ends = [claims.exp, ends.map(OffsetDateTime::unix_timestamp)];
    let certificate = &issuer.certificate;
    let (from, until) = (certificate.not_before.unix_timestamp(), certificate.not_after.unix_timestamp());
    let mut begins = begins.into_iter().flatten().peekable();
    if begins.peek().is_none() || !begins.all(|begin| (from..=now.saturating_add(LEEWAY)).contains(&begin)) {
        return Err(CredentialFault::NotValid);
    }
    for end in ends.into_iter().flatten() {
        if end <= now {
            return Err(CredentialFault::NotValid);
        }
        if end > until {
            return Err(CredentialFault::Outlives);
        }
    }
    Ok(())
}

fn one_subject(subject: &Value) -> Option<&Map<String, Value>> {
    match subject {
        Value::Object(only) => Some(only),
        Value::Array(several) => match several.as_slice() {
            [Value::Object(only)] => Some(only),
            _ => None,
        },
        _ => None,
    }
}

/// What the credential says of its subject must be what the DID says of its certificate (RFC023, "Validate the
/// Credential Subject").
fn mirrors(subject: &Map<String, Value>, issuer: &X509Issuer) -> Result<(), CredentialFault> {
    for (group, properties) in subject.iter().filter(|(name, _)| *name != "id") {
        let properties = properties.as_object().ok_or(CredentialFault::Claims)?;
        for (key, value) in properties {
            if !value.as_str().is_some_and(|value| issuer.policies.says(group, key, value)) {
                return Err(CredentialFault::Claims);
            }
        }
    }
    Ok(())
}

/// The organisation that the certificate is of, if the DID speaks of the name that says so.
fn organisation(issuer: X509Issuer) -> Result<Organisation, CredentialFault> {
    let ura = issuer.certificate.ura.clone().ok_or(CredentialFault::NoOrganisation)?;
    let name = issuer.policies.get("san", "otherName").ok_or(CredentialFault::NoOrganisation)?;
    // `<OID of the CA>-<version>-<UZI number>-S-<URA>-…`: that it is of this form, the certificate's reader has checked.
    if name.split('-').nth(4) != Some(ura.as_str()) {
        return Err(CredentialFault::NoOrganisation);
    }
    Ok(Organisation { ura, chain: issuer.chain })
}

/// Whether a member that may be one text or several has this one.
pub(super) fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(only) => only == text,
        Value::Array(several) => several.iter().any(|one| one == text),
        _ => false,
    }
}
