//! Mitz, the national consent register (toestemmingsregister; handbook: generic functions, 2): what a patient permits, asked
//! for on the wire.
//!
//! It answers what Mitz says and decides nothing. That a patient refused and that it could not be found out are two
//! findings, and no fault of Mitz is ever a yes. The BSN stands in the question's body and nowhere else (C9).

mod cache;
mod categories;
mod client;
mod closed;
mod combining;
mod config;
mod counts;
mod envelope;
mod locating;
mod names;
mod notification;
mod open;
mod register;
mod subscription;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod xml;

pub use crate::national::BreakerState;
pub use categories::{Categories, CategoriesConfig, Category, CategoryConfig};
pub use combining::LocalAndMitz;
pub(crate) use combining::LocalWord;
pub use config::{MitzConfig, SubscriptionsConfig};
pub use locating::RegisterAndMitz;
pub use notification::{Notification, NotificationFault};
pub use open::{Located, LocationQuestion};
pub use register::{Mitz, MitzView};
pub use subscription::{Enrolled, SubscribeFault, Subscriber};
