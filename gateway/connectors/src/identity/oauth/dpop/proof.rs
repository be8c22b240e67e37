//! One proof, checked as RFC 9449, section 4.3 asks, but for having been used before.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use moka::sync::Cache;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::identity::jose::{Compact, Jkt, JwkMembers, PublicJwk, present, read_part};

/// How long a proof counts after it was made, in seconds.
pub(crate) const WINDOW: i64 = 60;
/// How far a client's clock may be ahead of ours, in seconds.
pub(crate) const LEEWAY: i64 = 5;
/// The largest proof, in bytes: an RSA key of 4096 bits and what goes with it.
const MAX_PROOF: usize = 4096;
const MAX_ID: usize = 128;
/// How many keys are kept as read: each client shows the same one with every request.
const KEYS: u64 = 1024;
const ALLOWED: [Algorithm; 4] = [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::EdDSA];

/// What a proof must speak of.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) method: &'a str,
    /// The request's URL as callers know it, without query and fragment.
    pub(crate) url: &'a str,
    /// The access token that the proof goes with; none at the token endpoint.
    pub(crate) token: Option<&'a str>,
    pub(crate) now: i64,
}

/// A proof that is right in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) jkt: Jkt,
    pub(crate) jti: String,
    pub(crate) iat: i64,
}

/// Why a proof is not accepted. The texts may be told to the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ProofFault {
    #[error("exactly one DPoP proof is needed")]
    NotOne,
    #[error("the DPoP proof is over 4 KiB")]
    TooLarge,
    #[error("the DPoP proof cannot be read")]
    Malformed,
    #[error("the DPoP proof's typ is not dpop+jwt")]
    Type,
    #[error("the DPoP proof has critical header parameters that are not understood")]
    Critical,
    #[error("the DPoP proof's key cannot be used")]
    Key,
    #[error("the DPoP proof's signature is not that of its key by a supported algorithm")]
    Signature,
    #[error("the DPoP proof's htm is another method")]
    Method,
    #[error("the DPoP proof's htu is another URL")]
    Target,
    #[error("the DPoP proof's iat is not of now")]
    Time,
    #[error("the DPoP proof's jti is empty or over 128 characters")]
    Identifier,
    #[error("the DPoP proof's ath is not the hash of the access token")]
    TokenHash,
    #[error("the DPoP proof's key is not the one that the access token is bound to")]
    OtherKey,
    #[error("the DPoP proof was used before")]
    Replayed,
    #[error("too many DPoP proofs of this client")]
    TooMany,
}

/// Checks proofs, and remembers keys as read.
pub(crate) struct ProofVerifier {
    keys: Cache<Box<str>, Arc<Header>>,
}

struct Header {
    alg: String,
    key: PublicJwk,
}

#[derive(Deserialize)]
struct HeaderIn {
    typ: Option<String>,
    alg: String,
    jwk: Option<JwkMembers>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

#[derive(Deserialize)]
struct ClaimsIn {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
}

impl ProofFault {
    /// A fixed word for the record.
    pub(crate) fn code(self) -> &'static str {
        match self {
            ProofFault::NotOne => "not-one",
            ProofFault::TooLarge => "too-large",
            ProofFault::Malformed => "malformed",
            ProofFault::Type => "type",
            ProofFault::Critical => "critical",
            ProofFault::Key => "key",
            ProofFault::Signature => "signature",
            ProofFault::Method => "method",
            ProofFault::Target => "target",
            ProofFault::Time => "time",
            ProofFault::Identifier => "identifier",
            ProofFault::TokenHash => "token-hash",
            ProofFault::OtherKey => "other-key",
            ProofFault::Replayed => "replayed",
            ProofFault::TooMany => "too-many",
        }
    }
}

impl Default for ProofVerifier {
    fn default() -> Self {
        ProofVerifier { keys: Cache::new(KEYS) }
    }
}

impl ProofVerifier {
    /// Checks the one proof that there must be.
    pub(crate) fn verify(&self, proofs: &[String], expected: &Expected<'_>) -> Result<Proof, ProofFault> {
        let [proof] = proofs else { return Err(ProofFault::NotOne) };
        if proof.len() > MAX_PROOF {
            return Err(ProofFault::TooLarge);
        }
        let parts = Compact::split(proof).ok_or(ProofFault::Malformed)?;
        let header = self.header(parts.header)?;
        if !header.key.verifies(&header.alg, &ALLOWED, parts.message, parts.signature) {
            return Err(ProofFault::Signature);
        }
        let claims: ClaimsIn = read_part(parts.claims).ok_or(ProofFault::Malformed)?;
        if claims.htm != expected.method {
            return Err(ProofFault::Method);
        }
        if !is_target(&claims.htu, expected.url) {
            return Err(ProofFault::Target);
        }
        let oldest = expected.now.saturating_sub(WINDOW);
        if !(oldest..=expected.now.saturating_add(LEEWAY)).contains(&claims.iat) {
            return Err(ProofFault::Time);
        }
        if claims.jti.is_empty() || claims.jti.chars().count() > MAX_ID {
            return Err(ProofFault::Identifier);
        }
        if let Some(token) = expected.token
            && claims.ath.as_deref() != Some(token_hash(token).as_str())
        {
            return Err(ProofFault::TokenHash);
        }
        Ok(Proof { jkt: header.key.thumbprint(), jti: claims.jti, iat: claims.iat })
    }

    /// The header, which is the same in every proof of a client.
    fn header(&self, part: &str) -> Result<Arc<Header>, ProofFault> {
        if let Some(known) = self.keys.get(part) {
            return Ok(known);
        }
        let header: HeaderIn = read_part(part).ok_or(ProofFault::Malformed)?;
        if header.crit {
            return Err(ProofFault::Critical);
        }
        if header.typ.as_deref() != Some("dpop+jwt") {
            return Err(ProofFault::Type);
        }
        let key = PublicJwk::of(&header.jwk.ok_or(ProofFault::Key)?).map_err(|_| ProofFault::Key)?;
        let header = Arc::new(Header { alg: header.alg, key });
        self.keys.insert(part.into(), header.clone());
        Ok(header)
    }
}

/// `ath` (RFC 9449, section 4.2).
pub(super) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

/// Whether `htu` is the request's URL, query and fragment left aside, once both are normalised (section 4.3, item 9).
fn is_target(htu: &str, url: &str) -> bool {
    if htu == url {
        return true;
    }
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    matches!((normal(htu), normal(url)), (Some(named), Some(asked)) if named == asked)
}
