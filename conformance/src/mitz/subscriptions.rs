//! Subscriptions (abonnementen): which care provider holds data of which patient, and where it wants to hear of a change.

use serde::Serialize;
use serde_json::Value;

/// One subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subscription {
    pub id: String,
    pub patient: String,
    /// The holder's URA and care provider type code.
    pub provider: String,
    pub provider_kind: String,
    pub gateway_system: String,
    pub source_system: String,
    pub endpoint: String,
}

impl Subscription {
    /// Reads a FHIR Subscription as Mitz takes it.
    ///
    /// # Errors
    /// 400 and 422, with what is wrong.
    pub fn read(body: &[u8]) -> Result<Self, (u16, &'static str)> {
        let resource: Value = serde_json::from_slice(body).map_err(|_| (400, "not JSON"))?;
        for (name, expected) in [("resourceType", "Subscription"), ("status", "requested"), ("reason", "OTV")] {
            if resource[name] != expected {
                return Err((422, "another resource, status or reason"));
            }
        }
        let channel = &resource["channel"];
        if channel["type"] != "rest-hook" {
            return Err((422, "another channel than a rest-hook"));
        }
        let endpoint = channel["endpoint"].as_str().filter(|url| url.starts_with("https://"));
        let criteria = resource["criteria"].as_str().and_then(|text| text.strip_prefix("Consent?")).unwrap_or_default();
        let asked: Vec<(String, String)> = url::form_urlencoded::parse(criteria.as_bytes()).into_owned().collect();
        let of = |name: &str| asked.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let extension = |name: &str| {
            let url = format!("http://fhir.nl/StructureDefinition/{name}");
            let found = resource["extension"].as_array()?.iter().find(|known| known["url"] == url.as_str())?;
            found["valueOid"].as_str().filter(|oid| oid.starts_with("urn:oid:")).map(str::to_owned)
        };
        let missing = (422, "something is missing");
        if of("_query").as_deref() != Some("otv") {
            return Err((422, "another query"));
        }
        Ok(Subscription {
            id: uuid::Uuid::new_v4().to_string(),
            patient: of("patientid").filter(|bsn| bsn.len() == 9).ok_or(missing)?,
            provider: of("providerid").filter(|ura| ura.len() == 8).ok_or(missing)?,
            provider_kind: of("providertype").ok_or(missing)?,
            gateway_system: extension("GatewaySystem").ok_or(missing)?,
            source_system: extension("SourceSystem").ok_or(missing)?,
            endpoint: endpoint.ok_or(missing)?.to_owned(),
        })
    }

    /// Whether it is the same holder's of the same patient.
    pub fn same(&self, other: &Subscription) -> bool {
        self.patient == other.patient && self.provider == other.provider
    }
}
