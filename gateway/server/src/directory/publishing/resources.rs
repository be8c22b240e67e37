//! The resources that are published, by the ministry's guide (MGF 0.10): custodian-assigned identifiers, `managingOrganization`
//! of whoever runs an endpoint, the FHIR version in the media type, and an authorization server beside the FHIR interface.

use connectors::mcsd::names;
use fhir::FhirVersion;
use fhir::identifiers::systems;
use serde_json::{Value, json};

use super::config::{PublicationConfig, PublishedPlace};
use super::serving;
use crate::config::NodeConfig;

/// The participant type of whoever keeps something (HL7 CodeSystem).
const PARTICIPANT_TYPES: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
/// Care provider types, by their OID.
const PROVIDER_TYPES: &str = "urn:oid:2.16.840.1.113883.2.4.15.1060";
/// Identifiers that are URIs.
const URIS: &str = "urn:ietf:rfc:3986";

/// Everything that this node publishes, as it is now.
pub fn of(config: &NodeConfig, publication: &PublicationConfig, versions: &[FhirVersion]) -> Vec<Value> {
    let maker = Maker { config, publication };
    let mut endpoints = Vec::new();
    for version in versions {
        let media = format!("application/fhir+json; fhirVersion={}", number(*version));
        let address = format!("{}/fhir/{version}", config.outer.public_base);
        let connection = coding(names::CONNECTION_TYPES, names::FHIR_REST);
        let name = format!("FHIR {}", number(*version));
        let payloads = maker.payloads(&publication.payload_types);
        endpoints.push(maker.endpoint(&format!("fhir-{version}"), &name, &connection, &payloads, &[media], &address));
    }
    let token = format!("{}/oauth/token", config.outer.public_base);
    let oauth = coding(names::AUTHORIZATION_SERVERS, names::OAUTH2);
    endpoints.push(maker.endpoint("oauth2", "OAuth 2.0", &oauth, &maker.payloads(&[]), &[], &token));
    let directory = format!("{}{}", config.outer.public_base, serving::PATH);
    let rest = coding(names::CONNECTION_TYPES, names::FHIR_REST);
    let payload = json!([{"coding": [coding(names::CAPABILITIES, names::DIRECTORY_PAYLOAD)]}]);
    let media = format!("application/fhir+json; fhirVersion={}", number(FhirVersion::R4));
    endpoints.push(maker.endpoint("directory", "Adresboek", &rest, &payload, &[media], &directory));
    for one in &publication.endpoints {
        let connection = split(&one.connection_type);
        let payloads = maker.payloads(&one.payload_types);
        let mut endpoint = maker.endpoint(&one.id, &one.name, &connection, &payloads, &one.media_types, &one.address);
        let bounds = [("start", &one.from), ("end", &one.until)];
        for (name, moment) in bounds.into_iter().filter_map(|(name, moment)| Some((name, moment.as_ref()?))) {
            endpoint["period"][name] = json!(moment);
        }
        endpoints.push(endpoint);
    }
    let of_places: Vec<&String> =
        publication.services.iter().chain(&publication.locations).flat_map(|one| &one.endpoints).collect();
    let own = endpoints.iter().filter_map(|endpoint| endpoint["id"].as_str());
    let own = own.filter(|id| !of_places.iter().any(|of_place| *of_place == id));
    let references: Vec<Value> = own.map(|id| reference("Endpoint", id)).collect();
    let mut all = vec![maker.organisation(references)];
    all.extend(publication.locations.iter().map(|place| maker.location(place)));
    all.extend(publication.services.iter().map(|place| maker.service(place)));
    all.extend(endpoints);
    all
}

struct Maker<'c> {
    config: &'c NodeConfig,
    publication: &'c PublicationConfig,
}

/// The one organisation's id.
const ORGANISATION: &str = "organisation";

