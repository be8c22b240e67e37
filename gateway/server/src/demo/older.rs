//! The older system that one provider of the demo region still reads: an STU3 server beside its own, for the medication overview
//! alone. So one overview is made of sources of both FHIR versions.

use std::collections::BTreeMap;

use conformance::region::{self, Provider};
use conformance::source_server::{self, SourceHandle, SourceServer};
use connectors::http::WebAddress;
use connectors::sources::fhir::FhirSourceConfig;
use fhir::FhirVersion;
use policy::UseCaseId;

use super::{loopback, port, said, use_case};
use crate::config::SourceConfig;

/// Its port, above the first.
const PORT: u16 = 153;

/// The system, with its name in the ready file, where the provider has one.
pub fn start(base_port: u16, provider: &Provider) -> Result<Option<(String, SourceHandle)>, String> {
    if !region::has_older_system(provider.key) {
        return Ok(None);
    }
    let (resources, address) = (region::older_resources(provider.key), loopback(port(base_port, PORT)?));
    let handle = SourceServer::start(source_server::FhirVersion::Stu3, resources, address)
        .map_err(|fault| format!("the older system of {} cannot be started: {fault}", provider.name))?;
    Ok(Some((format!("{}-older-source", provider.key), handle)))
}

/// How the provider's node asks it.
pub fn source(base_port: u16, provider: &Provider) -> Result<Option<SourceConfig>, String> {
    if !region::has_older_system(provider.key) {
        return Ok(None);
    }
    let base = said(WebAddress::parse(&format!("http://127.0.0.1:{}/fhir", port(base_port, PORT)?)))?;
    let use_cases = vec![use_case(flows::medication::USE_CASE)?];
    Ok(Some(SourceConfig::Fhir(FhirSourceConfig { use_cases, ..FhirSourceConfig::new(base, FhirVersion::Stu3) })))
}

/// In which versions others ask the provider.
pub fn asked_in(provider: &Provider) -> Result<BTreeMap<UseCaseId, Vec<FhirVersion>>, String> {
    if !region::has_older_system(provider.key) {
        return Ok(BTreeMap::new());
    }
    Ok(BTreeMap::from([(use_case(flows::medication::USE_CASE)?, vec![FhirVersion::R4, FhirVersion::Stu3])]))
}
