//! Why an organisation is or is not found: the steps of a look-up, as sentences.

use audit::Language;
use connectors::mcsd::{Directories, Step, names};
use exchange::ports::{Capability, Receiver};
use fhir::{FhirVersion, Ura};
use serde::{Deserialize, Serialize};

use super::words;

/// What somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub ura: Ura,
    #[serde(default)]
    pub service: Option<String>,
    /// Connection types; a FHIR interface when there are none.
    #[serde(default)]
    pub connections: Vec<String>,
    #[serde(default)]
    pub payloads: Vec<String>,
    #[serde(default)]
    pub version: Option<FhirVersion>,
    #[serde(default)]
    pub english: bool,
}

/// What is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Each step, and whether the way goes on there.
    pub steps: Vec<(bool, String)>,
    pub address: Option<String>,
    /// The last word.
    pub conclusion: String,
}

impl Asked {
    /// The R4 interface of an organisation.
    pub fn about(ura: Ura) -> Self {
        Asked { ura, service: None, connections: Vec::new(), payloads: Vec::new(), version: None, english: false }
    }

    fn capability(&self) -> Capability {
        let connections =
            if self.connections.is_empty() { vec![names::FHIR_REST.to_owned()] } else { self.connections.clone() };
        let is_fhir = connections.iter().any(|connection| connection == names::FHIR_REST);
        let version = self.version.or(is_fhir.then_some(FhirVersion::R4));
        Capability { connections, payloads: self.payloads.clone(), version }
    }
}

pub fn explain(directories: &Directories, asked: &Asked) -> Result<Explained, String> {
    let language = if asked.english { Language::English } else { Language::Dutch };
    let receiver = Receiver { ura: asked.ura.clone(), service: asked.service.clone() };
    let told = directories.examine(&receiver, &asked.capability()).map_err(|fault| fault.to_string())?;
    let steps = told.steps.iter().map(|step| (step.holds(), words::step(step, language))).collect();
    let none_read = told.unread && !told.steps.contains(&Step::NoDirectory);
    Ok(Explained {
        steps,
        conclusion: words::conclusion(told.found.as_ref(), none_read, language),
        address: told.found.map(|found| found.address.to_string()),
    })
}