impl Maker<'_> {
    fn organisation(&self, endpoints: Vec<Value>) -> Value {
        let provider = &self.config.provider;
        let kind = provider.kind.iter().map(|kind| coding(PROVIDER_TYPES, kind));
        let types = kind.chain(self.publication.organisation_types.iter().map(|code| split(code)));
        let types: Vec<Value> = types.map(|coding| json!({"coding": [coding]})).collect();
        let mut organisation = json!({
            "resourceType": "Organization", "id": ORGANISATION,
            "identifier": [{"use": "official", "system": systems::URA, "value": provider.ura.as_str()}],
            "active": true, "name": provider.name, "endpoint": endpoints,
        });
        if !types.is_empty() {
            organisation["type"] = json!(types);
        }
        organisation
    }

    fn endpoint(
        &self,
        id: &str,
        name: &str,
        connection: &Value,
        payloads: &Value,
        media: &[String],
        address: &str,
    ) -> Value {
        let operator =
            self.publication.operator.as_deref().map(|operator| operator.rsplit_once('|').unwrap_or_default());
        let (system, value) = operator.unwrap_or((systems::URA, self.config.provider.ura.as_str()));
        let mut endpoint = json!({
            "resourceType": "Endpoint", "id": id, "identifier": [self.identifier("endpoint", id)], "status": "active",
            "connectionType": connection, "name": name,
            "managingOrganization": {"identifier": {"system": system, "value": value}},
            "payloadType": payloads, "address": address,
        });
        if !media.is_empty() {
            endpoint["payloadMimeType"] = json!(media);
        }
        endpoint
    }

    fn service(&self, place: &PublishedPlace) -> Value {
        let mut service = self.place("HealthcareService", place);
        service["active"] = json!(true);
        service["providedBy"] = reference("Organization", ORGANISATION);
        service
    }

    fn location(&self, place: &PublishedPlace) -> Value {
        let mut location = self.place("Location", place);
        location["status"] = json!("active");
        location["managingOrganization"] = reference("Organization", ORGANISATION);
        location
    }

    fn place(&self, kind: &str, place: &PublishedPlace) -> Value {
        let types: Vec<Value> = place.types.iter().map(|code| json!({"coding": [split(code)]})).collect();
        let mut made = json!({
            "resourceType": kind, "id": place.id, "identifier": [self.identifier(kind, &place.id)], "name": place.name,
        });
        if !types.is_empty() {
            made["type"] = json!(types);
        }
        if !place.endpoints.is_empty() {
            let endpoints: Vec<Value> = place.endpoints.iter().map(|id| reference("Endpoint", id)).collect();
            made["endpoint"] = json!(endpoints);
        }
        made
    }

    /// A custodian-assigned identifier: a UUID that is the same for the same thing of the same provider.
    fn identifier(&self, kind: &str, id: &str) -> Value {
        let ura = self.config.provider.ura.as_str();
        let named = format!("{ura}/{kind}/{id}");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, named.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        let custodian = json!({"coding": [coding(PARTICIPANT_TYPES, "custodian")]});
        json!({"use": "official", "system": URIS, "value": format!("urn:uuid:{uuid}"),
            "assigner": {"identifier": {"type": custodian, "system": systems::URA, "value": ura}}})
    }

    fn payloads(&self, codes: &[String]) -> Value {
        if codes.is_empty() {
            return json!([{"coding": [coding(names::PAYLOAD_TYPES, names::ANY_PAYLOAD)]}]);
        }
        codes.iter().map(|code| json!({"coding": [split(code)]})).collect()
    }
}

fn number(version: FhirVersion) -> &'static str {
    match version {
        FhirVersion::Stu3 => "3.0",
        FhirVersion::R4 => "4.0",
    }
}

fn coding(system: &str, code: &str) -> Value {
    json!({"system": system, "code": code})
}

/// `system|code`; a code may be a URL, a system has no bar.
fn split(code: &str) -> Value {
    let (system, code) = code.split_once('|').unwrap_or(("", code));
    coding(system, code)
}

fn reference(kind: &str, id: &str) -> Value {
    json!({"reference": format!("{kind}/{id}")})
}
