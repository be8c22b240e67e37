//! Mitz in this node: opened from its configuration, and measured. What it asks and reads is `connectors::mitz`'s.

mod measures;
mod notices;
mod subscribing;
mod wiring;

use std::path::Path;

use connectors::http::{ClientIdentity, HttpClient, HttpSettings, Trust};
use connectors::identity::Certificate;
use connectors::mitz::{Categories, CategoriesConfig, Mitz, MitzConfig};

use crate::tls;

pub use measures::MitzMeasures;
pub use notices::{Notices, Taken};
pub use subscribing::{Subscribed, Subscribing};
pub use wiring::{notices, of, subscribing};

/// Opens Mitz: its certificate, its authorities, its table of data categories.
///
/// # Errors
/// A sentence for the operator. `production` demands that nobody else can read the key.
fn open(config: &MitzConfig, production: bool) -> Result<Mitz, String> {
    if production {
        tls::key_is_private(&config.key_file)?;
    }
    let identity = tls::identity(&config.certificate_file, &config.key_file)?;
    let leaf = identity.chain.first().and_then(|leaf| Certificate::read(leaf).ok());
    let leaf = leaf.ok_or_else(|| format!("{}: the certificate cannot be read", config.certificate_file.display()))?;
    if production && leaf.for_tests {
        return Err(format!("{}: a test certificate, outside development mode", config.certificate_file.display()));
    }
    let http = HttpClient::new(HttpSettings {
        trust: Trust::Roots(tls::certificates(&config.authorities_file)?),
        identity: Some(ClientIdentity::new(identity.chain, identity.key)),
        idle_connections: config.questions_at_once.min(32),
        ..HttpSettings::default()
    });
    let http = http.map_err(|fault| format!("registers.mitz: {fault}"))?;
    Ok(Mitz::new(config, categories(&config.categories_file)?, http))
}

fn categories(file: &Path) -> Result<Categories, String> {
    let said = |fault: String| format!("{}: {fault}", file.display());
    let text = std::fs::read_to_string(file).map_err(|fault| said(fault.to_string()))?;
    let written: CategoriesConfig = toml::from_str(&text).map_err(|fault| said(fault.to_string()))?;
    Categories::check(written).map_err(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_project_is_good_and_knows_medication_and_results_apart() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/mitz-categories.toml");
        let table = categories(&file).unwrap();
        for (types, expected) in [
            (&["MedicationRequest", "MedicationDispense"][..], "GGC013"),
            (&["DiagnosticReport"], "GGC012"),
            (&["Observation"], "GGC002 GGC012"),
            (&["Condition", "Practitioner"], "GGC002"),
        ] {
            let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
            let found: Vec<String> = table.of(&types).unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected);
        }
        assert!(table.of(&["ImagingStudy".to_owned()]).is_none());
        assert!(categories(Path::new("/nowhere")).unwrap_err().starts_with("/nowhere: "));
    }

    /// A use case that rests on explicit consent and offers a type of no category could never release that type.
    #[test]
    fn every_type_that_a_use_case_releases_on_consent_is_of_a_category() {
        let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
        let table = categories(&profiles.join("mitz-categories.toml")).unwrap();
        let mut seen = 0;
        for folder in std::fs::read_dir(&profiles).unwrap() {
            let Ok(text) = std::fs::read_to_string(folder.unwrap().path().join("capability.json")) else { continue };
            let capability: policy::Capability = serde_json::from_str(&text).unwrap();
            let consents = capability.findings.holder.contains(&policy::capability::Fact::Consent);
            if !consents || capability.ground != policy::Ground::ExplicitConsent {
                continue;
            }
            for offered in capability.versions.values() {
                let types = offered.interactions.iter().map(|entry| entry.resource_type.clone());
                for resource_type in types.chain(offered.included.iter().cloned()) {
                    // With a type that has a category, so that those that only accompany pass.
                    let asked = ["Condition".to_owned(), resource_type.clone()];
                    assert!(table.of(&asked).is_some(), "{}: {resource_type}", capability.title);
                    seen += 1;
                }
            }
        }
        assert!(seen > 20, "{seen}");
    }
}
