//! Nuts: identities as verifiable credentials. Its token grant at our own endpoint (RFC021), and a Nuts node of the
//! provider's own beside this one.

mod config;
mod credential;
mod definition;
mod did_web;
mod introspection;
mod presentation;
mod wallet;
mod x509;

pub use config::NutsConfig;
pub(crate) use credential::CredentialFault;
pub use did_web::DidWebResolver;
pub use introspection::{Introspected, IntrospectionFault, Introspector};
pub(crate) use presentation::PresentationFault;
pub use presentation::PresentationVerifier;
pub use wallet::NutsWallet;
pub use x509::X509Authorities;
pub(crate) use x509::X509Fault;

/// `grant_type` of RFC021, section 3.
pub(crate) const GRANT_TYPE: &str = "vp_token-bearer";
/// The algorithms of presentations that are taken: `vp_formats` of RFC021, section 3.1.
pub const PRESENTATION_ALGORITHMS: [&str; 6] = ["ES256", "ES384", "PS256", "PS384", "PS512", "EdDSA"];
/// The same of credentials. RS256 is there for keys of smart cards and of PKIoverheid.
pub const CREDENTIAL_ALGORITHMS: [&str; 6] = ["ES256", "ES384", "PS256", "PS384", "PS512", "RS256"];
