//! One request, start to finish.
pub mod handle;
pub mod inbound;
pub mod ports;
pub mod refusal;
pub use handle::Handle;
