//! The ready file: the contract by which another program drives a running demonstration.
//!
//! The product writes it when all is ready; this side only reads it, and so is the first to
//! notice when the contract is broken. Fields that are not known here are ignored: the
//! contract may grow, not change.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use thiserror::Error;

/// The version of the contract that this code reads.
pub const FORMAT: &str = "zorgsluis-ready/1";

/// Why a ready file could not be used.
#[derive(Debug, Error)]
pub enum ReadyError {
    #[error("the ready file cannot be read: {0}")]
    File(#[from] io::Error),
    #[error("the ready file is not what its contract says: {0}")]
    Content(#[from] serde_json::Error),
    #[error("the ready file has format {0:?}, this program reads {FORMAT:?}")]
    Format(String),
}

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    pub format: String,
    /// `demo` or `try`.
    pub kind: String,
    /// The state folder.
    pub state: PathBuf,
    /// The certificate of the authority that all listeners and callers trust.
    pub ca_file: PathBuf,
    pub nodes: Vec<Node>,
    pub callers: Vec<Caller>,
    pub patients: Vec<Patient>,
    pub simulators: Vec<Simulator>,
    /// National services, played on loopback.
    #[serde(default)]
    pub services: Vec<Simulator>,
}

/// A running node.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// The provider's key: `hospital` and so on.
    pub key: String,
    pub name: String,
    pub ura: String,
    pub pid: u32,
    /// Base of the outer listener (mutual TLS).
    pub outer: String,
    /// Base of the inner listener.
    pub inner: String,
    /// None where no pages are served.
    pub portal: Option<String>,
    pub fhir: Fhir,
    pub token_endpoint: String,
    pub metrics: String,
    pub health: Health,
    pub log_folder: PathBuf,
    /// Public keys of its log and of its node as a witness, where the nodes witness one another.
    pub log_key: Option<String>,
    pub witness_key: Option<String>,
    pub config_file: PathBuf,
}

/// FHIR bases by listener.
#[derive(Clone, Debug, Deserialize)]
pub struct Fhir {
    pub outer: Bases,
    pub inner: Bases,
}

/// FHIR bases by release; a node need not serve both.
#[derive(Clone, Debug, Deserialize)]
pub struct Bases {
    pub r4: Option<String>,
    pub stu3: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Health {
    pub live: String,
    pub ready: String,
}

/// Which side of a node a caller comes in at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Listener {
    Outer,
    Inner,
}

/// A caller with everything it needs.
#[derive(Clone, Debug, Deserialize)]
pub struct Caller {
    pub name: String,
    pub listener: Listener,
    /// The key of the node whose organisation the caller belongs to; none for an
    /// organisation without a node.
    pub node: Option<String>,
    pub ura: String,
    pub certificate_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub client_id: Option<String>,
    pub bearer_token: Option<String>,
    pub person: Option<Person>,
    #[serde(default)]
    pub use_cases: Vec<String>,
    /// The patients that the person treats, by BSN.
    #[serde(default)]
    pub treats: Vec<String>,
}

/// The person whom a caller acts for.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub id: String,
    /// UZI role code.
    pub role: String,
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Patient {
    pub bsn: String,
    pub name: String,
    pub known_at: Vec<String>,
}

/// A simulator on loopback.
#[derive(Clone, Debug, Deserialize)]
pub struct Simulator {
    pub key: String,
    pub kind: String,
    pub base: String,
    /// Where it is driven and questioned; empty when it is somebody's own server.
    #[serde(default)]
    pub control: String,
}

