//! A DID document, as far as keys go (W3C DID Core, section 5.3).

use serde::Deserialize;
use serde_json::Value;

use crate::identity::jose::{JwkMembers, PublicJwk};

/// The most keys that are looked at.
const MAX_METHODS: usize = 32;

/// Which of a document's keys are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Relations {
    /// Those by which the owner authenticates or makes statements.
    Any,
    /// Those for statements only (`assertionMethod`).
    Assertion,
}

/// Keys of a DID's owner, by their full DID URL.
pub(in super::super) struct DidDocument {
    keys: Vec<(String, PublicJwk)>,
}

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default, rename = "verificationMethod")]
    methods: Vec<Value>,
    #[serde(default)]
    authentication: Vec<Value>,
    #[serde(default, rename = "assertionMethod")]
    assertion: Vec<Value>,
}

#[derive(Deserialize)]
struct Method {
    id: String,
    controller: String,
    #[serde(rename = "publicKeyJwk")]
    jwk: JwkMembers,
}

impl DidDocument {
    /// Nothing when it is no document of this DID. Keys of kinds that are not known here are passed over.
    pub(in super::super) fn read(body: &[u8], did: &str, relations: Relations) -> Option<Self> {
        let document: Document = serde_json::from_slice(body).ok()?;
        if document.id != did || document.methods.len() > MAX_METHODS {
            return None;
        }
        let mut keys = Vec::new();
        let authentication = match relations {
            Relations::Any => document.authentication.as_slice(),
            Relations::Assertion => &[],
        };
        let relations: Vec<&Value> = authentication.iter().chain(&document.assertion).take(MAX_METHODS).collect();
        for relation in relations {
            let method = match relation {
                Value::String(reference) => document.methods.iter().find(|method| names(method, reference, did)),
                embedded => Some(embedded),
            };
            let Some(method) = method.and_then(|method| serde_json::from_value::<Method>(method.clone()).ok()) else {
                continue;
            };
            // A key that another controls proves nothing about this DID.
            if method.controller == did
                && let Ok(key) = PublicJwk::of(&method.jwk)
            {
                keys.push((full(&method.id, did), key));
            }
        }
        Some(DidDocument { keys })
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(in super::super) fn key(&self, kid: &str) -> Option<PublicJwk> {
        self.keys.iter().find(|(id, _)| id == kid).map(|(_, key)| key.clone())
    }
}

fn names(method: &Value, reference: &str, did: &str) -> bool {
    method["id"].as_str().is_some_and(|id| full(id, did) == full(reference, did))
}

/// A relative DID URL is one of the document's own DID (DID Core, section 3.2.2).
fn full(id: &str, did: &str) -> String {
    if id.starts_with('#') { format!("{did}{id}") } else { id.to_owned() }
}
