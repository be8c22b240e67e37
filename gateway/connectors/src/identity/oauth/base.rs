//! The authorization base of notified pull (TA Notified Pull): an opaque value that we gave a receiver in a notification,
//! and that comes back as `authorization_base` in its token request. The port to whoever gave it out.
//!
//! The value is nothing but a reference: what it allows stands with the flow that sent the notification, which is asked
//! when a token is asked for, and again whenever that token is shown. The token then carries the patient and the ground of
//! that moment, the decision is taken as always, and what was withdrawn ends at once.

use exchange::ports::BoxFuture;
use fhir::{Bsn, Ura};
use policy::{TreatmentRelation, UseCaseId};
use thiserror::Error;

use crate::identity::secret::Secret;

/// The kind of the ground of a caller of our own that pulls what another provider transfers to us. Only the flow that leads
/// the transfer makes such a caller; the reference of its ground is the transfer's id.
pub const TRANSFER: &str = "transfer";

/// The same of a referral.
pub const REFERRAL: &str = "referral";

/// Knows the authorization bases that others gave to us, by the id that the transfer has here.
pub trait HeldBases: Send + Sync {
    /// The value of this transfer; nothing when there is none.
    fn held(&self, transfer: &str) -> Option<Secret>;
}

/// Knows the authorization bases that this node gave out.
pub trait AuthorizationBases: Send + Sync {
    /// What a value allows this receiver now; nothing when it was never given, was given to another, or is over.
    fn base<'a>(&'a self, value: &'a str, receiver: &'a Ura) -> BoxFuture<'a, Result<Option<Base>, BasesUnavailable>>;
}

/// What one notification allows its receiver.
#[derive(Clone, Debug)]
pub struct Base {
    pub patient: Bsn,
    /// The one use case that it is for.
    pub use_case: UseCaseId,
    /// The ground on which the receiver may come (a referral, a transfer), found here and not on anybody's word.
    pub treatment_relation: TreatmentRelation,
}

/// It cannot be found out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("authorization bases cannot be looked up now")]
pub struct BasesUnavailable;
