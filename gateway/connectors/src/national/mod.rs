//! What the clients of national services share: a breaker, one flight for equal questions, access tokens, one deadline over
//! everything. It knows no service by name and nothing of what is asked.

pub(crate) mod breaker;
mod call;
pub(crate) mod flights;
mod guard;
mod tokens;

pub use breaker::BreakerState;
pub(crate) use call::Caller;
pub use call::Failure;
pub(crate) use guard::Guard;
pub(crate) use tokens::Tokens;
pub use tokens::{ClientKey, ClientKeyFault, Grant, TokenConfig};
