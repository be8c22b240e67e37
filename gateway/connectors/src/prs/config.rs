//! How the pseudonym service is reached, and as whom the recipient of a pseudonym is known.

use serde::{Deserialize, Serialize};

use crate::http::WebAddress;

/// Which call the service offers: its guide and its running code differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrsCall {
    /// `POST /oprf/eval`, as the national service runs it.
    #[default]
    Eval,
    /// `POST /evaluate`, as the ministry's guide describes it.
    Evaluate,
}

/// The pseudonym service: `[registers.nvi.prs]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrsConfig {
    pub base: WebAddress,
    #[serde(default)]
    pub call: PrsCall,
    /// For whom pseudonyms are made: the index, as the operator of the service knows it (`oin:…` or `ura:…`). Pseudonyms
    /// for one name do not fit those for another, so it is to be confirmed before anything is registered.
    pub recipient: String,
    /// What the recipient uses them for.
    #[serde(default = "scope")]
    pub scope: String,
}

fn scope() -> String {
    "nationale-verwijsindex".to_owned()
}

impl PrsConfig {
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        let plain = |text: &str| {
            (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'|')
        };
        if !self.recipient.starts_with("oin:") && !self.recipient.starts_with("ura:") || !plain(&self.recipient) {
            return Err("registers.nvi.prs.recipient must be oin:… or ura:…".to_owned());
        }
        if !plain(&self.scope) {
            return Err("registers.nvi.prs.scope must be a word without a bar".to_owned());
        }
        Ok(())
    }
}
