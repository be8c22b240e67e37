//! The access log, as an exchange needs it: a place reserved first, written once, durable before the answer.

use super::BoxFuture;

/// The access log cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access log cannot be written")]
pub struct LogUnavailable;

/// The log of every exchange (NEN 7513).
pub trait AccessLog: Send + Sync {
    /// Reserves room for one record. A reserved record can always be handed over, also while unwinding.
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable>;
}

/// Room for one record.
pub trait Slot: Send + Sync {
    /// Writes the record; resolves when it is durable.
    fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>>;

    /// Hands the record over without waiting. For an exchange that nobody waits for any more.
    fn hand_over(self: Box<Self>, record: Vec<u8>);
}
