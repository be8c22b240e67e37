//! What counts once (assertions, presentations, proofs) and must be remembered over a restart: the port to whatever
//! keeps it.

use aws_lc_rs::digest;
use exchange::ports::BoxFuture;
use thiserror::Error;

/// Identifiers that count once, each until it expires, with a bounded share for every owner.
///
/// An implementation forgets nothing before its time: when a share is full it says so, and when it cannot remember it
/// fails. `First` means that the identifier is remembered also after the node was killed.
pub trait UsedOnce: Send + Sync {
    /// Remembers an identifier, unless it is known; `now` is Unix time in seconds.
    fn note(&self, identifier: Identifier, now: i64) -> BoxFuture<'_, Result<Noted, NotRemembered>>;
}

/// What became of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is new, and remembered from now on.
    First,
    /// It was used before.
    Again,
    /// Its owner has no room left.
    Full,
}

/// The identifier cannot be remembered now; it then counts as used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an identifier cannot be remembered now")]
pub struct NotRemembered;

/// Something that counts once, as digests: what is kept tells nothing about anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// Whose share it takes room of.
    pub owner: [u8; 32],
    pub id: [u8; 32],
    /// The last second at which it could still be used, Unix time.
    pub expires: i64,
}

/// The kinds of identifiers; each has room of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `jti` of a client assertion (RFC 7523, section 3, item 7).
    Assertion,
    /// `jti` of a DPoP proof at the token endpoint (RFC 9449, section 11.1).
    Proof,
    /// `jti` of a verifiable presentation (Nuts RFC021, section 4.4).
    Presentation,
    /// Its `nonce`, which Nuts nodes look at instead.
    Nonce,
    /// The same two of the presentation of whose software asks (NGF GFI-004).
    Software,
    SoftwareNonce,
    /// The JWT grant of Nuts v5 (RFC003).
    Grant,
}

impl Identifier {
    /// `owner` is who chose the identifier: identifiers are unique for their owner only.
    pub(crate) fn new(kind: Kind, owner: &str, id: &str, expires: i64) -> Self {
        let kind = match kind {
            Kind::Assertion => "assertion",
            Kind::Proof => "proof",
            Kind::Presentation => "presentation",
            Kind::Nonce => "nonce",
            Kind::Software => "software",
            Kind::SoftwareNonce => "software-nonce",
            Kind::Grant => "grant",
        };
        Identifier { owner: digest_of(&[kind, owner]), id: digest_of(&[id]), expires }
    }
}

/// A NUL between the parts: no owner has one.
fn digest_of(parts: &[&str]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}
