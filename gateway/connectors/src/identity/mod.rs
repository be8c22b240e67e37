//! Who asks: certificates, client assertions, tokens and sessions, to an identified caller.
//!
//! Knows no policy: which use cases an organisation is offered is configuration handed to it.

pub mod authenticator;
pub mod authorities;
pub mod cards;
pub mod certificates;
pub mod dezi;
pub mod inner_callers;
pub(crate) mod jose;
pub mod launches;
pub mod limits;
pub mod node_key;
pub mod nuts;
pub mod oauth;
mod oidc;
pub mod partners;
pub mod people;
mod secret;
pub mod sessions;
pub mod smart;
#[cfg(test)]
pub(crate) mod testing;
pub mod vetting;

pub use authenticator::{NodeAuthenticator, Vets};
pub use authorities::Authorities;
pub use cards::{CardFault, CardPerson, Cards, CardsConfig};
pub use certificates::{Certificate, CertificateFault, Oin, Profile, Thumbprint, UziName, UziPass};
pub use dezi::{Dezi, DeziConfig, DeziFault};
pub use inner_callers::{Decisions, InnerCallerConfig, InnerCallers, PersonConfig};
pub use launches::{Launch, LaunchFault, Launches};
pub use limits::{LimitsConfig, Locked, RateLimits, Who};
pub use node_key::{NodeKey, NodeKeyFault};
pub use partners::{PartnerConfig, Partners};
pub use people::{MandateConfig, People, RightsConfig};
pub use secret::Secret;
pub use sessions::{SessionConfig, Sessions};
pub use smart::{EpdConfig, Epds, SmartFault};
pub use vetting::{RevocationConfig, Standing, Vet, Vetting};

use thiserror::Error;

/// A configuration of identities that cannot be used; a sentence for the operator. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct IdentityFault(pub String);
