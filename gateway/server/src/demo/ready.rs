//! The ready file: everything by which another program can drive a running demo or try. A contract; it is described
//! in `config/ready-file.md`, and members are only ever added.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policy::UseCaseId;
use serde::Serialize;

use super::secrets;

/// The name of the contract.
pub const FORMAT: &str = "zorgsluis-ready/1";

#[derive(Serialize)]
pub struct Ready {
    pub format: &'static str,
    pub kind: &'static str,
    pub state: PathBuf,
    pub ca_file: PathBuf,
    pub nodes: Vec<ReadyNode>,
    pub callers: Vec<ReadyCaller>,
    pub patients: Vec<ReadyPatient>,
    pub simulators: Vec<ReadySimulator>,
}

#[derive(Serialize)]
pub struct ReadyNode {
    pub key: String,
    pub name: String,
    pub ura: String,
    pub pid: u32,
    pub outer: String,
    pub inner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    pub fhir: ReadyBases,
    pub token_endpoint: String,
    pub metrics: String,
    pub health: ReadyHealth,
    pub log_folder: PathBuf,
    pub config_file: PathBuf,
}

#[derive(Serialize)]
pub struct ReadyBases {
    pub outer: BTreeMap<String, String>,
    pub inner: BTreeMap<String, String>,
}

#[derive(Serialize)]
pub struct ReadyHealth {
    pub live: String,
    pub ready: String,
}

/// Somebody to call as.
#[derive(Serialize)]
pub struct ReadyCaller {
    pub name: String,
    /// `outer`: mutual TLS and a token from the token endpoint. `inner`: the bearer token as it stands here.
    pub listener: &'static str,
    /// The node to whose provider the caller belongs; none for an organisation without a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    pub ura: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<ReadyPerson>,
    pub use_cases: Vec<UseCaseId>,
    /// The patients that the person treats, by BSN.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub treats: Vec<String>,
}

#[derive(Serialize)]
pub struct ReadyPerson {
    pub id: String,
    pub role: String,
    pub name: String,
}

#[derive(Serialize)]
pub struct ReadyPatient {
    pub bsn: String,
    pub name: String,
    pub known_at: Vec<String>,
}

#[derive(Serialize)]
pub struct ReadySimulator {
    pub key: String,
    pub kind: String,
    pub base: String,
    pub control: String,
}

impl ReadyNode {
    /// A node by where it listens.
    pub fn new(key: &str, name: &str, ura: &str, versions: &[&str], outer: String, inner: String) -> Self {
        let bases = |base: &str| {
            versions.iter().map(|version| ((*version).to_owned(), format!("{base}/fhir/{version}"))).collect()
        };
        ReadyNode {
            key: key.to_owned(),
            name: name.to_owned(),
            ura: ura.to_owned(),
            pid: 0,
            portal: None,
            fhir: ReadyBases { outer: bases(&outer), inner: bases(&inner) },
            token_endpoint: format!("{outer}/oauth/token"),
            metrics: format!("{inner}/metrics"),
            health: ReadyHealth { live: format!("{inner}/health/live"), ready: format!("{inner}/health/ready") },
            log_folder: PathBuf::new(),
            config_file: PathBuf::new(),
            outer,
            inner,
        }
    }
}

impl Ready {
    /// Writes the document where only its owner reads it, in one step: whoever sees it sees it whole.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        let text = serde_json::to_vec_pretty(self).map_err(|fault| fault.to_string())?;
        let draft = file.with_extension("draft");
        secrets::write_private(&draft, &text)?;
        std::fs::rename(&draft, file).map_err(super::io(file))
    }
}
