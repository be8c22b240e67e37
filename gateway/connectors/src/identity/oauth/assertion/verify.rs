//! Another node's client assertion, believed only after every check (RFC 7523, section 3; RFC 8725).

use std::sync::Arc;

use fhir::identifiers::Reader;
use fhir::{Bsn, Ura};
use jsonwebtoken::Algorithm;
use policy::{EmergencyReason, Person, TreatmentRelation};
use thiserror::Error;
use time::OffsetDateTime;

use super::claims::{ClaimsIn, HeaderIn, RelationIn, UserIn};
use super::{LEEWAY, MAX_ASSERTION, MAX_LIFETIME};
use crate::identity::certificates::Certificate;
use crate::identity::jose::{Compact, read_part};
use crate::identity::oauth::once::{Identifier, Kind, NotRemembered, Noted, UsedOnce};

const MAX_ID: usize = 128;
const MAX_NAME: usize = 200;
const MAX_CODE: usize = 64;

/// Verifies client assertions that are meant for one token endpoint.
pub struct AssertionVerifier {
    audience: String,
    used: Arc<dyn UsedOnce>,
}

/// What a verified assertion states.
#[derive(Clone, Debug)]
pub struct Asserted {
    pub client: Ura,
    pub person: Option<Person>,
    /// Under whose responsibility the person acts.
    pub responsible: Option<Person>,
    pub patient: Option<Bsn>,
    /// Its kind is `asserted-by-data-user`; the kind that the data user gave stands before the reference.
    pub treatment_relation: Option<TreatmentRelation>,
    /// Why this is an emergency.
    pub emergency: Option<EmergencyReason>,
}

/// Why an assertion is not believed. The texts may be told to the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AssertionFault {
    #[error("the assertion is over 8 KiB")]
    TooLarge,
    #[error("the assertion cannot be read")]
    Malformed,
    #[error("the assertion's typ is not JWT")]
    Type,
    #[error("the assertion's alg is not the one of the client certificate's key")]
    Algorithm,
    #[error("the assertion has critical header parameters that are not understood")]
    Critical,
    #[error("the assertion's kid is not the thumbprint of the client certificate")]
    KeyId,
    #[error("the assertion's signature is not that of the client certificate's key")]
    Signature,
    #[error("the assertion's iss and sub are not the organisation of the client certificate")]
    Client,
    #[error("the assertion is not meant for this token endpoint alone")]
    Audience,
    #[error("the assertion has expired")]
    Expired,
    #[error("the assertion is not valid yet")]
    NotYet,
    #[error("the assertion would live for more than 5 minutes")]
    LivesTooLong,
    #[error("the assertion's jti is empty or over 128 characters")]
    Identifier,
    #[error("the assertion was used before")]
    Replayed,
    #[error("too many unexpired assertions of this client")]
    TooMany,
    /// Not the client's fault: whether it was used before cannot be kept now.
    #[error("the assertion cannot be taken now")]
    NotRemembered,
    #[error("the assertion is bound to another certificate")]
    Confirmation,
    #[error("the assertion's user is not acceptable")]
    User,
    #[error("the assertion's responsible professional is not acceptable, or nobody acts for them")]
    Responsible,
    #[error("the assertion's emergency needs a reason, a user and a patient")]
    Emergency,
    #[error("the assertion's patient is not a BSN")]
    Patient,
    #[error("the assertion's treatment relation is not acceptable")]
    TreatmentRelation,
}

impl AssertionVerifier {
    /// `audience` is the URL of our token endpoint, as partners have it in their configuration.
    pub fn new(audience: String, used: Arc<dyn UsedOnce>) -> Self {
        AssertionVerifier { audience, used }
    }

