//! How much one caller may ask.

use std::time::Duration;

use policy::Caller;

use crate::inbound::Gate;

pub trait Throttle: Send + Sync {
    /// Counts one request of an identified caller.
    ///
    /// # Errors
    /// How long the caller is to wait when it asked too much.
    fn admit(&self, gate: Gate, caller: &Caller) -> Result<(), Duration>;
}

/// Everybody may ask as much as they like.
pub struct NoThrottle;

impl Throttle for NoThrottle {
    fn admit(&self, _gate: Gate, _caller: &Caller) -> Result<(), Duration> {
        Ok(())
    }
}
