//! The index of the demo (NVI) with its pseudonym service, played on loopback. Three providers ask it: one in the dialect of the
//! ministry's guide and nowhere else, one in the older dialect beside its own register, one that registers what it holds.

use std::path::{Path, PathBuf};

use conformance::ca::{CertificateAuthority, Files, Profile, Subject, Validity};
use conformance::national::{
    INDEX_AUDIENCE, NationalHandle, NationalOptions, NationalServer, Organisation, PSEUDONYM_AUDIENCE, RECIPIENT,
    SCOPE, Seeded,
};
use conformance::region::{self, Provider};
use connectors::http::WebAddress;
use connectors::national::{Grant, TokenConfig};
use connectors::nvi::{Dialect, NviConfig, RegistrationsConfig, SearchBy};
use connectors::prs::{PrsCall, PrsConfig};

use super::ready::ReadySimulator;
use super::{embedded, io, loopback, port, said, secrets};

/// Who asks the index alone, who asks it beside an own register in the older dialect, and who registers.
pub const ALONE: &str = "general-practice";
const OLDER: &str = "hospital";
const REGISTERS: &str = "nursing-home";

/// The index, running.
pub struct Index {
    services: NationalHandle,
    certificates: PathBuf,
    categories: PathBuf,
}

impl Index {
    /// Starts the services with what the region's providers registered before.
    pub fn start(
        base_port: u16,
        authority: &CertificateAuthority,
        certificates: &Path,
        profiles: &Path,
    ) -> Result<Self, String> {
        let subject = Subject { name: "Verwijsindex (nagespeeld)", dns_names: &[] };
        let Files { certificate, key } =
            said(authority.issue_without_ura(&subject))?.write(certificates, "nvi").map_err(io(certificates))?;
        let mut organisations = Vec::new();
        for (provider, number) in region::providers().into_iter().zip(1..) {
            let oin = format!("000000990000000{number}0000");
            let subject = Subject { name: provider.name, dns_names: &[] };
            let issued = said(authority.issue(&Profile::PkiOverheid { oin: oin.clone() }, &subject, Validity::Now))?;
            issued.write(certificates, &own(provider.key)).map_err(io(certificates))?;
            organisations.push(Organisation { oin, ura: provider.ura.to_owned() });
        }
        let options = NationalOptions {
            address: loopback(port(base_port, 125)?),
            control: loopback(port(base_port, 126)?),
            certificate,
            key,
            authorities: certificates.join("ca.pem"),
            organisations,
        };
        let services = NationalServer::start(&options, &registered())
            .map_err(|fault| format!("the index cannot be started: {fault}"))?;
        let categories = embedded::write_index_categories(profiles)?;
        Ok(Index { services, certificates: certificates.to_owned(), categories })
    }

    /// How a provider's node asks the index, if it does.
    pub fn config_for(&self, provider: &Provider, folder: &Path) -> Result<Option<NviConfig>, String> {
        if ![ALONE, OLDER, REGISTERS].contains(&provider.key) {
            return Ok(None);
        }
        let older = provider.key == OLDER;
        let number =
            region::providers().into_iter().position(|known| known.key == provider.key).unwrap_or_default() + 1;
        let web = |text: &str| said(WebAddress::parse(text));
        let file = |name: String| self.certificates.join(name);
        let registrations = if provider.key == REGISTERS {
            let objections = folder.join("registers").join("objections.json");
            secrets::write_private(&objections, b"[]")?;
            // A demonstration is not watched for long.
            Some(RegistrationsConfig { objections_file: Some(objections), every_seconds: 1, reconcile_seconds: 3 })
        } else {
            None
        };
        Ok(Some(NviConfig {
            base: web(if older { &self.services.document_url } else { &self.services.list_url })?,
            dialect: if older { Dialect::DocumentReference } else { Dialect::List },
            // The running code of the ministry's dialect knows no search by form.
            search_by: if older { SearchBy::Form } else { SearchBy::Query },
            source_id: source(provider.key),
            certificate_file: file(format!("{}.pem", own(provider.key))),
            key_file: file(format!("{}-key.pem", own(provider.key))),
            authorities_file: file("ca.pem".to_owned()),
            categories_file: self.categories.clone(),
            deadline_ms: 1_500,
            answer_bytes: 1 << 20,
            questions_at_once: 64,
            breaker_failures: 5,
            breaker_rest_ms: 2_000,
            tokens: TokenConfig {
                endpoint: web(&self.services.token_endpoint)?,
                grant: if older { Grant::ClientAssertion } else { Grant::ClientCredentials },
                index_audience: INDEX_AUDIENCE.to_owned(),
                pseudonym_audience: PSEUDONYM_AUDIENCE.to_owned(),
                pseudonym_organisation: Some(format!("000000990000000{number}0000")),
                index_scope: None,
                pseudonym_scope: "prs:read".to_owned(),
            },
            prs: PrsConfig {
                base: web(&self.services.prs_url)?,
                call: PrsCall::Eval,
                recipient: RECIPIENT.to_owned(),
                scope: SCOPE.to_owned(),
            },
            registrations,
        }))
    }

    pub fn ready(&self) -> Vec<ReadySimulator> {
        let service = |key: &str, base: &str| ReadySimulator {
            key: key.into(),
            kind: key.into(),
            base: base.to_owned(),
            control: format!("{}/{key}", self.services.control_url),
        };
        vec![
            service("nvi", &self.services.list_url),
            service("prs", &self.services.prs_url),
            service("tokens", &self.services.token_endpoint),
        ]
    }
}

/// The name of a provider's certificate for national services.
fn own(provider: &str) -> String {
    format!("{provider}-oin")
}

/// What a provider's source system is registered as.
fn source(provider: &str) -> String {
    format!("{provider}-epd")
}

/// What every provider registered before: where each patient is known.
fn registered() -> Vec<Seeded> {
    let mut all = Vec::new();
    for patient in region::patients() {
        for provider in region::providers().into_iter().filter(|provider| patient.known_at.contains(&provider.key)) {
            all.push(Seeded { bsn: patient.bsn.into(), ura: provider.ura.into(), source: source(provider.key) });
        }
    }
    all
}
