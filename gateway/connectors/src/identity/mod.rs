//! Who asks: certificates, client assertions, tokens and sessions, to an identified caller.
//!
//! Knows no policy: which use cases an organisation is offered is configuration handed to it.

pub mod authenticator;
pub mod certificates;
pub mod inner_callers;
mod jose;
pub mod node_key;
pub mod nuts;
pub mod oauth;
pub mod partners;
mod secret;
pub mod sessions;
#[cfg(test)]
pub(crate) mod testing;

pub use authenticator::NodeAuthenticator;
pub use certificates::{Certificate, CertificateFault, Thumbprint};
pub use inner_callers::{InnerCallerConfig, InnerCallers, PersonConfig};
pub use node_key::{NodeKey, NodeKeyFault};
pub use partners::{PartnerConfig, Partners};
pub use secret::Secret;
pub use sessions::{SessionConfig, Sessions};

use thiserror::Error;

/// A configuration of identities that cannot be used; a sentence for the operator. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct IdentityFault(pub String);
