//! Nuts: identities as verifiable credentials. Its token grants at our own endpoint (RFC021, GFI-004, and RFC003 of v5), and a
//! Nuts node of the provider's own beside this one.

mod config;
mod credential;
mod definition;
mod did_web;
mod introspection;
mod presentation;
mod presenter;
mod status;
mod trust;
pub mod v5;
mod wallet;
mod x509;

pub use config::NutsConfig;
pub use credential::software::SoftwareConfig;
pub use did_web::DidWebResolver;
pub use introspection::{Introspected, IntrospectionFault, Introspector};
pub use presentation::PresentationVerifier;
pub(crate) use presentation::{OneOfTwo, PresentationFault};
pub use presenter::Presenter;
pub use status::StatusLists;
pub use trust::CredentialTrust;
pub use v5::{V5Grants, V5PartnerConfig};
pub use wallet::NutsWallet;
pub use x509::X509Authorities;

/// `grant_type` of RFC021, section 3.
pub(crate) const GRANT_TYPE: &str = "vp_token-bearer";
/// The algorithms of presentations that are taken: `vp_formats` of RFC021, section 3.1.
pub const PRESENTATION_ALGORITHMS: [&str; 6] = ["ES256", "ES384", "PS256", "PS384", "PS512", "EdDSA"];
/// The same of credentials. RS256 is there for keys of smart cards and of PKIoverheid.
pub const CREDENTIAL_ALGORITHMS: [&str; 6] = ["ES256", "ES384", "PS256", "PS384", "PS512", "RS256"];
