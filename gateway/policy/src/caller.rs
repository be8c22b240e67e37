//! Who asks: an organisation, and where there is one the person on whose behalf.

use std::fmt;

use fhir::{Bsn, Ura};
use serde::{Deserialize, Serialize};

use crate::findings::TreatmentRelation;
use crate::use_case::UseCaseId;

/// The care provider whose data is asked for (dossierhouder).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataHolder(pub Ura);

/// The care provider that asks (raadpleger).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataUser(pub Ura);

/// A care provider as known from its certificate and our configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub ura: Ura,
    pub name: Option<String>,
    /// Care provider type code (OID 2.16.840.1.113883.2.4.15.1060), for example `V6` or `X3`.
    pub kind: Option<String>,
}

/// The person who asks. The name goes into the access log and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// UZI or Dezi number, or an identifier that is unique within the organisation.
    pub id: String,
    pub name: Option<String>,
    /// UZI role code (OID 2.16.840.1.113883.2.4.15.111), for example `01.015`.
    pub role: String,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person(role {})", self.role)
    }
}

/// An identified caller: what the certificate and the token prove together.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The OAuth client.
    pub client_id: String,
    pub organisation: Organisation,
    pub person: Option<Person>,
    /// Under whose responsibility the person acts (mandaat; NEN 7513, 7.3.6 to 7.3.8): a physician's assistant acts for
    /// the physician. The person stays who acts; nobody when the person acts in their own name.
    pub responsible: Option<Person>,
    /// Use cases that the token allows; the scopes of the token.
    pub use_cases: Vec<UseCaseId>,
    /// The patient that the token is bound to.
    pub patient: Option<Bsn>,
    /// The treatment relation that the data user asserted, signed, when it asked for the token.
    pub treatment_relation: Option<TreatmentRelation>,
    /// Identifier of the token for the log (a digest, never the token).
    pub token_id: Option<String>,
}

impl Caller {
    /// Whose profession and number a consent service is asked about: the responsible professional (Mitz: role and
    /// provider-identifier), which is the person who acts when there is no mandate.
    pub fn professional(&self) -> Option<&Person> {
        self.responsible.as_ref().or(self.person.as_ref())
    }
}
