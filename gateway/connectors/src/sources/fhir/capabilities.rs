//! What an upstream server says it can search by: its CapabilityStatement, asked once and remembered for a while.
//!
//! It is believed only to save requests. What a server answers is checked all the same, and a server that says
//! nothing is assumed to know what the standard gives every server.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ::fhir::json::Value;
use ::fhir::{FhirVersion, Resource, ResourceType};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::super::rest::Call;

/// How long a statement stands. Servers are updated by the month, not by the minute.
const LIFE: Duration = Duration::from_secs(3_600);
/// How long it is remembered that there was none.
const LIFE_OF_NONE: Duration = Duration::from_secs(60);
/// A statement that takes longer is done without.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most names kept per list; a statement with more is no statement of a FHIR server.
const MOST_NAMES: usize = 1_000;

/// What the server says about its searches, by type.
#[derive(Debug, Default)]
pub(super) struct Capabilities {
    types: HashMap<ResourceType, OfType>,
}

/// The searches of one type.
#[derive(Debug, Default)]
pub(super) struct OfType {
    /// Empty when the statement does not say.
    pub parameters: HashSet<String>,
    pub includes: HashSet<String>,
    pub reverse_includes: HashSet<String>,
}

/// The statement as last read. One question asks for it; the others wait for that one.
#[derive(Default)]
pub(super) struct Remembered {
    read: Mutex<Option<(Instant, Option<Arc<Capabilities>>)>>,
}

impl Remembered {
    /// The server's statement; nothing when it gives none that can be used.
    pub async fn get(&self, call: &Call<'_>) -> Option<Arc<Capabilities>> {
        let mut read = self.read.lock().await;
        if let Some((until, known)) = read.as_ref()
            && *until > Instant::now()
        {
            return known.clone();
        }
        let patience = PATIENCE.min(call.patience() / 4);
        let answer = tokio::time::timeout(patience, call.read(&["metadata"])).await;
        let known = match answer {
            Ok(Ok(statement)) => Capabilities::read(call.rest.version, &statement).map(Arc::new),
            Ok(Err(_)) | Err(_) => None,
        };
        if known.is_none() {
            tracing::debug!("a source gives no capability statement; it is taken to know the standard's parameters");
        }
        let life = if known.is_some() { LIFE } else { LIFE_OF_NONE };
        *read = Some((Instant::now() + life, known.clone()));
        known
    }
}

impl Capabilities {
    /// Reads the server's half of a CapabilityStatement; nothing when the resource is none.
    pub fn read(version: FhirVersion, statement: &Resource) -> Option<Self> {
        if statement.resource_type() != "CapabilityStatement" {
            return None;
        }
        let root = statement.root();
        let serves =
            |rest: &Value<'_>| rest.get("mode").and_then(|mode| mode.as_text()).is_none_or(|mode| mode == "server");
        let mut capabilities = Capabilities::default();
        for resource in root.all("rest").into_iter().filter(serves).flat_map(|rest| rest.all("resource")) {
            let name = resource.get("type").and_then(|name| name.as_text()).unwrap_or_default();
            let Some(kind) = ResourceType::parse(version, &name) else { continue };
            let of_type = capabilities.types.entry(kind).or_default();
            of_type.parameters.extend(texts(&resource, "searchParam.name"));
            of_type.includes.extend(texts(&resource, "searchInclude"));
            of_type.reverse_includes.extend(texts(&resource, "searchRevInclude"));
        }
        Some(capabilities)
    }

    /// What the server says of this type; nothing when it does not speak of it.
    pub fn of(&self, kind: ResourceType) -> Option<&OfType> {
        self.types.get(&kind)
    }
}

fn texts(value: &Value<'_>, path: &str) -> Vec<String> {
    let found = value.all(path).into_iter().take(MOST_NAMES);
    found.filter_map(|text| text.as_text()).map(std::borrow::Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sources::testing::resource;

    #[test]
    fn a_statement_tells_parameters_and_includes_by_type() {
        let statement = resource(&json!({"resourceType": "CapabilityStatement", "rest": [
            {"mode": "client", "resource": [{"type": "Task", "searchParam": [{"name": "status"}]}]},
            {"mode": "server", "resource": [
                {"type": "Observation", "searchParam": [{"name": "code"}, {"name": "date"}],
                 "searchInclude": ["Observation:has-member"], "searchRevInclude": ["Provenance:target"]},
                {"type": "NoSuchType", "searchParam": [{"name": "code"}]},
                {"type": "Condition"}]}]}));
        let read = Capabilities::read(FhirVersion::R4, &statement).unwrap();
        let kind = |name| ResourceType::parse(FhirVersion::R4, name).unwrap();
        let observation = read.of(kind("Observation")).unwrap();
        assert!(observation.parameters.contains("date") && observation.parameters.len() == 2);
        assert!(observation.includes.contains("Observation:has-member"));
        assert!(observation.reverse_includes.contains("Provenance:target"));
        assert!(read.of(kind("Condition")).unwrap().parameters.is_empty());
        assert!(read.of(kind("Task")).is_none(), "what it asks of others is no word on what it answers");
        assert!(Capabilities::read(FhirVersion::R4, &resource(&json!({"resourceType": "Patient"}))).is_none());
    }
}
