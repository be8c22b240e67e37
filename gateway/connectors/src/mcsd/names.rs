//! Canonicals and codes of addressing, as the two guides and HL7 publish them.

/// Connection types of HL7 (CodeSystem of FHIR R4).
pub const CONNECTION_TYPES: &str = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type";
/// Authorization servers, of the ministry's guide (MGF 0.10).
pub const AUTHORIZATION_SERVERS: &str =
    "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-authorization-server-cs";
/// Data categories, of the ministry's guide.
pub const DATA_CATEGORIES: &str = "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-data-categories-cs";
/// What an endpoint can, of the Nuts guide (NGF 0.3).
pub const CAPABILITIES: &str =
    "http://nuts-foundation.github.io/nl-generic-functions-ig/CodeSystem/nl-gf-data-exchange-capabilities";
/// The payload type of a provider's own directory (NGF: administration directory).
pub const DIRECTORY_PAYLOAD: &str =
    "http://nuts-foundation.github.io/nl-generic-functions-ig/CapabilityStatement/nl-gf-admin-directory-update-client";
/// Payload types of HL7 (CodeSystem of FHIR R4), and its code for all of them.
pub const PAYLOAD_TYPES: &str = "http://terminology.hl7.org/CodeSystem/endpoint-payload-type";
pub const ANY_PAYLOAD: &str = "any";

/// A FHIR interface.
pub const FHIR_REST: &str = "hl7-fhir-rest";
/// An OAuth 2.0 token endpoint.
pub const OAUTH2: &str = "oauth2";

/// Identifies organisations (UZI register subscriber number), also as an OID.
pub const URA_OID: &str = "urn:oid:2.16.528.1.1007.3.3";
