//! In the demo, the nursing home's record system (ECD), which takes handoffs in: a FHIR server in STU3 that knows the region's
//! patients under numbers of its own.

use conformance::handoff::Ecd;
use conformance::region::{self, Provider};
use conformance::source_server::{FhirVersion as Speaks, SourceHandle, SourceServer};
use connectors::http::WebAddress;
use connectors::sources::fhir::FhirSourceConfig;
use fhir::FhirVersion;

use super::ready::ReadySimulator;
use super::{loopback, port, said, use_case};
use crate::config::SourceConfig;
use crate::handoffs::FILING;

/// Its port, above the first.
const PORT: u16 = 145;

/// The record system, running.
pub struct PlayedEcd(SourceHandle);

impl PlayedEcd {
    pub fn start(base_port: u16) -> Result<Self, String> {
        let patients = region::patients().into_iter().enumerate();
        let patients = patients.map(|(number, one)| Ecd::patient(&format!("ecd-{number}"), one.bsn)).collect();
        let started = SourceServer::start(Speaks::Stu3, patients, loopback(port(base_port, PORT)?));
        started.map(PlayedEcd).map_err(|fault| format!("the record system cannot be started: {fault}"))
    }

    /// As a source of the provider that has it.
    pub fn source(&self, provider: &Provider) -> Result<Option<SourceConfig>, String> {
        if provider.key != region::NURSING_HOME.key {
            return Ok(None);
        }
        let base = said(WebAddress::parse(&self.0.base_url))?;
        let use_cases = vec![use_case(FILING)?];
        Ok(Some(SourceConfig::Fhir(FhirSourceConfig { use_cases, ..FhirSourceConfig::new(base, FhirVersion::Stu3) })))
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "nursing-home-ecd".into(),
            kind: Ecd::KIND.into(),
            base: self.0.base_url.clone(),
            control: self.0.control_url.clone(),
        }
    }
}
