//! The registers of the demo's providers, as the files that their nodes read.

use std::path::{Path, PathBuf};

use conformance::region::{self, ConsentState, Provider};
use connectors::mitz::MitzConfig;
use serde_json::json;

use super::{log_in, secrets};
use crate::config::RegistersConfig;

/// The provider's registers: consents, treatment relations of its people, and who else knows a patient. Where Mitz is
/// asked, patients chose there and not at the provider.
pub fn of(provider: &Provider, folder: &Path, mitz: Option<MitzConfig>) -> Result<RegistersConfig, String> {
    let mut consents = Vec::new();
    let at_mitz = mitz.is_some();
    for (number, consent) in
        region::consents().iter().filter(|consent| consent.holder == provider.key && !at_mitz).enumerate()
    {
        let id = format!("{}-{number}", provider.key);
        match &consent.state {
            ConsentState::PermitAll => consents.push(json!({"id": id, "patient": consent.bsn, "decision": "permit"})),
            ConsentState::PermitSome(organisations) => {
                consents.extend(organisations.iter().map(|organisation| {
                    json!({"id": id, "patient": consent.bsn, "decision": "permit", "organisation": organisation})
                }));
            }
            ConsentState::Deny => consents.push(json!({"id": id, "patient": consent.bsn, "decision": "deny"})),
            ConsentState::NotRecorded => {}
        }
    }
    let mut relations = Vec::new();
    for (number, relation) in region::relations().iter().filter(|relation| relation.ura == provider.ura).enumerate() {
        // A relation of the organisation as a whole says nothing of a person.
        let Some(person) = relation.practitioner else { continue };
        let reference = format!("{}-care-{number}", provider.key);
        let persons = log_in::ids_of(person);
        relations.push(
            json!({"patient": relation.bsn, "kind": "provider-list", "reference": reference, "persons": persons}),
        );
    }
    let whereabouts: Vec<_> = region::patients()
        .iter()
        .map(|patient| {
            let known = region::providers().into_iter().filter(|provider| patient.known_at.contains(&provider.key));
            json!({"patient": patient.bsn, "holders": known.map(|provider| provider.ura).collect::<Vec<_>>()})
        })
        .collect();
    let write = |name: &str, content: &[serde_json::Value]| -> Result<Option<PathBuf>, String> {
        let file = folder.join("registers").join(name);
        let text = serde_json::to_vec_pretty(content).map_err(|fault| fault.to_string())?;
        secrets::write_private(&file, &text)?;
        Ok(Some(file))
    };
    Ok(RegistersConfig {
        consents_file: write("consents.json", &consents)?,
        // One provider's consents stand in its own system as well.
        consents_in_sources: provider.key == "nursing-home",
        relations_file: write("relations.json", &relations)?,
        whereabouts_file: write("whereabouts.json", &whereabouts)?,
        mitz,
        ..RegistersConfig::default()
    })
}
