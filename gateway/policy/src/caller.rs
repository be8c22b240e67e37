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

/// Why the normal procedure is passed over (noodprocedure), in the words of who does. It goes into the access log and to
/// the data holder; Debug does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct EmergencyReason(String);

impl EmergencyReason {
    /// Fewer characters explain nothing.
    const LEAST: usize = 10;
    const MOST: usize = 500;

    /// A reason that somebody can judge afterwards: of 10 to 500 characters, on one line, and not one thing repeated.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let length = text.chars().count();
        let different = text.chars().filter(|c| c.is_alphanumeric()).collect::<std::collections::BTreeSet<_>>().len();
        let good = (Self::LEAST..=Self::MOST).contains(&length) && different > 3 && !text.chars().any(char::is_control);
        good.then(|| EmergencyReason(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmergencyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmergencyReason(..)")
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
    /// Why this is an emergency, when the caller says that it is. It opens nothing by itself: only a use case for
    /// emergencies, which the caller must hold and name, looks at it.
    pub emergency: Option<EmergencyReason>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_can_be_judged_afterwards() {
        for good in ["Bewusteloos binnengebracht", "  Unconscious, no relatives present.  ", &"Reanimatie ".repeat(40)]
        {
            assert!(EmergencyReason::parse(good).is_some(), "{good}");
        }
        let long = "a b c d e f".repeat(50);
        for bad in ["", "   ", "emergency", "..........", "aaaaaaaaaaaa", "xx xx xx xx xx", "Two\nlines of text", &long]
        {
            assert!(EmergencyReason::parse(bad).is_none(), "{bad}");
        }
        let reason = EmergencyReason::parse("Bewusteloos binnengebracht").unwrap();
        assert_eq!(
            (reason.as_str(), format!("{reason:?}").as_str()),
            ("Bewusteloos binnengebracht", "EmergencyReason(..)")
        );
    }
}
