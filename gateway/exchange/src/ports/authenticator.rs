//! Who is asking: certificate and token to an identified caller.

use policy::Caller;

use super::BoxFuture;
use crate::inbound::{Credentials, Gate};

/// Why a caller is not identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationFault {
    /// The outer listener was called without a client certificate.
    NoCertificate,
    /// The client certificate is of no authority that is believed now.
    CertificateNotTrusted,
    /// The client certificate, or one between it and its authority, was revoked.
    CertificateRevoked,
    /// Whether the client certificate was revoked could not be found out.
    CertificateStatusUnknown,
    /// The certificate names no organisation (URA) that we know.
    UnknownOrganisation,
    /// No token, or none of a scheme that is known.
    NoToken,
    /// More than one way of authentication at once.
    Ambiguous,
    /// The token is unknown, expired or revoked.
    TokenNotAccepted,
    /// The token was issued to another client certificate (RFC 8705).
    TokenOfAnotherClient,
    /// A token that is bound to a key (RFC 9449) came without the scheme `DPoP`.
    ProofMissing,
    /// A token that came with the scheme `DPoP` is unknown, expired or not bound to a key.
    DpopTokenNotAccepted,
    /// The same, issued to another client certificate.
    DpopTokenOfAnotherClient,
    /// The proof of possession is not accepted; a fixed word for the record says why.
    ProofNotAccepted(&'static str),
    /// It could not be found out.
    Unavailable,
}

pub trait Authenticator: Send + Sync {
    fn identify<'a>(
        &'a self,
        gate: Gate,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Caller, AuthenticationFault>>;
}
