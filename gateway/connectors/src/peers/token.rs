//! What we show a peer to be let in, and who gets it for us.

use std::fmt;
use std::sync::Arc;

use exchange::ports::{BoxFuture, SourceFault};
use policy::Permit;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::PeerConfig;
use crate::identity::oauth::dpop::ProofKey;

/// An access token (RFC 6749). Wiped from memory when dropped; prints nothing of itself.
pub struct Token {
    secret: Zeroizing<String>,
    expires: OffsetDateTime,
    /// The key that it is bound to (DPoP, RFC 9449), if any.
    key: Option<Arc<ProofKey>>,
}

/// Gets tokens from a peer's token endpoint.
///
/// A token speaks for our organisation, the person who asks, one patient, one use case and the treatment
/// relation between them, all of which stand in the permit. An implementation keeps tokens for reuse and
/// asks for each only once, however many searches wait for it.
pub trait TokenSupplier: Send + Sync {
    /// A token for what this permit allows at this peer.
    fn token<'a>(&'a self, peer: &'a PeerConfig, permit: &'a Permit) -> BoxFuture<'a, Result<Arc<Token>, SourceFault>>;

    /// Forgets this token: the peer does not accept it any more. A newer one for the same permit is kept.
    fn drop_token(&self, peer: &PeerConfig, permit: &Permit, token: &Token);
}

impl Token {
    pub fn new(secret: String, expires: OffsetDateTime) -> Self {
        Token { secret: Zeroizing::new(secret), expires, key: None }
    }

    /// The same, bound to this key: every request needs a proof of it.
    pub fn bound_to(self, key: Arc<ProofKey>) -> Self {
        Token { key: Some(key), ..self }
    }

    /// The scheme of the `Authorization` header that it goes in.
    pub fn scheme(&self) -> &'static str {
        if self.key.is_some() { "DPoP" } else { "Bearer" }
    }

    /// What proves the key for one request: its method, and its URL without query and fragment. Nothing when the token is
    /// bound to no key, or no proof can be made.
    pub fn prove(&self, method: &str, url: &str) -> Option<String> {
        self.key.as_ref()?.prove(method, url, Some(&self.secret), OffsetDateTime::now_utc())
    }

    /// The token itself, for the `Authorization` header.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    pub fn expires(&self) -> OffsetDateTime {
        self.expires
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(.., expires {})", self.expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_prints_nothing_of_itself() {
        let token = Token::new("very-secret".into(), OffsetDateTime::UNIX_EPOCH);
        assert!(!format!("{token:?}").contains("very-secret"));
    }
}
