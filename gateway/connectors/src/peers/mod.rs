//! Other providers' nodes, and any FHIR server behind the same tokens: a [`PeerSource`] per peer.
//!
//! [`FoundPeer`] is one whose addresses the directory knows.
//!
//! What a peer is told: our token, and in the body of a search the patient's BSN. It knows nothing of the
//! peer's own sources, consents or log.

mod config;
mod found;
mod notify;
mod source;
#[cfg(test)]
mod tests;
mod token;

pub use config::PeerConfig;
pub use found::{FoundPeer, FoundPeerConfig, MakePeer};
pub use notify::{NotTaken, Notification, NotificationShape, Notifier};
pub use source::PeerSource;
pub use token::{Token, TokenSupplier};