impl Ready {
    /// # Errors
    /// The file cannot be read, breaks the contract, or is of another version of it.
    pub fn read(file: &Path) -> Result<Self, ReadyError> {
        Self::parse(&fs::read(file)?)
    }

    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &[u8]) -> Result<Self, ReadyError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let head: Head = serde_json::from_slice(text)?;
        if head.format != FORMAT {
            return Err(ReadyError::Format(head.format));
        }
        Ok(serde_json::from_slice(text)?)
    }

    pub fn node(&self, key: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.key == key)
    }

    pub fn caller(&self, name: &str) -> Option<&Caller> {
        self.callers.iter().find(|caller| caller.name == name)
    }

    /// The caller who is this person, by the provider's own id.
    pub fn person(&self, id: &str) -> Option<&Caller> {
        self.callers.iter().find(|caller| caller.person.as_ref().is_some_and(|person| person.id == id))
    }

    /// The caller at the outer gate of the organisation with this URA.
    pub fn organisation(&self, ura: &str) -> Option<&Caller> {
        self.callers.iter().find(|caller| caller.listener == Listener::Outer && caller.ura == ura)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn example() -> Value {
        json!({
            "format": "zorgsluis-ready/1", "kind": "demo", "state": "state", "ca_file": "state/ca.pem",
            "nodes": [{
                "key": "hospital", "name": "Ziekenhuis Maasdal", "ura": "90010001", "pid": 1,
                "outer": "https://localhost:1", "inner": "http://127.0.0.1:2", "portal": "http://127.0.0.1:2/portal",
                "fhir": {"outer": {"r4": "https://localhost:1/fhir/r4", "stu3": "https://localhost:1/fhir/stu3"},
                         "inner": {"r4": "http://127.0.0.1:2/fhir/r4"}},
                "token_endpoint": "https://localhost:1/oauth/token", "metrics": "http://127.0.0.1:2/metrics",
                "health": {"live": "http://127.0.0.1:2/health/live", "ready": "http://127.0.0.1:2/health/ready"},
                "log_folder": "state/log", "config_file": "state/config.toml"
            }],
            "callers": [
                {"name": "gp", "listener": "outer", "node": "general-practice", "ura": "90010003",
                 "certificate_file": "c.pem", "key_file": "k.pem", "client_id": "90010003",
                 "person": {"id": "deboer", "role": "01.015", "name": "I. de Boer"}, "use_cases": ["overview"]},
                {"name": "portal", "listener": "inner", "node": "hospital", "ura": "90010001", "bearer_token": "t"},
                {"name": "clinic", "listener": "outer", "ura": "90010090", "certificate_file": "c.pem"}
            ],
            "patients": [{"bsn": "999911120", "name": "Mien van der Heuvel", "known_at": ["hospital"]}],
            "simulators": [{"key": "hospital-source", "kind": "fhir-source", "base": "http://127.0.0.1:3/fhir"}],
            "added_later": true
        })
    }

    #[test]
    fn the_contract_is_read_and_may_grow() {
        let ready = Ready::parse(example().to_string().as_bytes()).unwrap();
        assert_eq!(ready.node("hospital").unwrap().fhir.inner.stu3, None);
        let gp = ready.caller("gp").unwrap();
        assert_eq!((gp.listener, gp.person.as_ref().unwrap().role.as_str()), (Listener::Outer, "01.015"));
        assert_eq!(ready.caller("portal").unwrap().bearer_token.as_deref(), Some("t"));
        assert!(ready.caller("nobody").is_none() && ready.node("nowhere").is_none());
        assert_eq!(ready.person("deboer").unwrap().name, "gp");
        let clinic = ready.organisation("90010090").unwrap();
        assert_eq!((clinic.name.as_str(), &clinic.node), ("clinic", &None));
    }

    #[test]
    fn another_version_and_a_missing_field_are_named() {
        let mut other = example();
        other["format"] = json!("zorgsluis-ready/2");
        assert!(matches!(Ready::parse(other.to_string().as_bytes()), Err(ReadyError::Format(_))));
        let mut less = example();
        less["nodes"][0].as_object_mut().unwrap().remove("token_endpoint");
        let error = Ready::parse(less.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains("token_endpoint"), "{error}");
    }
}
