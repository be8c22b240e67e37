//! Our own client assertions.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::Bsn;
use fhir::identifiers::Reader;
use jsonwebtoken::Algorithm;
use policy::{EmergencyReason, Person, TreatmentRelation};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::claims::{ClaimsOut, Confirmation, HeaderOut, RelationOut, UserOut};
use super::{LIFETIME, MAX_ASSERTION};
use crate::identity::node_key::NodeKey;
use crate::identity::secret::Secret;

/// What a client assertion states, besides who signs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statement<'a> {
    /// The token endpoint that it is meant for, exactly as that endpoint names itself.
    pub audience: &'a str,
    pub person: Option<&'a Person>,
    /// Under whose responsibility the person acts (mandaat).
    pub responsible: Option<&'a Person>,
    pub patient: Option<&'a Bsn>,
    pub treatment_relation: Option<&'a TreatmentRelation>,
    /// Why this is an emergency.
    pub emergency: Option<&'a EmergencyReason>,
}

/// Signs a statement; nothing when the key cannot sign or the statement is too large to be accepted anywhere.
pub fn sign(key: &NodeKey, statement: &Statement<'_>, now: OffsetDateTime) -> Option<Secret> {
    let alg = match key.algorithm() {
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::PS256 => "PS256",
        _ => return None,
    };
    let thumbprint = key.thumbprint().to_string();
    let header = HeaderOut { typ: "JWT", alg, kid: &thumbprint };
    let client = key.ura().as_str();
    let issued = now.unix_timestamp();
    let claims = ClaimsOut {
        iss: client,
        sub: client,
        aud: statement.audience,
        iat: issued,
        exp: issued.checked_add(LIFETIME)?,
        jti: &uuid::Uuid::new_v4().to_string(),
        cnf: Confirmation { thumbprint: thumbprint.clone() },
        user: statement.person.map(user),
        responsible: statement.responsible.map(user),
        patient: statement.patient.map(|bsn| bsn.reveal_to(Reader::Peer)),
        treatment_relation: statement
            .treatment_relation
            .map(|relation| RelationOut { kind: &relation.kind, reference: &relation.reference }),
        emergency_reason: statement.emergency.map(EmergencyReason::as_str),
    };
    let header = serde_json::to_vec(&header).ok()?;
    let claims = Zeroizing::new(serde_json::to_vec(&claims).ok()?);
    let mut jwt = Zeroizing::new(String::with_capacity(MAX_ASSERTION));
    URL_SAFE_NO_PAD.encode_string(&header, &mut jwt);
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(&*claims, &mut jwt);
    let signature = key.sign(jwt.as_bytes())?;
    jwt.push('.');
    jwt.push_str(&signature);
    (jwt.len() <= MAX_ASSERTION).then(|| Secret::new(std::mem::take(&mut *jwt)))
}

fn user(person: &Person) -> UserOut<'_> {
    UserOut { id: &person.id, name: person.name.as_deref(), role: &person.role }
}
