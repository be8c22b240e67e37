//! How the token endpoint says no (RFC 6749, section 5.2).

use serde::Serialize;

/// The error codes that our token endpoint uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenErrorCode {
    /// A parameter is missing, comes twice or is malformed.
    InvalidRequest,
    /// The client did not prove who it is.
    InvalidClient,
    UnsupportedGrantType,
    /// The grant type is there, and not for this client.
    UnauthorizedClient,
    InvalidScope,
    /// What the client says it was allowed is not so, or no longer.
    InvalidGrant,
    /// The DPoP proof is not right (RFC 9449, section 5).
    InvalidDpopProof,
    /// Of Nuts RFC021, section 4.5.
    InvalidVerifiablePresentation,
    InvalidPresentationSubmission,
    InvalidVerifiableCredentials,
    /// What was used before cannot be remembered now, so nothing is accepted. Not of section 5.2 either.
    TemporarilyUnavailable,
    /// We cannot make a token now. Not of section 5.2, which has no word for it (section 4.1.2.1 has).
    ServerError,
}

/// A refusal of the token endpoint. The description is ours and repeats nothing of the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct TokenError {
    pub code: TokenErrorCode,
    pub description: String,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl TokenErrorCode {
    pub fn as_str(self) -> &'static str {
        match self {
            TokenErrorCode::InvalidRequest => "invalid_request",
            TokenErrorCode::InvalidClient => "invalid_client",
            TokenErrorCode::UnsupportedGrantType => "unsupported_grant_type",
            TokenErrorCode::UnauthorizedClient => "unauthorized_client",
            TokenErrorCode::InvalidScope => "invalid_scope",
            TokenErrorCode::InvalidGrant => "invalid_grant",
            TokenErrorCode::InvalidDpopProof => "invalid_dpop_proof",
            TokenErrorCode::InvalidVerifiablePresentation => "invalid_verifiable_presentation",
            TokenErrorCode::InvalidPresentationSubmission => "invalid_presentation_submission",
            TokenErrorCode::InvalidVerifiableCredentials => "invalid_verifiable_credentials",
            TokenErrorCode::TemporarilyUnavailable => "temporarily_unavailable",
            TokenErrorCode::ServerError => "server_error",
        }
    }
}

impl TokenError {
    pub(super) fn new(code: TokenErrorCode, description: impl Into<String>) -> Self {
        TokenError { code, description: description.into() }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self.code {
            TokenErrorCode::InvalidClient => 401,
            TokenErrorCode::InvalidRequest
            | TokenErrorCode::UnsupportedGrantType
            | TokenErrorCode::UnauthorizedClient
            | TokenErrorCode::InvalidScope
            | TokenErrorCode::InvalidGrant
            | TokenErrorCode::InvalidDpopProof
            | TokenErrorCode::InvalidVerifiablePresentation
            | TokenErrorCode::InvalidPresentationSubmission
            | TokenErrorCode::InvalidVerifiableCredentials => 400,
            TokenErrorCode::TemporarilyUnavailable => 503,
            TokenErrorCode::ServerError => 500,
        }
    }

    /// The body of the answer; to be sent with `Cache-Control: no-store`.
    pub fn to_json(&self) -> String {
        let body = Body { error: self.code.as_str(), error_description: &self.description };
        serde_json::to_string(&body).unwrap_or_default()
    }
}
