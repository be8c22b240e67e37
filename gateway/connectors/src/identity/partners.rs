//! The other care providers that this node exchanges with, from configuration.

use std::collections::HashMap;

use fhir::Ura;
use policy::{Organisation, UseCaseId};
use serde::{Deserialize, Serialize};

use super::IdentityFault;
use super::nuts::SoftwareConfig;

/// One other care provider, and what it is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerConfig {
    pub ura: Ura,
    /// The provider's name, for people.
    pub name: String,
    /// Care provider type code (OID 2.16.840.1.113883.2.4.15.1060).
    #[serde(default)]
    pub kind: Option<String>,
    /// The use cases that it may ask tokens for.
    #[serde(default)]
    pub use_cases: Vec<UseCaseId>,
    /// With whose software it asks by the grant of GFI-004. Without it that grant is refused.
    #[serde(default)]
    pub software: Option<SoftwareConfig>,
}

/// All known care providers, by URA.
#[derive(Clone, Debug, Default)]
pub struct Partners {
    by_ura: HashMap<Ura, PartnerConfig>,
}

impl Partners {
    /// Refuses an organisation that is configured twice.
    pub fn new(all: Vec<PartnerConfig>) -> Result<Self, IdentityFault> {
        let mut by_ura = HashMap::with_capacity(all.len());
        for partner in all {
            if let Some(first) = by_ura.insert(partner.ura.clone(), partner) {
                return Err(IdentityFault(format!("partner {} is configured twice", first.ura)));
            }
        }
        Ok(Partners { by_ura })
    }

    /// Whether some partner asks with software that is known.
    pub fn ask_with_software(&self) -> bool {
        self.by_ura.values().any(|partner| partner.software.is_some())
    }

    pub fn get(&self, ura: &Ura) -> Option<&PartnerConfig> {
        self.by_ura.get(ura)
    }
}

impl PartnerConfig {
    pub(crate) fn organisation(&self) -> Organisation {
        Organisation { ura: self.ura.clone(), name: Some(self.name.clone()), kind: self.kind.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(json: &str) -> Result<PartnerConfig, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_partner_is_known_by_its_ura() {
        let one = partner(r#"{"ura":"90000901","name":"De Linde","kind":"X3","use_cases":["bgz"]}"#).unwrap();
        let partners = Partners::new(vec![one.clone()]).unwrap();
        assert_eq!(partners.get(&one.ura), Some(&one));
        assert_eq!(partners.get(&Ura::parse("90000902").unwrap()), None);
    }

    #[test]
    fn a_partner_that_is_configured_wrongly_is_refused() {
        assert!(partner(r#"{"ura":"9000901","name":"x"}"#).is_err());
        assert!(partner(r#"{"ura":"90000901","name":"x","usecases":[]}"#).is_err());
        assert!(partner(r#"{"ura":"90000901","name":"x","use_cases":["BgZ *"]}"#).is_err());
        let twice = partner(r#"{"ura":"90000901","name":"x"}"#).unwrap();
        assert!(Partners::new(vec![twice.clone(), twice]).is_err());
    }
}
