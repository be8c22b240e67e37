//! The policies while the node runs, and at the command line: put in force without a restart, tried, explained, replayed.

mod bundled;
mod command;
mod explain;
mod past;
mod reload;
mod source;

pub use command::{PolicyCommand, run};
pub use reload::{ReloadMeasures, Reloading};
pub use source::PolicySource;
