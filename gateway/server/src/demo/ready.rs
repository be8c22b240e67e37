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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ReadySimulator>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness_key: Option<String>,
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
            log_key: None,
            witness_key: None,
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const CONTRACT: &str = include_str!("../../../../config/ready-file.md");

    /// A document in which every member that may be absent is there.
    fn whole() -> Ready {
        let text = || "x".to_owned();
        let file = || PathBuf::from("x");
        let node = ReadyNode::new("x", "x", "x", &["r4"], text(), text());
        Ready {
            format: FORMAT,
            kind: "demo",
            state: file(),
            ca_file: file(),
            nodes: vec![ReadyNode { portal: Some(text()), log_key: Some(text()), witness_key: Some(text()), ..node }],
            callers: vec![ReadyCaller {
                name: text(),
                listener: "outer",
                node: Some(text()),
                ura: text(),
                certificate_file: Some(file()),
                key_file: Some(file()),
                client_id: Some(text()),
                bearer_token: Some(text()),
                person: Some(ReadyPerson { id: text(), role: text(), name: text() }),
                use_cases: vec![UseCaseId::parse("x").unwrap()],
                treats: vec![text()],
            }],
            patients: vec![ReadyPatient { bsn: text(), name: text(), known_at: vec![text()] }],
            simulators: vec![ReadySimulator { key: text(), kind: text(), base: text(), control: text() }],
            services: vec![ReadySimulator { key: text(), kind: text(), base: text(), control: text() }],
        }
    }

    /// The path of every member, lists as `[]`.
    fn members(value: &Value, path: &str, into: &mut Vec<String>) {
        match value {
            // Versions are the names here, and the table says so.
            Value::Object(_) if path.ends_with(".fhir.outer") || path.ends_with(".fhir.inner") => {}
            Value::Object(named) => {
                for (name, value) in named {
                    let member = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    into.push(member.clone());
                    members(value, &member, into);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| members(value, &format!("{path}[]"), into)),
            _ => {}
        }
    }

    #[test]
    fn every_member_stands_in_the_description_of_the_contract() {
        let mut all = Vec::new();
        members(&serde_json::to_value(whole()).unwrap(), "", &mut all);
        // What only groups others need not be named by itself.
        all.retain(|member| !member.ends_with(".fhir") && !member.ends_with(".health"));
        let missing: Vec<_> = all.iter().filter(|member| !CONTRACT.contains(&format!("`{member}`"))).collect();
        assert!(missing.is_empty(), "config/ready-file.md does not say what {missing:?} is");
        assert!(CONTRACT.contains(FORMAT));
    }

    #[test]
    fn the_file_appears_whole_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready.json");
        std::fs::write(&file, "of an earlier run").unwrap();
        whole().write(&file).unwrap();
        let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(written["format"], FORMAT);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }
}
