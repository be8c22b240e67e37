//! Where others are reached (adressering): an organisation, or a service of one, by what it must be able to do.

use fhir::{FhirVersion, Ura};
use policy::Finding;
use time::OffsetDateTime;

use super::BoxFuture;

/// Who is to be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receiver {
    pub ura: Ura,
    /// One of its services: its id in the directory, or its identifier as `system|value`.
    pub service: Option<String>,
}

/// What an endpoint must be able to do. A list is fulfilled by any of its codes, an empty one by whatever there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capability {
    /// `Endpoint.connectionType`: `hl7-fhir-rest`, `oauth2`, …
    pub connections: Vec<String>,
    /// `Endpoint.payloadType`: data categories, or names of capabilities.
    pub payloads: Vec<String>,
    /// The FHIR version, where it matters.
    pub version: Option<FhirVersion>,
}

/// An address, and whose it is: nobody may be called there who does not prove to be this organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointAddress {
    /// An https URL, checked to lead where it may.
    pub address: String,
    pub ura: Ura,
    /// The organisation's name, for people.
    pub organisation: String,
    /// How old this knowledge is.
    pub as_of: OffsetDateTime,
}

pub trait Addressing: Send + Sync {
    /// `Absent` when it is known that there is no such endpoint now; why is for people to ask.
    fn address<'a>(
        &'a self,
        receiver: &'a Receiver,
        capability: &'a Capability,
    ) -> BoxFuture<'a, Finding<EndpointAddress>>;
}
