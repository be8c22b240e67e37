//! The policies while the node runs, and at the command line: put in force without a restart, tried, explained, replayed.

mod bundled;
mod command;
#[cfg(test)]
mod explain_tests;
mod reload;
#[cfg(test)]
mod replay_tests;
mod source;

pub use command::{PolicyCommand, run};
pub use reload::{ReloadMeasures, Reloading};
pub use source::PolicySource;
