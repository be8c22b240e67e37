//! The national consent register of the demo: Mitz, played on loopback, which one provider of the region asks. The others
//! keep their own consents.

use std::path::{Path, PathBuf};

use conformance::ca::{CertificateAuthority, Files, Subject};
use conformance::mitz::{Choice, MitzHandle, MitzOptions, MitzServer, consulting_category};
use conformance::region::{self, ConsentState, Provider};
use connectors::http::WebAddress;
use connectors::identity::Thumbprint;
use connectors::mitz::{MitzConfig, SubscriptionsConfig};
use serde_json::json;

use super::ready::ReadySimulator;
use super::{embedded, io, loopback, port, said, secrets};
use crate::tls;

/// The provider that asks Mitz.
const ASKS: &str = "hospital";

/// Under which the demo's people, who have no UZI numbers of their own, are named; OIDs below 2.999 are for examples.
const PEOPLE: &str = "2.999.1";
/// What the provider that asks calls itself when it asks where a patient is known.
const ITSELF: &str = "urn:oid:2.999.4";

/// Mitz, running.
pub struct National {
    mitz: MitzHandle,
    certificates: PathBuf,
    categories: PathBuf,
}

impl National {
    /// Starts Mitz with what the region's patients chose about the provider that asks it.
    pub fn start(
        base_port: u16,
        authority: &CertificateAuthority,
        certificates: &Path,
        profiles: &Path,
    ) -> Result<Self, String> {
        let subject = Subject { name: "Mitz (nagespeeld)", dns_names: &[] };
        let Files { certificate, key } =
            said(authority.issue_without_ura(&subject))?.write(certificates, "mitz").map_err(io(certificates))?;
        let options = MitzOptions {
            address: loopback(port(base_port, 121)?),
            control: loopback(port(base_port, 122)?),
            certificate,
            key,
            authorities: certificates.join("ca.pem"),
        };
        let mitz =
            MitzServer::start(&options, choices()).map_err(|fault| format!("Mitz cannot be started: {fault}"))?;
        let categories = embedded::write_categories(profiles)?;
        Ok(National { mitz, certificates: certificates.to_owned(), categories })
    }

    /// How a provider's node asks Mitz, if it does.
    pub fn config_for(&self, provider: &Provider) -> Result<Option<MitzConfig>, String> {
        if provider.key != ASKS {
            return Ok(None);
        }
        let base = said(WebAddress::parse(&self.mitz.base_url))?;
        let own = |name: String| self.certificates.join(name);
        let files = [
            own(format!("{}.pem", provider.key)),
            own(format!("{}-key.pem", provider.key)),
            own("ca.pem".to_owned()),
            self.categories.clone(),
        ];
        let subscriptions = SubscriptionsConfig {
            patients_file: self.patients(provider)?,
            gateway_system: "2.999.2".to_owned(),
            source_system: "2.999.3".to_owned(),
            every_seconds: 5,
        };
        let shown = tls::certificates(&own("mitz.pem".to_owned()))?;
        let notifiers = shown.first().map(|leaf| Thumbprint::of(leaf).to_string());
        // A demonstration is not watched for long: what is ill is tried again soon.
        let config = MitzConfig {
            professional_root: Some(PEOPLE.to_owned()),
            locates_as: Some(ITSELF.to_owned()),
            breaker_rest_ms: 2_000,
            notifiers: notifiers.into_iter().collect(),
            subscriptions: Some(subscriptions),
            ..MitzConfig::new(base, files)
        };
        Ok(Some(config))
    }

    /// The list of the provider's patients.
    fn patients(&self, provider: &Provider) -> Result<PathBuf, String> {
        let known = region::patients().into_iter().filter(|patient| patient.known_at.contains(&provider.key));
        let list: Vec<_> =
            known.map(|patient| json!({"patient": patient.bsn, "birth_date": patient.birth_date})).collect();
        let file = self.certificates.with_file_name("mitz-patients.json");
        let text = serde_json::to_vec_pretty(&list).map_err(|fault| fault.to_string())?;
        secrets::write_private(&file, &text)?;
        Ok(file)
    }

    /// Where patients choose.
    pub fn page(&self) -> &str {
        &self.mitz.page_url
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "mitz".into(),
            kind: "mitz".into(),
            base: self.mitz.base_url.clone(),
            control: self.mitz.control_url.clone(),
        }
    }
}

/// What the region's patients chose about the provider that asks.
fn choices() -> Vec<Choice> {
    let holders = region::providers();
    let mut all = Vec::new();
    for consent in region::consents().iter().filter(|consent| consent.holder == ASKS) {
        let Some(holder) = holders.iter().find(|holder| holder.key == consent.holder) else { continue };
        let choice = |consulting: Option<&str>, permit| Choice {
            bsn: consent.bsn.into(),
            holder_kind: Some(holder.kind.into()),
            category: None,
            consulting: consulting.map(str::to_owned),
            permit,
        };
        match &consent.state {
            ConsentState::PermitAll => all.push(choice(None, true)),
            ConsentState::Deny => all.push(choice(None, false)),
            // Choices in Mitz are for kinds of care providers, not for one.
            ConsentState::PermitSome(uras) => all.extend(
                holders
                    .iter()
                    .filter(|other| uras.contains(&other.ura))
                    .map(|other| choice(Some(consulting_category(other.kind)), true)),
            ),
            ConsentState::NotRecorded => {}
        }
    }
    all
}
