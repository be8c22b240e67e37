//! OAuth 2.0 between nodes: the client credentials grant with a signed client assertion (RFC 7523) and tokens bound
//! to the client certificate (RFC 8705), and to a key where the client proves one (DPoP, RFC 9449). Both sides: our own token endpoint, and asking at that of a peer.

pub mod assertion;
mod base;
mod bearer;
pub mod client;
pub mod dpop;
mod error;
mod form;
mod introspection;
pub mod issuer;
pub mod once;
mod tokens;

pub use base::{AuthorizationBases, Base, BasesUnavailable, HeldBases, REFERRAL, TRANSFER};
pub(crate) use bearer::{Shown, is_token};
pub use client::TokenClient;
pub use error::{TokenError, TokenErrorCode};
pub use form::MAX_FORM;
pub use issuer::{IssuerConfig, TokenIssuer, TokenRequest, TokenResponse};
pub use once::{Identifier, NotRemembered, Noted, UsedOnce};

/// `client_assertion_type` of RFC 7523, section 2.2.
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// `grant_type` of RFC 7523, section 2.1.
pub const JWT_GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// `grant_type` of RFC 6749, section 4.4.2.
pub(crate) const GRANT_TYPE: &str = "client_credentials";
