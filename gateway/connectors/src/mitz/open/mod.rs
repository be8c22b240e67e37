//! The open question (open autorisatievraag): which holders have data of this patient that this requester may consult?
//! IHE XCPD Patient Location Query (ITI-56) with an assertion of SAML 2.0 (handbook: generic functions, 2.4).
//!
//! The assertion is not signed: mutual TLS says who sends it. Signing it would take XML signatures, for which there is no
//! well-kept library without C.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use fhir::{Bsn, Ura};
use policy::{Organisation, Person, Purpose};

pub(super) use answer::{LocationFault, read};
pub(super) use request::write;

use super::closed::{Identifier, Missing, code, identifier, purpose, role};

/// Who asks about whom.
#[derive(Clone, Debug)]
pub struct LocationQuestion<'a> {
    pub patient: &'a Bsn,
    /// This provider.
    pub user: &'a Organisation,
    /// The responsible professional.
    pub professional: Option<&'a Person>,
    /// Who acts under a mandate, when somebody does.
    pub mandated: Option<&'a Person>,
    pub purpose: Purpose,
    /// What this provider calls itself as the issuer of an assertion, as agreed with Mitz: a URI.
    pub issuer: &'a str,
}

/// A holder whose data of one category may be consulted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    pub holder: Ura,
    /// Code of the data category.
    pub category: String,
    /// The exchange system that it is reached by (HomeCommunityId).
    pub exchange_system: String,
    /// Its source system (SourceId).
    pub source_system: String,
}

/// A question that is complete.
pub(super) struct OpenQuestion {
    pub(super) patient: Bsn,
    user: Ura,
    user_kind: String,
    role: String,
    professional: Identifier,
    mandated: Option<Identifier>,
    purpose: &'static str,
    issuer: String,
}

impl OpenQuestion {
    pub(super) fn of(asked: &LocationQuestion<'_>, other_root: Option<&str>) -> Result<Self, Missing> {
        let professional = asked.professional.ok_or(Missing::Professional)?;
        Ok(OpenQuestion {
            patient: asked.patient.clone(),
            user: asked.user.ura.clone(),
            user_kind: code(asked.user.kind.as_deref()).ok_or(Missing::UserKind)?,
            role: role(&professional.role).ok_or(Missing::Role)?,
            professional: identifier(professional, other_root)?,
            mandated: asked.mandated.map(|person| identifier(person, other_root)).transpose()?,
            purpose: purpose(asked.purpose).ok_or(Missing::Purpose)?,
            issuer: asked.issuer.to_owned(),
        })
    }
}