    /// Verifies an assertion against the client certificate of the TLS session that brought it.
    ///
    /// Its identifier is noted last, so that only an assertion which is right in all else takes room; it is durably
    /// used when this says yes.
    pub async fn verify(
        &self,
        assertion: &str,
        certificate: &Certificate,
        now: OffsetDateTime,
    ) -> Result<Asserted, AssertionFault> {
        let claims = signed_claims(assertion, certificate)?;
        let client = certificate.ura.as_ref().ok_or(AssertionFault::Client)?;
        if claims.iss != client.as_str() || claims.sub != client.as_str() {
            return Err(AssertionFault::Client);
        }
        if !claims.aud.is_only(&self.audience) {
            return Err(AssertionFault::Audience);
        }
        let now = now.unix_timestamp();
        check_times(&claims, now)?;
        if let Some(bound) = &claims.cnf
            && bound.thumbprint != certificate.thumbprint.to_string()
        {
            return Err(AssertionFault::Confirmation);
        }
        let patient = match &claims.patient {
            Some(text) => Some(Bsn::parse(text).map_err(|_| AssertionFault::Patient)?),
            None => None,
        };
        // Nobody acts for the responsible professional when nobody acts.
        let responsible = match (claims.responsible, &claims.user) {
            (Some(_), None) => return Err(AssertionFault::Responsible),
            (Some(user), Some(_)) => Some(person(user).map_err(|_| AssertionFault::Responsible)?),
            (None, _) => None,
        };
        let emergency = match (claims.emergency_reason, &claims.user, &patient) {
            (None, ..) => None,
            (Some(reason), Some(_), Some(_)) => Some(EmergencyReason::parse(&reason).ok_or(AssertionFault::Emergency)?),
            (Some(_), ..) => return Err(AssertionFault::Emergency),
        };
        let asserted = Asserted {
            client: client.clone(),
            person: claims.user.map(person).transpose()?,
            responsible,
            emergency,
            treatment_relation: claims
                .treatment_relation
                .map(|relation| treatment_relation(relation, patient.as_ref()))
                .transpose()?,
            patient,
        };
        if claims.jti.is_empty() || claims.jti.chars().count() > MAX_ID {
            return Err(AssertionFault::Identifier);
        }
        let identifier = Identifier::new(Kind::Assertion, client.as_str(), &claims.jti, claims.exp);
        match self.used.note(identifier, now).await {
            Ok(Noted::First) => Ok(asserted),
            Ok(Noted::Again) => Err(AssertionFault::Replayed),
            Ok(Noted::Full) => Err(AssertionFault::TooMany),
            Err(NotRemembered) => Err(AssertionFault::NotRemembered),
        }
    }
}

/// The claims of an assertion whose form, header and signature are right.
fn signed_claims(assertion: &str, certificate: &Certificate) -> Result<ClaimsIn, AssertionFault> {
    if assertion.len() > MAX_ASSERTION {
        return Err(AssertionFault::TooLarge);
    }
    let parts = Compact::split(assertion).ok_or(AssertionFault::Malformed)?;
    let header: HeaderIn = read_part(parts.header).ok_or(AssertionFault::Malformed)?;
    if header.crit {
        return Err(AssertionFault::Critical);
    }
    // `client-authentication+jwt` is the explicit type that newer drafts ask for (RFC 8725, section 3.11).
    if !matches!(header.typ.as_deref(), Some("JWT" | "client-authentication+jwt")) {
        return Err(AssertionFault::Type);
    }
    let algorithm = match header.alg.as_str() {
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "PS256" => Algorithm::PS256,
        _ => return Err(AssertionFault::Algorithm),
    };
    if algorithm != certificate.key.algorithm() {
        return Err(AssertionFault::Algorithm);
    }
    if header.kid.as_deref() != Some(certificate.thumbprint.to_string().as_str()) {
        return Err(AssertionFault::KeyId);
    }
    if !certificate.key.verifies(parts.message.as_bytes(), parts.signature) {
        return Err(AssertionFault::Signature);
    }
    read_part(parts.claims).ok_or(AssertionFault::Malformed)
}

fn check_times(claims: &ClaimsIn, now: i64) -> Result<(), AssertionFault> {
    let latest = now.saturating_add(LEEWAY);
    if claims.iat > latest || claims.nbf.is_some_and(|from| from > latest) {
        return Err(AssertionFault::NotYet);
    }
    if claims.exp <= now {
        return Err(AssertionFault::Expired);
    }
    if claims.exp.saturating_sub(claims.iat) > MAX_LIFETIME {
        return Err(AssertionFault::LivesTooLong);
    }
    Ok(())
}

fn person(user: UserIn) -> Result<Person, AssertionFault> {
    let named = user.name.as_deref().is_none_or(|name| is_text(name, MAX_NAME));
    if !is_text(&user.id, MAX_ID) || !is_code(&user.role) || !named {
        return Err(AssertionFault::User);
    }
    Ok(Person { id: user.id, name: user.name, role: user.role })
}

/// Marks the relation as the data user's word, so that no policy takes it for a finding of our own.
///
/// A relation is one with somebody: without a patient it would hold for whomever the token is used for.
fn treatment_relation(relation: RelationIn, patient: Option<&Bsn>) -> Result<TreatmentRelation, AssertionFault> {
    let patient = patient.ok_or(AssertionFault::TreatmentRelation)?;
    // The reference is shown in places where the BSN is not.
    let tells_patient = relation.reference.contains(patient.reveal_to(Reader::Policy));
    if !is_code(&relation.kind) || !is_text(&relation.reference, MAX_ID) || tells_patient {
        return Err(AssertionFault::TreatmentRelation);
    }
    Ok(TreatmentRelation {
        kind: "asserted-by-data-user".to_owned(),
        reference: format!("{}:{}", relation.kind, relation.reference),
        age_days: None,
    })
}

fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn is_code(text: &str) -> bool {
    (1..=MAX_CODE).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests;
