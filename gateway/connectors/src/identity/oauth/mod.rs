//! OAuth 2.0 between nodes: the client credentials grant with a signed client assertion (RFC 7523) and tokens bound
//! to the client certificate (RFC 8705). Both sides: our own token endpoint, and asking at that of a peer.

pub mod assertion;
mod bearer;
pub mod client;
mod error;
mod form;
pub mod issuer;
mod tokens;

pub(crate) use bearer::{bearer, is_token};
pub use client::TokenClient;
pub use error::{TokenError, TokenErrorCode};
pub use issuer::{IssuerConfig, TokenIssuer, TokenResponse};

/// `client_assertion_type` of RFC 7523, section 2.2.
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// `grant_type` of RFC 6749, section 4.4.2.
pub(crate) const GRANT_TYPE: &str = "client_credentials";
