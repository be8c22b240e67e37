//! Erasing records when their retention is over (bewaartermijn): how long which records are kept, what an erasure is
//! announced by in the log itself, and what tells a rightful one from a wrongful one.
//!
//! One file each: `retention` (when a record may go), `announcement` (what the log says of it), `plan` (what is due, as
//! announcements), `watch` (holds what was erased against what was announced).

mod announcement;
mod plan;
mod retention;
#[cfg(test)]
mod tests;
mod watch;

pub use announcement::{Announcement, ErasedRange};
pub use plan::Plan;
pub use retention::{Retained, Retention, RetentionClass};
pub use watch::Watch;
