//! The registers of the demo's providers, as the files that their nodes read.

use std::path::{Path, PathBuf};

use conformance::nuts_partner;
use conformance::region::{self, ConsentState, Provider};
use connectors::mitz::MitzConfig;
use connectors::nvi::NviConfig;
use connectors::relations::{EvidenceConfig, EvidenceKind, KindConfig, Persons};
use fhir::identifiers::systems;
use policy::Direction;
use serde_json::json;

use super::{index, log_in, secrets};
use crate::config::RegistersConfig;

/// What is looked at besides the list: appointments of the person who asks.
fn evidence(provider: &Provider) -> EvidenceConfig {
    let appointment = KindConfig {
        kind: EvidenceKind::Appointment,
        gates: vec![Direction::User],
        most_days: 90,
        open_days: 365,
        ahead_days: 30,
        persons: Persons::Named,
    };
    let systems = [systems::UZI_PERSON.to_owned(), format!("{}/medewerker", provider.own_system)];
    EvidenceConfig { person_systems: systems.into(), kinds: vec![appointment], ..EvidenceConfig::default() }
}

/// The provider's registers: consents, treatment relations of its people, and who else knows a patient. Where Mitz is
/// asked, patients chose there and not at the provider; one provider has the index alone to say who else knows a patient.
pub fn of(
    provider: &Provider,
    folder: &Path,
    mitz: Option<MitzConfig>,
    nvi: Option<NviConfig>,
) -> Result<RegistersConfig, String> {
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
            // Somebody outside the region knows one of its patients too.
            let outside = (patient.bsn == nuts_partner::PATIENT).then_some(nuts_partner::PARTNER.0);
            let holders: Vec<_> = known.map(|provider| provider.ura).chain(outside).collect();
            json!({"patient": patient.bsn, "holders": holders})
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
        whereabouts_file: if provider.key == index::ALONE { None } else { write("whereabouts.json", &whereabouts)? },
        // The pharmacy looks in its own records too, for patients who are not on its list.
        evidence: (provider.key == "pharmacy").then(|| evidence(provider)),
        mitz,
        nvi,
        ..RegistersConfig::default()
    })
}
