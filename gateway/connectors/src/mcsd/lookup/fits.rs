//! Whether an endpoint can be used for what is wanted, now (generic functions handbook, 4.4).

use exchange::ports::Capability;
use fhir::FhirVersion;

use super::super::address::{AddressUse, Networks};
use super::super::authority::holds;
use super::super::moments::Millis;
use super::super::names;
use super::super::record::{Code, EndpointFacts};
use crate::http::WebAddress;

/// What is to be said of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointVerdict {
    Fits,
    /// It is named, and its directory does not have it.
    NotThere,
    /// `off`, `suspended`, …
    Status(String),
    /// Its period begins later.
    NotYet(Millis),
    /// Its period is over.
    Over(Millis),
    /// It is of these connection types.
    OtherConnection(Vec<String>),
    /// It is for these payload types.
    OtherPayload(Vec<String>),
    /// It is for these media types.
    OtherVersion(Vec<String>),
    /// It does not say which FHIR version it speaks.
    NoVersion,
    Address(AddressUse),
}

/// The address of an endpoint, when it fits.
///
/// Codes are compared without their systems: running directories use several for the same connection types.
pub fn judge(
    endpoint: &EndpointFacts,
    wanted: &Capability,
    unversioned: Option<FhirVersion>,
    networks: Networks,
    now: Millis,
) -> Result<WebAddress, EndpointVerdict> {
    if endpoint.status != "active" {
        return Err(EndpointVerdict::Status(endpoint.status.clone()));
    }
    if let Some(until) = endpoint.until.filter(|until| *until <= now) {
        return Err(EndpointVerdict::Over(until));
    }
    if let Some(from) = endpoint.from.filter(|_| !holds(endpoint.from, endpoint.until, now)) {
        return Err(EndpointVerdict::NotYet(from));
    }
    let has = |codes: &[Code], wanted: &[String]| codes.iter().any(|code| wanted.contains(&code.code));
    let listed = |codes: &[Code]| codes.iter().map(|code| code.code.clone()).collect();
    if !wanted.connections.is_empty() && !has(&endpoint.connections, &wanted.connections) {
        return Err(EndpointVerdict::OtherConnection(listed(&endpoint.connections)));
    }
    let any = endpoint.payloads.iter().any(|code| code.code == names::ANY_PAYLOAD);
    // Where a directory is, nothing else is: it speaks FHIR, too.
    let directory =
        !endpoint.payloads.is_empty() && endpoint.payloads.iter().all(|code| code.code == names::DIRECTORY_PAYLOAD);
    if directory && !wanted.payloads.iter().any(|payload| payload == names::DIRECTORY_PAYLOAD) {
        return Err(EndpointVerdict::OtherPayload(listed(&endpoint.payloads)));
    }
    if !wanted.payloads.is_empty() && !any && !has(&endpoint.payloads, &wanted.payloads) {
        return Err(EndpointVerdict::OtherPayload(listed(&endpoint.payloads)));
    }
    if let Some(version) = wanted.version {
        let said: Vec<FhirVersion> = FhirVersion::ALL.into_iter().filter(|one| states(&endpoint.media, *one)).collect();
        let states_one = endpoint.media.iter().any(|media| media.contains("fhirversion="));
        if !said.contains(&version) {
            if states_one {
                return Err(EndpointVerdict::OtherVersion(endpoint.media.clone()));
            }
            if unversioned != Some(version) {
                return Err(EndpointVerdict::NoVersion);
            }
        }
    }
    AddressUse::of(&endpoint.address, networks).map_err(EndpointVerdict::Address)
}

/// Whether one of the media types is FHIR of this version (`application/fhir+json;fhirversion=4.0`).
fn states(media: &[String], version: FhirVersion) -> bool {
    let number = match version {
        FhirVersion::Stu3 => "3.0",
        FhirVersion::R4 => "4.0",
    };
    media.iter().any(|media| {
        let mut parts = media.split(';');
        let is_fhir = parts.next().is_some_and(|kind| matches!(kind, "application/fhir+json" | "application/fhir+xml"));
        is_fhir
            && parts.any(|part| part.strip_prefix("fhirversion=").is_some_and(|said| said.trim_matches('"') == number))
    })
}
