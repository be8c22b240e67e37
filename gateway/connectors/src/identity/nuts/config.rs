//! How this node takes part in Nuts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::http::WebAddress;

/// Configuration of Nuts. Without it no token is given for a presentation, and no Nuts node is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NutsConfig {
    /// Our name as subject: the last part of our issuer, `{public_base}/oauth2/{subject}`. By default the URA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The authorities that a `did:x509` may name (PEM): each by its own fingerprint, intermediates too. Without it no
    /// token is given for a presentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// Whom we believe when a `did:web` shows its TLS certificate (PEM). By default those that the operating system does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did_web_authorities_file: Option<PathBuf>,
    /// The hosts that status lists of credentials may be at: `host` or `host:port`, https only. Without any, a credential
    /// that has a status is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_hosts: Vec<String>,
    /// Our `did:nuts`, as the partners of Nuts v5 name us. Without it their grant is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v5_did: Option<String>,
    /// Where a Nuts node of our own says what its tokens stand for. Without it only tokens of ours are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<WebAddress>,
    /// The authorities behind our own certificate (PEM), from its issuer upwards; our `did:x509` names the last. With it this
    /// node presents itself to the partners that are named by their authorization server, without a Nuts node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_chain_file: Option<PathBuf>,
    /// The internal API of a Nuts node of our own, which gets tokens from partners that are named by their authorization
    /// server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_api: Option<WebAddress>,
}

impl NutsConfig {
    /// The files that it names.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let files = [&mut self.authorities_file, &mut self.did_web_authorities_file, &mut self.own_chain_file];
        files.into_iter().flatten()
    }

    /// Whether the subject can stand in a URL as it is.
    pub fn has_a_good_subject(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        self.subject.as_deref().is_none_or(|text| (1..=64).contains(&text.len()) && text.bytes().all(plain))
    }
}
